#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""The figures and the mutants of scripts/fuzz.

    tools.py merge FILE KEY JSON       put a value at a dotted key of the results
    tools.py log LOG                   the figures of a libFuzzer run, as JSON
    tools.py coverage EXPORT REASONS   branches of src, and those not reached, with the reasons
    tools.py mutants TABLE DIR EXECUTIONS SECONDS [NUMBER...]
                                       apply each mutant of a table, or those with these numbers;
                                       print which fuzzer detects it
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import sarif  # noqa: E402

CC = os.environ.get("CC_FUZZ", "clang")
FLAGS = ["-std=c11", "-g", "-O1", "-fno-omit-frame-pointer", "-D_POSIX_C_SOURCE=200809L",
         "-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=all"]
TARGETS = ("core", "life")


def fail(text):
    sys.exit(f"fuzz/tools.py: error: {text}")


def merge(path, key, value):
    path = pathlib.Path(path)
    data = json.loads(path.read_text()) if path.exists() else {}
    *parents, last = key.split(".")
    at = data
    for name in parents:
        at = at.setdefault(name, {})
    if isinstance(at.get(last), dict) and isinstance(value, dict):
        at[last].update(value)
    else:
        at[last] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")


# ---- A libFuzzer run ---------------------------------------------------------------------------

def figures(log):
    """Executions, their rate, edges and features, from libFuzzer's last lines."""
    def last(pattern):
        found = re.findall(pattern, log)
        return int(found[-1]) if found else 0
    return {"executions": last(r"stat::number_of_executed_units:\s*(\d+)"),
            "executions_per_second": last(r"stat::average_exec_per_sec:\s*(\d+)"),
            "edges": last(r" cov: (\d+) "), "features": last(r" ft: (\d+) ")}


# ---- Coverage ----------------------------------------------------------------------------------

def part_of(name):
    for part in ("src/core/", "src/sync/"):
        if name.startswith(part):
            return part.rstrip("/")
    return "src"


def read_reasons(path):
    """Read lines `file | text of the line, or * | reason`; comments begin with a number sign."""
    reasons = []
    for line in pathlib.Path(path).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            file, text, reason = (field.strip() for field in line.split(" | "))
            reasons.append((file, text, reason))
    return reasons


def coverage(export, reasons_path):
    reasons = read_reasons(reasons_path)
    parts, missed, unexplained = {}, [], 0
    for file in json.loads(pathlib.Path(export).read_text())["data"][0]["files"]:
        name = os.path.relpath(file["filename"], ROOT)
        if not name.startswith("src/"):
            continue
        lines = (ROOT / name).read_text().splitlines()
        sums = {}
        # The branches of an inline function must be summed over the files that include it.
        for line, column, _, _, taken, not_taken, *_ in file["branches"]:
            both = sums.setdefault((line, column), [0, 0])
            both[0] += taken
            both[1] += not_taken
        counts = parts.setdefault(part_of(name), {"branches": 0, "reached": 0, "meet": 0})
        for (line, _), both in sorted(sums.items()):
            for count, which in zip(both, ("true", "false")):
                counts["branches"] += 1
                counts["reached"] += count > 0
                if count > 0:
                    continue
                text = lines[line - 1].strip()
                reason = "NOT EXPLAINED"
                for entry in reasons:
                    if entry[0] == name and (entry[1] == "*" or entry[1] in text):
                        reason = entry[2]
                if reason == "NOT EXPLAINED":
                    unexplained += 1
                    sarif.finding("fuzz", "unreached-branch", f"the corpora never take this branch if {which},"
                                  " and fuzz/unreached.txt does not say why", f"{name}:{line}",
                                  "scripts/fuzz --coverage")
                counts["meet"] += reason.endswith("two threads meet")
                missed.append({"file": name, "line": line, "never": which, "text": text,
                               "reason": reason})
    for part, counts in sorted(parts.items()):
        alone = counts["branches"] - counts["meet"]
        counts["percent"] = round(100 * counts["reached"] / max(1, alone), 2)
        print(f"   {part:9} {counts['reached']:4} of {counts['branches']:4} branches;"
              f" {counts['meet']:2} are taken only where two threads meet, which the simulator"
              f" explores; {counts['percent']:6.2f} % of the others")
    for one in missed:
        print(f"   {one['file']}:{one['line']}: never {one['never']}: {one['text']}\n"
              f"      because: {one['reason']}")
    result = {"parts": parts, "missed": missed}
    merge(ROOT / "build/results/fuzz.json", "coverage", result)
    if parts["src/core"]["reached"] < parts["src/core"]["branches"]:
        fail("branches of src/core are not reached by the corpora")
    if parts["src"]["percent"] < 95:
        fail("less than 95 % of the shell's branches that one thread at a time can take are"
             " reached by the corpora")
    if unexplained:
        fail(f"{unexplained} branches are not reached, and fuzz/{pathlib.Path(reasons_path).name}"
             " does not say why")


# ---- Mutants -----------------------------------------------------------------------------------

def compile_all(sources, include, out):
    """Compile each source, unless the same text was compiled before; return the objects."""
    headers = hashlib.sha256()
    for path in sorted([*include.rglob("*.h"), *(ROOT / "fuzz").rglob("*.h")]):
        headers.update(path.read_bytes())

    def one(source):
        key = hashlib.sha256(headers.digest() + source.read_bytes() + " ".join(FLAGS).encode())
        made = out / f"{source.stem}-{key.hexdigest()[:16]}.o"
        if not made.exists():
            subprocess.run([CC, *FLAGS, "-I", include / "src", "-I", include / "include",
                            "-I", ROOT / "fuzz", "-c", source, "-o", made], check=True)
        return made

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, sources))


