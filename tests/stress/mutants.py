#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Apply the mutants of tests/stress/mutants.table; measure the time until a stress program fails.

    mutants.py all [NUMBER...]   every mutant, or some; each build for up to 20 s
    mutants.py quick             the few that the table marks, each build that must detect them

Only the files that a mutant changes are compiled again.  A hang counts as detection, so the library
without a mutant must pass first, with the same short time-out.  Fails if a build does not detect a
mutant that it must detect according to the table.
"""
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import sarif  # noqa: E402

WORK = ROOT / "build" / "stress-mutants"
TABLE = ROOT / "tests" / "stress" / "mutants.table"
BUILDS = {
    "tsan": ["-O1", "-g", "-fsanitize=thread"],
    "none": ["-O3", "-DNDEBUG", "-g"],
}
SECONDS = 20.0
HANG_SECONDS = 5  # seconds without a finished round: a hang
WRAP = ("-Wl,--wrap=ump__alloc,--wrap=ump__alloc_line,--wrap=ump__alloc_spare,"
        "--wrap=ump__free,"
        "--wrap=ump__thread_start,--wrap=ump__thread_name,"
        "--wrap=ump__notifier_open,--wrap=ump__notifier_close")


def fail(text):
    sys.exit(f"scripts/stress: error: {text}")


def library(root):
    """The library's sources below `root`, for the platform with futexes."""
    found = [path for path in root.glob("src/*/*.c") if path.parent.name != "sync"]
    found += [root / f"src/sync/{name}.c"
              for name in ("clock", "debug", "exit", "fork", "lock", "memory", "notifier",
                           "notifier_eventfd", "park_futex", "spin", "thread",
                           "thread_slot", "tools")]
    return {str(path.relative_to(root)): path for path in sorted(found)}


def compile_all(jobs, flags, root):
    """Compile {object: source}, two at a time."""
    running = []
    for target, source in jobs.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        command = ["gcc", "-std=c11", *flags, f"-I{root}/include", f"-I{root}/src",
                   f"-I{ROOT}/tests/support", f"-I{ROOT}/tests/stress", "-D_POSIX_C_SOURCE=200809L",
                   "-c", str(source), "-o", str(target)]
        while len(running) >= 2:
            finish(running.pop(0))
        running.append((source, subprocess.Popen(command, stderr=subprocess.PIPE, text=True)))
    for job in running:
        finish(job)


def finish(job):
    source, process = job
    _, said = process.communicate()
    if process.returncode != 0:
        fail(f"could not compile {source}:\n{said}")


def prepare(build, programs):
    """Compile the library without a mutant, the harness and the programs; their objects."""
    base = WORK / build
    flags = BUILDS[build]
    sources = library(ROOT)
    objects = {name: base / name.replace("/", "_").replace(".c", ".o") for name in sources}
    jobs = {objects[name]: sources[name] for name in sources}
    harness = [ROOT / f"tests/stress/{name}.c" for name in ("stress", "loop", "server", "sender")]
    harness += [ROOT / f"tests/support/{name}.c" for name in ("check", "faults", "state")]
    shared = {base / f"harness_{path.stem}.o": path for path in harness}
    mains = {name: base / f"main_{name}.o" for name in programs}
    jobs.update(shared)
    jobs.update({mains[name]: ROOT / f"tests/stress/{name}.c" for name in programs})
    compile_all(jobs, flags, ROOT)
    return {"library": objects, "harness": list(shared), "mains": mains}


def link(build, prepared, objects, program, directory):
    out = directory / f"{build}-{program}"
    command = ["gcc", *BUILDS[build], "-rdynamic", "-pthread", WRAP, "-o", str(out),
               str(prepared["mains"][program]), *map(str, prepared["harness"]),
               *map(str, objects.values())]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        fail(f"could not link {program}:\n{done.stderr}")
    return out


