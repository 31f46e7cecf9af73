#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Check that includes and uses between the wings of a folder lead downwards; prints one line per
rule.

A wing is a folder.  WINGS lists those of each part, the lowest first.  Each file of a part must be
in one of its wings.  For any two wings:

- no file may include a file of a higher wing;
- no file may name a function or an object that a file of a higher wing defines, unless that name is
  in the part's table of upward calls, which its README must show;
- the includes of headers must have no cycle, within a wing either.

	scripts/wings.py          check
	scripts/wings.py --graph  print which wing uses which, with a pair of files for each
	scripts/wings.py --test   seed each kind of fault in a copy of each part; each must be found
"""
import pathlib
import posixpath
import re
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# part: (its wings, the lowest first; prefix of the names that are searched for; README with the
# table of upward calls)
WINGS = {
    "src": (["core", "sync", "channel", "wait", "call", "client", "server", "observe"], r"ump_\w+",
            "src/README.md"),
    "fuzz": (["engine", "core", "life", "sim", "user"],
             r"(?:life|model|sim|machine|oracle|scenario|ump__?fuzz)_\w+|ump_fuzz|LLVM\w+",
             "fuzz/README.md"),
    "fuzz/sim": (["machine", "model", "platform", "search", "litmus", "program", "oracle", "scenario",
                  "driver", "user"], r"\w+", "fuzz/sim/README.md"),
}
# A function or an object at the beginning of a line: its name before a parenthesis, a bracket, an
# equals sign, an attribute or a semicolon.
DEFINED = re.compile(r"^(?!static|typedef|extern|struct \w+(?: \{|;)|enum|return|_Static_assert|#)[A-Za-z_][\w \t*]*?"
                     r"\W(?:\(\*const )?\(?(\w+)\)?(?:\((?:[^;{}()]|\([^()]*\))*\)\s*\{|(?:\[\w*\]\)?)*(?:\(\w+\))?\s*="
                     r"|(?<!\))(?:\[\w*\])*\s*(?:;|__attribute__))", re.M)
UPWARD = re.compile(r"<!-- upward: begin -->(.*?)<!-- upward: end -->", re.S)


def code(path):
    """A file without its comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.S)


def names_used(text):
    """The text without literals, includes, and names of types."""
    return re.sub(r'"(?:[^"\\\n]|\\.)*"|\b(?:struct|enum|union) \w+', "", text)


class Part:
    def __init__(self, folder, root=ROOT):
        self.wings, self.names, readme = WINGS[folder]
        self.folder = root / folder
        self.texts = {}
        self.stray = []
        for path in sorted(self.folder.rglob("*.[ch]")):
            name = str(path.relative_to(self.folder))
            if name.split("/")[0] in self.wings:
                self.texts[name] = code(path)
            else:
                self.stray.append(f"{folder}/{name}")
        found = UPWARD.search((root / readme).read_text())
        self.upward = set(re.findall(r"`(\w+)`", found[1])) if found else set()
        self.defined = self.definitions()
        self.used = list(self.uses())

    def level(self, name):
        return self.wings.index(name.split("/")[0])

    def included(self, name):
        """The part's files that `name` includes, by their names below the part or beside it."""
        for target in re.findall(r'#\s*include "([^"]+)"', self.texts[name]):
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            for candidate in (target, beside):
                if candidate in self.texts:
                    yield candidate
                    break

    def definitions(self):
        """{name: file that defines it}, for what other files can see."""
        found = {}
        for name, text in self.texts.items():
            if name.endswith(".c"):
                for symbol in DEFINED.findall(text):
                    if re.fullmatch(self.names, symbol):
                        found.setdefault(symbol, []).append(name)
        return found

    def uses(self):
        """Triples (file, file that defines the name, name), for different files."""
        for name, text in self.texts.items():
            plain = names_used(text)
            for symbol in sorted(set(re.findall(r"\b\w+\b", plain)) & self.defined.keys()):
                if name not in self.defined[symbol] and not self.declares_only(plain, symbol):
                    for target in self.defined[symbol]:
                        yield name, target, symbol

    @staticmethod
    def declares_only(text, symbol):
        """Return whether `symbol` stands in declarations only, at the beginning of lines."""
        declared = re.findall(rf"^[A-Za-z_][^\n;{{}}=]*\W{symbol}\b[^;{{}}]*;", text, re.M)
        return sum(len(re.findall(rf"\b{symbol}\b", d)) for d in declared) == \
            len(re.findall(rf"\b{symbol}\b", text))

    def upward_includes(self):
        return [f"{name} includes {target}" for name in self.texts for target in self.included(name)
                if self.level(target) > self.level(name)]

    def upward_uses(self):
        return [f"{name} uses {symbol} of {target}" for name, target, symbol in self.used
                if self.level(target) > self.level(name) and symbol not in self.upward]

    def foreign_headers(self):
        """Declarations in another wing than the definition, which would hide an upward use."""
        broken = []
        for symbol, files in self.defined.items():
            for name, text in self.texts.items():
                if name.endswith(".h") and symbol not in self.upward and symbol in text \
                        and re.search(rf"\b{symbol}\b", text) and self.declares_only(text, symbol) \
                        and all(self.level(f) != self.level(name) for f in files):
                    broken.append(f"{name} declares {symbol} of {files[0]}")
        return broken

    def cycles(self):
        """Headers that include themselves, over others."""
        broken = []
        for start in self.texts:
            seen, todo = set(), list(self.included(start))
            while todo:
                at = todo.pop()
                if at == start:
                    broken.append(f"{start} includes itself")
                    break
                if at not in seen:
                    seen.add(at)
                    todo += self.included(at)
        return broken

    def unused_upward(self):
        """Names in the table that no lower wing uses."""
        used = {symbol for name, target, symbol in self.used if self.level(target) > self.level(name)}
        return sorted(self.upward - used)

    def graph(self):
        """{(wing, wing): an example}."""
        edges = {}
        for name in self.texts:
            for target in self.included(name):
                edges.setdefault((name.split("/")[0], target.split("/")[0]), f"{name} includes {target}")
        for name, target, symbol in self.used:
            edges.setdefault((name.split("/")[0], target.split("/")[0]), f"{name} uses {symbol} of {target}")
        return {pair: text for pair, text in edges.items() if pair[0] != pair[1]}


