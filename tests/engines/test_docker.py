"""Docker with RUNTIME, as an added runtime and the default one."""

import json
import os
import time
import unittest

import alike
import docker_engine
import engines
from box import harness

IMAGE = docker_engine.IMAGE
DOCKERFILE = """
FROM %s
ENV WHO=builder
RUN mkdir /made && echo $WHO >/made/by && id -u >>/made/by
WORKDIR /made
USER guest
CMD ["cat", "by"]
""" % IMAGE
COMPOSE = """
version: "2.4"
services:
  server:
    image: IMAGE
    command: httpd -f -h /www
    mem_limit: 64m
  client:
    image: IMAGE
    command: sh -c "while :; do wget -qO- http://server/; sleep 0.1; done"
    init: true
    depends_on: [server]
"""


def setUpModule():
    docker_engine.need()


class DockerTest(alike.CommandLine):
    kind = docker_engine.Docker
    removal = ("rm", "-f", "-v")
    # The daemon's own network namespace, by a name.
    keeps = ("mount /run/docker/netns/default",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine.sure("run", "--rm", IMAGE, "true")


class AsRoot(alike.Tests, DockerTest):
    def test_the_default_runtime(self):
        self.assertEqual(self.out("info", "--format", "{{.DefaultRuntime}}"),
                         "ours")
        name, _ = self.background(IMAGE, "sleep", "600")
        self.assertEqual(self.inspect(name, ".HostConfig.Runtime"), "ours")
        name, _ = self.background("--runtime", "ours", IMAGE, "sleep", "600")
        self.assertEqual(self.inspect(name, ".State.Status"), "running")

    def test_what_cannot_be_run(self):
        """The daemon reads the runtime's words to choose the status."""
        for word, status in (("/no/such", 127), ("nosuch", 127),
                             ("/etc/passwd", 126)):
            done = self.attempt("run", "--rm", IMAGE, word)
            if os.path.basename(self.engine.runtime) == "crun":
                self.assertEqual(done.status, 125, str(done))
            else:
                self.assertEqual(done.status, status, str(done))

    def test_top(self):
        name, pid = self.background(IMAGE, "sleep", "600")
        self.assertEqual(
            self.out("top", name, "-o", "pid,comm").split()[2:],
            [pid, "sleep"])

    def test_exec_of_what_cannot_be_run(self):
        name, _ = self.background(IMAGE, "sleep", "600")
        for word in ("nosuch", "/etc/passwd"):
            self.call("exec", name, word, status=126)

    def test_update(self):
        name, pid = self.background("--memory", "64m", "--cpu-shares", "512",
                                    IMAGE, "sleep", "600")
        limit = lambda *words: self.limit(pid, *words)          # noqa: E731
        # Above what memory and swap were together; and back.
        for size in (256, 96):
            self.call("update", "--memory", "%dm" % size, "--memory-swap",
                      "%dm" % (2 * size), name)
            self.assertEqual(limit("memory", "memory.limit_in_bytes",
                                   "memory.max"), str(size << 20))
        self.assertIn(limit("cpu", "cpu.shares", "cpu.weight"),
                      alike.HALF)
        self.assertIn("96MiB", self.out("stats", "--no-stream", "--format",
                                        "{{.MemUsage}}", name))

    def test_cpuset(self):
        self.assertEqual(self.allowed(
            "run", "--rm", "--cpuset-cpus", "0", IMAGE, "grep",
            "Cpus_allowed_list", "/proc/self/status").split()[1], "0")

    def test_out_of_memory(self):
        name, _ = self.background(
            "--memory", "16m", "--memory-swap", "16m", IMAGE, "sh", "-c",
            "exec dd if=/dev/zero of=/dev/null bs=64M count=1")
        self.assertEqual(self.out("wait", name), "137")
        self.assertEqual(self.inspect(name, ".State.OOMKilled"), "true")

    def test_networks(self):
        self.background("-p", "127.0.0.1:8080:80", IMAGE, "httpd", "-f", "-h",
                        "/www")
        self.assertEqual(self.fetch("http://127.0.0.1:8080/"), "served")
        network = harness.random_name("net")
        self.call("network", "create", network)
        self.addCleanup(self.call, "network", "rm", network)
        name, _ = self.background("--network", network, IMAGE, "httpd", "-f",
                                  "-h", "/www")
        self.assertEqual(self.sh("wget -qO- http://%s/" % name, "--network",
                                 network), "served")
        # One container in the namespaces of another.
        self.assertEqual(self.sh(
            "wget -qO- http://127.0.0.1/; ps | grep -q '[h]ttpd'",
            "--network", "container:" + name, "--pid", "container:" + name),
            "served")

    def test_volumes(self):
        place = self.box.path("volume")
        os.mkdir(place)
        self.assertEqual(self.sh("echo new >/v/file; cat /v/file",
                                 "-v", place + ":/v"), "new")
        done = self.attempt("run", "--rm", "-v", place + ":/v:ro", IMAGE,
                            "touch", "/v/file")
        self.assertIn("Read-only file system", done.err)
        self.assertIn("master:", self.sh("grep ' /v ' /proc/self/mountinfo",
                                         "-v", place + ":/v:rslave"))
        # A volume is filled with what the image has there.
        self.assertEqual(self.sh("cat /www/index.html; stat -c %a /t; "
                                 "df /t | tail -n 1 | awk '{ print $2 }'",
                                 "-v", "/www", "--tmpfs",
                                 "/t:size=64k,mode=750"), "served\n750\n64")

    def test_read_only(self):
        script = ("for f in /x /etc/passwd /proc/sys/kernel/hostname; do "
                  "echo x 2>/dev/null >>$f && echo $f; done; "
                  "echo x >/t/y && cat /t/y")
        self.assertEqual(self.sh(script, "--read-only", "--tmpfs", "/t"), "x")

    def test_identity(self):
        self.assertEqual(self.sh("id -u; id -g; id -G; echo $HOME",
                                 "--user", "guest"),
                         "1000\n1000\n1000 1001\n/home")
        out = self.sh("cat /proc/self/status", "--cap-drop", "ALL",
                      "--cap-add", "CHOWN", "--security-opt",
                      "no-new-privileges")
        seen = dict(line.split(":\t", 1) for line in out.splitlines())
        self.assertEqual([int(seen[name], 16) for name in
                          ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs",
                           "Seccomp")], [1, 1, 1, 1, 2])
        self.assertEqual(self.sh("ulimit -n; ulimit -Hn; cat "
                                 "/proc/self/oom_score_adj "
                                 "/proc/sys/net/ipv4/ip_forward", "--ulimit",
                                 "nofile=100:200", "--oom-score-adj", "300",
                                 "--sysctl", "net.ipv4.ip_forward=0"),
                         "100\n200\n300\n0")

    def test_seccomp(self):
        profile = self.box.write("seccomp.json", json.dumps({
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mkdir", "mkdirat"],
                          "action": "SCMP_ACT_ERRNO"}]}))
        done = self.attempt("run", "--rm", "--security-opt",
                            "seccomp=" + profile, IMAGE, "mkdir", "/x")
        self.assertIn("Operation not permitted", done.err, str(done))

    def test_privileged(self):
        self.assertEqual(self.allowed(
            "run", "--rm", "--privileged", IMAGE, "sh", "-c",
            "mount -t tmpfs x /tmp && echo mounted"), "mounted")

    def test_init(self):
        name, pid = self.background("--init", IMAGE, "sh", "-c",
                                    "(sleep 0.1 &) ; exec sleep 600")
        self.assertIn("docker-init", self.proc(pid, "cmdline"))
        self.assertTrue(engines.eventually(
            lambda: self.out("top", name, "-o", "pid,stat").split()[3::2] in
            (["Ss", "S"], ["Ss", "S+"], ["Ss", "Ss"])))
        began = time.monotonic()
        self.call("stop", "-t", "30", name)
        self.assertLess(time.monotonic() - began, 20)

    def test_healthcheck(self):
        name, _ = self.background("--health-cmd", "test -e /tmp/well",
                                  "--health-retries", "1",
                                  "--health-interval", "100ms",
                                  IMAGE, "sleep", "600")
        health = lambda word: engines.eventually(               # noqa: E731
            lambda: self.inspect(name, ".State.Health.Status") == word)
        self.assertTrue(health("unhealthy"))
        self.call("exec", name, "touch", "/tmp/well")
        self.assertTrue(health("healthy"))

    def test_restart_policies(self):
        name, _ = self.background("--restart", "on-failure:3", IMAGE, "sh",
                                  "-c", "exit 3")
        self.assertTrue(engines.eventually(
            lambda: self.inspect(name, ".State.Status") == "exited"))
        self.assertEqual(self.inspect(name, ".RestartCount"), "3")
        name, pid = self.background("--restart", "always", IMAGE, "sleep",
                                    "600")
        self.box.run(["kill", "-9", pid])
        self.assertTrue(engines.eventually(
            lambda: self.inspect(name, ".State.Pid") not in (pid, "0")))

    def test_build(self):
        self.box.write("context/Dockerfile", DOCKERFILE)
        self.call("build", "-q", "-t", "built", self.box.path("context"))
        self.addCleanup(self.call, "rmi", "-f", "built")
        self.assertEqual(self.out("run", "--rm", "built"), "builder\n0")
        self.box.write("context/Dockerfile",
                       "FROM %s\nRUN exit 42\n" % IMAGE)
        done = self.attempt("build", self.box.path("context"))
        self.assertIn("returned a non-zero code: 42", done.err, str(done))

    def test_compose(self):
        if not self.engine.which("docker-compose"):
            self.skipTest("docker-compose is not packaged here")
        path = self.box.write("project/docker-compose.yml",
                              COMPOSE.replace("IMAGE", IMAGE))

        def compose(*words):
            done = self.box.run(["docker-compose", "-f", path, *words], 120,
                                env=self.engine.environment())
            self.assertEqual(done.status, 0, str(done))
            return done.out
        try:
            compose("up", "-d")
            self.assertTrue(engines.eventually(
                lambda: "served" in compose("logs", "client")))
            self.assertEqual(compose("exec", "-T", "server", "cat",
                                     "/www/index.html"), "served\n")
        finally:
            compose("down", "-t", "0")

    def test_namespaces_of_the_host(self):
        self.assertEqual(
            self.sh("cd /proc/self/ns; readlink ipc; readlink uts",
                    "--ipc=host", "--uts=host"),
            self.box.run(["readlink", "/proc/self/ns/ipc",
                          "/proc/self/ns/uts"]).out.strip())

class LiveRestore(docker_engine.Docker):
    options = ("--live-restore",)


class AfterACrash(DockerTest):
    """dockerd and containerd are killed, the containers go on; the next
    daemon finds them again."""

    kind = LiveRestore

    def test_container_is_found(self):
        name, pid = self.background("--restart", "always", IMAGE, "sh", "-c",
                                    engines.COUNTS)
        for daemon in ("dockerd", "containerd"):
            self.box.run(["sh", "-c", "kill -9 $(pidof %s)" % daemon])
        first = self.proc(pid, "root/tmp/x")
        self.assertTrue(engines.eventually(
            lambda: self.proc(pid, "root/tmp/x") not in (first, "")))
        self.engine.start()
        self.assertEqual(self.inspect(name, ".State.Pid"), pid)
        self.assertIn(pid, self.out("top", name))
        self.assertEqual(self.out("exec", name, "echo", "well"), "well")
        self.call("kill", name)
        self.assertEqual(self.inspect(name, ".State.Status"), "exited")


# Only what it is the base of is a test.
del DockerTest


if __name__ == "__main__":
    unittest.main()
