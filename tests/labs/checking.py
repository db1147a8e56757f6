"""What the checks of a lab are written with.

    @check("ns_map_root/one-id", 3, "which file wants which line?")
    def one_id(run):
        "uid 0 inside is the caller's outside"
        driver = run.start("ns_map_root")
        at = driver.reach("mapped")
        succeeded(at)
        require(read_proc(at.child, "uid_map").split() == [...], "...")

A check is a function in a file checks.py; beside it are the drivers, small C
programs linked with the reader's modules, that stop (stop.h) so that the check
can look at them from outside.  It fails by Wrong, in words for the reader.

Each check is framed: it has its time, its own directory and random names, and
when it is over nothing of it may be left, neither process nor mount nor file.
What is left fails it, and is cleared away.  Nothing of a reader's ever runs as
root.
"""

import collections
import ctypes
import os
import platform
import resource
import secrets
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import traceback
import types

import residue

USER = 61234            # nobody in particular, when the grader is root
PROCESSES = 128         # more than a user has anyway
MANY = PROCESSES // 4
MEMORY, FILE_SIZE = 1 << 30, 16 << 20
SETTLE = 3              # seconds that the end of a process may take

Check = collections.namedtuple("Check", "name exercise points title hint call")
Result = collections.namedtuple("Result", "check passed message log")

_libc = ctypes.CDLL(None)
_table = []


class Wrong(Exception):
    """What the reader's code did wrong."""


# ---- the table -------------------------------------------------------------

def check(name, points, hint):
    """name: EXERCISE/CHECK; what it is about is the function's docstring."""
    def enter(call):
        _table.append(Check(name, name.split("/")[0], points,
                            " ".join(call.__doc__.split()), hint, call))
        return call
    return enter


def load(path):
    """The checks of a file, in its order."""
    _table.clear()
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), {"__name__": "checks"})
    return list(_table)


# ---- words for what is wrong -----------------------------------------------

def require(condition, message, *values):
    if not condition:
        raise Wrong(message % values)


def succeeded(at):
    require(at.result == 0, "it returned %d: %s", at.result,
            at.text or "(no reason given)")


def failed(at, code, when):
    """It returned -1, and left this errno in `failure`."""
    require(at.result == -1, "it returned %d %s", at.result, when)
    require(at.code == code, "%s, failure.code is %s; the kernel said %s",
            when, errno_name(at.code), errno_name(code))


def errno_name(code):
    return "%d (%s)" % (code, os.strerror(code)) if code else "0"


# ---- the kernel's side -----------------------------------------------------

def read_proc(pid, name):
    return residue.read("/proc/%d/%s" % (pid, name))


def namespace(pid, file):
    """(device, inode) of a namespace, as the kernel has it."""
    st = os.stat("/proc/%d/ns/%s" % (pid, file))
    return st.st_dev, st.st_ino


def descriptors(pid):
    """{number: what it leads to}"""
    place = "/proc/%d/fd" % pid
    return {int(name): os.readlink(os.path.join(place, name))
            for name in os.listdir(place)}


def mounts(pid):
    """The mount table: a list of (mount point, optional fields)."""
    rows = []
    for line in read_proc(pid, "mountinfo").splitlines():
        fields = line.split(" ")
        rows.append((fields[4], fields[6:fields.index("-")]))
    return rows


# ---- a driver --------------------------------------------------------------

class Driver:
    """A program of the check's, with the reader's modules in it."""

    def __init__(self, run, name, arguments):
        self.run, self.name, self.waiting = run, name, False
        program = os.path.join(run.scratch, name)
        if not os.path.exists(program):
            shutil.copy(os.path.join(run.programs, name), program)
        self.socket, theirs = socket.socketpair(socket.AF_UNIX,
                                                socket.SOCK_SEQPACKET)
        run.note("$ %s %s" % (name, " ".join(arguments)))
        with theirs, open(run.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [program, *arguments], stdin=theirs, stdout=log, stderr=log,
                cwd=run.scratch, start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                preexec_fn=run.confine, **run.identity)
        self.pid = self.process.pid

    def reach(self, *places):
        """Let it go on, past other stops, until it stops at one of these."""
        while True:
            message = self.next_stop()
            if not message:
                self.ended_early(places[0])
            where, _, words = message.partition(" ")
            if where in places:
                return point(where, words)

    def next_stop(self):
        """What it says there, or "" at its end.  The end of the process it is,
        not that of the socket, which a child left behind may hold."""
        self.go()
        message = b""
        while not message:
            over = self.process.poll() is not None
            if select.select([self.socket], [], [], 0 if over else 0.01)[0]:
                message = self.socket.recv(1024)
                over = over or not message
            if over:
                break
            if self.run.is_late():
                self.run.too_late()
        self.waiting = bool(message)
        if message:
            self.run.note("stopped: " + message.decode(errors="replace"))
        return message.decode(errors="replace")

    def go(self):
        if self.waiting:
            self.socket.send(b".")
        self.waiting = False

    def ended_early(self, where):
        status = self.wait()
        if status == 99:
            raise RuntimeError("the driver %s could not be set up" % self.name)
        raise Wrong("the program ended before the check was done (%s, at "
                    "\"%s\")" % (self.words(status), where))

    def words(self, status):
        return "exit status %d" % status if status >= 0 else \
            signal.Signals(-status).name

    def wait(self):
        try:
            return self.process.wait(self.run.time_left())
        except subprocess.TimeoutExpired:
            return self.run.too_late()

    def finish(self):
        """To its end, which must be a good one."""
        while self.next_stop():
            pass
        status = self.wait()
        require(status == 0, "the program ended with %s", self.words(status))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()


