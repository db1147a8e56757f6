"""The monitor of a container, without containers: launcher.c takes the part of
the client, and an ordinary process that of process 1."""

import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time

import harness
from harness import ROOT, program

HERE = os.path.dirname(os.path.abspath(__file__))
# Called by "env", and so by root whoever AS_USER says: what it looks at, root
# has launched.
DEMO = program("ch06-final")
MONITOR = program("ch06-final", "mydocker-monitor")
INIT = program("ch06-final", "mydocker-init")
BUILD = os.path.join(ROOT, "ch06-final", "build")
MODULES = ("attach", "launch", "protocol", "record")

# protocol.h
HELLO, INPUT, INPUT_END, RESIZE, SIGNAL, STOP = range(1, 7)
WELCOME, OUTPUT, ERRORS, DONE, EXITED, REFUSED = range(12, 18)
WANTS_OUTPUT, WANTS_INPUT = 1, 2


def build(place):
    path = os.path.join(place, "launcher")
    chapter = os.path.join(ROOT, "ch06-final")
    subprocess.run(
        ["gcc", "-O1", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Werror",
         "-I%s/container" % chapter, "-I%s/mechanism" % chapter, "-o", path,
         os.path.join(HERE, "launcher.c")] +
        ["%s/obj/container/%s.o" % (BUILD, name) for name in MODULES] +
        [BUILD + "/common.a", "-ljansson"], check=True)
    return path


class Client:
    """A client by hand, which may read, and say, as little as it likes."""

    def __init__(self, directory, wants=None):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        here = os.open(directory, os.O_PATH)
        self.sock.connect("/proc/self/fd/%d/monitor.sock" % here)
        os.close(here)
        self.sock.settimeout(20)
        if wants is not None:
            self.send(HELLO, wants)

    def send(self, kind, number=0, data=b""):
        self.sock.send(struct.pack("II", kind, number) + data)

    def receive(self):
        """(type, number, bytes), or None at the end."""
        message = self.sock.recv(20000)
        if not message:
            return None
        return struct.unpack_from("II", message) + (message[8:],)

    def all(self):
        """Output and exit status."""
        output, status = b"", None
        while True:
            try:
                message = self.receive()
            except ConnectionResetError:
                message = None
            if message is None:
                return output, status
            kind, number, data = message
            if kind == OUTPUT:
                output += data
            elif kind == EXITED:
                status = number


