#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Check what sanitizers and Valgrind report of programs that use the library.

Each program in right/ and wrong/ is compiled with a tool, linked with an ordinary build of the
library, and run.  A program in right/ must succeed without a report.  A program in wrong/ names
tools in lines `/* tool: asan */`, and marks its faulty lines with the comment `/* here */`.  Each
named tool must report an error in one of these lines.  A program in right/ that a tool cannot judge
says so in a comment `/* not: TOOL: REASON */`; the last line of the output names it.

usage: tests/users/run.py LIBRARY_DIR... [--tools TOOL,...] [--only NAME,...] [--every N]
                          [--right | --wrong]

LIBRARY_DIR is a directory that contains libump_server.a or libump_server.so.  The programs are built
in its directory `users`.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SECONDS = 60
# ThreadSanitizer remembers few accesses of each word, so one run may miss a race; and where the
# kernel places memory at random, its runtime sometimes finds its own place taken.
TSAN_RUNS = 3
TSAN_FAILED = "FATAL: ThreadSanitizer"
# Valgrind runs one thread at a time.
SECONDS_VALGRIND = 120
FLAGS = ["-g", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]
COMPILERS = {("gcc", ".c"): "gcc", ("gcc", ".cpp"): "g++",
             ("clang", ".c"): "clang", ("clang", ".cpp"): "clang++"}
STANDARDS = {".c": "-std=gnu11", ".cpp": "-std=c++17"}
ENVIRONMENT = {
    "TSAN_OPTIONS": "exitcode=66 halt_on_error=0",
    "ASAN_OPTIONS": "exitcode=66 detect_leaks=1:detect_stack_use_after_return=1 allow_user_poisoning=1",
    "LSAN_OPTIONS": "exitcode=66",
    "MSAN_OPTIONS": "exitcode=66",
}
SANITIZERS = {"tsan": "thread", "asan": "address", "msan": "memory"}
VALGRIND = {
    "memcheck": ["--leak-check=full", "--errors-for-leak-kinds=definite"],
    "helgrind": [],
    "drd": [],
}
TOOLS = ["tsan-gcc", "tsan-clang", "asan-gcc", "asan-clang"]
ALL_TOOLS = TOOLS + ["msan-clang"] + list(VALGRIND)
# The first line of each report.
REPORTS = {
    "tsan": r"WARNING: ThreadSanitizer",
    "asan": r"ERROR: AddressSanitizer",
    "lsan": r"ERROR: LeakSanitizer",
    "msan": r"WARNING: MemorySanitizer",
}
VALGRIND_REPORT = r"ERROR SUMMARY: [1-9]"
# What a program may name.
KNOWN = set(REPORTS) | set(VALGRIND)


def kind_of(tool):
    """Return the tool's name without its compiler."""
    return tool.split("-")[0]


def compile_command(source, tool, library, output):
    """Return the command that builds a program."""
    kind, _, compiler = tool.partition("-")
    command = [COMPILERS[compiler or "gcc", source.suffix], STANDARDS[source.suffix], *FLAGS]
    if kind in SANITIZERS:
        command += [f"-fsanitize={SANITIZERS[kind]}", "-fno-omit-frame-pointer"]
    if command[0] == "g++":
        # With a sanitizer, GCC 12 warns of moves of an empty std::optional.
        command += ["-Wno-maybe-uninitialized"]
    command += [f"-I{ROOT / 'include'}"]
    static = library / "libump_server.a"
    if static.exists():
        return command + [str(source), str(static), "-o", str(output)]
    return command + [str(source), f"-L{library}", "-lump_server", f"-Wl,-rpath,{library}",
                      "-o", str(output)]


def run_command(tool, program):
    """Return the command that runs a program."""
    if tool in VALGRIND:
        return ["valgrind", f"--tool={tool}", "--error-exitcode=66", *VALGRIND[tool],
                str(program)]
    return [str(program)]


def limit(tool):
    """Return how long a program may run with a tool."""
    return SECONDS_VALGRIND if tool in VALGRIND else SECONDS


def run(command, seconds=SECONDS):
    """Run a command; return its status, or None if it hangs, and its output."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               stdin=subprocess.DEVNULL, env={**os.environ, **ENVIRONMENT},
                               text=True, errors="replace")
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
    try:
        output, _ = process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return None, output


def reports(name, output):
    """Return the reports of one tool, each from its first line to the next report."""
    first = REPORTS.get(name, VALGRIND_REPORT)
    if name in VALGRIND:
        return [output] if re.search(first, output) else []
    parts = re.split("(?m)(?=^.*(?:" + "|".join(REPORTS.values()) + "))", output)
    return [part for part in parts if re.match(".*" + first, part)]


def named_tools(text):
    """Return the tools that must report an error of a wrong program."""
    return [name for line in re.findall(r"/\* tool: ([a-z ,]+?) \*/", text)
            for name in re.split("[ ,]+", line)]


def marked_lines(text):
    """Return the numbers of the lines with the comment `here`."""
    return [number for number, line in enumerate(text.splitlines(), 1) if "/* here */" in line]


def names_line(report, source, lines):
    """Whether one of a program's lines is among the frames of a report."""
    frames = [line for line in report.splitlines() if re.search(r"#\d+ |\b(at|by) 0x", line)]
    return any(re.search(rf"\b{re.escape(source.name)}:{line}\b", frame)
               for frame in frames for line in lines)


