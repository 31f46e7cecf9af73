#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Check the documentation against the header, the sources and a compiler.

	scripts/docs.py pages                 the manual pages and the header agree, and each word of a
	                                      glossary leads to a term
	scripts/docs.py links                 links of all Markdown files lead somewhere, and the table of
	                                      contents of ump_server.hpp to its sections
	scripts/docs.py costs                 the sizes in tests/bench/README.md are those of the source
	                                      (64 bits)
	scripts/docs.py programs ARCHIVE COMMAND...
	                                      compile, link and run each example; compare what it prints
	scripts/docs.py mutants ARCHIVE COMMAND...
	                                      each check detects the mutants that are seeded for it

The last line counts.  Nothing about the API is written here: the header is the only source.
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUIDE = "tests/examples/GUIDE.md"
COSTS = "tests/bench/README.md"
FACE = "include/ump_server.hpp"
# Those that the manual pages document.
HEADERS = ["ump_server.h", "ump_server/fuzz.h"]
SECTIONS = {
    "3": ["Sh NAME", "Sh LIBRARY", "Sh SYNOPSIS", "Sh DESCRIPTION", "Ss Ownership", "Ss Blocking",
          "Ss Threads", "Sh RETURN VALUES", "Sh EXAMPLES", "Sh SEE ALSO"],
    "7": ["Sh NAME", "Sh DESCRIPTION", "Sh SEE ALSO"],
}
GLOSSARY = "ump_glossary"
NONE = "No counterpart"
ESCAPES = {r"\e": "\\", r"\-": "-", r"\&": "", r"\(aq": "'", r"\(ha": "^", r"\(ti": "~", r"\(ga": "`"}


def words(code):
    """Code without its layout, so that two pieces can be compared."""
    return " ".join(re.findall(r"\w+|[^\w\s]", code))


class Header:
    """The declarations of the public header."""

    def __init__(self, text):
        self.names = set(re.findall(r"\b(?:ump|UMP)_\w+", text))
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        code = re.sub(r"^#(?:.*\\\n)*.*$", "", code, flags=re.M)
        self.functions = {
            name: words(f"{result} {name}({parameters})")
            for result, name, parameters in re.findall(
                r"\b(?:UMP_API|static inline|(?=typedef))\s*([^;{}()]*?)(\w+)"
                # A parameter may be a pointer to a function.
                r"\(((?:[^()]|\([^()]*\))*)\)\s*[;{]", code)}
        self.types = {
            head: words(whole)
            for whole, head in re.findall(
                r"((?:typedef\s+)?((?:struct|enum)\s+\w+)\s*\{.*?\n\};)", code, flags=re.S)}
        self.types.update(
            (name, words(whole)) for whole, name in re.findall(r"(typedef \w+ (\w+);)", code))
        self.results = set(re.findall(r"(UMP_\w+) = -", code))
        # The comment before each function: its codes, and the functions that it refers to.
        self.said = {
            name: set(re.findall(r"\bUMP_\w+", comment)) & self.results
            for comment, name in self.comments(text)}
        self.mentions = {
            name: set(re.findall(r"\bump_\w+", comment)) & set(self.functions)
            for comment, name in self.comments(text)}

    @staticmethod
    def comments(text):
        return re.findall(r"/\*\*((?:(?!\*/).)*)\*/\n(?:UMP_API|static inline|typedef)[^;{}()]*?(\w+)\(",
                          text, flags=re.S)

    def possible(self, functions):
        """The codes that functions, or those that their comments refer to, may return."""
        seen, todo = set(), set(functions)
        while todo:
            seen |= todo
            todo = set().union(*(self.mentions.get(f, set()) for f in todo)) - seen
        return set().union(*(self.said.get(f, set()) for f in seen))


def unescape(line):
    return re.sub(r"\\(?:\(..|.)", lambda m: ESCAPES[m[0]], line)


