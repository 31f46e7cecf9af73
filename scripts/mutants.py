#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Apply a mutant: copy src and include elsewhere with one small change from a table of mutants.

A table is a text file.  A mutant in it looks like this:

    === 7 push-relaxed
    file: src/sync/atomic_words.h
    why: the node's fields are not carried to the taker
    caught-by: simulate 1000
    --- old
    text that occurs exactly once in the file
    --- new
    the text in its place

The lines before `--- old` are fields, `name: value`.  `file` and `why` are required; tables may add
others.  Lines before the first `===` are remarks.

    mutants.py list TABLE            one line per mutant: number, name, and its fields as JSON
    mutants.py apply TABLE N DIR     copy src and include to DIR, with mutant N applied
    mutants.py check TABLE           every mutant must apply, and compile if it is C or C++
"""
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def fail(text):
    sys.exit(f"scripts/mutants.py: error: {text}")


def read(table):
    """All mutants of a table, by number."""
    mutants = {}
    for block in ("\n" + pathlib.Path(table).read_text()).split("\n=== ")[1:]:
        head, _, rest = block.partition("\n--- old\n")
        old, _, new = rest.partition("\n--- new\n")
        title, *fields = head.split("\n")
        number, _, name = title.partition(" ")
        mutant = {"name": name}
        for field in fields:
            if field.strip():
                key, _, value = field.partition(":")
                mutant[key.strip()] = value.strip()
        # The empty line between two mutants belongs to neither.
        mutant["old"], mutant["new"] = old.rstrip("\n"), new.rstrip("\n")
        if number in mutants:
            fail(f"{table}: mutant {number} is defined twice")
        if "file" not in mutant or "why" not in mutant or not mutant["old"]:
            fail(f"{table}: mutant {number} lacks file, why or the old text")
        mutants[number] = mutant
    if not mutants:
        fail(f"{table}: no mutants")
    return mutants


def mutated(table, number, mutant):
    """The text of the mutant's file with the change made."""
    text = (ROOT / mutant["file"]).read_text()
    if text.count(mutant["old"]) != 1:
        fail(f"{table}: mutant {number}: its old text occurs {text.count(mutant['old'])} times"
             f" in {mutant['file']}, not once")
    return text.replace(mutant["old"], mutant["new"])


# The compilers of the sources below src and include, by suffix.
COMPILERS = {
    ".c": ["gcc", "-std=c11", "-D_POSIX_C_SOURCE=200809L"],
    ".h": ["gcc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-x", "c"],
    ".hpp": ["g++", "-std=c++17", "-x", "c++"],
}


def compiles(table, number, mutant, directory):
    """Whether the mutant's file compiles, with the others unchanged; None if it is not compiled.
    A mutant must compile: otherwise its detection would prove nothing."""
    file = pathlib.Path(mutant["file"])
    text = mutated(table, number, mutant)
    if file.parts[0] not in ("src", "include"):
        return None
    changed = directory / number / file
    changed.parent.mkdir(parents=True)
    changed.write_text(text)
    command = [*COMPILERS[file.suffix], "-w", "-fsyntax-only", f"-I{(ROOT / file).parent}",
               f"-I{ROOT}/src", f"-I{ROOT}/include", str(changed)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr, end="", file=sys.stderr)
        print(f"mutant {number} {mutant['name']} does not compile", file=sys.stderr)
    return done.returncode == 0


def check(table, mutants):
    with tempfile.TemporaryDirectory() as directory, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as several:
        done = list(several.map(
            lambda item: compiles(table, *item, pathlib.Path(directory)), mutants.items()))
    if False in done:
        fail(f"{table}: {done.count(False)} of {len(done)} mutants do not compile")
    code = done.count(True)
    print(f"{len(done)} mutants apply" + (f"; {code} are code, and compile" if code else ""))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    command, table = sys.argv[1:3]
    mutants = read(table)
    if command == "list":
        for number, mutant in mutants.items():
            print(number, mutant["name"], json.dumps(mutant))
    elif command == "check":
        check(table, mutants)
    elif command == "apply":
        number, directory = sys.argv[3], pathlib.Path(sys.argv[4])
        if number not in mutants:
            fail(f"{table}: there is no mutant {number}")
        text = mutated(table, number, mutants[number])
        for part in ("src", "include"):
            shutil.copytree(ROOT / part, directory / part, dirs_exist_ok=True)
        (directory / mutants[number]["file"]).write_text(text)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
