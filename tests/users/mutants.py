#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Apply the mutants of mutants.table to the library; a user's program must detect each.

A mutant in `src/sync/tools.c`, or at a place that calls it, makes a sanitizer report too much or too
little.  `detects` names a program and a tool.  If the program is in right/, the tool must report
it; if it is in wrong/, the tool must no longer report it.  Without a mutant it must pass.

usage: tests/users/mutants.py all [NUMBER...] | quick
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "scripts"), str(HERE)]
import mutants  # noqa: E402
import run  # noqa: E402

TABLE = HERE / "mutants.table"
WORK = ROOT / "build" / "users-mutants"
UNMUTATED = WORK / "none"
FLAGS = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-DNDEBUG", "-w"]
# Races that depend on the schedule.
RUNS = 5


def sources(tree):
    """The library's sources in a tree, for the platform with futexes."""
    other = ("park_pthread.c", "notifier_pipe.c")
    return [path for path in sorted(tree.glob("src/*/*.c")) if path.name not in other]


def compile_source(tree, source):
    """Compile one source of a tree; return its object."""
    target = tree / f"{source.parent.name}-{source.stem}.o"
    subprocess.run(["gcc", *FLAGS, f"-I{tree}/include", f"-I{tree}/src", "-c", source, "-o", target],
                   check=True)
    return target


def build(tree, changed=None):
    """Build the library of a tree.  If one source is changed, the other objects are UNMUTATED's."""
    objects = [compile_source(tree, source)
               if changed is None or changed.endswith(".h") or tree / changed == source
               else UNMUTATED / f"{source.parent.name}-{source.stem}.o"
               for source in sources(tree)]
    subprocess.run(["ar", "rcs", tree / "libump_server.a", *objects], check=True)
    (tree / "users").mkdir(exist_ok=True)


def passes(name, tool, tree, runs):
    """Whether a program passes in each of some runs."""
    source = next(iter(HERE.glob(name + ".c*")))
    return all(run.check(source, tool, tree)[0] is None for _ in range(runs))


def try_mutant(number, mutant):
    """Apply one mutant; return what went wrong, or None."""
    tree = WORK / number
    subprocess.run(["rm", "-rf", tree], check=True)
    subprocess.run([sys.executable, ROOT / "scripts/mutants.py", "apply", TABLE, number, tree],
                   check=True, stdout=subprocess.DEVNULL)
    build(tree, mutant["file"])
    name, tool = mutant["detects"].split()
    if passes(name, tool, tree, RUNS if name.startswith("right/") else 1):
        return f"not detected: {number} {mutant['name']}: {name} {tool}"
    return None


def unmutated(chosen):
    """Return the programs that fail without a mutant."""
    tree = UNMUTATED
    subprocess.run(["rm", "-rf", tree], check=True)
    tree.mkdir(parents=True)
    for part in ("src", "include"):
        subprocess.run(["cp", "-r", ROOT / part, tree], check=True)
    build(tree)
    wanted = sorted({mutant["detects"] for mutant in chosen.values()})
    return [f"fails without a mutant: {one}" for one in wanted if not passes(*one.split(), tree, 1)]


def main():
    """Try all mutants, some by number, or those that the table marks as quick."""
    if sys.argv[1:2] not in (["all"], ["quick"]):
        sys.exit(__doc__.split("\n\n")[-1].strip())
    chosen = {number: mutant for number, mutant in mutants.read(TABLE).items()
              if (number in sys.argv[2:] if sys.argv[2:] else
                  sys.argv[1] == "all" or mutant.get("quick") == "yes")}
    problems = unmutated(chosen)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda item: try_mutant(*item), chosen.items()))
    missed = [line for line in found if line is not None]
    for line in problems + missed:
        print(f"tests/users/mutants.py: error: {line}", file=sys.stderr)
    print(f"   mutants: {len(found) - len(missed)} of {len(found)} detected")
    counts = ROOT / "build" / "check.counts"
    if counts.exists():
        with counts.open("a") as out:
            out.write(f"{len(found) - len(missed)} {len(problems) + len(missed)}\n")
    sys.exit(bool(problems or missed))


if __name__ == "__main__":
    main()
