"""Terminals and streams, by the verbs that a user types: run, exec, attach,
start -a, logs.  The terminal's modes and size are asked of the kernel.

BYTES=1000000000 makes the big streams so big (64 MiB).
"""

import fcntl
import hashlib
import os
import re
import shlex
import signal
import struct
import subprocess
import termios
import time
import unittest

import harness
import test_run
from harness import residue
from test_run import BUSYBOX, DEMO, read

BYTES = int(os.environ.get("BYTES", str(64 << 20)))
# Waits for a signal, and says so.
TRAPS = ("trap 'echo int' INT; trap 'echo term; exit 3' TERM; echo up; "
         "while :; do sleep 0.05; done")


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


def settle(seconds):
    """Until then has happened what nobody sees: somebody is attached, a shell
    waits for its child."""
    time.sleep(seconds * harness.SLOWER)


class Case(test_run.ContainerTest):
    def setUp(self):
        super().setUp()
        self.name = harness.random_name("test")
        self.addCleanup(harness.run, [DEMO, "rm", "-f", self.name])

    def up(self, *words):
        """A container in the background, for exec and attach."""
        self.succeed([DEMO, "run", "-d", "--name", self.name, *words])

    def sleeping(self):
        self.up("--init", BUSYBOX, "sleep", "1000")

    def remove(self):
        """Whoever kept an exec that was let go of is ours to bury; what he ran
        was his."""
        self.succeed([DEMO, "rm", "-f", self.name])
        self.bury_orphans()

    def on_terminal(self, verb, *words, **more):
        return self.terminal([DEMO, *verb.split(), *words], **more)

    def run_it(self, *words, **more):
        return self.on_terminal("run -it", "--name", self.name, BUSYBOX,
                                *words, **more)

    def status(self):
        return self.records()[self.name]["status"]

    def until(self, condition, timeout=20):
        deadline = time.monotonic() + timeout * harness.SLOWER
        while not condition():
            self.assertLess(time.monotonic(), deadline, "never came to be")
            time.sleep(0.01)

    def monitor(self):
        """Its pid: the parent of process 1, once the starter has gone."""
        pid = self.records()[self.name]["pid"]

        def parent():
            stat = residue.read("/proc/%d/stat" % pid)
            return int(stat.split(") ")[1].split()[1])
        self.until(lambda: "mydocker-monito" in
                   residue.read("/proc/%d/comm" % parent()))
        return parent()

    @staticmethod
    def high_water(pid):
        """kB of memory at most, so far."""
        with open("/proc/%d/status" % pid, encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file
                        if line.startswith("VmHWM"))


