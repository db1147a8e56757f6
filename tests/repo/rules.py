"""The rules of the repository: each takes a tree, returns its complaints.

A complaint is a line "path:number: what is wrong".  test_repo.py holds the
rules against this repository, test_rules.py against trees made to break them.
"""

import collections
import fnmatch
import os
import re
import shutil
import subprocess

import same
from owner import as_owner

TOP_LEVEL = {"Makefile", "README.md", "LICENSE", "ch01-namespaces",
             "ch02-cgroups", "ch03-unionfs", "ch04-rootfs-pivot",
             "ch05-network", "ch06-final", "tests", "book"}
COLUMNS = 80
LONG_FUNCTION = 40
LONGEST_FUNCTION = 60
LONGEST_STEP = 80
# A whole file system, were it only to be read, is a question and its answer
# five times over: a hundred lines of code, and what explains them.
LONGER_STEPS = {"ch03-unionfs/steps/03-union-by-fuse.c": 114}
# In two parts each, or this file would break its own rule.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SHELL_CALLS = re.compile(r"\b(sys" r"tem|po" r"pen|wordexp)\s*\(")
COMPILE = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
           "-fsyntax-only", "-x", "c", "-"]


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = sorted(self._list())

    def _list(self):
        """What git tracks or would: not what the build makes."""
        if os.path.exists(os.path.join(self.root, ".git")):
            done = subprocess.run(
                ["git", "-C", self.root, "ls-files", "-co", "-z",
                 "--exclude-standard"], stdout=subprocess.PIPE, check=True,
                **as_owner())
            names = done.stdout.decode().split("\0")
            return [n for n in names if n and os.path.lexists(self.path(n))]
        found = []
        for top, directories, names in os.walk(self.root):
            directories[:] = [d for d in directories
                              if d not in ("build", "lab", "__pycache__")]
            found += [os.path.relpath(os.path.join(top, n), self.root)
                      for n in names]
        return found

    def path(self, name):
        return os.path.join(self.root, name)

    def sources(self, ends=(".c", ".h")):
        return [f for f in self.files if f.endswith(ends)
                and not os.path.islink(self.path(f))]

    def text(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def lines(self, name):
        return list(enumerate(self.text(name).split("\n"), 1))


def blanked(source):
    """The source with comments and strings emptied, every line kept."""
    token = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                       re.S)

    def blank(match):
        kept = "\n" * match.group().count("\n")
        return kept if match.group().startswith("/*") else '""'
    return token.sub(blank, source)


def top_level(tree):
    seen = {f.split("/")[0] for f in tree.files}
    seen = {name for name in seen if not name.startswith(".")}
    return (["%s:1: does not belong at the top" % n
             for n in sorted(seen - TOP_LEVEL)] +
            ["%s:1: is missing at the top" % n
             for n in sorted(TOP_LEVEL - seen)])


def same_name_same_file(tree):
    return ["%s:1: not the same as %s (make sync)" % (copy, owner)
            for owner, copy in same.differing(tree.root)]


def columns(tree):
    return ["%s:%d: %d columns" % (name, number, len(line.expandtabs(8)))
            for name in tree.sources() for number, line in tree.lines(name)
            if len(line.expandtabs(8)) > COLUMNS]


def white_space(tree):
    bad = []
    for name in tree.sources():
        for number, line in tree.lines(name):
            if line != line.rstrip():
                bad.append("%s:%d: blanks at the end" % (name, number))
            if line.startswith("        "):
                bad.append("%s:%d: indented by blanks, not tabs" %
                           (name, number))
        if not tree.text(name).endswith("\n"):
            bad.append("%s:1: does not end in a newline" % name)
    return bad


