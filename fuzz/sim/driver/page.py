#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Insert a trace into the page that shows it.

    page.py TEMPLATE TRACE PAGE
"""
import pathlib
import sys


def main():
    template, trace, page = (pathlib.Path(a) for a in sys.argv[1:])
    before, mark, after = template.read_text().partition(">TRACE<")
    if not mark:
        sys.exit(f"{template}: error: there is no mark for a trace")
    page.write_text(before + ">" + trace.read_text() + "<" + after)


if __name__ == "__main__":
    main()
