#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Run the proofs and evaluate their logs; scripts/prove calls this with its tools installed.

WP exits with 0 when goals fail, and cannot know which goals are missing.  So this reads every goal
from the log, assigns it to its function, and compares the numbers with proofs/expect: a function
with fewer or more proved goals than before is reported.

    prove.py all             prove every unit, run Eva, compare with proofs/expect
    prove.py expect          the same, and write proofs/expect instead of comparing
    prove.py mutants         every mutant must fail its goal
    prove.py mutants quick   those marked quick
    prove.py mutants N...    those with these numbers
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import sarif  # noqa: E402

PROOFS = ROOT / "proofs"
WORK = ROOT / "build" / "prove"
RESULT = ROOT / "build" / "results" / "prove.json"
TABLE = PROOFS / "mutants" / "table"
EXPECT = PROOFS / "expect"

COMMON = ("-machdep gcc_x86_64 -c11 -wp -wp-rte -wp-no-filter -wp-no-parasite -wp-no-ground"
          " -wp-split -warn-unsigned-overflow -warn-unsigned-downcast -warn-signed-downcast"
          " -wp-warn-key pedantic-assigns=inactive -wp-timeout 120").split()
# The shell is proved as in a release build: without the debug checks, which abort.
SHELL = ["-DNDEBUG", "-D_Alignof=__alignof__", "-include", "proofs/platform.h"]
# Units whose goals are about sequences need more provers and more steps.
HARD = {"src/core/queue.c": ("cvc4,z3,cvc5", 2000000), "proofs/client.c": ("cvc4,z3", 1200000),
        "proofs/dispatch.c": ("cvc4,z3,cvc5", 1000000)}
# Functions with mutants that need all provers.
DEEP = {"ump__queue_append"}
OWN = ["proofs/valid.c", "proofs/client.c", "proofs/dispatch.c"]
LOOPS = ["src/channel/references.c", "src/channel/inbox.c", "src/wait/answer.c", "src/channel/permits.c", "src/channel/combiner.c"]
# Functions in a header belong to the unit that is named after it.
HEADERS = {"proofs/valid.c": "src/core/valid.h"}


def fail(text):
    sys.exit(f"scripts/prove: error: {text}")


def say(text):
    print(f"== {text}", flush=True)


def core_files():
    """The core as CMake builds it: WP gets the same list."""
    text = (ROOT / "CMakeLists.txt").read_text()
    found = re.search(r"set\(ump_core\s+([^)]*)\)", text)
    if not found:
        fail("CMakeLists.txt has no list ump_core")
    listed = sorted(found.group(1).split())
    there = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "src/core").glob("*.c"))
    if listed != there:
        fail(f"ump_core in CMakeLists.txt is {listed}, and src/core holds {there}")
    return listed


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


def functions(path):
    """The functions that a file defines."""
    text = without_comments((ROOT / path).read_text())
    text = re.sub(r"^#.*?(?<!\\)$", "", text, flags=re.M | re.S)
    return [m.group(1) for m in
            re.finditer(r"^[A-Za-z_][^;{}()=]*?\b(\w+)\s*\([^;{}]*\)\s*\{", text, flags=re.M)]


def annotations(path):
    return re.findall(r"/\*@.*?\*/", (ROOT / path).read_text(), flags=re.S)


def check_rules(units):
    """Fail if an annotation contains a forbidden word, or a file must not mention the prover."""
    files = {str(p.relative_to(ROOT)) for d in ("src", "proofs") for p in (ROOT / d).rglob("*.[ch]")}
    for path in sorted(files):
        for note in annotations(path):
            word = re.search(r"\b(axiom|axiomatic|admit|admits|inductive|reads)\b", note)
            if word:
                fail(f"{path}: an annotation says `{word.group(1)}`")
            for name, body in re.findall(
                    r"\b(?:logic|predicate)\b[^=;]*?\b(\w+)\s*(?:\{\w+\})?\s*\([^)]*\)\s*=([^;]*);",
                    re.sub(r"//[^\n]*", "", note)):
                if re.search(rf"\b{name}\b", body):
                    fail(f"{path}: the definition of {name} uses itself")
        if "__FRAMAC__" in (ROOT / path).read_text() and path not in ("src/sync/atomic.h", "src/sync/words.h"):
            fail(f"{path} knows __FRAMAC__; only src/sync/atomic.h and words.h may")
    for unit in units:
        if not (ROOT / unit).exists():
            fail(f"{unit} is not there")