def comments(tree):
    bad = []
    for name in tree.sources():
        text = tree.text(name)
        if not text.startswith("/*"):
            bad.append("%s:1: no comment says what the file is for" % name)
        for number, line in enumerate(blanked(text).split("\n"), 1):
            if "//" in line:
                bad.append("%s:%d: a // comment" % (name, number))
            if re.match(r"\s*typedef\s+(struct|union|enum)\b", line):
                bad.append("%s:%d: a typedef for a struct" % (name, number))
    return bad


Function = collections.namedtuple("Function", "file name line length")


def functions(tree, name, bad):
    """The functions of a file; those not written as agreed go into `bad`.

    return type          on a line of its own
    name(arguments)      in column 0
    {
    }
    """
    lines = blanked(tree.text(name)).split("\n")
    found = []
    for index, line in enumerate(lines):
        if re.match(r"(?!struct|union|enum|extern)[A-Za-z_][\w \t*]*\([^;]*\)"
                    r"\s*\{", line):
            bad.append("%s:%d: the brace of a function has its own line" %
                       (name, index + 1))
        if line != "{":
            continue
        head = index - 1
        while head > 0 and lines[head][:1] in ("\t", " "):
            head -= 1
        match = re.match(r"([a-z_][a-z0-9_]*)\(", lines[head])
        if not match or not re.match(r"[A-Za-z_]", lines[head - 1]):
            bad.append("%s:%d: the return type goes on its own line, the "
                       "name in column 0: %s" %
                       (name, head + 1, lines[head]))
            continue
        end = index
        while end < len(lines) and lines[end] != "}":
            end += 1
        found.append(Function(name, match.group(1), head + 1,
                              end - head + 2))
    return found


def all_functions(tree, bad):
    return [f for name in tree.sources((".c",))
            for f in functions(tree, name, bad)]


def function_shape(tree):
    bad = []
    for function in all_functions(tree, bad):
        if function.length > LONGEST_FUNCTION:
            bad.append("%s:%d: %s() has %d lines" %
                       (function.file, function.line, function.name,
                        function.length))
    return bad


def include_lines(tree, name):
    for number, line in tree.lines(name):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def own_header_first(tree):
    bad = []
    for name in tree.sources((".c",)):
        own = name[:-2] + ".h"
        includes = list(include_lines(tree, name))
        if own in tree.files and (
                not includes or includes[0][2] != os.path.basename(own)):
            bad.append("%s:%d: its own header comes first" %
                       (name, includes[0][0] if includes else 1))
    return bad


def chapter_of(name):
    return name.split("/")[0] if name.startswith("ch0") else None


def include_directories(tree, chapter):
    places = [""]
    if chapter.startswith("ch06"):
        places += same.SUBJECTS
    return [os.path.join(tree.path(chapter), place) for place in places]


