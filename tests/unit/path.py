#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""What one request passes through: functions, their files, and those files' lines of code.

	tests/unit/path.py [DIRECTORY]         measure; compare with the table in src/README.md
	tests/unit/path.py --write [DIRECTORY] measure, and write the table

The library is compiled function by function, without the unit, with -O0, so that functions in
headers are entered too.  DIRECTORY (build/path) gets the objects.  A line of code is one that is
not empty after comments are removed.  Both threads sleep while they wait, but how long they spin
before that varies: the table names functions in the order of their first call on each thread, and
leaves out what belongs to spinning alone (SPIN).
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GUIDE = ROOT / "src" / "README.md"
BEGIN, END = "<!-- path: begin -->", "<!-- path: end -->"
HEADERS = [str(p.relative_to(ROOT)) for top in ("src", "include") for p in sorted((ROOT / top).rglob("*.h"))]
SPIN = {"src/sync/spin.c", "src/core/adaptive_spin.c"}
RUNS = 5


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def sources():
    """The library's files on Linux, from CMakeLists.txt."""
    text = (ROOT / "CMakeLists.txt").read_text()
    names = re.findall(r"^\s+(src/[\w/]+(?:\$\{\w+\})?\.c)", text.split("# What messages go through")[0], re.M)
    return [n.replace("${UMP_NOTIFIER}", "eventfd").replace("${UMP_SYNC}", "futex") for n in names]


def build(place):
    place.mkdir(parents=True, exist_ok=True)
    program = place / "path"
    run("gcc", "-std=c11", "-O0", "-g", "-no-pie", "-pthread", "-Iinclude", "-Isrc", "-D_GNU_SOURCE", "-DNDEBUG",
        "-finstrument-functions", "-finstrument-functions-exclude-file-list=tests/unit/path.c",
        "tests/unit/path.c", *sources(), "-o", str(program))
    return program


def defines(name, function):
    return re.search(rf"^[A-Za-z][\w \t*()]*\b{function}\)?\([^;{{}}]*\)\s*\{{", (ROOT / name).read_text(), re.M) is not None


def located(program, addresses):
    """(function, file) of each address.  The debug information names a wrong file for some inline
    functions: then it is the header that defines it."""
    lines = run("addr2line", "-f", "-e", str(program), *addresses).split("\n")
    where = {}
    for i, address in enumerate(addresses):
        function = lines[2 * i]
        file = str(pathlib.Path(lines[2 * i + 1].rsplit(":", 1)[0]).resolve().relative_to(ROOT))
        if not defines(file, function):
            file = next((n for n in HEADERS if defines(n, function)), file)
        where[address] = (function, file)
    return where


def entered(program):
    """For each side the (function, file) that all runs entered, in the order of their first call."""
    kept = None
    for _ in range(RUNS):
        calls = [line.split() for line in run(str(program)).split("\n") if line]
        where = located(program, sorted({a for _, a in calls}))
        sides = {"client": [], "server": []}
        for side, address in calls:
            name = where[address]
            if name[1].startswith("src/") and name[1] not in SPIN and name not in sides[side]:
                sides[side].append(name)
        if kept is None:
            kept = sides
        else:
            kept = {side: [n for n in kept[side] if n in sides[side]] for side in kept}
    return kept


def code_lines(name):
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", (ROOT / name).read_text(), flags=re.S)
    return sum(1 for line in text.split("\n") if line.strip())


def table(sides):
    files = sorted({f for side in sides.values() for _, f in side})
    every = sum(code_lines(str(p.relative_to(ROOT))) for p in (ROOT / "src").rglob("*.[ch]"))
    lines = [f"{len(files)} files with {sum(map(code_lines, files))} of {every} lines of code.", ""]
    for side, title in (("client", "The requester"), ("server", "The server's thread")):
        steps = "; ".join(f"`{f.removeprefix('src/')}:{name}`" for name, f in sides[side])
        lines += [f"{title}: {steps}.", ""]
    return "\n".join(lines).rstrip("\n")


def wrapped(text):
    out = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if len(line) + len(word) + 1 > 100:
                out.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        out.append(line)
    return "\n".join(out)


def main(arguments):
    write = "--write" in arguments
    places = [a for a in arguments if a != "--write"]
    program = build(ROOT / (places[0] if places else "build/path"))
    now = f"{BEGIN}\n{wrapped(table(entered(program)))}\n{END}"
    text = GUIDE.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit("tests/unit/path.py: error: src/README.md has no place for the path of a request")
    there = text[text.index(BEGIN):text.index(END) + len(END)]
    print("   " + now.split("\n")[1])
    if write:
        GUIDE.write_text(text.replace(there, now))
    elif there.split() != now.split():
        print(now, file=sys.stderr)
        sys.exit("tests/unit/path.py: error: src/README.md shows another path: tests/unit/path.py --write")


if __name__ == "__main__":
    main(sys.argv[1:])
