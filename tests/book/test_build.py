"""The builder, on a book of two pages: what it takes in is right, the same text
gives the same bytes, and each fault stops it where the fault is."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
import zipfile

import rules

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "book", "build.py")
NEEDS = [name for name in ("pandoc", "dot", "weasyprint")
         if not shutil.which(name)]

SOURCE = """\
/* a.c - a module. */
#define LIMIT 3

struct pair {
	int a, b;
};

/* lab table: fill it in. */
static const struct pair pairs[] = {
	{ 1, 2 },
};
/* lab end: */

/* The answer. */
int
answer(int question)
{
	/* part sum */
	int sum = question + pairs[0].a;
	/* part end */
	/* lab sum: add
	 * them up. */
	sum += LIMIT;
	/* lab end: return -1; */
	return sum;
}

static int
twice(void)
{
	return 2;
}

#ifdef OLD
static int
twice(void)
{
	return 1;
}
#endif
"""
ONE = """\
# First things

What comes first. And more.

``` {.c include=ch01-one/a.c name=answer comment=yes}
```

``` {.c include=ch01-one/a.c part=sum}
```

The `answer`{.src} is in `ch01-one/a.c`{.file}, by `clone3(2)`{.sys};
also `answer`{.src in=ch02-two/a.c}.

## Draw it {#draw}

``` {.dot caption="A to `b`." alt="An arrow <from> a to b."}
digraph { a -> b; }
```

``` {.dot src=figures/live.dot alt="Only c."}
```

| A long heading of a column that is wider than most | b |
|-----------------------------------------------------------|---|
| c                                                         | d |

## When it goes wrong {#wrong}