def headers_alone(tree, compiler="gcc"):
    """Included alone, and twice, each header compiles."""
    bad, seen = [], set()
    for name in tree.sources((".h",)):
        chapter = chapter_of(name)
        key = (os.path.basename(name), tree.text(name))
        if not chapter or key in seen:
            continue
        seen.add(key)
        line = '#include "%s"\n' % tree.path(name)
        done = subprocess.run(
            [compiler] + ["-I" + d for d in include_directories(tree, chapter)]
            + COMPILE, input=(line * 2).encode(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            bad.append("%s:1: does not compile alone:\n%s" %
                       (name, done.stdout.decode(errors="replace")))
    return bad


def read_layers(path):
    """The table: rows of (files, headers) and of (library, files)."""
    rows, libraries = [], []
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split("#")[0].split()
            if words[:1] == ["library"]:
                libraries.append((words[1], words[2:]))
            elif words:
                rows.append((words[0], words[1:]))
    return rows, libraries


def resolve(tree, name, header):
    """The path, within its chapter, of a header as `name` includes it: beside
    it, or in one of the directories the Makefile gives the compiler."""
    chapter = chapter_of(name)
    places = [os.path.dirname(name), chapter]
    if chapter.startswith("ch06"):
        places += [os.path.join(chapter, s) for s in same.SUBJECTS]
    for place in places:
        path = os.path.normpath(os.path.join(place, header))
        if path in tree.files:
            return path[len(chapter) + 1:]
    return None


def may_include(headers, wanted):
    for pattern in headers:
        if pattern.startswith("!"):
            if fnmatch.fnmatchcase(wanted, pattern[1:]):
                return False
        elif fnmatch.fnmatchcase(wanted, pattern):
            return True
    return False


def layers(tree, table):
    rows, libraries = read_layers(table)
    bad = []
    for name in tree.sources():
        if not chapter_of(name):
            continue
        row = next((r for r in rows if fnmatch.fnmatchcase(name, r[0])), None)
        if row is None:
            bad.append("%s:1: no row of tests/repo/layers is about it" % name)
            continue
        for number, quoted, header in include_lines(tree, name):
            where = "%s:%d: " % (name, number)
            if not quoted:
                bad += [where + "may not use the library of <%s>" % header
                        for library, users in libraries
                        if fnmatch.fnmatchcase(header, library) and not
                        any(fnmatch.fnmatchcase(name, u) for u in users)]
                continue
            wanted = resolve(tree, name, header)
            own = os.path.splitext(name)[0] + ".h"
            if wanted is None:
                bad.append(where + 'no "%s" in this chapter' % header)
            elif chapter_of(name) + "/" + wanted != own and \
                    not may_include(row[1], wanted):
                bad.append(where + "may not include %s" % wanted)
    return bad


def circles(tree):
    """Module A knows B knows A: then they are one module in two files."""
    known = collections.defaultdict(set)
    for name in tree.sources():
        if not chapter_of(name) or "/steps/" in name or "/demo/" in name:
            continue
        for _, quoted, header in include_lines(tree, name):
            wanted = quoted and resolve(tree, name, header)
            if wanted:
                known[os.path.splitext(name)[0]].add(
                    chapter_of(name) + "/" + os.path.splitext(wanted)[0])
    bad = []
    for module in sorted(known):
        seen, queue = set(), [n for n in known[module] if n != module]
        while queue:
            other = queue.pop()
            if other in seen:
                continue
            seen.add(other)
            queue += known[other]
        if module in seen:
            bad.append("%s.c:1: includes, round a corner, itself" % module)
    return bad


def steps(tree):
    bad = []
    for name in tree.sources():
        if "/steps/" not in name:
            continue
        length = tree.text(name).count("\n")
        longest = LONGER_STEPS.get(name, LONGEST_STEP)
        if length > longest:
            bad.append("%s:%d: a step of %d lines" % (name, longest, length))
        if not re.match(r"\d\d-[a-z0-9-]+\.c$", os.path.basename(name)):
            bad.append("%s:1: a step is called NN-name.c" % name)
        bad += ["%s:%d: a step includes no file of the project" %
                (name, number)
                for number, quoted, _ in include_lines(tree, name) if quoted]
    return bad


def shell_calls(tree):
    return ["%s:%d: runs a shell" % (name, number)
            for name in tree.sources()
            for number, line in enumerate(
                blanked(tree.text(name)).split("\n"), 1)
            if SHELL_CALLS.search(line)]


def unfinished(tree):
    return ["%s:%d: %s" % (name, number, line.strip())
            for name in tree.files
            if not os.path.islink(tree.path(name))
            for number, line in tree.lines(name) if UNFINISHED.search(line)]


def spelling(tree, accepted):
    if not shutil.which("codespell"):
        return None
    names = [f for f in tree.files if f != os.path.relpath(
        accepted, tree.root) and not os.path.islink(tree.path(f)) and
             not f.startswith("tests/fuzz/corpus/")]    # nobody's words
    if not names:
        return []
    done = subprocess.run(["codespell", "-I", accepted, *names],
                          cwd=tree.root, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT)
    return done.stdout.decode(errors="replace").splitlines()
