#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Count turns of phrase that the project's prose must not use; exit with 1 above a limit.

	scripts/words.py [-v] [FILE...]   without files: all prose of the repository; -v: each place
	scripts/words.py --test           seeded sentences that must be counted

Prose is: comments of C, C++, shell, Python and CMake; docstrings; strings of at least four words in
sources and scripts (error texts, messages, names of tests); Markdown and manual pages without code;
the reasons in tables of mutants.  A limit is a number per 10 000 words, summed over all files.  A
sentence that must keep such a phrase stands in scripts/words.allowed with its reason.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALLOWED = ROOT / "scripts" / "words.allowed"
SKIPPED = re.compile(r"^(fuzz/corpus/|fuzz/sim/corpus/|LICENSE|tests/bench/figures\.md|proofs/expect"
                     r"|scripts/words\.(py|allowed))|\.(expected|svg|patch)$")
VERBS = ("is|has|had|finds|waits|sends|runs|asks|comes|drops|keeps|gives|takes|got|gets|looks|serves|"
         "rings|pushes|resumes|stands|offers|suspends|blocks|needs|answers|completes|receives|spawns|"
         "owns|adds|breaks|goes|does|knows|wants")
# Name, pattern, and the most that any of the model codebases has, per 10 000 words.
LIMITS = (
    ("'who' as a subject", rf"(?:^|[.;:,(] +|\b(?:and|but|so|that|of) )[Ww]ho (?:{VERBS})\b", 0.3),
    ("those who, one who, whoever", r"\b(?:[Tt]hose who|(?:the )?one who|[Ww]hoever)\b", 0.3),
    ("somebody, nobody, anybody", r"\b(?:[Ss]ome|[Nn]o|[Aa]ny|[Ee]very)body\b", 1.4),
    ("so many, without 'that' or 'as'",
     r"\b[Ss]o (?:many|much|large|often|long)\b(?! (?:that|as))", 0.2),
)
# Reported only.
WANTED = ("must, should, cannot", r"(?i)\b(?:must|should|cannot)\b")
STRING = r'"((?:\\.|[^"\\\n])*)"'


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def strings(text, start=0):
    """Strings of four words and more."""
    return [(m[1], line_of(text, m.start())) for m in re.finditer(STRING, text)
            if len(re.findall(r"[A-Za-z]{2,}", m[1])) >= 4]


def of_c(text):
    found = []
    for m in re.finditer(r"/\*.*?\*/|//[^\n]*|" + STRING, text, re.S):
        piece = m[0]
        if piece.startswith('"'):
            if len(re.findall(r"[A-Za-z]{2,}", piece)) >= 4:
                found.append((piece[1:-1], line_of(text, m.start())))
        elif not piece.startswith(("/*@", "//@")) and "SPDX" not in piece:
            words = re.sub(r"\s*\n\s*(?:\*|//+)?\s*", " ", piece).strip("/*! ")
            found.append((words, line_of(text, m.start())))
    return found


def of_script(text):
    docstrings = r'"""(.*?)"""'
    found = strings(re.sub(docstrings, lambda m: "\n" * m[0].count("\n"), text, flags=re.S))
    comment = []
    for number, line in enumerate(text.split("\n"), 1):
        m = re.match(r"\s*#+(?!!)\s?(.*)", line) or re.search(r"\(\) \{ # (.*)", line)
        if m and "SPDX" not in line:
            comment.append(m[1])
        elif comment:
            found.append((" ".join(comment), number))
            comment = []
    for m in re.finditer(docstrings, text, re.S):
        found.append((re.sub(r"\s*\n\s*", " ", m[1]), line_of(text, m.start())))
    return found