class Page:
    """A manual page: its sections, the functions that it documents, its blocks of code."""

    def __init__(self, file, text):
        self.name, self.number = file.rsplit(".", 1)
        self.text = text
        self.sections = re.findall(r"^\.(S[hs] .*)$", text, flags=re.M)
        self.names = re.findall(r"^\.Nm (\w+)", self.section("NAME"), flags=re.M)
        self.functions = {}
        pattern = r'^\.Ft (.*)\n\.Fo (\w+)\n((?:\.Fa .*\n)+)\.Fc$'
        for result, name, lines in re.findall(pattern, self.section("SYNOPSIS"), flags=re.M):
            parameters = ", ".join(a.strip('"') for a in re.findall(r"\.Fa (.*)", lines))
            self.functions[name] = words(f"{result.strip(chr(34))} {name}({parameters})")
        self.references = {f"{n}.{s}" for n, s in re.findall(r"\bXr (ump_\w+) (\d)", text)}
        self.types = [words(block) for block in self.blocks("SYNOPSIS")]

    def section(self, name):
        found = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", self.text, flags=re.M | re.S)
        return found[1] if found else ""

    def blocks(self, section):
        found = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", self.section(section), flags=re.M | re.S)
        return ["".join(unescape(line) + "\n" for line in block.splitlines()) for block in found]


def read_pages():
    return {path.name: path.read_text() for path in sorted((ROOT / "src").glob("*.[0-9]"))}


def read_header():
    # The pages do not show the default values for C++.
    return "".join(re.sub(r" ?UMP_ZERO;", ";", (ROOT / "include" / name).read_text()) for name in HEADERS)


def once(what, there, pages):
    """Each item of the header must be in exactly one page, unchanged: (name, wanted), (page, has)."""
    problems = []
    for name, wanted in there.items():
        found = [page for page, has in pages.items() if has(name, wanted)]
        if len(found) != 1:
            problems.append(f"{what} {name}, as the header has it, is in {found or 'no page'}")
    return problems


def glossary_problems(page):
    """Each term must be defined once (.It Sy), and each word used as a term (.Em) must be one.  A word
    of others must lead to a term, or have no counterpart."""
    terms = [term for line in re.findall(r"^\.It Sy (.*)$", page.section("TERMS"), flags=re.M)
             for term in line.split(" , ")]
    used = re.findall(r"^\.Em (.*?)(?: [.,;:)].*)?$", page.text, flags=re.M)
    known = set(terms) | {term + "s" for term in terms}
    words_of_others = page.section("WORDS OF OTHERS")
    rows = [row.split("\n.El", 1)[0] for row in re.split(r"^\.It ", words_of_others, flags=re.M)[1:]]
    problems = [f"defines {term} twice" for term in sorted(set(terms)) if terms.count(term) > 1]
    problems += [f"uses {word} as a term, and does not define it" for word in sorted(set(used) - known)]
    problems += [f"{row.splitlines()[0]} leads to no term" for row in rows
                 if "\n.Em " not in row and NONE not in row]
    if not terms or not rows:
        problems.append("has no terms, or no words of others")
    return problems


def form_problems(page, files):
    """What every page must have, whatever it documents; `files`: all pages."""
    problems = [f"no .{s}" for s in SECTIONS.get(page.number, []) if s not in page.sections]
    if page.number not in SECTIONS:
        problems.append(f"no page may be in section {page.number}")
    if f"\n.Dt {page.name.upper()} {page.number}\n" not in page.text:
        problems.append("has another title")
    if set(page.names) != set(page.functions) | {page.name}:
        problems.append("NAME and SYNOPSIS name different functions")
    return problems + [f"refers to {r}, which is no page" for r in sorted(page.references - files)]


