#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Compare the code in the README and in the examples' README with the examples it is taken from.

The line after each block of C or C++ must name its source: "This is `FILE`" if the block is the whole
file except for the licence and the title, "This is from `FILE`" if it is a part without omissions.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ["README.md", "tests/examples/README.md"]
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
    problems, count = [], 0
    for page in PAGES:
        blocks = re.findall(BLOCK, (ROOT / page).read_text(), flags=re.M | re.S)
        problems += [f"{page}: {found}" for found in (problem(*block) for block in blocks) if found]
        if not blocks:
            problems.append(f"{page}: has no code")
        count += len(blocks)
    for found in problems:
        print(found, file=sys.stderr)
    print(f"   {count} blocks of code")
    sys.exit(1 if problems else 0)


main()
