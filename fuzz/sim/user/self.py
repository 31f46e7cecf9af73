#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Apply each mutant of self.table to the simulator for users' programs; an example must detect it.

    self.py DIRECTORY [NUMBER...]

Builds below DIRECTORY; fails if a mutant is not detected.  scripts/usersim --self calls it.
"""
import importlib.util
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SIM = HERE.parent
ROOT = SIM.parent.parent
EXAMPLES = ROOT / "tests/users/sim"
# What is copied, for mutants of it: the simulator, the harness for fuzzers, and the library.
COPIED = [SIM, ROOT / "fuzz/user", ROOT / "src", ROOT / "include"]
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(usersim_self LANGUAGES C CXX)
add_subdirectory("{tree}/fuzz/sim/user" sim)
add_subdirectory("{examples}" examples)
"""


def load_mutants():
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "scripts/mutants.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_changed(to, data, mode=0o644):
    """Write a file only if it differs, so that little is rebuilt."""
    if not to.exists() or to.read_bytes() != data:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(data)
    to.chmod(mode)


def write_tree(tree, changed, text):
    """All that is copied, with one file changed; None: unchanged."""
    sources = [file for folder in COPIED for file in folder.rglob("*.[ch]")]
    for file in [*sources, *SIM.rglob("CMakeLists.txt"), HERE / "join.sh", SIM / "driver/page.html"]:
        name = str(file.relative_to(ROOT))
        data = text.encode() if name == changed else file.read_bytes()
        write_changed(tree / name, data, file.stat().st_mode & 0o777)


def build(directory, tree, program):
    write_changed(directory / "CMakeLists.txt", PROJECT.format(
        tree=tree, examples=EXAMPLES).encode())
    commands = [["cmake", "-S", directory, "-B", directory / "build", "-G", "Ninja",
                 "-DCMAKE_C_FLAGS=-O1", "-DCMAKE_CXX_FLAGS=-O1"],
                ["cmake", "--build", directory / "build", "--target", program]]
    for command in commands:
        done = subprocess.run(command, text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)


def is_detected(directory, check):
    """A program without a mistake must fail; one with a mistake must not, or for another reason."""
    program, words, bug = re.fullmatch(r"(\S+)(?: \[([^]]*)\])?(?: as (.*))?", check).groups()
    name, _, argument = program.partition(":")
    done = subprocess.run(
        [directory / "build/examples" / name, *([argument] if argument else [])], text=True,
        capture_output=True, cwd=directory, timeout=300,
        env={**os.environ, "ROW": argument, "UMP_SIM": f"quiet seconds=10 {words or 'random=10000'}"})
    if bug is None:
        return done.returncode != 0
    return re.search(rf"^({bug}): ", done.stdout, flags=re.M) is None


def main():
    directory = pathlib.Path(sys.argv[1]).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    tree = directory / "tree"
    mutants = load_mutants()
    table = HERE / "self.table"
    chosen = {int(n) for n in sys.argv[2:]}
    seeded = {number: mutant for number, mutant in mutants.read(table).items()
              if not chosen or int(number) in chosen}
    programs = {mutant["check"]: re.match(r"[a-z_]+", mutant["check"])[0]
                for mutant in seeded.values()}
    # The unchanged simulator must pass all checks.
    write_tree(tree, None, None)
    for check, program in programs.items():
        build(directory, tree, program)
        if is_detected(directory, check):
            sys.exit(f"fuzz/sim/user/self.py: error: without a mutant, this check fails: {check}")
    detected = missed = 0
    for number, mutant in seeded.items():
        check = mutant["check"]
        write_tree(tree, mutant["file"], mutants.mutated(table, number, mutant))
        build(directory, tree, programs[check])
        found = is_detected(directory, check)
        print(f"{number:>3} {mutant['name']:<36} {check:<40} "
              f"{'detected' if found else 'NOT DETECTED'}", flush=True)
        detected += found
        missed += not found
    print(f"{detected} passed, {missed} failed")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