STRAY = "each file is in a wing"
INCLUDES = "no file includes one of a higher wing"
USES = "no file uses a function of a higher wing, except by the table"
FOREIGN = "each function is declared in the wing that defines it"
UNUSED = "the table of upward calls has no name that is not needed"
CYCLES = "no header includes itself"


def broken_rules(folder, root=ROOT):
    """{rule: what breaks it}."""
    part = Part(folder, root)
    return {STRAY: part.stray, INCLUDES: part.upward_includes(), USES: part.upward_uses(),
            FOREIGN: part.foreign_headers(), UNUSED: part.unused_upward(), CYCLES: part.cycles()}


def check(folder):
    failures = []
    for rule, broken in broken_rules(folder).items():
        print(f"   {'FAILED' if broken else 'ok    '} {folder}: {rule}")
        failures += [f"{folder}: {rule}: {b}" for b in broken]
    return failures


def faults(folder):
    """Pairs (rule, {file of the part: text}) that break it."""
    wings, names, _ = WINGS[folder]
    low, high = wings[0], wings[-1]
    name = next(n for n in ("ump_mutant", "life_mutant") if re.fullmatch(names, n))
    defined = {f"{high}/mutant.c": f"int {name}(void)\n{{\n\treturn 0;\n}}\n"}
    yield STRAY, {"mutant.c": ""}
    yield INCLUDES, {f"{low}/mutant.c": f'#include "{high}/mutant.h"\n', f"{high}/mutant.h": ""}
    # The same for a path that leads through the folder of the including file.
    yield INCLUDES, {f"{low}/mutant.c": f'#include "../{high}/mutant.h"\n', f"{high}/mutant.h": ""}
    yield USES, {**defined, f"{low}/mutant.c":
                 f"extern int {name}(void);\nint other(void)\n{{\n\treturn {name}();\n}}\n"}
    yield FOREIGN, {**defined, f"{low}/mutant.h": f"int {name}(void);\n"}
    yield FOREIGN, {f"{high}/mutant.c": f"struct mutant {name};\n",
                    f"{low}/mutant.h": f"extern struct mutant {name};\n"}
    yield UNUSED, {"README.md": "<!-- upward: begin -->`mutant`<!-- upward: end -->"}
    yield CYCLES, {f"{low}/mutant.h": f'#include "{low}/other.h"\n', f"{low}/other.h": '#include "mutant.h"\n'}


def test():
    """Seed each fault in a copy; return whether each is found."""
    missed, count = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        for top in {folder.split("/")[0] for folder in WINGS}:
            shutil.copytree(ROOT / top, root / top, ignore=shutil.ignore_patterns("corpus"))
        for folder in WINGS:
            before = broken_rules(folder, root)
            for rule, files in faults(folder):
                paths = {root / folder / name: text for name, text in files.items()}
                old = {path: path.read_text() for path in paths if path.exists()}
                for path, text in paths.items():
                    path.write_text(text)
                found = set(broken_rules(folder, root)[rule]) - set(before[rule])
                count += 1
                if not any("mutant" in f for f in found):
                    missed.append(f"{folder}: {rule}: {', '.join(files)}")
                for path in paths:
                    if path in old:
                        path.write_text(old[path])
                    else:
                        path.unlink()
    for one in missed:
        print(f"scripts/wings.py: error: a fault is not found: {one}", file=sys.stderr)
    print(f"   {count - len(missed)} passed, {len(missed)} failed (seeded faults)")
    return not missed


def main(arguments):
    if arguments == ["--graph"]:
        for folder in WINGS:
            part = Part(folder)
            for (a, b), text in sorted(part.graph().items(), key=lambda e: part.wings.index(e[0][0])):
                up = "UP  " if part.wings.index(b) > part.wings.index(a) else "    "
                print(f"{up}{folder}: {a} -> {b}: {text}")
        return
    if arguments == ["--test"]:
        sys.exit(not test())
    if arguments:
        sys.exit("usage: scripts/wings.py [--graph | --test]")
    failures = [f for folder in WINGS for f in check(folder)]
    for failure in failures:
        print(f"scripts/wings.py: error: {failure}", file=sys.stderr)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main(sys.argv[1:])
