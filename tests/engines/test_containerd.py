"""containerd with RUNTIME, by ctr: io.containerd.runc.v2, BinaryName."""

import os
import time
import unittest

import engines
import packages
from box import harness, residue

IMAGE = engines.IMAGE
PAUSE = "localhost/pause:test"      # holds a pod's namespaces
HERE = os.path.dirname(os.path.abspath(__file__))
# With this a Kubernetes node has a RuntimeClass whose handler is "mydocker".
CONFIGURATION = """\
version = 2
root = "STATE/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "PAUSE"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "mydocker"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.mydocker]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.mydocker.options]
  BinaryName = "RUNTIME"
"""


def setUpModule():
    engines.need("ip")
    Containerd.found = packages.environment("containerd", "ctr")


class Containerd(engines.Engine):
    found = {}

    def start(self):
        path = self.box.write(
            "config.toml", CONFIGURATION.replace("STATE", self.box.state)
            .replace("RUNTIME", self.runtime).replace("PAUSE", PAUSE))
        self.start_daemon(["containerd", "--config", path], ["ctr", "version"])
        self.sure("images", "import", self.box.path("image.tar"))
        self.kubelet = self.box.write("kubelet.py",
                                      residue.read(HERE + "/kubelet.py"))
        self.box.write("pause.tar", engines.docker_archive(
            PAUSE, ["sleep", "1000000"]))
        for name in ("image.tar", "pause.tar"):
            self.sure("--namespace", "k8s.io", "images", "import",
                      self.box.path(name))
        self.sure("run", "--rm", IMAGE, "first", "true")

    def command(self, *words, runtime=None):
        if words[0] == "run":
            words = ["run", "--runtime", "io.containerd.runc.v2",
                     "--runc-binary", runtime or self.runtime, *words[1:]]
        return ["ctr", *words]

    def environment(self):
        return harness.environment(HOME=self.box.state, **self.found)