class Raw(Case):
    """The terminal is raw while attached, and what it was before on every
    way out."""

    def raw_then_restored(self, terminal, way_out, before=None):
        """Once it is up: way_out() ends the client; returns its status."""
        terminal.expect("up")
        self.until(lambda: not self.echoes(terminal))
        # The client's end must not take the pty along before we have looked.
        way_out()
        done = terminal.process.wait(20)
        modes = termios.tcgetattr(terminal.master)
        self.assertEqual(modes, before or self.cooked)
        return done

    @staticmethod
    def echoes(terminal):
        return bool(termios.tcgetattr(terminal.master)[3] & termios.ECHO)

    def open(self, verb, *words):
        """Like on_terminal(), with one descriptor of the terminal held by a
        shell that stays, as the user's would."""
        terminal = self.on_terminal(verb, *words)
        return terminal

    def setUp(self):
        super().setUp()
        master, slave = os.openpty()
        self.cooked = termios.tcgetattr(master)
        os.close(slave)
        os.close(master)

    def attached(self):
        return self.run_it("sh", "-c", "echo up; exec sh")

    def test_exit(self):
        terminal = self.attached()
        self.assertEqual(self.raw_then_restored(
            terminal, lambda: terminal.send("exit 4\r")), 4)

    def test_detach(self):
        terminal = self.attached()
        self.assertEqual(self.raw_then_restored(
            terminal, lambda: terminal.send("\x10\x11")), 0)
        self.assertEqual(self.status(), "running")

    def test_signals_to_the_client(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                       signal.SIGQUIT):
            terminal = self.attached()
            status = self.raw_then_restored(
                terminal, lambda n=number, t=terminal:
                t.process.send_signal(n))
            self.assertEqual(status, 128 + number)
            # It is not the container's.
            self.assertEqual(self.status(), "running")
            self.succeed([DEMO, "rm", "-f", self.name])

    def test_a_kill_of_the_container(self):
        terminal = self.attached()
        status = self.raw_then_restored(
            terminal, lambda: self.succeed([DEMO, "kill", self.name]))
        self.assertEqual(status, 137)

    def test_rm_f(self):
        terminal = self.attached()
        status = self.raw_then_restored(
            terminal, lambda: self.succeed([DEMO, "rm", "-f", self.name]))
        self.assertEqual(status, 137)

    def test_kill_9_of_the_monitor(self):
        terminal = self.attached()
        status = self.raw_then_restored(
            terminal, lambda: os.kill(self.monitor(), signal.SIGKILL))
        self.assertEqual(status, 125)
        terminal.wait()
        self.assertIn("monitor", terminal.screen)
        # The next command tells the truth.
        self.succeed([DEMO, "ps", "-a"])
        record = self.records()[self.name]
        self.assertEqual((record["status"], record["exitCode"]),
                         ("exited", 137))

    def test_attach_and_start(self):
        self.up("-it", BUSYBOX, "sh", "-c",
                "trap 'exit 5' TERM; read x; echo up; read x; exit 6")
        terminal = self.on_terminal("attach", self.name)
        terminal.send("go\r")
        status = self.raw_then_restored(
            terminal, lambda: terminal.send("more\r"))
        self.assertEqual(status, 6)
        terminal = self.on_terminal("start -ai", self.name)
        terminal.send("go\r")
        self.assertEqual(self.raw_then_restored(
            terminal, lambda: terminal.send("\x10\x11")), 0)
        terminal = self.on_terminal("attach", self.name)
        settle(0.2)
        terminal.send("\x10\x11")
        self.assertEqual(terminal.wait().status, 1)     # as docker attach
        self.assertIn("read escape sequence", terminal.screen)

    def test_exec(self):
        self.sleeping()
        words = ("exec -it", self.name, "sh", "-c", "echo up; exec sh")
        terminal = self.on_terminal(*words)
        self.assertEqual(self.raw_then_restored(
            terminal, lambda: terminal.send("exit 4\r")), 4)
        for number in (signal.SIGTERM, signal.SIGHUP):
            terminal = self.on_terminal(*words)
            self.raw_then_restored(
                terminal, lambda n=number, t=terminal:
                (t.process.send_signal(n), t.send("exit 4\r")))
        terminal = self.on_terminal(*words)
        self.assertEqual(self.raw_then_restored(
            terminal, lambda: self.succeed([DEMO, "kill", self.name])), 137)

    def test_a_lost_terminal(self):
        terminal = self.attached()
        terminal.expect("up")
        terminal.hang_up()
        self.assertEqual(terminal.wait().status, 129)
        self.assertEqual(self.status(), "running")
        again = self.on_terminal("attach", self.name)
        again.send("echo $((6 * 7))\r")
        again.expect("42")
        again.send("exit\r")
        self.assertEqual(again.wait().status, 0)

    def test_a_lost_terminal_of_exec_leaves_nobody(self):
        self.sleeping()
        terminal = self.on_terminal("exec -it", self.name, "sh", "-c",
                                    "echo up; exec sleep 2000")
        terminal.expect("up")
        terminal.hang_up()
        terminal.wait()
        self.until(lambda: "sleep 2000" not in self.succeed(
            [DEMO, "top", self.name]).out)


