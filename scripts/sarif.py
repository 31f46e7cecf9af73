#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Write findings in SARIF 2.1.0, for CI systems that show them beside the code.

    sarif.py begin FILE TOOL       a log without findings
    sarif.py add TOOL RULE MESSAGE FILE[:LINE] COMMAND [LOG]
                                   add a finding to the file that $UMP_SARIF names; COMMAND reproduces
                                   it; a log with a sanitizer's report, a broken promise or the like
                                   gives a more exact rule, message and line
    sarif.py diagnostics TOOL LOG COMMAND
                                   add each diagnostic of a compiler, clang-tidy or cppcheck in LOG;
                                   {} in COMMAND becomes the diagnostic's file; print the commands
    sarif.py check FILE            print the findings; fail unless FILE has all that SARIF requires

`--sarif FILE` of the scripts sets $UMP_SARIF; without it, add and diagnostics write no file.  Python
scripts call finding(), which prints the command too.
"""
import fcntl
import hashlib
import json
import os
import pathlib
import re
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "SRCROOT"

# What a log says of a finding: a pattern, and the rule.  The first pattern that matches decides.
KINDS = (
    (r"broken promise \[(\w+)\]: .*", r"promise-\1"),
    (r"(?:ERROR|SUMMARY): (?:\w+Sanitizer|libFuzzer): ([\w-]+)(?: .*)?", r"\1"),
    (r"WARNING: ThreadSanitizer: (data race|[\w-]+).*", r"\1"),
    (r"runtime error: .*", "undefined-behaviour"),
    (r"!! thread -?\d+  ([\w -]+?)(?::.*)?", r"\1"),  # the simulator
    (r"Assertion .* failed.*", "assertion"),
    (r".*\bhangs\b.*", "hang"),
    (r'.* in "[^"]+".*', "check"),
)
# Places in a log, the most telling folder first.
FOLDERS = ("src|include", "fuzz|tests|proofs")
DIAGNOSTIC = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):(?:\d+:)? (?:fatal )?(?P<level>error|warning|"
                        r"style|performance|portability): (?P<text>.*?)(?: \[(?P<rule>[\w.,=+-]+)\])?$", re.M)


def fail(text):
    sys.exit(f"scripts/sarif.py: error: {text}")


# ---- What a log says ---------------------------------------------------------------------------


def relative(path):
    """The file of this project that a tool names, from the root on; None if there is none.  The tool may
    have run in another folder, or on a copy of the sources."""
    parts = pathlib.PurePath(path).parts
    for at in reversed(range(len(parts))):
        if parts[at] in ("src", "include", "fuzz", "tests", "proofs"):
            name = "/".join(parts[at:])
            if (ROOT / name).is_file() and ".." not in parts[at:]:
                return name
    return None


def place_in(log):
    """The first place in the log that is in the library, else in its tests; (None, None) if none is."""
    for folder in FOLDERS:
        for path, line in re.findall(rf"((?:/[\w./+-]+/|\.?\.?/|\b)(?:{folder})/[\w./+-]+\.[ch]\w*):(\d+)", log):
            name = relative(path)
            if name:
                return name, int(line)
    return None, None


def kind_in(log):
    """The rule and the text of the first line of a kind that the log has; (None, None) if none is."""
    for pattern, rule in KINDS:
        found = re.search(f"^.*?({pattern})$", log, flags=re.M)
        if found:
            text = re.fullmatch(pattern, found[1])
            return re.sub(r"[^\w]+", "-", text.expand(rule)).strip("-"), found[1].strip("! ")
    return None, None


# ---- The file ----------------------------------------------------------------------------------


def run_of(log, tool):
    """The run of a tool in a log, which is added if there is none."""
    for run in log["runs"]:
        if run["tool"]["driver"]["name"] == tool:
            return run
    run = {"tool": {"driver": {"name": tool, "rules": []}}, "columnKind": "unicodeCodePoints",
           "originalUriBaseIds": {HOME: {"description": {"text": "the root of this repository"}}},
           "results": []}
    log["runs"].append(run)
    return run


def begin(path, tool):
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": []}
    run_of(log, tool)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(log, indent=1) + "\n")


def result_of(rule, message, name, line, command):
    digest = hashlib.sha256("\0".join((rule, message, name)).encode()).hexdigest()
    return {"ruleId": rule, "level": "error",
            "message": {"text": f"{message}\nTo reproduce it: {command}"},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": urllib.parse.quote(name), "uriBaseId": HOME},
                "region": {"startLine": line}}}],
            "partialFingerprints": {"finding/v1": digest[:32]},
            "properties": {"command": command}}


def add(tool, rule, message, name, line, command):
    """Add a finding to the file that $UMP_SARIF names.  Several scripts may do so at once."""
    with open(os.environ["UMP_SARIF"], "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        log = json.load(file)
        run = run_of(log, tool)
        rules = run["tool"]["driver"]["rules"]
        if rule not in [known["id"] for known in rules]:
            rules.append({"id": rule, "shortDescription": {"text": rule.replace("-", " ")}})
        run["results"].append(result_of(rule, message, name, line, command))
        file.seek(0)
        json.dump(log, file, indent=1)
        file.write("\n")
        file.truncate()


def record(tool, rule, message, place, command, log=""):
    """Add a finding, if there is a file; what the log says replaces rule, message and place."""
    if not os.environ.get("UMP_SARIF"):
        return
    name, _, line = place.partition(":")
    better, text = kind_in(log)
    seen, at = place_in(log)
    if better:
        rule, message = better, f"{message}: {text}"
    add(tool, rule, message, seen or name, at or int(line or 1), command)


def finding(tool, rule, message, place, command, log=""):
    """For scripts in Python: print the command that reproduces a finding, and record it."""
    print(f"to reproduce it: {command}", file=sys.stderr, flush=True)
    record(tool, rule, message, place, command, log)


def line_of(path, text):
    """FILE:LINE of the first occurrence of a text in a file of this project."""
    before, found, _ = (ROOT / path).read_text().partition(text)
    return f"{path}:{before.count(chr(10)) + 1 if found else 1}"


def diagnostics(tool, log, command):
    printed = set()
    for found in DIAGNOSTIC.finditer(log):
        name = relative(found["file"])
        if name:
            exact = command.replace("{}", name)
            record(tool, (found["rule"] or found["level"]).split(",")[0], found["text"],
                   f"{name}:{found['line']}", exact)
            printed.add(exact)
    for exact in sorted(printed or {command.replace(" {}", "")}):
        print(f"to reproduce it: {exact}", file=sys.stderr)


# ---- Check of a file ---------------------------------------------------------------------------


def require(condition, text):
    if not condition:
        fail(text)


def check_result(result, ids):
    require(result["ruleId"] in ids, f"no rule {result['ruleId']}")
    require(result["level"] in ("none", "note", "warning", "error"), "a level that SARIF has not")
    require(result["message"]["text"], "a finding without a message")
    place = result["locations"][0]["physicalLocation"]
    uri, line = place["artifactLocation"]["uri"], place["region"]["startLine"]
    require(not urllib.parse.urlsplit(uri).scheme and not uri.startswith("/"), f"{uri} is not relative")
    require((ROOT / urllib.parse.unquote(uri)).is_file(), f"there is no {uri}")
    require(isinstance(line, int) and line >= 1, f"line {line}")
    require(result["properties"]["command"] in result["message"]["text"], "no command in the message")
    return f"{result['ruleId']}\t{uri}:{line}\t{result['properties']['command']}"


def check(path):
    """Fail unless a file has what SARIF 2.1.0 requires, and what this project adds."""
    try:
        log = json.loads(pathlib.Path(path).read_text())
        require(log["version"] == "2.1.0" and isinstance(log["runs"], list), "no version, or no runs")
        for run in log["runs"]:
            driver = run["tool"]["driver"]
            ids = [rule["id"] for rule in driver.get("rules", [])]
            require(driver["name"] and len(ids) == len(set(ids)), "a tool without a name, or a rule twice")
            for result in run["results"]:
                print(f"{driver['name']}\t{check_result(result, ids)}")
    except (KeyError, IndexError, TypeError, ValueError) as why:
        fail(f"{path} is not SARIF: {type(why).__name__} {why}")


def main():
    command, *rest = sys.argv[1:] or ["help"]
    read = lambda path: pathlib.Path(path).read_text(errors="replace")  # noqa: E731
    if command == "begin" and len(rest) == 2:
        begin(*rest)
    elif command == "add" and len(rest) in (5, 6):
        record(*rest[:5], log=read(rest[5]) if len(rest) == 6 else "")
    elif command == "diagnostics" and len(rest) == 3:
        diagnostics(rest[0], read(rest[1]), rest[2])
    elif command == "check" and len(rest) == 1:
        check(rest[0])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
