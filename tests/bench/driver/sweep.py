# SPDX-License-Identifier: 0BSD
"""The library with other constants, to check whether the shipped ones are the right ones.

    sweep.py --constants    the rows to be built, for CMake: NAME,MACRO=VALUE,...;NAME,...

scripts/bench --sweep builds them and calls this as run.py.  Rows and scenarios: tests/bench/sweep/.
"""
import math
import statistics
import sys

import figures
import machine
import run
import tables

FOLDER = tables.FOLDER / "sweep"
CHOSEN = "chosen"
# The least ratio at which two rows count as different: medians of five rounds are no more precise.
CLOSE = 1.1


def constants():
    """The rows that need a build of their own, as one list for CMake."""
    return ";".join(",".join([peer.name, *(f"UMP__{name}={value}" for name, value in peer.constants.items())])
                    for peer in tables.Tables(FOLDER).peers.values() if peer.constants)


class Sweep(run.Bench):
    name = "sweep"

    def __init__(self, options):
        super().__init__(options, tables.Tables(FOLDER))
        self.counting = False

    def columns(self):
        """(scenario, figure) of each column."""
        for name in self.scenarios:
            scenario = self.tables.scenarios[name]
            for figure in filter(None, (scenario.figure, scenario.also)):
                yield name, figure

    def rows(self):
        """A row for each peer: each figure, and the geometric mean of its ratios to the chosen one's."""
        found = figures.Samples(self.samples)
        lines = []
        for peer in self.peers:
            line = {"constants": self.tables.peers[peer].what, "": "<- chosen" if peer == CHOSEN else ""}
            ratios = []
            for scenario, figure in self.columns():
                line[f"{scenario} {figure}"] = figures.spread(found.values(scenario, peer, figure))
                mine, chosen = (found.median(scenario, who, figure) for who in (peer, CHOSEN))
                if mine and chosen:
                    ratios.append(mine / chosen)
            line["mean ratio"] = figures.shown(
                math.exp(statistics.fmean(map(math.log, ratios)))) if ratios else ""
            line["worst ratio"] = figures.shown(max(ratios)) if ratios else ""
            lines.append(line)
        return lines

    def tell(self):
        rows = self.rows()
        if self.options.quick:
            # Too few operations to compare speeds.
            for line in rows:
                line["mean ratio"] = line["worst ratio"] = figures.NOT_MEASURED
        else:
            run.say("constants, ratios to the chosen ones")
            print(figures.text_table(
                {head: row[head] for head in ("constants", "", "mean ratio", "worst ratio")} for row in rows))
            for scenario, figure in self.columns():
                run.say(f"{self.tables.scenarios[scenario].title}: {figures.UNITS.get(figure, figure)}")
                head = f"{scenario} {figure}"
                print(figures.text_table({"constants": row["constants"], "": row[""],
                                          "median [least .. most]": row[head]} for row in rows))
            better = [row["constants"] for row in rows
                      if row["mean ratio"] and float(row["mean ratio"].replace(" ", "")) * CLOSE < 1]
            loaded = any((sample["load"] or 0) > machine.LOADED for sample in self.samples)
            run.say((f"better than the chosen ones: {', '.join(better)}" if better else
                     f"no others are better than the chosen ones by more than {CLOSE:g} times")
                    + (", under load" if loaded else ""))
            run.say("load")
        self.tell_load()
        return rows


if __name__ == "__main__":
    if sys.argv[1:] == ["--constants"]:
        print(constants())
    else:
        run.main(Sweep)
