"""Chapter 1's steps about processes, and its failure "fork: Cannot allocate
memory": they do what the text says."""

import os
import shutil
import signal
import time
import unittest

import harness

DEMO = harness.program("ch01-namespaces")
SECONDS = 30
LISTEN = "trap 'echo caught; exit 5' %s; echo ready; " \
         "while :; do sleep 0.05; done"


def step(name):
    return harness.program("ch01-namespaces", "steps/" + name)


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


def stat(pid):
    """(state, parent), or none when it is gone"""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
            return tuple(file.read().rpartition(")")[2].split()[:2])
    except OSError:
        return None


def children(pid):
    """{pid: state}"""
    found = {int(name): stat(int(name)) for name in os.listdir("/proc")
             if name.isdigit()}
    return {child: row[0] for child, row in found.items()
            if row and row[1] == str(pid)}


class Fork(harness.KernelTest):
    def test_it_returns_twice(self):
        done = self.succeed([step("01-fork")])
        lines = done.out.splitlines()
        self.assertRegex(lines[0], r"^child: fork returned 0; I am \d+")
        child = lines[0].split()[6].rstrip(",")
        self.assertIn("parent: fork returned %s;" % child, lines[1])
        self.assertRegex(lines[2], r"of process %s: State:\s+Z" % child)
        self.assertIn("exit status 3", lines[3])
        self.assertEqual(lines[4], "parent: there is no process " + child)

    def test_there_is_a_third_return(self):
        self.need("prlimit")
        place = self.scratch(harness.USER)
        program = shutil.copy(step("01-fork"), place)
        done = self.run_command(["prlimit", "--nproc=1", program],
                                user=harness.USER)
        self.assertEqual(done.status, 1, str(done))
        self.assertEqual(done.text, "fork: Resource temporarily unavailable\n")

    def test_the_zombie_can_be_looked_at(self):
        terminal = self.terminal([step("01-fork")])
        terminal.expect("then Enter")
        states = children(terminal.process.pid)
        self.assertEqual(list(states.values()), ["Z"])
        terminal.send("\n")
        self.assertEqual(terminal.wait().status, 0)

    def test_a_tour_whose_caller_ignores_the_end_of_children(self):
        """SIGCHLD ignored is inherited, and hides how a child ended."""
        done = self.succeed([DEMO, "fork"], SECONDS, preexec_fn=lambda:
                            signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertIn("1 passed", done.out)


class Clone(harness.KernelTest):
    def test_a_shell_of_its_own(self):
        done = self.run_command(
            [step("02-clone")],
            data="echo pid $$; hostname inside; hostname; exit 3\n")
        self.assertEqual(done.status, 3, str(done))
        self.assertIn("child: I am process 1 in here\n", done.out)
        self.assertIn("pid 1\ninside\n", done.out)
        self.assertRegex(done.out, r"parent: the child is process \d{2,} out")


class Init(harness.KernelTest):
    """05-init: a process 1, and a program below it."""

    init = step("05-init")

    def begin(self, script, mark=b"ready\n"):
        """(the process outside, process 1, the program)"""
        process = harness.start([self.init, "sh", "-c", script])
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.assertEqual(process.stdout.readline(), mark)
        first, = children(process.pid)
        return process, first

    def test_its_status_is_the_programs(self):
        for script, status in (("exit 3", 3), ("kill -KILL $$", 137),
                               ("kill -TERM $$", 143)):
            done = self.run_command([self.init, "sh", "-c", script])
            self.assertEqual(done.status, status, str(done))
        self.assertEqual(self.run_command([self.init, "/nothing"]).status, 127)
        self.assertEqual(self.run_command([self.init]).status, 2)
        done = self.run_command([self.init, "true"], preexec_fn=lambda:
                                signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(done.status, 0, str(done))

    def test_it_is_a_pid_namespace(self):
        done = self.succeed([self.init, "sh", "-c", "echo $$ $PPID"])
        self.assertEqual(done.out, "2 1\n")
        place = self.scratch(harness.USER)
        done = self.run_command([shutil.copy(self.init, place), "true"],
                                user=harness.USER)
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("try sudo", done.err)

    def test_signals_are_passed_on(self):
        for whom in 0, 1:
            started = self.begin(LISTEN % "TERM")
            os.kill(started[whom] if whom else started[0].pid, signal.SIGTERM)
            done = harness.finish(started[0], SECONDS)
            self.assertEqual((done.status, done.out), (5, "caught\n"),
                             str(done))

    def test_orphans_are_waited_for(self):
        process, first = self.begin(
            "for i in 1 2 3 4 5; do (sleep 0.3 &); done; echo ready; sleep 60")
        deadline = time.monotonic() + SECONDS
        self.assertGreaterEqual(len(children(first)), 2)    # they are its own
        while len(children(first)) > 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(list(children(first).values()), ["S"])
        os.kill(first, signal.SIGKILL)
        self.assertEqual(harness.finish(process, SECONDS).status, 137)

    def test_nobody_survives_the_one_outside(self):
        process, first = self.begin("echo ready; sleep 60")
        program, = children(first)
        process.kill()
        process.wait()
        deadline = time.monotonic() + SECONDS
        while stat(program) and time.monotonic() < deadline:
            harness.residue.reap()
            time.sleep(0.02)
        self.assertIsNone(stat(program))

    def test_ctrl_c_is_for_the_program(self):
        terminal = self.terminal([self.init, "sh", "-c", LISTEN % "INT"])
        terminal.expect("ready")
        terminal.send("\x03")
        done = terminal.wait()
        self.assertEqual(done.status, 5, str(done))
        self.assertEqual(done.out.count("caught"), 1, str(done))
        terminal = self.terminal([self.init, "sh", "-c",
                                  "echo ready; exec sleep 60"])
        terminal.expect("ready")
        terminal.send("\x03")
        self.assertEqual(terminal.wait().status, 130)

    def test_the_terminal_comes_and_goes(self):
        """The program reads from it, and then whoever had it before."""
        terminal = self.terminal(["sh", "-c", "%s sh -c '%s'; %s" % (
            self.init, "echo inside; read -r a; echo \"got $a\"",
            "read -r b; echo \"and $b\"")])
        terminal.expect("inside")
        terminal.send("one\n")
        terminal.expect("got one")
        terminal.send("two\n")
        terminal.expect("and two")
        self.assertEqual(terminal.wait().status, 0)


class DeadNamespace(harness.KernelTest):
    """fork: Cannot allocate memory."""

    message = "Cannot allocate memory"

    def test_after_unshare_and_one_child(self):
        self.need("bash")
        script = "/bin/true; /bin/true; echo never"
        bash = ["bash", "--norc", "-c", script]
        done = self.run_command(["unshare", "--pid", *bash])
        self.assertEqual(done.status, 254, str(done))
        self.assertIn("fork: " + self.message, done.err)
        self.assertEqual(done.out, "")
        done = self.succeed(["unshare", "--pid", "--fork", *bash])  # the cure
        self.assertEqual(done.out, "never\n")

    def test_by_a_descriptor_of_a_namespace_that_has_ended(self):
        process = harness.start(["unshare", "--pid", "--fork", "cat"],
                                stdin=-1)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        process.stdin.write(b"up\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"up\n")
        first, = children(process.pid)
        kept = os.open("/proc/%d/ns/pid" % first, os.O_RDONLY)
        self.addCleanup(os.close, kept)
        process.stdin.close()
        self.assertEqual(process.wait(SECONDS), 0)
        done = self.run_command(["nsenter", "--pid=/proc/self/fd/%d" % kept,
                                 "true"], pass_fds=[kept])
        self.assertEqual(done.status, 1, str(done))
        self.assertIn(self.message, done.err)