def unit_functions(unit):
    header = HEADERS.get(unit, unit[:-1] + "h" if unit.startswith("src/core/") else None)
    found = functions(unit)
    if header and (ROOT / header).exists():
        found += functions(header)
    return found


def command(unit, jobs, only=None, smoke=False):
    """The call of WP: for the goals of a unit, for those of some functions, or for smoke tests."""
    provers, steps = HARD.get(unit, ("cvc4", 500000))
    if only and not set(only) & DEEP:
        # A mutant must fail soon.  The unmutated function shows that this budget is enough.
        provers, steps = provers.replace(",cvc5", ""), min(steps, 600000)
    extra = []
    if smoke:
        # A smoke test passes when it fails to prove a contradiction, so a long one is no use.
        extra = ["-wp-smoke-tests", "-wp-smoke-timeout", "1"]
        if unit in HARD:
            provers, steps = "cvc4", 100000
    flags = ["-Isrc", "-Iinclude"] + (SHELL if unit in LOOPS else [])
    names = only or unit_functions(unit)
    # Lemmas are goals of no function, so a unit that has any must be proved as a whole.
    lemmas = any(re.search(r"\blemma\b", note) for note in annotations(unit))
    chosen = [] if lemmas and not only else ["-wp-fct", ",".join(names)]
    return (["frama-c"] + COMMON + ["-wp-par", str(jobs), "-wp-prover", provers, "-wp-steps",
            str(steps), "-cpp-extra-args=" + " ".join(flags)] + extra + chosen + [unit])


def runs(unit):
    """Easy units are proved and smoke-tested in one run; the others in two, with two budgets."""
    if unit in HARD:
        return [command(unit, 1), command(unit, 1, smoke=True)]
    return [command(unit, 1, smoke=True)]


def environment(directory=ROOT):
    env = dict(os.environ)
    env["WHY3CONFIG"] = str(PROOFS / "why3.conf")
    # Frama-C uses this instead of the directory that it is started in.
    env["PWD"] = str(directory)
    return env


GOAL = re.compile(r"^\[wp\] \[([^\]]+)\] (Goal|Smoke-test) (\S+)(.*)$")
# The last time in a line is the prover's; the one after "Qed:" is Qed's, which ran before it.
TIME = re.compile(r"\(([0-9.]+)(ms|s)\)")


def parse(line):
    """One goal of a log: (name, is it a smoke test, is it proved, seconds)."""
    found = GOAL.match(line)
    if not found:
        return None
    prover, kind, name, rest = found.groups()
    seconds = sum(float(n) / (1000 if u == "ms" else 1) for n, u in TIME.findall(rest))
    good = prover == "Passed" if kind == "Smoke-test" else prover != "Failed" and "Valid" in rest
    return re.sub(r"^typed_", "", name), kind == "Smoke-test", good, seconds


def plain(name):
    """WP writes ump__x as ump_x, but not always."""
    return re.sub(r"_+", "_", name)


def owner(goal, names):
    """The function that a goal belongs to."""
    if goal.startswith("lemma_"):
        return "(lemmas)"
    fits = [n for n in names if plain(goal).startswith(plain(n) + "_")]
    return max(fits, key=len) if fits else "(included)"


def key_of(unit, versions):
    """Everything that a unit's proof depends on."""
    digest = hashlib.sha256()
    headers = sorted([*ROOT.glob("src/**/*.h"), *ROOT.glob("include/**/*.h"),
                      *PROOFS.glob("*.h"), PROOFS / "why3.conf"])
    for path in [ROOT / unit, *headers]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(json.dumps([versions, runs(unit)]).encode())
    return digest.hexdigest()


def versions():
    def first(*argv):
        out = subprocess.run(argv, capture_output=True, text=True, check=False)
        return (out.stdout + out.stderr).strip().split("\n")[0]
    return {"frama-c": first("frama-c", "-version"), "why3": first("why3", "--version"),
            "cvc4": first("cvc4", "--version"), "z3": first("z3", "--version"),
            "cvc5": first("cvc5", "--version")}


