#!/usr/bin/env python3
"""Grades a class at once, each submission in a container of its own.

    grade_all.py [--chapter CH] [--out DIR] [--limit SECONDS] [--hidden DIR] FROM

FROM has a directory or an archive (.tar, .tar.gz, .zip, ...) for each student.
Every one gets a throw-away container of chapter 6, without a network, on a
read-only root, as a user of its own, with limits of time, memory, processes
and disk; in there grade_inside.py has grade.py look at it.  What it does there
it does to itself.  (Also to its own grading: it runs as the user that grades
it, and could print whatever it likes.  Full marks that surprise are a reason
to read the code.)

DIR gets grades.csv, index.html, and logs/ with a file for each student.
"""

import argparse
import collections
import contextlib
import ctypes
import glob
import io
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
ROOT = os.path.dirname(TESTS)
sys.path[:0] = [HERE, TESTS, os.path.join(TESTS, "e2e")]

import checking                                                 # noqa: E402
import lab                                                      # noqa: E402
import submission                                               # noqa: E402
import summary                                                  # noqa: E402
from owner import as_owner                                      # noqa: E402

DEMO = os.path.join(ROOT, "ch06-final", "build", "demo")
IMAGE = "grade"
MEMORY, PROCESSES = "512m", 256
WORK, TMP = "256m", "64m"
# Nobody's: beyond what users, subordinate ids and systemd's containers get.
# Each submission has one, since some limits of the kernel are of a user.
FIRST_USER = 0x70000000
OUTPUT_LIMIT = 1 << 20
PATIENCE = 30           # seconds, for a killed container to be gone
SCRATCH = "/var/tmp/mydocker-grade-%d-"
PR_SET_PDEATHSIG = 1
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Fault(Exception):
    """The grading as a whole cannot be done; says why."""


class Student:
    """A row to be, and where its submission is."""

    def __init__(self, number, path):
        self.number, self.path = number, path
        self.entry = os.path.basename(path)
        self.name = self.entry
        for suffix in submission.ARCHIVES:
            if self.entry.lower().endswith(suffix):
                self.name = self.entry[:-len(suffix)] or self.entry
        self.user = FIRST_USER + number
        self.log = "logs/%03d-%s.txt" % (
            number, re.sub(r"[^A-Za-z0-9_-]+", "_", self.name)[:40])
        self.remark, self.printed = "", ""
        self.results = {}       # name of a check: (passed, message)

    def row(self, checks):
        points = {check.name: (
            check.points if self.results[check.name][0] else 0, check.points,
            check.hint) for check in checks if check.name in self.results}
        return {"student": self.name, "checks": points, "log": self.log,
                "score": sum(got for got, _, _ in points.values()),
                "max": sum(check.points for check in checks),
                "remark": self.remark}


def find_students(place):
    if not place:
        raise Fault("whose?  make grade-all FROM=submissions/ has a directory "
                    "or an archive for each student")
    try:
        entries = sorted(name for name in os.listdir(place)
                         if not name.startswith("."))
    except OSError as error:
        raise Fault("FROM=%s: %s" % (place, error.strerror)) from None
    if not entries:
        raise Fault("FROM=%s: there is no submission in it" % place)
    return [Student(number, os.path.join(place, name))
            for number, name in enumerate(entries, 1)]


# ---- what the containers see -------------------------------------------------

def usr_and_links():
    """The host's programs: /usr, and what on this host is not a link into it."""
    trees, links = ["/usr"], {}
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = "/" + name
        if os.path.islink(path):
            links[name] = os.readlink(path)
        elif os.path.isdir(path):
            trees.append(path)
    return trees, links


def write_root(path, links, students):
    """The tar of a root file system: directories, links, a little of /etc."""
    users = "root:x:0:0::/:/bin/sh\n" + "".join(
        "student%d:x:%d:%d::/work:/bin/sh\n" % (s.number, s.user, s.user)
        for s in students)
    groups = "root:x:0:\n" + "".join(
        "student%d:x:%d:\n" % (s.number, s.user) for s in students)
    with tarfile.open(path, "w") as tar:
        def add(name, kind, target="", content=""):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.linkname = kind, 0o755, target
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content.encode()))
        for name in ("dev", "etc", "proc", "repo", "submission", "sys", "tmp",
                     "usr", "work"):
            add(name, tarfile.DIRTYPE)
        for name, target in links.items():
            add(name, tarfile.SYMTYPE, target)
        add("etc/passwd", tarfile.REGTYPE, content=users)
        add("etc/group", tarfile.REGTYPE, content=groups)
        # Where compilers are links by way of /etc, and libraries are found.
        for name in ("alternatives", "ld.so.cache", "ld.so.conf",
                     "ld.so.conf.d"):
            if os.path.exists("/etc/" + name):
                tar.add("/etc/" + name, "etc/" + name)


