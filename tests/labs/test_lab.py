"""make lab, and MINE: starters that cannot drift from the reference."""

import os
import shutil

import lab
import trial

CHAPTER = "ch01-namespaces"
GOOD = "int\nf(int a)\n{\n\t/* lab f: add\n\t * one */\n\treturn a + 1;\n" \
    "\t/* lab end: (void)a;\n\t * return 0; */\n}\n"


class Markers(trial.LabTest):
    def fault(self, text):
        with self.assertRaises(lab.Fault) as caught:
            lab.regions(text, "f.c")
        return str(caught.exception)

    def test_a_region_is_cut_and_replaced(self):
        starter = lab.cut(GOOD, lab.regions(GOOD, "f.c"))
        self.assertEqual(starter, "int\nf(int a)\n{\n\t/* TO" "DO f: add\n"
                         "\t * one */\n\t(void)a;\n\treturn 0;\n}\n")

    def test_nothing_may_stand_after_it(self):
        text = GOOD.replace("(void)a;\n\t * return 0; */", "*/")
        starter = lab.cut(text, lab.regions(text, "f.c"))
        self.assertTrue(starter.endswith("one */\n}\n"), starter)

    def test_a_body_takes_its_place(self):
        text = lab.cut(GOOD, lab.regions(GOOD, "f.c"), {"f": "\treturn 7;\n"})
        self.assertEqual(text, "int\nf(int a)\n{\n\treturn 7;\n}\n")

    def test_faults_have_their_place(self):
        cut = GOOD.index("\t/* lab end")
        for text, words in (
                (GOOD[:cut], "f.c:4: \"lab f\" has no \"lab end\""),
                (GOOD[cut:], "f.c:1: \"lab end\" without a beginning"),
                (GOOD.replace("return a + 1;", "/* lab g: x */"),
                 "f.c:6: \"lab g\" within \"lab f\" of line 4"),
                (GOOD.replace(" add\n\t * one", ""),
                 "f.c:4: \"lab f\" gives no advice"),
                (GOOD.replace("lab f:", "lab :"),
                 "f.c:4: \"lab\" needs the name of an exercise")):
            with self.subTest(words):
                self.assertEqual(self.fault(text), words)


