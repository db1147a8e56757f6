"""Each chapter is a build of its own: a copy of its directory is enough."""

import os
import shutil
import unittest

import harness

BUILD_SECONDS = 180


class Copy:
    chapter = None

    def copy(self, user):
        place = os.path.join(self.scratch(user), "x")
        shutil.copytree(os.path.join(harness.ROOT, self.chapter), place,
                        symlinks=True,
                        ignore=shutil.ignore_patterns("build"))
        for top, directories, names in os.walk(place):
            for name in directories + names + ["."]:
                os.lchown(os.path.join(top, name), user, user)
        return place

    def build_and_list(self, user):
        place = self.copy(user)
        self.succeed(["make", "-C", place, "-j4"], BUILD_SECONDS, user=user)
        demo = os.path.join(place, "build", "demo")
        done = self.succeed([demo, "list"], user=user)
        self.assertTrue(done.out.strip(), str(done))
        return place

    def test_a_copy_builds(self):
        self.build_and_list(0)

    def test_an_ordinary_user_builds_a_copy(self):
        place = self.build_and_list(harness.USER)
        # Built once, there is nothing to do; cleaned, nothing is left.
        again = self.succeed(["make", "-C", place], user=harness.USER)
        self.assertNotIn("compile", again.out, str(again))
        self.succeed(["make", "-C", place, "clean"], user=harness.USER)
        self.assertNotIn("build", os.listdir(place))

    def test_a_missing_package_is_named_before_anything_is_built(self):
        place = self.copy(harness.USER)
        with open(os.path.join(place, "needs"), "a", encoding="utf-8") as file:
            file.write("lib no-such-library no-such-deb no-such-rpm "
                       "no-such-arch no-such-apk\n")
        done = self.run_command(["make", "-C", place], BUILD_SECONDS,
                                user=harness.USER)
        self.assertNotEqual(done.status, 0, str(done))
        self.assertIn("no-such-library", done.err, str(done))
        self.assertIn("install", done.err, str(done))
        self.assertIn("no-such-", done.err.split("install", 1)[1], str(done))
        self.assertNotIn("compile", done.out, str(done))
        self.assertNotIn("build", os.listdir(place))


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for chapter in harness.CHAPTERS:
        made = type("Copy_" + chapter.split("-")[0],
                    (Copy, harness.KernelTest), {"chapter": chapter})
        suite.addTests(loader.loadTestsFromTestCase(made))
    return suite
