"""make grade: the starter has nothing, the reference everything, and whoever
is wrong is caught by the check that is meant for it."""

import concurrent.futures
import glob
import itertools
import os
import signal
import subprocess
import time

import lab
import trial

LABS = {chapter: lab.Labs(lab.find_chapter(chapter))
        for chapter in trial.CHAPTERS}
COMPILERS = ("gcc", "clang")
POINTS = {chapter: sum(labs.exercises.values())
          for chapter, labs in LABS.items()}
MANY_POINTS = POINTS["ch01"]
HIDDEN = '''
from checking import check, require

@check("ns_same/hidden", 4, "nobody knows")
def hidden(run):
    "equal numbers, by a driver of the teacher's"
    at = run.start("own_driver").reach("asked")
    require(at.same == 1, "not the same: %s", at.text)
'''
HIDDEN_DRIVER = '''
#include "ns.h"
#include "stop.h"

int
main(void)
{
	struct ns_id id = { 3, 4 };
	stop("asked", "same=%d text=some words", ns_same(id, id));
	return 0;
}
'''


def failed(report):
    return {row["name"] for row in report["checks"] if not row["passed"]}


def messages(report):
    """Of the same, {check: what it says}."""
    return {row["name"]: row["message"] for row in report["checks"]
            if not row["passed"]}


def score(points):
    return "\nScore: %d/%d\n" % (points, MANY_POINTS)


def hints(output):
    return output.count("\n    hint: ")


class BothDirections(trial.LabTest):
    def each(self):
        """Every chapter's labs, in root's hands and in a user's."""
        users = (0, trial.USER) if os.geteuid() == 0 else (0,)
        return [(chapter, labs, user) for chapter, labs in LABS.items()
                for user in users]

    def test_the_starter_compiles_without_a_warning(self):
        for chapter, labs in LABS.items():
            work = self.starter(labs)
            for compiler in COMPILERS:
                build = self.place()
                # All of the runtime would take a minute.
                files = [os.path.join(build, "mine", name + ".o")
                         for name in labs.modules()] if chapter == "ch06" \
                    else []
                status, output = trial.run(
                    ["make", "-s", "-C", labs.chapter, "WERROR=1",
                     "MINE=" + " ".join(labs.modules()), "LAB=" + work,
                     "CC=" + compiler, "BUILD=" + build, *files])
                self.assertEqual(status, 0, output)

    def test_the_starter_fails_each_check(self):
        for chapter, labs, user in self.each():
            work = self.starter(labs, user)
            status, report = trial.grade(work, chapter)
            self.assertEqual(status, 1)
            self.assertEqual(report["score"], 0)
            self.assertEqual(report["compiler"], "")
            passed = [r["name"] for r in report["checks"] if r["passed"]]
            self.assertEqual(passed, [], "the starter passes: %s" % passed)
            for row in report["checks"]:
                self.assertIn("FAILED: ", lab.read(row["log"]))
                self.assertNotIn("the check itself", row["message"])

    def test_the_reference_has_full_marks(self):
        for chapter, labs, user in self.each():
            work = self.solution(labs, user=user)
            status, report = trial.grade(work, chapter)
            messages = [(r["name"], r["message"]) for r in report["checks"]
                        if not r["passed"]]
            self.assertEqual(messages, [], messages)
            self.assertEqual((status, report["score"]), (0, POINTS[chapter]))
            self.assertEqual(os.listdir(work + "/logs"), [])
            owners = {os.stat(p).st_uid for p in glob.glob(work + "/**",
                                                           recursive=True)}
            self.assertEqual(owners, {os.stat(work).st_uid})

    def test_the_sheet_and_the_checks_agree_on_points(self):
        for chapter, labs in LABS.items():
            _, report = trial.grade(self.starter(labs), chapter)
            points = {}
            for row in report["checks"]:
                points[row["exercise"]] = points.get(row["exercise"], 0) + \
                    row["max"]
            self.assertEqual(points, labs.exercises)
            self.assertEqual(report["max"], POINTS[chapter])