def page_problems(texts, header_text):
    """All problems of the manual pages, {file: text}, and the number of comparisons."""
    header = Header(header_text)
    pages = {file: Page(file, text) for file, text in texts.items()}
    known = header.names | {page.name for page in pages.values()}
    for other in (ROOT / "include/ump_server").glob("*.h"):
        known |= set(re.findall(r"\b(?:ump|UMP)_\w+", other.read_text()))
    problems = once("the function", header.functions, {
        file: lambda f, wanted, page=page: page.functions.get(f) == wanted
        for file, page in pages.items()})
    problems += once("the type", header.types, {
        file: lambda _, wanted, page=page: wanted in page.types for file, page in pages.items()})
    for file, page in pages.items():
        found = [f"{f} is not the header's" for f in page.functions
                 if header.functions.get(f) != page.functions[f]]
        found += form_problems(page, set(pages))
        # Titles are in capitals; variables of the environment are not the header's.
        body = re.sub(r"^\.Dt .*$|^\.Ev UMP_SIM\b|UMP_SIM=", "", page.text, flags=re.M)
        found += [f"says {w}, of which the header knows nothing" for w in
                  sorted(set(re.findall(r"\b(?:ump|UMP)_\w+", body)) - known)]
        said = set(re.findall(r"\bUMP_\w+", page.text)) & header.results
        found += [f"does not say {code}, which the header names for {f}"
                  for f in page.functions for code in sorted(header.said.get(f, set()) - said)]
        listed = set(re.findall(r"\bUMP_\w+", " ".join(
            re.findall(r"^\.It (Dv .*)$", page.section("RETURN VALUES"), flags=re.M)))) & header.results
        if header.types["enum ump_result"] not in page.types: # else it explains them all
            found += [f"lists {code}, which none of its functions returns"
                      for code in sorted(listed - header.possible(page.functions))]
        if page.number == "3" and not programs_of_page(page):
            found.append("has no example")
        if page.name == GLOSSARY:
            found += glossary_problems(page)
        if not any(file in other.references for other in pages.values() if other is not page):
            found.append("is a page to which no other refers")
        problems += [f"{file}: {problem}" for problem in found]
    if not header.functions or not header.types or not pages:
        problems.append("there is nothing to compare")
    return problems, len(header.functions) + len(header.types) + len(pages)


def programs_of_page(page):
    """(name, code, output) for each example: a block with a main, and the block after it, if any."""
    programs = []
    for block in page.blocks("EXAMPLES"):
        if re.search(r"^int main\(", block, flags=re.M):
            programs.append([f"{page.name}.{len(programs)}", block, ""])
        elif programs:
            programs[-1][2] += block
    return programs


def program_of_guide(text):
    """All C of the guide, in its order, is one program; its last block of text is its output."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.M | re.S)
    code = "\n".join(block for language, block in blocks if language == "c")
    return ["guide", code, [block for language, block in blocks if language == "text"][-1]]


def all_programs():
    programs = [p for file, text in read_pages().items() for p in programs_of_page(Page(file, text))]
    return programs + [program_of_guide((ROOT / GUIDE).read_text())]


def run_program(program, archive, command):
    """The problem of an example; None: it compiles without a warning and prints its output."""
    name, code, output = program
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, name + ".c"), pathlib.Path(folder, "example")
        source.write_text(code)
        # Only a program that fuzzes needs the fuzzer.
        fuzzer = ([pathlib.Path(archive).parent / "fuzz/user/libump_server-fuzz.a"]
                  if "ump_server/fuzz.h" in code else [])
        built = subprocess.run(
            [*command, "-I", ROOT / "include", source, *fuzzer, archive, "-o", binary],
            capture_output=True, text=True, check=False)
        if built.returncode != 0:
            return f"{name}: does not compile with {command[0]}:\n{built.stderr}"
        try:
            ran = subprocess.run([binary], capture_output=True, text=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return f"{name}: has not ended after 60 s"
    if ran.returncode != 0:
        return f"{name}: ended with {ran.returncode}:\n{ran.stderr}"
    if ran.stdout != output:
        return f"{name}: printed\n{ran.stdout}and should have printed\n{output}"
    return None


def program_problems(archive, command):
    programs = all_programs()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        problems = [p for p in pool.map(lambda p: run_program(p, archive, command), programs) if p]
    return problems, len(programs)


def anchors(text):
    """The anchors of a Markdown file's titles."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def link_problems(texts):
    """Relative links of Markdown files, {path: text}, that are broken."""
    problems, count = [], 0
    for path, text in texts.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
            if re.match(r"[a-z]+:", target):
                continue
            count += 1
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists():
                problems.append(f"{path.relative_to(ROOT)}: links to {target}, which is not there")
            elif anchor and anchor not in anchors(there.read_text()):
                problems.append(f"{path.relative_to(ROOT)}: {file} has no title #{anchor}")
    return problems, count