class ByCtr(engines.EngineTest):
    kind = Containerd
    # What the containers of ctr's namespace are below, and pods, which a real
    # kubelet makes and removes itself.
    keeps = ("cgroup */default", "cgroup */kubepods*")

    def run_(self, *words, **more):
        """`ctr run --rm`: options, then the command."""
        return self.attempt("run", "--rm", *self.ordered(words), **more)

    @staticmethod
    def ordered(words):
        """ctr wants the image and a name between options and command."""
        at = words.index("--")
        return [*words[:at], IMAGE, harness.random_name("test"),
                *words[at + 1:]]

    def remove(self, name):
        self.attempt("task", "kill", "-a", "-s", "SIGKILL", name)
        self.assertTrue(engines.eventually(
            lambda: self.state(name) in ("STOPPED", None)))
        self.attempt("task", "rm", name)
        self.call("container", "rm", name)

    def background(self, *words):
        words = self.ordered(words)
        name = words[words.index(IMAGE) + 1]
        self.call("run", "-d", *words)
        self.addCleanup(self.remove, name)
        return name, self.row(name)[1]

    def row(self, name):
        rows = [line.split() for line in self.out("task", "ls").splitlines()]
        return next((row for row in rows if row[0] == name), None)

    def state(self, name):
        row = self.row(name)
        return row and row[2]

    def execute(self, name, *words, options=(), **more):
        return self.attempt("task", "exec", "--exec-id",
                            harness.random_name("e"), *options, name, *words,
                            **more)

    def test_run(self):
        done = self.run_("--env", "A=two words", "--cwd", "/tmp", "--", "sh",
                         "-c", "echo $A; pwd; exit 3")
        self.assertEqual((done.status, done.out), (3, "two words\n/tmp\n"),
                         str(done))
        for word, said in (("/no/such", "no such file or directory"),
                           ("nosuch", "executable file"),
                           ("/etc/passwd", "permission denied")):
            done = self.run_("--", word)
            self.assertNotEqual(done.status, 0)
            self.assertIn(said, done.err.lower(), str(done))

    def test_nothing_else_gets_in(self):
        """The shim's listening socket is open in every `create`."""
        done = self.run_("--", "sh", "-c", engines.INHERITED)
        self.assertEqual(done.out.strip(), engines.NOTHING, str(done))

    def test_terminals(self):
        name, _ = self.background("--", "sleep", "600")
        for words, status in (
                (["task", "exec", "-t", "--exec-id", "e1", name, "sh"], 5),
                (["run", "--rm", "-t", *self.ordered(["--", "sh"])], 6)):
            terminal = self.terminal(*words)
            terminal.expect("# ")
            terminal.send("stty size; tty\n")
            terminal.expect("24 80")
            terminal.expect("/dev/pts/0")
            terminal.send("exit %d\n" % status)
            self.assertEqual(terminal.wait().status, status)

    def test_task(self):
        name, pid = self.background("--", "sleep", "600")
        self.assertEqual(self.state(name), "RUNNING")
        self.assertIn("NSpid:\t%s\t1\n" % pid, self.proc(pid, "status"))
        done = self.execute(name, "sh", "-c", "cat; cat /proc/self/cgroup; "
                            "exit 7", data="in\n")
        self.assertEqual(done.status, 7, str(done))
        self.assertEqual(done.out, "in\n" + self.proc(pid, "cgroup"))
        self.assertNotEqual(self.execute(name, "nosuch").status, 0)
        self.call("task", "exec", "-d", "--exec-id", "later", name, "sleep",
                  "599")
        self.assertIn("later", self.out("task", "ps", name))
        self.call("task", "kill", "--exec-id", "later", "-s", "SIGKILL", name)
        self.assertTrue(engines.eventually(
            lambda: len(self.out("task", "ps", name).splitlines()) == 2))

    def test_pause(self):
        name, pid = self.background("--", "sh", "-c", engines.COUNTS)
        self.call("task", "pause", name)
        self.assertEqual(self.state(name), "PAUSED")
        first = self.proc(pid, "root/tmp/x")
        time.sleep(0.1)
        self.assertEqual(self.proc(pid, "root/tmp/x"), first)
        self.call("task", "resume", name)
        self.assertEqual(self.state(name), "RUNNING")
        self.assertTrue(engines.eventually(
            lambda: self.proc(pid, "root/tmp/x") not in (first, "")))

    def test_kill(self):
        name, _ = self.background("--", "sh", "-c", "trap 'exit 3' USR1; "
                                  "touch /tmp/x; while :; do sleep 0.05; done")
        self.assertTrue(engines.eventually(
            lambda: self.execute(name, "test", "-e", "/tmp/x").status == 0))
        self.call("task", "kill", "-s", "SIGUSR1", name)
        self.assertTrue(engines.eventually(
            lambda: self.state(name) == "STOPPED"))
        self.assertIn("exit code 3", self.call("task", "rm", name).text)
        # All of them, and one that is gone.
        name, pid = self.background("--", "sh", "-c", "sleep 600 & sleep 600")
        self.assertTrue(engines.eventually(
            lambda: len(self.out("task", "ps", name).splitlines()) == 3))
        self.call("task", "kill", "-a", "-s", "SIGKILL", name)
        self.assertTrue(engines.eventually(
            lambda: self.state(name) == "STOPPED"))
        self.assertEqual(self.proc(pid, "status"), "")
        done = self.attempt("task", "kill", "-s", "SIGKILL", name)
        self.assertIn("not found", done.err, str(done))

    def test_limits_and_metrics(self):
        name, pid = self.background("--memory-limit", str(64 << 20), "--cpus",
                                    "0.5", "--", "sleep", "600")
        self.assertEqual(self.limit(pid, "memory", "memory.limit_in_bytes",
                                    "memory.max"), str(64 << 20))
        self.assertIn(self.limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max"),
                      ("50000", "50000 100000"))
        metrics = dict(line.split()[:2] for line in self.out(
            "task", "metrics", name).splitlines() if len(line.split()) > 1)
        usage = metrics.get("memory.usage_in_bytes", metrics.get(
            "memory.usage"))
        self.assertGreater(int(usage), 0)
        self.assertEqual(metrics["pids.current"], "1")

    def test_options(self):
        place = self.box.path("volume")
        os.makedirs(place)
        done = self.run_(
            "--read-only", "--cap-drop", "CAP_CHOWN", "--mount",
            "type=bind,src=%s,dst=/home,options=rbind:ro" % place, "--", "sh",
            "-c", "echo x >/x; echo x >/home/x; chown 1 /www; "
            "grep NoNewPrivs /proc/self/status")
        for said in ("can't create /x: Read-only file system",
                     "can't create /home/x: Read-only file system",
                     "chown: /www: "):
            self.assertIn(said, done.err, str(done))
        self.assertEqual(done.out, "NoNewPrivs:\t1\n")
        done = self.run_("--seccomp", "--allow-new-privs", "--", "grep", "-E",
                         "Seccomp:|NoNewPrivs", "/proc/self/status")
        self.assertEqual(done.out, "NoNewPrivs:\t0\nSeccomp:\t2\n", str(done))
        done = self.run_("--no-pivot", "--", "cat", "/www/index.html")
        self.assertEqual(done.out, "served\n", str(done))
        place = self.box.run(["readlink", "/proc/self/ns/net"]).out
        for options in (["--net-host"], ["--with-ns",
                                         "network:/proc/1/ns/net"]):
            done = self.run_(*options, "--", "readlink", "/proc/self/ns/net")
            self.assertEqual(done.out, place, str(done))

    def test_privileged(self):
        self.assertEqual(self.allowed(
            "run", "--rm", "--privileged", IMAGE, "privileged", "sh", "-c",
            "mount -t tmpfs x /tmp && echo mounted"), "mounted")

    def test_user_namespace(self):
        self.assertEqual(self.allowed(
            "run", "--rm", "--uidmap", "0:100000:2000", "--gidmap",
            "0:200000:2000", IMAGE, "mapped", "cat", "/proc/self/uid_map",
            "/proc/self/gid_map").split(),
            ["0", "100000", "2000", "0", "200000", "2000"])

    def ask(self, *words):
        return self.box.run(["python3", "-B", self.engine.kubelet, *words],
                            env=self.engine.environment())

    def kubelet(self, *words, status=0):
        done = self.ask(*words)
        self.assertEqual(done.status, status, str(done))
        return done.out.strip()

    def test_what_a_kubelet_asks_for(self):
        """The second of the book's ways beyond one machine: a RuntimeClass
        names the handler "mydocker", and the kubelet calls for pods of it."""
        pod = self.kubelet("pod", "web", "mydocker")
        self.addCleanup(self.kubelet, "end", pod)
        one, two = (self.kubelet("run", pod, name, IMAGE, "sleep", "600")
                    for name in ("one", "two"))
        self.assertEqual(self.kubelet("state", one), "Running 0")
        # The pod's own container holds what they share.
        self.assertEqual(*(self.kubelet("exec", name, "readlink",
                                        "/proc/self/ns/ipc")
                           for name in (one, two)))
        self.assertEqual(self.kubelet("exec", one, "sh", "-c",
                                      engines.OWN_LIMIT), str(20 << 20))
        self.assertEqual(self.kubelet("exec", one, "sh", "-c", "exit 3",
                                      status=3), "")
        shown = self.out("--namespace", "k8s.io", "containers", "info", one)
        self.assertIn('"io.containerd.runc.v2"', shown)
        pids = dict(line.split()[:2] for line in self.out(
            "--namespace", "k8s.io", "task", "ls").splitlines())
        self.assertIn("/kubepods/web/" + one, self.proc(pids[one], "cgroup"))
        self.kubelet("stop", two)
        self.assertEqual(self.kubelet("state", two), "Exited 137")
        self.assertIn("no runtime for",
                      self.ask("pod", "other", "nobody").err)


if __name__ == "__main__":
    unittest.main()