class MonitorTest(harness.KernelTest):
    @classmethod
    def setUpClass(cls):
        place = tempfile.mkdtemp(prefix="mydocker-launcher-")
        cls.addClassCleanup(harness.remove_tree, place)
        cls.launcher = build(place)

    def setUp(self):
        super().setUp()
        self.root = self.scratch()
        self.environment = harness.environment(LAUNCHER_MONITOR=MONITOR,
                                               MYDOCKER_ROOT=self.root)
        self.addCleanup(self.end_monitors)

    # ---- helpers

    def end_monitors(self):
        for directory in glob.glob(self.root + "/containers/*"):
            harness.run([self.launcher, "kill9", directory])
        self.until(lambda: not self.monitors())

    def monitors(self):
        return [int(path.split("/")[2]) for path in glob.glob(
            "/proc/[0-9]*/cmdline") if self.is_monitor(path)]

    def is_monitor(self, path):
        """One of ours, by its container's directory."""
        try:
            with open(path, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            return False
        return words[0] == b"mydocker-monitor" and os.path.isdir(
            "%s/containers/%s" % (self.root, words[1].decode()))

    def until(self, condition, timeout=20):
        deadline = time.monotonic() + timeout * harness.SLOWER
        while not condition():
            self.assertLess(time.monotonic(), deadline,
                            "this never came to be")
            time.sleep(0.01)

    def command(self, *words):
        return [self.launcher, "run", *words]

    def launch(self, *words, **more):
        """In the foreground, to its end."""
        env = dict(self.environment, **more.pop("env", {}))
        return self.run_command(self.command(*words), env=env, **more)

    def start_detached(self, *options_root_command, env=None):
        done = self.succeed(self.command("-d", *options_root_command),
                            env=dict(self.environment, **(env or {})))
        directory = "%s/containers/%s" % (self.root, done.out.strip())
        return directory

    def only(self):
        found = glob.glob(self.root + "/containers/*")
        self.assertEqual(len(found), 1, found)
        return found[0]

    @staticmethod
    def record(directory):
        with open(directory + "/record.json", encoding="utf-8") as file:
            return json.load(file)

    def status_is(self, directory, status):
        self.until(lambda: self.record(directory)["status"] == status)

    @staticmethod
    def entries(directory, suffix=""):
        path = "%s/%s-json.log%s" % (directory, os.path.basename(directory),
                                     suffix)
        with open(path, "rb") as file:
            return [json.loads(line) for line in file]

    def logged(self, directory, stream="stdout", suffix=""):
        return "".join(entry["log"] for entry in
                       self.entries(directory, suffix)
                       if entry["stream"] == stream)

    @staticmethod
    def calls(directory):
        with open(directory + "/calls", encoding="utf-8") as file:
            return file.read().split()

    @staticmethod
    def kilobytes(pid):
        with open("/proc/%d/smaps_rollup" % pid, encoding="utf-8") as file:
            return sum(int(line.split()[1]) for line in file
                       if line.startswith("Private_"))


class Life(MonitorTest):
    def test_from_start_to_end(self):
        done = self.launch(self.root, "sh", "-c",
                           "echo out; echo err >&2; printf part; exit 3")
        self.assertEqual((done.status, done.out, done.err),
                         (3, "out\npart", "err\n"), str(done))
        directory = self.only()
        record = self.record(directory)
        self.assertEqual((record["status"], record["exitCode"],
                          record["pid"]), ("exited", 3, 0))
        self.assertEqual(self.logged(directory), "out\npart")
        self.assertEqual(self.logged(directory, "stderr"), "err\n")
        for entry in self.entries(directory):
            self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
                                            r"(\.\d{0,8}[1-9])?Z$")
        self.assertEqual(self.calls(directory), [".monitor-end"])
        self.until(lambda: not self.monitors())
        self.assertFalse(os.path.exists(directory + "/monitor.sock"))

    def test_the_end_is_told_when_all_is_undone(self):
        started = time.monotonic()
        done = self.launch(self.root, "true", env={"LAUNCHER_END": "400"})
        self.assertEqual(done.status, 0, str(done))
        self.assertGreater(time.monotonic() - started, 0.4)

    def test_a_signal_is_128_plus_n(self):
        done = self.launch(self.root, "sh", "-c", "kill -9 $$")
        self.assertEqual(done.status, 137, str(done))

    def test_a_start_that_fails(self):
        done = self.launch(self.root, "true", env={"LAUNCHER_FAILS": "1"})
        self.assertEqual(done.status, 127, str(done))
        self.assertIn("this start is to fail", done.err)
        self.assertEqual(self.monitors(), [])
        record = self.record(self.only())
        self.assertEqual((record["status"], record["exitCode"]),
                         ("created", 127))
        self.assertEqual(record["error"], "this start is to fail")

    def test_a_monitor_that_cannot_be_run(self):
        done = self.launch(self.root, "true",
                           env={"LAUNCHER_MONITOR": "/nonexistent"})
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("run /nonexistent: No such file", done.err)

    def test_who_is_whose_parent(self):
        directory = self.start_detached(self.root, "sleep", "100")
        pid = self.record(directory)["pid"]
        monitor, = self.monitors()
        # The starter tells of its success a moment before it ends.
        self.until(lambda: self.children(monitor) == [pid])
        with open("/proc/%d/stat" % monitor, encoding="utf-8") as file:
            words = file.read().split(") ")[1].split()
        self.assertEqual(int(words[3]), monitor, "it leads no session")
        # The lock is held as long as it lives.
        with open(directory + "/lock", encoding="utf-8") as lock:
            with self.assertRaises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.kill(monitor, signal.SIGKILL)
            self.until(lambda: not self.monitors())
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.kill(pid, 0)         # its end is not the container's
        os.kill(pid, signal.SIGKILL)

    def test_strays_are_buried(self):
        directory = self.start_detached(self.root, "sh", "-c",
                                        "(sleep 0.2 & ) ; exec sleep 100")
        monitor, = self.monitors()
        self.until(lambda: self.children(monitor) ==
                   [self.record(directory)["pid"]])

    @staticmethod
    def children(pid):
        with open("/proc/%d/task/%d/children" % (pid, pid),
                  encoding="utf-8") as file:
            return [int(word) for word in file.read().split()]

    def test_signals_to_the_monitor(self):
        directory = self.start_detached(
            self.root, "sh", "-c", "trap 'exit 9' TERM; "
                                   "while :; do sleep 0.05; done")
        monitor, = self.monitors()
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT,
                       signal.SIGPIPE):
            os.kill(monitor, number)
        time.sleep(0.2)
        self.assertEqual(self.monitors(), [monitor])
        os.kill(monitor, signal.SIGTERM)
        self.status_is(directory, "exited")
        self.assertEqual(self.record(directory)["exitCode"], 9)

    def test_wait_and_stop(self):
        directory = self.start_detached("--always", self.root, "sleep", "100")
        waiting = harness.start([self.launcher, "wait", directory])
        time.sleep(0.1)
        self.succeed([self.launcher, "kill9", directory])
        self.assertEqual(harness.finish(waiting, 10).status, 137)
        self.until(lambda: not self.monitors())
        self.assertEqual(self.record(directory)["status"], "exited")


