# SPDX-License-Identifier: 0BSD
"""The chart: a panel for each scenario, with each peer's median and range."""
import shutil
import statistics
import subprocess

import figures
import machine

COLUMNS = 2
WIDTH = 1200


def bars(tables, samples, scenario):
    """(peer, least, median, most), in the order of the table of peers."""
    found = figures.Samples(samples)
    for peer in tables.takers(scenario):
        values = found.values(scenario.name, peer.name, scenario.figure)
        # A logarithmic scale has no 0.
        if values and min(values) > 0:
            yield peer, min(values), statistics.median(values), max(values)


def heading(samples):
    """The notes that a reader of the chart alone must have."""
    rounds = 1 + max(sample["round"] for sample in samples)
    loaded = sum((sample["load"] or 0) > machine.LOADED for sample in samples)
    text = f"median, least and most of {rounds} rounds; scales differ; this library in blue"
    if loaded:
        text += f"; others were at work in {loaded} of {len(samples)} runs"
    return text


def panel(tables, samples, scenario):
    """gnuplot's commands for one panel."""
    rows = sorted(bars(tables, samples, scenario), key=lambda bar: -bar[2])
    unit = figures.UNITS.get(scenario.figure, scenario.figure)
    names = ", ".join(f'"{peer.name}" {y}' for y, (peer, *_) in enumerate(rows))
    data = "\n".join(f'{median} {y} {least} {most} {int("ours" in peer.groups)} "{figures.shown(median)}"'
                     for y, (peer, least, median, most) in enumerate(rows))
    low = min(bar[1] for bar in rows) / 3
    high = max(bar[3] for bar in rows) * 6
    return f"""
set title "{scenario.title}, {unit}"
set ytics ({names})
set yrange [-0.6:{len(rows) - 0.4}]
set xrange [{low}:{high}]
$data << end
{data}
end
plot $data using 1:2:3:4:($5 > 0 ? 0x1b5e9e : 0x7d8994) \\
        with xerrorbars pointtype 7 pointsize 1 linewidth 1.5 linecolor rgb variable, \\
     $data using ($4*1.15):2:6 with labels left font ",10" textcolor rgb "#333333"
"""


def draw(tables, samples, names, path):
    """Write the chart; return the reason if that is not possible."""
    if not shutil.which("gnuplot"):
        return "gnuplot is not installed (gnuplot-nox)"
    shown = [tables.scenarios[name] for name in names if tables.scenarios[name].chart]
    shown = [scenario for scenario in shown if next(bars(tables, samples, scenario), None)]
    if not shown:
        return "none of its scenarios was measured"
    lines = -(-len(shown) // COLUMNS)
    script = f"""
set terminal svg size {WIDTH},{lines * 420} font "sans-serif,12" background "#ffffff" enhanced
set encoding utf8
set output "{path}"
set termoption noenhanced
set multiplot layout {lines},{COLUMNS} title "{heading(samples)}"
set logscale x
set format x "%.0s%c"
unset key
set border 1
set tics nomirror
set ytics scale 0
set grid xtics ytics linecolor rgb "#dddddd"
set lmargin 17
set bmargin 2.5
""" + "".join(panel(tables, samples, scenario) for scenario in shown) + "unset multiplot\n"
    drawn = subprocess.run(["gnuplot"], input=script, text=True, capture_output=True, check=False)
    return f"gnuplot says: {drawn.stderr.strip()}" if drawn.returncode or drawn.stderr else None