class Keys(Case):
    def test_job_control(self):
        terminal = self.run_it("sh")
        terminal.expect("# ")
        terminal.send("sleep 300\r")
        settle(0.3)
        terminal.send("\x1a")
        terminal.expect("Stopped")
        terminal.send("fg\r")
        terminal.expect("sleep 300")
        settle(0.2)
        terminal.send("\x03")
        terminal.expect("# ")
        terminal.send("echo status $?\r")
        terminal.expect("status 130")
        terminal.send("\x04")
        self.assertEqual(terminal.wait().status, 0)

    def test_job_control_in_exec(self):
        self.sleeping()
        terminal = self.on_terminal("exec -it", self.name, "sh")
        terminal.expect("# ")
        terminal.send("sleep 300\r")
        settle(0.3)
        terminal.send("\x1a")
        terminal.expect("Stopped")
        terminal.send("fg\r")
        terminal.expect("sleep 300")
        settle(0.2)
        terminal.send("\x03")
        terminal.expect("# ")
        terminal.send("echo status $?; exit 7\r")
        terminal.expect("status 130")
        self.assertEqual(terminal.wait().status, 7)

    def test_the_beginning_of_the_keys_comes_through(self):
        terminal = self.run_it("sh", "-c", "stty raw -echo; echo up; "
                                           "head -c 3 | od -An -tx1")
        terminal.expect("up")
        terminal.send("\x10a\x10\x10\x11")
        # What was typed before the keys is all there; they are not.
        self.assertEqual(terminal.wait().status, 0)
        self.until(lambda: "10 61 10" in self.logged())

    def logged(self):
        return self.run_command([DEMO, "logs", self.name]).out

    def test_other_keys(self):
        terminal = self.on_terminal(
            "run -it --detach-keys ctrl-x,q", "--name", self.name, BUSYBOX,
            "sh", "-c", "stty raw -echo; echo up; head -c 2 | od -An -tx1; "
                        "read x")
        terminal.expect("up")
        terminal.send("\x10\x11")
        terminal.expect("10 11")
        terminal.send("\x18q")
        self.assertEqual(terminal.wait().status, 0)
        self.assertEqual(self.status(), "running")
        again = self.on_terminal("attach --detach-keys x", self.name)
        settle(0.2)
        again.send("x")
        self.assertEqual(again.wait().status, 1)
        self.assertEqual(self.status(), "running")

    def test_keys_that_are_none(self):
        self.sleeping()
        for words in (["run", "-it", "--detach-keys", "ctrl-", BUSYBOX, "sh"],
                      ["attach", "--detach-keys", "shift-a", self.name],
                      ["exec", "-it", "--detach-keys", "ctrl-?", self.name,
                       "sh"]):
            done = self.terminal([DEMO, *words]).wait()
            self.assertIn("invalid detach keys", done.out)
            self.assertNotEqual(done.status, 0)

    def test_exec_is_let_go_of(self):
        self.sleeping()
        terminal = self.on_terminal(
            "exec -it --detach-keys ctrl-a,d", self.name, "sh", "-c",
            "echo up; read x; sleep 1; echo one; echo got $x >/got; "
            "exec sleep 3000")
        terminal.expect("up")
        terminal.send("word\r\x01d")
        self.assertEqual(terminal.wait().status, 1)
        self.assertIn("read escape sequence", terminal.screen)
        # It goes on, and its terminal is still one.
        self.until(lambda: self.run_command(
            [DEMO, "exec", self.name, "cat", "/got"]).out == "got word\n")
        self.remove()

    def test_exec_d_with_a_terminal(self):
        self.sleeping()
        done = self.succeed([DEMO, "exec", "-dt", self.name, "sh", "-c",
                             "tty >/tty; echo x; sleep 0.2; echo y; "
                             "echo done >/done"])
        self.assertEqual(done.text, "")
        self.until(lambda: self.run_command(
            [DEMO, "exec", self.name, "cat", "/tty", "/done"]).out ==
            "/dev/pts/0\ndone\n")
        done = self.run_command([DEMO, "exec", "-dt", self.name, "nonsense"])
        self.assertEqual(done.status, 1, done)
        self.assertIn("executable file not found", done.err)
        self.remove()