def of_markdown(text):
    text = re.sub(r"```.*?```", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return paragraphs(text)


def paragraphs(text):
    found, begin, lines = [], 1, []
    for number, line in enumerate(text.split("\n") + [""], 1):
        if line.strip():
            begin = begin if lines else number
            lines.append(line.strip())
        elif lines:
            found.append((" ".join(lines), begin))
            lines = []
    return found


def of_manual(text):
    text = re.sub(r"(?ms)^\.Bd .*?^\.Ed$", lambda m: "\n" * m[0].count("\n"), text)
    return paragraphs("\n".join("" if re.match(r'\.\\"|\.(?:Sh|Ss|Dd|Dt|Os|It)', line) else
                                re.sub(r"^\.[A-Z][a-z]\b ?", "", line) for line in text.split("\n")))


def of_table(text):
    return [(m[1], line_of(text, m.start())) for m in re.finditer(r"(?m)^why: (.*)$", text)]


def prose(name, text):
    suffix = pathlib.Path(name).suffix
    if suffix in (".c", ".h", ".hpp", ".cpp", ".cc"):
        return of_c(text)
    if suffix == ".md":
        return of_markdown(text)
    if re.fullmatch(r"\.[1-9]", suffix):
        return of_manual(text)
    if suffix == ".table" or name.endswith("mutants/table"):
        return of_table(text)
    if suffix in (".py", ".sh", ".cmake", ".toml", ".yml") or text.startswith("#!") or \
            name.endswith("CMakeLists.txt"):
        return of_script(text)
    return []


def allowed():
    """(file, phrase) of each line `file | phrase | reason`."""
    lines = ALLOWED.read_text().splitlines() if ALLOWED.exists() else []
    rows = [[part.strip() for part in line.split("|")] for line in lines
            if line.strip() and not line.startswith("#")]
    for row in rows:
        if len(row) != 3 or not all(row):
            sys.exit(f"scripts/words.py: error: {ALLOWED.name}: not `file | phrase | reason`: {row}")
    return rows


def repository():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True, check=False).stdout.split("\n")
    if listed == [""]: # no repository: a release
        listed = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file()
                  and not str(p.relative_to(ROOT)).startswith("build/")]
    return sorted(name for name in listed if name and not SKIPPED.search(name))


def count(pieces, exceptions, verbose):
    """pieces: (file, text, line).  Counts for each limit, words, and the exceptions that were used."""
    counts, words, wanted, used = dict.fromkeys([n for n, _, _ in LIMITS], 0), 0, 0, set()
    for name, text, line in pieces:
        words += len(text.split())
        wanted += len(re.findall(WANTED[1], text))
        for label, pattern, _ in LIMITS:
            for m in re.finditer(pattern, text):
                around = text[max(0, m.start() - 60):m.end() + 60]
                row = next((r for r in exceptions if r[0] == name and r[1] in around), None)
                if row:
                    used.add(tuple(row))
                    continue
                counts[label] += 1
                if verbose:
                    print(f"{name}:{line}: {label}: ...{around}")
    return counts, words, wanted, used


def report(counts, words, wanted):
    """Print the counts; the labels of those above their limits."""
    above = []
    for label, _, most in LIMITS:
        rate = counts[label] * 1e4 / max(words, 1)
        if rate > most:
            above.append(label)
        print(f"   {rate:5.2f} of 10 000 words, at most {most}: {label} ({counts[label]})")
    print(f"   {wanted * 1e4 / max(words, 1):5.1f} of 10 000 words: {WANTED[0]}; reported only")
    print(f"   {words} words")
    return above


def read(names):
    pieces = []
    for name in names:
        path = ROOT / name
        try:
            text = path.read_text()
        except (UnicodeDecodeError, IsADirectoryError, FileNotFoundError):
            continue
        pieces += [(name, piece, line) for piece, line in prose(name, text)]
    return pieces


def test():
    """Each sentence must be counted once, in each kind of file; and none of the last ones."""
    bad = ("Who finds no room waits.", "It is handed to whoever comes.", "Then nobody is told.",
           "It handles so many before it ends.")
    good = ("The sender that is blocked waits.", "As long as it runs, it must not end.",
            "It sends so many that the inbox is full.")
    kinds = {"a.c": "/* {} */", "b.c": 'die("{}");', "a.md": "{}\n", "a.3": ".Pp\n{}\n",
             "a.7": ".It Sy x\n{}\n", "a.sh": "# {}\nx", "b.sh": 'say "{} So it is."\n', "a.py": '"""{}"""\n',
             "a.table": "why: {}\n"}
    failed = 0
    for kind, form in kinds.items():
        for sentence, wanted in [(s, 1) for s in bad] + [(s, 0) for s in good]:
            pieces = [(kind, t, n) for t, n in prose(kind, form.format(sentence))]
            got = sum(count(pieces, [], False)[0].values())
            if got != wanted:
                failed += 1
                print(f"   {kind}: counted {got} times, not {wanted}: {sentence}", file=sys.stderr)
    print(f"   {len(kinds) * (len(bad) + len(good)) - failed} passed, {failed} failed (seeded sentences)")
    return failed


def main(arguments):
    if arguments == ["--test"]:
        return int(test() > 0)
    verbose = "-v" in arguments
    names = [a for a in arguments if a != "-v"]
    exceptions = allowed()
    counts, words, wanted, used = count(read(names or repository()), exceptions, verbose)
    above = report(counts, words, wanted)
    for label in above:
        print(f"scripts/words.py: error: too often: {label}; -v shows where", file=sys.stderr)
    unused = [row for row in exceptions if tuple(row) not in used] if not names else []
    for row in unused:
        print(f"scripts/words.py: error: words.allowed: nothing needs {' | '.join(row[:2])}", file=sys.stderr)
    return int(bool(above or unused))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
