#!/usr/bin/env python3
"""Builds the book: HTML, one page a chapter, and EPUB and PDF of the whole.

    python3 book/build.py [-o DIR] [TOP]

TOP is the repository whose book/NN-title.md are the pages; DIR (TOP/book/build)
gets html/, write-docker-yourself.epub and write-docker-yourself.pdf.

Pandoc reads each page through the filters in READ, which take in code, figures
and the like and stop at what is wrong.  What they leave is the page as a tree;
links and anchors are checked on these, and from them everything is written.
Nothing is kept from an earlier build, and nothing of it touched by one that
fails.  The same text gives the same bytes: every date is that of the commit.
"""

import argparse
import concurrent.futures
import glob
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "repo")]

import same                                                     # noqa: E402
import search                                                   # noqa: E402

TITLE = "Write Docker Yourself, in C"
SUBTITLE = "Containers from the system calls up"
IDENTIFIER = "urn:uuid:5b7f3e0c-4d0a-5c1e-9a51-c0d0c4e6d0c4"
NAME = "write-docker-yourself"
READ = ["labs", "collect", "syscalls", "include", "figure", "width", "console",
        "table"]
DATE_WITHOUT_GIT = "1735689600"         # 2025-01-01
WORKERS = os.cpu_count() or 1


class Fault(Exception):
    """What is wrong, where it can: lines of "book/NN-x.md:LINE: what"."""


class Page:
    """One book/NN-title.md, and what it says of itself once it is read."""

    def __init__(self, source):
        self.source = source
        self.name = os.path.basename(source)[:-len(".md")]
        number = int(self.name[:2])
        self.number = str(number) if 0 < number < 90 else ""

    def take(self, tree):
        self.tree = tree
        blocks = tree["blocks"]
        if not blocks or blocks[0]["t"] != "Header" or blocks[0]["c"][0] != 1:
            raise Fault("%s:1: a page begins with its title: # Title" %
                        self.source)
        self.title = plain(blocks[0]["c"][2])
        first = next((b for b in blocks if b["t"] == "Para"), {"c": []})
        self.about = re.split(r"(?<=[.?!])\s", plain(first["c"]))[0]
        self.parts = {plain(p) for p in tree["meta"]["parts"]["c"]}
        ids, self.links = set(), []
        for element in walk(blocks[1:]):
            if element["t"] in ("Header", "Div", "Span", "Code", "CodeBlock"):
                place = 1 if element["t"] == "Header" else 0
                ids.add(element["c"][place][0])
            elif element["t"] == "Link":
                self.links.append(element["c"][2][0])
        self.ids = ids


def walk(tree):
    """Every element of pandoc's tree, in its order."""
    if isinstance(tree, dict):
        if "t" in tree:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for child in tree:
            yield from walk(child)


def plain(inlines):
    """The text of inline elements."""
    text = {"Space": " ", "SoftBreak": " ", "LineBreak": " "}
    out = []
    for element in walk(inlines):
        kind = element["t"]
        if kind == "Str" or kind == "MetaString":
            out.append(element["c"])
        elif kind == "Code":
            out.append(element["c"][1])
        else:
            out.append(text.get(kind, ""))
    return "".join(out)


