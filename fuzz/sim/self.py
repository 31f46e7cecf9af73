#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Apply each mutant of self.table to the simulator, whose own checks must detect it.

    self.py DIRECTORY

Builds below DIRECTORY; fails if a mutant is not detected.  scripts/simulate --self calls it.
"""
import importlib.util
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import sarif  # noqa: E402

LIMITS = {"litmus": [], "random": ["--seconds", "10"], "twice": ["--executions", "2000"],
          "compare": ["--seconds", "1"]}


def load_mutants():
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "scripts/mutants.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_changed(to, data):
    """Write a file only if it differs, so that little is rebuilt."""
    if not to.exists() or to.read_bytes() != data:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(data)


def main():
    directory = pathlib.Path(sys.argv[1]).resolve()
    tree, build = directory / "tree", directory / "build"
    mutants = load_mutants()
    table = HERE / "self.table"
    missed = []
    for number, mutant in mutants.read(table).items():
        for file in [*HERE.rglob("*.[ch]"), HERE / "CMakeLists.txt",
                     HERE.parent / "engine/standalone.c"]:
            name = file.relative_to(ROOT)
            text = (mutants.mutated(table, number, mutant).encode() if str(name) == mutant["file"]
                    else file.read_bytes())
            write_changed(tree / name, text)
        commands = [["cmake", "-S", tree / "fuzz/sim", "-B", build, "-G", "Ninja",
                     f"-DUMP_SIM_SOURCE={ROOT}"],
                    ["cmake", "--build", build, "--target", "simulator"]]
        for command in commands:
            done = subprocess.run(command, text=True, capture_output=True)
            if done.returncode != 0:
                sys.exit(done.stdout + done.stderr)
        done = subprocess.run([build / "simulator", mutant["check"], *LIMITS[mutant["check"]],
                               "--quiet", "1"], text=True, capture_output=True)
        detected = done.returncode == 1
        print(f"{number:>3} {mutant['name']:<34} {mutant['check']:<8} "
              f"{'detected' if detected else 'NOT DETECTED'}", flush=True)
        if not detected:
            missed.append(number)
            sarif.finding("simulate", "surviving-mutant", f"the simulator's mutant {number} {mutant['name']}"
                          " is not detected", sarif.line_of(mutant["file"], mutant["old"]),
                          "scripts/simulate --self")
    if missed:
        sys.exit(f"fuzz/sim/self.py: error: mutants of the simulator are not detected: "
                 f"{' '.join(missed)}")


if __name__ == "__main__":
    main()
