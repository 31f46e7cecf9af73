# SPDX-License-Identifier: 0BSD
"""Measure, compare and report; scripts/bench builds the programs and calls this."""
import argparse
import datetime
import json
import pathlib
import platform
import signal
import sys
import time

import chart
import counts
import figures
import machine
import tables

TRIES = 3
COUNTS = "counts"
# Medians of fewer rounds mean too little; further rounds are omitted when the time is up.
LEAST_ROUNDS = 3
# Seconds that a run takes, including the search for its number of operations and the wait for a quiet
# machine.  For the estimate only.
RUN_TAKES = 0.9


def say(text):
    print(f"== {text}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", usage=argparse.SUPPRESS)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--results", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", default="")
    parser.add_argument("--scenarios", default="")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patience", type=float, default=300)
    parser.add_argument("--minutes", type=float, default=25)
    return parser.parse_args()


class Bench:
    name = "bench"

    def __init__(self, options, known=None):
        self.options, self.tables = options, known or tables.Tables()
        self.gate = machine.Gate(0 if options.quick else options.patience)
        self.rounds = 1 if options.quick else options.rounds
        # The counts are selected like a scenario.
        chosen = self.chosen(options.scenarios, [*self.tables.scenarios, COUNTS], "scenario")
        self.scenarios = [name for name in chosen if name != COUNTS]
        self.counting = COUNTS in chosen
        self.peers = self.chosen(options.peers, self.tables.peers, "peer")
        self.samples, self.counts, self.failures, self.passed = [], {}, [], 0
        self.abilities = {}
        self.begin = self.rounds_begin = time.monotonic()

    @staticmethod
    def chosen(text, known, what):
        names = [name for name in text.split(",") if name] or list(known)
        for name in names:
            if name not in known:
                sys.exit(f"scripts/bench: error: there is no {what} {name}; "
                         f"there are {', '.join(known)}")
        return [name for name in known if name in names]

    def program(self, peer, scenario_size=8):
        return self.options.programs / peer.program(scenario_size)

    def missing(self):
        """Peers that are not built, by their missing packages."""
        lacking = {}
        for name in self.peers:
            peer = self.tables.peers[name]
            if not self.program(peer).exists():
                lacking.setdefault(" ".join(peer.packages), []).append(name)
        return lacking

    def can(self, peer, kind, size=8):
        program = self.program(peer, size)
        if program not in self.abilities:
            self.abilities[program] = (
                machine.run([str(program), "can"]).output.split() if program.exists() else [])
        return kind in self.abilities[program]

    def plan(self):
        """(scenario, its peers) in the order of the tables."""
        for name in self.scenarios:
            scenario = self.tables.scenarios[name]
            takers = [peer for peer in self.tables.takers(scenario)
                      if peer.name in self.peers and self.can(peer, scenario.kind, scenario.size)]
            if takers:
                yield scenario, takers

    def command(self, peer, kind, fields, size=8):
        return [str(self.program(peer, size)), kind,
                *(f"{name}={value}" for name, value in {**fields, **peer.arguments}.items())]

    def measure(self, scenario, peer, number):
        """Add one sample: of several tries, the one with the least load by others."""
        fields = dict(scenario.arguments)
        if self.options.quick:
            fields = {name: value for name, value in fields.items() if name not in ("ms", "most")}
            fields.update(scenario.quick)
        command = self.command(peer, scenario.kind, fields, scenario.size)
        best = None
        for _ in range(TRIES):
            self.gate.wait()
            outcome = machine.run(command, scenario.pinned, scenario.hog)
            if best is None or (outcome.load or 0) < (best.load or 0):
                best = outcome
            # Without patience left, a loaded run is kept, and reported as loaded.
            if (best.load or 0) <= machine.LOADED or self.gate.patience <= 0:
                break
        told = json.loads(best.output)
        if not told.get("ops", 0) > 0:
            raise machine.Failure("no operation was measured")
        del told["peer"], told["kind"]
        self.samples.append({"scenario": scenario.name, "peer": peer.name, "round": number,
                             "load": best.load, **told})

    def run_rounds(self):
        plan = list(self.plan())
        runs = sum(len(takers) for _, takers in plan)
        if not self.options.quick:
            least = min(self.rounds, LEAST_ROUNDS)
            say(f"{runs} runs a round, about {runs * RUN_TAKES / 60:.1f} min; no round is begun that would "
                f"not end within {self.options.minutes:g} min, after the first {least}")
        # A peer that failed in a scenario is omitted there in all later rounds.
        for number in range(self.rounds):
            if not self.has_time(number):
                say(f"{number} rounds: there is no time for more")
                self.rounds = number
                break
            say(f"round {number + 1} of {self.rounds}")
            for scenario, takers in plan:
                # Each round begins with another peer.
                first = number % len(takers)
                for peer in [*takers[first:], *takers[:first]]:
                    if (scenario.name, peer.name) not in self.failures:
                        self.attempt(scenario, peer, number)

    def has_time(self, done):
        """Whether another round fits, if it takes as long as the average of those done."""
        now = time.monotonic()
        if done == 0:
            self.rounds_begin = now
        if done < LEAST_ROUNDS:
            return True
        each = (now - self.rounds_begin) / done
        return now - self.begin + each <= self.options.minutes * 60

    def attempt(self, scenario, peer, number):
        try:
            self.measure(scenario, peer, number)
            self.passed += 1
        except (machine.Failure, json.JSONDecodeError, OSError) as failure:
            self.failures.append((scenario.name, peer.name))
            print(f"   FAILED {scenario.name} {peer.name}: {failure}", flush=True)

    def run_counts(self):
        say("calls for memory, system calls, instructions")
        if counts.missing():
            print(f"   not counted: {', '.join(counts.missing())} not installed")
        preload = str(self.options.programs / "count_allocations.so")
        names = ["ump", "naive"] if self.options.quick else self.peers
        for peer in (self.tables.peers[name] for name in names if name in self.peers):
            if not set(peer.groups) & {"ours", "thread", "green"} or peer.name == "ump-here":
                continue
            for kind in counts.KINDS:
                if not self.can(peer, kind):
                    continue
                try:
                    self.counts[peer.name, kind] = counts.count(
                        peer, self.command(peer, kind, {}), preload, self.options.quick)
                    self.passed += 1
                except (machine.Failure, TypeError, ValueError) as failure:
                    self.failures.append((kind, peer.name))
                    print(f"   FAILED to count {kind} {peer.name}: {failure}", flush=True)

    def whole(self):
        return not (self.options.quick or self.options.peers or self.options.scenarios)

    def write(self, rows, skipped):
        """Write the figures: those of whole runs to the results, others to the work directory."""
        folder = self.options.results if self.whole() else self.options.work
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "rows": rows,
            "when": datetime.datetime.now().isoformat(timespec="seconds"),
            "machine": {"processor": platform.processor() or platform.machine(),
                        "system": platform.platform(), "processors": len(machine.os.sched_getaffinity(0))},
            "rounds": self.rounds,
            "seconds": round(time.monotonic() - self.begin),
            "loaded above": machine.LOADED,
            "skipped": skipped,
            "failed": [{"scenario": scenario, "peer": peer} for scenario, peer in self.failures],
            "counts": [{"peer": peer, "kind": kind, **counted}
                       for (peer, kind), counted in self.counts.items()],
            "samples": self.samples,
        }
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(content, indent=1) + "\n")
        return path

    def tell_load(self):
        loads = [s["load"] for s in self.samples if s["load"] is not None]
        loaded = sum(load > machine.LOADED for load in loads)
        print(f"   {loaded} of {len(self.samples)} runs were loaded: others kept more than "
              f"{machine.LOADED} processors busy (up to {max(loads, default=0):.2f}); "
              f"{len(self.samples) - len(loads)} were too short to tell")
        if loaded and not self.options.quick:
            print("   figures that rest on one of these say so, and prove nothing")

    def tell(self):
        judge = figures.Judge(self.tables, self.samples, self.counts)
        rows = judge.rows(self.scenarios)
        if self.options.quick:
            # Too few operations to compare speeds.
            for line in rows:
                line["verdict"] = line["verdict"] and figures.NOT_MEASURED
            self.tell_load()
            return rows
        say("each peer")
        print(figures.text_table(figures.detail(self.samples, self.scenarios, self.tables)))
        if self.counts:
            say("counted, by operation")
            print(figures.text_table(
                {"peer": peer, "kind": kind,
                 **{f: figures.shown(counted.get(f)) for f in ("allocations", "system calls", "instructions")}}
                for (peer, kind), counted in self.counts.items()))
        say("targets")
        print(figures.text_table(judge.target_rows(self.scenarios)))
        say("load")
        self.tell_load()
        return rows

    def run(self):
        skipped = [{"peers": names, "needs": packages} for packages, names in self.missing().items()]
        for entry in skipped:
            print(f"   skipped: {', '.join(entry['peers'])} (needs {entry['needs']}; "
                  "scripts/bench --install gets it)")
        # First, so that their time counts when the time for rounds gets short.
        if self.counting:
            self.run_counts()
        self.run_rounds()
        rows = self.tell()
        path = self.write(rows, skipped)
        say(f"samples and rows: {path}")
        if any(self.tables.scenarios[name].chart for name in self.scenarios):
            picture = self.options.work / f"{self.name}.svg"
            why_not = chart.draw(self.tables, self.samples, self.scenarios, picture)
            say(f"no chart: {why_not}" if why_not else f"chart: {picture}")
        if self.passed == 0 and not self.failures:
            sys.exit("scripts/bench: error: nothing was measured")
        print(f"   {time.monotonic() - self.begin:.0f} s")
        print(f"{self.passed} passed, {len(self.failures)} failed")
        return 1 if self.failures else 0


def main(kind=Bench):
    # The end of this process must end its children, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("scripts/bench: error: terminated"))
    bench = kind(arguments())
    faults = list(bench.tables.faults())
    if faults:
        sys.exit(f"scripts/bench: error: {faults[0]}")
    sys.exit(bench.run())


if __name__ == "__main__":
    main()
