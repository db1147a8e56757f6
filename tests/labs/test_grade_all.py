"""grade-all: a class of honest and of hostile submissions, each in its box."""

import csv
import glob
import io
import json
import os
import shutil
import signal
import sys
import tarfile
import tempfile
import time
import unittest
import unittest.mock
import zipfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [TESTS, os.path.join(TESTS, "e2e")]

import harness                                                  # noqa: E402

import checking                                                 # noqa: E402
import grade_all                                                # noqa: E402
import lab                                                      # noqa: E402
import submission                                               # noqa: E402
import summary                                                  # noqa: E402
import test_grade                                               # noqa: E402

ODD = '=1+"2", <b>né\n\u202e'
LIMIT = 25
HIDDEN_POINTS = 4       # in test_grade.py

# What is done before main(), in every check.
CONSTRUCTOR = """
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static void __attribute__((constructor))
attack(void)
{
	%s
}
"""
ATTACKS = {
    "loops": "for (;;);",
    "forks": "for (;;) fork();",
    # Once: it takes a while to fill a memory.
    "eats": 'if (mkdir("/work/eaten", 0700) == 0) '
            "for (;;) memset(malloc(1 << 20), 1, 1 << 20);",
    "fills": 'static char block[8 << 20], name[64]; '
             'const char *const places[] = { "/work", "/tmp", "/dev/shm" }; '
             'for (int i = 0; i < 300; i++) { '
             'snprintf(name, sizeof(name), "%s/%d", places[i % 3], i); '
             'int fd = open(name, O_CREAT | O_WRONLY, 0600); '
             'for (int n = 0; n < 2; n++) '
             'if (write(fd, block, sizeof(block)) < 0) break; close(fd); }',
    "removes": 'if (system("rm -rf --no-preserve-root / 2>/dev/null")) '
               "return;",
    "floods": 'static char block[1 << 20]; '
              'int fd = open("/proc/1/fd/1", O_WRONLY); '
              'for (int i = 0; i < 2; i++) '
              'if (write(fd, block, sizeof(block)) < 0) break; close(fd);',
}


def reference():
    """{name: text} of a submission with full marks."""
    return {os.path.basename(path): lab.read(path)
            for path in lab.Labs("ch01-namespaces").files}


def write(directory, files):
    os.makedirs(directory)
    for name, text in files.items():
        with open(os.path.join(directory, name), "w",
                  encoding="utf-8") as file:
            file.write(text)


def write_attack(place, name):
    files = reference()
    files["ns.c"] = "#include <stdio.h>\n" + files["ns.c"] + \
        CONSTRUCTOR % ATTACKS[name]
    write(os.path.join(place, name), files)


def write_tar(path, members):
    """members: {name: content, or (type, target)}"""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, tuple):
                info.type, info.linkname = content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content.encode()))


def write_class(place):
    """One of each kind; some are in no need of a container."""
    right = reference()
    write(os.path.join(place, ODD), right)
    labs = lab.Labs("ch01-namespaces")
    lab.write_lab(labs, os.path.join(place, "starter"))
    write_tar(os.path.join(place, "packed.tar.gz"), {
        "../../etc/cron.d/x.c": "x", "/etc/passwd": "x",
        "packed/ch01-namespaces/lab/link.c": (tarfile.SYMTYPE, "/etc/passwd"),
        **{"packed/ch01-namespaces/lab/" + name: text
           for name, text in right.items()}})
    with open(os.path.join(place, "damaged.zip"), "wb") as file:
        file.write(b"PK\3\4 and so on")
    write(os.path.join(place, "typo"), {"ns.c": "int x = ;\n"})
    write(os.path.join(place, "zero"), {"ns.c": '#include "/dev/zero"\n'})
    for name in ATTACKS:
        write_attack(place, name)
    os.symlink("/etc/shadow", os.path.join(place, "linked.zip"))
    os.mkdir(os.path.join(place, "linked-file"))
    os.symlink("/etc/shadow", os.path.join(place, "linked-file", "ns.c"))
    os.mkdir(os.path.join(place, "empty"))
    os.mkfifo(os.path.join(place, "pipe.tar"))


