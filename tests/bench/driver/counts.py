# SPDX-License-Identifier: 0BSD
"""Costs of one operation besides time: allocations, system calls, instructions.

Allocations are counted by a preloaded malloc.  System calls and instructions are counted twice, for
few and for more operations: the difference is the cost of the operations without the program's own.
strace and callgrind run one thread at a time, so spinning is not measured realistically there.
"""
import json
import re
import shutil
import tempfile

import machine

KINDS = ("call", "pipe", "post")


def told(output):
    return json.loads(output)


def allocations(command, preload, ops):
    output = machine.run([*command, f"ops={ops}"], environment={"LD_PRELOAD": preload} if preload else {})
    return told(output.output).get("allocations")


def system_calls(command, ops):
    with tempfile.NamedTemporaryFile("r") as file:
        machine.run(["strace", "-f", "-c", "-U", "calls,name", "-o", file.name, *command, f"ops={ops}"])
        return int(re.search(r"^\s*(\d+)\s+total", file.read(), re.M)[1])


def instructions(command, ops):
    with tempfile.TemporaryDirectory() as folder:
        machine.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
                     f"--log-file={folder}/log", *command, f"ops={ops}"])
        with open(f"{folder}/log", encoding="utf-8") as log:
            return int(re.search(r"Collected : (\d+)", log.read())[1])


def by_two(count, command, few, many):
    return (count(command, many) - count(command, few)) / (many - few)


def missing():
    return [tool for tool in ("strace", "valgrind") if not shutil.which(tool)]


def count(peer, command, preload, quick):
    """All counts of one peer and kind that are available here; `command` lacks only its `ops`."""
    few, many = (100, 300) if quick else (1000, 3000)
    counted = {"allocations": allocations(command, preload if peer.native else None, many * 10)}
    if shutil.which("strace") and peer.native:
        counted["system calls"] = by_two(system_calls, command, few, many)
    if shutil.which("valgrind") and peer.native:
        counted["instructions"] = by_two(instructions, command, few, many)
    return {name: value for name, value in counted.items() if value is not None}