class Sizes(Case):
    def follow(self, terminal):
        terminal.send("stty size\r")
        terminal.expect("31 101")
        for rows, columns in ((40, 120), (7, 33)):
            fcntl.ioctl(terminal.master, termios.TIOCSWINSZ,
                        struct.pack("HHHH", rows, columns, 0, 0))
            settle(0.2)
            terminal.send("stty size\r")
            terminal.expect("%d %d" % (rows, columns))

    def test_run_and_attach(self):
        terminal = self.run_it("sh", "-c", "stty size; exec sh", rows=31,
                               columns=101)
        terminal.expect("31 101")       # before its first instruction
        self.follow(terminal)
        terminal.send("\x10\x11")
        self.assertEqual(terminal.wait().status, 0)
        again = self.on_terminal("attach", self.name, rows=31, columns=101)
        self.follow(again)
        again.send("exit\r")
        again.wait()

    def test_exec(self):
        self.sleeping()
        terminal = self.on_terminal("exec -it", self.name, "sh", "-c",
                                    "stty size; exec sh", rows=31,
                                    columns=101)
        terminal.expect("31 101")
        self.follow(terminal)
        terminal.send("exit\r")
        terminal.wait()

    def test_each_is_an_event(self):
        """The one it begins with, then each that is set."""
        def sizes():
            return self.succeed([
                DEMO, "events", "--since", "10m", "--until", "0s", "-f",
                "event=resize", "-f", "container=" + self.name, "--format",
                "{{.Actor.Attributes.height}}x{{.Actor.Attributes.width}}"
            ]).out.split()
        terminal = self.run_it("cat", rows=31, columns=101)
        self.until(lambda: len(sizes()) == 1)
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 41, 17, 0, 0))
        self.until(lambda: len(sizes()) == 2)
        self.assertEqual(sizes(), ["31x101", "41x17"])
        self.succeed([DEMO, "rm", "-f", self.name])

    def test_a_program_is_told(self):
        terminal = self.run_it("sh", "-c", "trap 'stty size' WINCH; echo up; "
                                           "while :; do sleep 0.05; done")
        terminal.expect("up")
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 19, 71, 0, 0))
        terminal.expect("19 71")
        self.succeed([DEMO, "rm", "-f", self.name])
        terminal.wait()


class Halves(Case):
    """-t without -i and -i without -t; standard input and its end."""

    def test_t_without_i(self):
        terminal = self.on_terminal("run -t", "--name", self.name, BUSYBOX,
                                    "sh", "-c", "tty; echo up; sleep 1; "
                                    "read -t 1 x; echo got:$x:")
        terminal.expect("/dev/pts/0")
        # Ours is not raw, and what is typed is not the container's.
        self.assertTrue(termios.tcgetattr(terminal.master)[3] & termios.ECHO)
        terminal.send("words\n")
        terminal.expect("got::")
        terminal.wait()

    def test_exec_t_without_i(self):
        self.sleeping()
        terminal = self.on_terminal("exec -t", self.name, "sh", "-c",
                                    "tty; read -t 1 x; echo got:$x:")
        terminal.expect("/dev/pts/0")
        terminal.send("words\n")
        terminal.expect("got::")
        terminal.wait()

    def test_t_with_no_terminal_here(self):
        done = self.run_in("-t", BUSYBOX, "sh", "-c", "tty; echo x >&2")
        self.assertEqual((done.status, done.out, done.err),
                         (0, "/dev/pts/0\r\nx\r\n", ""))

    def test_it_needs_one(self):
        self.sleeping()
        for words in (["run", "-it", BUSYBOX, "sh"],
                      ["exec", "-it", self.name, "sh"]):
            done = self.run_command([DEMO, *words], data="x")
            self.assertIn("the input device is not a TTY", done.err)
            self.assertEqual(done.status, 1)

    def test_input_ends(self):
        self.sleeping()
        for words in (["run", "--rm", "-i", BUSYBOX, "cat"],
                      ["exec", "-i", self.name, "cat"]):
            done = self.succeed([DEMO, *words], data="x\n")
            self.assertEqual(done.out, "x\n")
            self.assertEqual(self.succeed([DEMO, *words], data="").out, "")
            # Without -i there is none.
            words.remove("-i")
            self.assertEqual(self.succeed([DEMO, *words], data="x\n").out, "")

    def test_standard_descriptors_that_are_closed(self):
        self.sleeping()
        for words in ("run --rm -i busybox", "exec -i " + self.name,
                      "run --rm busybox", "exec " + self.name):
            for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
                done = self.run_command(harness.called(
                    "sh", "-c", "%s %s sh -c 'cat; exit 7' %s" %
                    (DEMO, words, closed)), timeout=20)
                self.assertEqual(done.status, 7, done)

    def test_input_comes_to_start_and_attach(self):
        self.succeed([DEMO, "create", "-i", "--name", self.name, BUSYBOX,
                      "cat"])
        for _ in range(2):
            done = self.succeed([DEMO, "start", "-ai", self.name], data="x\n")
            self.assertEqual(done.out, "x\n")
        self.succeed([DEMO, "rm", self.name])
        self.up("-i", BUSYBOX, "sh", "-c", "head -n 1; head -n 1")
        # Of -d nobody's end is that of the input.
        attached = harness.start([DEMO, "attach", self.name],
                                 stdin=subprocess.PIPE)
        attached.stdin.write(b"one\n")
        attached.stdin.flush()
        self.assertEqual(attached.stdout.readline(), b"one\n")
        attached.stdin.write(b"two\n")
        attached.stdin.flush()
        self.assertEqual(harness.finish(attached, 20).out, "two\n")

    def test_output_that_ends_before_the_input(self):
        process = harness.start([DEMO, "run", "--rm", "-i", BUSYBOX, "true"],
                                stdin=subprocess.PIPE)
        self.assertEqual(process.wait(20), 0)   # nobody has closed its input
        harness.finish(process, 5)


