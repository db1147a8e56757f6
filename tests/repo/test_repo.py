"""The rules of rules.py, held against this repository."""

import glob
import os
import shutil
import subprocess
import unittest

import rules

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAYERS = os.path.join(HERE, "layers")
WORDS = os.path.join(HERE, "words")


class Repository(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        cls.tree = rules.Tree(ROOT)

    def hold(self, complaints):
        self.assertEqual(complaints, [], "\n".join(complaints))

    def test_top_level(self):
        self.hold(rules.top_level(self.tree))

    def test_same_name_same_file(self):
        self.hold(rules.same_name_same_file(self.tree))

    def test_columns(self):
        self.hold(rules.columns(self.tree))

    def test_white_space(self):
        self.hold(rules.white_space(self.tree))

    def test_comments(self):
        self.hold(rules.comments(self.tree))

    def test_functions(self):
        self.hold(rules.function_shape(self.tree))
        functions = {(os.path.basename(f.file), f.name): f
                     for f in rules.all_functions(self.tree, [])}.values()
        long = [f for f in functions if f.length > rules.LONG_FUNCTION]
        print("   functions: %d, over %d lines: %d (%s)" % (
            len(functions), rules.LONG_FUNCTION, len(long),
            ", ".join(sorted({f.name for f in long})) or "none"))

    def test_own_header_first(self):
        self.hold(rules.own_header_first(self.tree))

    def test_headers_compile_alone(self):
        self.hold(rules.headers_alone(self.tree))

    def test_layers(self):
        self.hold(rules.layers(self.tree, LAYERS))

    def test_circles(self):
        self.hold(rules.circles(self.tree))

    def test_steps(self):
        self.hold(rules.steps(self.tree))

    def test_no_shell_is_run(self):
        self.hold(rules.shell_calls(self.tree))

    def test_nothing_unfinished(self):
        self.hold(rules.unfinished(self.tree))

    def test_spelling(self):
        complaints = rules.spelling(self.tree, WORDS)
        if complaints is None:
            self.skipTest("codespell is not installed")
        self.hold(complaints)

    def test_suites_have_modules_of_different_names(self):
        """They are run by one process, to which a name is one module."""
        places = {}
        for path in glob.glob(os.path.join(ROOT, "tests", "*", "*.py")):
            places.setdefault(os.path.basename(path), []).append(
                os.path.relpath(path, ROOT))
        self.hold(sorted("%s: the same name" % " ".join(sorted(paths))
                         for paths in places.values() if len(paths) > 1))

    def test_python_names(self):
        """None is used without being there, none is there for nothing."""
        pyflakes = shutil.which("pyflakes3") or shutil.which("pyflakes")
        if not pyflakes:
            self.skipTest("pyflakes is not installed")
        done = subprocess.run([pyflakes, "tests", "book"], cwd=ROOT,
                              stdout=subprocess.PIPE, text=True, check=False)
        self.hold(done.stdout.splitlines())

    def test_every_chapter_lists_its_experiments(self):
        for chapter in sorted(rules.TOP_LEVEL):
            if not chapter.startswith("ch0"):
                continue
            with self.subTest(chapter):
                built = [os.path.join(ROOT, chapter, "build", place, "demo")
                         for place in ("gcc", "")]
                built = [path for path in built if os.access(path, os.X_OK)]
                self.assertTrue(built, "%s is not built" % chapter)
                done = subprocess.run([built[0], "list"], check=False,
                                      stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, timeout=20)
                self.assertEqual(done.returncode, 0)
                self.assertTrue(done.stdout.strip(), "it lists nothing")