def place_of(unit, function):
    """FILE:LINE of a function, in the unit or in its header."""
    for path in (unit, HEADERS.get(unit, unit[:-1] + "h")):
        found = (ROOT / path).exists() and re.search(
            rf"^[A-Za-z_][^;{{}}()=]*?\b{re.escape(function)}\s*\([^;{{}}]*\)\s*\{{",
            without_comments((ROOT / path).read_text()), flags=re.M)
        if found:
            return f"{path}:{(ROOT / path).read_text()[:found.start()].count(chr(10)) + 1}"
    return unit


def report_goal(unit, goal, function):
    """A goal that is not proved: print the command that proves its function alone."""
    only = [function] if function in unit_functions(unit) else None
    sarif.finding("prove", "unproved-goal", f"{unit}: not proved: {goal}", place_of(unit, function),
                  "WHY3CONFIG=proofs/why3.conf " + shlex.join(command(unit, 1, only)))


def prove(unit, tools):
    """Prove one unit; everything in it must prove."""
    WORK.mkdir(parents=True, exist_ok=True)
    stem = unit.replace("/", "-")
    memory, key = WORK / (stem + ".json"), key_of(unit, tools)
    if memory.exists():
        known = json.loads(memory.read_text())
        if known["key"] == key:
            print(f"   {unit}: Proved goals: {known['proved']} / {known['goals']}"
                  " (unchanged since)", flush=True)
            return known
    begin = time.monotonic()
    names, table, bad, kinds, proved, goals = unit_functions(unit), {}, [], {}, 0, 0
    for number, argv in enumerate(runs(unit)):
        log = WORK / f"{stem}.{number}.log"
        with log.open("w") as out:
            code = subprocess.run(argv, cwd=ROOT, env=environment(), stdout=out,
                                  stderr=subprocess.STDOUT, check=False).returncode
        text = log.read_text()
        total = re.search(r"Proved goals:\s+(\d+) / (\d+)", text)
        if code != 0 or not total:
            tail = "\n".join(text.splitlines()[-8:])
            fail(f"{unit}: frama-c failed ({code}); see {log.relative_to(ROOT)}\n{tail}")
        found = [goal for goal in map(parse, text.splitlines()) if goal]
        if len(found) != int(total.group(2)):
            fail(f"{unit}: the log lists {len(found)} goals, and WP counts {total.group(2)}")
        if len(found) - int(total.group(1)) != sum(1 for goal in found if not goal[2]):
            fail(f"{unit}: the log and WP's count of proved goals differ")
        for name, smoke, good, took in found:
            # Only the smoke tests of the second run count.
            if number == 1 and not smoke:
                continue
            row = table.setdefault(owner(name, names), {"goals": 0, "smoke": 0, "seconds": 0.0})
            row["smoke" if smoke else "goals"] += 1
            row["seconds"] = round(row["seconds"] + took, 3)
            kinds.setdefault(owner(name, names), []).append(name)
            goals += 1
            proved += good
            if not good:
                bad.append(name)
        for warning in ("Missing RTE", "degenerated", "Cast with incompatible"):
            for line in text.splitlines():
                if warning in line:
                    fail(f"{unit}: WP warns: {line}")
        for name in re.findall(r"Neither code nor specification for function (\w+)", text):
            # The public header and sync/tools.h have inline wrappers of functions that no proved file
            # calls.
            if not name.endswith("_sized") and not name.startswith("ump__tell_"):
                fail(f"{unit}: nothing is said of {name}, which is called")
    seconds = time.monotonic() - begin
    print(f"   {unit}: Proved goals: {proved} / {goals}  ({seconds:.0f} s)", flush=True)
    for goal in bad:
        report_goal(unit, goal, owner(goal, names))
    if bad or proved != goals:
        fail(f"{unit}: not proved: {' '.join(bad)}")
    for name in names:
        have = " ".join(kinds.get(name, []))
        for part in ("ensures", "assigns", "terminates"):
            if f"_{part}" not in have and not (part == "terminates" and has_clause(unit, name, part)):
                fail(f"{unit}: {name} has no contract: no goal `{part}`")
    known = {"key": key, "file": unit, "seconds": round(seconds, 1), "goals": goals,
             "proved": proved, "functions": [
                 {"name": n, "goals": r["goals"], "smoke": r["smoke"], "proved": r["goals"],
                  "seconds": r["seconds"]} for n, r in sorted(table.items())]}
    memory.write_text(json.dumps(known, indent=1))
    return known