def run(program, seed, seconds):
    """Run a program once; return what was detected, or None."""
    environment = dict(os.environ, CHECK_TIMEOUT=str(HANG_SECONDS), TSAN_OPTIONS="halt_on_error=1")
    process = subprocess.Popen([str(program), "--seed", str(seed)], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace")
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    if process.returncode == 0:
        return None
    if "hangs" in said:
        return "hang"
    if "ThreadSanitizer" in said:
        return "race" if "data race" in said else "report"
    if "not true" in said or "in \"" in said:
        return "account"
    return "crash"


def attack(executables, seconds):
    """Run the programs in turn for `seconds`; return (what, program, seconds), or None."""
    begin = time.monotonic()
    for seed, (name, path) in enumerate(itertools.cycle(executables.items())):
        left = seconds - (time.monotonic() - begin)
        if left <= 0:
            return None
        seen = run(path, 1000 * seed + 1, left)
        if seen is not None:
            return seen, name, time.monotonic() - begin


def build_mutant(number, mutant, build, prepared):
    """Build the programs of a mutant; return their executables."""
    directory = WORK / f"mutant-{number}"
    shutil.rmtree(directory / "src", ignore_errors=True)
    subprocess.run([sys.executable, str(ROOT / "scripts/mutants.py"), "apply", str(TABLE), number,
                    str(directory)], check=True)
    objects = dict(prepared["library"])
    changed = [mutant["file"]] if mutant["file"].endswith(".c") else list(objects)
    sources = library(directory)
    jobs = {}
    for name in changed:
        objects[name] = directory / build / name.replace("/", "_").replace(".c", ".o")
        jobs[objects[name]] = sources[name]
    compile_all(jobs, BUILDS[build], directory)
    return {program: link(build, prepared, objects, program, directory)
            for program in mutant["programs"].split()}


def control(build, prepared, programs):
    """The unchanged library must pass all programs that are used."""
    directory = WORK / "unmutated"
    directory.mkdir(parents=True, exist_ok=True)
    for program in programs:
        path = link(build, prepared, prepared["library"], program, directory)
        seen = run(path, 1, 120)
        if seen is not None:
            sarif.finding("stress", seen, f"{program} fails without a mutant ({build})",
                          f"tests/stress/{program}.c", f"{path.relative_to(ROOT)} --seed 1")
            fail(f"{program} fails without a mutant ({build}: {seen})")


def one(number, mutant, build, prepared):
    """Attack a mutant in a build; return its row of the results."""
    must = build in mutant["caught-by"].split()
    seen = attack(build_mutant(number, mutant, build, prepared), SECONDS)
    row = {"mutant": mutant["name"], "build": build, "must": must, "seen": seen is not None}
    if seen is not None:
        row.update(how=seen[0], program=seen[1], seconds=round(seen[2], 2))
        text = f"{seen[2]:5.1f} s  {seen[0]} in {seen[1]}"
    else:
        text = "MISSED, but the table says that it is seen" if must else "not seen, as expected"
    print(f"   {number:>2} {mutant['name']:<34} {build:<5} {text}", flush=True)
    if must and seen is None:
        sarif.finding("stress", "surviving-mutant", f"no program detects the mutant {number}"
                      f" {mutant['name']} in {SECONDS:.0f} s ({build})",
                      sarif.line_of(mutant["file"], mutant["old"]), f"scripts/stress --mutants all {number}")
    return row


def read_table(which):
    listed = subprocess.run([sys.executable, str(ROOT / "scripts/mutants.py"), "list", str(TABLE)],
                            check=True, capture_output=True, text=True).stdout
    mutants = {}
    for line in listed.splitlines():
        number, _, rest = line.split(" ", 2)
        mutant = json.loads(rest)
        if which[0] == "quick" and mutant.get("quick") != "yes":
            continue
        if len(which) > 1 and number not in which[1:]:
            continue
        mutants[number] = mutant
    if not mutants:
        fail(f"the table has none of the mutants {' '.join(which)}")
    return mutants


def main():
    which = sys.argv[1:]
    if not which or which[0] not in ("all", "quick"):
        sys.exit(__doc__)
    begin = time.monotonic()
    mutants = read_table(which)
    programs = sorted({p for m in mutants.values() for p in m["programs"].split()})
    rows = []
    for build in BUILDS:
        wanted = {n: m for n, m in mutants.items()
                  if build in m["caught-by"].split()
                  or (which[0] == "all" and build != m.get("skip"))}
        print(f"== {build}: {len(wanted)} mutants; without one all must pass", flush=True)
        prepared = prepare(build, programs)
        control(build, prepared, programs)
        rows += [one(number, mutant, build, prepared) for number, mutant in wanted.items()]
    missed = [row for row in rows if row["must"] and not row["seen"]]
    required = sum(row["must"] for row in rows)
    seconds = round(time.monotonic() - begin)
    results = ROOT / "build/results"
    results.mkdir(parents=True, exist_ok=True)
    (results / "stress-mutants.json").write_text(json.dumps(
        {"mutants": len(mutants), "required": required, "missed": len(missed),
         "seconds": seconds, "runs": rows}, indent=1) + "\n")
    print(f"== {len(mutants)} mutants, {sum(r['seen'] for r in rows)} of {len(rows)} runs detected their mutant;"
          f" {required - len(missed)} of {required} that must; {seconds} s")
    if missed:
        fail("missed: " + ", ".join(f"{row['mutant']} ({row['build']})" for row in missed))


if __name__ == "__main__":
    main()
