#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Apply each mutant of a table, and report which checkers of the simulator detect it.

    matrix.py TABLE DIRECTORY RESULTS [NUMBER...]

Builds below DIRECTORY, prints a line for each mutant, writes RESULTS (JSON), and fails if a checker
misses a mutant that it must detect according to the table.  scripts/simulate --mutants calls it.
"""
import concurrent.futures
import filecmp
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import sarif  # noqa: E402

CHECKERS = ("random", "pct", "explore")
# Time limits of a checker in seconds: in all, and for each listed program.
SECONDS = {"random": 10, "pct": 10, "explore": 15}
PER_PROGRAM = 2
# Exit code of the simulator if a program cannot be performed: DRIVE_UNUSABLE of drive.h.
UNUSABLE = 2


class Unusable(Exception):
    """A mutant that cannot be tried as the table describes it."""


def read_table(table):
    listed = subprocess.run([ROOT / "scripts/mutants.py", "list", table], check=True, text=True,
                            capture_output=True).stdout
    mutants = []
    for line in listed.splitlines():
        number, name, fields = line.split(" ", 2)
        mutants.append({"number": number, "name": name, **json.loads(fields)})
    return mutants


def apply(table, number, tree):
    """Make `tree` the mutant's, writing only files that differ from the previous mutant's."""
    fresh = tree.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    subprocess.run([ROOT / "scripts/mutants.py", "apply", table, number, fresh], check=True)
    for file in fresh.rglob("*"):
        to = tree / file.relative_to(fresh)
        if file.is_dir():
            to.mkdir(parents=True, exist_ok=True)
        elif not to.exists() or not filecmp.cmp(file, to, shallow=False):
            # The copy gets the present time, so that it is rebuilt.
            shutil.copyfile(file, to)


def build(tree, directory):
    if not (directory / "build.ninja").exists():
        subprocess.run(["cmake", "-S", ROOT / "fuzz/sim", "-B", directory, "-G", "Ninja",
                        f"-DUMP_SIM_SOURCE={tree}"], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(["cmake", "--build", directory, "--target", "simulator", "-j", "1"], text=True,
                          capture_output=True)
    return done.returncode == 0, done.stdout


def check(simulator, checker, mutant):
    """Run a checker; return whether it found the mutant, its executions and seconds."""
    options = ["--quiet", "1", "--seed", "1"]
    if checker == "explore" and "program" in mutant:
        options += ["--program", mutant["program"], "--seconds", str(SECONDS[checker]),
                    *mutant.get("with", "").split()]
    elif checker == "explore":
        options += ["--list", "quick", "--seconds", str(PER_PROGRAM), "--total",
                    str(SECONDS[checker])]
    else:
        options += ["--seconds", str(SECONDS[checker]), "--executions", mutant["within"]]
        if mutant.get("schedules") == "program":
            options += ["--program", mutant["program"]]
    began = time.monotonic()
    try:
        done = subprocess.run([simulator, checker, *options], text=True, capture_output=True,
                              timeout=20 * SECONDS[checker])
    except subprocess.TimeoutExpired:
        return {"found": False, "executions": 0, "seconds": 20 * SECONDS[checker], "as": "no end"}
    if done.returncode == UNUSABLE:
        raise Unusable(done.stderr)
    counts = [int(n) for n in re.findall(r"(\d+) executions", done.stdout)]
    found = done.returncode == 1
    last = done.stdout.strip().splitlines()[-1] if found and done.stdout.strip() else ""
    if done.returncode not in (0, 1):
        # The simulator itself crashed: the mutant had an effect, but this must not count as detected.
        last = f"ended with {done.returncode}"
    return {"found": found, "executions": sum(counts),
            "seconds": round(time.monotonic() - began, 2), "as": last}


def try_mutant(table, mutant, slots):
    slot = slots.get()
    try:
        tree, directory = slot / "tree", slot / "build"
        apply(table, mutant["number"], tree)
        built, output = build(tree, directory)
        if not built:
            raise Unusable(output)
        return {**mutant, "checkers": {c: check(directory / "simulator", c, mutant)
                                       for c in CHECKERS}}
    except Unusable as why:
        return {**mutant, "error": str(why)}
    finally:
        slots.put(slot)


def line_of(result):
    cells = []
    for checker in CHECKERS:
        got = result["checkers"][checker]
        cells.append(f"{got['executions']:>8} {got['seconds']:>6.2f} s" if got["found"]
                     else f"{'-':>8} {'':>8}")
    shown = next((c["as"] for c in result["checkers"].values() if c["found"]), "survives")
    return (f"{result['number']:>3} {result['name']:<34}" + " |".join(cells)
            + f" | {shown.split(':')[0]}")


def missed(result):
    """The checkers that must find the mutant according to the table, and did not."""
    wanted = [] if result["caught-by"] == "none" else result["caught-by"].split()
    return [c for c in wanted if not result["checkers"][c]["found"]]


def main():
    table, directory, results = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
    only = set(sys.argv[4:])
    mutants = [m for m in read_table(table) if not only or m["number"] in only]
    slots = queue.SimpleQueue()
    workers = max(1, min(os.cpu_count() or 1, 4))
    for i in range(workers):
        slot = directory / str(i)
        slot.mkdir(parents=True, exist_ok=True)
        slots.put(slot)
    bad = []
    done = []
    print(f"{'':>3} {'mutant':<34}" + " |".join(f"{c:>17}" for c in CHECKERS) + " | detected as")
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for result in pool.map(lambda m: try_mutant(table, m, slots), mutants):
            if "error" in result:
                print(f"{result['number']:>3} {result['name']}: cannot be tried")
                print(result["error"])
                bad.append(result["number"])
                continue
            print(line_of(result), flush=True)
            if missed(result):
                print(f"    MISSED by {', '.join(missed(result))}")
                bad.append(result["number"])
                sarif.finding("simulate", "surviving-mutant", f"{', '.join(missed(result))}: the mutant"
                              f" {result['number']} {result['name']} is not detected",
                              sarif.line_of(result["file"], result["old"]),
                              f"scripts/simulate --mutants {result['number']}")
            done.append({k: result[k] for k in
                         ("number", "name", "kind", "why", "file", "caught-by", "checkers")})
    if not only:
        results.parent.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps(done, indent=1))
    found = sum(any(c["found"] for c in r["checkers"].values()) for r in done)
    print(f"{found} of {len(mutants)} mutants detected")
    for result in done:
        if not any(c["found"] for c in result["checkers"].values()):
            print(f"{result['number']} {result['name']} survives: {result['why']}")
    if bad:
        sys.exit(f"fuzz/sim/matrix.py: error: not as the table says: {' '.join(bad)}")


if __name__ == "__main__":
    main()