def has_clause(unit, name, clause):
    """Lock-free loops say `terminates \\false`, of which WP makes no goal."""
    text = (ROOT / unit).read_text()
    for note in re.finditer(r"/\*@(.*?)\*/\s*[^;{}/]*?\b" + name + r"\(", text, flags=re.S):
        if clause in note.group(1):
            return True
    return False


def lines_of_code():
    """Lines of code, and of annotation, of what is proved."""
    code = notes = 0
    files = core_files() + LOOPS + ["src/sync/atomic.h", "src/sync/atomic_counts.h", "src/sync/atomic_words.h", "src/sync/contracts.h", "src/sync/words.h"] + [str(p.relative_to(ROOT)) for p in (ROOT / "src/core").glob("*.h")]
    for path in files:
        text = (ROOT / path).read_text()
        for note in annotations(path):
            notes += note.count("\n") + 1
        code += sum(1 for line in without_comments(text).splitlines() if line.strip())
    return code, notes


def without_contracts(folder):
    """A copy of the core in which contracts are ordinary comments.

    Eva trusts a contract: where the code breaks it, Eva continues with the empty state, and finds
    every later check valid, since it is never reached."""
    for path in [*ROOT.glob("src/core/*.[ch]"), PROOFS / "eva.c"]:
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text()
        copy.write_text(text if path.name == "eva.c" else re.sub(r"/\*@(?! ghost)", "/* ", text))


def eva():
    """Run the same core by abstract interpretation on a harness: there must be no alarm."""
    begin = time.monotonic()
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        without_contracts(pathlib.Path(folder))
        argv = ["frama-c", "-machdep", "gcc_x86_64", "-c11", "-cpp-extra-args=-Isrc", "-eva",
                "-eva-precision", "7", "-main", "main", "-eva-no-print", "proofs/eva.c"]
        out = subprocess.run(argv + core_files(), cwd=folder, env=environment(folder),
                             capture_output=True, text=True, check=False)
    (WORK / "eva.log").write_text(out.stdout + out.stderr)
    alarms = re.search(r"^\s*(\d+) alarms? generated", out.stdout, flags=re.M)
    # Those of the harness's checks, and of the code's own assertions.
    wrong = re.findall(r"(?:check|precondition) '(\w+)' got status \w+", out.stdout)
    judged = [re.search(rf"{kind}\s+(\d+) valid\s+(\d+) unknown\s+(\d+) invalid", out.stdout)
              for kind in ("Assertions", "Preconditions")]
    wanted = re.findall(r"check (\w+):", (PROOFS / "eva.c").read_text())
    if (out.returncode != 0 or not alarms or int(alarms.group(1)) != 0 or wrong or None in judged or
            any(int(row.group(n)) for row in judged for n in (2, 3))):
        fail(f"Eva: {alarms and alarms.group(1)} alarms, not valid: {wrong}; see build/prove/eva.log")
    if int(judged[0].group(1)) != len(wanted):
        fail(f"Eva: {judged[0].group(1)} valid checks, but the harness has {len(wanted)}")
    cover = re.search(r"(\d+) statements reached \(out of (\d+)\)", out.stdout)
    if not cover:
        fail("Eva: no coverage in build/prove/eva.log")
    seconds = time.monotonic() - begin
    print(f"   proofs/eva.c: 0 alarms, {len(wanted)} checks valid, {cover.group(1)} of"
          f" {cover.group(2)} statements reached  ({seconds:.0f} s)", flush=True)
    return {"alarms": 0, "checks": len(wanted), "reached": int(cover.group(1)),
            "statements": int(cover.group(2)), "seconds": round(seconds, 1)}


def write_result(**parts):
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    whole = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    whole.update(parts)
    RESULT.write_text(json.dumps(whole, indent=1) + "\n")


def all_units():
    return core_files() + OWN + LOOPS


