#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Keep a whole run of scripts/bench: tests/bench/figures.md and tests/bench/chart.svg."""
import json
import pathlib
import sys

import figures
import tables

FOLDER = pathlib.Path(__file__).resolve().parent.parent
LICENCE = "<!-- SPDX-License-Identifier: 0BSD -->"
COLUMNS = ("scenario", "figure", "ours", "value", "compared with", "its value", "ratio", "target",
           "verdict", "load")
HEAD = """{licence}
<!-- Written by scripts/bench --keep. -->
# Figures of one run

{when}, {processors} processors ({processor}), {rounds} rounds, {minutes} minutes.  Median [least ..
most] of the rounds.  `load` is how many processors others kept busy meanwhile; above {loaded} a
figure is one under load.  A ratio is of the two medians.  [`README.md`](README.md) says how it was
measured; `scripts/bench` measures again, and figures of other runs are not to be compared with these.

![chart](chart.svg)

## Targets

{met} met, {missed} missed{others}.

{targets}

## Everybody beside ours

{peers}

## What each took

By operation: ns of CPU of all threads, and switches of context; of servers and of queued messages
also ns to make or to handle one, and bytes and descriptors of each; of timers ns to start each at
first, and how late the calls come.

{detail}

## Counted, by operation

{counts}
"""


DETAIL = ("scenario", "peer", "ns", "cpu", "switches", "spawn", "drain", "resident", "heap",
          "descriptors", "fill", "late", "late99")


def table(rows, columns):
    rows = list(rows)
    used = [c for c in columns if any(row.get(c, "") != "" for row in rows)]
    lines = ["| " + " | ".join(used) + " |", "| " + " | ".join("---" for _ in used) + " |"]
    lines += ["| " + " | ".join(str(row.get(c, "")) for c in used) + " |" for row in rows]
    return "\n".join(lines)


def page(result):
    targets = [row for row in result["rows"] if row["target"]]
    peers = [row for row in result["rows"] if not row["target"] and not row["scenario"].startswith("counted")]
    verdicts = [row["verdict"] for row in targets]
    others = {v: verdicts.count(v) for v in sorted(set(verdicts)) if v not in ("met", "missed")}
    known = tables.Tables()
    counts = [{key: value if isinstance(value, str) else f"{value:.4g}" for key, value in counted.items()}
              for counted in result["counts"]]
    return HEAD.format(
        licence=LICENCE, when=result["when"].replace("T", " "), rounds=result["rounds"],
        processors=result["machine"]["processors"], processor=result["machine"]["processor"],
        minutes=round(result["seconds"] / 60), loaded=result["loaded above"],
        met=verdicts.count("met"), missed=verdicts.count("missed"),
        others="".join(f", {count} {verdict}" for verdict, count in others.items()),
        targets=table(targets, COLUMNS), peers=table(peers, COLUMNS),
        detail=table(figures.detail(result["samples"], known.scenarios, known), DETAIL),
        counts=table(counts, ("peer", "kind", "allocations", "system calls", "instructions")))


def chart(picture):
    """The picture with its licence after the XML declaration."""
    head, line, rest = picture.partition("?>\n")
    return f"{head}{line}{LICENCE}\n{rest}" if line else f"{LICENCE}\n{picture}"


def main(results, picture):
    path = pathlib.Path(results)
    if not path.exists():
        sys.exit(f"scripts/bench: error: there is no {path}: first run scripts/bench as a whole")
    (FOLDER / "figures.md").write_text(page(json.loads(path.read_text())))
    (FOLDER / "chart.svg").write_text(chart(pathlib.Path(picture).read_text()))
    print("== kept: tests/bench/figures.md, tests/bench/chart.svg")


if __name__ == "__main__":
    main(*sys.argv[1:])