class Restarts(MonitorTest):
    def test_on_failure_so_often(self):
        started = time.monotonic()
        directory = self.start_detached("--on-failure", "2", self.root, "sh",
                                        "-c", "echo $$; exit 4")
        self.until(lambda: not self.monitors())
        # 100 and 200 ms are waited.
        self.assertGreater(time.monotonic() - started, 0.3)
        record = self.record(directory)
        self.assertEqual((record["status"], record["restarts"],
                          record["exitCode"]), ("exited", 2, 4))
        self.assertEqual(self.calls(directory), [
            ".monitor-end", ".monitor-start"] * 2 + [".monitor-end"])
        self.assertEqual(len(set(self.logged(directory).split())), 3)

    def test_between_two_lives_it_is_restarting(self):
        directory = self.start_detached("--always", self.root, "true")
        self.until(lambda: self.record(directory)["restarts"] >= 3)
        self.status_is(directory, "restarting")
        self.succeed([self.launcher, "stop", directory])
        self.until(lambda: not self.monitors())
        self.assertEqual(self.record(directory)["status"], "exited")

    def test_a_client_in_the_foreground_sees_the_first_end(self):
        done = self.launch("--always", self.root, "sh", "-c", "echo x; exit 5")
        self.assertEqual((done.status, done.out), (5, "x\n"), str(done))
        self.assertEqual(len(self.monitors()), 1)

    def test_a_restart_that_fails_is_the_last(self):
        directory = self.start_detached("--always", self.root, "sleep", "0.3")
        with open(directory + "/fail", "w", encoding="utf-8"):
            pass
        self.until(lambda: not self.monitors())
        record = self.record(directory)
        self.assertEqual((record["status"], record["error"]),
                         ("exited", "this start is to fail"))

    def test_a_terminal_and_its_size_come_again(self):
        directory = self.start_detached(
            "-t", "-i", "--always", self.root, "sh", "-c",
            "read x; stty size; echo got $x")
        client = Client(directory, WANTS_OUTPUT | WANTS_INPUT)
        client.send(RESIZE, 12 << 16 | 34)
        client.send(RESIZE, 11 << 16 | 33)
        client.send(INPUT, 0, b"one\n")
        self.assertIn(b"got one", client.all()[0])

        def runs_again():
            record = self.record(directory)
            return record["restarts"] and record["status"] == "running"
        self.until(runs_again)
        client = Client(directory, WANTS_OUTPUT | WANTS_INPUT)
        client.send(INPUT, 0, b"two\n")
        self.assertRegex(client.all()[0], rb"(?s)11 33.*got two")


class Health(MonitorTest):
    def test_it_is_checked(self):
        flag = self.root + "/well"
        directory = self.start_detached(
            "--interval", "100", self.root, "sleep", "100",
            env={"LAUNCHER_PROBE": "echo looked; test -e " + flag})
        self.assertEqual(self.record(directory)["health"], "starting")
        self.until(lambda: self.record(directory)["health"] == "unhealthy")
        with open(flag, "w", encoding="utf-8"):
            pass

        def checked():
            with open(directory + "/health.json", encoding="utf-8") as file:
                return json.load(file)
        self.until(lambda: checked()["Status"] == "healthy")
        self.assertEqual(self.record(directory)["health"], "healthy")
        health = checked()
        self.assertEqual(health["FailingStreak"], 0)
        self.assertLessEqual(len(health["Log"]), 5)
        self.assertEqual(health["Log"][0]["ExitCode"], 1)
        self.assertEqual(health["Log"][-1]["ExitCode"], 0)
        self.assertEqual(health["Log"][-1]["Output"], "looked\n")
        with open(self.root + "/events.log", encoding="utf-8") as file:
            told = [json.loads(line)["Action"] for line in file]
        self.assertEqual(told, ["start", "health_status: unhealthy",
                                "health_status: healthy"])

    def test_a_check_that_hangs_is_cut_off(self):
        directory = self.start_detached(
            "--interval", "100", self.root, "sleep", "100",
            env={"LAUNCHER_PROBE": "exec sleep 50"})
        self.until(lambda: os.path.exists(directory + "/health.json"))
        with open(directory + "/health.json", encoding="utf-8") as file:
            first = json.load(file)["Log"][0]
        self.assertEqual(first["ExitCode"], -1)
        self.assertEqual(first["Output"],
                         "Health check exceeded timeout (0.5s)")