class Bytes(Case):
    def test_all_256_by_every_way(self):
        self.sleeping()
        data = bytes(range(256)) * 300
        raw = "stty raw -echo 2>/dev/null; head -c %d" % len(data)
        for words in (["run", "--rm", "-i", BUSYBOX, "cat"],
                      ["exec", "-i", self.name, "cat"]):
            process = harness.start([DEMO, *words], stdin=subprocess.PIPE)
            out, _ = process.communicate(data, 20)
            self.assertEqual(out, data)
        # Through two ptys; no key lets go.
        for words in (["run", "--rm", "-it", "--detach-keys", "ctrl-a,b,c,d",
                       BUSYBOX], ["exec", "-it", "--detach-keys",
                                  "ctrl-a,b,c,d", self.name]):
            terminal = self.terminal([DEMO, *words, "sh", "-c", raw +
                                      " | sha256sum"],
                                     env=harness.environment())
            self.until(lambda t=terminal: not termios.tcgetattr(
                t.master)[3] & termios.ECHO)
            settle(0.5)
            self.paste(terminal, data)
            terminal.expect(hashlib.sha256(data).hexdigest())
            terminal.wait()

    @staticmethod
    def paste(terminal, data):
        """Nothing is read meanwhile, which is more than a person would do."""
        while data:
            data = data[os.write(terminal.master, data[:4096]):]

    def test_a_big_paste_in_lines(self):
        """64 KiB at once, into a cooked terminal whose program is slow."""
        lines = "".join("%031d\n" % i for i in range(2048)).encode()
        terminal = self.run_it(
            "sh", "-c", "stty -echo; echo up; sleep 1; head -n 2048 | "
                        "sha256sum")
        terminal.expect("up")
        self.paste(terminal, lines)
        terminal.expect(hashlib.sha256(lines).hexdigest())
        terminal.wait()

    def test_a_slow_terminal(self):
        """Its reader sleeps; nothing is lost, and the container waits."""
        size = 3 << 20
        terminal = self.run_it("sh", "-c", "stty raw; echo up; head -c %d "
                                           "/dev/zero | tr '\\0' x; echo end"
                               % size)
        terminal.expect("up")
        for _ in range(5):
            time.sleep(0.2)
            terminal.read(0.1)
        terminal.expect("end", timeout=60)
        self.assertEqual(terminal.screen.count("x"), size)
        terminal.wait()

    def test_a_terminal_that_is_not_read_can_be_left(self):
        terminal = self.run_it("sh", "-c", "echo up; exec yes")
        terminal.expect("up")
        time.sleep(0.5)
        terminal.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        # Now somebody reads again.
        self.assertEqual(terminal.wait().status, 143)
        self.succeed([DEMO, "rm", "-f", self.name])

    def test_several_at_once(self):
        self.up("-it", BUSYBOX, "sh", "-c",
                "stty -echo; while read x; do echo said $x; done")
        three = [self.on_terminal("attach", self.name) for _ in range(3)]
        settle(0.5)
        for i, typing in enumerate(three):
            typing.send("%d\r" % i)
            for terminal in three:
                terminal.expect("said %d" % i)
        # One leaves; one is killed; the third has it all for itself.
        three[0].send("\x10\x11")
        three[0].wait()
        three[1].process.kill()
        three[1].process.wait(10)
        three[2].send("last\r")
        three[2].expect("said last")
        self.succeed([DEMO, "rm", "-f", self.name])
        self.assertEqual(three[2].wait().status, 137)

    def big(self):
        path = os.path.join(self.scratch(), "big")
        block = b"".join(b"%063d\n" % i for i in range(16384))
        digest = hashlib.sha256()
        with open(path, "wb") as file:
            for _ in range(max(BYTES >> 20, 1)):
                file.write(block)
                digest.update(block)
        return path, digest.hexdigest(), len(block) * max(BYTES >> 20, 1)

    def watch(self, process, *, length=0):
        """Read all of its output: the hash, and the most memory of it and of
        the monitor."""
        digest, most = hashlib.sha256(), 0
        monitor = self.monitor()
        got = 0
        while chunk := process.stdout.read1(1 << 20):
            digest.update(chunk)
            got += len(chunk)
            try:
                most = max(most, self.high_water(process.pid))
                used = self.high_water(monitor)
            except (FileNotFoundError, StopIteration):
                continue
            self.assertLess(used, 4000)
            if length and got >= length:
                break
        self.assertLess(most, 16000)
        return digest.hexdigest()

    def test_a_lot_through_pipes(self):
        path, due, _ = self.big()
        with open(path, "rb") as file:
            process = harness.start(
                [DEMO, "run", "-i", "--name", self.name, BUSYBOX, "cat"],
                stdin=file)
        self.until(lambda: self.name in self.records() and
                   self.status() == "running")
        self.assertEqual(self.watch(process), due)
        self.assertEqual(harness.finish(process, 20).status, 0)
        # All of it is in the log.
        process = harness.start([DEMO, "logs", self.name])
        self.assertEqual(hashlib.sha256(process.stdout.read()).hexdigest(),
                         due)
        harness.finish(process, 20)

    def test_a_lot_by_logs_f(self):
        path, due, length = self.big()
        self.up("-v", path + ":/big:ro", BUSYBOX, "sh", "-c",
                "cat /big; sleep 1000")
        process = harness.start([DEMO, "logs", "-f", self.name])
        self.assertEqual(self.watch(process, length=length), due)
        self.succeed([DEMO, "rm", "-f", self.name])
        self.assertEqual(harness.finish(process, 20).out, "")

    def test_a_lot_through_a_terminal(self):
        path, due, length = self.big()
        terminal = self.on_terminal(
            "run -it -v " + path + ":/big:ro --name", self.name, BUSYBOX,
            "sh", "-c", "stty raw -echo; echo up; read x; cat /big")
        terminal.expect("up\n")
        # Nobody's own line discipline is to change what comes.
        terminal.send("go\n")
        digest = hashlib.sha256()
        while length > 0:
            data = os.read(terminal.master, 65536)
            digest.update(data)
            length -= len(data)
        self.assertEqual(digest.hexdigest(), due)
        self.assertLess(self.high_water(terminal.process.pid), 16000)
        terminal.wait()


