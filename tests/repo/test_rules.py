"""Every rule of rules.py is able to fail: each meets a tree that breaks it,
and one that does not."""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

import rules

HERE = os.path.dirname(os.path.abspath(__file__))
LAYERS = os.path.join(HERE, "layers")

GOOD_H = """\
/* good.h - a header. */
#ifndef GOOD_H
#define GOOD_H

int good_answer(int question);

#endif
"""
GOOD_C = """\
/* good.c - see good.h; it mentions sys""" """tem("ls") in a comment. */
#include "good.h"

#include <string.h>

struct pair {
	int a, b;
};

static const struct pair pairs[] = {
	{ 1, 2 },
};

static int
helper(int question,
       const char *words)
{
	return question + (int)strlen(words) + pairs[0].a;
}

int
good_answer(int question)
{
	return helper(question, "http://example.org po" "pen(");
}
"""


class Rule(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="mydocker-rules-")
        self.addCleanup(shutil.rmtree, self.root)
        self.put("ch02-cgroups/good.h", GOOD_H)
        self.put("ch02-cgroups/good.c", GOOD_C)

    def put(self, name, content):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)

    def tree(self):
        return rules.Tree(self.root)

    def assert_good(self, complaints):
        self.assertEqual(complaints, [])

    def assert_bad(self, complaints, *words):
        """One complaint, which has all these words."""
        self.assertEqual(len(complaints), 1, complaints)
        for word in words:
            self.assertIn(word, complaints[0])

    def test_top_level(self):
        for name in rules.TOP_LEVEL:
            self.put(name + ("" if "." in name or name.isupper() or
                             name == "Makefile" else "/x"), "")
        self.put(".ci/run", "")
        self.assert_good(rules.top_level(self.tree()))
        self.put("notes.txt", "")
        self.assert_bad(rules.top_level(self.tree()), "notes.txt")
        os.remove(os.path.join(self.root, "notes.txt"))
        os.remove(os.path.join(self.root, "LICENSE"))
        self.assert_bad(rules.top_level(self.tree()), "LICENSE", "missing")

    def test_same_name_same_file(self):
        self.put("ch03-unionfs/good.c", GOOD_C)
        self.put("ch06-final/mechanism/good.h", GOOD_H)
        for name in ("README.md", "needs", "demo/all.c", "steps/01-x.c"):
            self.put("ch02-cgroups/" + name, "two")
            self.put("ch03-unionfs/" + name, "three")
        self.put("ch02-cgroups/Makefile", "two")
        self.put("ch06-final/Makefile", "six")
        # Within one chapter two subjects may use the same word.
        self.put("ch06-final/cli/load.c", "the verb")
        self.put("ch06-final/image/tool/load.c", "what it does")
        self.assert_good(rules.same_name_same_file(self.tree()))

        self.put("ch03-unionfs/good.c", GOOD_C + "\n")
        self.assert_bad(rules.same_name_same_file(self.tree()),
                        "ch03-unionfs/good.c", "ch02-cgroups/good.c")
        self.put("ch03-unionfs/good.c", GOOD_C)
        self.put("ch06-final/mechanism/good.h", "")
        self.assert_bad(rules.same_name_same_file(self.tree()),
                        "mechanism/good.h", "ch02-cgroups/good.h")
        self.put("ch06-final/mechanism/good.h", GOOD_H)
        self.put("ch03-unionfs/Makefile", "three")
        self.assert_bad(rules.same_name_same_file(self.tree()), "Makefile")

    def test_sync_carries_the_owner_s_file(self):
        self.put("ch03-unionfs/good.c", "older")
        self.put("ch06-final/mechanism/good.h", "older")
        self.put("ch06-final/demo/good.c", "free")
        script = os.path.join(HERE, "same.py")
        self.assertEqual(subprocess.run(
            [sys.executable, "-B", script, self.root], check=False,
            stdout=subprocess.DEVNULL).returncode, 1)
        subprocess.run([sys.executable, "-B", script, "--sync", self.root],
                       check=True, stdout=subprocess.DEVNULL)
        self.assert_good(rules.same_name_same_file(self.tree()))
        with open(os.path.join(self.root, "ch06-final/mechanism/good.h"),
                  encoding="utf-8") as file:
            self.assertEqual(file.read(), GOOD_H)
        with open(os.path.join(self.root, "ch06-final/demo/good.c"),
                  encoding="utf-8") as file:
            self.assertEqual(file.read(), "free")

    def test_columns(self):
        self.put("a.c", "\t" * 9 + "12345678\n")
        self.assert_good(rules.columns(self.tree()))
        self.put("a.c", "\t" * 9 + "123456789\n")
        self.assert_bad(rules.columns(self.tree()), "a.c:1", "81")

    def test_white_space(self):
        self.assert_good(rules.white_space(self.tree()))
        self.put("a.h", "int a; \n")
        self.assert_bad(rules.white_space(self.tree()), "a.h:1", "end")
        self.put("a.h", "int\n        a;\n")
        self.assert_bad(rules.white_space(self.tree()), "a.h:2", "tabs")
        self.put("a.h", "int a;")
        self.assert_bad(rules.white_space(self.tree()), "newline")

    def test_comments(self):
        self.assert_good(rules.comments(self.tree()))
        self.put("a.c", "int a;\n")
        self.assert_bad(rules.comments(self.tree()), "what the file is for")
        self.put("a.c", "/* a */\nint a; // b\n")
        self.assert_bad(rules.comments(self.tree()), "a.c:2", "//")
        self.put("a.c", "/* a */\ntypedef struct a a_t;\n")
        self.assert_bad(rules.comments(self.tree()), "a.c:2", "typedef")

    def test_function_shape(self):
        self.assert_good(rules.function_shape(self.tree()))
        found = rules.all_functions(self.tree(), [])
        self.assertEqual([(f.name, f.line, f.length) for f in found],
                         [("helper", 15, 6), ("good_answer", 22, 5)])
        for wrong in ("int f(void)\n{\n}\n", "int\nf(void) {\n}\n",
                      "static struct a *f(int a,\n\t\t   int b)\n{\n}\n",
                      "int f(int a) {\n\treturn a;\n}\n"):
            self.put("a.c", wrong)
            self.assert_bad(rules.function_shape(self.tree()), "a.c:")

    def test_function_length(self):
        body = "\tx++;\n"
        self.put("a.c", "int\nf(int x)\n{\n%s}\n" % (body * 56))
        self.assert_good(rules.function_shape(self.tree()))
        self.put("a.c", "int\nf(int x)\n{\n%s}\n" % (body * 57))
        self.assert_bad(rules.function_shape(self.tree()), "f() has 61 lines")

    def test_own_header_first(self):
        self.assert_good(rules.own_header_first(self.tree()))
        self.put("ch02-cgroups/good.c",
                 '#include <stdio.h>\n#include "good.h"\n')
        self.assert_bad(rules.own_header_first(self.tree()), "good.c:1")
        self.put("ch02-cgroups/good.c", "int a;\n")
        self.assert_bad(rules.own_header_first(self.tree()), "good.c:1")

    def test_headers_alone(self):
        self.assert_good(rules.headers_alone(self.tree()))
        self.put("ch02-cgroups/a.h", "size_t a(void);\n")
        self.assert_bad(rules.headers_alone(self.tree()), "a.h", "size_t")
        # Included twice it breaks: no guard.
        self.put("ch02-cgroups/a.h", "struct a {\n\tint b;\n};\n")
        self.assert_bad(rules.headers_alone(self.tree()), "a.h")

    def layer(self, name, header, quoted=True):
        self.put(name, '#include "%s"\n' % header if quoted
                 else "#include <%s>\n" % header)
        found = rules.layers(self.tree(), LAYERS)
        os.remove(os.path.join(self.root, name))
        return found

    def test_layers(self):
        self.assert_good(rules.layers(self.tree(), LAYERS))
        for header in ("mechanism/base.h", "mechanism/tour.h", "cli/verb.h",
                       "container/up.h", "image/store.h", "oci/config.h",
                       "image/tool/untar.h", "network/bridge.h",
                       "runtime/make.h", "cli/options.h"):
            self.put("ch06-final/" + header, "")
        self.put("ch02-cgroups/base.h", "")
        self.put("ch02-cgroups/tour.h", "")
        self.put("ch02-cgroups/demo/demo.h", "")
        # Not reached from elsewhere, although the name is the same.
        self.put("ch06-final/demo/store.h", "")
        for name, header in (
                ("ch06-final/mechanism/a.c", "base.h"),
                ("ch06-final/container/a.c", "base.h"),
                ("ch06-final/container/a.c", "up.h"),
                ("ch06-final/oci/a.c", "config.h"),
                ("ch06-final/runtime/a.c", "config.h"),
                ("ch06-final/runc/a.c", "make.h"),
                ("ch06-final/runc/a.c", "options.h"),
                ("ch06-final/image/tool/a.c", "store.h"),
                ("ch06-final/cli/a.c", "store.h"),
                ("ch06-final/cli/a.c", "config.h"),
                ("ch06-final/demo/a.c", "tour.h"),
                ("ch02-cgroups/demo/a.c", "../tour.h"),
                ("ch02-cgroups/cgroup.c", "good.h")):
            with self.subTest(name + " may include " + header):
                self.assert_good(self.layer(name, header))
        for name, header in (
                ("ch06-final/mechanism/a.c", "up.h"),
                ("ch06-final/mechanism/a.c", "tour.h"),
                ("ch06-final/mechanism/base.h", "up.h"),
                ("ch06-final/container/a.c", "store.h"),
                ("ch06-final/container/a.c", "verb.h"),
                ("ch06-final/network/a.c", "config.h"),
                ("ch06-final/network/a.c", "up.h"),
                ("ch06-final/oci/a.c", "store.h"),
                ("ch06-final/oci/a.c", "up.h"),
                ("ch06-final/oci/a.c", "make.h"),
                ("ch06-final/runtime/a.c", "up.h"),
                ("ch06-final/runc/a.c", "up.h"),
                ("ch06-final/runc/a.c", "verb.h"),
                ("ch06-final/image/a.c", "untar.h"),
                ("ch06-final/image/a.c", "up.h"),
                ("ch06-final/cli/a.c", "untar.h"),
                ("ch06-final/demo/a.c", "untar.h"),
                ("ch06-final/steps/01-a.c", "base.h"),
                ("ch02-cgroups/steps/01-a.c", "base.h"),
                ("ch02-cgroups/cgroup.c", "tour.h"),
                ("ch02-cgroups/cgroup.c", "demo/demo.h"),
                ("ch02-cgroups/sys.c", "good.h"),
                ("ch02-cgroups/cgroup.c", "up.h")):
            with self.subTest(name + " may not include " + header):
                self.assert_bad(self.layer(name, header), name + ":1",
                                os.path.basename(header))

    def test_libraries(self):
        for name, header, good in (
                ("ch06-final/oci/a.c", "jansson.h", True),
                ("ch06-final/mechanism/a.c", "jansson.h", False),
                ("ch02-cgroups/a.c", "jansson.h", False),
                ("ch06-final/image/tool/a.c", "archive.h", True),
                ("ch06-final/image/a.c", "archive.h", False),
                ("ch06-final/container/a.c", "openssl/evp.h", False)):
            with self.subTest(name + " " + header):
                found = self.layer(name, header, quoted=False)
                if good:
                    self.assert_good(found)
                else:
                    self.assert_bad(found, header)

    def test_a_file_without_a_layer(self):
        self.put("ch06-final/somewhere/a.c", "")
        self.assert_bad(rules.layers(self.tree(), LAYERS), "no row")

    def test_circles(self):
        self.put("ch02-cgroups/a.h", "")
        self.put("ch02-cgroups/b.h", "")
        self.put("ch02-cgroups/a.c", '#include "a.h"\n#include "b.h"\n')
        self.assert_good(rules.circles(self.tree()))
        self.put("ch02-cgroups/b.c", '#include "b.h"\n#include "a.h"\n')
        self.assertEqual(len(rules.circles(self.tree())), 2)

    def test_steps(self):
        self.put("ch02-cgroups/steps/01-a.c", "#include <stdio.h>\n" +
                 "\n" * 79)
        self.assert_good(rules.steps(self.tree()))
        self.put("ch02-cgroups/steps/01-a.c", "\n" * 81)
        self.assert_bad(rules.steps(self.tree()), "81 lines")
        self.put("ch02-cgroups/steps/01-a.c", '#include "base.h"\n')
        self.assert_bad(rules.steps(self.tree()), "01-a.c:1")
        self.put("ch02-cgroups/steps/01-a.c", "")
        self.put("ch02-cgroups/steps/first.c", "")
        self.assert_bad(rules.steps(self.tree()), "first.c")

    def test_shell_calls(self):
        self.assert_good(rules.shell_calls(self.tree()))
        for call in ('sys' 'tem("ls")', 'po' 'pen (command, "r")'):
            self.put("a.c", textwrap.dedent("int\nf(void)\n{\n\t%s;\n}\n") %
                     call)
            self.assert_bad(rules.shell_calls(self.tree()), "a.c:4")
        self.put("a.c", "int x = file_sys" "tem(3);\n")
        self.assert_good(rules.shell_calls(self.tree()))

    def test_unfinished(self):
        self.assert_good(rules.unfinished(self.tree()))
        for word in ("TO" "DO", "FIX" "ME"):
            self.put("notes.md", "Good.\n%s: the rest\n" % word)
            self.assert_bad(rules.unfinished(self.tree()), "notes.md:2")

    def test_spelling(self):
        accepted = os.path.join(self.root, "words")
        self.put("words", "")
        if rules.spelling(self.tree(), accepted) is None:
            self.skipTest("codespell is not installed")
        self.assert_good(rules.spelling(self.tree(), accepted))
        self.put("notes.md", "It was rec" "ieved.\n")
        self.assert_bad(rules.spelling(self.tree(), accepted), "notes.md:1")
        self.put("words", "rec" "ieved\n")
        self.assert_good(rules.spelling(self.tree(), accepted))
