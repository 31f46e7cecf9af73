#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Prove users' programs with the contracts of ump_server/contracts.h; scripts/prove calls this.

Every goal of proofs/users/bank.c, proofs/users/shop.c and of the program in src/ump_contracts.7 must be proved, with the
options that the page names, and the goals of each function must be as many as proofs/users/expect
states: a contract that loses a clause shows as a difference.  Each mutant of proofs/users/mutants
must make the goal that it names fail.  Each postcondition of the header must be in the table of
proofs/users/README.md.

    contracts.py             all of this
    contracts.py expect      write proofs/users/expect
    contracts.py mutants N...  only these mutants
"""
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

USERS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(USERS.parent))
import prove  # noqa: E402

ROOT = prove.ROOT
HEADER = ROOT / "include/ump_server/contracts.h"
PAGE = ROOT / "src/ump_contracts.7"
TABLE = USERS / "mutants"
EXPECT = USERS / "expect"
BANK = "proofs/users/bank.c"
SHOP = "proofs/users/shop.c"
WORK = ROOT / "build" / "contracts"
RESULT = ROOT / "build" / "results" / "contracts.json"
# The largest proof takes 100000 steps of CVC4, and 280000 of Z3, which is tried only without mutants.
STEPS, STEPS_OF_MUTANT = "400000", "120000"
WARNINGS = ("Missing RTE", "degenerated", "Cast with incompatible", "missing-spec")
# A function that gets its server as `void *`, and only calls a typed one, is proved with this model.
CAST = ["-wp-model", "Typed+Cast"]


def fail(text):
    sys.exit(f"scripts/prove: error: {text}")


def page_blocks():
    """The blocks of the manual page's EXAMPLES, without the escapes of mandoc."""
    section = re.search(r"^\.Sh EXAMPLES\n(.*?)^\.Sh ", PAGE.read_text(), flags=re.M | re.S).group(1)
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", section, flags=re.M | re.S)
    return [re.sub(r"\\&", "", block).replace("\\e", "\\").replace("\\-", "-") for block in blocks]


def options():
    """The options that the page tells its readers to use, without the program."""
    text = next(block for block in page_blocks() if block.startswith("frama-c "))
    return re.sub(r"\\\n", " ", text).replace("adder.c", "").split()[1:]


def command(source, root):
    """The page's command, with a budget of steps, which no machine's speed changes."""
    flags = re.sub(r'-cpp-extra-args="[^"]*"', "", " ".join(options())).split()
    return ["frama-c", "-machdep", "gcc_x86_64", *flags, "-wp-steps", STEPS, "-wp-timeout", "60",
            "-wp-par", "2", "-wp-warn-key", "pedantic-assigns=inactive",
            f"-cpp-extra-args=-CC -I{root}/include -include ump_server/contracts.h", str(source)]


def command_of_mutant(source, root, function, labels):
    """The same for some goals of one function and one prover: a mutant must fail soon."""
    given = command(source, root)[:-1] + (CAST if function in casting(source) else [])
    for option, value in (("-wp-prover", "cvc4"), ("-wp-steps", STEPS_OF_MUTANT), ("-wp-par", "1")):
        given[given.index(option) + 1] = value
    return [*given, "-wp-fct", function, "-wp-prop", labels, str(source)]


def names_of(source):
    """The functions that a program defines; the others' goals are those of the headers."""
    text = re.sub(r'"[^"\n]*"', '""', prove.without_comments(pathlib.Path(source).read_text()))
    text = re.sub(r"^#(?:.*\\\n)*.*$", "", text, flags=re.M)
    return re.findall(r"^[a-z][^;{}()=]*?\b(\w+)\s*\([^;{}]*\)\s*\{", text, flags=re.M)


def casting(source):
    """The functions of a program that the library calls with the server as `void *`."""
    text = prove.without_comments(pathlib.Path(source).read_text())
    return re.findall(r"^static struct ump_flow (\w+)\(void \*self\b", text, flags=re.M)


def run_proof(name, source, functions, model):
    """Prove all of a program, or some functions with a model; return the goals."""
    log, argv = WORK / f"{name}.log", command(source, ROOT)
    if functions:
        argv = [*argv[:-1], *model, "-wp-fct", ",".join(functions), str(source)]
    out = subprocess.run(argv, cwd=ROOT, env=prove.environment(), capture_output=True, text=True,
                         check=False)
    log.write_text(out.stdout + out.stderr)
    found = [goal for goal in map(prove.parse, out.stdout.splitlines()) if goal]
    total = re.search(r"Proved goals:\s+(\d+) / (\d+)", out.stdout)
    if out.returncode != 0 or not total or int(total.group(2)) != len(found):
        fail(f"{name}: frama-c failed, or its log is not complete; see {log.relative_to(ROOT)}")
    for line in out.stdout.splitlines():
        if any(warning in line for warning in WARNINGS if not (model and warning.startswith("Cast"))):
            fail(f"{name}: {line}")
    bad = [goal for goal, _, good, _ in found if not good]
    if bad:
        fail(f"{name}: not proved: {' '.join(bad)}")
    return found