class Streams(MonitorTest):
    def test_input_ends(self):
        done = self.launch("-i", self.root, "sh", "-c", "cat; echo end",
                           data="hello\n")
        self.assertEqual((done.status, done.out), (0, "hello\nend\n"),
                         str(done))

    def test_a_client_that_is_killed_ends_the_input(self):
        process = harness.start(
            self.command("-i", self.root, "sh", "-c", "cat; exit 7"),
            env=self.environment, stdin=subprocess.PIPE)
        self.until(lambda: len(glob.glob(
            self.root + "/containers/*/monitor.sock")) == 1)
        self.status_is(self.only(), "running")
        process.kill()
        harness.finish(process, 10)
        self.status_is(self.only(), "exited")
        self.assertEqual(self.record(self.only())["exitCode"], 7)

    def test_detached_input_outlives_its_clients(self):
        directory = self.start_detached("-i", self.root, "cat")
        for word in (b"one\n", b"two\n"):
            client = Client(directory, WANTS_OUTPUT | WANTS_INPUT)
            client.send(INPUT, 0, word)
            client.send(INPUT_END)
            while client.receive()[2] != word:
                pass
            client.sock.close()
        self.assertEqual(self.logged(directory), "one\ntwo\n")

    def test_any_bytes(self):
        data = os.urandom(8 << 20)
        process = harness.start(self.command("-i", self.root, "cat"),
                                env=self.environment, stdin=subprocess.PIPE)
        out, _ = process.communicate(data, timeout=60)
        self.assertEqual(hashlib.sha256(out).digest(),
                         hashlib.sha256(data).digest())

    def test_long_lines_come_in_pieces(self):
        self.launch(self.root, "sh", "-c",
                    "head -c 40000 /dev/zero | tr '\\0' x; echo; echo y")
        entries = self.entries(self.only())
        self.assertEqual([len(entry["log"]) for entry in entries],
                         [16384, 16384, 40000 - 2 * 16384 + 1, 2])
        self.assertEqual(len({entry["time"] for entry in entries[:3]}), 1)
        self.assertEqual([entry["log"][-1] for entry in entries],
                         ["x", "x", "\n", "\n"])

    def test_several_see_the_same(self):
        directory = self.start_detached(
            "-i", self.root, "sh", "-c", "read x; seq 20000; exit 6")
        clients = [Client(directory, WANTS_OUTPUT) for _ in range(3)]
        for client in clients:
            self.assertEqual(client.receive()[0], WELCOME)
        last = Client(directory, WANTS_INPUT)
        last.send(INPUT, 0, b"go\n")
        clients.pop().sock.close()      # one that leaves holds nobody up
        due = "".join("%d\n" % i for i in range(1, 20001)).encode()
        results = []
        readers = [threading.Thread(target=lambda c=c: results.append(c.all()))
                   for c in clients]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        self.assertEqual(results, [(due, 6), (due, 6)])
        self.assertEqual(self.logged(directory).encode(), due)

    def test_the_log_is_whole_up_to_a_kill(self):
        for _ in range(5):
            directory = self.start_detached(
                self.root, "sh", "-c",
                "i=0; while :; do i=$((i+1)); echo line $i; done")
            client = Client(directory, WANTS_OUTPUT)
            seen = client.receive(), client.receive()
            time.sleep(0.05)
            os.kill(self.record(directory)["pid"], signal.SIGKILL)
            rest, status = client.all()
            self.assertEqual(status, 137, seen[0])
            self.assertTrue(rest)
            self.status_is(directory, "exited")
            lines = self.logged(directory).split("\n")
            self.assertEqual(lines[:-1], ["line %d" % i for i in
                                          range(1, len(lines))])
            self.assertEqual(rest.decode().split("\n")[-2], lines[-2])

    def test_a_slow_first_client_makes_the_container_wait(self):
        process = harness.start(
            self.command(self.root, "sh", "-c", "seq 600000; exit 3"),
            env=self.environment)
        self.until(lambda: glob.glob(self.root + "/containers/*/*-json.log"))
        directory = self.only()
        time.sleep(1)
        size = os.path.getsize(glob.glob(directory + "/*-json.log")[0])
        time.sleep(1)
        self.assertEqual(size, os.path.getsize(
            glob.glob(directory + "/*-json.log")[0]))
        self.assertLess(size, 20 << 20)
        self.assertEqual(self.record(directory)["status"], "running")
        done = harness.finish(process, 60)
        self.assertEqual(done.status, 3, done.err)
        self.assertEqual(done.out, "".join(
            "%d\n" % i for i in range(1, 600001)))
        self.assertEqual(self.logged(directory), done.out)

    def test_a_later_client_that_does_not_read_is_let_go(self):
        directory = self.start_detached(
            "-i", self.root, "sh", "-c", "read x; seq 300000; exit 2")
        deaf = Client(directory, WANTS_OUTPUT | WANTS_INPUT)
        deaf.send(INPUT, 0, b"go\n")
        client = Client(directory, 0)
        started = time.monotonic()
        self.assertEqual(client.all()[1], 2)
        self.assertGreater(time.monotonic() - started, 9)
        self.assertIsNone(deaf.all()[1], "it was told more than it took")
        self.assertEqual(self.logged(directory), "".join(
            "%d\n" % i for i in range(1, 300001)))

    def full_house(self):
        directory = self.start_detached(
            "--always", self.root, "sh", "-c",
            "trap 'exit 33' TERM; while :; do sleep 0.05; done")
        guests = [Client(directory, 0) for _ in range(64)]
        for guest in guests:
            self.assertEqual(guest.receive()[0], WELCOME)
        return directory, guests

    def test_a_full_house(self):
        """64 stay; who comes with a question is heard all the same."""
        directory, guests = self.full_house()
        self.assertEqual(Client(directory, 0).receive()[::2],
                         (REFUSED, b"it has 64 clients already"))
        for words in ([self.launcher, "wait", directory],
                      [self.launcher, "attach", directory],
                      ["env", DEMO, "logs", "-f",
                       os.path.basename(directory)]):
            done = self.run_command(words, env=self.environment)
            self.assertIn(done.status, (1, 125), str(done))
            self.assertIn("it has 64 clients already", done.err)
        self.succeed([self.launcher, "stop", directory])
        os.kill(self.record(directory)["pid"], signal.SIGTERM)
        self.assertEqual({guest.all()[1] for guest in guests}, {33})
        self.until(lambda: not self.monitors())
        self.assertEqual(self.record(directory)["status"], "exited")

    def test_a_crowd_at_the_door(self):
        """Who asks is let in as soon as one of those who say nothing goes."""
        directory, guests = self.full_house()
        crowd = [Client(directory) for _ in range(16)]
        asking = harness.start([self.launcher, "kill9", directory])
        time.sleep(0.3)
        self.assertIsNone(asking.poll())
        crowd.pop().sock.close()
        done = harness.finish(asking, 10)
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual({guest.all()[1] for guest in guests}, {137})

    def test_a_reader_that_goes_away_ends_it(self):
        process = harness.start(self.command(self.root, "yes"),
                                env=self.environment)
        process.stdout.read(10)
        process.stdout.close()
        process.stdout = None
        self.assertEqual(harness.finish(process, 20).status, 128 + 13)

    def test_standard_output_that_is_full(self):
        with open("/dev/full", "wb") as full:
            done = self.launch(self.root, "echo", "x", stdout=full)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("No space left on device", done.err)

    def test_signals_are_passed_on(self):
        process = harness.start(
            self.command(self.root, "sh", "-c",
                         "trap 'echo usr1' USR1; trap '' INT; echo up; "
                         "while :; do sleep 0.1; done"),
            env=self.environment)
        self.assertEqual(process.stdout.readline(), b"up\n")
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(process.stdout.readline(), b"usr1\n")
        for _ in range(3):      # it ignores two; who insists is obeyed
            self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
        self.assertEqual(harness.finish(process, 10).status, 137)