class Signals(Case):
    def test_sig_proxy(self):
        process = harness.start([DEMO, "run", "--name", self.name, BUSYBOX,
                                 "sh", "-c", TRAPS])
        self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.readline(), b"int\n")
        attached = harness.start([DEMO, "attach", self.name])
        settle(0.3)
        attached.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.readline(), b"int\n")
        attached.send_signal(signal.SIGTERM)
        self.assertEqual(harness.finish(attached, 20).status, 3)
        self.assertEqual(harness.finish(process, 20).status, 3)

    def test_no_sig_proxy(self):
        for words in (["run", "--sig-proxy=false", "--name", self.name,
                       BUSYBOX, "sh", "-c", TRAPS],
                      ["attach", "--sig-proxy=false", self.name]):
            process = harness.start([DEMO, *words])
            if words[0] == "run":
                self.assertEqual(process.stdout.readline(), b"up\n")
            settle(0.3)
            process.send_signal(signal.SIGINT)
            done = harness.finish(process, 20)
            self.assertEqual((done.status, done.out), (130, ""))
            self.assertEqual(self.status(), "running")

    def test_in_the_background_of_a_shell(self):
        """An interactive shell's job: without -i it runs; with -it it is
        stopped at the terminal until it is brought to the front."""
        shell = self.terminal(["bash", "--norc", "-i"],
                              env=harness.environment(PS1="$ "))
        shell.expect("$ ")
        demo = self.scratch() + "/demo"
        with open(demo, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nexec %s "$@"\n' %
                       shlex.join(harness.called(DEMO)))
        os.chmod(demo, 0o755)
        shell.send("%s run --rm busybox sh -c 'sleep 0.3; echo bg-$((1+1))' "
                   "&\n" % demo)
        shell.expect("bg-2")
        shell.send("\nwait; %s run -it --name %s busybox sh -c 'echo u''p; "
                   "exec sh' &\n" % (demo, self.name))
        time.sleep(2)
        shell.send("\nfg\n")
        shell.expect("up")
        shell.send("echo in-$((2+2))\n")
        shell.expect("in-4")
        shell.send("exit 9\n")
        shell.expect("$ ")
        shell.send("echo status-$?\n")
        shell.expect("status-9")
        shell.send("exit\n")
        shell.wait()