def prove_program(name, source, only):
    """Prove all of a program, or `only` its own functions; return {function: goals}."""
    functions, cast = names_of(source), casting(source)
    typed = [function for function in functions if function not in cast]
    found = run_proof(name, source, typed if only else [], [])
    if cast:
        # WP puts the model before the names of these goals.
        found += [(goal.removeprefix("cast_"), *more)
                  for goal, *more in run_proof(f"{name}-cast", source, cast, CAST)]
    counts = {function: 0 for function in functions}
    for goal, _, _, _ in found:
        owner = prove.owner(goal, functions)
        counts[owner] = counts.get(owner, 0) + 1
    for function in functions:
        if counts[function] == 0:
            fail(f"{name}: no goal of {function}")
    return counts


def check_strict(name, source):
    """Each handler in UMP_TYPED_HANDLER must have the contract of its kind: WP cannot know that."""
    text = pathlib.Path(source).read_text()
    wanted = {"request": ("UMP_REQUEST(", "UMP_SETTLED(", "UMP_HELD(", "UMP_COUNTED(", "ump_sound("),
              "post": ("UMP_POST(", "UMP_HELD(", "UMP_COUNTED(", "ump_sound("),
              "init": ("UMP_IDLE(", "UMP_HELD(", "UMP_COUNTED(", "ump_sound("),
              "drop": ("UMP_IDLE(", "UMP_RELEASED"), "drop_post": ("UMP_UNDELIVERED(", "UMP_RELEASED"),
              "call": ("UMP_DUE(|UMP_ANSWERED(", "UMP_HELD(", "UMP_COUNTED(", "ump_sound(")}
    listed = " ".join(re.findall(r"UMP_TYPED_HANDLER\(([^)]*)\)", text))
    calls = [("call", function) for function in casting(source)]
    for kind, function in re.findall(r"\.(\w+) = (\w+)", listed) + calls:
        contract = re.search(r"/\*@((?:(?!\*/).)*)\*/\s*static [^;{}]*?\b" + function + r"\(", text, re.S)
        if kind not in wanted:
            fail(f"{name}: check_strict does not know `{kind}`")
        for part in wanted[kind]:
            if not contract or not any(word in contract.group(1) for word in part.split("|")):
                fail(f"{name}: the contract of {function}, a `{kind}`, lacks {part.strip('(')}")


def postconditions():
    """{(contract, label)} of the header: a contract is a macro, or a function."""
    text, found, waiting, macro = HEADER.read_text(), set(), [], None
    found |= {(macro, "before") for macro in
              re.findall(r"^#define (UMP_(?:REQUEST|POST|IDLE|UNDELIVERED|ANSWERED))\(", text, flags=re.M)}
    text = text[text.index("/* ---- Contracts that several"):]
    for line in text.splitlines():
        begin = re.match(r"#define (UMP__\w+)", line)
        if begin:
            macro = begin.group(1)
        labels = re.findall(r"\bensures (\w+):", line)
        if macro and not macro.startswith("UMP__SPEC_"):
            found |= {(macro, label) for label in labels}
        else:
            waiting += labels
            named = re.search(r"\b(?:ump__|ump_|name##_)(?:##)?(\w+)\)?\(", re.sub(r"UMP_\w+\(.*", "", line))
            if named and "@" not in line:
                found |= {(named.group(1), label) for label in waiting}
                waiting = []
        if macro and not line.endswith("\\"):
            macro = None
    return found


def check_words():
    """The contracts must not assume anything by an axiom."""
    for path in (HEADER, ROOT / BANK, ROOT / SHOP):
        word = re.search(r"\b(axiom|axiomatic|admits?|inductive|reads)\b", path.read_text())
        if word:
            fail(f"{path.relative_to(ROOT)} says `{word.group(1)}`")


def check_table():
    """Each postcondition has a row in the README, whose checks exist and name the promise."""
    text, rows, stated = (USERS / "README.md").read_text(), set(), postconditions()
    for contracts, labels, checks in re.findall(r"^\| (`[^|]*) \| (`[^|]*) \|[^|]*\| ([^|]*) \|$", text, re.M):
        stated_here = {(c, label) for c in re.findall(r"`(\w+)`", contracts)
                       for label in re.findall(r"`(\w+)`", labels)} & stated
        for names, position in ((contracts, 0), (labels, 1)):
            for name in set(re.findall(r"`(\w+)`", names)) - {pair[position] for pair in stated_here}:
                fail(f"proofs/users/README.md: the header has no {name} as in the row of {contracts}")
        rows |= stated_here
        files = re.findall(r"`([\w/.]+/[\w.]+)`", checks)
        if not files:
            fail(f"proofs/users/README.md: nothing checks {contracts}")
        for file in files:
            if not (ROOT / file).exists():
                fail(f"proofs/users/README.md: {file} is not there")
        for tag in re.findall(r"\[[a-z]+\]", checks):
            if not any(tag in (ROOT / file).read_text() for file in files):
                fail(f"proofs/users/README.md: none of {files} names {tag}")
    missing = sorted(".".join(pair) for pair in stated - rows)
    if missing:
        fail(f"proofs/users/README.md has no row for {', '.join(missing)}")
    return len(stated)


