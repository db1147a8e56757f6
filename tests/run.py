#!/usr/bin/env python3
"""Runs test suites and closes with one line: N passed, N failed, N skipped.

    python3 tests/run.py [-k PATTERN] [-v] SUITE...

    build   every chapter, by gcc and by clang, where a warning is an error
    unit    tests/unit: one cmocka program a module
    asan    the same programs, with address and undefined-behaviour checks
    repo    tests/repo: what the sources look like and who may know whom
    labs    tests/labs: starters fail, the reference passes, MINE, the grader
    book    tests/book: transcripts typed and compared; the book built, and looked
            at in a browser
    e2e     tests/e2e: the programs run for real (as root), the host compared
    user    tests/e2e again, those of chapter 6's verbs: by an ordinary user, who
            has ids that are lent, and who has one (AS_USER)
    oci     tests/oci: what the OCI runtime specification says, held against
            the runtime that RUNTIME names (ours)
    engines tests/engines: podman, containerd and Docker with that runtime

-k runs only the tests (of repo, book, labs, e2e, user, oci and engines) whose
name contains PATTERN.
The exit status is 0 when nothing failed.

Started as root in somebody else's working copy (sudo make test), everything
that needs no root is done as the owner of the files, so that what is built
here still belongs to them afterwards.
"""

import argparse
import concurrent.futures
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
import traceback
import unittest

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
sys.path[:0] = [TESTS, os.path.join(TESTS, "repo"), os.path.join(TESTS, "e2e")]

from owner import as_owner                                      # noqa: E402

WORKERS = os.cpu_count() or 1
JOBS = "-j%d" % WORKERS
# gcc finds some mistakes only where it optimises; clang finds its all the same.
COMPILERS = {"gcc": "-O2", "clang": "-O0"}
# What somebody without rights calls, too, and what is said of him; the rest is
# in the Makefile's check-long.
USER_TESTS = ("test_networks.", "test_volumes.", "test_settings.",
              "test_verbs.", "test_run.", "test_options.", "test_shown.")
USERS = {"1": ", as a user", "one": ", as a user of one id"}
UNIT_TIMEOUT = 120      # seconds for one program; they take milliseconds


class Tally:
    """What came of every test, told as it happens."""

    def __init__(self, verbose=False):
        self.passed = 0
        self.failures = []
        self.skips = []
        self.verbose = verbose

    def ok(self, name):
        self.passed += 1
        if self.verbose:
            print("ok       " + name, flush=True)

    def failed(self, name, why):
        self.failures.append(name)
        print("FAILED   %s\n%s" % (name, indent(why)), flush=True)

    def skipped(self, name, reason):
        self.skips.append((name, reason))
        print("skipped  %s: %s" % (name, reason), flush=True)

    def close(self):
        print()
        for name, reason in self.skips:
            print("skipped: %s: %s" % (name, reason))
        for name in self.failures:
            print("FAILED:  " + name)
        print("%d passed, %d failed, %d skipped" %
              (self.passed, len(self.failures), len(self.skips)), flush=True)
        return 1 if self.failures or not self.passed else 0


def indent(text):
    return "".join("    | %s\n" % line for line in text.rstrip().split("\n"))