class Terminals(MonitorTest):
    def attached(self, *words, **more):
        return self.terminal(self.command("-i", "-t", self.root, *words),
                             env=self.environment, **more)

    def test_size_modes_and_keys(self):
        terminal = self.attached("sh", rows=30, columns=90)
        terminal.expect("# ")
        terminal.send("stty size\r")
        terminal.expect("30 90")
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 40, 120, 0, 0))
        time.sleep(0.2)
        terminal.send("stty size\r")
        terminal.expect("40 120")
        # Keys are the container's: Ctrl-C ends what runs there, not us.
        terminal.send("sleep 100\r")
        time.sleep(0.3)
        terminal.send("\x03")
        terminal.expect("# ")
        terminal.send("exit 5\r")
        self.assertEqual(terminal.wait().status, 5)

    def test_detach_and_attach(self):
        terminal = self.attached("sh")
        terminal.expect("# ")
        modes = termios.tcgetattr(terminal.master)
        terminal.send("x=12\r")
        terminal.expect("# ")
        terminal.send("\x10\x11")
        terminal.expect("detached")
        cooked = termios.tcgetattr(terminal.master)
        self.assertFalse(modes[3] & termios.ECHO)
        self.assertTrue(cooked[3] & termios.ECHO)
        self.assertEqual(terminal.wait().status, 0)
        directory = self.only()
        self.assertEqual(self.record(directory)["status"], "running")
        again = self.terminal([self.launcher, "attach", directory])
        again.send("echo $((x*2))\r")
        again.expect("24")
        again.send("exit 8\r")
        self.assertEqual(again.wait().status, 8)

    def test_a_terminal_that_hangs_up(self):
        terminal = self.attached("sh")
        terminal.expect("# ")
        terminal.hang_up()
        terminal.process.wait(10)
        directory = self.only()
        time.sleep(0.2)
        self.assertEqual(self.record(directory)["status"], "running")
        again = self.terminal([self.launcher, "attach", directory])
        again.send("echo still he''re\r")
        again.expect("still here")
        again.send("exit\r")
        again.wait()

    def test_a_big_paste(self):
        terminal = self.attached("sh", "-c", "stty raw -echo; echo go; "
                                             "head -c 300000 | sha256sum")
        terminal.expect("go")
        text = "".join("%06d\n" % i for i in range(43000))[:300000]
        due = hashlib.sha256(text.encode()).hexdigest()
        for start in range(0, len(text), 1000):
            terminal.send(text[start:start + 1000])
        terminal.expect(due)
        terminal.wait()

    def test_a_closed_terminal_is_opened_again(self):
        directory = self.start_detached(
            "-t", self.root, "sh", "-c",
            "exec </dev/null >/dev/null 2>&1; sleep 0.3; echo back >/dev/tty")
        self.status_is(directory, "exited")
        self.assertEqual(self.logged(directory), "back\r\n")


