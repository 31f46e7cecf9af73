#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Compare the README's code with the examples that it is taken from.

The line after each block of C or C++ must name its source: "This is `FILE`" if the block is the whole
file except for the licence and the title, "This is from `FILE`" if it is a part without omissions.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = r"^```(?:c|cpp)\n(.*?)^```\n\n(.*?)$"


def problem(code, said):
    """The problem of a block that is followed by this line, or None."""
    source = re.match(r"This is (from )?`([^`]+)`", said)
    first = code.split("\n", 1)[0]
    if source is None:
        return f"the code that begins with '{first}' does not say where it is from"
    path = ROOT / source[2]
    if not path.is_file():
        return f"there is no {source[2]}"
    text = path.read_text()
    if source[1] is None and text.split("\n", 2)[2] != code:
        return f"the code that begins with '{first}' is not {source[2]}"
    if "\n" + code not in text:
        return f"the code that begins with '{first}' is not in {source[2]}"
    return None


def main():
    blocks = re.findall(BLOCK, (ROOT / "README.md").read_text(), flags=re.M | re.S)
    problems = [found for found in (problem(*block) for block in blocks) if found]
    for found in problems:
        print(f"README.md: {found}", file=sys.stderr)
    if not blocks:
        print("README.md: has no code", file=sys.stderr)
    print(f"   {len(blocks)} blocks of code")
    sys.exit(1 if problems or not blocks else 0)


main()
