#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Test the fuzzer for users' servers, and the template of tests/examples/fuzz.

    run.py [all]             the checks of the harness, the template as it is, and each mistake
    run.py mistake NUMBER    one mistake of tests/examples/fuzz/mutants.table, with each engine
    run.py library NUMBER    one mutant of the library

The mistakes must be found within a minute; the times are printed and written to
build/results/userfuzz.json.  Mutants of the library show that the harness keeps its accounts: no
mistake in a handler makes the library lose a message.  The last line counts.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import mutants  # noqa: E402
import sarif  # noqa: E402

WORK = ROOT / "build/userfuzz"
EXAMPLE = ROOT / "tests/examples/fuzz"
TABLE = EXAMPLE / "mutants.table"
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FLAGS = ["-std=c11", "-g", "-O1", "-D_POSIX_C_SOURCE=200809L", *SANITIZE, f"-I{ROOT}/include",
         "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror"]
SECONDS = 60
# Mutants of fuzz/life/mutants.table, and what the harness says of them.
LIBRARY = {"3": "sent earlier", "6": "neither handled nor dropped|a watch never completes", "13": "after a break",
           "14": "the loop does not end", "18": "handled or dropped", "39": "`init` or `term` did not run",
           "44": "`drop` did not run exactly once", "910": "a watch never completes",
           "923": "after a stop", "1002": "double-free|heap-use-after-free"}
LINKED = [WORK / "fuzz/user/libump_server-fuzz.a", WORK / "libump_server.a", "-pthread"]
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_stack_use_after_return=1:detect_leaks=1"}
passed, failed, times = 0, 0, []
lock = threading.Lock()


def result(good, name, said="", command=""):
    global passed, failed
    with lock:
        passed, failed = passed + bool(good), failed + (not good)
    if good:
        print(f"ok      {name}", flush=True)
        return
    print(f"FAILED  {name}\n" + "\n".join(said.splitlines()[-30:]), flush=True)
    sarif.finding("userfuzz", "test", name, "tests/userfuzz/run.py", command or "scripts/check userfuzz", said)


def run(command, seconds=120, **more):
    """Run a command; return its code and all that it prints.  A hang counts as failure."""
    try:
        done = subprocess.run([str(word) for word in command], env=ENVIRONMENT, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                              check=False, stdin=subprocess.DEVNULL, **more)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        return -1, f"{late.stdout}\nno end in {seconds} s"


# Compiler, flags to compile with, and what is linked.
ENGINES = {"alone": ("gcc", FLAGS, [WORK / "fuzz/user/libump_server-fuzz-main.a"]),
           "libfuzzer": ("clang", [*FLAGS, "-fsanitize=fuzzer-no-link"], ["-fsanitize=fuzzer"])}


def compiled(command):
    code, said = run(command)
    if code != 0:
        sys.exit(f"tests/userfuzz/run.py: error: could not compile\n{said}")


def harness_object(engine):
    """store_fuzzer.c is the same for all mistakes."""
    compiler, flags, _ = ENGINES[engine]
    compiled([compiler, *flags, "-c", EXAMPLE / "store_fuzzer.c", "-o", WORK / f"store_fuzzer-{engine}.o"])


def fuzzer(engine, folder, store, *objects):
    folder.mkdir(parents=True, exist_ok=True)
    compiler, flags, linked = ENGINES[engine]
    out = folder / f"store_{engine}"
    compiled([compiler, *flags, f"-I{EXAMPLE}", store, WORK / f"store_fuzzer-{engine}.o", *objects, *linked,
              *LINKED, "-o", out])
    return out


def hunt(engine, binary, seconds):
    """Fuzz; return (code, output, seconds)."""
    began = time.monotonic()
    if engine == "alone":
        command = [binary, "--seed", 1, "--seconds", seconds, "--directory", binary.parent]
    else:
        command = [binary, "-seed=1", f"-max_total_time={seconds}", "-max_len=512", "-timeout=5",
                   f"-artifact_prefix={binary.parent}/libfuzzer-"]
    code, said = run(command, seconds + 60, cwd=ROOT)
    # Without an engine the input is shrunk at once, which is not counted.
    found = re.search(r"^found in ([\d.]+) s", said, flags=re.M)
    return code, said, float(found[1]) if found else round(time.monotonic() - began, 2)


# ---- Parts -------------------------------------------------------------------------------------


def checks():
    """Each check of the harness reports what it must, and nothing else."""
    code, said = run(["gcc", *FLAGS, ROOT / "tests/userfuzz/checks_test.c", *LINKED, "-o", WORK / "checks"])
    if code == 0:
        code, said = run([WORK / "checks"])
    for line in said.splitlines():
        if line.startswith("ok "):
            result(True, line[8:])
    result(code == 0, "all rows of checks_test.c", said)


def library_sources(tree):
    names = re.findall(r"src/[\w/]+\.c", (ROOT / "CMakeLists.txt").read_text())
    return [tree / name for name in [*names, "src/sync/notifier_eventfd.c", "src/sync/park_futex.c"]]


def typed():
    """A server of the typed layer: nothing is found, and a mistake is."""
    for define, words in (("RIGHT", "nothing found"), ("MISTAKE", "at the end: the adder ends by itself")):
        binary = WORK / f"typed-{define}"
        compiled(["gcc", *FLAGS, f"-D{define}", ROOT / "tests/userfuzz/typed_fuzzer.c", *ENGINES["alone"][2],
                  *LINKED, "-o", binary])
        _, said, _ = hunt("alone", binary, 1)
        result(words in said, f"a server of the typed layer: {words}", said)