def content_problems(text):
    """Differences between the table of contents of the C++ header and its sections."""
    sections = dict(re.findall(r"^// ---- (.+?) -+$(.*?)(?=^// ---- |\Z)", text, flags=re.M | re.S))
    table = re.search(r"^// Contents$\n(?://.*\n)*", text, flags=re.M)
    listed = dict(re.findall(r"^//   (\S+(?: \S+)*)  +(\S.*(?:\n// {5,}.*)*)$",
                             table[0] if table else "", flags=re.M))
    problems = []
    if not listed or list(listed) != list(sections):
        problems.append(f"{FACE}: lists {list(listed)}, and has {list(sections)}")
    for title, names in listed.items():
        problems += [f"{FACE}: {name} is not in the section {title}"
                     for name in re.findall(r"\w+(?=,|\n|$)", names)
                     if not re.search(rf"^[^\s/].*\b{name}\b", sections.get(title, ""), flags=re.M)]
    return problems, len(listed)


def read_markdown():
    found = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "*.md"],
                           capture_output=True, text=True, check=False).stdout.split()
    if not found: # not a clone: a release's tarball
        found = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*.md") if "build" not in path.parts]
    return {ROOT / path: (ROOT / path).read_text() for path in found}


def cost_problems(page):
    """The rows that tests/unit/costs.c prints must stand in the page of the costs."""
    with tempfile.TemporaryDirectory() as folder:
        binary = pathlib.Path(folder, "costs")
        subprocess.run(["gcc", "-std=c11", "-DNDEBUG", "-D_POSIX_C_SOURCE=200809L", "-I", ROOT / "src",
                        "-I", ROOT / "include", ROOT / "tests/unit/costs.c", ROOT / "src/sync/memory.c",
                        ROOT / "src/sync/tools.c",
                        "-o", binary], check=True)
        rows = subprocess.run([binary], capture_output=True, text=True, check=True).stdout.splitlines()
    return [f"{COSTS} does not say: {row}" for row in rows if row + "\n" not in page], len(rows)


def mutate(text, old, new):
    if old not in text:
        sys.exit(f"scripts/docs.py: error: no place for a mutant: {old}")
    return text.replace(old, new, 1)


def mutated_pages():
    """(what, problems found) for mutants of manual pages and of the header."""
    pages, header = read_pages(), read_header()
    client, rest = pages["ump_client.3"], ".Ft int\n.Fo ump_client_req\n"
    mistakes = {
        "a function that is not there": mutate(client, rest, ".Ft int\n.Fo ump_client_ask\n"),
        "another result": mutate(client, rest, rest.replace("int", "void")),
        "another parameter": mutate(client, '"const void *msg"', '"void *msg"'),
        "a function twice": mutate(client, rest, ".Ft ump_time\n.Fo ump_now\n.Fa void\n.Fc\n" + rest),
        "an unknown name": mutate(client, "UMP_NO_REPLY", "UMP_NO_ANSWER"),
        "a reference to no page": mutate(client, ".Xr ump_server 3", ".Xr ump_servers 3"),
        "a section less": mutate(client, ".Ss Ownership\n", ""),
        "no example": mutate(client, "int main(", "int mainly("),
        "a code less": client.replace("UMP_FULL", "UMP_OK"),
        "a code too many": mutate(client, ".It Dv UMP_FULL\n", ".It Dv UMP_FULL , UMP_NO_THREAD\n"),
        "a name less": mutate(client, ".Nm ump_client_post ,\n", ""),
        "the title of another page": mutate(client, ".Dt UMP_CLIENT 3", ".Dt UMP_SERVER 3"),
    }
    told = [(what, page_problems({**pages, "ump_client.3": text}, header)[0])
            for what, text in mistakes.items()]
    stats = mutate(pages["ump_stats.3"], "\tuint64_t skipped;\n", "")
    told.append(("a member less", page_problems({**pages, "ump_stats.3": stats}, header)[0]))
    glossary = pages["ump_glossary.7"]
    mistakes = {
        "a term that is not defined": mutate(glossary, ".It Sy combiner\n", ".It Sy turn\n"),
        "a term twice": mutate(glossary, ".It Sy combiner\n", ".It Sy inbox\n"),
        "a word that leads nowhere": mutate(glossary, f"\n{NONE}.\n.El\n", "\nNothing.\n.El\n"),
        "a function that the glossary invents": mutate(glossary, "ump_client_req", "ump_client_beg"),
    }
    told += [(what, page_problems({**pages, "ump_glossary.7": text}, header)[0])
             for what, text in mistakes.items()]
    server = mutate(pages["ump_server.3"], ".Xr ump_glossary 7", ".Xr ump_client 3")
    told.append(("a page to which none refers", page_problems(
        {**pages, "ump_server.3": server.replace(".Xr ump_glossary 7", "")}, header)[0]))
    new = mutate(header, "#ifdef __cplusplus\n}", "UMP_API int ump_new(void);\n#ifdef __cplusplus\n}")
    told.append(("a new function", page_problems(pages, new)[0]))
    return told


