"""podman with RUNTIME: every verb that reaches the runtime, as root."""

import json
import os
import time
import unittest

import alike
import engines
from box import harness

IMAGE = engines.IMAGE
# In /etc/containers.  There is no systemd to keep control groups and a journal,
# and what podman tells a runtime depends on its name (containers.conf(5)).
CONFIGURATION = {
    "containers.conf": """
[engine]
runtime = "RUNTIME"
runtime_supports_json = [JSON]
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "STATE/networks"
""", "storage.conf": """
[storage]
driver = "overlay"
graphroot = "STATE/podman"
runroot = "/run/podman"
"""}
HOOK = """#!/bin/sh
echo $1 $(sed 's/.*"status": *"\\([a-z]*\\)".*/\\1/') >>LOG
"""
STAGES = ("prestart", "createRuntime", "createContainer", "poststart",
          "poststop")
KUBE = """
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: server
    image: IMAGE
    command: [httpd, -f, -h, /www]
    ports: [{containerPort: 80, hostPort: 8082}]
    resources: {limits: {memory: 64Mi, cpu: 500m}}
  - name: other
    image: IMAGE
    command: [sh, -c, "trap exit TERM; while :; do sleep 0.1; done"]
"""


def setUpModule():
    engines.need("podman", "conmon", "ip")


class Podman(engines.Engine):
    known = '"crun", "runc", "mydocker-oci"'

    def start(self):
        for name, text in CONFIGURATION.items():
            for word, value in (("RUNTIME", self.runtime), ("JSON", self.known),
                                ("STATE", self.box.state)):
                text = text.replace(word, value)
            path = self.box.write(name, text)
            self.box.run(["install", "-D", "-m", "644", path,
                          "/etc/containers/" + name])
        self.sure("load", "-q", "-i", self.box.path("image.tar"))
        self.sure("run", "--rm", "--pod", "new:first", IMAGE, "true")
        self.sure("pod", "rm", "-f", "first")

    def command(self, *words, runtime=None):
        return ["podman", "--runtime", runtime or self.runtime, *words]


class WithoutJson(Podman):
    """A runtime that podman knows nothing about: no --log, its last words are
    read from its standard error."""

    known = ""


class PodmanTest(alike.CommandLine):
    kind = Podman
    removal = ("rm", "-f", "-t", "0")
    # Where the monitors are; and a pod's directory in the hierarchies podman
    # does not know, which a runtime has made on the way to its own.
    keeps = ("mount */podman/overlay", "cgroup */libpod_parent/conmon",
             "cgroup */systemd/*/libpod_parent/" + "[0-9a-f]" * 64,
             "cgroup */unified/*/libpod_parent/" + "[0-9a-f]" * 64)


