"""What Docker and podman are asked in the same words: their command lines are
alike, and so is what a runtime has to do for them.

    class AsRoot(alike.Tests, DockerTest): ...

CommandLine is a base of both; Tests is no test by itself.
"""

import time

import engines
from box import harness

IMAGE = engines.IMAGE
# Of the usual 1024 shares; as a weight of version 2 by the older formula, and by
# the one that has 100 for 1024.
HALF = ("512", "20", "59")


class CommandLine(engines.EngineTest):
    removal = ()        # the words that remove a container, whatever it does

    def inspect(self, name, what):
        return self.out("inspect", "--format", "{{%s}}" % what, name)

    def background(self, *words):
        """`run -d`; its name, and the pid in the box."""
        name = harness.random_name("test")
        self.addCleanup(self.call, *self.removal, name)
        self.call("run", "-d", "--name", name, *words)
        return name, self.inspect(name, ".State.Pid")

    def sh(self, script, *options, **more):
        return self.out("run", "--rm", *options, IMAGE, "sh", "-c", script,
                        **more)


class Tests:
    def test_run(self):
        out = self.sh("echo $0 $A; pwd; hostname; id -u; cat", "-i", "-e",
                      "A=two words", "-w", "/tmp", "--hostname", "inside",
                      data="from outside")
        self.assertEqual(out, "sh two words\n/tmp\ninside\n0\nfrom outside")
        self.call("run", "--rm", IMAGE, "sh", "-c", "exit 42", status=42)

    def test_nothing_else_gets_in(self):
        """Of the environment, descriptors and ignored signals of conmon, or
        of the shim, whose listening socket is open in every `create`."""
        self.assertEqual(self.sh(engines.INHERITED, status=1), engines.NOTHING)
        name, _ = self.background(IMAGE, "sleep", "600")
        self.assertEqual(self.out("exec", name, "sh", "-c",
                                  engines.INHERITED, status=1), engines.NOTHING)

    def test_in_the_background(self):
        name, pid = self.background(
            IMAGE, "sh", "-c", "echo out; echo err >&2; exec sleep 600")
        self.assertTrue(engines.eventually(
            lambda: self.call("logs", name).text.count("\n") == 2))
        done = self.call("logs", name)
        self.assertEqual((done.out, done.err), ("out\n", "err\n"))
        self.assertIn("NSpid:\t%s\t1\n" % pid, self.proc(pid, "status"))
        self.assertEqual(self.out("ps", "-q", "--no-trunc", "--filter",
                                  "status=running"), self.inspect(name, ".Id"))
        self.assertIn("sleep 600", self.out("top", name))

    def test_exec(self):
        name, _ = self.background(IMAGE, "sleep", "600")
        self.assertEqual(self.out("exec", "-u", "guest", "-w", "/tmp", "-e",
                                  "A=b c", name, "sh", "-c",
                                  "id -u; id -G; pwd; echo $A"),
                         "1000\n1000 1001\n/tmp\nb c")
        self.assertEqual(self.out("exec", "-i", name, "cat", data="x"), "x")
        self.call("exec", name, "sh", "-c", "exit 7", status=7)
        self.call("exec", "-d", name, "sleep", "599")
        self.assertTrue(engines.eventually(
            lambda: "sleep 599" in self.out("top", name)))
        # All of it in the container's cgroup and namespaces.
        self.assertEqual(self.out("exec", name, "cat", "/proc/1/cgroup"),
                         self.out("exec", name, "cat", "/proc/self/cgroup"))
        for kind in ("pid", "net", "mnt", "ipc", "uts"):
            place = "/proc/%s/ns/" + kind
            self.assertEqual(
                self.out("exec", name, "readlink", place % "1"),
                self.out("exec", name, "readlink", place % "self"))

    def test_terminals(self):
        name, _ = self.background(IMAGE, "sleep", "600")
        for words, status in ((["exec", "-it", name, "sh"], 5),
                              (["run", "--rm", "-it", IMAGE, "sh"], 6)):
            terminal = self.terminal(*words)
            terminal.expect("# ")
            terminal.send("stty size; tty; ls -l $(tty) /dev/console\n")
            terminal.expect("24 80")
            terminal.expect("/dev/pts/0")
            terminal.send("exit %d\n" % status)
            self.assertEqual(terminal.wait().status, status)

    def test_stop_and_kill(self):
        obeys = ("trap 'echo stopped; exit 3' TERM; trap 'echo one' USR1; "
                 "echo ready; while :; do sleep 0.05; done")
        name, _ = self.background(IMAGE, "sh", "-c", obeys)
        logs = lambda word: engines.eventually(                 # noqa: E731
            lambda: word in self.call("logs", name).out)
        self.assertTrue(logs("ready"))
        self.call("kill", "-s", "USR1", name)
        self.assertTrue(logs("one"))
        self.call("stop", "-t", "20", name)
        self.assertEqual(self.inspect(name, ".State.ExitCode"), "3")
        self.call("start", name)
        self.call("kill", name)
        self.assertEqual(self.out("wait", name), "137")
        # pid 1 ignores what it has no handler for: time runs out.
        name, _ = self.background(IMAGE, "sleep", "600")
        began = time.monotonic()
        self.call("stop", "-t", "1", name)
        self.assertGreater(time.monotonic() - began, 1)
        self.assertEqual(self.inspect(name, ".State.ExitCode"), "137")
        self.call("start", name)
        self.call("restart", "-t", "0", name)
        self.assertEqual(self.inspect(name, ".State.Status"), "running")

    def test_pause(self):
        name, pid = self.background(IMAGE, "sh", "-c", engines.COUNTS)
        self.call("pause", name)
        self.assertEqual(self.inspect(name, ".State.Status"), "paused")
        first = self.proc(pid, "root/tmp/x")
        time.sleep(0.1)
        self.assertEqual(self.proc(pid, "root/tmp/x"), first)
        self.call("unpause", name)
        self.assertTrue(engines.eventually(
            lambda: self.proc(pid, "root/tmp/x") not in (first, "")))
        # A paused one can be removed all the same.
        self.call("pause", name)

    def test_cp(self):
        name, pid = self.background(IMAGE, "sleep", "600")
        source = self.box.write("to-be-copied", "content\n")
        self.call("cp", source, name + ":/tmp/copy")
        self.assertEqual(self.proc(pid, "root/tmp/copy"), "content\n")
        self.call("cp", name + ":/tmp/copy", self.box.path("back"))
        with open(self.box.path("back"), encoding="ascii") as file:
            self.assertEqual(file.read(), "content\n")
        self.assertIn("A /tmp/copy", self.out("diff", name))

    def test_many_at_once(self):
        done = self.at_once(*(
            ("run", "--rm", IMAGE, "sh", "-c", "echo %d; exit %d" % (i, i))
            for i in range(10)))
        self.assertEqual([(each.status, each.out) for each in done],
                         [(i, "%d\n" % i) for i in range(10)],
                         "\n".join(map(str, done)))

    def test_host_and_none(self):
        place = self.box.run(["readlink", "/proc/self/ns/net"]).out.strip()
        self.assertEqual(self.sh("readlink /proc/self/ns/net", "--network",
                                 "host"), place)
        self.assertEqual(self.sh("ls /sys/class/net", "--network", "none"),
                         "lo")

    def test_pids_of_the_host(self):
        """Without a pid namespace nobody ends the rest but the runtime."""
        name, pid = self.background("--pid=host", IMAGE, "sh", "-c",
                                    "sleep 600 & sleep 600")
        self.assertTrue(engines.eventually(
            lambda: self.proc(pid, "task/%s/children" % pid)))
        child = self.proc(pid, "task/%s/children" % pid).split()[0]
        self.call("kill", name)
        self.assertTrue(engines.eventually(
            lambda: not self.proc(child, "status")), "a process stays")

    def test_what_the_cgroup_says(self):
        name, pid = self.background(
            "--memory", "64m", "--memory-reservation", "32m", "--cpus", "0.5",
            "--cpu-shares", "512", "--pids-limit", "20", IMAGE, "sleep",
            "600")
        limit = lambda *words: self.limit(pid, *words)          # noqa: E731
        self.assertEqual(limit("memory", "memory.limit_in_bytes",
                               "memory.max"), str(64 << 20))
        self.assertEqual(limit("memory", "memory.soft_limit_in_bytes",
                               "memory.low"), str(32 << 20))
        self.assertIn(limit("cpu", "cpu.cfs_quota_us", "cpu.max"),
                      ("50000", "50000 100000"))
        self.assertIn(limit("cpu", "cpu.shares", "cpu.weight"), HALF)
        self.assertEqual(limit("pids", "pids.max", "pids.max"), "20")
        # The container sees it, too.
        self.assertEqual(self.out("exec", name, "sh", "-c", engines.OWN_LIMIT),
                         str(64 << 20))