def mutated_texts():
    """The same for links, for the contents of the C++ header, and for the costs."""
    costs, face = (ROOT / COSTS).read_text(), (ROOT / FACE).read_text()
    row = re.search(r"^\| a post \| .*?\+ ", costs, flags=re.M)[0]
    return [
        ("a link to nowhere", link_problems({ROOT / "README.md": "[x](src/nothing.md)"})[0]),
        ("a link to no title", link_problems({ROOT / "README.md": "[x](src/README.md#nothing)"})[0]),
        ("another title", content_problems(mutate(face, "// ---- Clients -", "// ---- Users -"))[0]),
        ("a title less", content_problems(mutate(face, "// ---- Tasks -", "// -- Tasks -"))[0]),
        ("titles in another order", content_problems(
            re.sub(r"^(//   Tasks .*\n)(.*\n)", r"\2\1", face, flags=re.M))[0]),
        ("a section not listed", content_problems(re.sub(r"^//   Tasks .*\n", "", face, flags=re.M))[0]),
        ("a name in another section", content_problems(mutate(face, "leftover, suspension", "dump"))[0]),
        ("another cost", cost_problems(mutate(costs, row, row + "1"))[0]),
    ]


def mutated_programs(archive, command):
    """The same for examples."""
    name, code, output = next(p for p in all_programs() if p[0] == "ump_client.0")
    leak = "\tump_weak_client *weak;\n\tump_client_weak(client, &weak);\n\tump_client_drop(&client);\n"
    mistakes = {
        "other output": [name, code, output + "more\n"],
        "no output": [name, code, ""],
        "a warning": [name, mutate(code, "int main(void)\n{\n", "int main(void)\n{\n\tint unused;\n"), output],
        "a wrong type": [name, mutate(code, "UMP_FOREVER", '"for ever"'), output],
        "a leak": [name, mutate(code, "\tump_client_drop(&client);\n", leak), output],
    }
    return [(what, run_program(program, archive, command)) for what, program in mistakes.items()]


def main():
    what, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if what == "pages":
        problems, count = page_problems(read_pages(), read_header())
    elif what == "links":
        problems, count = link_problems(read_markdown())
        more, listed = content_problems((ROOT / FACE).read_text())
        problems, count = problems + more, count + listed
    elif what == "costs":
        problems, count = cost_problems((ROOT / COSTS).read_text())
    elif what == "programs" and len(arguments) > 1:
        problems, count = program_problems(arguments[0], arguments[1:])
    elif what == "mutants" and len(arguments) > 1:
        told = mutated_pages() + mutated_texts() + mutated_programs(arguments[0], arguments[1:])
        problems, count = [f"no check detects {mistake}" for mistake, found in told if not found], len(told)
    else:
        sys.exit(__doc__)
    for problem in problems:
        print(f"scripts/docs.py {what}: {problem}", file=sys.stderr)
    print(f"{max(count - len(problems), 0)} passed, {len(problems)} failed ({what})")
    sys.exit(bool(problems))


main()