class Drift(trial.LabTest):
    """A copy of the repository in which something has moved."""

    def setUp(self):
        self.tree = self.place()
        for name in (CHAPTER, "tests", "book/labs", "Makefile"):
            source, copy = (os.path.join(top, name)
                            for top in (trial.ROOT, self.tree))
            if os.path.isdir(source):
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns(
                    "build", "lab", "__pycache__"))
            else:
                shutil.copy(source, copy)

    def change(self, name, old, new):
        path = os.path.join(self.tree, name)
        text = lab.read(path)
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))
        return 1 + text[:text.index(old)].count("\n")

    def make(self, *words):
        return trial.run(["make", "-s", *words], cwd=self.tree)

    def refused(self, words):
        status, output = self.make("lab", "CH=ch01")
        self.assertEqual(status, 2, output)
        self.assertIn(words, output)
        self.assertFalse(os.path.exists(
            os.path.join(self.tree, CHAPTER, "lab")), "it wrote all the same")

    def test_a_marker_of_no_exercise(self):
        line = self.change(CHAPTER + "/ns.c", "lab ns_within:", "lab other:")
        self.refused("ch01-namespaces/ns.c:%d: \"lab other\" is no exercise of "
                     "book/labs/ch01.md" % line)

    def test_a_marker_that_is_not_closed(self):
        self.change(CHAPTER + "/sync.c", "/* lab end:", "/* end:")
        self.refused("ch01-namespaces/sync.c:")

    def test_a_marker_that_was_taken_out(self):
        text = lab.read(os.path.join(self.tree, CHAPTER, "ns.c"))
        region = lab.regions(text, "ns.c")[0]
        for marker in (text[region.start:text.index("*/\n", region.start) + 3],
                       text[text.rindex("\t/* lab end", 0, region.stop):
                            region.stop]):
            self.change(CHAPTER + "/ns.c", marker, "")
        self.refused("book/labs/ch01.md: no module of ch01-namespaces has a "
                     "\"lab %s\"" % region.name)

    def test_two_of_one_name(self):
        self.change(CHAPTER + "/ns.c", "lab ns_within:", "lab ns_id:")
        self.refused("\"lab ns_id\" is at ch01-namespaces/ns.c:")

    def test_what_stands_in_its_place_does_not_compile(self):
        self.assertEqual(self.make("lab", "CH=ch01")[0], 0)
        mine = ("-C", CHAPTER, "MINE=ns sync", "WERROR=1")
        status, output = self.make(*mine)
        self.assertEqual(status, 0, output)
        shutil.rmtree(os.path.join(self.tree, CHAPTER, "lab"))
        self.change(CHAPTER + "/ns.c", "pid, uid, gid);", "pid, uid, guid);")
        self.assertEqual(self.make("lab", "CH=ch01")[0], 0)
        status, output = self.make(*mine)
        self.assertNotEqual(status, 0, output)
        self.assertIn("guid", output)


    def test_root_writes_for_the_owner_of_the_copy(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, who could write as somebody else")
        os.chown(self.tree, trial.USER, trial.USER)
        self.assertEqual(self.make("lab", "CH=ch01")[0], 0)
        place = os.path.join(self.tree, CHAPTER, "lab")
        for path in [place] + [os.path.join(place, name)
                               for name in os.listdir(place)]:
            self.assertEqual(os.stat(path).st_uid, trial.USER, path)


class Writing(trial.LabTest):
    def lab(self, *words):
        return trial.run(["make", "-s", "lab", *words])

    def test_starters_and_sheet_and_nothing_else(self):
        for word in ("ch01", "1", CHAPTER):
            place = os.path.join(self.place(), "new")
            status, output = self.lab("CH=" + word, "LAB=" + place)
            self.assertEqual(status, 0, output)
            self.assertEqual(sorted(os.listdir(place)), sorted(
                ["README.md", *(name + ".c" for name in
                                lab.Labs(CHAPTER).modules())]))
        readme = lab.read(os.path.join(place, "README.md"))
        self.assertIn("make grade CH=ch01", readme)
        self.assertRegex(readme, r"make ch01 MINE=\".*\binit\b.*\"")
        self.assertIn("make ch06 MINE=\"ns sync\"", readme)
        self.assertNotIn("{", readme.replace("{ 0 }", ""))
        for name in lab.Labs(CHAPTER).exercises:
            self.assertRegex(readme, r"(?m)^#+ %s\b.*\d+ points$" % name)

    def test_work_is_never_overwritten(self):
        place = self.fill(self.place(), {"ns.c": "mine", "README.md": "too"})
        status, output = self.lab("CH=ch01", "LAB=" + place)
        self.assertEqual(status, 0, output)
        self.assertIn("kept as they are: ns.c, README.md\n", output)
        self.assertRegex(output, r"wrote [\w., ]*sync\.c[\w., ]* in")
        self.assertEqual(lab.read(os.path.join(place, "ns.c")), "mine")
        self.assertEqual(lab.read(os.path.join(place, "README.md")), "too")

    def test_a_chapter_that_is_not_there_is_explained(self):
        for word, why in (("", "which chapter?"), ("ch77", "is no chapter"),
                          ("nonsense", "is no chapter"),
                          ("ch1x", "is no chapter")):
            status, output = self.lab("CH=" + word)
            self.assertEqual(status, 2, output)
            self.assertIn(why, output)
            self.assertIn("CH=ch01", output)

    def test_git_does_not_see_it(self):
        for path, ignored in ((CHAPTER + "/lab/ns.c", True),
                              ("tests/labs/lab.py", False),
                              ("book/labs/ch01.md", False)):
            status, output = trial.run(["git", "check-ignore", "-q",
                                        "--no-index", path])
            self.assertEqual(status, 0 if ignored else 1, output)


class Mine(trial.LabTest):
    """A chapter's program, with the reader's modules in it."""

    def make(self, chapter, *words):
        return trial.run(["make", "-s", "-j2", "-C", chapter, *words])

    def build(self, chapter, *words):
        status, output = self.make(chapter, *words)
        self.assertEqual(status, 0, output)
        return output

    def switch(self, chapter, *targets):
        """(our program, how to make it with the starter, how without)"""
        work = self.starter(lab.Labs(CHAPTER))
        build = self.place()
        words = ["BUILD=" + build, *(os.path.join(build, t) for t in targets)]
        program = os.path.join(build, "demo")
        return program, ["MINE=ns", "LAB=" + work, *words], words

    def is_mine(self, program):
        with open(program, "rb") as file:
            return b"ns_map_root(%d, %u, %u): not written yet" in file.read()

    def test_switching_it_on_and_off(self):
        program, mine, ours = self.switch(CHAPTER, "demo")
        for words, expected in ((mine, True), (mine, True), (ours, False),
                                (mine, True), (ours, False)):
            self.build(CHAPTER, *words)
            self.assertEqual(self.is_mine(program), expected)
        self.assertNotIn("link", self.build(CHAPTER, *ours))
        status, output = trial.run([program, "list"])
        self.assertEqual(status, 0, output)

    def test_saving_it_builds_anew(self):
        program, mine, _ = self.switch(CHAPTER, "demo")
        self.build(CHAPTER, *mine)
        status, output = trial.run([program], user=trial.USER)
        self.assertEqual(status, 1, output)
        self.assertIn("not written yet", output)
        work = mine[1].split("=")[1]
        self.fill(work, {"ns.c": lab.read(CHAPTER + "/ns.c")})
        self.build(CHAPTER, *mine)
        self.assertFalse(self.is_mine(program))

    def test_the_runtime_takes_it(self):
        program, mine, ours = self.switch("ch06-final", "demo")
        self.build("ch06-final", *mine)
        self.assertTrue(self.is_mine(program))
        for word in ("version", "list"):
            status, output = trial.run([program, word])
            self.assertEqual(status, 0, output)
        self.build("ch06-final", *ours)
        self.assertFalse(self.is_mine(program))

    def test_so_does_a_tool(self):
        """build/aufs of chapter 3 is linked from the chapter's modules."""
        chapter, mark = "ch03-unionfs", "the reader's own, and no other's"
        work, build = self.starter(lab.Labs(chapter)), self.place()
        path = os.path.join(work, "aufs_union.c")
        self.fill(work, {"aufs_union.c": lab.read(path) +
                         "extern const char lab_mark[];\n"
                         "const char lab_mark[] = \"%s\";\n" % mark})
        program = os.path.join(build, "aufs")
        for mine in (["MINE=aufs_union", "LAB=" + work], []):
            self.build(chapter, "BUILD=" + build, program, *mine)
            with open(program, "rb") as file:
                self.assertEqual(mark.encode() in file.read(), bool(mine))

    def test_what_is_not_there_is_explained(self):
        place = "LAB=" + self.place()
        for chapter, words, why in (
                (CHAPTER, "MINE=mountinfo", "make lab CH=ch01"),
                ("ch06-final", "MINE=cgroup", "make lab CH=ch02"),
                ("ch02-cgroups", "MINE=overlay", "no module overlay.c"),
                ("ch06-final", "MINE=nothing", "nothing.c")):
            status, output = self.make(chapter, words, place)
            self.assertEqual(status, 2, output)
            self.assertIn(why, output)

    def test_a_chapter_elsewhere_still_builds(self):
        place = os.path.join(self.place(), "elsewhere")
        shutil.copytree(os.path.join(trial.ROOT, CHAPTER), place,
                        ignore=shutil.ignore_patterns("build", "lab"))
        self.build(place)
        os.mkdir(os.path.join(place, "lab"))
        self.fill(os.path.join(place, "lab"), {
            "ns.c": lab.Labs(CHAPTER).starter(CHAPTER + "/ns.c")})
        self.build(place, "MINE=ns")
        self.assertTrue(self.is_mine(os.path.join(place, "build", "demo")))