def mutants(wanted):
    out = subprocess.run([ROOT / "scripts/mutants.py", "list", TABLE], capture_output=True, text=True,
                         check=False)
    if out.returncode != 0:
        fail(out.stderr.strip())
    found = []
    for line in out.stdout.splitlines():
        number, _, rest = line.partition(" ")
        mutant = {"number": number, **json.loads(rest[rest.index("{"):])}
        if not wanted or number in wanted:
            found.append(mutant)
    return found


def attempt(source, folder, function, labels, goal=None):
    """(goals that failed, how many there were, text of an error); stop once `goal` has failed."""
    failed, seen, last = [], 0, []
    with subprocess.Popen(command_of_mutant(source, folder, function, labels), cwd=folder, text=True,
                          env=prove.environment(folder), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as process:
        for line in process.stdout:
            last = [*last[-3:], line.rstrip()]
            found = prove.parse(line)
            seen += found is not None
            if found and not found[2]:
                failed.append(found[0])
                if goal and re.search(goal, found[0]):
                    os.killpg(process.pid, signal.SIGKILL)
                    return failed, seen, ""
    return failed, seen, "" if process.returncode == 0 and seen else "\n".join(last)


def run_mutant(mutant):
    """(mutant, the goal that failed or None, an error)."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / mutant["file"]
        source.parent.mkdir(parents=True)
        subprocess.run([ROOT / "scripts/mutants.py", "apply", TABLE, mutant["number"], folder], check=True)
        built = subprocess.run(["gcc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-w", "-fsyntax-only",
                                f"-I{ROOT}/include", str(source)], capture_output=True, text=True, check=False)
        if built.returncode != 0:
            return mutant, None, built.stderr.splitlines()[0]
        failed, _, problem = attempt(source, folder, mutant["function"], mutant["label"], mutant["goal"])
    hit = [goal for goal in failed if re.search(mutant["goal"], goal)]
    return mutant, hit[0] if hit else None, problem


def run_mutants(wanted):
    begin, survived, chosen = time.monotonic(), [], mutants(wanted)
    labels = {}
    for mutant in chosen:
        labels.setdefault((mutant["file"], mutant["function"]), set()).add(mutant["label"])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        # A goal that fails shows something only if it does not fail without the mutant.
        whole = pool.map(
            lambda key: (key[1], attempt(ROOT / key[0], ROOT, key[1], ",".join(sorted(labels[key])))), labels)
        for function, (failed, _, problem) in whole:
            if failed or problem:
                fail(f"{function} does not prove without a mutant: {' '.join(failed) or problem}")
        for mutant, hit, problem in pool.map(run_mutant, chosen):
            label = f"{mutant['number']} {mutant['name']}"
            if problem:
                fail(f"mutant {label}: {problem}")
            print(f"   {label}: {'killed by ' + hit if hit else 'SURVIVED'}", flush=True)
            if not hit:
                survived.append(label)
    if survived:
        fail(f"{len(survived)} mutants survived: {', '.join(survived)}")
    prove.say(f"killed {len(chosen)} of {len(chosen)} mutants in {time.monotonic() - begin:.0f} s")
    return len(chosen)


def run_proofs(write):
    begin, goals = time.monotonic(), 0
    lines = ["# SPDX-License-Identifier: 0BSD\n", "# What proves: program, function, goals.\n"]
    WORK.mkdir(parents=True, exist_ok=True)
    adder = WORK / "adder.c"
    adder.write_text(next(block for block in page_blocks() if "int main(" in block))
    for name, source in (("bank", ROOT / BANK), ("shop", ROOT / SHOP), ("adder", adder)):
        check_strict(name, source)
        # The inline functions of the headers are the same in all.
        counts = prove_program(name, source, only=name != "bank")
        goals += sum(counts.values())
        lines += [f"{name} {function} {count}\n" for function, count in sorted(counts.items())]
        print(f"   {name}: all {sum(counts.values())} goals proved", flush=True)
    if write:
        EXPECT.write_text("".join(lines))
    elif not EXPECT.exists() or EXPECT.read_text() != "".join(lines):
        (WORK / "expect").write_text("".join(lines))
        fail("other goals than proofs/users/expect states: compare it with build/contracts/expect")
    prove.say(f"proved {goals} goals in {time.monotonic() - begin:.0f} s")
    return goals


def main():
    if sys.argv[1:2] == ["mutants"] and all(number.isdigit() for number in sys.argv[2:]):
        run_mutants(sys.argv[2:])
    elif sys.argv[1:] in ([], ["expect"]):
        check_words()
        stated = check_table()
        prove.say(f"{stated} postconditions, each with a check")
        goals = run_proofs(sys.argv[1:] == ["expect"])
        killed = run_mutants([])
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps({"goals": goals, "proved": goals, "postconditions": stated,
                                      "mutants": killed, "killed": killed}) + "\n")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
