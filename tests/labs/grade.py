#!/usr/bin/env python3
"""Grades the labs of a chapter.

    grade.py [--lab DIR] [--hidden DIR] [--json] CH     CH: ch01, 1, ...

Builds the reader's modules (CHAPTER/lab/*.c, or DIR/*.c) together with the
rest of the chapter and runs the checks of tests/labs/chNN/checks.py on them,
then those of --hidden DIR, a teacher's own: a checks.py and drivers in C, of
the same form.  All it writes is in the lab's directory: build/ and logs/.

The exit status is 0 for full marks, 1 for less, 2 when there was no grading.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests"),
                os.path.join(ROOT, "tests", "e2e")]

import checking                                                 # noqa: E402
import lab                                                      # noqa: E402
from lab import same                                            # noqa: E402
import residue                                                  # noqa: E402

TIMEOUT = 10            # seconds for a check; they take tenths of one
BUILD_TIMEOUT = 300
WORKERS = os.cpu_count() or 1


class Unbuilt(Exception):
    """The reader's files do not compile; what the compiler said."""


class Submission:
    """A directory with somebody's modules, and how it is graded."""

    def __init__(self, labs, directory, hidden=None, timeout=TIMEOUT):
        self.labs, self.directory, self.timeout = labs, directory, timeout
        self.build = os.path.join(directory, "build")
        self.logs = os.path.join(directory, "logs")
        own = os.path.join(HERE, labs.chapter[:4])
        # (where checks.py and its drivers are, where they are built)
        self.sets = [(own, os.path.join(self.build, "checks"))]
        if hidden:
            self.sets.append((hidden, os.path.join(self.build, "hidden")))
        # (check, where its drivers are)
        self.checks = [
            (entry, where) for place, where in self.sets
            for entry in checking.load(os.path.join(place, "checks.py"))]

    # ---- building ----

    def make(self):
        """The chapter's objects, the reader's among them."""
        mine = self.labs.modules()
        for name in mine:
            if not os.path.exists(os.path.join(self.directory, name + ".c")):
                raise Unbuilt("%s.c is not in %s" % (name, self.directory))
        self.objects = [os.path.join(self.build, name)
                        for name in self.wanted(mine)]
        # What this make was told by one above it is not for that one below.
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("MAKE") and key != "MFLAGS"}
        return compiler(
            ["make", "-s", "-j%d" % WORKERS, "-C", self.labs.chapter,
             "MINE=" + " ".join(mine), "LAB=" + self.directory,
             "BUILD=" + self.build, *self.objects], environment)

    def wanted(self, mine):
        """What a driver is linked with, in build/.  Where a chapter's modules
        are not beside each other a file says what is, besides the reader's."""
        more = os.path.join(HERE, self.labs.chapter[:4], "objects")
        if os.path.exists(more):
            with open(more, encoding="utf-8") as file:
                return ["mine/%s.o" % name for name in mine] + \
                    file.read().split()
        return ["%s/%s.o" % ("mine" if name[:-2] in mine else "obj", name[:-2])
                for name in os.listdir(os.path.join(ROOT, self.labs.chapter))
                if name.endswith(".c")]

    def link(self, place, where, name):
        """One driver; `where` it goes."""
        needs = os.path.join(ROOT, self.labs.chapter, "needs")
        with open(needs, encoding="utf-8") as file:
            rows = [line.split() for line in file]
        libraries = [row[1] for row in rows if row[:1] == ["lib"]]
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", *libraries], check=True,
            stdout=subprocess.PIPE).stdout.decode().split() if libraries else []
        compiler([os.environ.get("CC") or "gcc", "-std=gnu17", "-D_GNU_SOURCE",
                  "-g", *("-I" + d for d in self.directories()), "-o",
                  os.path.join(where, name[:-2]), os.path.join(place, name),
                  *self.objects, *flags])

    def directories(self):
        """Of headers: ours (stop.h), the chapter's, in ch06 by subject."""
        top = os.path.join(ROOT, self.labs.chapter)
        return [HERE, top] + [os.path.join(top, d) for d in same.SUBJECTS
                              if os.path.isdir(os.path.join(top, d))]

    def compile(self):
        """What the compiler had to say, errors apart: warnings."""
        said = self.make()
        jobs = []
        with ThreadPoolExecutor(WORKERS) as pool:
            for place, where in self.sets:
                os.makedirs(where, exist_ok=True)
                jobs += [pool.submit(self.link, place, where, name)
                         for name in os.listdir(place) if name.endswith(".c")]
        for job in jobs:
            job.result()
        return said

    # ---- grading ----

    def grade(self, tell):
        """The report, as --json prints it; each row is told as it comes."""
        os.makedirs(self.logs, exist_ok=True)
        for name in os.listdir(self.logs):
            if name.endswith(".log"):
                os.unlink(os.path.join(self.logs, name))
        report = {"chapter": self.labs.chapter, "lab": self.directory,
                  "score": 0, "max": sum(c.points for c, _ in self.checks),
                  "built": True, "compiler": "", "checks": []}
        try:
            report["compiler"] = self.compile()
        except Unbuilt as fault:
            report["built"], report["compiler"] = False, str(fault)
        if report["compiler"]:
            tell(report["compiler"].rstrip())
        for entry, where in self.checks:
            row = self.row(entry, where, report["built"])
            report["checks"].append(row)
            report["score"] += row["points"]
            if report["built"]:
                tell(line_of(row))
        return report

    def row(self, entry, where, built):
        log = os.path.join(self.logs, entry.name.replace("/", "-") + ".log")
        result = checking.perform(entry, where, log, self.timeout) if built \
            else checking.Result(entry, False, "it was not built", None)
        if result.passed:
            os.unlink(log)
        return {"name": entry.name, "exercise": entry.exercise,
                "title": entry.title, "max": entry.points,
                "points": entry.points if result.passed else 0,
                "passed": result.passed, "message": result.message,
                "hint": entry.hint,
                "log": None if result.passed else result.log}


