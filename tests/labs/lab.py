#!/usr/bin/env python3
"""Cuts the starters of a chapter's labs out of its modules.

    lab.py [--lab DIR] CH       CH: ch01, 1 or ch01-namespaces

In the module, the reference, a region that the reader is to write:

    /* lab NAME: advice to the reader, one or more lines */
    ...the reference...
    /* lab end: return failx("NAME: not written yet"); */

In the starter the advice stays, marked as what there is to do, and the
statements after "lab end:" stand where the reference stood.  NAME is an
exercise: a heading of the lab sheet, book/labs/chNN.md, introduces it with its
points (a chapter of several pages has more sheets: chNN-SUBJECT.md):

    #### NAME, 7 points {#lab-NAME}

A file of the reader's that is there already is never written to.
"""

import argparse
import collections
import glob
import os
import re
import sys
import textwrap

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests", "repo")]

import same                                                     # noqa: E402

COMMENT = re.compile(r"([ \t]*)/\*\s*lab\b\s*([^\s:]*)\s*:?\s*(.*?)\s*\*/[ \t]*"
                     r"\n", re.S)
HEADING = re.compile(r"^#+ .*\{#lab-([^\s}]+).*\}$")
POINTS = re.compile(r"(\d+) points")

Region = collections.namedtuple("Region", "name line start stop indent advice "
                                          "ending")


class Fault(Exception):
    """Something in the sources or the sheet is not as agreed; says where."""


# ---- which chapter ---------------------------------------------------------

def chapters():
    return sorted(d for d in os.listdir(ROOT) if re.match(r"ch\d\d-", d))


def sheet_paths(chapter):
    place = os.path.join(ROOT, "book", "labs", chapter[:4])
    found = glob.glob(place + ".md") + sorted(glob.glob(place + "-*.md"))
    return [os.path.relpath(path, ROOT) for path in found]


def with_labs():
    return [c for c in chapters() if sheet_paths(c)]


def find_chapter(word):
    """The directory that `ch01`, `1` or `ch01-namespaces` means."""
    known = ", ".join("CH=" + c[:4] for c in with_labs())
    if not word:
        raise Fault("which chapter?  There are labs for: %s" % known)
    match = re.fullmatch(r"(?:ch)?0*(\d+)", word)
    found = [c for c in chapters()
             if c == word.rstrip("/") or
             match and int(c[2:4]) == int(match.group(1))]
    if not found:
        raise Fault("CH=%s is no chapter.  There are labs for: %s" %
                    (word, known))
    if found[0] not in with_labs():
        raise Fault("%s has no labs yet.  There are labs for: %s" %
                    (found[0], known))
    return found[0]


def default_lab(chapter):
    return os.path.join(ROOT, chapter, "lab")


# ---- markers ---------------------------------------------------------------

def regions(text, where):
    """The marked regions of a source; a fault names the line."""
    found, opened = [], None
    for match in COMMENT.finditer(text):
        indent, name, words = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        place = "%s:%d: " % (where, line)
        if name == "end":
            if not opened:
                raise Fault(place + "\"lab end\" without a beginning")
            start, begun = opened
            found.append(Region(start[1], begun, start[3], match.end(),
                                start[0], start[2], words))
            opened = None
            continue
        if opened:
            raise Fault(place + "\"lab %s\" within \"lab %s\" of line %d" %
                        (name, opened[0][1], opened[1]))
        if not re.fullmatch(r"\w+", name):
            raise Fault(place + "\"lab\" needs the name of an exercise")
        if not words:
            raise Fault(place + "\"lab %s\" gives no advice" % name)
        opened = ((indent, name, words, match.start()), line)
    if opened:
        raise Fault("%s:%d: \"lab %s\" has no \"lab end\"" %
                    (where, opened[1], opened[0][1]))
    return found


def lines_of(words):
    """The lines of a comment, without the stars that all but the first have."""
    return re.sub(r"\n\s*\* ?", "\n", words).split("\n")


def cut(text, found, bodies=None):
    """The starter; or, for some regions by name, this text in their place."""
    bodies = bodies or {}
    for region in reversed(found):
        # In two parts, or this file would look unfinished itself.
        first, *more = lines_of("TO" "DO %s: %s" % (region.name,
                                                    region.advice))
        new = region.indent + "/* " + first
        for line in more:
            new += "\n%s * %s" % (region.indent, line)
        new += " */\n"
        new += "".join("%s%s\n" % (region.indent, line)
                       for line in lines_of(region.ending) if line)
        new = bodies.get(region.name, new)
        text = text[:region.start] + new + text[region.stop:]
    return text