class AsRoot(alike.Tests, PodmanTest):
    def test_what_cannot_be_run(self):
        name, _ = self.background(IMAGE, "sleep", "600")
        for word, status, said in (
                ("/no/such", 127, "no such file or directory"),
                ("nosuch", 127, "executable file"),
                ("/etc/passwd", 126, "permission denied")):
            done = self.call("run", "--rm", IMAGE, word, status=status)
            self.assertIn(said, done.err.lower(), str(done))
            self.call("exec", name, word, status=status)

    def test_top(self):
        name, pid = self.background("--user", "guest", "--cap-drop", "ALL",
                                    IMAGE, "sleep", "600")
        lines = self.out("top", name, "user", "pid", "hpid", "args",
                         "seccomp", "capeff").splitlines()
        self.assertEqual(lines[1].split(), ["guest", "1", pid, "sleep", "600",
                                            "filter", "none"])

    def test_healthcheck(self):
        name, _ = self.background("--health-cmd", "test -e /tmp/well",
                                  "--health-retries", "1",
                                  "--health-interval", "disable",
                                  IMAGE, "sleep", "600")
        self.call("healthcheck", "run", name, status=1)
        self.call("exec", name, "touch", "/tmp/well")
        self.call("healthcheck", "run", name)
        self.assertEqual(self.out("inspect", "--format",
                                  "{{.State.Health.Status}}", name),
                         "healthy")

    def test_update(self):
        name, pid = self.background("--memory", "64m", IMAGE, "sleep", "600")
        self.call("update", "--memory", "96m", name)
        self.assertEqual(self.limit(pid, "memory", "memory.limit_in_bytes",
                                    "memory.max"), str(96 << 20))
        self.assertIn("MiB", self.out("stats", "--no-stream", "--format",
                                      "{{.MemUsage}}", name).replace(
                                          "MB", "MiB"))

    def test_cpuset(self):
        self.assertEqual(self.allowed(
            "run", "--rm", "--cpuset-cpus", "0", IMAGE, "grep",
            "Cpus_allowed_list", "/proc/self/status").split()[1], "0")

    def test_memory(self):
        name, _ = self.background(
            "--memory", "16m", "--memory-swap", "16m", IMAGE, "sh", "-c",
            "exec dd if=/dev/zero of=/dev/null bs=64M count=1")
        self.assertEqual(self.out("wait", name), "137")

    def test_pids(self):
        done = self.attempt("run", "--rm", "--pids-limit", "5", IMAGE, "sh",
                            "-c", "for i in 1 2 3 4 5 6; do sleep 1 & done")
        self.assertIn("can't fork", done.err, str(done))

    def test_publish(self):
        self.background("-p", "127.0.0.1:8080:80", "-p", "8081:80", IMAGE,
                        "httpd", "-f", "-h", "/www")
        for port in (8080, 8081):
            self.assertEqual(self.fetch("http://127.0.0.1:%d/" % port),
                             "served")

    def test_namespaces_of_the_host(self):
        for kind in ("pid", "ipc", "uts", "cgroupns"):
            name = "cgroup" if kind == "cgroupns" else kind
            place = self.box.run(["readlink", "/proc/self/ns/" + name])
            self.assertEqual(
                self.sh("readlink /proc/self/ns/" + name, "--%s=host" % kind),
                place.out.strip())

    def test_volumes(self):
        place = self.box.path("volume")
        os.mkdir(place)
        os.chmod(place, 0o777)
        self.assertEqual(self.sh("echo new >/v/file; cat /v/file",
                                 "-v", place + ":/v"), "new")
        self.assertTrue(os.path.exists(place + "/file"))
        done = self.attempt("run", "--rm", "-v", place + ":/v:ro", IMAGE,
                            "touch", "/v/file")
        self.assertIn("Read-only file system", done.err)
        options = self.sh("grep ' /v ' /proc/self/mountinfo", "-v",
                          place + ":/v:ro,noexec,nosuid,nodev,rslave")
        for word in ("ro", "noexec", "nosuid", "nodev"):
            self.assertIn(word, options.split(" ")[5].split(","))
        self.assertIn("master:", options)
        self.assertEqual(self.sh(
            "cat /f; ls -d /named; df /t | tail -n 1 | awk '{ print $2 }'; "
            "stat -c %a /u", "-v", place + "/file:/f", "-v", "named:/named",
            "--mount", "type=tmpfs,destination=/t,tmpfs-size=64k", "--tmpfs",
            "/u:mode=750"), "new\n/named\n64\n750")
        self.addCleanup(self.call, "volume", "rm", "named")

    def test_propagation(self):
        place = self.box.path("shared")
        os.makedirs(place + "/later")
        os.makedirs(place + "/own")
        name, pid = self.background("-v", place + ":/v:rslave", IMAGE,
                                    "sleep", "600")
        other, other_pid = self.background("-v", place + ":/v:rprivate",
                                           IMAGE, "sleep", "600")
        self.box.run(["mount", "-t", "tmpfs", "later", place + "/later"])
        self.addCleanup(self.box.run, ["umount", place + "/later"])
        self.assertIn(" /v/later ", self.proc(pid, "mountinfo"))
        self.assertNotIn(" /v/later ", self.proc(other_pid, "mountinfo"))

        # What a container mounts comes out only where that was agreed.
        for mode, seen in (("rshared", True), ("rslave", False)):
            name, _ = self.background(
                "--cap-add", "SYS_ADMIN", "--security-opt",
                "seccomp=unconfined", "-v", "%s:/v:%s" % (place, mode), IMAGE,
                "sleep", "600")
            self.call("exec", name, "mount", "-t", "tmpfs", mode, "/v/own")
            self.assertEqual((" %s/own " % place) in self.proc(
                "1", "mountinfo"), seen, mode)
            self.call("exec", name, "umount", "/v/own")

    def test_read_only(self):
        script = ("for f in /x /etc/passwd /proc/sys/kernel/hostname; do "
                  "echo x 2>/dev/null >>$f && echo $f; done; "
                  "echo x >/tmp/y && echo x >/run/y && echo x >/t/y && cat "
                  "/t/y")
        self.assertEqual(self.sh(script, "--read-only", "--tmpfs",
                                 "/t:size=64k,mode=700"), "x")

    def test_devices(self):
        if not os.path.exists("/dev/fuse"):
            self.skipTest("no /dev/fuse here")
        script = "for m in '<' '>'; do (eval : $m/dev/other) && echo $m; done"
        for mode, said in (("r", "<"), ("w", ">"), ("rw", "<\n>")):
            done = self.attempt("run", "--rm", "--device",
                                "/dev/fuse:/dev/other:" + mode, IMAGE, "sh",
                                "-c", script)
            self.assertEqual(done.out.strip(), said, str(done))

    def status(self, *options):
        """/proc/self/status as a dictionary."""
        out = self.sh("cat /proc/self/status", *options)
        return dict(line.split(":\t", 1) for line in out.splitlines())

    def test_users(self):
        self.assertEqual(self.sh("id -u; id -g; id -G; echo $HOME",
                                 "--user", "guest"),
                         "1000\n1000\n1000 1001\n/home")
        self.assertEqual(self.sh("id -u; id -g; id -G", "--user", "7:8",
                                 "--group-add", "9"), "7\n8\n8 9")
        self.assertEqual(self.sh("umask", "--umask", "0077"), "0077")

    def test_capabilities(self):
        seen = self.status("--cap-drop", "ALL")
        for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"):
            self.assertEqual(int(seen[name], 16), 0, name)
        seen = self.status("--cap-drop", "ALL", "--cap-add", "CHOWN,KILL")
        for name in ("CapEff", "CapPrm", "CapBnd"):
            self.assertEqual(int(seen[name], 16), 1 << 0 | 1 << 5, name)
        # Not root, but a capability: it has to be ambient.
        seen = self.status("--user", "guest", "--cap-add", "NET_ADMIN")
        self.assertEqual(int(seen["CapEff"], 16), 1 << 12)

    def test_privileged(self):
        self.assertEqual(self.allowed(
            "run", "--rm", "--privileged", IMAGE, "sh", "-c",
            "mount -t tmpfs x /tmp && echo mounted"), "mounted")

    def test_seccomp(self):
        profile = self.box.write("seccomp.json", json.dumps({
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["mkdir", "mkdirat", "no_such_call"],
                          "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}))
        done = self.attempt("run", "--rm", "--security-opt",
                            "seccomp=" + profile, IMAGE, "mkdir", "/x")
        self.assertIn("No space left on device", done.err, str(done))
        self.assertEqual(self.status()["Seccomp"], "2")
        self.assertEqual(self.status("--security-opt", "seccomp=unconfined")
                         ["Seccomp"], "0")

    def test_no_new_privileges(self):
        self.assertEqual(self.status()["NoNewPrivs"], "0")
        self.assertEqual(self.status("--security-opt", "no-new-privileges")
                         ["NoNewPrivs"], "1")

    def test_masked_paths(self):
        script = ("cat /proc/kcore | wc -c; ls /sys/firmware | wc -l; "
                  "(: >/proc/sysrq-trigger) 2>/dev/null; echo $?")
        self.assertEqual(self.sh(script), "0\n0\n1")
        self.assertEqual(self.sh("grep -c ' /proc/' /proc/self/mountinfo",
                                 "--security-opt", "unmask=ALL", status=1),
                         "0")

    def test_limits_of_a_process(self):
        self.assertEqual(self.sh("ulimit -n; ulimit -Hn; cat "
                                 "/proc/self/oom_score_adj", "--ulimit",
                                 "nofile=100:200", "--ulimit",
                                 "nproc=500:500", "--oom-score-adj", "300"),
                         "100\n200\n300")

    def test_sysctl(self):
        self.assertEqual(self.sh("cat /proc/sys/net/ipv4/ip_forward "
                                 "/proc/sys/kernel/msgmax", "--sysctl",
                                 "net.ipv4.ip_forward=0", "--sysctl",
                                 "kernel.msgmax=4096"), "0\n4096")

    def test_user_namespace(self):
        out = self.allowed("run", "--rm", "--uidmap", "0:100000:2000",
                           "--gidmap", "0:200000:2000", IMAGE, "sh", "-c",
                           "cat /proc/self/uid_map /proc/self/gid_map; id -u")
        self.assertEqual(out.split(), ["0", "100000", "2000", "0", "200000",
                                       "2000", "0"])

    def test_hooks(self):
        log = self.box.path("hooks.log")
        self.box.write("hook", HOOK.replace("LOG", log), 0o755)
        for stage in STAGES:
            self.box.write("hooks/%s.json" % stage, json.dumps({
                "version": "1.0.0", "when": {"always": True},
                "stages": [stage], "hook": {"path": self.box.path("hook"),
                                            "args": ["hook", stage]}}))
        self.call("--hooks-dir", self.box.path("hooks"), "run", "--rm", IMAGE,
                  "true")
        self.assertTrue(engines.eventually(
            lambda: os.path.exists(log) and
            harness.residue.read(log).count("\n") == len(STAGES)))
        told = [line.split() for line in
                harness.residue.read(log).splitlines()]
        self.assertEqual([line[0] for line in told], list(STAGES))
        for stage, status in told:
            # runc calls it "created" after the start, too.
            self.assertIn(status, {
                "poststart": ("created", "running", "stopped"),
                "poststop": ("stopped",)}.get(stage, ("creating", "created")),
                stage)

    def test_descriptors(self):
        """Those that are asked for come in, and no other."""
        path = self.box.write("through-a-descriptor", "passed\n")
        name, _ = self.background(IMAGE, "sleep", "600")
        for words in (["run", "--rm", "--preserve-fds", "1", IMAGE],
                      ["exec", "--preserve-fds", "1", name]):
            done = self.box.run(
                ["sh", "-c", 'exec 3<$0 4<$0; exec "$@"', path,
                 *self.engine.command(*words, "sh", "-c",
                                      "cat <&3; ls /proc/self/fd")],
                env=self.engine.environment())
            # 3, and what ls has opened itself.
            self.assertEqual(done.out.split(), ["passed", "0", "1", "2", "3",
                                                "4"], str(done))
            self.assertEqual(done.status, 0, str(done))

    def test_init(self):
        name, pid = self.background("--init", IMAGE, "sh", "-c",
                                    "(sleep 0.1 &) ; exec sleep 600")
        self.assertIn("podman-init", self.proc(pid, "cmdline"))
        self.assertTrue(engines.eventually(
            lambda: self.out("top", name, "state").split() ==
            ["STATE", "S", "S"]))
        began = time.monotonic()
        self.call("stop", "-t", "30", name)     # the init passes it on
        self.assertLess(time.monotonic() - began, 20)

    def end(self, pod):
        self.assertEqual(self.attempt("pod", "rm", "-f", "-t", "0",
                                      pod).status, 0)

    def test_pod(self):
        pod = harness.random_name("pod")
        self.addCleanup(self.end, pod)
        self.call("pod", "create", "--name", pod, "--share",
                  "net,ipc,uts,pid", "--hostname", "shared", "--cpus", "0.5")
        for name in ("server", "other"):
            self.call("run", "-d", "--pod", pod, "--name", pod + "-" + name,
                      IMAGE, *(("httpd", "-f", "-h", "/www")
                               if name == "server" else ("sleep", "600")))
        other = pod + "-other"
        self.assertEqual(engines.eventually(lambda: self.attempt(
            "exec", other, "wget", "-qO-", "http://127.0.0.1/").out),
            "served\n")
        self.assertEqual(self.out("exec", other, "hostname"), "shared")
        self.assertIn("httpd", self.out("exec", other, "ps"))
        # The infra container is pid 1 of them all.
        self.assertNotIn("sleep", self.out("exec", other, "cat",
                                           "/proc/1/cmdline"))
        for verb, state in (("pause", "Paused"), ("unpause", "Running"),
                            ("kill", "Exited"), ("start", "Running")):
            self.call("pod", verb, pod)
            self.assertTrue(engines.eventually(lambda: self.out(
                "pod", "ps", "--format", "{{.Status}}") == state), state)

    def test_play_kube(self):
        """The first of the book's three ways beyond one machine."""
        path = self.box.write("web.yaml", KUBE.replace("IMAGE", IMAGE))
        self.addCleanup(self.attempt, "rmi", "-f",
                        "localhost/podman-pause:*")
        self.call("play", "kube", path)
        try:
            self.assertEqual(self.fetch("http://127.0.0.1:8082/"), "served")
            pid = self.out("inspect", "--format", "{{.State.Pid}}",
                           "web-server")
            self.assertEqual(self.limit(pid, "memory", "memory.limit_in_bytes",
                                        "memory.max"), str(64 << 20))
            self.assertEqual(self.out("exec", "web-other", "hostname"), "web")
        finally:
            self.call("play", "kube", "--down", path)
        self.assertEqual(self.out("ps", "-aq"), "")


class Unknown(PodmanTest):
    kind = WithoutJson

    def test_errors(self):
        for words, status in ((["/no/such"], 127), (["nosuch"], 127),
                              (["/etc/passwd"], 126)):
            self.call("run", "--rm", IMAGE, *words, status=status)
        name, _ = self.background(IMAGE, "sleep", "600")
        self.call("exec", name, "nosuch", status=127)
        self.call("exec", name, "/etc/passwd", status=126)
        self.assertEqual(self.out("exec", name, "echo", "well"), "well")


# Only what it is the base of is a test.
del PodmanTest


if __name__ == "__main__":
    unittest.main()