def template(engine):
    """The template as it is: nothing is found."""
    code, said, _ = hunt(engine, fuzzer(engine, WORK / "right", EXAMPLE / "store.c"), 3)
    result(code == 0, f"the store as it is, {engine}", said)


def minimised(said, binary, words):
    """The printed command must show the same finding again, with a shorter input than most."""
    found = re.search(r"^to reproduce it: UMP_FUZZ_TRACE=1 (\S+) (\S+)$", said, flags=re.M)
    if not found or pathlib.Path(found[1]) != binary or pathlib.Path(found[2]).stat().st_size > 64:
        return False, said
    code, again = run([found[1], found[2]])
    return code != 0 and re.search(words, again) is not None, again


def mistake(engine, number):
    mutant = mutants.read(TABLE)[number]
    folder = WORK / f"mistake-{number}-{engine}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    store = folder / "store.c"
    store.write_text(mutants.mutated(TABLE, number, mutant))
    code, said, took = hunt(engine, fuzzer(engine, folder, store), SECONDS)
    good = code != 0 and re.search(mutant["says"], said) is not None and took < SECONDS
    name = f"{number} {mutant['name']}, {engine}: {took} s"
    times.append({"mistake": f"{number} {mutant['name']}", "engine": engine, "seconds": took, "found": good})
    if good and engine == "alone":
        good, said = minimised(said, folder / "store_alone", mutant["says"])
        name += ", minimised"
    result(good, name, said, f"tests/userfuzz/run.py mistake {number}")


def library(number):
    """A mutant of the library: its file is linked before the library without it."""
    table = ROOT / "fuzz/life/mutants.table"
    mutant = mutants.read(table)[number]
    tree = WORK / f"library-{number}"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run([sys.executable, ROOT / "scripts/mutants.py", "apply", table, number, tree], check=True)
    name = f"{mutant['name']} in the library"
    changed = [tree / mutant["file"]] if mutant["file"].endswith(".c") else library_sources(tree)
    objects = []
    for source in changed:
        objects.append(tree / f"{source.stem}.o")
        compiled(["gcc", *FLAGS, "-w", f"-I{tree}/src", f"-I{tree}/include", "-c", source, "-o", objects[-1]])
    binary = fuzzer("alone", tree, EXAMPLE / "store.c", *objects)
    _, said, took = hunt("alone", binary, 20)
    found = re.search(LIBRARY[number], said)
    result(found is not None, f"{name}: {found[0] if found else 'not found'}, {took} s", said,
           f"tests/userfuzz/run.py library {number}")


def clusterfuzzlite():
    """build.sh of the template, called as ClusterFuzzLite does."""
    place = WORK / "clusterfuzzlite"
    shutil.rmtree(place, ignore_errors=True)
    for part in ("src", "out", "work"):
        (place / part).mkdir(parents=True)
    shutil.copytree(EXAMPLE, place / "src/store")
    (place / "src/store/ump-server").symlink_to(ROOT)
    flags = "-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address -fsanitize=fuzzer-no-link"
    variables = {"SRC": place / "src", "OUT": place / "out", "WORK": place / "work", "CC": "clang",
                 "CXX": "clang++", "CFLAGS": flags, "CXXFLAGS": flags, "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer"}
    code, said = run(["env", *[f"{key}={value}" for key, value in variables.items()],
                      "bash", place / "src/store/.clusterfuzzlite/build.sh"])
    if code == 0:
        code, said = run([place / "out/store_fuzzer", "-runs=200", "-seed=1"])
    result(code == 0 and "Done 200 runs" in said, "the template's build.sh", said)


def prepare():
    """The library and the harness, with sanitizers; one object for each source, so that one of them
    can be replaced."""
    WORK.mkdir(parents=True, exist_ok=True)
    flags = " ".join(["-g", "-O1", *SANITIZE])
    for command in (["cmake", "-S", ROOT, "-B", WORK, "-G", "Ninja", "-DBUILD_TESTING=OFF", "-DUMP_ONE_UNIT=OFF",
                     "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_C_COMPILER=gcc", f"-DCMAKE_C_FLAGS={flags}"],
                    ["cmake", "--build", WORK]):
        code, said = run(command, 300)
        if code != 0:
            sys.exit(f"tests/userfuzz/run.py: error: could not build the library\n{said}")
    for engine in ENGINES:
        harness_object(engine)


def main():
    begin, words = time.monotonic(), sys.argv[1:] or ["all"]
    known = mutants.read(TABLE)
    prepare()
    if words == ["all"]:
        jobs = [(checks,), (clusterfuzzlite,), (typed,), *[(template, engine) for engine in ENGINES],
                *[(mistake, engine, number) for number in known for engine in ENGINES],
                *[(library, number) for number in LIBRARY]]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(*job) for job in jobs]:
                done.result()
        path = ROOT / "build/results/userfuzz.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"passed": passed, "failed": failed, "mistakes": times,
                                    "seconds": round(time.monotonic() - begin)}, indent=1) + "\n")
    elif len(words) == 2 and words[0] == "mistake" and words[1] in known:
        for engine in ENGINES:
            mistake(engine, words[1])
    elif len(words) == 2 and words[0] == "library" and words[1] in LIBRARY:
        library(words[1])
    else:
        sys.exit(__doc__)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