class Labs:
    """The exercises of a chapter: {name: points}, and {file: its regions}."""

    def __init__(self, chapter):
        self.chapter, self.sheets = chapter, sheet_paths(chapter)
        self.exercises = {}
        for sheet in self.sheets:
            self._read_sheet(sheet)
        copies = {copy for _, copy in same.pairs(ROOT)}
        self.files = {}
        for module in same.modules(ROOT, chapter):
            path = os.path.join(chapter, module)
            if path.endswith(".c") and path not in copies:
                found = regions(read(path), path)
                if found:
                    self.files[path] = found
        self._compare()

    def _read_sheet(self, sheet):
        for number, line in enumerate(read(sheet).split("\n"), 1):
            match = HEADING.match(line)
            if not match:
                continue
            points = POINTS.search(line)
            if not points:
                raise Fault("%s:%d: the heading of lab-%s names no points" %
                            (sheet, number, match.group(1)))
            self.exercises[match.group(1)] = int(points.group(1))

    def _compare(self):
        """Every region is an exercise of the sheet, and the reverse."""
        seen = {}
        for path, found in self.files.items():
            for region in found:
                place = "%s:%d" % (path, region.line)
                if region.name not in self.exercises:
                    raise Fault("%s: \"lab %s\" is no exercise of %s" %
                                (place, region.name, " or ".join(self.sheets)))
                if region.name in seen:
                    raise Fault("%s: \"lab %s\" is at %s already" %
                                (place, region.name, seen[region.name]))
                seen[region.name] = place
        for name in self.exercises:
            if name not in seen:
                raise Fault("%s: no module of %s has a \"lab %s\"" %
                            (" or ".join(self.sheets), self.chapter, name))

    def modules(self):
        """What the reader writes, as MINE wants it: {"ns": its path}."""
        return {os.path.basename(path)[:-2]: path for path in self.files}

    def starter(self, path, bodies=None):
        return cut(read(path), self.files[path], bodies)

    def solution(self, path, bodies):
        """The reference but for these regions."""
        found = [r for r in self.files[path] if r.name in bodies]
        return cut(read(path), found, bodies)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


# ---- writing ---------------------------------------------------------------

README = """# The labs of %s

You write these functions of the chapter yourself:
%s.
Each place is marked, with advice, in the files beside this one; everything
else there is the chapter's own.  From the top of the repository:

    make grade CH=%s            build it, check it, count the points
    make watch CH=%s            the same whenever you save a file
    make %s MINE="%s"      the chapter's program, with your modules in it
    make ch06 MINE="%s"      the container runtime, with your modules in it

A check that fails gives a hint and keeps its log in logs/.  `make lab CH=%s`
never overwrites a file: to begin one anew, move yours away first.

"""


def readme(labs):
    """The sheet for somebody who reads it as it is: without pandoc's marks."""
    short, mine = labs.chapter[:4], labs.modules()
    runtime = {os.path.basename(m) for m in same.modules(ROOT, chapters()[-1])}
    text = README % (labs.chapter, textwrap.fill(", ".join(labs.exercises)),
                     short, short, short, " ".join(mine),
                     " ".join(m for m in mine if m + ".c" in runtime), short)
    sheet = "\n".join(read(path) for path in labs.sheets)
    sheet = re.sub(r"(?m)^(#+ .*?)\s*\{#.*\}$", r"\1", sheet)
    sheet = re.sub(r"(?<=`)\{\.[^}]*\}", "", sheet)
    return text + re.sub(r"(?m)^##(?=#)", "#", sheet)


def write_new(path, text):
    """False when it is there already."""
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def give_away(directory, names):
    """Written by root (sudo make lab) in somebody else's working copy."""
    owner = os.stat(ROOT)
    if os.geteuid() == 0 and owner.st_uid != 0:
        for path in [directory] + [os.path.join(directory, n) for n in names]:
            os.chown(path, owner.st_uid, owner.st_gid)


def write_lab(labs, directory):
    """(written, kept): the names of the files."""
    contents = {os.path.basename(p): labs.starter(p) for p in labs.files}
    contents["README.md"] = readme(labs)
    os.makedirs(directory, exist_ok=True)
    written = [name for name, text in contents.items()
               if write_new(os.path.join(directory, name), text)]
    give_away(directory, written)
    return written, [name for name in contents if name not in written]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lab", help="write there, not into CHAPTER/lab")
    parser.add_argument("chapter", nargs="?", default="")
    args = parser.parse_args()
    try:
        labs = Labs(find_chapter(args.chapter))
        directory = os.path.abspath(args.lab or default_lab(labs.chapter))
        written, kept = write_lab(labs, directory)
    except (Fault, OSError) as fault:
        print("lab: %s" % fault, file=sys.stderr)
        return 2
    short = labs.chapter[:4]
    if kept:
        print("lab: kept as they are: %s" % ", ".join(kept))
    print("lab: %s in %s" % ("wrote " + ", ".join(written) if written else
                             "nothing to write", os.path.relpath(directory)))
    print("lab: read README.md there, then: make grade CH=%s" % short)
    return 0


if __name__ == "__main__":
    sys.exit(main())