class WrongSolutions(trial.LabTest):
    """Several at a time: one of every exercise makes up a submission.  So none
    may be caught by another exercise's checks either."""

    def test_each_is_caught_by_the_checks_meant_for_it(self):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [(chapter, wrong, pool.submit(self.grade, chapter, wrong))
                    for chapter in LABS for wrong in self.submissions(chapter)]
        for chapter, wrong, job in jobs:
            report = job.result()
            self.assertTrue(report["built"], report["compiler"])
            for name, region, caught_by, _ in wrong:
                found = {check for check in failed(report)
                         if check.startswith(region + "/")}
                with self.subTest(chapter + " " + name):
                    self.assertEqual(found, caught_by, "failed: %s, meant for "
                                     "it: %s" % (messages(report), caught_by))
            meant = set().union(*(caught_by for _, _, caught_by, _ in wrong))
            self.assertEqual(failed(report) - meant, set(),
                             messages(report))

    def submissions(self, chapter):
        """Lists of wrong solutions, no two of a list of the same exercise."""
        by_exercise = {}
        for wrong in trial.wrong_solutions(chapter):
            by_exercise.setdefault(wrong[1], []).append(wrong)
        return [[wrong for wrong in row if wrong]
                for row in itertools.zip_longest(*by_exercise.values())]

    def grade(self, chapter, wrong):
        work = self.solution(LABS[chapter], {region: body for _, region, _, body
                                             in wrong})
        return trial.grade(work, chapter)[1]

    def test_there_are_two_for_every_exercise(self):
        for chapter, labs in LABS.items():
            count = dict.fromkeys(labs.exercises, 0)
            for _, region, _, _ in trial.wrong_solutions(chapter):
                count[region] += 1
            few = [name for name, number in count.items() if number < 2]
            self.assertEqual(few, [])


class Grading(trial.LabTest):
    """What the reader sees, on chapter 1's labs."""

    labs = LABS["ch01"]

    def make(self, work, *words):
        return trial.run(["make", "-s", "grade", "CH=ch01", "LAB=" + work,
                          *words])

    def test_a_score_and_a_hint_for_each_exercise(self):
        status, output = self.make(self.starter(self.labs))
        self.assertEqual(status, 2, output)         # make's own
        self.assertIn(score(0), output)
        self.assertEqual(hints(output), len(self.labs.exercises))
        self.assertIn("not written yet", output)

    def test_full_marks(self):
        status, output = self.make(self.solution(self.labs))
        self.assertEqual(status, 0, output)
        self.assertTrue(output.endswith(score(MANY_POINTS)), output)
        self.assertEqual(hints(output), 0)

    def test_what_does_not_compile_is_shown(self):
        work = self.solution(self.labs, {"ns_same": "\treturn nonsense;\n"})
        status, output = self.make(work)
        self.assertEqual(status, 2, output)
        self.assertIn("nonsense", output)
        self.assertIn("does not compile", output)
        self.assertIn(score(0), output)
        status, report = trial.grade(work, "1")
        self.assertEqual((status, report["score"]), (1, 0))
        self.assertFalse(report["built"])
        self.assertEqual(len(report["checks"]), len(failed(report)))

    def test_a_warning_is_shown_and_costs_nothing(self):
        work = self.solution(self.labs, {
            "ns_same": "\tint idle;\n"
            "\treturn a.device == b.device && a.inode == b.inode;\n"})
        status, output = self.make(work)
        self.assertEqual(status, 0, output)
        self.assertIn("idle", output)

    def test_a_file_that_lacks(self):
        work = self.solution(self.labs)
        os.unlink(os.path.join(work, "sync.c"))
        status, output = self.make(work)
        self.assertEqual(status, 2, output)
        self.assertIn("sync.c is not in", output)
        self.assertIn(score(0), output)

    def test_no_lab_yet(self):
        status, output = self.make(os.path.join(self.place(), "none"))
        self.assertEqual(status, 2, output)
        self.assertIn("make lab CH=ch01", output)
        status, output = trial.run(["make", "-s", "grade"])
        self.assertIn("which chapter?", output)

    def test_a_teachers_own_checks(self):
        hidden = self.fill(self.place(), {"checks.py": HIDDEN,
                                          "own_driver.c": HIDDEN_DRIVER})
        for body, passes in ((None, True), ("\treturn a.inode > 1UL << 40 && "
                                            "b.inode;\n", False)):
            work = self.solution(self.labs, body and {"ns_same": body})
            status, report = trial.grade(work, "--hidden", hidden, "ch01")
            self.assertEqual(report["max"], MANY_POINTS + 4)
            self.assertEqual(status, 0 if passes else 1)
            self.assertEqual("ns_same/hidden" in failed(report), not passes)
        status, output = self.make(work, "HIDDEN=" + hidden)
        self.assertIn("ns_same/hidden", output)
        status, output = self.make(work, "HIDDEN=" + self.place())
        self.assertIn("has no checks.py", output)


