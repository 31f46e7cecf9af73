#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Check the rules between the layers of src/; prints one line per rule.

- The cores must not use atomics, threads, memory or another layer.
- Only src/sync/atomic*.h may access the atomics of src/sync/words.h, and only words.h and atomic.h
  may mention __FRAMAC__; only src/sync may request memory, threads, time or sleep from the system.
- Every function of atomic*.h that accesses a word must have an order comment, `ORDER ...`, and each
  named order both ends: a release that names its acquire, and an acquire that names its release.
- There must be no fences, and no order stronger than acq_rel.
- Every file must begin with its licence.
- Includes and uses between wings must lead downwards (scripts/wings.py).
"""
import pathlib
import re
import sys

import wings

ROOT = pathlib.Path(__file__).resolve().parent.parent
ATOMIC = ["src/sync/words.h", "src/sync/atomic.h", "src/sync/atomic_counts.h", "src/sync/atomic_words.h"]
failures = []


def text(path):
    return (ROOT / path).read_text()


def code(path):
    """A file without its comments."""
    return re.sub(r"/\*.*?\*/", "", text(path), flags=re.S)


def sources(*folders):
    found = []
    for folder in folders:
        found += [str(p.relative_to(ROOT)) for p in sorted((ROOT / folder).glob("*.[ch]"))]
    return found


def rule(title, broken):
    print(f"   {'FAILED' if broken else 'ok    '} {title}")
    failures.extend(f"{title}: {b}" for b in broken)


def containing(files, pattern):
    return [f"{path}: {m.group(0)}" for path in files for m in [re.search(pattern, code(path))] if m]


def order_comments():
    """(name of the function, its comment, its body) for each function of ATOMIC."""
    compiled = "".join(map(text, ATOMIC))
    pattern = r"/\*((?:(?!\*/).)*)\*/\s*static inline [\w \*]*?(\w+)\(([^)]*)\)\s*\{(.*?)\n\}"
    return [(m[2], m[1], m[4]) for m in re.finditer(pattern, compiled, flags=re.S)]


def check_orders():
    broken = []
    ends = {}
    functions = order_comments()
    names = {name for name, _, _ in functions}
    for name, comment, body in functions:
        if "atomic_" not in body:
            continue
        if "ORDER" not in comment:
            broken.append(f"{name} has no order comment")
        orders = set(re.findall(r"memory_order_(\w+)", body))
        if orders & {"seq_cst", "consume"}:
            broken.append(f"{name} uses {orders}")
        for tag, end, partners in re.findall(
                r"ORDER (\w+): (release|acquire) here\s+(?:\*\s+)?(?:->|<-)((?:[^.]|\.(?!\s))*)",
                comment):
            ends.setdefault(tag, set()).add(end)
            wanted = {"release": {"release", "acq_rel"}, "acquire": {"acquire", "acq_rel"}}[end]
            if not orders & wanted:
                broken.append(f"{name} says {end} for {tag} and uses {orders}")
            for partner in re.findall(r"ump__\w+", partners):
                if partner not in names:
                    broken.append(f"{name}: the partner {partner} is not there")
        said = set(re.findall(r": (release|acquire|relaxed)\b", comment))
        if orders & {"release", "acquire", "acq_rel"} and not said & {"release", "acquire"}:
            broken.append(f"{name} does not say what its {orders} is for")
    broken += [f"order {tag} has only one end: {got}" for tag, got in ends.items() if len(got) != 2]
    if not functions or not ends:
        broken.append("no order comments were found")
    return broken


def main():
    core, sync = sources("src/core"), sources("src/sync")
    shell = sources(*(f"src/{wing}" for wing in wings.WINGS["src"][0] if wing not in ("core", "sync")))
    every = core + sync + shell
    rule("the cores have no atomics, threads, memory or time",
         containing(core, r"_Atomic|stdatomic|pthread|\b(?:malloc|calloc|free|ump__alloc)\b|time\.h"))
    rule("the cores include no other layer",
         containing(core, r'#include "(?!core/)[^"]*"'))
    rule("only src/sync/atomic*.h and words.h access atomics",
         containing([f for f in every if f not in ATOMIC], r"\batomic_(?!\w+\.h)|_Atomic|stdatomic|memory_order|__atomic"))
    rule("only src/sync/words.h and atomic.h know the prover",
         containing([f for f in every if f not in ATOMIC[:2]], r"__FRAMAC__"))
    rule("only src/sync asks the system for memory, threads, time or sleep",
         containing(shell, r"\b(?:malloc|calloc|realloc|free|clock_gettime|nanosleep|syscall|pthread_\w+)\("))
    rule("there are no fences", containing(every, r"atomic_\w*fence"))
    rule("each order says what it pairs with", check_orders())
    rule("each file begins with its licence",
         [f for f in every + sources("include") if "SPDX-License-Identifier: 0BSD" not in text(f)[:60]])
    for part in wings.WINGS:
        failures.extend(wings.check(part))
    for failure in failures:
        print(f"scripts/layers.py: error: {failure}", file=sys.stderr)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