def compiler(argv, environment=None):
    try:
        done = subprocess.run(argv, cwd=ROOT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=BUILD_TIMEOUT, env=environment,
                              check=False)
    except subprocess.TimeoutExpired:
        raise Unbuilt("the compiler found no end in %d s" % BUILD_TIMEOUT) \
            from None
    # Not what make says of itself.
    said = "".join(
        line for line in done.stdout.decode(errors="replace").splitlines(True)
        if not line.startswith(("  compile ", "make")))
    if done.returncode:
        raise Unbuilt(said or "%s: exit status %d" % (argv[0],
                                                      done.returncode))
    return said


# ---- words -----------------------------------------------------------------

def line_of(row):
    return "%-4s %2d/%-2d  %-32s %s" % (
        "ok" if row["passed"] else "--", row["points"], row["max"], row["name"],
        row["title"])


def why(row):
    return "%s: %s\n    hint: %s\n    log:  %s" % (
        row["name"], row["message"], row["hint"], os.path.relpath(row["log"]))


def summary(report):
    """For each exercise the first check that failed, and the score."""
    lines, seen = [], set()
    for row in report["checks"] if report["built"] else ():
        if not row["passed"] and row["exercise"] not in seen:
            seen.add(row["exercise"])
            lines += ["", why(row)]
    if not report["built"]:
        lines += ["", "It does not compile, so nothing could be checked."]
    return lines + ["", "Score: %d/%d" % (report["score"], report["max"])]


# ---- starting --------------------------------------------------------------

def become_owner(directory):
    """Started by root in somebody's lab: go on as that somebody."""
    owner = os.stat(directory)
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def user_namespaces():
    """Without them, or the right to make one, there is nothing to check."""
    who = {} if os.geteuid() else {"user": checking.USER, "group":
                                   checking.USER, "extra_groups": []}
    done = subprocess.run(["unshare", "--user", "--map-root-user", "true"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, cwd="/", check=False, **who)
    if done.returncode:
        raise lab.Fault(
            "an ordinary user may not make user namespaces here (%s); "
            "`make doctor` names the switch" %
            done.stdout.decode(errors="replace").strip())


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--lab", help="the reader's files, if not CHAPTER/lab")
    parser.add_argument("--hidden", help="more checks: a checks.py, drivers")
    parser.add_argument("--timeout", type=float, default=TIMEOUT,
                        help="seconds for each check (%(default)s)")
    parser.add_argument("chapter", nargs="?", default="")
    return parser


def prepare(args):
    """The submission that the arguments mean, or a Fault."""
    labs = lab.Labs(lab.find_chapter(args.chapter))
    short = labs.chapter[:4]
    directory = os.path.abspath(args.lab or lab.default_lab(labs.chapter))
    if not os.path.isdir(directory):
        raise lab.Fault("there is no %s yet; first: make lab CH=%s" %
                        (os.path.relpath(directory), short))
    hidden = args.hidden and os.path.abspath(args.hidden)
    if hidden and not os.path.exists(os.path.join(hidden, "checks.py")):
        raise lab.Fault("%s has no checks.py" % hidden)
    submission = Submission(labs, directory, hidden, args.timeout)
    # Whatever Python loads it has loaded: the owner may not be able to.
    become_owner(directory)
    user_namespaces()
    residue.become_reaper()
    # Told to end, it tidies up as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return submission


def main():
    parser = arguments(__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true",
                        help="one JSON object, for a grading system")
    args = parser.parse_args()
    try:
        submission = prepare(args)
        report = submission.grade(
            (lambda line: None) if args.json else
            (lambda line: print(line, flush=True)))
    except (lab.Fault, OSError) as fault:
        print("grade: %s" % fault, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print("\n".join(summary(report)))
    return 0 if report["score"] == report["max"] else 1


if __name__ == "__main__":
    sys.exit(main())