class Logs(Case):
    def logs(self, *words):
        return self.succeed([DEMO, "logs", *words, self.name]).out

    def test_followed_through_restarts_to_the_end(self):
        self.up("--restart", "on-failure:3", BUSYBOX, "sh", "-c",
                "echo hello; sleep 0.3; echo bye; exit 1")
        process = harness.start([DEMO, "logs", "-f", self.name])
        done = harness.finish(process, 30)
        self.assertEqual(done.status, 0)
        self.assertEqual(done.out, "hello\nbye\n" * 4)
        self.assertEqual(self.status(), "exited")
        # Of one that has ended there is nothing to wait for.
        self.assertEqual(self.logs("-f"), "hello\nbye\n" * 4)

    def test_followed_until_it_is_removed(self):
        self.up("--rm", BUSYBOX, "sh", "-c",
                "echo a; until [ -e go ]; do sleep 0.1; done; echo b")
        self.until(lambda: self.logs() == "a\n")
        follower = harness.start([DEMO, "logs", "-f", self.name])
        self.assertEqual(follower.stdout.readline(), b"a\n")
        self.succeed([DEMO, "exec", self.name, "touch", "go"])
        done = harness.finish(follower, 20)
        self.assertEqual((done.status, done.out), (0, "b\n"), str(done))

    def test_tail_and_since(self):
        self.up(BUSYBOX, "sh", "-c",
                "seq 5; sleep 1.5; seq 6 8; echo e >&2")
        self.succeed([DEMO, "wait", self.name])
        self.assertEqual(self.logs("--tail", "2"), "8\n")
        self.assertEqual(self.logs("-n", "3"), "7\n8\n")
        self.assertEqual(self.logs("--tail", "all"),
                         "".join("%d\n" % i for i in range(1, 9)))
        stamped = self.logs("-t", "--tail", "4").splitlines()
        since = stamped[0].split()[0]
        self.assertEqual(self.logs("--since", since), "6\n7\n8\n")
        self.assertEqual(self.logs("--until", since),
                         "1\n2\n3\n4\n5\n6\n")
        self.assertEqual(self.logs("--since", "1h").count("\n"), 8)
        self.assertEqual(self.logs("--since", "1h", "--tail", "2"), "8\n")
        # A clock that was set back: what is later stands before it.
        log = self.succeed([DEMO, "inspect", "-f", "{{.LogPath}}",
                            self.name]).out.strip()
        text = re.sub(r'"[^"]*Z"', '"2200-01-01T00:00:00Z"', read(log), 2)
        with open(log, "w", encoding="utf-8") as file:
            file.write(text)
        self.assertEqual(self.logs("--until", since), "3\n4\n5\n6\n")
        self.assertEqual(self.logs("--since", since), "1\n2\n6\n7\n8\n")

    def test_a_terminals_log(self):
        self.up("-t", BUSYBOX, "sh", "-c", "echo out; echo err >&2")
        self.succeed([DEMO, "wait", self.name])
        self.assertEqual(self.logs(), "out\r\nerr\r\n")
