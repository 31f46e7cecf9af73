# SPDX-License-Identifier: 0BSD
"""Tests of the harness: faulty peers, load by other processes, and figures with a known verdict.

    test.py PROGRAMS    the folder of the built programs; the last line counts the tests
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import xml.etree.ElementTree

import chart
import figures
import machine
import page
import run
import sweep
import tables

PROGRAMS = pathlib.Path(sys.argv[1])


class WrongPeers(unittest.TestCase):
    """The programs must detect lost, repeated and reordered messages and wrong replies."""

    def wrong(self, how, kind, says):
        with self.assertRaisesRegex(machine.Failure, says):
            machine.run([PROGRAMS / "bench_wrong", kind, "ops=1000", "clients=1"],
                        environment={"BENCH_WRONG": how}, timeout=5)

    def test_nothing_wrong(self):
        for kind in ("call", "pipe", "post", "bounded", "spawn", "paced"):
            outcome = machine.run([PROGRAMS / "bench_wrong", kind, "ops=200"])
            self.assertIn(f'"kind": "{kind}"', outcome.output)

    def test_wrong_reply(self):
        self.wrong("reply", "call", "request 100 got a wrong reply")
        self.wrong("reply", "pipe", "request 100 got a wrong reply")

    def test_request_not_handled(self):
        self.wrong("skip", "call", "1000 requests were sent and 999 handled")
        self.wrong("skip", "pipe", "1000 requests were sent and 999 handled")

    def test_lost_post(self):
        self.wrong("lose", "post", "1000 posts were sent and 999 handled")
        self.wrong("lose", "bounded", "1000 posts were sent and 999 handled")

    def test_post_twice(self):
        self.wrong("twice", "post", "1000 posts were sent and 1001 handled")

    def test_posts_out_of_order(self):
        self.wrong("order", "post", "posts came out of order")

    def wrong_job(self, how, says):
        with self.assertRaisesRegex(machine.Failure, says):
            machine.run([PROGRAMS / "bench_wrong-workers", "workers", "ops=1000", "workers=2"],
                        environment={"BENCH_WRONG": how}, timeout=5)

    def test_wrong_jobs(self):
        machine.run([PROGRAMS / "bench_wrong-workers", "workers", "ops=1000", "clients=1"])
        self.wrong_job("lose", "1000 jobs were posted and 999 done")
        self.wrong_job("twice", "1000 jobs were posted and 1001 done")
        self.wrong_job("order", "1 jobs began out of order")

    def test_hang(self):
        self.wrong("hang", "call", "not done after 5 s")

    def test_unknown_argument(self):
        with self.assertRaisesRegex(machine.Failure, "there is no argument op=1"):
            machine.run([PROGRAMS / "bench_naive", "call", "op=1"])

    def test_no_size(self):
        with self.assertRaisesRegex(machine.Failure, "how many ops"):
            machine.run([PROGRAMS / "bench_naive", "call"])


class Load(unittest.TestCase):
    """Load by other processes must be detected; our own programs must not count."""

    def setUp(self):
        self.hogs = []

    def tearDown(self):
        for hog in self.hogs:
            hog.kill()
            hog.wait()

    def hog(self):
        # Until it is waited for, it counts as a foreign process.
        self.hogs.append(subprocess.Popen(machine.HOG))

    def test_hogs_are_noticed(self):
        self.hog()
        self.hog()
        outcome = machine.run([PROGRAMS / "bench_naive", "paced", "ops=1000"])
        self.assertGreater(outcome.load, machine.LOADED)

    def test_gate_stays_shut(self):
        self.hog()
        self.assertFalse(machine.Gate(60).quiet(0.5))

    def test_gate_gives_up(self):
        self.hog()
        gate = machine.Gate(0.2)
        gate.wait()
        self.assertLessEqual(gate.patience, 0)

    def watch(self, others, own, seconds):
        """The load that a watch reports after the given seconds of work by others and by us."""
        now = {"busy": 50.0, "time": 10.0, "own": 1.0}
        with unittest.mock.patch.object(machine, "busy", lambda: now["busy"]), \
                unittest.mock.patch.object(machine.time, "monotonic", lambda: now["time"]), \
                unittest.mock.patch.object(machine.time, "process_time", lambda: now["own"]):
            watch = machine.Watch()
            now = {"busy": 50.0 + others + own, "time": 10.0 + seconds, "own": 1.0 + own}
            return watch.load()

    def test_own_work_is_no_load(self):
        self.assertAlmostEqual(self.watch(others=0, own=1.5, seconds=1), 0)

    def test_others_work_is_load(self):
        self.assertAlmostEqual(self.watch(others=1, own=1, seconds=2), 0.5)

    def test_short_runs_tell_nothing(self):
        self.assertIsNone(self.watch(others=1, own=0, seconds=0.05))


def options(**changes):
    fields = {"programs": PROGRAMS, "results": None, "work": None, "quick": False, "peers": "",
              "scenarios": "", "rounds": 5, "patience": 100.0, "minutes": 25.0, **changes}
    return argparse.Namespace(**fields)


class Tries(unittest.TestCase):
    """A loaded run must be repeated, and then reported with its load."""

    def measure(self, loads, patience=100.0):
        bench = run.Bench(options(patience=patience))
        bench.gate.quiet = lambda patience: True
        outcomes = [machine.Outcome(f'{{"peer": "a", "kind": "b", "ops": {n + 1}}}', load)
                    for n, load in enumerate(loads)]
        with unittest.mock.patch.object(machine, "run", side_effect=outcomes) as runs:
            bench.measure(bench.tables.scenarios["call1"], bench.tables.peers["ump"], 0)
        sample, = bench.samples
        return runs.call_count, sample["ops"], sample["load"]

    def test_quiet_runs_once(self):
        self.assertEqual(self.measure([0.1]), (1, 1, 0.1))

    def test_loaded_is_repeated(self):
        self.assertEqual(self.measure([0.5, 0.1]), (2, 2, 0.1))

    def test_the_least_loaded_counts(self):
        self.assertEqual(self.measure([0.9, 0.5, 0.7]), (3, 2, 0.5))

    def test_without_patience_once(self):
        self.assertEqual(self.measure([0.9], patience=0.0), (1, 1, 0.9))

    def test_nothing_measured_is_a_failure(self):
        bench = run.Bench(options())
        bench.gate.quiet = lambda patience: True
        nothing = machine.Outcome('{"peer": "a", "kind": "b"}', 0.0)
        with unittest.mock.patch.object(machine, "run", return_value=nothing):
            bench.attempt(bench.tables.scenarios["call1"], bench.tables.peers["ump"], 0)
        self.assertEqual(bench.failures, [("call1", "ump")])


class Rounds(unittest.TestCase):
    """No round must be begun that would end too late, except the first ones."""

    def rounds(self, takes, minutes=25.0):
        """Number of rounds made if each takes `takes` seconds."""
        bench = run.Bench(options(peers="ump", scenarios="call1", minutes=minutes))
        now = [1000.0]
        bench.begin = now[0]

        def attempt(*_):
            now[0] += takes

        bench.attempt, bench.can = attempt, lambda *_: True
        with unittest.mock.patch.object(run.time, "monotonic", lambda: now[0]), \
                unittest.mock.patch.object(run, "say"):
            bench.run_rounds()
        return bench.rounds

    def test_all_fit(self):
        self.assertEqual(self.rounds(takes=300), 5)

    def test_the_last_would_end_too_late(self):
        self.assertEqual(self.rounds(takes=301), 4)

    def test_a_few_are_made_in_any_case(self):
        self.assertEqual(self.rounds(takes=10000), 3)


class Sweep(unittest.TestCase):
    """The table of constants."""

    def sweep(self, **medians):
        bench = sweep.Sweep(options(scenarios="call2,paced-150"))
        for peer in bench.peers:
            for number in range(3):
                figure = medians.get(peer.replace("-", "_"), 100) + number - 1
                bench.samples += [{"scenario": name, "peer": peer, "round": number, "load": 0.0,
                                   "ns": figure, "cpu": figure} for name in bench.scenarios]
        return bench

    def test_names_are_known(self):
        self.assertEqual(list(tables.Tables(sweep.FOLDER).faults()), [])

    def test_no_scenario_is_one_that_constants_were_chosen_on(self):
        def work(scenario):
            return (scenario.kind, scenario.pinned, scenario.hog,
                    scenario.arguments.get("clients", 1), scenario.arguments.get("pace", 500))

        tuned = [work(tables.Tables().scenarios[name]) for name in (
            "call1", "call4", "call16", "call1-pinned", "call4-pinned", "call16-pinned",
            "call1-hog", "call4-hog", "call16-hog", "paced")]
        for scenario in tables.Tables(sweep.FOLDER).scenarios.values():
            self.assertNotIn(work(scenario), tuned)

    def test_rows(self):
        rows = {row["constants"]: row for row in self.sweep(no_spin=400, server_3500=50).rows()}
        chosen, slow, fast = (rows[name] for name in (
            "as it is shipped", "no side spins", "a server spins 3.5 us"))
        self.assertEqual((chosen[""], chosen["mean ratio"], chosen["call2 ns"]),
                         ("<- chosen", "1", "100 [99 .. 101]"))
        self.assertEqual((slow[""], slow["mean ratio"], slow["worst ratio"]), ("", "4", "4"))
        self.assertEqual((fast["mean ratio"], fast["paced-150 cpu"]), ("0.5", "50 [49 .. 51]"))

    def told(self, **medians):
        bench, said = self.sweep(**medians), []
        with unittest.mock.patch("builtins.print", lambda text, **_: said.append(text)):
            bench.tell()
        return "\n".join(said)

    def test_a_better_row_is_told(self):
        self.assertIn("better than the chosen ones: a server spins 3.5 us\n", self.told(server_3500=50))

    def test_no_better_row_is_told(self):
        self.assertIn("no others are better", self.told(server_3500=95, no_spin=400))

    def test_constants_go_to_the_compiler(self):
        listed = sweep.constants().split(";")
        self.assertIn("server-3500,UMP__SERVER_SPINS=3500", listed)
        root = tables.FOLDER.parent.parent / "src"
        known = (root / "sync/spin.c").read_text() + (root / "core/adaptive_spin.h").read_text()
        for row in listed:
            for constant in row.split(",")[1:]:
                self.assertIn(f"#ifndef {constant.split('=')[0]}\n", known)


class Verdicts(unittest.TestCase):
    def setUp(self):
        self.tables = tables.Tables()
        self.samples = []

    def put(self, scenario, peer, *values, load=0.0, figure="ns"):
        self.samples += [{"scenario": scenario, "peer": peer, "round": n, "load": load, figure: value}
                         for n, value in enumerate(values)]

    def row(self, counts=None, **fields):
        """The judge's row for one target."""
        self.tables.targets = [tables.Target(**fields)]
        judge = figures.Judge(self.tables, self.samples, counts or {})
        found, = judge.target_rows(list(self.tables.scenarios))
        return found

    def test_met_and_missed(self):
        self.put("call1", "ump", 30, 40, 1000)
        self.put("call1", "go", 100, 10, 90)
        found = self.row(scenario="call1", than="go", most=0.5)
        self.assertEqual((found["ratio"], found["verdict"]), ("0.444", "met"))
        self.assertEqual(self.row(scenario="call1", than="go", most=0.4)["verdict"], "missed")

    def test_just_met(self):
        self.put("call1", "ump", 50)
        self.put("call1", "go", 100)
        self.assertEqual(self.row(scenario="call1", than="go", most=0.5)["verdict"], "met")

    def test_best_of_a_group(self):
        self.put("call1", "ump", 50)
        self.put("call1", "naive", 200)
        self.put("call1", "crossbeam", 100)
        self.put("call1", "go", 1)
        found = self.row(scenario="call1", than="best thread", most=0.4)
        self.assertEqual((found["compared with"], found["ratio"], found["verdict"]),
                         ("best thread: crossbeam", "0.5", "missed"))

    def test_another_scenario(self):
        self.put("call1", "ump", 120)
        self.put("limits", "two-lines", 100)
        found = self.row(scenario="call1", than="two-lines", there="limits", most=1.5)
        self.assertEqual((found["ratio"], found["verdict"]), ("1.2", "met"))

    def test_not_measured(self):
        self.put("call1", "ump", 50)
        for than in ("go", "best thread"):
            found = self.row(scenario="call1", than=than, most=9)
            self.assertEqual((found["ratio"], found["verdict"]), ("", "not measured"))
        self.assertEqual(self.row(scenario="idle", most=9, unit="ns")["verdict"], "not measured")

    def test_load_is_said(self):
        self.put("call1", "ump", 50)
        self.put("call1", "go", 100, load=0.8)
        found = self.row(scenario="call1", than="go", most=0.6)
        self.assertEqual((found["verdict"], found["load"]), ("met, under load", "0.8"))

    def test_absolute(self):
        self.put("idle", "ump", 0, 0, 5, figure="idle")
        self.assertEqual(self.row(scenario="idle", most=0, unit="ns")["verdict"], "met")
        self.put("idle", "ump", 5, 5, 5, figure="idle")
        self.assertEqual(self.row(scenario="idle", most=0, unit="ns")["verdict"], "missed")

    def test_counted(self):
        counts = {("ump", "post"): {"allocations": 1.0}}
        fields = {"counted": "post", "figure": "allocations", "most": 0.01, "unit": "allocations"}
        self.assertEqual(self.row(counts, **fields)["verdict"], "missed")
        counts = {("naive", "post"): {"allocations": 1.0}}
        self.assertEqual(self.row(counts, **fields)["verdict"], "not measured")

    def test_rows_have_the_same_keys(self):
        self.put("call1", "ump", 50)
        self.put("call1", "go", 100)
        self.put("limits", "cas", 3)
        judge = figures.Judge(tables.Tables(), self.samples, {("ump", "call"): {"allocations": 0.0}})
        rows = judge.rows(list(self.tables.scenarios))
        self.assertEqual({tuple(row) for row in rows}, {tuple(figures.row())})
        self.assertIn("3", [row["its value"] for row in rows])

    def test_chart(self):
        self.put("call1", "ump", 50, 60)
        self.put("call1", "go", 100, 70)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "chart.svg"
            why_not = chart.draw(self.tables, self.samples, ["call1", "idle"], path)
            if why_not and "not installed" in why_not:
                self.skipTest(why_not)
            self.assertIsNone(why_not)
            text = "".join(xml.etree.ElementTree.parse(path).getroot().itertext())
        for word in ("ump", "go", "one client, blocking requests"):
            self.assertIn(word, text)


