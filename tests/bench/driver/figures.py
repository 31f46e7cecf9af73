# SPDX-License-Identifier: 0BSD
"""Medians, ratios, and whether targets are met.

A sample is a dictionary: `scenario`, `peer`, `round`, `load` (processors that other processes kept
busy, or None) and the figures that the program reported.
"""
import statistics

import machine

UNITS = {"ns": "ns", "cpu": "ns of CPU", "idle": "ns of CPU", "resident": "bytes", "heap": "bytes",
         "descriptors": "descriptors", "late": "ns", "late99": "ns", "fill": "ns"}


NOT_MEASURED = "not measured"


class Samples:
    def __init__(self, samples):
        self.all = samples

    def of(self, scenario, peer):
        return [s for s in self.all if s["scenario"] == scenario and s["peer"] == peer]

    def values(self, scenario, peer, figure):
        return [s[figure] for s in self.of(scenario, peer) if figure in s]

    def median(self, scenario, peer, figure):
        values = self.values(scenario, peer, figure)
        return statistics.median(values) if values else None

    def load(self, *places):
        """The highest load by other processes during any of the runs; None if it is unknown."""
        loads = [s["load"] for place in places for s in self.of(*place) if s["load"] is not None]
        return max(loads) if loads else None


def shown(value):
    """A number with three significant digits."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def spread(values):
    if len(values) < 2:
        return shown(values[0]) if values else ""
    return f"{shown(statistics.median(values))} [{shown(min(values))} .. {shown(max(values))}]"


def row(scenario="", figure="", ours="", value="", than="", other="", ratio="", target="", verdict="",
        load=""):
    """A row as it is printed: all rows have the same keys."""
    return {"scenario": scenario, "figure": figure, "ours": ours, "value": value, "compared with": than,
            "its value": other, "ratio": ratio, "target": target, "verdict": verdict,
            "load": load}


def verdict(value, target, load):
    if value is None:
        return NOT_MEASURED
    said = "met" if value <= target.most else "missed"
    return f"{said}, under load" if load is not None and load > machine.LOADED else said


class Judge:
    def __init__(self, tables, samples, counts):
        self.tables, self.samples, self.counts = tables, Samples(samples), counts

    def best(self, group, scenario, figure):
        """The name of the peer of a group with the lowest median, or None."""
        found = [(self.samples.median(scenario, peer.name, figure), peer.name)
                 for peer in self.tables.group(group)]
        found = [pair for pair in found if pair[0] is not None]
        return min(found)[1] if found else None

    def compare(self, scenario, figure, ours, than, there, target=None):
        """A row: ours compared with one other peer."""
        mine = self.samples.values(scenario.name, ours, figure)
        place = there or scenario.name
        name, label = than, than
        if than.startswith("best "):
            name = self.best(than.removeprefix("best "), place, figure)
            label = f"{than}: {name}" if name else than
        others = self.samples.values(place, name, figure) if name else []
        ratio = None
        if mine and others and statistics.median(others) > 0:
            ratio = statistics.median(mine) / statistics.median(others)
        load = self.samples.load((scenario.name, ours), (place, name))
        return row(scenario.title, UNITS.get(figure, figure), ours, spread(mine), label, spread(others),
                   shown(ratio), f"<= {target.most}" if target else "",
                   verdict(ratio, target, load) if target else "",
                   shown(round(load, 2)) if load is not None else "")

    def absolute(self, scenario, figure, target):
        values = self.samples.values(scenario.name, target.ours, figure)
        load = self.samples.load((scenario.name, target.ours))
        median = statistics.median(values) if values else None
        return row(scenario.title, UNITS.get(figure, figure), target.ours, spread(values), "", "", "",
                   f"<= {target.most} {target.unit}", verdict(median, target, load),
                   shown(round(load, 2)) if load is not None else "")

    def target_rows(self, scenarios):
        """A row for each target, in the order of the table."""
        for target in self.tables.targets:
            if target.counted:
                if not self.counts:
                    continue
                found = self.counts.get((target.ours, target.counted), {}).get(target.figure)
                yield row(f"counted: {target.counted}", target.figure, target.ours, shown(found),
                          target=f"<= {target.most} {target.unit}", verdict=verdict(found, target, None))
            elif target.scenario in scenarios:
                scenario = self.tables.scenarios[target.scenario]
                figure = target.figure or scenario.figure
                if target.than:
                    yield self.compare(
                        scenario, figure, target.ours, target.than, target.there, target)
                else:
                    yield self.absolute(scenario, figure, target)

    def peer_rows(self, scenarios):
        """A row for each scenario and peer, with the value of our first peer beside it."""
        for scenario in (self.tables.scenarios[name] for name in scenarios):
            takers = [p for p in self.tables.takers(scenario)
                      if self.samples.of(scenario.name, p.name)]
            ours = next((p.name for p in takers if "ours" in p.groups), None)
            for peer in takers:
                if ours and peer.name != ours:
                    yield self.compare(scenario, scenario.figure, ours, peer.name, "")
                elif not ours:
                    yield row(scenario.title, UNITS.get(scenario.figure, scenario.figure),
                              than=peer.name, other=spread(
                                  self.samples.values(scenario.name, peer.name, scenario.figure)))
            if ours and len(takers) == 1:
                yield row(scenario.title, UNITS.get(scenario.figure, scenario.figure), ours,
                          spread(self.samples.values(scenario.name, ours, scenario.figure)))

    def count_rows(self):
        for (peer, kind), counted in self.counts.items():
            for figure, value in counted.items():
                yield row(f"counted: {kind}", figure, than=peer, other=shown(value))

    def rows(self, scenarios):
        return [*self.target_rows(scenarios), *self.peer_rows(scenarios), *self.count_rows()]


def detail(samples, scenarios, tables):
    """Each peer's figures beyond the first one, as rows of one text table."""
    found = Samples(samples)
    for name in scenarios:
        for peer in tables.takers(tables.scenarios[name]):
            if found.of(name, peer.name):
                yield {"scenario": name, "peer": peer.name,
                       "ns": spread(found.values(name, peer.name, "ns")), **{
                    figure: shown(found.median(name, peer.name, figure))
                    for figure in ("cpu", "switches", "spawn", "drain", "resident", "heap",
                                   "descriptors", "idle", "fill", "late", "late99")}}


def text_table(rows):
    """Rows of one table, with columns as wide as necessary; empty columns are omitted."""
    rows = list(rows)
    heads = [head for head in rows[0] if any(row[head] != "" for row in rows)] if rows else []
    widths = {head: max(len(head), *(len(str(row[head])) for row in rows)) for head in heads}
    lines = ["  ".join(head.ljust(widths[head]) for head in heads)]
    lines += ["  ".join(str(row[head]).ljust(widths[head]) for head in heads) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