def point(where, message):
    """"pid=7 result=0 text=any words" -> .pid .result .text, and .where"""
    head, _, text = message.partition("text=")
    values = dict(word.split("=", 1) for word in head.split())
    return types.SimpleNamespace(where=where, text=text, **{
        key: int(value) if value.lstrip("-").isdigit() else value
        for key, value in values.items()})


class Run:
    """One performance of one check."""

    def __init__(self, programs, log_path, timeout):
        self.programs, self.log_path = programs, log_path
        self.timeout = timeout
        self.token = "lab-" + secrets.token_hex(6)
        self.identity, self.uid, self.gid = {}, os.geteuid(), os.getegid()
        if self.uid == 0:
            self.uid = self.gid = USER
            self.identity = {"user": USER, "group": USER, "extra_groups": []}
        self.scratch = tempfile.mkdtemp(prefix=self.token + "-")
        os.chown(self.scratch, self.uid, self.gid)
        self.limit = PROCESSES + count_tasks(self.uid)
        self.host_name = platform.node()
        self.deadline = time.monotonic() + timeout
        self.drivers = []

    # What checks call.

    def start(self, name, *arguments):
        driver = Driver(self, name, [str(a) for a in arguments])
        self.drivers.append(driver)
        return driver

    def word(self):
        """A name nobody can know before."""
        return "%s-%s" % (self.token, secrets.token_hex(4))

    def directory(self):
        path = os.path.join(self.scratch, self.word())
        os.mkdir(path)
        os.chown(path, self.uid, self.gid)
        return path

    # What frames them.

    def note(self, line):
        with open(self.log_path, "a", encoding="utf-8") as log:
            log.write(line + "\n")

    def time_left(self):
        return max(self.deadline - time.monotonic(), 0)

    def is_late(self):
        return time.monotonic() > self.deadline

    def too_late(self):
        raise Wrong("no end within %g s: it hangs" % self.timeout)

    def confine(self):
        """In the driver, before it begins."""
        PR_SET_PDEATHSIG = 1
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        for kind, most in ((resource.RLIMIT_NPROC, self.limit),
                           (resource.RLIMIT_AS, MEMORY),
                           (resource.RLIMIT_FSIZE, FILE_SIZE),
                           (resource.RLIMIT_CORE, 0)):
            resource.setrlimit(kind, (most, most))

    def left_behind(self):
        """What is still there, once it has stayed for a while."""
        deadline = time.monotonic() + SETTLE
        while True:
            residue.reap()
            left = sorted(residue.descendants().values())
            left += [line for line in residue.mounts() if self.token in line]
            left += ["file " + path for path in self.strays()]
            if platform.node() != self.host_name:
                left.append("the host is called %s now" % platform.node())
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.02)

    def strays(self):
        """Files under our names where everybody may write."""
        return [os.path.join(place, name) for place in residue.SHARED_PLACES
                for name in list_directory(place) if self.token in name and
                os.path.join(place, name) != self.scratch]

    def close(self):
        """End it all; how many processes that took."""
        count = end_descendants()
        for driver in self.drivers:
            driver.kill()
        for path in self.strays():
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        shutil.rmtree(self.scratch)
        return count


def list_directory(place):
    try:
        return os.listdir(place)
    except OSError:
        return []


def count_tasks(uid):
    """How many the user has already: RLIMIT_NPROC counts them as well."""
    count = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat("/proc/" + name).st_uid == uid:
                count += len(os.listdir("/proc/%s/task" % name))
        except OSError:
            pass        # it has ended meanwhile, or is not ours to look at
    return count


def end_descendants():
    """Kill them all, those too that fork faster than we look: a process that is
    stopped forks no more and still counts for the limit, so there is an end."""
    stopped = set()
    while True:
        new = set(residue.descendants()) - stopped
        if not new:
            break
        for pid in new:
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                pass
        stopped |= new
    residue.end_descendants()
    if residue.descendants():
        raise RuntimeError("cannot end: %s" % residue.descendants())
    return len(stopped)


def perform(entry, programs, log_path, timeout):
    """Run one check; its Result."""
    with open(log_path, "w", encoding="utf-8") as log:
        log.write("%s: %s\n" % (entry.name, entry.title))
    run = Run(programs, log_path, timeout)
    message = None
    try:
        entry.call(run)
        for driver in run.drivers:
            if driver.process.poll() is None:
                driver.finish()
        left = run.left_behind()
        if left:
            message = "left behind: " + "; ".join(left[:5])
    except Wrong as wrong:
        message = str(wrong)
    except Exception:                           # the check's own fault
        message = "the check itself failed; see its log"
        run.note(traceback.format_exc())
    finally:
        count = run.close()
    if message and count > MANY:
        message += " (it had made %d processes)" % count
    run.note("passed" if message is None else "FAILED: " + message)
    return Result(entry, message is None, message, log_path)