def command(argv, timeout=600, **more):
    """Exit status and everything printed; the whole group dies on timeout."""
    process = subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True, **as_owner(), **more)
    try:
        output = process.communicate(timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output = process.communicate()[0] + b"\n(no end in %d s)" % timeout
    return process.returncode, output.decode("utf-8", "replace")


def chapters():
    return sorted(d for d in os.listdir(ROOT) if d.startswith("ch0"))


def suite_build(tally):
    for compiler, level in COMPILERS.items():
        for chapter in chapters():
            name = "build %s with %s" % (chapter, compiler)
            if not shutil.which(compiler):
                tally.skipped(name, compiler + " is not installed")
                continue
            status, output = command(
                ["make", JOBS, "-s", "-C", chapter, "programs", "WERROR=1",
                 "CC=" + compiler, "CFLAGS=" + level,
                 "BUILD=build/" + compiler])
            if status:
                tally.failed(name, output)
            else:
                tally.ok(name)


def suite_unit(tally, mode=""):
    """Build all unit tests (-k: one that does not compile stops no other)."""
    status, output = command(["make", "-s", "-C", "tests", "list"])
    if status:
        tally.failed("unit tests", output)
        return
    programs = output.split()
    status, output = command(["make", JOBS, "-s", "-k", "-C", "tests", "all",
                              "WERROR=1", "MODE=" + mode])
    if status:
        tally.failed("unit: build " + mode, output)
    paths = [os.path.join(TESTS, "build", mode, "test_" + program)
             for program in programs]
    # Several at a time: many of them wait more than they work.
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        runs = list(pool.map(run_program, paths))
    for program, run in zip(programs, runs):
        name = "unit %s%s" % (program, " (%s)" % mode if mode else "")
        if run:
            read_tap(tally, name, *run)
        else:
            tally.failed(name, "it was not built")


def run_program(path):
    if not os.access(path, os.X_OK):
        return None
    return command([path], timeout=UNIT_TIMEOUT,
                   env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"})


def read_tap(tally, name, status, output):
    """cmocka speaks TAP: "ok 1 - name", "not ok 2 - name", "# SKIP"."""
    reason, seen, bad = "", 0, []
    for line in output.split("\n"):
        words = line.split()
        if words[:2] == ["not", "ok"] and len(words) >= 5:
            bad.append("%s: %s" % (name, words[4]))
        elif words[:1] == ["ok"] and len(words) >= 3:
            test = "%s: %s" % (name, words[3 if words[2] == "-" else 2])
            seen += 1
            if "SKIP" in words:
                tally.skipped(test, reason or "the test does not say why")
            else:
                tally.ok(test)
        elif line.strip() and not line.startswith(("1..", "TAP ")):
            reason = line.strip(" #\t")
    for test in bad[:-1]:
        tally.failed(test, "see below")
    if status or bad:
        tally.failed(bad[-1] if bad else name,
                     output + "\nexit status %d" % status)
    elif not seen:
        tally.failed(name, "it ran no test:\n" + output)


def suite_asan(tally):
    suite_unit(tally, "asan")
    replay_corpora(tally)


def replay_corpora(tally):
    """The inputs that fuzzing kept (tests/fuzz/fuzz.h), each once again."""
    status, output = command(["make", JOBS, "-s", "-k", "-C", "tests", "fuzz",
                              "WERROR=1", "MODE=asan"])
    if status:
        tally.failed("fuzz: build", output)
    corpora = os.path.join(TESTS, "fuzz", "corpus")
    names = sorted(os.listdir(corpora))

    def replay(name):
        return command([os.path.join(TESTS, "build", "asan", "fuzz_" + name),
                        os.path.join(corpora, name)], timeout=UNIT_TIMEOUT)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        runs = list(pool.map(replay, names))
    for name, (status, output) in zip(names, runs):
        if status == 77:
            tally.skipped("fuzz " + name, output.strip())
        elif status:
            tally.failed("fuzz " + name, output)
        else:
            tally.ok("fuzz " + name)


class Result(unittest.TestResult):
    """unittest's results, put into the tally."""

    def __init__(self, tally, suite):
        super().__init__()
        self.tally, self.suite = tally, suite
        self.subtest_failed = False

    def name(self, test):
        parts = test.id().split(".")
        return "%s %s" % (self.suite, ".".join(parts[-3:]))

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()
        self.subtest_failed = False

    def addSuccess(self, test):
        if self.subtest_failed:
            return
        took = time.monotonic() - self.started
        self.tally.ok("%s%s" % (self.name(test),
                                " (%.1f s)" % took if took >= 1 else ""))

    def addFailure(self, test, err):
        self.tally.failed(self.name(test), self.words(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.subtest_failed = True
            self.tally.failed("%s %s" % (self.name(test),
                                         subtest._subDescription()),
                              self.words(err, test))

    def addSkip(self, test, reason):
        self.tally.skipped(self.name(test), reason)

    def words(self, err, test):
        """An assertion's message is enough; anything else gets its traceback."""
        if issubclass(err[0], AssertionError) and str(err[1]):
            return str(err[1])
        return "".join(traceback.format_exception(*err))


def run_unittests(tally, suite, pattern):
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = ["*%s*" % pattern]
    tests = loader.discover(os.path.join(TESTS, suite), pattern="test_*.py",
                            top_level_dir=os.path.join(TESTS, suite))
    tests.run(Result(tally, suite))


def suite_repo(tally):
    run_unittests(tally, "repo", tally.pattern)


def suite_e2e(tally):
    if os.geteuid() != 0:
        tally.failed("e2e", "these tests need root: sudo make check-root")
        return
    run_for_real(tally, "e2e")


def suite_user(tally):
    """Each in a run of its own: whose commands they are it asks once."""
    for mode, who in USERS.items():
        for pattern in [tally.pattern] if tally.pattern else USER_TESTS:
            with subprocess.Popen(
                    [sys.executable, "-B", os.path.abspath(__file__), "-k",
                     pattern, "e2e"], stdout=subprocess.PIPE, text=True,
                    env={**os.environ, "AS_USER": mode}) as process:
                read_run(tally, who, process.stdout)
            # 1: something failed, and has been read.
            if process.returncode not in (0, 1):
                tally.failed(pattern + who,
                             "exit status %d" % process.returncode)


def read_run(tally, who, lines):
    """What another run of ours says, into this one's tally."""
    failed, why = None, []
    for line in lines:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word in ("ok", "skipped", "FAILED", "") and failed and not \
                line.startswith("    | "):
            tally.failed(failed + who, "\n".join(why))
            failed, why = None, []
        if word == "ok":
            tally.ok(rest.strip() + who)
        elif word == "skipped":
            name, _, reason = rest.strip().partition(": ")
            tally.skipped(name + who, reason)
        elif word == "FAILED":
            failed = rest.strip()
        elif failed:
            why.append(line[6:].rstrip("\n"))


def suite_oci(tally, suite="oci"):
    """As root, and against any runtime: one that is not ours needs no build."""
    if os.geteuid() != 0:
        tally.failed(suite, "these tests need root: sudo make check-" + suite)
        return
    run_for_real(tally, suite, [] if os.environ.get("RUNTIME") else
                 ["ch06-final"])


def suite_engines(tally):
    suite_oci(tally, "engines")


def suite_labs(tally):
    """Root or not: what needs root is skipped without it."""
    run_for_real(tally, "labs")


def suite_book(tally):
    """Root or not: what needs root is skipped without it."""
    run_for_real(tally, "book")


def run_for_real(tally, suite, needed=None):
    # Held for as long as it is known.
    lock = alone_on_this_machine() if os.geteuid() == 0 else None
    for chapter in chapters() if needed is None else needed:
        status, output = command(["make", JOBS, "-s", "-C", chapter,
                                  "programs"])
        if status:
            tally.failed("%s: build %s" % (suite, chapter), output)
    tally.verbose = True        # they take their time: show each
    run_unittests(tally, suite, tally.pattern)
    if lock:
        lock.close()


def alone_on_this_machine():
    """Two runs at once would see each other's cgroups and links as left over.
    The lock is an abstract socket: it leaves no file and dies with us."""
    lock = socket.socket(socket.AF_UNIX)
    for attempt in itertools.count():
        try:
            lock.bind("\0mydocker-tests")
            return lock
        except OSError:
            if attempt == 0:
                print("   waiting for another run of these tests to end",
                      flush=True)
            time.sleep(1)


SUITES = {"build": suite_build, "unit": suite_unit, "asan": suite_asan,
          "repo": suite_repo, "labs": suite_labs, "book": suite_book,
          "e2e": suite_e2e, "user": suite_user, "oci": suite_oci, "engines": suite_engines}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-k", dest="pattern", default="")
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("suites", nargs="+", choices=sorted(SUITES),
                        metavar="SUITE")
    args = parser.parse_args()
    tally = Tally(args.verbose)
    tally.pattern = args.pattern
    for suite in args.suites:
        before, started = tally.passed, time.monotonic()
        failed = len(tally.failures)
        print("== %s" % suite, flush=True)
        SUITES[suite](tally)
        print("   %s: %d passed, %d failed (%.0f s)" %
              (suite, tally.passed - before, len(tally.failures) - failed,
               time.monotonic() - started), flush=True)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