def run_all(write):
    begin = time.monotonic()
    units = all_units()
    check_rules(units)
    tools = versions()
    say(f"proving {len(units)} files")
    # Three files at a time, since WP itself takes one processor for each and often waits;
    # the long ones first.
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        begun = {unit: pool.submit(prove, unit, tools)
                 for unit in sorted(units, key=lambda unit: (unit not in HARD, unit not in LOOPS))}
        files = [begun[unit].result() for unit in units]
    say("running Eva on its harness")
    harness = eva()
    lines = ["# What proves: file, function, goals, smoke tests.  Written by scripts/prove --expect.\n"]
    for entry in files:
        for f in entry["functions"]:
            lines.append(f"{entry['file']} {f['name']} {f['goals']} {f['smoke']}\n")
    now = "".join(lines)
    if write:
        EXPECT.write_text(now)
    elif not EXPECT.exists() or EXPECT.read_text() != now:
        old = EXPECT.read_text().splitlines() if EXPECT.exists() else []
        for line in sorted(set(now.splitlines()) ^ set(old)):
            print(("   now:      " if line in now.splitlines() else "   expected: ") + line)
        sarif.finding("prove", "other-goals", "other goals are proved than proofs/expect says",
                      "proofs/expect", "scripts/prove")
        fail("other goals than proofs/expect says; if that is meant, run scripts/prove --expect")
    goals, proved = sum(e["goals"] for e in files), sum(e["proved"] for e in files)
    code, notes = lines_of_code()
    write_result(versions=tools, goals=goals, proved=proved, lines_of_code=code,
                 lines_of_annotation=notes, seconds=round(sum(e["seconds"] for e in files), 1),
                 eva=harness, files=[{k: v for k, v in e.items() if k != "key"} for e in files])
    say(f"Proved goals: {proved} / {goals} in {len(files)} files,"
        f" {time.monotonic() - begin:.0f} s; {code} lines of code, {notes} of annotation")


# ---- Mutants ---------------------------------------------------------------------------------


def labels():
    """{kind of clause: labels of the annotations}, and the behaviors, in the sources and proofs."""
    text = "".join(p.read_text() for p in [*ROOT.glob("src/**/*.[ch]"), *PROOFS.glob("*.[ch]")])
    found = {kind: set(re.findall(rf"\b{kind} (\w+):", text))
             for kind in ("ensures", "requires", "invariant", "assert")}
    found["behavior"] = set(re.findall(r"\bbehavior (\w+):", text))
    return found


def check_goal(mutant, known):
    """Fail if the mutant's goal names a label or a behavior that no annotation has."""
    named = [("behavior", name) for name in re.findall(r"(?<![a-z_])([a-z_]+|\([^)]*\))_ensures", mutant["goal"])]
    for kind in ("ensures", "requires", "invariant", "assert"):
        prefix = "loop_invariant" if kind == "invariant" else kind
        named += [(kind, name) for name in
                  re.findall(rf"(?<![a-z_]){prefix}_(\([^)]*\)|[a-z_]+)", mutant["goal"])]
    for kind, names in named:
        for name in names.strip("()").split("|"):
            name = name.split("_part")[0]
            if name and not name.startswith("nonnull") and name not in known[kind]:
                fail(f"{TABLE.name}: mutant {mutant['number']}: no {kind} is called {name}")


def mutants_of(wanted):
    """All mutants, those marked quick, or those with the numbers in `wanted`."""
    out = subprocess.run([ROOT / "scripts/mutants.py", "list", TABLE], capture_output=True,
                         text=True, check=False)
    if out.returncode != 0:
        fail(out.stderr.strip())
    found = []
    known = labels()
    for line in out.stdout.splitlines():
        number, _, rest = line.partition(" ")
        mutant = json.loads(rest[rest.index("{"):])
        for field in ("function", "goal"):
            if field not in mutant:
                fail(f"{TABLE.name}: mutant {number} lacks {field}")
        mutant["number"] = number
        check_goal(mutant, known)
        mutant["unit"] = mutant.get("unit") or unit_of(mutant["file"])
        if not wanted or number in wanted or (wanted == ["quick"] and mutant.get("quick") == "yes"):
            found.append(mutant)
    missing = set(wanted) - {"quick"} - {mutant["number"] for mutant in found}
    if missing:
        fail(f"{TABLE.name} has no mutant {' '.join(sorted(missing))}")
    return found


def unit_of(path):
    for unit, header in HEADERS.items():
        if path == header:
            return unit
    return re.sub(r"\.h$", ".c", path)


