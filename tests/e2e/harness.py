"""The floor of the end-to-end tests.

    class Volumes(harness.KernelTest):
        def test_a_volume_is_seen(self):
            done = self.run_command([DEMO, "run", ...], timeout=30)
            self.assertEqual(done.status, 0, done)

Every test of a KernelTest is framed: the state of the host before it is
compared with the state after it (residue.py), and whatever it leaves fails it.
A class that may leave something says so: `leaves = ("+ file /x*",)`.
"""

import codecs
import contextlib
import errno
import fcntl
import functools
import os
import pty
import secrets
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import residue
import somebody
from residue import SLOWER

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
CHAPTERS = sorted(d for d in os.listdir(ROOT) if d.startswith("ch0"))
# Somebody with no name, no group and no rights.
USER = 61234

# With AS_USER: who calls the programs of chapter 6 (somebody.py).
caller = somebody.wanted(USER)

residue.become_reaper()

# However the tests were started ("nohup", a shell's "&"): what they start
# ignores no signal, unless a test says so.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def program(chapter, name="demo"):
    return os.path.join(ROOT, chapter, "build", name)


def random_name(prefix="mydocker-test"):
    return "%s-%s" % (prefix, secrets.token_hex(4))


# Put in the environment of every command from now on (see private_state).
everywhere = {}


def environment(**changes):
    """A small, known environment; `name=None` takes one out."""
    known = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                     "/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
             "TERM": "xterm"}
    known.update(everywhere)
    known.update(changes)
    return {key: value for key, value in known.items() if value is not None}


class Done:
    """How a command ended.  Printed whole when an assertion about it fails."""

    def __init__(self, argv, status, out, err, timed_out=False):
        # As a shell counts: 128+n for signal n.
        self.status = 128 - status if status < 0 else status
        self.argv, self.out, self.err = argv, out, err
        self.timed_out = timed_out

    @property
    def text(self):
        return self.out + self.err

    def __str__(self):
        return "$ %s\n%s%s[exit status %s%s]" % (
            " ".join(self.argv), self.out[-6000:], self.err[-3000:],
            self.status, ", killed after its time" if self.timed_out else "")


def as_user(uid):
    return {"user": uid, "group": uid, "extra_groups": []} if uid else {}


def is_callers(argv):
    """Has it to be called as AS_USER says?"""
    return bool(caller) and argv[0] == program("ch06-final")


def limited(*options):
    """These, for a limit that does not matter, where there may be one."""
    return list(options) if not caller or somebody.HAS_CGROUP else []


def mapped(number):
    """This id, where a container has it; root, the only one, otherwise."""
    return number if not caller or caller.count else 0


def outside(number):
    """What an id of a container's is on the host."""
    return caller.outside(number) if caller else number


def called(*argv):
    """A program of chapter 6, as start() calls it: for a shell's line, or
    behind another program."""
    if not caller:
        return list(argv)
    return ["env", *("%s=%s" % pair for pair in
                     caller.environment().items()), *caller.command(argv)]


def capabilities():
    """All that a container may have: in a user namespace of one's own, all."""
    if caller:
        with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
            return (2 << int(file.read())) - 1
    with open("/proc/self/status", encoding="utf-8") as file:
        line, = (line for line in file if line.startswith("CapBnd:"))
    return int(line.split()[1], 16)


def start(argv, user=0, env=None, **more):
    """A command in a session, and so a process group, of its own."""
    if is_callers(argv) and not user:
        argv = caller.command(argv)
        env = {**(environment() if env is None else env),
               **caller.environment()}
    arguments = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                 "stderr": subprocess.PIPE, "start_new_session": True,
                 "env": environment() if env is None else env,
                 "cwd": "/", **as_user(user)}
    arguments.update(more)
    return subprocess.Popen(argv, **arguments)


def signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def finish(process, timeout, data=None):
    """Wait, and collect what it said.  A group that takes longer is killed."""
    timed_out = False
    try:
        out, err = process.communicate(data, timeout=timeout * SLOWER)
    except subprocess.TimeoutExpired:
        timed_out = True
        signal_group(process, signal.SIGKILL)
        try:
            out, err = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            # Something outside the group holds the pipe.
            residue.end_descendants()
            out, err = b"", b""
    return Done(process.args, process.returncode,
                (out or b"").decode(errors="replace"),
                (err or b"").decode(errors="replace"), timed_out)


def run(argv, timeout=60, data=None, **more):
    if data is not None:
        more["stdin"] = subprocess.PIPE
        data = data.encode() if isinstance(data, str) else data
    return finish(start(argv, **more), timeout, data)


