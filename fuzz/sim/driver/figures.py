#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Add the figures of a run to the results that scripts/report reads.

    figures.py RESULTS RUN LINES MUTANTS

RUN is quick, long or mutants.  LINES has one JSON object per line, as written by the simulator;
MUTANTS is the output of matrix.py, if there is one.
"""
import json
import pathlib
import sys


def main():
    results, run, lines, mutants = sys.argv[1:]
    results = pathlib.Path(results)
    kept = json.loads(results.read_text()) if results.exists() else {}
    figures = [json.loads(line) for line in pathlib.Path(lines).read_text().splitlines()]
    if run != "mutants":
        explored = [f for f in figures if f["kind"] == "exhaustive"]
        programs = [f for f in explored if f["cut"]]
        kept[run] = {
            # Complete explorations with the state cut; and those without it, for races.
            "programs": programs,
            "bounded": [f for f in explored if not f["cut"]],
            "executions": sum(f.get("executions", 0) for f in figures),
            "states": sum(f["states"] for f in programs),
            "complete": sum(f["complete"] for f in programs),
            "random": [f for f in figures if f["kind"] in ("random", "pct")],
        }
    if pathlib.Path(mutants).exists():
        kept["mutants"] = json.loads(pathlib.Path(mutants).read_text())
    results.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
