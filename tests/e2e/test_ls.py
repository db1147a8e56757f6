"""What chapter 1's `ls` and `mountinfo` say of this machine, against lsns(8),
findmnt(8) and the kernel; and views, which print that and nothing else."""

import ctypes
import json
import os
import shutil
import signal
import time

import harness

DEMO = harness.program("ch01-namespaces")
KINDS = {"mount": "mnt", "network": "net"}      # as lsns calls them
VIEWS = ["--text", "--each", "--json", "--dot"]
TRIES = 20              # other processes come and go meanwhile
MANY = 3000
HOSTILE = b"\"<&\\\n\x1b\xff\xe5\xaex>"
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15
_libc = ctypes.CDLL(None)


def many(count):
    """In a process of its own: so many children, until it is killed."""
    for _ in range(count):
        if os.fork() == 0:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.pause()


class Views(harness.KernelTest):
    def view(self, *arguments, **more):
        done = self.succeed([DEMO, *arguments], **more)
        self.assertEqual(done.err, "", str(done))
        return done.out

    def table(self, **more):
        return json.loads(self.view("ls", "--json", **more))

    def started(self, argv, ready, **more):
        """A command that has come as far as `ready`, ended with the test."""
        process = harness.start(argv, **more)
        self.addCleanup(process.wait)
        self.addCleanup(harness.signal_group, process, signal.SIGKILL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        deadline = time.monotonic() + 20
        while not ready(process.pid):
            self.assertLess(time.monotonic(), deadline, argv)
            self.assertIsNone(process.poll(), argv)
            time.sleep(0.01)
        return process

    def sleeper(self, *flags, **more):
        """A `sleep` in new namespaces."""
        def is_there(pid):
            with open("/proc/%d/comm" % pid, encoding="utf-8") as file:
                return file.read() == "sleep\n"
        return self.started(["unshare", *flags, "sleep", "600"], is_there,
                            **more)

    def named(self, name, **more):
        """A process that calls itself so."""
        def is_called(pid):
            with open("/proc/%d/comm" % pid, "rb") as file:
                return file.read() == name + b"\n"
        return self.started(
            ["python3", "-c", "import ctypes, sys, time; ctypes.CDLL(None)."
             "prctl(15, %r); time.sleep(600)" % name], is_called, **more)

    def agree(self, look, other):
        """look() and other() say the same, in a moment when nothing changes."""
        for _ in range(TRIES):
            before, theirs, after = look(), other(), look()
            if before == after == theirs:
                return
            time.sleep(0.05)
        self.assertEqual(before, theirs, "(and then it was %s)" % after)