class Terminal:
    """A command on a pseudo-terminal of its own, driven as a person would."""

    def __init__(self, argv, rows=24, columns=80, user=0, env=None, **more):
        self.argv = argv
        self.screen = ""
        self.seen = 0           # how much of it expect() has matched
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        owner = user or (USER if is_callers(argv) else 0)
        if owner:
            os.chown(os.ttyname(slave), owner, owner)
        # start_new_session has made it a session leader; take the terminal.
        self.process = start(
            argv, user=user, env=env, stdin=slave, stdout=slave, stderr=slave,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **more)
        os.close(slave)

    def read(self, timeout):
        """More of the screen; False when nothing came or all is over."""
        if not select.select([self.master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:         # EIO: nobody has the other side open
            return False
        self.screen += self.decoder.decode(data)
        return bool(data)

    def expect(self, text, timeout=20):
        """Read until `text` shows up after what was expected before it; what
        one read brought in together may be expected piece by piece."""
        start_at = self.seen
        deadline = time.monotonic() + timeout * SLOWER
        while text not in self.screen[start_at:]:
            if time.monotonic() > deadline or (
                    not self.read(0.2) and self.process.poll() is not None
                    and not self.read(0)):
                raise AssertionError("%r never appeared:\n%s" %
                                     (text, self.screen[-3000:]))
        self.seen = self.screen.index(text, start_at) + len(text)
        return self.screen[start_at:]

    def send(self, text):
        os.write(self.master, text.encode())

    def hang_up(self):
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def wait(self, timeout=20):
        """Read to the end; a group that takes too long is killed: a fault."""
        deadline = time.monotonic() + timeout * SLOWER
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.master < 0 or not self.read(0.1):
                time.sleep(0.01)
        timed_out = self.process.poll() is None
        if timed_out:
            signal_group(self.process, signal.SIGKILL)
        self.process.wait(10)
        while self.master >= 0 and self.read(0):
            pass
        self.hang_up()
        if timed_out:
            raise AssertionError("no end in %d s:\n%s" %
                                 (timeout, self.screen[-3000:]))
        return Done(self.argv, self.process.returncode, self.screen, "")


def private_state(test_class):
    """For setUpClass: images and containers of this class in a directory of
    their own, which goes when the class is done."""
    place = tempfile.mkdtemp(prefix="mydocker-state-%d-" % os.getpid(),
                             dir="/var/tmp")
    for stays, mode in (("run", 0o711), ("volumes", 0o711),
                        ("networks", 0o755)):       # once it is made
        os.mkdir(os.path.join(place, stays), mode)
    if caller:
        for directory in ("", "/run", "/volumes", "/networks"):
            os.chown(place + directory, USER, USER)
    everywhere["MYDOCKER_ROOT"] = place
    test_class.addClassCleanup(remove_tree, place)
    test_class.addClassCleanup(everywhere.pop, "MYDOCKER_ROOT")
    return place


class Refused(Exception):
    """An ordinary user may not, and was told so as he should be: there is no
    more to see, and nothing is wrong."""


class KernelTest(unittest.TestCase):
    leaves = ()         # patterns of differences that are allowed
    maxDiff = None

    def __init__(self, name="runTest"):
        super().__init__(name)
        method = getattr(self, name, None)

        @functools.wraps(method)
        def until_refused():
            with contextlib.suppress(Refused):
                method()
        if method:
            setattr(self, name, until_refused)

    @contextlib.contextmanager
    def subTest(self, *words, **named):
        with super().subTest(*words, **named), contextlib.suppress(Refused):
            yield

    def setUp(self):
        self.before = residue.snapshot()
        self.addCleanup(self.compare_host)      # the last of all clean-ups

    def compare_host(self):
        left = residue.differences(self.before, self.leaves)
        residue.end_descendants()
        if left:
            self.fail("left on the host:\n" + "\n".join(left))

    def bury_orphans(self, timeout=20, lasting=None):
        """What a killed program has started dies with it, if it shall, and is
        then ours to bury: a zombie is still in its cgroups.  Those of the
        program `lasting` live on, and all below them."""
        deadline = time.monotonic() + timeout * SLOWER
        while True:
            left = residue.descendants()
            if lasting:
                left = residue.descendants([pid for pid, line in left.items()
                                            if "(%s" % lasting in line])
            if not left:
                break
            self.assertLess(time.monotonic(), deadline, left.values())
            residue.reap()
            time.sleep(0.001)

    def run_command(self, argv, timeout=60, **more):
        done = run(argv, timeout, **more)
        self.assertFalse(done.timed_out, "no end in %d s\n%s" % (timeout, done))
        if is_callers(argv):
            self.look_for_refusal(done)
        return done

    def look_for_refusal(self, done):
        """At once, with the cure, and nothing was begun: then this is all."""
        for words, whole in somebody.REFUSALS.items():
            if words in done.err:
                self.assertRegex(done.err, whole)
                is_exec = done.err.startswith("mydocker exec: ")
                self.assertIn(done.status, (126,) if is_exec else (1, 125),
                              str(done))
                self.assertEqual(done.out, "", str(done))
                raise Refused

    def succeed(self, argv, timeout=60, **more):
        done = self.run_command(argv, timeout, **more)
        self.assertEqual(done.status, 0, str(done))
        return done

    def terminal(self, argv, **more):
        terminal = Terminal(argv, **more)
        self.addCleanup(terminal.hang_up)
        return terminal

    def scratch(self, user=0):
        """A directory that is gone after the test, owned by `user`, or by
        whom AS_USER says."""
        user = user or (USER if caller else 0)
        path = tempfile.mkdtemp(prefix="mydocker-test-%d-" % os.getpid())
        self.addCleanup(remove_tree, path)
        os.chmod(path, 0o755)
        if user:
            os.chown(path, user, user)
        return path

    def need(self, *names):
        """Skip without these programs."""
        for name in names:
            if not shutil.which(name):
                self.skipTest(name + " is not installed")

    def need_attribute(self, path, name, value):
        """Give it that, of a user's; tmpfs has such since Linux 6.6."""
        try:
            os.setxattr(path, name, value)
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOTSUP)
            self.skipTest("no file has attributes of a user's where %s is" %
                          path)


def remove_tree(path):
    """rm -r that stops at the first mount instead of emptying it."""
    device = os.lstat(path).st_dev
    for top, directories, names in os.walk(path, topdown=False):
        if os.lstat(top).st_dev != device or os.path.ismount(top):
            raise AssertionError("%s is mounted: not removed" % top)
        for name in names:
            os.unlink(os.path.join(top, name))
        for name in directories:
            inner = os.path.join(top, name)
            if os.path.islink(inner):
                os.unlink(inner)
            elif not os.path.ismount(inner):
                os.rmdir(inner)
            else:
                raise AssertionError("%s is mounted: not removed" % inner)
    os.rmdir(path)
