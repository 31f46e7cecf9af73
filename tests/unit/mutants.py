#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Apply the mutants of mutants.table, one by one: the test that each names must fail, and be named.

    mutants.py BUILD [NUMBER...]    all of them, or those with these numbers; BUILD is a folder with
                                    the tests, built by Ninja.  The last line counts the mutants.
"""
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import mutants  # noqa: E402
import sarif  # noqa: E402

TABLE = ROOT / "tests/unit/mutants.table"
BUILD = pathlib.Path(sys.argv[1]).resolve()
WORK = BUILD / "mutants"


def commands(test):
    """Ninja's commands for a test: its compiler calls by source, and its linker call."""
    said = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", test], check=True,
                          capture_output=True, text=True).stdout
    calls, link = {}, None
    for line in said.splitlines():
        words = [word for word in shlex.split(line.replace(": && ", "").replace(" && :", ""))]
        if "-c" in words:
            calls[pathlib.Path(os.path.normpath(words[words.index("-c") + 1]))] = words
        elif f"tests/{test}" in words:
            link = words
    return calls, link


def compile_with(words, tree, source, target):
    """Call the compiler as Ninja does, but with the tree's sources in place of ours."""
    words = [f"-I{tree / 'src'}" if word.startswith("-I") and word.endswith("/src") else word
             for word in words]
    words[words.index("-c") + 1] = str(source)
    words[words.index("-o") + 1] = str(target)
    # A mutant may leave something unused.
    subprocess.run([*words, "-Wno-error"], cwd=BUILD, check=True, capture_output=True)


def compile_mutated(calls, mutant, tree):
    """Compile the mutated file, or the unit that it is a part of."""
    file, mutated = ROOT / mutant["file"], tree / mutant["file"]
    if file not in calls:
        file = next(path for path in calls if path.stem.startswith("unity_"))
        text = file.read_text()
        own = f'"{ROOT / mutant["file"]}"'
        if text.count(own) != 1:
            sys.exit(f"tests/unit/mutants.py: error: nothing compiles {mutant['file']}")
        mutated = WORK / "unit.c"
        mutated.write_text(text.replace(own, f'"{tree / mutant["file"]}"'))
    compile_with(calls[file], tree, mutated, WORK / "mutated.o")


def build(mutant, tree, binary):
    calls, link = commands(mutant["test"])
    main = next(path for path in calls if path.stem == mutant["test"])
    compile_mutated(calls, mutant, tree)
    # A unit test may include the source that it tests.
    compile_with(calls[main], tree, main, WORK / "main.o")
    own = calls[main][calls[main].index("-o") + 1]
    at = link.index(own)
    # Before the library, so that the library's own object is not linked.
    words = [*link[:at], str(WORK / "main.o"), str(WORK / "mutated.o"), *link[at + 1:]]
    words[words.index("-o") + 1] = str(binary)
    subprocess.run(words, cwd=BUILD, check=True, capture_output=True)


def is_caught(mutant, binary):
    # Only the named test, since the mutant could make an earlier one hang.
    done = subprocess.run([binary, mutant["says"]], cwd=BUILD, capture_output=True, text=True,
                          timeout=120, check=False, env={**os.environ, "CHECK_TIMEOUT": "5"})
    failures = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("ok ")]
    return done.returncode != 0 and any(mutant["says"] in line for line in failures)


def main():
    tree, caught, missed = WORK / "tree", 0, []
    for number, mutant in mutants.read(TABLE).items():
        if sys.argv[2:] and number not in sys.argv[2:]:
            continue
        subprocess.run(["rm", "-rf", WORK], check=True)
        tree.mkdir(parents=True)
        subprocess.run([sys.executable, ROOT / "scripts/mutants.py", "apply", TABLE, number, tree],
                       check=True, stdout=subprocess.DEVNULL)
        build(mutant, tree, WORK / "test")
        if is_caught(mutant, WORK / "test"):
            caught += 1
        else:
            missed.append(f"{number} {mutant['name']}")
            sarif.finding("check", "surviving-mutant", f"{mutant['test']} does not detect the mutant"
                          f" {number} {mutant['name']}", sarif.line_of(mutant["file"], mutant["old"]),
                          f"tests/unit/mutants.py {sys.argv[1]} {number}")
    for mutant in missed:
        print(f"tests/unit/mutants.py: error: not caught: {mutant}", file=sys.stderr)
    print(f"{caught} passed, {len(missed)} failed")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