class Book:
    def __init__(self, top, out):
        self.top, self.out = top, out
        self.began = time.monotonic()
        sources = glob.glob(os.path.join(
            glob.escape(top), "book", "[0-9][0-9]-*.md"))
        self.pages = [Page(os.path.relpath(s, top)) for s in sorted(sources)]
        if not self.pages:
            raise Fault("%s: no pages book/NN-title.md" % top)
        os.makedirs(out, exist_ok=True)
        self.work = tempfile.mkdtemp(prefix=".work-", dir=out)
        self.environment = {**os.environ, "BOOK_WORK": self.work,
                            "LC_ALL": "C.UTF-8", "TZ": "UTC",
                            "SOURCE_DATE_EPOCH": self.date()}

    def date(self):
        """Seconds: what the caller says, or else when the last commit was."""
        told = os.environ.get("SOURCE_DATE_EPOCH")
        if told:
            return told
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", self.top, "log", "-1",
             "--format=%ct"], stdout=subprocess.PIPE, check=False,
            stderr=subprocess.DEVNULL)
        return done.stdout.decode().strip() or DATE_WITHOUT_GIT

    def say(self, what):
        print("book: %4.1f s  %s" % (time.monotonic() - self.began, what),
              flush=True)

    def run(self, argv, directory):
        done = subprocess.run(argv, cwd=directory, env=self.environment,
                              stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise Fault(done.stderr.decode(errors="replace").strip() or
                        "%s ended with status %d" % (argv[0], done.returncode))
        return done.stdout

    def pandoc(self, *words, filters=(), directory=None):
        argv = ["pandoc", "--data-dir=" + self.work]
        argv += ["--lua-filter=%s/%s.lua" % (HERE, name) for name in filters]
        return self.run(argv + list(words), directory or self.work)

    def path(self, *names):
        return os.path.join(self.work, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    # Reading.

    def sources(self):
        """The C files, without those that are copies of an earlier one's."""
        copies = {copy for _, copy in same.pairs(self.top)}
        found = []
        for place, directories, names in os.walk(self.top):
            place = os.path.relpath(place, self.top)
            directories[:] = [d for d in directories if
                              (place != "." or d.startswith("ch0")) and
                              d not in ("build", "lab")]
            found += [os.path.join(place, n) for n in names
                      if place != "." and n.endswith((".c", ".h"))]
        return sorted(set(found) - copies)

    def read(self, page):
        tree = self.pandoc("-f", "markdown", "-t", "json", "--preserve-tabs",
                           page.source, filters=READ, directory=self.top)
        page.take(json.loads(tree))
        self.say("read     " + page.source)

    def each(self, work):
        """Do it for every page; tell the faults of all before giving up."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            tasks = [pool.submit(work, page) for page in self.pages]
        faults = [task.exception() for task in tasks if task.exception()]
        for fault in faults:
            if not isinstance(fault, Fault):
                raise fault
        if faults:
            # A section that is collected elsewhere is wrong there, too.
            raise Fault("\n".join(dict.fromkeys(map(str, faults))))

    # Checking what only all pages together can tell.

    def check(self):
        faults = [fault for page in self.pages
                  for fault in self.dead_links(page)]
        used = set().union(*(page.parts for page in self.pages))
        for path in self.sources():
            faults += unused_parts(self.top, path, used)
        if faults:
            raise Fault("\n".join(faults))

    def dead_links(self, page):
        by_name = {other.name + ".md": other for other in self.pages}
        for target in page.links:
            if re.match(r"(https?|mailto):", target):
                continue
            name, _, anchor = target.partition("#")
            other = by_name.get(name) if name else page
            if other is None:
                why = "no page of the book"
            elif anchor and anchor not in other.ids:
                why = "%s has no such anchor" % other.source
            else:
                continue
            yield "%s: a dead link, %s: %s" % (
                self.place(page, target), target, why)

    def place(self, page, target):
        """Where a page says it: FILE:LINE.  It may have it from elsewhere."""
        inner = "#" + target.partition("#")[2]
        sheets = glob.glob(os.path.join(self.top, "book", "labs", "*.md"))
        for path in [page.source] + [p.source for p in self.pages] + [
                os.path.relpath(s, self.top) for s in sorted(sheets)]:
            with open(os.path.join(self.top, path), encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    if "(%s)" % target in line or "(%s)" % inner in line:
                        return "%s:%d" % (path, number)
        return page.source + ":1"

    # Writing.

    def html_page(self, page):
        """A page among its neighbours."""
        index = self.pages.index(page)
        neighbours = {"previous": self.pages[index - 1] if index else None,
                      "next": (self.pages + [None])[index + 1]}
        words = ["-V", "number=" + page.number]
        for key, other in neighbours.items():
            if other:
                words += ["-V", "%s-page=%s.html" % (key, other.name),
                          "-V", "%s-title=%s" % (key, html.escape(other.title))]
        self.write(page.name + ".json", json.dumps(page.tree))
        self.html(page.name, page.title, index, words)
        self.say("write    html/%s.html" % page.name)

    def html(self, name, title, index, words):
        before, after = (self.sidebar(pages) for pages in
                         (self.pages[:index], self.pages[index + 1:]))
        self.pandoc("-f", "json", "-t", "html5", "--template",
                    os.path.join(HERE, "template.html"), "--toc",
                    "--toc-depth=2", "-M", "title=" + title,
                    "-V", "book=" + TITLE, "-V", "before=" + before,
                    "-V", "after=" + after, *words, name + ".json",
                    "-o", os.path.join("html", name + ".html"),
                    filters=["page"])

    def sidebar(self, pages):
        return "".join(
            '<li><a href="%s.html"><i>%s</i>%s</a></li>' %
            (page.name, page.number, html.escape(page.title))
            for page in pages)

    def html_index(self):
        """The first page: every other, with its own first sentence."""
        rows = "".join(
            '<li><a href="%s.html"><i>%s</i>%s</a><p>%s</p></li>' %
            (page.name, page.number, html.escape(page.title),
             html.escape(page.about)) for page in self.pages)
        text = ("# %s\n\n%s.\n\n<ol class=\"pages\">%s</ol>\n\n"
                "The whole book as one file: [EPUB](../%s.epub), "
                "[PDF](../%s.pdf).\n" % (TITLE, SUBTITLE, rows, NAME, NAME))
        self.write("index.md", text)
        self.pandoc("-t", "json", "index.md", "-o", "index.json")
        self.html("index", TITLE, len(self.pages), [
            "-V", "index=yes", "-V", "next-page=%s.html" % self.pages[0].name,
            "-V", "next-title=" + html.escape(self.pages[0].title)])

    def whole(self):
        """All pages as one tree, from which EPUB and PDF are made."""
        tree = dict(self.pages[0].tree, meta={}, blocks=[])
        for page in self.pages:
            tree["blocks"].append(
                {"t": "Div", "c": [[page.name, ["page"], []], []]})
            tree["blocks"] += page.tree["blocks"]
        self.write("whole.json", json.dumps(tree))
        return ["-f", "json", "whole.json", "-M", "title=" + TITLE,
                "-M", "subtitle=" + SUBTITLE, "-M", "lang=en"]

    def pdf(self, words):
        self.pandoc(*words, "-t", "html5", "--template",
                    os.path.join(HERE, "print.html"), "--toc",
                    "--toc-depth=2", "-o", "whole.html", filters=["whole"])
        self.run(["weasyprint", "-q", "whole.html", NAME + ".pdf"], self.work)
        self.say("write    %s.pdf" % NAME)

    def epub(self, words):
        when = time.gmtime(int(self.environment["SOURCE_DATE_EPOCH"]))
        self.pandoc(*words, "-t", "epub3", "--css", "style.css", "--toc",
                    "--toc-depth=2", "-M", "identifier=" + IDENTIFIER,
                    "-M", "date=" + time.strftime("%Y-%m-%d", when),
                    "-M", "rights=CC BY 4.0", "-o", "now.epub",
                    filters=["whole"])
        dated(self.path("now.epub"), self.path(NAME + ".epub"), when)
        self.say("write    %s.epub" % NAME)

    def build(self):
        for name in ("html", "figures"):
            os.mkdir(self.path(name))
        for name, paths in (("sources", self.sources()),
                            ("pages", [page.source for page in self.pages])):
            self.write(name, "".join(path + "\n" for path in paths))
        for name in ("style.css", "screen.css", "print.css", "search.js"):
            shutil.copyfile(os.path.join(HERE, name), self.path("html", name))
            shutil.copyfile(os.path.join(HERE, name), self.path(name))
        self.each(self.read)
        self.check()
        words = self.whole()
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            tasks = [pool.submit(self.pdf, words),
                     pool.submit(self.epub, words),
                     pool.submit(self.html_index)]
            tasks += [pool.submit(self.html_page, page) for page in self.pages]
        for task in tasks:
            task.result()
        self.write("html/search-index.js", search.index(
            self.path("html"), [page.name for page in self.pages]))
        self.deliver()

    def deliver(self):
        """Put the new book in the old one's place: all of it is there now."""
        for name in ("html", NAME + ".epub", NAME + ".pdf"):
            old = os.path.join(self.out, name)
            if os.path.exists(old):
                os.rename(old, self.path("old-" + name))
            os.rename(self.path(name), old)
            self.say("done     " + os.path.relpath(old))


def unused_parts(top, path, used):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            part = re.match(r"\s*/\* part ([\w-]+) \*/", line)
            if part and part.group(1) != "end" and \
                    "%s %s" % (path, part.group(1)) not in used:
                yield '%s:%d: no page shows the part "%s"' % (
                    path, number, part.group(1))


def dated(old, new, when):
    """The same EPUB as of `when`: pandoc says now, in each member's header and,
    before 2.11, in the text."""
    said = rb'(<meta property="dcterms:modified">)[^<]*'
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", when).encode()
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w") as target:
        for member in source.infolist():
            target.writestr(zipfile.ZipInfo(member.filename, when[:6]),
                            re.sub(said, rb"\g<1>" + date,
                                   source.read(member)), member.compress_type)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-o", dest="out")
    parser.add_argument("top", nargs="?", default=ROOT)
    args = parser.parse_args()
    top = os.path.abspath(args.top)
    out = os.path.abspath(args.out or os.path.join(top, "book", "build"))
    book = None
    try:
        book = Book(top, out)
        book.build()
    except Fault as fault:
        print("%s\nbook: stopped; an earlier book is left as it was" % fault,
              file=sys.stderr)
        return 1
    finally:
        if book:
            shutil.rmtree(book.work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