def judge_right(tool, status, output):
    """Return why a right program has failed, or None."""
    names = ["asan", "lsan"] if kind_of(tool) == "asan" else [kind_of(tool)]
    if any(reports(name, output) for name in names):
        return "reported"
    return None if status == 0 else f"ended with {status}"


def judge_wrong(names, source, status, output):
    """Return why a wrong program has failed, or None."""
    lines = marked_lines(source.read_text())
    for name in names:
        found = reports(name, output)
        if not found:
            return f"no report of {name}"
        if not any(names_line(report, source, lines) for report in found):
            return f"the report of {name} does not name line {' or '.join(map(str, lines))}"
    return "reported, but ended with 0" if status == 0 else None


def judge(source, tool, status, output):
    """Return why a program has failed, or None."""
    if status is None:
        return f"hung for {limit(tool)} s"
    if source.parent.name == "right":
        return judge_right(tool, status, output)
    return judge_wrong(expected(source, tool), source, status, output)


def excluded(source, tool):
    """Return why a tool cannot judge a right program, or None."""
    for name, reason in re.findall(r"/\* not: ([a-z]+): (.+?) \*/", source.read_text(), re.S):
        if name == kind_of(tool):
            return " ".join(reason.split())
    return None


def expected(source, tool):
    """Return the tools whose report of a wrong program this run must produce."""
    own = ["asan", "lsan"] if kind_of(tool) == "asan" else [kind_of(tool)]
    return [name for name in named_tools(source.read_text()) if name in own]


def shell(command):
    """Return a command as a line for the shell."""
    return " ".join(shlex.quote(word) for word in command)


def check(source, tool, library):
    """Check one program; return why it has failed, or None, the commands, and its output."""
    output = library / "users" / f"{source.parent.name}-{source.stem}.{tool}"
    build, start = compile_command(source, tool, library, output), run_command(tool, output)
    settings = [f"{key}={value}" for key, value in ENVIRONMENT.items()]
    again = f"{shell(build)} && {shell(['env', *settings, *start])}"
    status, text = run(build)
    if status != 0:
        return "not compiled", again, text
    for _ in range(TSAN_RUNS if kind_of(tool) == "tsan" else 1):
        status, text = run(start, limit(tool))
        why = judge(source, tool, status, text)
        if why is None or (source.parent.name == "right" and TSAN_FAILED not in text):
            break
    return why, again, text


def programs(options):
    """Return the chosen programs."""
    folders = [name for name in ("right", "wrong") if getattr(options, name)] or ["right", "wrong"]
    found = [path for name in folders for path in sorted((HERE / name).glob("*.c*"))]
    if options.only is None:
        return found[::options.every]
    only = options.only.split(",")
    missing = set(only) - {path.stem for path in found}
    if missing:
        sys.exit(f"no such program: {', '.join(sorted(missing))}")
    return [path for path in found if path.stem in only]


def unmarked(source):
    """Return what is missing in a wrong program, or None."""
    text = source.read_text()
    names = named_tools(text)
    unknown = set(names) - KNOWN
    if not names or unknown:
        return f"names {'an unknown' if unknown else 'no'} tool"
    return None if marked_lines(text) else "marks no line"


def arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("libraries", nargs="+", metavar="LIBRARY_DIR", type=pathlib.Path)
    parser.add_argument("--tools", default=",".join(TOOLS), help="of: " + ", ".join(ALL_TOOLS))
    parser.add_argument("--only", metavar="NAME,...", help="names of programs, without suffix")
    parser.add_argument("--every", type=int, default=1, metavar="N",
                        help="only each Nth program")
    parser.add_argument("--right", action="store_true", help="only the programs in right/")
    parser.add_argument("--wrong", action="store_true", help="only the programs in wrong/")
    parser.add_argument("--verbose", action="store_true", help="print the output of failures")
    options = parser.parse_args()
    options.tools = options.tools.split(",")
    options.libraries = [path.resolve() for path in options.libraries]
    if not set(options.tools) <= set(ALL_TOOLS):
        parser.error("a tool must be one of " + ", ".join(ALL_TOOLS))
    for library in options.libraries:
        if not any((library / f"libump_server.{end}").exists() for end in ("a", "so")):
            parser.error(f"{library} contains no library")
    return options


def jobs(options):
    """Return all (program, tool, library) to check, the programs that name no tool, and the
    (program, tool) that are excluded."""
    todo, broken, left_out = [], [], []
    for source in programs(options):
        wrong = source.parent.name == "wrong"
        missing = unmarked(source) if wrong else None
        if missing:
            broken.append(f"{source.name}: {missing}")
            continue
        for tool in options.tools:
            if not wrong and excluded(source, tool):
                left_out.append(f"{source.stem} {tool}")
            elif not wrong or expected(source, tool):
                todo += [(source, tool, library) for library in options.libraries]
    return todo, broken, left_out


def main():
    """Check all programs with all tools and libraries."""
    options = arguments()
    for library in options.libraries:
        (library / "users").mkdir(exist_ok=True)
    todo, broken, left_out = jobs(options)
    print("".join(line + "\n" for line in broken), end="")
    failed = len(broken)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda job: check(*job), todo)
        for (source, tool, library), (why, again, text) in zip(todo, results):
            if why is None:
                continue
            failed += 1
            print(f"{source.name} {tool} {library.name}: {why}: {again}", flush=True)
            if options.verbose:
                print(text, flush=True)
    out = f", {len(left_out)} excluded ({', '.join(left_out)})" if left_out else ""
    print(f"{len(todo) + len(broken) - failed} passed, {failed} failed{out}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