def described(pattern):
    """The words in fuzz/CMakeLists.txt where `pattern` matches."""
    found = re.search(pattern, (ROOT / "fuzz/CMakeLists.txt").read_text())
    if found is None:
        fail(f"fuzz/CMakeLists.txt has no {pattern}")
    return found[1].split()


def wrapped():
    """The linker options that wrap functions for life_fuzzer."""
    return [f"-Wl,--wrap={name}" for name in
            ["ump_now", *(f"ump__{name}" for name in described(r"\bset\(wraps ([^)]*)\)"))]]


def library_sources(tree):
    """The sources that CMakeLists.txt lists, and those for Linux."""
    names = re.findall(r"src/[\w/]+\.c", (ROOT / "CMakeLists.txt").read_text())
    return [tree / name for name in [*names, "src/sync/notifier_eventfd.c", "src/sync/park_futex.c"]]


def build(tree, target, out, binary):
    library = compile_all(library_sources(tree), tree, out)
    archive = binary.with_suffix(".a")
    archive.unlink(missing_ok=True)
    subprocess.run(["llvm-ar-14", "rc", archive, *library], check=True)
    fuzzer = compile_all([ROOT / "fuzz" / name for name in
                          described(rf"add_fuzzer\({target}_fuzzer\s([^)]*)\)")], tree, out)
    wraps = wrapped() if target == "life" else []
    subprocess.run([CC, "-fsanitize=fuzzer,address,undefined", "-pthread", *wraps, *fuzzer, archive,
                    "-o", binary], check=True)


def hunt(binary, target, work, executions, seconds):
    """Run the corpus, then fuzz from it; return how the mutant was found, or None."""
    corpus = ROOT / "fuzz/corpus" / target
    ran, began = 0, time.monotonic()
    for stage, limits in (("corpus", ["-runs=0"]),
                          ("fuzzing", [f"-runs={executions}", f"-max_total_time={seconds}"])):
        scratch = work / "scratch"
        scratch.mkdir(exist_ok=True)
        try:
            done = subprocess.run(
                [binary, *limits, "-seed=1", "-max_len=256", "-timeout=5", "-print_final_stats=1",
                 f"-dict={ROOT}/fuzz/{target}/{target}.dict", f"-artifact_prefix={work}/", scratch, corpus],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
                timeout=seconds + 60, check=False)
            log, code = done.stderr, done.returncode
        except subprocess.TimeoutExpired:
            log, code = "ERROR: libFuzzer: timeout", 1
        ran += figures(log)["executions"]
        if code != 0:
            how = (re.findall(r"broken promise (\[\w+\])", log)
                   or re.findall(r"SUMMARY: (\w+: [\w-]+)", log)
                   or re.findall(r"runtime error: .{0,40}|Assertion.{0,60}|ump: .{0,60}", log)
                   or ["failed"])[0]
            return {"stage": stage, "executions": ran,
                    "seconds": round(time.monotonic() - began, 2), "how": how}
    return None


def mutants(table, work, executions, seconds, only):
    work = pathlib.Path(work)
    out = work / "objects"
    out.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run([sys.executable, ROOT / "scripts/mutants.py", "list", table],
                            check=True, capture_output=True, text=True).stdout
    rows, survivors = [], []
    print(f"   {'mutant':34}" + "".join(f"{target:^38}" for target in TARGETS))
    for line in listed.splitlines():
        number, name, fields = line.split(" ", 2)
        if only and number not in only:
            continue
        mutant = json.loads(fields)
        tree = work / "tree"
        subprocess.run(["rm", "-rf", tree], check=True)
        subprocess.run([sys.executable, ROOT / "scripts/mutants.py", "apply", table, number, tree],
                       check=True, stdout=subprocess.DEVNULL)
        row = {"number": number, "name": name, "why": mutant["why"], "found": {}}
        cells = []
        for target in TARGETS:
            # core_fuzzer runs src/core only, and cannot find mutants elsewhere.
            if target == "core" and not mutant["file"].startswith("src/core/"):
                cells.append("out of its reach")
                continue
            binary = work / f"{target}_fuzzer"
            build(tree, target, out, binary)
            found = hunt(binary, target, work, executions, seconds)
            row["found"][target] = found
            cells.append("-" if found is None else
                         f"{found['stage']}, {found['executions']} in {found['seconds']} s"
                         f" {found['how'][:24]}")
        for target in mutant["caught-by"].split():
            if row["found"].get(target) is None:
                survivors.append(f"{number} {name} ({target})")
                sarif.finding("fuzz", "surviving-mutant", f"{target}_fuzzer does not detect the mutant"
                              f" {number} {name}", sarif.line_of(mutant["file"], mutant["old"]),
                              f"scripts/fuzz --mutants {executions} {number}")
        rows.append(row)
        print(f"   {number + ' ' + name:34}" + "".join(f"{cell:^38}" for cell in cells), flush=True)
    if not rows:
        fail(f"{table} has no mutant {' '.join(only)}")
    if not only:
        merge(ROOT / "build/results/fuzz.json", "mutants",
              {"executions": executions, "seconds": seconds, "applied": len(rows), "rows": rows,
               "survivors": survivors})
    if survivors:
        fail("not detected: " + ", ".join(survivors))
    print(f"   all {len(rows)} mutants are detected")


def main():
    command, *rest = sys.argv[1:] or ["help"]
    if command == "merge":
        merge(rest[0], rest[1], json.loads(rest[2]))
    elif command == "log":
        print(json.dumps(figures(pathlib.Path(rest[0]).read_text(errors="replace"))))
    elif command == "coverage":
        coverage(*rest)
    elif command == "mutants":
        mutants(rest[0], rest[1], int(rest[2]), int(rest[3]), rest[4:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
