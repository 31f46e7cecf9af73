#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""Test the page of evidence in headless Chromium: real results, made-up ones, and none at all.

The page must load; request nothing from elsewhere; show each figure as in its file, and a script
without a file as not run; scroll only tables on a phone's width; and print.
"""
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
PHONE = 390
checked = 0


def check(condition, text):
    global checked
    if not condition:
        sys.exit(f"tests/report/test.py: error: {text}")
    checked += 1


def browser(*arguments):
    ran = subprocess.run([*CHROMIUM, *arguments], capture_output=True, text=True, timeout=120)
    check(ran.returncode == 0, f"Chromium fails: {ran.stderr[-400:]}")
    return ran.stdout


class Figures(html.parser.HTMLParser):
    """The figures of a page, and all elements that would make a browser request something."""

    def __init__(self, text):
        super().__init__()
        self.figures, self.asks, self.place = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if "data-from" in named:
            self.place = named["data-from"]
            self.figures.append([self.place, ""])
        if tag in ("script", "link", "img", "iframe") or "src" in named or "href" in named:
            self.asks.append((tag, named))

    def handle_data(self, text):
        if self.place is not None:
            self.figures[-1][1] += text

    def handle_endtag(self, tag):
        self.place = None


def value_at(data, path):
    for key in path.split("."):
        if isinstance(data, list):
            data = data[int(key)]
        elif key in data:
            data = data[key]
        else:
            # A key that contains dots, such as a path: the longest match.
            return longest(data, path)
    return data


def longest(data, path):
    for key in sorted(data, key=len, reverse=True):
        if path == key or path.startswith(key + "."):
            rest = path[len(key) + 1:]
            return value_at(data[key], rest) if rest else data[key]
    raise KeyError(path)


def make(results, out):
    subprocess.run([ROOT / "scripts/report", results, out], check=True, capture_output=True)


def test_figures(results, page):
    dom = browser("--dump-dom", page.as_uri())
    found = Figures(dom)
    check("</html>" in dom and "<h1>" in dom, "the page does not load")
    check(not found.asks, f"the page asks for {found.asks[:3]}")
    check("http://" not in dom and "https://" not in dom and "url(" not in dom,
          "the page names other addresses")
    for place, text in found.figures:
        name, path = place.split(":", 1)
        wanted = value_at(json.loads((results / f"{name}.json").read_text()), path)
        check(text.replace(" ", "") == str(wanted), f"{place} is {wanted}, and the page says {text}")
    return len(found.figures), dom


def test_phone(page, folder):
    frame = folder / "phone.html"
    frame.write_text(
        f'<iframe id=f src="{page.as_uri()}" style="width:{PHONE}px;height:800px;border:0"></iframe>'
        "<script>onload = () => { const d = document.getElementById('f').contentDocument;"
        " document.title = 'width ' + d.documentElement.scrollWidth }</script>")
    width = re.search(r"<title>width (\d+)", browser("--dump-dom", frame.as_uri()))
    check(width is not None, "the width of the page cannot be read")
    check(int(width[1]) <= PHONE, f"on a width of {PHONE} the page takes {width[1]}")


def test_print(page, folder):
    out = folder / "page.pdf"
    browser(f"--print-to-pdf={out}", page.as_uri())
    check(out.exists() and out.read_bytes()[:4] == b"%PDF", "the page does not print")


def invented(folder):
    """Made-up results, which cannot be confused with real ones."""
    folder.mkdir()
    (folder / "check.json").write_text(json.dumps({"passed": 4711, "failed": 3, "stages": [
        {"stage": "gcc", "what": "unit & API <tests>", "passed": False, "seconds": 17}]}))
    (folder / "stress-tsan.json").write_text(json.dumps({
        "messages": 1234567, "requests": 89, "servers": 5, "faults": 2, "seconds": 3600,
        "endings": {"handled": 7}, "sanitizer": "tsan", "findings": 1, "deadlocks": 271828}))
    program = {"program": "one & only", "executions": 31415, "states": 9, "seconds": 1,
               "complete": False, "failed": False}
    (folder / "simulate.json").write_text(json.dumps({"long": {
        "complete": 0, "states": 9, "executions": 99999, "programs": [program],
        "bounded": [{**program, "executions": 27182, "failed": True}], "random": []}}))
    (folder / "demo.json").write_text(json.dumps({"files": 3, "lines": 16180, "words_checked": 2}))
    # Older than the library, so that it is marked as outdated.
    os.utime(folder / "demo.json", (1, 1))
    return folder


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        real = ROOT / "build/results"
        page = folder / "real.html"
        make(real, page)
        count, _ = test_figures(real, page)
        test_phone(page, folder)
        test_print(page, folder)

        page = folder / "invented.html"
        made_up = invented(folder / "invented")
        make(made_up, page)
        _, dom = test_figures(made_up, page)
        for wanted in ("4 711", "1 234 567", "FAILED", "FOUND", "unit &amp; API &lt;tests&gt;",
                       "271 828", "one &amp; only", "27 182", "cut short", "16 180"):
            check(wanted in dom, f"the page does not say {wanted}")
        check(dom.count("changed since") == ((ROOT / ".git").exists()), "the page hides a figure's age")

        page = folder / "none.html"
        (folder / "none").mkdir()
        make(folder / "none", page)
        count_none, dom = test_figures(folder / "none", page)
        check(count_none == 0, "there are figures without results")
        check(dom.count("Not run: ") == 10, f"of 10 that were not run {dom.count('Not run: ')} say so")
        # The test must detect a figure that differs from its file.
        page.write_text('<h1></h1><span data-from="check:passed">1</span></html>')
        try:
            test_figures(made_up, page)
        except SystemExit:
            pass
        else:
            check(False, "a wrong figure is not noticed")
    print(f"   {checked} checks; {count} figures of the page are their files'")


if __name__ == "__main__":
    main()