Look [there](#draw).

```{.console session=two}
$ echo hello <you>
hello [..]
[exit 3]
```
"""
TWO = """\
# Last things

See [the first](01-one.md#draw), and [below](#index).

::: {.labs src=labs/ch01.md}
:::

::: {.collect section=wrong}
:::

## Index

::: {.syscalls}
:::
"""
LABS = "Two of them.\n\n### Ten minutes\n\nWrite it.\n"


class Tiny(unittest.TestCase):
    """A book in a directory of its own."""

    longMessage = False

    @classmethod
    def setUpClass(cls):
        if NEEDS:
            raise unittest.SkipTest("not installed: " + ", ".join(NEEDS))

    def make(self):
        """A new top directory with the two pages and their sources."""
        self.top = tempfile.mkdtemp(prefix="book-test-")
        self.addCleanup(shutil.rmtree, self.top)
        self.put("ch01-one/a.c", SOURCE)
        self.put("ch02-two/a.c", SOURCE)
        self.put("book/01-one.md", ONE)
        self.put("book/90-two.md", TWO)
        self.put("book/labs/ch01.md", LABS)
        self.put("book/figures/live.dot", "// taken from: true\ngraph { c; }\n")
        self.put("book/figures/bare.dot", "graph { d; }\n")

    def put(self, name, text):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def built(self, name, mode="r"):
        with open(os.path.join(self.top, "book", "build", name), mode) as file:
            return file.read()

    def build(self):
        return subprocess.run(
            [sys.executable, "-B", BUILD, self.top], check=False, timeout=100,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def files(self):
        """Everything that was built: name and bytes."""
        out = os.path.join(self.top, "book", "build")
        return {os.path.relpath(os.path.join(place, name), out):
                self.built(os.path.relpath(os.path.join(place, name), out),
                           "rb")
                for place, _, names in os.walk(out) for name in names}


class Good(Tiny):
    def setUp(self):
        self.make()
        done = self.build()
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def text(self, name):
        """The page as it is read: without tags, entities and wide blanks."""
        page = re.sub(r'<("[^"]*"|[^">])*>', "", self.built("html/" + name))
        return page.replace("&lt;", "<").replace("&gt;", ">")

    def test_what_is_taken_in(self):
        text = self.text("01-one.html")
        self.assertIn("ch01-one/a.c:14-26\n\n/* The answer. */\nint\n"
                      "answer(int question)\n{\n"
                      "        int sum = question + pairs[0].a;\n"
                      "        sum += LIMIT;\n", text)
        self.assertIn("ch01-one/a.c:19-19\n\nint sum = question", text)
        self.assertIn("answer (ch01-one/a.c:16)", text)
        self.assertIn("(ch02-two/a.c:16)", text)
        self.assertIn("hello <you>", text)
        page = self.built("html/01-one.html")
        self.assertEqual(page.count("<svg"), 2)
        self.assertIn('aria-label="An arrow &lt;from> a to b."', page)
        self.assertIn("A to <code>b</code>.", page)
        self.assertIn("terminal two", page)
        self.assertIn("<b>echo hello &lt;you&gt;</b>", page)
        self.assertIn("<table", page)
        self.assertNotIn("<col ", page)

    def test_what_comes_from_other_pages(self):
        page = self.built("html/90-two.html")
        for part in ('href="01-one.html#draw"', 'href="01-one.html#wrong"',
                     'href="01-one.html"', 'href="#index"',
                     '<h3 id="ten-minutes">', "<code>clone3(2)</code>"):
            self.assertIn(part, page)
        index = self.text("index.html")
        self.assertIn("First things", index)
        self.assertIn("What comes first.", index)
        self.assertNotIn("And more", index)
        self.assertIn('"title": "When it goes wrong"',
                      self.built("html/search-index.js"))

    def test_twice_the_same_bytes(self):
        first = self.files()
        self.make()             # another directory, and some seconds later
        self.build()
        second = self.files()
        self.assertEqual(sorted(first), sorted(second))
        self.assertEqual([], [n for n in first if first[n] != second[n]])
        self.assertTrue(any(n.endswith(".epub") for n in first))
        self.assertTrue(any(n.endswith(".pdf") for n in first))

    def test_epub(self):
        path = os.path.join(self.top, "book/build/write-docker-yourself.epub")
        with zipfile.ZipFile(path) as file:
            self.assertIsNone(file.testzip())
            first = file.infolist()[0]
            self.assertEqual(first.filename, "mimetype")
            self.assertEqual(first.compress_type, zipfile.ZIP_STORED)
            self.assertEqual(file.read(first), b"application/epub+zip")
            names = file.namelist()
            trees = {n: xml.etree.ElementTree.fromstring(file.read(n))
                     for n in names
                     if n.endswith((".xhtml", ".opf", ".ncx", ".svg", ".xml"))}
            for name in names:
                self.assertNotIn(b"<!ENTITY", file.read(name), name)
                self.assertNotIn(b".dtd", file.read(name), name)
        self.assertGreater(len(trees), 5)
        package = next(n for n in names if n.endswith(".opf"))
        self.hold_package(trees[package], os.path.dirname(package), names)
        self.hold_links(trees)

    def hold_package(self, tree, place, names):
        said = {element.tag.split("}")[1]: element.text
                for element in tree.iter() if "purl.org/dc" in element.tag}
        self.assertEqual(said["title"], "Write Docker Yourself, in C")
        self.assertEqual(said["language"], "en")
        self.assertRegex(said["identifier"], r"^urn:uuid:[0-9a-f-]{36}$")
        hrefs = [e.get("href") for e in tree.iter() if e.tag.endswith("}item")]
        for href in hrefs:
            self.assertIn(os.path.join(place, href), names)

    def hold_links(self, trees):
        """Inside the EPUB, too, every link arrives."""
        ids = {name: {e.get("id") for e in tree.iter()}
               for name, tree in trees.items()}
        count = 0
        for name, tree in trees.items():
            for link in tree.iter("{http://www.w3.org/1999/xhtml}a"):
                path, _, anchor = link.get("href").partition("#")
                path = os.path.normpath(os.path.join(
                    os.path.dirname(name), path)) if path else name
                self.assertIn(path, ids, "%s: %s" % (name, link.get("href")))
                self.assertIn(anchor or None, ids[path] | {None},
                              "%s: %s" % (name, link.get("href")))
                count += 1
        self.assertGreater(count, 4)

    def test_pdf(self):
        data = self.built("write-docker-yourself.pdf", "rb")
        self.assertEqual(data[:5], b"%PDF-")
        self.assertIn(b"/Outlines", data)

    def test_a_failure_leaves_the_old_book(self):
        before = self.files()
        self.put("book/01-one.md", ONE + "\n[dead](#nowhere)\n")
        self.assertEqual(self.build().returncode, 1)
        self.assertEqual(before, self.files())


# What is added to page one, or put into a file; where the build stops, and
# words it says.  The lines are counted from the end of page one.
LISTING = "\n``` {.c include=%s}\n```\n"
FIGURE = "\n``` {.dot %s}\n%s\n```\n"
FAULTS = {
    "no file": (LISTING % "ch01-one/b.c", 2, "there is no file ch01-one/b.c"),
    "no name": (LISTING % "ch01-one/a.c name=lost", 2,
                'ch01-one/a.c has no definition "lost"'),
    "no part": (LISTING % "ch01-one/a.c part=lost", 2, 'no part "lost"'),
    "name twice": (LISTING % "ch01-one/a.c name=twice", 2,
                   'which "twice"? ch01-one/a.c:29, ch01-one/a.c:36'),
    "not empty": ("\n``` {.c include=ch01-one/a.c name=pair}\nx\n```\n", 2,
                  "no lines"),
    "no reference": ("\nThe `lost`{.src}.\n", 2, '"lost"'),
    "reference twice": ("\nThe `twice`{.src}.\n", 2, 'which "twice"?'),
    "reference file": ("\nThe `twice`{.src in=a.c}.\n", 2, "no file a.c"),
    "file": ("\nSee `ch01-one/b.c`{.file}.\n", 2, "no file ch01-one/b.c"),
    "code too wide": ("\n```c\n\n%s\n```\n" % ("x" * 81), 4, "81 columns"),
    "text too wide": ("\n```\n%s\n```\n" % ("x" * 101), 3, "101 columns"),
    "no alt": (FIGURE % ('caption="c"', "graph { x; }"), 3, "no alt text"),
    "live, no alt": (FIGURE % ("src=figures/bare.dot caption=c", ""), 2,
                     "no alt text"),
    "no dot file": (FIGURE % ("src=figures/lost.dot alt=a", ""), 2,
                    "no file book/figures/lost.dot"),
    "not a graph": (FIGURE % ("alt=a", "graph { -> }"), 3, "dot cannot draw"),
    "picture": ("\n![x](x.png)\n", 2, "{.dot}"),
    "dead link": ("\n[x](03-three.md)\n", 2, "no page of the book"),
    "dead anchor": ("\n[x](90-two.md#lost)\n", 2,
                    "book/90-two.md has no such anchor"),
    "dead anchor here": ("\n[x](#lost)\n", 2, "no such anchor"),
    "no labs": ("\n::: {.labs src=labs/ch09.md}\n:::\n", 2,
                "no file book/labs/ch09.md"),
    "no section": ("\n::: {.collect section=lost}\n:::\n", 2, '"lost"'),
}


class Faults(Tiny):
    def setUp(self):
        self.make()

    def stops(self, place, words):
        done = self.build()
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 1, "it did not stop")
        self.assertRegex(said, "(?m)^%s: .*%s" % (re.escape(place),
                                                  re.escape(words)), said)
        self.assertEqual(self.files(), {})

    def test_pages(self):
        lines = ONE.count("\n")
        for name, (text, line, words) in FAULTS.items():
            with self.subTest(name):
                self.put("book/01-one.md", ONE + text)
                self.stops("book/01-one.md:%d" % (lines + line), words)

    def test_a_part_that_no_page_shows(self):
        self.put("ch01-one/a.c", SOURCE + "/* part lost */\n/* part end */\n")
        self.put("ch02-two/a.c", SOURCE + "/* part lost */\n/* part end */\n")
        self.stops("ch01-one/a.c:41", '"lost"')

    def test_a_file_that_moved(self):
        os.remove(os.path.join(self.top, "ch02-two/a.c"))
        os.rename(os.path.join(self.top, "ch01-one/a.c"),
                  os.path.join(self.top, "ch01-one/b.c"))
        self.stops("book/01-one.md:5", "there is no file ch01-one/a.c")

    def test_a_fault_in_a_lab_sheet_is_named_there(self):
        self.put("book/labs/ch01.md", LABS + "\nSee `lost.c`{.file}.\n")
        self.stops("book/labs/ch01.md:7", "no file lost.c")

    def test_a_page_without_a_title(self):
        self.put("book/02-x.md", "Text.\n")
        self.stops("book/02-x.md:1", "title")

    def test_misspelt_words_are_found(self):
        """The repository's check of spelling reads the book."""
        accepted = os.path.join(self.top, "words")
        self.put("words", "")
        self.put("book/01-one.md", ONE + "It was rec" "ieved.\n")
        found = rules.spelling(rules.Tree(self.top), accepted)
        if found is None:
            self.skipTest("codespell is not installed")
        self.assertEqual(len(found), 1, found)
        self.assertIn("book/01-one.md:%d" % (ONE.count("\n") + 1), found[0])