def copy_sources(into):
    """What grade.py takes of the repository: by name, since the submissions
    may lie in it as well, and are not for each other to read."""
    for name in lab.chapters() + ["tests", "book/labs"]:
        copy_readable(os.path.join(ROOT, name), os.path.join(into, name))


def copy_readable(place, into):
    """A directory, without what was built or written in it, for everybody."""
    shutil.copytree(place, into, symlinks=True, ignore=shutil.ignore_patterns(
        "build", "lab", "__pycache__"))
    for top, directories, names in os.walk(into):
        for path in [top] + [os.path.join(top, name) for name in names]:
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.path.isdir(path) else 0o644)


def stage(student, chapter, place):
    """Copy what counts of a submission to where its container finds it.  It is
    only ever read, without following a link, and never unpacked here."""
    os.mkdir(place)
    archive = student.entry.lower().endswith(submission.ARCHIVES)
    try:
        fd = os.open(student.path, os.O_RDONLY | os.O_NOFOLLOW |
                     os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        if os.path.islink(student.path):
            raise submission.Refused("a link: not followed") from None
        if not archive:
            raise submission.Refused("neither a directory nor one of " +
                                     " ".join(submission.ARCHIVES)) from None
        submission.write_new(place, "archive", submission.read_plain(
            student.path, submission.ARCHIVE_LIMIT))
        return
    try:
        os.mkdir(place + "/files")
        submission.collect(fd, chapter, place + "/files")
    finally:
        os.close(fd)


# ---- the containers -----------------------------------------------------------

@contextlib.contextmanager
def undisturbed():
    """An interruption comes afterwards."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def quietly(argv, **environment):
    """In a session of its own: a Ctrl-C is for us, who then clean up."""
    subprocess.run(argv, check=False, start_new_session=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL,
                   env={**os.environ, **environment})


def remove_containers(**environment):
    """Of a store, whatever they are at; all that a grading does not want."""
    done = subprocess.run(
        [DEMO, "ps", "-aq", "--no-trunc"], check=False, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env={**os.environ, **environment})
    names = done.stdout.decode().split()
    if names:
        quietly([DEMO, "rm", "-f", *names], **environment)


def die_with_us():
    """The client does.  Its container has a monitor and goes on: until its own
    time is over (argv()), or the next grading removes it (sweep())."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Grading:
    """A container at work on a submission: read from, and ended in time."""

    def __init__(self, student, argv, name, limit):
        self.student, self.name = student, name
        self.deadline, self.late = time.monotonic() + limit, False
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=die_with_us)
        self.pipes = {self.process.stdout: bytearray(),
                      self.process.stderr: bytearray()}
        self.open = set(self.pipes)

    def read(self, pipe):
        """A little more; what is too much is read, too, and dropped."""
        data = os.read(pipe.fileno(), 65536)
        self.pipes[pipe] += data[:OUTPUT_LIMIT - len(self.pipes[pipe])]
        if not data:
            self.open.discard(pipe)
        return bool(data)

    def is_over(self):
        return not self.open and self.process.poll() is not None

    def end(self):
        """Kill the container: its client sees that, and ends."""
        self.deadline, self.late = time.monotonic() + PATIENCE, True
        quietly([DEMO, "rm", "-f", self.name])
        if self.process.poll() is None:
            self.process.terminate()    # it was not there yet

    def check_time(self):
        if time.monotonic() > self.deadline:
            if self.late:
                self.process.kill()     # what it leaves, close() undoes
            else:
                self.end()

    def result(self, checks):
        """What came of it, for the student's row."""
        out, err = (data.decode("utf-8", "replace")
                    for data in self.pipes.values())
        student, known = self.student, {check.name for check in checks}
        student.printed = out + err
        out_of_memory = self.ran_out_of_memory()
        quietly([DEMO, "rm", "-f", self.name])
        if self.late:
            student.remark = "time"
            return
        try:
            student.remark, said, student.results = read_report(out, known)
            student.printed = said + err
        except (ValueError, KeyError, TypeError, RecursionError):
            student.remark = ("memory" if out_of_memory else
                              why_nothing(self.process.returncode, err))
        if out_of_memory:
            student.remark = student.remark or "memory"

    def ran_out_of_memory(self):
        done = subprocess.run(
            [DEMO, "inspect", "-f", "{{.State.OOMKilled}}", self.name],
            check=False, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return done.stdout == b"true\n"


def read_report(out, known):
    """(remark, compiler's words, results) of what grade.py prints as JSON; or
    what the submission has printed in its place, so that nothing is taken but
    whether each check passed."""
    report = json.loads(out)
    if "refused" in report:
        return str(report["refused"])[:200], "", {}
    if not report["built"]:
        return "does not compile", str(report["compiler"]), {}
    results = {str(row["name"]): (row["passed"] is True, str(row["message"]))
               for row in report["checks"]}
    if set(results) != known:
        raise ValueError("not the checks of this lab")
    return "", str(report["compiler"]), results


def why_nothing(status, err):
    # Before the logs, which follow (grade_inside.py).
    lines = err.split("\n== ")[0].strip().splitlines() or [
        "no report was printed"]
    return "not graded (exit status %d): %s" % (status, lines[-1][:200])


class Class:
    """All of a grading: its scratch directory, and how containers are run."""

    def __init__(self, chapter, limit, hidden):
        self.chapter, self.limit, self.hidden = chapter, limit, hidden
        self.checks = [check for place in (os.path.join(HERE, chapter[:4]),
                                           hidden) if place
                       for check in checking.load(place + "/checks.py")]
        self.scratch = tempfile.mkdtemp(
            prefix=os.path.basename(SCRATCH) % os.getpid(),
            dir=os.path.dirname(SCRATCH))
        os.environ["MYDOCKER_ROOT"] = self.scratch + "/store"
        self.trees, self.links = usr_and_links()

    def prepare(self, students):
        copy_sources(self.scratch + "/repo")
        if self.hidden:
            copy_readable(self.hidden, self.scratch + "/hidden")
        write_root(self.scratch + "/root.tar", self.links, students)
        with undisturbed():     # there are two processes of it
            done = subprocess.run(
                [DEMO, "import", self.scratch + "/root.tar", IMAGE],
                check=False, start_new_session=True, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
        if done.returncode:
            raise Fault("make the image: " + done.stdout.decode().strip())
        self.try_one()

    def try_one(self):
        """A container that only looks whether it has what grading takes."""
        probe = ("gcc --version && make --version && python3 --version && "
                 "unshare -U -r -m -p -f --mount-proc true")
        os.mkdir(self.place(0))
        done = subprocess.run(
            self.argv(FIRST_USER, 0, "grade-%d-probe" % os.getpid(),
                      ["sh", "-c", probe]), check=False,
            start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode:
            raise Fault("no container for grading can be run here:\n%s\n%s" %
                        (done.stderr.decode(errors="replace").strip(),
                         doctor()))

    def place(self, number):
        return "%s/%d" % (self.scratch, number)

    def argv(self, user, number, name, command):
        volumes = [(tree, tree) for tree in self.trees]
        volumes += [(self.scratch + "/repo", "/repo"),
                    (self.place(number), "/submission")]
        if self.hidden:
            volumes.append((self.scratch + "/hidden", "/hidden"))
        return [
            DEMO, "run", "--name", name, "--read-only",
            "--network", "none", "-m", MEMORY, "--cpus", "1",
            "--pids-limit", str(PROCESSES), "-u", "%d:%d" % (user, user),
            "--security-opt", "no-new-privileges",
            # User namespaces are what the labs are about: they may be made
            # inside, and mount a proc of their own.
            "--security-opt", "seccomp=unconfined",
            "--security-opt", "systempaths=unconfined",
            "--tmpfs", "/work:exec,mode=0755,uid=%d,gid=%d,size=%s" %
            (user, user, WORK),
            "--tmpfs", "/tmp:exec,mode=1777,size=" + TMP,
            *(word for source, target in volumes
              for word in ("-v", "%s:%s:ro" % (source, target))),
            "-w", "/work", "-e", "HOME=/work", "-e", "LC_ALL=C.UTF-8", IMAGE,
            # Should we be killed, it ends by itself.
            "timeout", "-s", "KILL", str(self.limit + PATIENCE), *command]

    def start(self, student):
        name = "grade-%d-%d" % (os.getpid(), student.number)
        command = ["python3", "-B", "/repo/tests/labs/grade_inside.py",
                   self.chapter, *(["--hidden", "/hidden"] if self.hidden
                                   else [])]
        return Grading(student, self.argv(student.user, student.number, name,
                                          command), name, self.limit)

    def grade(self, students, jobs, tell):
        """All of them, `jobs` at a time.  However this ends, no container
        stays; an interruption comes only while we wait: attend()."""
        waiting, running = collections.deque(students), set()
        selector = selectors.DefaultSelector()
        with undisturbed():
            try:
                while waiting or running:
                    while waiting and len(running) < jobs:
                        self.begin(waiting.popleft(), running, selector, tell)
                    self.attend(running, selector, tell)
            finally:
                for grading in running:
                    grading.end()
                while running:
                    self.attend(running, selector, lambda student: None)

    def begin(self, student, running, selector, tell):
        try:
            stage(student, self.chapter, self.place(student.number))
        except (submission.Refused, OSError) as why:
            student.remark = str(why)
            tell(student)
            return
        grading = self.start(student)
        running.add(grading)
        for pipe in grading.open:
            selector.register(pipe, selectors.EVENT_READ, grading)

    def attend(self, running, selector, tell):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        events = selector.select(0.1)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        for key, _ in events:
            if not key.data.read(key.fileobj):
                selector.unregister(key.fileobj)
                key.fileobj.close()
        for grading in list(running):
            if grading.is_over():
                running.remove(grading)
                grading.result(self.checks)
                tell(grading.student)
            else:
                grading.check_time()

    def close(self):
        remove_containers()
        shutil.rmtree(self.scratch)


def doctor():
    """Its lines about what this machine lacks."""
    done = subprocess.run(["sh", os.path.join(TESTS, "doctor.sh")],
                          check=False, stdout=subprocess.PIPE)
    lack = re.findall(r"(?im)^  lack .*\n.*",
                      done.stdout.decode(errors="replace"))
    return "make doctor says:\n" + "\n".join(lack or ["  nothing lacks"])


def sweep():
    """What a grading that was killed has left: its containers, its files."""
    place = os.path.dirname(SCRATCH)
    for name in os.listdir(place):
        match = re.fullmatch(r"mydocker-grade-(\d+)-\w+", name)
        if not match or os.path.exists("/proc/" + match.group(1)):
            continue
        left = os.path.join(place, name)
        if os.lstat(left).st_uid == 0 and not os.path.islink(left):
            remove_containers(MYDOCKER_ROOT=left + "/store")
            shutil.rmtree(left)


# ---- the results ---------------------------------------------------------------

def log_text(student, row):
    """What a student may be shown: every check, then what was printed."""
    lines = [summary.printable(student.name),
             "Score: %(score)d/%(max)d  %(remark)s" % row, ""]
    for name, (points, most, hint) in row["checks"].items():
        lines.append("%-4s %2d/%-2d  %s" % ("ok" if points else "--", points,
                                            most, name))
        if not points:
            lines.append("            %s\n            hint: %s" %
                         (student.results[name][1], hint))
    return "\n".join(lines + ["", student.printed])


def write_results(out, chapter, checks, students):
    rows = [student.row(checks) for student in students]
    os.makedirs(out + "/logs", exist_ok=True)
    for old in glob.glob(glob.escape(out) + "/logs/[0-9]*-*.txt"):
        os.unlink(old)
    for student, row in zip(students, rows):
        with open(os.path.join(out, student.log), "w", encoding="utf-8",
                  errors="backslashreplace") as file:
            file.write(log_text(student, row))
    summary.write_csv(out + "/grades.csv", rows)
    summary.write_html(
        out + "/index.html", "Grades of " + chapter,
        "%d submissions, graded %s" % (len(rows),
                                       time.strftime("%Y-%m-%d %H:%M")), rows)
    # Written by root beside somebody's files: theirs.
    owner = os.stat(os.path.dirname(os.path.abspath(out)))
    for name in ["", "logs", "grades.csv", "index.html"] + [
            student.log for student in students]:
        os.lchown(os.path.join(out, name), owner.st_uid, owner.st_gid)


def build():
    # What the make above us was told, OUT=, is not for that one.
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith("MAKE") and key != "MFLAGS"}
    done = subprocess.run(["make", "-s", "-C",
                           os.path.join(ROOT, "ch06-final"), "programs"],
                          check=False, stdout=subprocess.DEVNULL,
                          env=environment, **as_owner())
    if done.returncode:
        raise Fault("chapter 6 does not build: see make ch06")


def grade_class(args):
    if os.geteuid() != 0:
        raise Fault("containers need root: sudo make grade-all ...")
    chapter = lab.find_chapter(args.chapter)
    students = find_students(args.place)
    build()
    sweep()
    ended = 0

    def tell(student):
        nonlocal ended
        ended += 1
        print("%*d/%d  %-24s %s" % (
            len(str(len(students))), ended, len(students),
            summary.printable(student.name), summary.printable(
                student.remark or "%(score)d/%(max)d" %
                student.row(room.checks))), flush=True)
    room = Class(chapter, args.limit, args.hidden)
    try:
        room.prepare(students)
        room.grade(students, args.jobs, tell)
    finally:
        with undisturbed():
            room.close()
    write_results(args.out, chapter, room.checks, students)
    print("grade-all: see %s/index.html and grades.csv beside it" % args.out)


def interrupted(*_):
    """Once; the cleaning up is not to be interrupted."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--chapter", default="ch01")
    parser.add_argument("--out", default="grades")
    parser.add_argument("--limit", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--hidden", metavar="DIR", help="a teacher's checks")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("place", metavar="FROM")
    args = parser.parse_args()
    for number in ENDING:
        signal.signal(number, interrupted)
    try:
        grade_class(args)
    except (Fault, lab.Fault, OSError) as fault:
        print("grade-all: %s" % fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("grade-all: interrupted: nothing is written", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