class Logs(MonitorTest):
    def logs(self, *words):
        return self.succeed(["env", DEMO, "logs", *words],
                            env=self.environment)

    def test_as_docker_prints_them(self):
        self.launch(self.root, "sh", "-c", "echo one; echo two >&2; "
                                           "printf three")
        directory = self.only()
        name = os.path.basename(directory)[:12]
        done = self.logs(name)
        self.assertEqual((done.out, done.err), ("one\nthree", "two\n"))
        self.assertEqual(self.logs("--tail", "1", name).out, "three")
        self.assertEqual(self.logs("-n", "0", name).text, "")
        self.assertEqual(self.logs("--tail=all", name).out, "one\nthree")
        self.assertRegex(self.logs("-t", name).out,
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z one\n")
        stamp = self.entries(directory)[1]["time"]
        later = self.logs("--since", stamp, name)
        self.assertEqual((later.out, later.err), ("three", "two\n"))
        self.assertEqual(self.logs("--until", stamp, name).out, "one\n")
        self.assertEqual(self.logs("--since", "10m", name).out, "one\nthree")
        self.assertEqual(self.logs("--until", "10m", name).text, "")

    def test_refusals(self):
        for words, status, said in (
                (("nobody",), 1, "No such container: nobody"),
                ((), 1, "requires exactly 1 argument"),
                (("--since", "noon", "nobody"), 1, "No such container")):
            done = self.run_command(["env", DEMO, "logs", *words],
                                    env=self.environment)
            self.assertEqual(done.status, status, str(done))
            self.assertIn(said, done.err)

    def test_followed_over_rotations_to_the_end(self):
        directory = self.start_detached(
            "--max-size", "3000", "--max-file", "4", "-i", self.root, "sh",
            "-c", "read x; i=0; while [ $i -lt 400 ]; do echo line $i; "
                  "i=$((i+1)); case $i in *0) sleep 0.01;; esac; done")
        name = os.path.basename(directory)
        following = harness.start(["env", DEMO, "logs", "-f", name],
                                  env=self.environment)
        time.sleep(0.3)
        client = Client(directory, WANTS_INPUT)
        client.send(INPUT, 0, b"go\n")
        done = harness.finish(following, 30)
        self.assertEqual(done.out, "".join("line %d\n" % i
                                           for i in range(400)))
        # What is kept: three full parts and the newest, as Docker counts.
        files = sorted(glob.glob(directory + "/*-json.log*"))
        self.assertEqual([path[-5:] for path in files],
                         ["n.log", "log.1", "log.2", "log.3"])
        for path in files[1:]:
            self.assertTrue(3000 <= os.path.getsize(path) < 3100, path)
        kept = self.logs(name).out.split()[1::2]
        self.assertEqual(kept, [str(i) for i in
                                range(400 - len(kept), 400)])

    def test_one_file_is_begun_anew(self):
        self.launch("--max-size", "1000", self.root, "seq", "100")
        directory = self.only()
        kept = self.logs(os.path.basename(directory)).out.split()
        self.assertEqual(kept[-1], "100")
        self.assertLess(len(kept), 20)
        self.assertEqual(len(glob.glob(directory + "/*-json.log*")), 1)

    def small_disk(self):
        where = os.path.join(self.root, "containers")
        os.mkdir(where)
        self.succeed(["mount", "-t", "tmpfs", "-o", "size=256k", "small",
                      where])

        def unmount():
            self.end_monitors()
            self.succeed(["umount", where])
        self.addCleanup(unmount)

    def assert_lost(self, count):
        """Its lines to a disk that is full, and stays so."""
        self.small_disk()
        directory = self.start_detached(self.root, "sh", "-c",
                                        "seq %d; exit 3" % count)
        status = self.run_command([self.launcher, "wait", directory]).status
        self.assertEqual(status, 3)
        # One that was torn in the file is none for a reader; the last ones
        # may have got the room that is left of the record's reserve.
        lines = [int(line) for line in
                 self.logs(os.path.basename(directory)).out.split()]
        self.assertEqual(lines[:2000], list(range(1, 2001)))
        self.assertEqual(lines, sorted(set(lines)))
        record = self.record(directory)
        self.assertEqual((record["status"], record["exitCode"]),
                         ("exited", 3))
        lost = re.fullmatch("write the log: No space left on device; "
                            r"(\d+) lines of it were lost", record["error"])
        self.assertTrue(lost, record["error"])
        # Of the last one only the newline may be what there was no room for:
        # it is not lost, and read.
        self.assertEqual(count - len(lines), int(lost.group(1)))

    def test_a_last_entry_that_is_cut(self):
        """Shown when only its newline lacks; never with a text that is cut."""
        self.launch(self.root, "sh", "-c", "echo one; echo '{two}'; "
                                           "printf '}\\\\ three}'")
        directory = self.only()
        name = os.path.basename(directory)
        path = directory + "/" + name + "-json.log"
        whole = os.path.getsize(path)
        last = whole - len(open(path, "rb").read().splitlines()[-1]) - 1
        for size in range(whole, last - 1, -1):
            os.truncate(path, size)
            is_there = size >= whole - 1
            with self.subTest(cut=whole - size):
                self.assertEqual(self.logs(name).out, "one\n{two}\n" +
                                 ("}\\ three}" if is_there else ""))
                self.assertEqual(self.logs("-n", "1", name).out,
                                 "}\\ three}" if is_there else "{two}\n")

    def test_an_entry_that_is_followed_while_it_is_written(self):
        """In two pieces at every place, and what was shown is not shown again."""
        self.launch(self.root, "sh", "-c", "echo '{one}'; "
                    "printf '%s\\n' '\\two}'")
        directory = self.only()
        name = os.path.basename(directory)
        path = directory + "/" + name + "-json.log"
        with open(path, "rb") as file:
            lines = file.read().splitlines(True)
        other = self.start_detached("-i", self.root, "sh", "-c", "read x")
        path = other + "/" + os.path.basename(other) + "-json.log"
        following = harness.start(["env", DEMO, "logs", "-f",
                                   os.path.basename(other)],
                                  env=self.environment)
        with open(path, "ab", buffering=0) as file:
            for cut in range(1, len(lines[1])):
                for piece in (lines[0], lines[1][:cut], lines[1][cut:]):
                    file.write(piece)
                    time.sleep(0.004)
        client = Client(other, WANTS_INPUT)
        client.send(INPUT, 0, b"go\n")
        done = harness.finish(following, 30)
        self.assertEqual(done.out, "{one}\n\\two}\n" * (len(lines[1]) - 1))

    def test_a_full_disk_that_stays_full(self):
        self.assert_lost(20000)

    def test_a_full_disk_and_the_rest_in_the_pipe(self):
        """It has ended before anything is lost."""
        self.assert_lost(9000)

    def test_a_full_disk_that_is_made_room_on(self):
        self.small_disk()
        ballast = os.path.join(self.root, "containers", "ballast")
        with open(ballast, "wb") as file:
            file.write(bytes(200 << 10))
        directory = self.start_detached(self.root, "sh", "-c",
                                        "seq 1800; exit 3")
        waiting = harness.start([self.launcher, "wait", directory])
        time.sleep(1)
        self.assertIsNone(waiting.poll(), "it did not wait for room")
        os.unlink(ballast)
        self.assertEqual(harness.finish(waiting, 20).status, 3)
        self.assertEqual(self.logged(directory).split(),
                         [str(i) for i in range(1, 1801)])


class Bars(MonitorTest):
    def test_memory_and_a_lot_of_bytes(self):
        size = 256 << 20
        block = b"".join(b"%099d\n" % i for i in range(10486))[:1 << 20]
        path = os.path.join(self.root, "big")
        with open(path, "wb") as file:
            for _ in range(size >> 20):
                file.write(block)
        with open(path, "rb") as file:
            process = harness.start(
                self.command("-i", self.root, "sh", "-c",
                             "cat; echo done >&2; sleep 1"),
                env=self.environment, stdin=file)
            digest = hashlib.sha256()
            most = 0
            while chunk := process.stdout.read(1 << 20):
                digest.update(chunk)
                for pid in self.monitors():
                    most = max(most, self.kilobytes(pid))
        harness.finish(process, 20)
        self.assertEqual(digest.hexdigest(),
                         hashlib.sha256(block * (size >> 20)).hexdigest())
        print("   most private memory of a monitor: %d kB" % most)
        self.assertTrue(0 < most < 400, most)

    def test_an_idle_monitor_is_small(self):
        self.start_detached(self.root, "sleep", "100")
        monitor, = self.monitors()
        print("   private memory of an idle monitor: %d kB" %
              self.kilobytes(monitor))
        self.assertLess(self.kilobytes(monitor), 400)


class Init(harness.KernelTest):
    """mydocker-init as process 1 of a pid namespace."""

    def inside(self, *words, **more):
        return harness.start(["unshare", "--pid", "--fork", "--kill-child",
                              "--mount-proc", INIT, *words], **more)

    def end(self, *words):
        return harness.finish(self.inside(*words), 20)

    def test_exit_statuses(self):
        for words, status in ((("true",), 0), (("sh", "-c", "exit 42"), 42),
                              (("--", "false"), 1),
                              (("sh", "-c", "kill -9 $$"), 137),
                              (("nonexistent",), 127), (("/etc",), 126)):
            self.assertEqual(self.end(*words).status, status, words)
        self.assertIn("mydocker-init: run nonexistent: No such file",
                      self.end("nonexistent").err)

    def test_orphans_are_buried(self):
        done = self.end("sh", "-c",
                        "for i in 1 2 3; do (sleep 0.05 &) ; done; sleep 1; "
                        "cat /proc/[0-9]*/stat | grep -c ' Z '; cat /proc/1/"
                        "task/1/children")
        zombies, children = done.out.split("\n")[:2]
        self.assertEqual(zombies, "0", str(done))
        self.assertEqual(len(children.split()), 1)

    def test_signals_are_sent_on(self):
        process = self.inside(
            "sh", "-c", "trap 'exit 33' TERM; echo up; while :; do sleep 0.05;"
                        " done")
        self.assertEqual(process.stdout.readline(), b"up\n")
        self.assertTrue(process.pid)
        with open("/proc/%d/task/%d/children" % (process.pid, process.pid),
                  encoding="utf-8") as file:
            os.kill(int(file.read().split()[0]), signal.SIGTERM)
        self.assertEqual(harness.finish(process, 10).status, 33)

    def test_the_child_has_the_terminal(self):
        terminal = self.terminal(
            ["unshare", "--pid", "--fork", "--mount-proc", INIT, "sh", "-c",
             "ps -o pid,pgid,tpgid -p $$ | tail -1; trap 'echo int' INT; "
             "echo up; read x; read x; exit 4"])
        terminal.expect("2       2       2")
        terminal.expect("up")
        terminal.send("\x03")
        terminal.expect("int")
        terminal.send("\n\n")
        self.assertEqual(terminal.wait().status, 4)

    def test_it_needs_no_libraries(self):
        root = self.scratch()
        shutil.copy(INIT, root)
        shutil.copy(shutil.which("busybox"), root)
        done = self.run_command(["chroot", root, "/mydocker-init",
                                 "/busybox", "echo", "here"])
        self.assertEqual(done.out, "here\n", str(done))