class Names(unittest.TestCase):
    def test_tables_know_all_names(self):
        self.assertEqual(list(tables.Tables().faults()), [])

    def test_unknown_names_are_found(self):
        known = tables.Tables()
        known.scenarios["call1"].peers.append("nobody")
        known.targets[0].than = "best nothing"
        known.targets[1].scenario = "nowhere"
        self.assertEqual(list(known.faults()), [
            "scenario call1: there is no peer nobody",
            "a target of call1: there is no peer nothing",
            "a target: there is no scenario nowhere"])

    def test_unknown_choice_ends_it(self):
        with self.assertRaisesRegex(SystemExit, "there is no peer nobody"):
            run.Bench(options(peers="ump,nobody"))

    def test_every_program_is_a_peer(self):
        known = {peer.program(scenario.size) for scenario in tables.Tables().scenarios.values()
                 for peer in tables.Tables().takers(scenario)} | {"bench_wrong", "bench_wrong-workers"}
        # The programs of an earlier sweep.
        known |= {peer.program() for peer in tables.Tables(sweep.FOLDER).peers.values()}
        built = {path.name for path in PROGRAMS.glob("bench_*") if path.is_file()}
        self.assertEqual(built - known, set())


class Pages(unittest.TestCase):
    """The kept page must agree with the run."""

    def page(self, *verdicts):
        return page.page({
            "when": "2001-02-03T04:05:06", "rounds": 5, "seconds": 1500, "loaded above": 0.15,
            "machine": {"processor": "some", "processors": 2},
            "counts": [{"peer": "ump", "kind": "call", "instructions": 123.456}],
            "samples": [{"scenario": "call1", "peer": "ump", "ns": 7.5, "cpu": 15, "load": 0.0}],
            "rows": [figures.row("one", "ns", "ump", "7", target="<= 1", verdict=verdict)
                     for verdict in verdicts] + [figures.row("two", "ns", "ump", "8", "naive", "16")]})

    def test_verdicts_are_counted(self):
        written = self.page("met", "missed", "met", "missed, under load")
        self.assertIn("2 met, 1 missed, 1 missed, under load.", written)
        self.assertIn("2001-02-03 04:05:06, 2 processors (some), 5 rounds, 25 minutes", written)

    def test_rows_are_all_there(self):
        written = self.page("met")
        self.assertIn("| one | ns | ump | 7 | <= 1 | met |", written)
        self.assertIn("| two | ns | ump | 8 | naive | 16 |", written)
        self.assertIn("| call1 | ump | 7.5 | 15 |", written)
        self.assertIn("| ump | call | 123.5 |", written)

    def test_a_chart_stays_one(self):
        written = page.chart('<?xml version="1.0"?>\n<svg></svg>\n')
        self.assertIn(page.LICENCE, written)
        xml.etree.ElementTree.fromstring(written)

    def test_without_a_run_nothing_is_kept(self):
        with self.assertRaisesRegex(SystemExit, "first run scripts/bench"):
            page.main("/nonexistent/bench.json", "/nonexistent/bench.svg")


def main():
    result = unittest.TextTestRunner(verbosity=1).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