class Machine(harness.KernelTest):
    """grade_all.py as it is run, and the host compared."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("containers need root")
        # Built outside of the comparison.
        cls.full = sum(check.points for check in checking.load(
            os.path.join(TESTS, "labs", "ch01", "checks.py")))
        grade_all.build()

    def start(self, place, *words, **more):
        return harness.start(
            [sys.executable, "-B", os.path.join(TESTS, "labs", "grade_all.py"),
             "--out", place + "-out", *words, place], **more)

    def place(self):
        """A directory for submissions, and beside it that of the grades."""
        return os.path.join(self.scratch(), "from")

    def rows(self, place):
        with open(place + "-out/grades.csv", encoding="utf-8",
                  newline="") as file:
            return {row["student"]: row for row in csv.DictReader(file)}

    def test_a_class(self):
        place = self.place()
        os.mkdir(place)
        write_class(place)
        write(place + "-hidden", {"checks.py": test_grade.HIDDEN,
                                  "own_driver.c": test_grade.HIDDEN_DRIVER})
        before = digest(place)
        self.succeed(
            ["make", "-s", "-C", harness.ROOT, "grade-all", "FROM=" + place,
             "OUT=" + place + "-out", "HIDDEN=" + place + "-hidden",
             "LIMIT=%d" % LIMIT], 300)
        rows, full = self.rows(place), self.full + HIDDEN_POINTS
        odd = "'" + summary.printable(ODD)
        self.assertEqual(len(rows), len(os.listdir(place)))
        for name, score, remark in (
                (odd, full, "^$"), ("packed", full, "^$"),
                ("starter", 0, "^$"), ("typo", 0, "does not compile"),
                ("zero", 0, "does not compile"), ("loops", 0, "time"),
                ("forks", 0, "time"), ("eats", None, "memory"),
                ("fills", 0, "No space left"), ("removes", 0, "not graded|time"),
                ("floods", 0, "no report"), ("linked", 0, "a link"),
                ("linked-file", 0, "ns.c is a link"),
                ("empty", 0, "no lab file"), ("pipe", 0, "not a plain file"),
                ("damaged", 0, "cannot be unpacked")):
            with self.subTest(name=name):
                row = rows[name]
                self.assertEqual(row["max"], str(full))
                self.assertIn(row["score"], [str(score)] if score is not None
                              else [str(n) for n in range(full)], row)
                self.assertRegex(row["remark"], remark)
        self.assertEqual(rows[odd]["ns_same/hidden"], str(HIDDEN_POINTS))
        self.assertEqual(digest(place), before, "submissions are only read")
        self.look_at_page(place + "-out")

    def look_at_page(self, out):
        with open(out + "/index.html", encoding="utf-8") as file:
            page = file.read()
        self.assertNotIn("<b>n", page)
        self.assertNotIn("\u202e", page)
        self.assertNotRegex(page, r"(?i)https?:|<script|<link|@import|url\(")
        for name in ("linked", "time", "does not compile"):
            self.assertIn(name, page)
        logs = os.listdir(out + "/logs")
        with open("/etc/shadow", encoding="utf-8") as file:
            secret = file.readline()
        self.assertEqual(len(logs), page.count('<a href="logs/'))
        for path in glob.glob(out + "/logs/*"):
            self.assertLess(os.path.getsize(path), 4 << 20)
            with open(path, encoding="utf-8") as file:
                self.assertNotIn(secret, file.read(), path)

    def loop(self):
        """A grading that has a container at work; its process."""
        place = self.place()
        os.mkdir(place)
        write_attack(place, "loops")
        process = self.start(place)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.at_work(process.pid):
                return process, place
            time.sleep(0.1)
        process.kill()
        self.fail("never began: %s" % harness.finish(process, 10))

    def at_work(self, pid):
        pattern = ("/var/tmp/mydocker-grade-%d-*/store/containers/*/record.json"
                   % pid)
        for path in glob.glob(pattern):
            try:
                with open(path, encoding="utf-8") as file:
                    record = json.load(file)
            except (OSError, ValueError):
                continue
            if record["status"] == "running" and "probe" not in record["name"]:
                return True
        return False

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process, place = self.loop()
            process.send_signal(number)
            done = harness.finish(process, 30)
            self.assertEqual(done.status, 130, str(done))
            self.assertFalse(os.path.exists(place + "-out"))
            self.nobody_is_left()
            self.assertEqual(glob.glob("/var/tmp/mydocker-grade-*"), [])

    def test_killed(self):
        """Its containers and files go with the next grading."""
        process, place = self.loop()
        process.kill()
        harness.finish(process, 10)
        left = glob.glob("/var/tmp/mydocker-grade-%d-*" % process.pid)
        self.assertEqual(len(left), 1)
        shutil.rmtree(place)
        os.makedirs(place + "/empty")
        done = harness.finish(self.start(place), 60)
        self.assertEqual(done.status, 0, str(done))
        self.assertFalse(os.path.exists(left[0]))
        self.nobody_is_left()

    def nobody_is_left(self):
        deadline = time.monotonic() + 20
        while harness.residue.descendants() and time.monotonic() < deadline:
            harness.residue.reap()
            time.sleep(0.1)
        self.assertEqual(harness.residue.descendants(), {})

    def test_what_is_wrong_is_said(self):
        place = self.place()
        os.mkdir(place)
        for words, fail_at, said in (
                ([], None, "there is no submission"),
                (["--chapter", "ch77"], None, "is no chapter"),
                (["--hidden", "/no/such"], None, "/no/such"),
                ([], "pivot", "pivot: made to fail by FAIL_AT\nmake doctor")):
            done = harness.finish(self.start(
                place, *words, env=harness.environment(FAIL_AT=fail_at)), 30)
            self.assertEqual(done.status, 1, str(done))
            self.assertIn(said, done.err)
            self.assertNotIn("Traceback", done.err)
            os.makedirs(place + "/empty", exist_ok=True)


def digest(place):
    """Everything that `place` has, times of change included."""
    return sorted((path, os.lstat(path).st_mtime_ns, os.lstat(path).st_mode)
                  for path in glob.glob(glob.escape(place) + "/**",
                                        recursive=True))


class Rights(unittest.TestCase):
    def test_without_root(self):
        with unittest.mock.patch("os.geteuid", return_value=1000), \
                self.assertRaisesRegex(grade_all.Fault, "need root"):
            grade_all.grade_class(None)


class Submissions(unittest.TestCase):
    """Which files count, and what a hostile archive gets."""

    def test_where_a_lab_file_may_be(self):
        for path, name in (
                ("ns.c", "ns.c"), ("./ns.c", "ns.c"), ("lab/ns.c", "ns.c"),
                ("ch01-namespaces/lab/ns.c", "ns.c"), ("alice/ns.c", "ns.c"),
                ("alice/ch01-namespaces/lab/sync.c", "sync.c"),
                ("/ns.c", "ns.c"), ("ns.h", "ns.h"),
                ("ch02-cgroups/lab/cgroup.c", None), ("a/b/ns.c", None),
                ("ch01-namespaces/demo/main/ns.c", None), ("ns.o", None),
                ("Makefile", None), (".ns.c", None), ("n s.c", None),
                ("../../ns.c", None), ("", None), (".", None),
                ("ns.c/", "ns.c"), ("lab", None)):
            self.assertEqual(submission.lab_name(path, "ch01-namespaces"),
                             name, path)

    def unpack(self, write_archive):
        with tempfile.TemporaryDirectory() as place:
            os.mkdir(place + "/lab")
            write_archive(place + "/archive")
            submission.unpack(place + "/archive", "ch01-namespaces",
                              place + "/lab")
            self.assertEqual(sorted(os.listdir(place)), ["archive", "lab"])
            files = {}
            for name in os.listdir(place + "/lab"):
                self.assertFalse(os.path.islink(place + "/lab/" + name))
                with open(place + "/lab/" + name, encoding="utf-8") as file:
                    files[name] = file.read()
            return files

    def test_archives(self):
        self.assertEqual(self.unpack(lambda path: write_tar(path, {
            "../x.c": "out", "link.c": (tarfile.SYMTYPE, "/etc/passwd"),
            "hard.c": (tarfile.LNKTYPE, "ns.c"), "ns.c": "first",
            "a/ns.c": "second", "fifo.c": (tarfile.FIFOTYPE, "")})),
            {"ns.c": "first"})

        def write_zip(path):
            with zipfile.ZipFile(path, "w") as packed:
                packed.writestr("a/lab/ns.c", "zipped")
                link = zipfile.ZipInfo("link.c")
                link.external_attr = 0o120777 << 16
                packed.writestr(link, "/etc/passwd")
        self.assertEqual(self.unpack(write_zip), {"ns.c": "zipped"})

    def test_bad_archives(self):
        def bomb(path):
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
                packed.writestr("ns.c", b"\0" * (4 << 20))

        def cut(path):
            write_tar(path, {"ns.c": "x" * 5000})
            os.truncate(path, 60)
        for write_archive, said in (
                (bomb, "larger than"), (cut, "cannot be unpacked"),
                (lambda path: write_tar(path, {"a.txt": ""}), "no lab file")):
            with self.assertRaisesRegex(submission.Refused, said):
                self.unpack(write_archive)


class Reports(unittest.TestCase):
    """Nothing is believed but whether the known checks passed."""

    def report(self, **changes):
        rows = [{"name": name, "passed": True, "message": None, "points": 99}
                for name in ("a", "b")]
        return json.dumps({"built": True, "compiler": "", "score": 1000,
                           "checks": rows, **changes})

    def test_good_and_bad(self):
        remark, said, results = grade_all.read_report(self.report(), {"a", "b"})
        self.assertEqual((remark, said), ("", ""))
        self.assertEqual(results, {"a": (True, "None"), "b": (True, "None")})
        for text in ("", "[" * 100000, "[]", "null", "{}", '{"checks": 1}', "1" * 5000,
                     self.report() + "x", self.report(checks=[]),
                     self.report(checks=[{"name": "a", "passed": True,
                                          "message": ""}]),
                     self.report(checks=[{"name": []}])):
            with self.assertRaises((ValueError, KeyError, TypeError,
                                    RecursionError)):
                grade_all.read_report(text, {"a", "b"})

    def rows(self):
        return [{"student": "=cmd|'x'", "score": 1, "max": 4, "remark": "",
                 "checks": {"<i>": (1, 1, "h"), "@b": (0, 3, '"><script>')},
                 "log": "logs/001-x.txt"},
                {"student": "\ud800\x1b[2J", "score": 0, "max": 4,
                 "checks": {}, "remark": "-1", "log": "logs/002-x.txt"}]

    def test_table_and_page(self):
        with tempfile.TemporaryDirectory() as place:
            summary.write_csv(place + "/t.csv", self.rows())
            summary.write_html(place + "/t.html", "T", "w", self.rows())
            with open(place + "/t.csv", encoding="utf-8", newline="") as file:
                head, *rows = csv.reader(file)
            with open(place + "/t.html", encoding="utf-8") as file:
                page = file.read()
        self.assertEqual(head, ["student", "score", "max", "<i>", "'@b",
                                "remark"])
        self.assertEqual(rows[0], ["'=cmd|'x'", "1", "4", "1", "0", ""])
        self.assertEqual(rows[1], ["\\ud800\\x1b[2J", "0", "4", "", "", "'-1"])
        self.assertNotIn("<i>", page)
        self.assertNotIn("<script", page)
        self.assertNotIn("\x1b", page)


if __name__ == "__main__":
    unittest.main()
