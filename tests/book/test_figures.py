"""The live figures are what the kernel says; and how that is made the same on
every machine."""

import glob
import os
import re
import unittest

import figures
import harness


class Figures(unittest.TestCase):
    def test_as_taken_now(self):
        names = figures.names()
        self.assertTrue(names, "book/figures has no figure")
        if os.geteuid() != 0:
            self.skipTest("figures are taken by root")
        for name in names:
            with self.subTest(name):
                if not figures.can_be_taken(name):
                    self.skipTest("this machine cannot draw it")
                self.assertEqual(figures.read(name), figures.retaken(name),
                                 "no longer so: make book-update")

    def test_each_is_shown(self):
        shown = set()
        for page in glob.glob(os.path.join(harness.ROOT, "book/*.md")):
            with open(page, encoding="utf-8") as file:
                shown.update(re.findall(r"src=figures/(\S+)", file.read()))
        self.assertEqual(shown, {os.path.basename(n) for n in figures.names()})

    def test_a_figure_says_where_it_comes_from(self):
        with self.assertRaisesRegex(AssertionError, "x.dot:1: no .*COMMAND"):
            figures.command_of("x.dot", "digraph { a -> b }\n")


class Normalised(unittest.TestCase):
    def becomes(self, text, wanted):
        self.assertEqual(figures.normalised(text), wanted)
        self.assertEqual(figures.normalised(wanted), wanted)

    def test_pids(self):
        self.becomes("sh (pid 512) cat (pid 77) init (pid 1) sh (pid 512)",
                     "sh (pid 2) cat (pid 3) init (pid 1) sh (pid 2)")
        self.becomes("pid=300 /proc/44/ns", "pid=2 /proc/3/ns")

    def test_inodes(self):
        self.becomes("net:[4026531840] uts:[4026532999] net:[4026531840]",
                     "net:[1] uts:[2] net:[1]")

    def test_ids(self):
        self.becomes("59e60a1d6c05 b542adb4ff41 59e60a1d6c05", "id1 id2 id1")
        self.becomes("0123456789abcdef" * 4, "id1")
        self.becomes("mydocker-demo-4411-93331/x", "mydocker-demo-run1/x")

    def test_what_is_the_same_everywhere_stays(self):
        for text in ("limit 67108864", "4294967296 bytes", "172.29.0.2/16",
                     "demo2", "sleep 600", "100000 1000", "feeddeadbeef",
                     "weight 123456789012"):
            self.becomes(text, text)
