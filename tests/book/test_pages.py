"""The book itself, built and looked at: its HTML as files, where every link
must arrive, and in a headless Chromium, on a desk and on a phone."""

import glob
import html.parser
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import browser
from owner import as_owner

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "book", "build.py")
NEEDS = [name for name in ("pandoc", "dot", "weasyprint")
         if not shutil.which(name)]
SCREENS = {"desk": (1400, 900), "phone": (390, 844)}

PAGE_WIDTH = """[document.documentElement.scrollWidth,
                 document.documentElement.clientWidth]"""
CUT_OFF = """[...document.querySelectorAll("main pre, main .table, main p")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.textContent.slice(0, 60))"""
FIGURES = """[...document.querySelectorAll("main .figure")].map(f => {
    const box = f.querySelector("svg").getBoundingClientRect();
    return [box.width, box.height, f.querySelectorAll("svg text").length];
})"""
SEARCH = """(() => {
    const field = document.getElementById("search");
    field.value = %s;
    field.dispatchEvent(new Event("input"));
    return [...document.querySelectorAll("#results a")].map(a => a.href);
})()"""


class Parsed(html.parser.HTMLParser):
    """What a page has and what it asks for."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads, self.pictures = [], [], [], []
        with open(path, encoding="utf-8") as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a":
            self.links.append(attrs["href"])
        elif tag == "link":
            self.loads.append(attrs["href"])
        elif attrs.get("src"):
            self.loads.append(attrs["src"])
        if tag == "svg":
            self.pictures.append(attrs)
        elif tag == "img":
            self.pictures.append({"role": "img",
                                  "aria-label": attrs.get("alt")})


class Built(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        if NEEDS:
            raise unittest.SkipTest("not installed: " + ", ".join(NEEDS))
        if not Built.pages:
            Built.build()

    out, pages = None, []

    @staticmethod
    def build():
        """Once for both classes."""
        Built.out = tempfile.mkdtemp(prefix="book-pages-")
        unittest.addModuleCleanup(shutil.rmtree, Built.out)
        identity = as_owner()
        if identity:
            os.chown(Built.out, identity["user"], identity["group"])
        done = subprocess.run(
            [sys.executable, "-B", BUILD, "-o", Built.out], check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, **identity)
        if done.returncode:
            raise AssertionError(done.stdout.decode())
        Built.pages = sorted(glob.glob(os.path.join(Built.out, "html",
                                                    "*.html")))


class Files(Built):
    def test_every_page_is_there(self):
        sources = glob.glob(os.path.join(HERE, "..", "..", "book",
                                         "[0-9][0-9]-*.md"))
        self.assertEqual(
            [os.path.basename(page)[:-len(".html")] for page in self.pages],
            sorted(os.path.basename(s)[:-len(".md")] for s in sources)
            + ["index"])

    def test_links_and_anchors(self):
        parsed = {os.path.basename(p): Parsed(p) for p in self.pages}
        for name, page in parsed.items():
            self.assertEqual(len(page.ids), len(set(page.ids)),
                             name + ": an id twice")
            for link in page.links:
                path, _, anchor = link.partition("#")
                if re.match("https?:", link):
                    continue
                with self.subTest("%s: %s" % (name, link)):
                    self.assertTrue(os.path.exists(os.path.join(
                        Built.out, "html", path)), "no such file")
                    if anchor:
                        self.assertIn(anchor, parsed[path or name].ids,
                                      "no such anchor")

    def test_nothing_is_fetched(self):
        for page in self.pages:
            for load in Parsed(page).loads:
                self.assertRegex(load, r"^(data:,|[\w.-]+)$", page)
        for sheet in glob.glob(os.path.join(Built.out, "html", "*.css")):
            with open(sheet, encoding="utf-8") as file:
                self.assertNotRegex(file.read(), r"url\(|@import", sheet)

    def test_pictures_have_words(self):
        pictures = [p for page in self.pages for p in Parsed(page).pictures]
        self.assertTrue(pictures)
        for picture in pictures:
            self.assertEqual(picture.get("role"), "img")
            self.assertGreater(len(picture.get("aria-label") or ""), 20,
                               "a figure says too little of itself")


class InBrowser(Built):
    @classmethod
    def setUpClass(cls):
        if not browser.program():
            raise unittest.SkipTest("chromium is not installed")
        super().setUpClass()

    def setUp(self):
        """A browser a test: other tests look for processes that are left."""
        self.browser = browser.Browser()
        self.addCleanup(self.browser.close)

    def each(self, hold):
        """Every page on every screen, light on the desk, dark on the phone."""
        for screen, (width, height) in SCREENS.items():
            for page in self.pages:
                with self.subTest("%s, %s" % (os.path.basename(page), screen)):
                    troubles = self.browser.open(page, width, height,
                                                 dark=screen == "phone")
                    self.assertEqual(troubles, [])
                    hold()

    def test_pages_fit_without_an_error(self):
        def fits():
            wide, shown = self.browser.run(PAGE_WIDTH)
            self.assertEqual(wide, shown, "the page scrolls sideways: "
                             "%d of %d" % (shown, wide))
            self.assertEqual(self.browser.run(CUT_OFF), [])
        self.each(fits)

    def test_figures_are_drawn(self):
        boxes = []

        def drawn():
            boxes.extend(self.browser.run(FIGURES))
        self.each(drawn)
        self.assertGreaterEqual(len(boxes), len(SCREENS))
        for width, height, words in boxes:
            self.assertGreater(min(width, height), 20)
            self.assertGreater(words, 0, "a figure without a word")

    def test_search(self):
        def finds():
            found = self.browser.run(SEARCH % '"pivot_root mount"')
            self.assertTrue(found, "nothing found")
            for link in found:
                path = link.split("#")[0].replace("file://", "")
                self.assertTrue(os.path.exists(path), link)
            self.assertEqual(self.browser.run(SEARCH % '"qqxxzz"'), [])
        self.each(finds)

    def test_the_browser_sees_what_is_wrong(self):
        """The other tests could fail: a page made to."""
        path = os.path.join(Built.out, "wrong.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write('<title>x</title><main><div class="figure"><svg '
                       'width="0"></svg></div><p style="width:5000px">x</p>'
                       '</main><script src="lost.js"></script>'
                       '<script>console.error("said"); thrown();</script>')
        troubles = "\n".join(self.browser.open(path, 390, 844))
        for word in ("lost.js", "said", "thrown"):
            self.assertIn(word, troubles)
        wide, shown = self.browser.run(PAGE_WIDTH)
        self.assertGreater(wide, shown)
        self.assertEqual(self.browser.run(CUT_OFF), ["x"])
        self.assertEqual(self.browser.run(FIGURES)[0][0], 0)