class Misbehaviour(trial.LabTest):
    """A reader's program that does not end, or not alone."""

    labs = LABS["ch01"]
    right = "\treturn a.device == b.device && a.inode == b.inode;\n"

    def misbehave(self, body):
        """The message of the first check, when all else is as ever."""
        work = self.solution(self.labs, {"ns_same": body})
        scratch = self.place()
        os.chmod(scratch, 0o777)
        status, report = trial.grade(work, "--timeout", "4", "ch01",
                                     env={"TMPDIR": scratch})
        self.assertEqual((status, report["score"]), (1, MANY_POINTS - 3))
        self.assertEqual(failed(report), {"ns_same/inode", "ns_same/device"})
        self.assertEqual(os.listdir(scratch), [])
        self.assertEqual(self.alive(scratch), [])
        return next(r["message"] for r in report["checks"] if r["message"])

    def alive(self, scratch):
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                if scratch in lab.read(path):
                    found.append(path)
            except OSError:
                pass        # ended meanwhile
        return found

    def test_one_that_hangs(self):
        self.assertEqual(self.misbehave("\tfor (;;)\n\t\tpause();\n" +
                                        self.right),
                         "no end within 4 s: it hangs")

    def test_one_that_forks_without_end(self):
        self.assertRegex(self.misbehave("\tfor (;;)\n\t\tfork();\n" +
                                        self.right),
                         r"it hangs \(it had made \d+ processes\)$")

    def test_one_that_leaves_a_child(self):
        self.assertRegex(self.misbehave(
            "\tif (fork() == 0 && setsid() > 0)\n"
            "\t\tfor (;;)\n\t\t\tpause();\n" + self.right),
            r"^left behind: process \d+ \(")

    def test_one_that_leaves_a_file(self):
        message = self.misbehave(
            "\tauto_free char *cwd = realpath(\".\", NULL);\n"
            "\tauto_free char *path = text(\"/tmp/%s\", strrchr(cwd, '/'));\n"
            "\tclose(open(path, O_CREAT | O_WRONLY, 0600));\n" + self.right)
        self.assertRegex(message, r"^left behind: file /tmp/lab-\S+$")
        self.assertFalse(os.path.exists(message.split()[-1]))

    def test_one_that_is_killed(self):
        self.assertIn("SIGSEGV", self.misbehave(
            "\t*(volatile int *)0 = 0;\n" + self.right))


class Watching(trial.LabTest):
    def test_the_first_check_that_fails_until_none_does(self):
        labs = LABS["ch01"]
        work = self.starter(labs)
        watch = subprocess.Popen(
            trial.script("watch") + ["--lab", work, "ch01"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.kill)
        first = self.until(watch, b"(waiting")
        self.assertEqual(hints(first), 1, first)
        self.assertIn(score(0).lstrip(), first)
        self.fill(work, {os.path.basename(path): lab.read(path)
                         for path in labs.files})
        self.until(watch, score(MANY_POINTS).lstrip().encode())
        os.killpg(watch.pid, signal.SIGINT)
        rest = watch.communicate(timeout=20)[0].decode()
        self.assertEqual(watch.returncode, 0, rest)
        self.assertNotIn("Traceback", rest)

    def until(self, watch, mark):
        """Its output up to the line with the mark."""
        output, deadline = b"\n", time.monotonic() + 120
        while mark not in output:
            line = watch.stdout.readline()
            output += line
            if not line or time.monotonic() > deadline:
                self.fail("no %s in:\n%s" % (mark, output.decode()))
        return output.decode()