def attempt(unit, function, directory, goal=None):
    """Prove one function in `directory`; stop once a goal that matches has failed.

    Returns (the names of the goals that failed, how many there were, seconds)."""
    begin = time.monotonic()
    failed, seen, error = [], 0, []
    process = subprocess.Popen(command(unit, 1, function.split(",")), cwd=directory,
                               env=environment(directory), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, start_new_session=True)
    watch = threading.Timer(600, lambda: os.killpg(process.pid, signal.SIGKILL))
    watch.start()
    try:
        for line in process.stdout:
            found = parse(line)
            if "User Error" in line or "] Failure" in line:
                error.append(line.strip())
            if not found:
                continue
            seen += 1
            if not found[2]:
                failed.append(found[0])
                if goal and re.search(goal, found[0]):
                    os.killpg(process.pid, signal.SIGKILL)
                    break
    finally:
        watch.cancel()
        process.wait()
    return failed, seen, error, time.monotonic() - begin


def run_mutant(mutant):
    with tempfile.TemporaryDirectory() as directory:
        out = subprocess.run([ROOT / "scripts/mutants.py", "apply", TABLE, mutant["number"],
                              directory], capture_output=True, text=True, check=False)
        if out.returncode != 0:
            return mutant, None, out.stderr.strip(), 0
        os.symlink(PROOFS, pathlib.Path(directory) / "proofs")
        failed, seen, error, seconds = attempt(
            mutant["unit"], mutant["function"], directory, mutant["goal"])
        hit = [g for g in failed if re.search(mutant["goal"], g)]
        if error and not hit:
            return mutant, None, error[0], seconds
        return mutant, (hit, failed, seen), None, seconds


def run_baseline(pair):
    failed, seen, error, seconds = attempt(*pair, ROOT)
    return pair, failed, seen, error, seconds


def run_mutants(wanted):
    begin = time.monotonic()
    mutants = mutants_of(wanted)
    if not wanted and len(mutants) < 40:
        fail(f"only {len(mutants)} mutants")
    pairs = sorted({(m["unit"], m["function"]) for m in mutants})
    results, survived = [], []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        # A mutant is killed only under a budget with which the unmutated function proves.
        say(f"proving the {len(pairs)} functions that are mutated, as they are")
        for pair, failed, seen, error, _ in pool.map(run_baseline, pairs):
            if failed or error or not seen:
                fail(f"{pair[0]}: {pair[1]} does not prove unmutated: {failed or error}")
        say(f"trying {len(mutants)} mutants")
        for mutant, outcome, error, seconds in pool.map(run_mutant, mutants):
            label = f"{mutant['number']} {mutant['name']}"
            if outcome is None:
                fail(f"mutant {label}: {error}")
            hit, failed, seen = outcome
            text = f"killed by {hit[0]}" if hit else f"SURVIVED (failing: {failed}, {seen} goals)"
            print(f"   {label}: {text}  ({seconds:.0f} s)", flush=True)
            if not hit:
                survived.append(label)
                sarif.finding("prove", "surviving-mutant", f"no goal fails with the mutant {label}",
                              sarif.line_of(mutant["file"], mutant["old"]),
                              f"scripts/prove --mutants {mutant['number']}")
            results.append({"number": mutant["number"], "name": mutant["name"],
                            "killed": bool(hit), "goal": hit[0] if hit else None,
                            "seconds": round(seconds, 1)})
    taken = time.monotonic() - begin
    if wanted in ([], ["quick"]):
        write_result(**{"mutants_quick" if wanted else "mutants": {
            "killed": len(results) - len(survived), "total": len(results),
            "seconds": round(taken, 1), "each": results}})
    if survived:
        fail(f"{len(survived)} mutants survived: {', '.join(survived)}")
    say(f"killed {len(results)} of {len(results)} mutants in {taken:.0f} s")


def main():
    if sys.argv[1:] == ["all"]:
        run_all(False)
    elif sys.argv[1:] == ["expect"]:
        run_all(True)
    elif sys.argv[1:2] == ["mutants"] and (sys.argv[2:] in ([], ["quick"]) or
                                           all(n.isdigit() for n in sys.argv[2:])):
        run_mutants(sys.argv[2:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
