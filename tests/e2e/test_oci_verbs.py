"""mydocker-oci, command line by command line: what it prints, how it exits,
what it refuses.  That a container is what its config.json says is tested in
tests/oci; here it is the words of runc's command line, as engines use them.
"""

import json
import os
import re
import select
import shutil
import signal
import socket
import tempfile
import time
import unittest

import harness

OCI = harness.program("ch06-final", "mydocker-oci")
DEMO = harness.program("ch06-final")
APPLETS = ("sh", "sleep", "echo", "cat", "true", "env", "id", "ls", "head",
           "dd", "pwd", "stty", "mkdir")
VERBS = ("create", "start", "state", "kill", "delete", "run", "exec", "list",
         "ps", "pause", "resume", "update", "events", "spec", "features",
         "checkpoint", "restore")
RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
# Of a payload that notes the signals it gets, and ends with the 7th.
TRAPS = ("for s in HUP USR1 USR2 WINCH 36; do trap \"echo $s >>/got\" $s; "
         "done; trap 'echo TERM >>/got; exit 7' TERM; "
         "echo ready >>/got; while :; do sleep 0.05; done")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class OciTest(harness.KernelTest):
    """A bundle of busybox, and a root of the class's own."""

    runtime = OCI

    def setUp(self):
        super().setUp()
        self.place = tempfile.mkdtemp(prefix="mydocker-test-oci-",
                                      dir="/var/tmp")
        self.addCleanup(harness.remove_tree, self.place)
        self.root = os.path.join(self.place, "root")
        self.bundle = os.path.join(self.place, "bundle")
        self.rootfs = os.path.join(self.bundle, "rootfs")
        self.serial = 0
        self.begun = {}         # {pid: a command that still runs}

    def make_bundle(self, *args, edit=None, **process):
        """A bundle whose process is `args`; `edit` may change the rest."""
        busybox = shutil.which("busybox")
        if not busybox:
            self.skipTest("busybox is not installed")
        if os.geteuid() != 0:
            self.skipTest("needs root")
        if not os.path.exists(self.rootfs):
            os.makedirs(os.path.join(self.rootfs, "bin"))
            shutil.copy(busybox, os.path.join(self.rootfs, "bin/busybox"))
            for name in APPLETS:
                os.symlink("busybox", os.path.join(self.rootfs, "bin", name))
            with open(os.path.join(self.rootfs, "notes"), "w",
                      encoding="utf-8"):
                pass
        path = os.path.join(self.bundle, "config.json")
        if os.path.exists(path):
            os.unlink(path)
        self.spec()
        config = json.loads(read(path))
        config["root"]["readonly"] = False
        config["process"]["terminal"] = False
        config["process"]["args"] = list(args)
        config["process"].pop("rlimits", None)  # raising some takes a right
        config["process"].update(process)
        if edit:
            edit(config)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)

    def unfit_programs(self):
        """That the kernel refuses to execute for what is in them: 1 is what
        crun and runc make of that, too."""
        no_program = (" (a program for another processor, or a script without "
                      "#!): Exec format error")
        for name, content, says in (
                ("empty", "", no_program), ("script", "exit 0\n", no_program),
                ("other", "\x7fELF of nowhere", no_program),
                ("without", "#!/no/shell\n", " (its interpreter or loader is "
                 "not in the image): No such file or directory")):
            path = os.path.join(self.rootfs, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
            os.chmod(path, 0o755)
            yield ["/" + name], 1, "exec /" + name + says

    def spec(self):
        self.succeed([OCI, "spec", "--bundle", self.bundle])

    def oci(self, *words, status=0, **more):
        done = self.run_command([self.runtime, "--root", self.root, *words],
                                **more)
        if status is not None:
            self.assertEqual(done.status, status, str(done))
        return done

    def begin(self, *words):
        process = harness.start([self.runtime, "--root", self.root, *words])
        self.begun[process.pid] = process
        self.addCleanup(harness.signal_group, process, signal.SIGKILL)
        return process

    def next_line(self, process, seconds=10):
        ready = select.select([process.stdout], [], [],
                              seconds * harness.SLOWER)[0]
        self.assertTrue(ready, "nothing in %d s" % seconds)
        return process.stdout.readline()

    def end_of(self, process):
        done = harness.finish(process, 10)
        del self.begun[process.pid]
        self.assertFalse(done.timed_out, str(done))
        return done

    def bury(self):
        """What `exec --detach` has left to us: until it is buried, its pid
        namespace does not end, nor does the container's first process."""
        for pid in read("/proc/thread-self/children").split():
            if int(pid) not in self.begun:
                os.waitpid(int(pid), os.WNOHANG)

    def remove(self, container):
        self.oci("kill", "--all", container, "KILL", status=None)
        self.wait_for(lambda: re.search(
            '"stopped"|does not exist',
            self.oci("state", container, status=None).text),
            container + " stopped")
        self.oci("delete", "--force", container)

    def new_id(self):
        self.serial += 1
        return "%s-%d" % (os.path.basename(self.place), self.serial)

    def create(self, *options, status=0, **more):
        """`create`; what the container and it say goes to self.said."""
        container = self.new_id()
        self.said = os.path.join(self.place, container + ".out")
        self.addCleanup(self.remove, container)
        with open(self.said, "w", encoding="utf-8") as out:
            self.oci("create", "--bundle", self.bundle, *options, container,
                     status=status, stdout=out, stderr=out, **more)
        return container

    def started(self, *options, **more):
        container = self.create(*options, **more)
        self.oci("start", container)
        return container

    def state(self, container):
        return json.loads(self.oci("state", container).out)

    def wait_for(self, condition, what, seconds=10):
        deadline = time.monotonic() + seconds * harness.SLOWER
        while not condition():
            self.assertLess(time.monotonic(), deadline, "never: " + what)
            self.bury()
            time.sleep(0.01)

    def wait_stopped(self, container):
        self.wait_for(lambda: self.state(container)["status"] == "stopped",
                      container + " stopped")

    def listen(self, name):
        path = os.path.join(self.place, name)
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(path)
        server.listen()
        return path, server

    def inside(self, name):
        path = os.path.join(self.rootfs, name)
        return read(path) if os.path.exists(path) else ""

    def cgroups(self, container):
        """{"memory": the container's directory}; "" is that of version 2."""
        places, found = {}, {}
        for line in read("/proc/self/mountinfo").splitlines():
            left, right = line.split(" - ")
            kind, _, options = right.split(" ", 2)
            if kind in ("cgroup", "cgroup2"):
                for name in options.split(",") if kind == "cgroup" else [""]:
                    places.setdefault(name, left.split()[3:5])
        pid = self.state(container)["pid"]
        for line in read("/proc/%d/cgroup" % pid).splitlines():
            _, controllers, path = line.split(":", 2)
            for name in controllers.split(","):
                if name in places:
                    top, mount = places[name]
                    found[name] = os.path.normpath(os.path.join(
                        mount, os.path.relpath(path, top)))
        return found

    def wait_inside(self, name, text):
        self.wait_for(lambda: text in self.inside(name),
                      "%r in %s" % (text, name))


class Words(OciTest):
    """What needs no container."""

    def test_version_in_three_lines_as_engines_take_them_apart(self):
        for words in (["--version"], ["-v"], ["-version"]):
            done = self.succeed([OCI, *words])
            lines = done.out.strip().split("\n")
            self.assertEqual(len(lines), 3, str(done))
            for line, at in zip(lines, ("version ", ": ", ": ")):
                self.assertEqual(len(line.split(at)), 2, line)
            self.assertRegex(lines[0], r"^mydocker-oci version \d+\.\d+$")
            self.assertRegex(lines[1], r"^commit: \S+$")
            self.assertRegex(lines[2], r"^spec: 1\.\d+\.\d+$")

    def test_help_fits_a_screen(self):
        asked = [[], ["--help"], ["-h"], ["-help"], ["help"]]
        asked += [[verb, "--help"] for verb in VERBS]
        asked += [["help", verb] for verb in VERBS]
        for words in asked:
            with self.subTest(words=words):
                done = self.succeed([OCI, *words])
                self.assertEqual(done.err, "")
                lines = done.out.split("\n")
                self.assertEqual(lines[0], "NAME")
                self.assertIn("SYNOPSIS", lines)
                self.assertLess(len(lines), 50)
                self.assertEqual([x for x in lines if len(x) > 80], [])

    def test_the_help_lists_every_verb(self):
        out = self.succeed([OCI, "--help"]).out
        for verb in VERBS:
            self.assertRegex(out, r"(?m)^  %s +\S" % verb)

    def test_by_way_of_demo(self):
        for words in (["--version"], ["list", "--format", "json"],
                      ["kill", "--help"], ["state", "nobody"]):
            with self.subTest(words=words):
                words = ["--root", self.root, *words]
                ours = self.run_command([OCI, *words])
                demo = self.run_command([DEMO, "oci", *words])
                self.assertEqual((demo.status, demo.out, demo.err),
                                 (ours.status, ours.out, ours.err))
        self.assertRegex(self.succeed([DEMO, "--help"]).out, r"(?m)^  oci +")

    def test_features(self):
        features = json.loads(self.oci("features").out)
        self.assertEqual(features["ociVersionMin"], "1.0.0")
        self.assertTrue(features["linux"]["seccomp"]["enabled"])
        self.assertEqual(features["linux"]["cgroup"], {
            "v1": True, "v2": True, "systemd": True, "systemdUser": True,
            "rdma": True})
        self.assertIn("poststop", features["hooks"])

    def test_spec(self):
        os.mkdir(self.bundle)
        path = os.path.join(self.bundle, "config.json")
        self.oci("spec", "-b", self.bundle)
        config = json.loads(read(path))
        self.assertEqual(config["process"]["args"], ["sh"])
        # What is there is somebody's work.
        done = self.oci("spec", "--bundle", self.bundle, status=1)
        self.assertIn("config.json", done.err)
        self.assertEqual(json.loads(read(path)), config)
        os.unlink(path)
        self.oci("spec", "--rootless", cwd=self.bundle)
        kinds = [n["type"] for n in
                 json.loads(read(path))["linux"]["namespaces"]]
        self.assertIn("user", kinds)

    def test_nothing_is_made_for_a_look(self):
        self.assertEqual(self.oci("list", "-f", "json").out, "[]\n")
        self.assertEqual(self.oci("list", "-q").out, "")
        self.assertEqual(self.oci("list").out.split(),
                         ["ID", "PID", "STATUS", "BUNDLE", "CREATED",
                          "OWNER"])
        self.assertFalse(os.path.exists(self.root))

    def test_where_an_ordinary_user_has_them(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        os.chmod(self.place, 0o755)
        os.mkdir(self.root)
        os.chown(self.root, harness.USER, harness.USER)
        env = harness.environment(XDG_RUNTIME_DIR=self.root)
        out = self.succeed([OCI, "--help"], user=harness.USER, env=env).out
        self.assertIn("kept in %s/mydocker-oci," % self.root, out)
        done = self.succeed([OCI, "list", "-q"], user=harness.USER, env=env)
        self.assertEqual(done.text, "")
        # Root does not follow what somebody has left in its environment.
        out = self.succeed([OCI, "--help"], env=env).out
        self.assertIn("kept in /run/mydocker-oci,", out)

    def test_a_full_disk_is_told(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self.oci("features", status=1, stdout=full)
        self.assertIn("No space left", done.err)


class Refused(OciTest):
    """Each command line is refused, in words, and nothing is made."""

    def refused(self, words, says, env=None):
        with self.subTest(words=words):
            done = self.run_command([OCI, *words], env=env and
                                    harness.environment(**env))
            self.assertEqual((done.status, done.out), (1, ""), str(done))
            self.assertIn(says, done.err)
            self.assertTrue(done.err.startswith("mydocker-oci: "), done.err)
            self.assertFalse(os.path.exists(self.root))

    def test_words(self):
        root = ["--root", self.root]
        for words, says in (
                (["frob"], 'unknown command "frob"'),
                (["help", "frob"], 'unknown command "frob"'),
                (["--frob", "list"], "unknown flag: --frob"),
                (["-x", "list"], "unknown shorthand flag: 'x' in -x"),
                (["--root"], "flag needs an argument: --root"),
                (["--root", "", "list"], "it is a directory"),
                (["--log-format", "xml", "list"], "text or json"),
                (["--rootless", "maybe", "list"], "auto, true or false"),
                (["--systemd-cgroup=2", "list"], "true or false"),
                (["state"], "requires exactly 1 argument"),
                (["state", "a", "b"], "requires exactly 1 argument"),
                (["state", "--frob", "a"], "unknown flag: --frob"),
                (["state", "a", "--frob"], "unknown flag: --frob"),
                (["kill", "a", "TERM", "b"], "at most 2 arguments"),
                (["list", "a"], "requires exactly 0 arguments"),
                (["list", "-f", "yaml"], "table or json"),
                (["ps", "--format", "", "a"], "table or json"),
                (["create", "--bundle"], "flag needs an argument"),
                (["create", "-b", "", "a"], "it is a directory"),
                (["exec", "a"], "a command"),
                (["exec", "-p", "f", "a", "true"], "no command besides"),
                (["exec", "-e", "NAME", "a", "true"], "NAME=VALUE"),
                (["exec", "-e", "=x", "a", "true"], "NAME=VALUE"),
                (["update", "a"], "requires --resources"),
                (["events", "--interval", "5", "a"], "5s"),
                (["events", "--interval=0s", "a"], "more than nothing"),
        ):
            self.refused(root + words, says)

    def test_numbers(self):
        root = ["--root", self.root]
        for value in ("1x", "-1", "99999999999", "", " 1", "0x1", "1.0"):
            for verb in ("create", "run", "exec"):
                self.refused(root + [verb, "--preserve-fds", value, "a"],
                             'invalid argument "%s"' % value)
            self.refused(root + ["exec", "-g", value, "a", "true"],
                         "they are numbers")
        for value in ("1x", "", "--1", "1.5", "99999999999999999999"):
            for option in ("--cpu-quota", "--pids-limit", "--memory"):
                self.refused(root + ["update", option + "=" + value, "a"],
                             'invalid argument "%s"' % value)

    def test_ids(self):
        outside = os.path.join(self.place, "outside")
        os.mkdir(outside)
        for container in ("", ".", "..", "../outside", "a/b", "/etc", "a b",
                          "a\n", "x" * 300, "ä", "*"):
            for words in (["state"], ["start"], ["kill"], ["delete"],
                          ["delete", "--force"], ["create"], ["run"],
                          ["ps"], ["pause"], ["resume"], ["events"],
                          ["update", "--pids-limit", "5"]):
                self.refused(["--root", self.root, *words, container], "id")
            self.refused(["--root", self.root, "exec", container, "true"],
                         "id")
        self.assertEqual(os.listdir(self.place), ["outside"])

    def test_who_is_not_there(self):
        for words in (["state", "a"], ["start", "a"], ["kill", "a"],
                      ["kill", "--all", "a", "KILL"], ["delete", "a"],
                      ["ps", "a"], ["pause", "a"], ["resume", "a"],
                      ["events", "--stats", "a"],
                      ["update", "--memory", "64m", "a"]):
            self.refused(["--root", self.root, *words], "does not exist")
        self.oci("delete", "--force", "a")
        self.oci("delete", "a", "-f")

    def test_a_root_that_is_none(self):
        file = os.path.join(self.place, "file")
        with open(file, "w", encoding="utf-8"):
            pass
        for words in (["list"], ["state", "a"], ["delete", "a"],
                      ["delete", "--force", "a"]):
            self.refused(["--root", file, *words], "Not a directory")

    def test_intel_rdt(self):
        for option, value, says in (
                ("--l3-cache-schema", "MB:0=1", "such as L3:0=f0;1=f"),
                ("--mem-bw-schema", "L3:0=f", "such as MB:0=20;1=70"),
                ("--mem-bw-schema", "MB:0=20", "does not exist")):
            self.refused(["--root", self.root, "update", option, value, "a"],
                         says)
        if os.path.exists("/sys/fs/resctrl/schemata"):
            self.skipTest("this machine has it")
        self.make_bundle("sleep", "600")
        container = self.started()
        done = self.oci("update", "--mem-bw-schema", "MB:0=20", container,
                        status=1)
        self.assertIn("Intel RDT: no resctrl is mounted", done.err)

    def test_intel_rdt_in_a_config(self):
        self.make_bundle("true", edit=lambda c: c["linux"].update(
            intelRdt={"closID": "x"}))
        if os.path.exists("/sys/fs/resctrl/schemata"):
            self.skipTest("this machine has it")
        done = self.oci("create", "-b", self.bundle, "a", status=1)
        self.assertIn("intelRdt", done.err)
        self.assertEqual(os.listdir(self.root), [])

    def test_systemds_descriptors(self):
        self.make_bundle("true")
        script = 'export LISTEN_PID=$$; exec "$@"'
        done = self.run_command(
            ["sh", "-c", script, "sh", OCI, "--root", self.root, "create",
             "-b", self.bundle, "a"],
            env=harness.environment(LISTEN_FDS="3x"))
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("LISTEN_FDS=3x", done.err)
        self.assertFalse(os.path.exists(self.root))


class Log(OciTest):
    """--log and --log-format, as containerd and podman read them."""

    def entries(self, path):
        return [json.loads(line) for line in read(path).splitlines()]

    def test_json_is_an_object_a_line(self):
        log = os.path.join(self.place, "log")
        options = ("--log", log, "--log-format", "json")
        for number in (1, 2):
            done = self.oci(*options, "state", "nobody", status=1)
            self.assertIn('"nobody" does not exist', done.err)
            entries = self.entries(log)
            self.assertEqual(len(entries), number)
            self.assertEqual(set(entries[-1]), {"level", "msg", "time"})
            self.assertEqual(entries[-1]["level"], "error")
            self.assertIn('"nobody" does not exist', entries[-1]["msg"])
            self.assertRegex(entries[-1]["time"], "^%s$" % RFC3339)
        # Success says nothing.
        self.oci(*options, "list")
        self.assertEqual(len(self.entries(log)), 2)

    def test_text(self):
        log = os.path.join(self.place, "log")
        self.oci("--log=" + log, "state", "nobody", status=1)
        self.assertRegex(
            read(log), r'^time="%s" level=error msg="container \\"nobody\\" '
                       r'does not exist"\n$' % RFC3339)

    def test_json_on_standard_error(self):
        done = self.oci("--log-format", "json", "state", "nobody", status=1)
        self.assertEqual(json.loads(done.err)["level"], "error")

    def test_wrong_command_lines_are_logged_too(self):
        log = os.path.join(self.place, "log")
        self.oci("--log", log, "--log-format", "json", "state", status=1)
        self.assertIn("exactly 1 argument", self.entries(log)[0]["msg"])

    def test_what_is_no_text_stays_json(self):
        log = os.path.join(self.place, "log")
        for word in (b"\xff\xfe", b'"\\\n\x01', b"\xc3\xa4" * 200):
            if os.path.exists(log):
                os.unlink(log)
            self.oci("--log", log, "--log-format", "json", os.fsdecode(word),
                     status=1)
            self.assertIn("unknown command", self.entries(log)[0]["msg"])

    def test_a_warning_is_no_failure(self):
        """config.md: what cannot be granted MUST be logged."""
        def unknown(config):
            config["process"]["capabilities"]["bounding"].append("CAP_FROB")
        self.make_bundle("true", edit=unknown)
        log = os.path.join(self.place, "log")
        self.oci("--log", log, "--log-format", "json", "run", "-b",
                 self.bundle, self.new_id())
        entry, = self.entries(log)
        self.assertEqual(entry["level"], "warning")
        self.assertIn("CAP_FROB", entry["msg"])
        done = self.oci("run", "-b", self.bundle, self.new_id())
        self.assertIn("warning: process.capabilities.bounding", done.err)

    def test_a_log_that_cannot_be(self):
        for path in (self.place, self.place + "/no/log"):
            done = self.oci("--log", path, "list", status=1)
            self.assertIn("open the log file", done.err)

    def test_debug_shows_system_calls(self):
        self.make_bundle("true")
        log = os.path.join(self.place, "log")
        self.oci("--debug", "--log", log, "--log-format", "json", "run",
                 "-b", self.bundle, self.new_id())
        levels = {entry["level"] for entry in self.entries(log)}
        self.assertEqual(levels, {"debug"})
        self.assertIn("clone", read(log))

    def test_the_log_is_not_the_containers(self):
        """CVE-2024-21626: no descriptor of ours reaches the payload."""
        self.make_bundle("ls", "-l", "/proc/self/fd")
        log = os.path.join(self.place, "log")
        done = self.oci("--debug", "--log", log, "run", "-b", self.bundle,
                        self.new_id())
        seen = [line.split(" -> ") for line in done.out.splitlines()
                if " -> " in line]
        numbers = {int(line[0].split()[-1]) for line in seen}
        self.assertLessEqual({0, 1, 2}, numbers, done.out)
        self.assertLessEqual(numbers, {0, 1, 2, 3}, done.out)
        # 3 is the directory that ls reads.
        self.assertNotIn(self.place, done.out)


class Life(OciTest):
    """A container from its beginning to its end."""

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_killed_before_it_is_told_to_go(self):
        """By somebody else, between connect(2) and sendmsg(2) of `start`."""
        self.make_bundle("sleep", "600")
        container = self.create()
        start = harness.start(
            ["strace", "-qq", "-o", "/dev/null", "-e", "trace=sendmsg", "-e",
             "inject=sendmsg:delay_enter=2000000", self.runtime, "--root",
             self.root, "start", container])
        self.wait_for(lambda: self.state(container)["status"] == "running",
                      "started")
        self.oci("kill", container, "KILL")
        done = harness.finish(start, 20)
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("the container died without a word", done.err)

    def test_state_and_list(self):
        self.make_bundle("sleep", "600",
                         edit=lambda c: c.update(annotations={"a.b": "ü"}))
        file = os.path.join(self.place, "pid")
        container = self.create("--pid-file", file)
        pid = int(read(file))
        state = self.state(container)
        self.assertEqual(state["status"], "created")
        self.oci("start", container)
        state = self.state(container)
        self.assertRegex(state.pop("created"), "^%s$" % RFC3339)
        self.assertRegex(state.pop("ociVersion"), r"^1\.\d+\.\d+$")
        self.assertEqual(state, {
            "id": container, "pid": pid, "status": "running",
            "bundle": self.bundle, "rootfs": self.rootfs,
            "annotations": {"a.b": "ü"}, "owner": "root"})
        self.assertEqual(json.loads(self.oci("list", "-f", "json").out),
                         [self.state(container)])
        self.assertEqual(self.oci("list", "--quiet").out, container + "\n")
        title, row = self.oci("list").out.splitlines()
        self.assertEqual(title.split(), ["ID", "PID", "STATUS", "BUNDLE",
                                         "CREATED", "OWNER"])
        self.assertEqual(row.split()[:4],
                         [container, str(pid), "running", self.bundle])
        for name, word in zip(title.split(), row.split()):
            self.assertEqual(title.index(name), row.index(word))
        self.oci("kill", container, "KILL")
        self.wait_stopped(container)
        self.assertEqual(self.state(container)["pid"], 0)
        self.oci("delete", container)
        self.assertEqual(os.listdir(self.root), [])

    def test_several_are_sorted(self):
        self.make_bundle("sleep", "600")
        ids = sorted(self.create() for _ in range(3))
        self.assertEqual(self.oci("list", "-q").out.split(), ids)
        self.assertEqual([c["status"] for c in json.loads(
            self.oci("list", "--format=json").out)], ["created"] * 3)

    def test_one_that_cannot_be_read_hides_no_other(self):
        self.make_bundle("sleep", "600")
        good, bad = self.create(), self.create()
        path = os.path.join(self.root, bad, "state.json")
        whole = read(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(whole[:20])
        done = self.oci("list", "-q")
        self.assertEqual(done.out, good + "\n")
        self.assertIn(bad, done.err)
        with open(path, "w", encoding="utf-8") as file:
            file.write(whole)

    def test_exit_statuses_of_run(self):
        self.make_bundle("true")
        for args, status, says in (
                (["true"], 0, ""), (["sh", "-c", "exit 42"], 42, ""),
                (["/no/such"], 127, 'exec: "/no/such": stat /no/such: no '
                                    'such file or directory'),
                (["nonesuch"], 127, 'exec: "nonesuch": executable file not '
                                    'found in $PATH'),
                (["/bin"], 126, "is a directory"),
                (["/notes"], 126, "permission denied"),
                *self.unfit_programs()):
            with self.subTest(args=args):
                self.make_bundle(*args)
                done = self.oci("run", "--bundle", self.bundle,
                                self.new_id(), status=status)
                self.assertIn(says, done.err)
        self.assertEqual(os.listdir(self.root), [])

    def test_run_detached_and_kept(self):
        self.make_bundle("true")
        container = self.new_id()
        self.addCleanup(self.remove, container)
        self.oci("run", "--keep", "-b", self.bundle, container)
        self.assertEqual(self.state(container)["status"], "stopped")
        self.oci("delete", container)
        self.make_bundle("sleep", "600")
        file = os.path.join(self.place, "pid")
        with open(os.devnull, "w", encoding="utf-8") as null:
            self.oci("run", "-d", "--no-subreaper", "--pid-file", file, "-b",
                     self.bundle, container, stdout=null, stderr=null)
        self.assertEqual(self.state(container)["pid"], int(read(file)))
        done = self.oci("delete", container, status=1)
        self.assertIn("not stopped", done.err)
        self.oci("delete", container, "--force")
        self.assertEqual(os.listdir(self.root), [])

    def test_a_pidfd_by_socket(self):
        self.make_bundle("sleep", "600")
        path, server = self.listen("pidfd")
        container = self.create("--pidfd-socket", path)
        with server.accept()[0] as connection:
            _, fds, _, _ = socket.recv_fds(connection, 100, 1)
        self.addCleanup(os.close, fds[0])
        self.assertRegex(read("/proc/self/fdinfo/%d" % fds[0]),
                         r"(?m)^Pid:\s*%d$" % self.state(container)["pid"])

    def test_sockets_that_nobody_listens_on(self):
        self.make_bundle("sleep", "600")
        for path in (self.place + "/no", self.place, "x" * 200):
            self.create("--pidfd-socket", path, status=1)
            self.assertIn("socket", read(self.said))
        self.assertEqual(os.listdir(self.root), [])

    def test_descriptors_from_systemd(self):
        """sd_listen_fds(3); --preserve-fds counts those after them."""
        self.make_bundle("sh", "-c", "cat <&3; cat <&4; cat <&5; echo "
                         "$LISTEN_FDS $LISTEN_PID $$")
        script = ('exec 3<<<three 4<<<four 5<<<five; '
                  'export LISTEN_PID=$(($$ + %d)); exec "$@"')
        for other, seen in ((0, "three\nfour\n1 1 1\n"),
                            (1, "three\n1\n")):
            done = self.run_command(
                ["bash", "-c", script % other, "bash", OCI, "--root",
                 self.root, "run", "--preserve-fds", "1", "-b", self.bundle,
                 self.new_id()], env=harness.environment(LISTEN_FDS="1"))
            self.assertEqual(done.out, seen, str(done))

    def test_run_on_a_terminal(self):
        self.make_bundle("sh", "-c", "stty size; head -n 1; exit 5",
                         terminal=True)
        container = self.new_id()
        self.addCleanup(self.remove, container)
        terminal = self.terminal([OCI, "--root", self.root, "run", "-b",
                                  self.bundle, container])
        terminal.expect("24 80")
        terminal.send("typed\n")
        self.assertEqual(terminal.wait().status, 5)
        self.assertIn("typed\r\ntyped\r\n", terminal.screen)
        self.assertEqual(os.listdir(self.root), [])

    def test_signals_of_run_are_the_containers(self):
        self.make_bundle("sh", "-c", TRAPS)
        container = self.new_id()
        process = self.begin("run", "-b", self.bundle, container)
        self.addCleanup(self.remove, container)
        self.wait_inside("got", "ready")
        process.send_signal(signal.SIGUSR1)
        self.wait_inside("got", "USR1")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end_of(process).status, 7)
        self.assertEqual(os.listdir(self.root), [])

    def test_options_after_the_id_and_with_one_dash(self):
        self.make_bundle("true")
        container = self.new_id()
        self.oci("run", container, "-bundle", self.bundle,
                 "--no-new-keyring=true", "-no-pivot=false")
        self.oci("create", container, "-bundle=/no/where", status=1)
        self.assertEqual(os.listdir(self.root), [])

    def test_the_bundle_is_here_unless_it_is_said(self):
        self.make_bundle("echo", "hello")
        done = self.oci("run", self.new_id(), cwd=self.bundle)
        self.assertEqual(done.out, "hello\n")

    def test_an_id_is_taken_once(self):
        self.make_bundle("sleep", "600")
        container = self.create()
        done = self.oci("create", "-b", self.bundle, container, status=1)
        self.assertIn("exists", done.err)
        self.assertEqual(self.state(container)["status"], "created")

    def test_a_root_that_is_relative(self):
        self.make_bundle("sleep", "600")
        container = self.create()
        for root in ("root", "./root", "../%s/root" %
                     os.path.basename(self.place)):
            done = self.succeed([OCI, "--root", root, "list", "-q"],
                                cwd=self.place)
            self.assertEqual(done.out, container + "\n")

    def test_a_bundle_that_is_none(self):
        os.mkdir(self.bundle)
        for path, says in ((self.bundle, "config.json"),
                           (self.place + "/no", "no such file"),
                           ("/etc/passwd", "")):
            done = self.oci("create", "-b", path, "a", status=1)
            self.assertIn(says.lower(), done.err.lower())
        for root in (self.root,):
            self.assertFalse(os.path.exists(root) and os.listdir(root))

    def test_hostile_environment(self):
        """What engines leave in it, and what would turn our own switches."""
        self.make_bundle("env")
        env = harness.environment(
            MYDOCKER_SELF="/etc/passwd", MYDOCKER_ROOT="/nowhere",
            MYDOCKER_DRIVER="nonsense", LISTEN_FDS="5", LISTEN_PID="1",
            LD_PRELOAD="/no/such.so", _LIBCONTAINER_INITPIPE="3")
        done = self.oci("run", "-b", self.bundle, self.new_id(), env=env)
        names = {line.split("=")[0] for line in done.out.splitlines()}
        self.assertEqual(names & set(env) - {"PATH", "HOME", "TERM"}, set(),
                         done.out)


class Signals(OciTest):
    def test_names_numbers_and_the_default(self):
        self.make_bundle("sh", "-c", TRAPS)
        container = self.started()
        self.wait_inside("got", "ready")
        for written, seen in (("HUP", "HUP"), ("SIGUSR1", "USR1"),
                              ("12", "USR2"), ("winch", "WINCH"),
                              ("RTMIN+2", "36")):
            self.oci("kill", container, written)
            self.wait_inside("got", seen + "\n")
        self.oci("kill", container, "0")
        for wrong in ("FROB", "9x", "-9", "65", "99999999999", "RTMIN+99"):
            done = self.oci("kill", "--", container, wrong, status=1)
            self.assertIn("unknown signal", done.err)
        self.assertEqual(self.state(container)["status"], "running")
        self.oci("kill", container)
        self.wait_inside("got", "TERM")
        self.wait_stopped(container)

    def test_one_that_has_ended(self):
        """containerd looks for these words, and takes it well then."""
        self.make_bundle("true")
        container = self.started()
        self.wait_stopped(container)
        done = self.oci("kill", container, "KILL", status=1)
        self.assertIn("container not running", done.err)
        self.oci("kill", "--all", container, "KILL")

    def test_all(self):
        self.make_bundle("sh", "-c", "sleep 600 & sleep 600 & " + TRAPS)
        container = self.started()
        self.wait_inside("got", "ready")
        pids = json.loads(self.oci("ps", "-f", "json", container).out)
        self.assertGreaterEqual(len(pids), 3)
        self.oci("kill", container, "KILL", "--all")
        for pid in pids:
            self.wait_for(lambda: not os.path.exists("/proc/%d/root/bin" %
                                                     pid), "end of %d" % pid)


class Exec(OciTest):
    def setUp(self):
        super().setUp()
        self.make_bundle("sleep", "600")
        self.container = self.started()

    def exec(self, *words, **more):
        at = words.index("--") if "--" in words else 0
        return self.oci("exec", *words[:at], self.container,
                        *words[at + bool(at):], **more)

    def test_statuses(self):
        for words, status, says in (
                (["true"], 0, ""), (["sh", "-c", "exit 3"], 3, ""),
                (["sh", "-c", "kill -9 $$"], 137, ""),
                (["/no/such"], 127, "no such file or directory"),
                (["nonesuch"], 127, "executable file not found in $PATH"),
                (["/bin"], 126, "is a directory"),
                (["/notes"], 126, "permission denied"),
                *self.unfit_programs()):
            with self.subTest(words=words):
                done = self.exec(*words, status=status)
                self.assertIn(says, done.err)

    def test_what_follows_the_id_is_the_command(self):
        done = self.exec("echo", "-t", "--help", "-e", "A=1")
        self.assertEqual(done.out, "-t --help -e A=1\n")

    def test_options(self):
        done = self.exec("-e", "A=1", "--env=B=2=3", "-cwd", "/bin", "-u",
                         "5:6", "-g", "7,8", "-g", "9", "--", "sh", "-c",
                         "echo $A $B; pwd; id -u; id -g; id -G")
        self.assertEqual(done.out, "1 2=3\n/bin\n5\n6\n6 7 8 9\n")

    def test_a_user_is_numbers(self):
        """CVE-2026-30892: what is no number was root."""
        for user in ("-1", "1x", "root", "", ":5", "1:", "1:x", "4294967296",
                     "0x0", " 0"):
            done = self.exec("--user", user, "--", "id", "-u", status=1)
            self.assertEqual(done.out, "")

    def status_of(self, *options):
        """Of a process begun with these: {"CapEff": "00...", ...}."""
        out = self.exec(*options, "--", "cat", "/proc/self/status").out
        return dict(re.findall(r"(?m)^(\w+):\s*(\S+)$", out))

    def sets_of(self, *options):
        return {name[3:]: int(value, 16) for name, value in
                self.status_of(*options).items() if name.startswith("Cap")}

    def another(self, **process):
        """In place of the one that all here have."""
        self.make_bundle("sleep", "600", **process)
        self.container = self.started()

    def test_a_user_alone_keeps_the_group(self):
        self.another(user={"uid": 3, "gid": 4})
        done = self.exec("-u", "5", "--", "sh", "-c", "id -u; id -g")
        self.assertEqual(done.out, "5\n4\n")

    def test_no_new_privileges(self):
        self.another(noNewPrivileges=False)
        for options, seen in ((["--tty=false"], "0"),
                              (["--no-new-privs"], "1")):
            self.assertEqual(self.status_of(*options)["NoNewPrivs"], seen)

    def test_labels_that_this_kernel_does_not_know(self):
        for option, place, says in (
                ("--apparmor", "/sys/module/apparmor", "AppArmor"),
                ("--process-label", "/sys/fs/selinux", "SELinux")):
            if os.path.isdir(place):
                continue
            done = self.exec(option, "some-label", "--", "true", status=1)
            self.assertIn("this kernel has no " + says, done.err)

    def test_in_a_paused_one_it_waits(self):
        self.oci("pause", self.container)
        self.addCleanup(self.oci, "resume", self.container, status=None)
        process = self.begin("exec", "-d", "--ignore-paused", self.container,
                             "sh", "-c", "echo ran >/ran")
        time.sleep(0.3)
        self.assertEqual((self.inside("ran"), process.poll()), ("", None))
        self.oci("resume", self.container)
        self.assertEqual(self.end_of(process).status, 0)
        self.wait_inside("ran", "ran")

    def test_a_paused_one_has_nothing_below_that_runs(self):
        for place in set(self.own_cgroups().values()):
            self.make_cgroup(place + "/sub")
        self.oci("pause", self.container)
        self.addCleanup(self.oci, "resume", self.container, status=None)
        done = self.exec("--cgroup", "sub", "--", "true", status=1)
        self.assertIn("paused", done.err)

    def own_cgroups(self):
        return {name: place for name, place in
                self.cgroups(self.container).items()
                if self.container in place}

    def make_cgroup(self, place):
        os.mkdir(place)
        for name in ("cpuset.cpus", "cpuset.mems"):
            path = os.path.join(place, name)
            if os.path.exists(path) and not read(path).strip():
                with open(path, "w", encoding="utf-8") as file:
                    file.write(read(os.path.join(place, "..", name)))

    def exec_in_cgroup(self, *words):
        """Where in the container's cgroups a process is: {"memory": "/"}."""
        options = [word for name in words for word in ("--cgroup", name)]
        out = self.exec(*options, "--", "cat", "/proc/self/cgroup").out
        return {name: line.split(":")[2] for line in out.splitlines()
                for name in line.split(":")[1].split(",")}

    def refused_in_cgroup(self, says, *words):
        options = [word for name in words for word in ("--cgroup", name)]
        done = self.exec(*options, "--", "true", status=1)
        self.assertIn("--cgroup " + words[-1], done.err)
        self.assertIn(says, done.err)

    def test_in_a_cgroup_below(self):
        places = self.own_cgroups()
        for place in set(places.values()):
            self.make_cgroup(place + "/sub")
        for word, seen in (("sub", "/sub"), ("/sub/", "/sub"), ("/", "/")):
            found = self.exec_in_cgroup(word)
            self.assertEqual({name: found[name] for name in places},
                             dict.fromkeys(places, seen))
        self.refused_in_cgroup("leads out", "../sub")
        self.refused_in_cgroup("leads out", "sub/../..")
        self.refused_in_cgroup("there is no", "none")
        self.refused_in_cgroup("CONTROLLER:PATH", "sub", "sub")
        self.refused_in_cgroup('the controller "frob"', "frob:sub")
        # Every one of them, or none: it would stay in ours in the others.
        os.rmdir(next(iter(places.values())) + "/sub")
        self.refused_in_cgroup("there is no", "sub")

    def test_in_cgroups_below_by_their_controllers(self):
        places = self.own_cgroups()
        if "memory" not in places or "pids" not in places:
            self.skipTest("needs memory and pids of version 1")
        for name in ("memory", "pids", "cpu"):
            self.make_cgroup(places[name] + "/sub")
        for words, below in ((["pids:sub"], ["pids"]),
                             (["memory,pids:/sub"], ["memory", "pids"]),
                             (["pids:sub", "memory:sub", "cpu:/"],
                              ["memory", "pids"])):
            found = self.exec_in_cgroup(*words)
            self.assertEqual([name for name in sorted(places)
                              if found[name] == "/sub"], below)
        self.refused_in_cgroup("there is no", "pids:none")
        self.refused_in_cgroup("without a name", "pids,:sub")
        self.refused_in_cgroup("is said already", "pids:/", "pids:sub")
        self.refused_in_cgroup("leads out", "pids:../sub")

    def test_where_the_cgroup_is_divided(self):
        """As systemd, dockerd and kind do it: version 2 then lets no process
        into the container's own (EBUSY)."""
        if set(self.cgroups(self.container)) != {""}:
            self.skipTest("needs cgroups of version 2 alone")
        def writable(config):
            for mount in config["mounts"]:
                if mount["destination"] == "/sys/fs/cgroup":
                    mount["options"].remove("ro")
        self.make_bundle("sh", "-c", "cd /sys/fs/cgroup && mkdir -p a/init b "
                         "&& echo 0 >a/init/cgroup.procs && for c in $(cat "
                         "cgroup.controllers); do echo +$c >"
                         "cgroup.subtree_control; done; cat "
                         "cgroup.subtree_control >/handed; echo >>/handed; "
                         "sleep 600", edit=writable)
        self.container = self.started()
        self.wait_inside("handed", "\n")
        self.assertIn("pids", self.inside("handed"))
        self.assertEqual(self.exec("cat", "/proc/self/cgroup").out,
                         "0::/a/init\n")
        self.assertEqual(self.exec("sh", "-c", "exit 3", status=3).err, "")
        self.assertEqual(self.exec_in_cgroup("b"), {"": "/b"})
        # What was asked for is that, or nothing.
        done = self.exec("--cgroup", "/", "--", "true", status=1)
        self.assertIn("hands controllers down", done.err)

    def test_capabilities(self):
        bit = 1 << 19
        before = self.sets_of("--tty=false")
        self.assertFalse(before["Eff"] & bit)
        # Not inheritable (CVE-2022-24769), and so not ambient.
        after = self.sets_of("-c", "CAP_SYS_PTRACE")
        self.assertEqual(after, {**before, **{
            name: before[name] | bit for name in ("Bnd", "Prm", "Eff")}})
        for name in ("CAP_FROB", "SYS_PTRACE", ""):
            done = self.exec("--cap", name, "--", "true", status=1)
            self.assertIn("capability", done.err)

    def test_a_capability_that_is_inheritable_is_ambient(self):
        """For a user it is of no use otherwise; as with runc."""
        options = ["-c", "CAP_SYS_PTRACE", "-u", "5"]
        self.assertEqual(self.sets_of(*options)["Eff"], 0)
        config = json.loads(read(os.path.join(self.bundle, "config.json")))
        self.another(capabilities={**config["process"]["capabilities"],
                                   "inheritable": ["CAP_SYS_PTRACE"]})
        found = self.sets_of(*options)
        self.assertEqual((found["Eff"], found["Amb"]), (1 << 19, 1 << 19))

    def test_a_working_directory_is_absolute(self):
        done = self.exec("--cwd", "bin", "--", "true", status=1)
        self.assertIn("absolute", done.err)

    def test_what_is_no_failure_of_the_program_is_1(self):
        self.oci("exec", "nobody", "true", status=1)
        self.oci("exec", "-p", "/no/such", self.container, status=1)
        self.oci("run", "-b", "/no/such", "nobody", status=1)

    def test_process_file(self):
        path = os.path.join(self.place, "process.json")
        process = {"args": ["sh", "-c", "echo $X; id -u; exit 9"],
                   "cwd": "/", "user": {"uid": 3, "gid": 4},
                   "env": ["PATH=/bin", "X=x"]}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(process, file)
        for words in (["-p", path], ["--process", path], ["-process=" + path]):
            done = self.oci("exec", *words, self.container, status=9)
            self.assertEqual(done.out, "x\n3\n")
        process["cwd"] = "tmp"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(process, file)
        done = self.oci("exec", "-p", path, self.container, status=1)
        self.assertIn("cwd", done.err)

    def test_detached(self):
        file = os.path.join(self.place, "pid")
        with open(os.devnull, "w", encoding="utf-8") as null:
            self.exec("-d", "--pid-file", file, "--", "sleep", "500",
                      stdout=null, stderr=null)
        pid = int(read(file))
        pids = json.loads(self.oci("ps", "--format", "json",
                                   self.container).out)
        self.assertIn(pid, pids)
        self.assertIn("sleep", read("/proc/%d/cmdline" % pid))

    def test_on_a_terminal(self):
        terminal = self.terminal(
            [OCI, "--root", self.root, "exec", "-t", self.container, "sh",
             "-c", "stty size; head -n 1; exit 5"])
        terminal.expect("24 80")
        terminal.send("typed\n")
        self.assertEqual(terminal.wait().status, 5)
        self.assertIn("typed\r\ntyped\r\n", terminal.screen)

    def test_a_terminal_by_socket(self):
        path, server = self.listen("console")
        with open(os.devnull, "w", encoding="utf-8") as null:
            self.exec("-t", "-d", "--console-socket", path, "--", "echo",
                      "hello", stdout=null, stderr=null)
        connection = server.accept()[0]
        self.addCleanup(connection.close)
        _, fds, _, _ = socket.recv_fds(connection, 4096, 1)
        self.addCleanup(os.close, fds[0])
        self.assertEqual(os.read(fds[0], 100), b"hello\r\n")

    def test_a_pidfd_by_socket(self):
        path, server = self.listen("pidfd")
        file = os.path.join(self.place, "pid")
        with open(os.devnull, "w", encoding="utf-8") as null:
            self.exec("-d", "--pidfd-socket", path, "--pid-file", file, "--",
                      "sleep", "500", stdout=null, stderr=null)
        with server.accept()[0] as connection:
            _, fds, _, _ = socket.recv_fds(connection, 100, 1)
        self.addCleanup(os.close, fds[0])
        self.assertRegex(read("/proc/self/fdinfo/%d" % fds[0]),
                         r"(?m)^Pid:\s*%s$" % read(file))
        done = self.exec("--pidfd-socket", self.place + "/no", "--", "true",
                         status=1)
        self.assertIn("socket", done.err)

    def test_preserved_descriptors(self):
        script = 'exec 3<<<three 4<<<four; exec "$@"'
        for count, seen in ((1, "three\n"), (2, "three\nfour\n")):
            done = self.run_command(
                ["bash", "-c", script, "bash", OCI, "--root", self.root,
                 "exec", "--preserve-fds", str(count), self.container, "sh",
                 "-c", "cat <&3; cat <&4"])
            self.assertEqual(done.out, seen, str(done))


class Limits(OciTest):
    def test_systemds_hierarchy(self):
        """Of version 1: in it, too, is the container where it says, and sees
        itself at the top."""
        top = "/sys/fs/cgroup/systemd"
        if not os.path.ismount(top):
            self.skipTest("no name=systemd here")
        name = "/" + harness.random_name()
        self.make_bundle("sleep", "600", edit=lambda config: config[
            "linux"].update(cgroupsPath=name))
        container = self.started()
        self.assertIn(":name=systemd:%s\n" % name, read(
            "/proc/%d/cgroup" % self.state(container)["pid"]))
        self.assertIn(":name=systemd:/\n", self.oci(
            "exec", container, "cat", "/proc/self/cgroup").out)
        self.assertEqual(self.oci("exec", container, "cat",
                                  "/sys/fs/cgroup/systemd/cgroup.procs")
                         .out.split()[0], "1")
        self.assertIn(":name=systemd:/\n", read("/proc/self/cgroup"))
        self.oci("delete", "--force", container)
        self.assertFalse(os.path.exists(top + name))

    def find_file(self, container, *names):
        """The first of these files, of v1 or v2, in its cgroups; or None."""
        for here in self.cgroups(container).values():
            for name in names:
                if os.path.exists(os.path.join(here, name)):
                    return os.path.join(here, name)
        return None

    def cgroup_file(self, container, *names):
        path = self.find_file(container, *names)
        if not path:
            self.skipTest("no " + " or ".join(names))
        return read(path).strip()

    def test_update(self):
        self.make_bundle("sleep", "600")
        container = self.started()
        self.oci("update", "--memory", "64m", "--memory-swap=128m",
                 "--pids-limit", "77", "--cpu-quota", "50000",
                 "--cpu-period=100000", container)
        self.assertEqual(self.cgroup_file(container, "memory.max",
                                          "memory.limit_in_bytes"),
                         str(64 << 20))
        self.assertEqual(self.cgroup_file(container, "pids.max"), "77")
        self.assertIn(self.cgroup_file(container, "cpu.max",
                                       "cpu.cfs_quota_us"),
                      ("50000 100000", "50000"))
        # What is not said stays.
        self.oci("update", "--pids-limit", "78", container)
        self.assertEqual(self.cgroup_file(container, "pids.max"), "78")
        self.assertEqual(self.cgroup_file(container, "memory.max",
                                          "memory.limit_in_bytes"),
                         str(64 << 20))
        for option in ("--kernel-memory", "--kernel-memory-tcp"):
            done = self.oci("update", option, "5m", "--pids-limit", "79",
                            container)
            self.assertIn(option, done.err)
            self.assertIn("ignored", done.err)
            self.assertEqual(self.cgroup_file(container, "pids.max"), "79")

    # Options of `update`, and {file: what is in it then}: of version 1, of 2,
    # or of both.  The last option is the one that needs the file.
    OPTIONS = (
        (["--blkio-weight=250"],
         {"blkio.weight": "250", "blkio.bfq.weight": "250",
          "io.bfq.weight": "default 250", "io.weight": "default 2425"}),
        (["--cpu-quota=50000", "--cpu-burst=10000"],
         {"cpu.cfs_burst_us": "10000", "cpu.max.burst": "10000"}),
        (["--cpu-rt-period=500000"], {"cpu.rt_period_us": "500000"}),
        (["--cpu-rt-runtime=5000"], {"cpu.rt_runtime_us": "5000"}),
        (["--cpu-share=512"], {"cpu.shares": "512", "cpu.weight": "59"}),
        (["--cpu-idle=1"], {"cpu.idle": "1"}),
        (["--cpuset-cpus=0"], {"cpuset.cpus": "0"}),
        (["--cpuset-mems=0"], {"cpuset.mems": "0"}),
        (["--memory-reservation=32m"],
         {"memory.soft_limit_in_bytes": str(32 << 20),
          "memory.low": str(32 << 20)}),
    )

    def test_update_by_each_option(self):
        self.make_bundle("sleep", "600")
        container = self.started()
        for words, files in self.OPTIONS:
            with self.subTest(words=words):
                path = self.find_file(container, *files)
                if not path:
                    done = self.oci("update", words[-1], container, status=1)
                    self.assertIn("mydocker-oci: ", done.err)
                    continue
                above = os.path.join(os.path.dirname(path), "..",
                                     "cpu.rt_runtime_us")
                if path.endswith("rt_runtime_us") and not int(read(above)):
                    continue    # the cgroup above has none to give
                self.oci("update", *words, container)
                self.assertEqual(read(path).strip(),
                                 files[os.path.basename(path)])

    def test_update_by_a_file_or_standard_input(self):
        self.make_bundle("sleep", "600")
        container = self.started()
        path = os.path.join(self.place, "resources")
        for number, words in enumerate((["-r", path], ["--resources", "-"],
                                        ["--resources=-"])):
            resources = json.dumps({"pids": {"limit": 50 + number}})
            with open(path, "w", encoding="utf-8") as file:
                file.write(resources)
            self.oci("update", *words, container, data=resources)
            self.assertEqual(self.cgroup_file(container, "pids.max"),
                             str(50 + number))

    def test_update_refused(self):
        self.make_bundle("sleep", "600")
        container = self.started()
        before = self.cgroup_file(container, "pids.max")
        for data, says in (("", ""), ("{", ""), ("[]", "object"),
                           ('{"pids":{"limit":"x"}}', "pids.limit"),
                           ('{"pids":5}', "pids"), ("{}\0{}", "no text"),
                           ('{"a":"%s"}' % ("x" * (5 << 20)), "bytes")):
            done = self.oci("update", "-r", "-", container, data=data,
                            status=1)
            self.assertIn(says, done.err)
        done = self.oci("update", "-r", self.place + "/no", container,
                        status=1)
        self.assertIn("No such file", done.err)
        self.assertEqual(self.cgroup_file(container, "pids.max"), before)
        self.oci("kill", container, "KILL")
        self.wait_stopped(container)
        done = self.oci("update", "--pids-limit", "5", container, status=1)
        self.assertIn("not running", done.err)

    def test_pause_and_resume(self):
        self.make_bundle("sh", "-c", "while :; do echo x >>/got; "
                                     "sleep 0.02; done")
        container = self.started()
        self.wait_inside("got", "x")
        self.oci("pause", container)
        self.assertEqual(self.state(container)["status"], "paused")
        size = len(self.inside("got"))
        time.sleep(0.2)
        self.assertEqual(len(self.inside("got")), size)
        done = self.oci("exec", container, "true", status=1)
        self.assertIn("paused", done.err)
        self.oci("pause", container, status=1)
        self.oci("resume", container)
        self.assertEqual(self.state(container)["status"], "running")
        self.wait_for(lambda: len(self.inside("got")) > size, "going on")
        self.oci("resume", container, status=1)

    def test_ps(self):
        self.make_bundle("sh", "-c", "sleep 600 & sleep 601; true")
        container = self.started()
        self.wait_for(lambda: len(json.loads(self.oci(
            "ps", "-f", "json", container).out)) == 3, "three processes")
        pids = json.loads(self.oci("ps", "-f", "json", container).out)
        self.assertIn(self.state(container)["pid"], pids)
        if not shutil.which("ps"):
            self.skipTest("ps is not installed")
        title, *rows = self.oci("ps", container).out.splitlines()
        self.assertEqual(title.split()[:3], ["UID", "PID", "PPID"])
        self.assertEqual(sorted(int(row.split()[1]) for row in rows),
                         sorted(pids))
        title, *rows = self.oci("ps", container, "-eo",
                                "args,pid").out.splitlines()
        self.assertEqual(title.split(), ["COMMAND", "PID"])
        # A row is of it when its column says so, not any of its words.
        self.assertLess(len(rows), 4)
        done = self.oci("ps", container, "-eo", "args", status=1)
        self.assertIn("PID", done.err)
        self.oci("ps", container, "--frob", status=1)

    def test_events(self):
        self.make_bundle("sleep", "600")
        container = self.started()
        lines = self.oci("events", "--stats", container).out.splitlines()
        self.assertEqual(len(lines), 1)
        event = json.loads(lines[0])
        self.assertEqual((event["type"], event["id"]), ("stats", container))
        self.assertEqual(event["data"]["pids"]["current"], 1)
        process = self.begin("events", "--interval", "50ms", container)
        for _ in range(3):
            self.assertEqual(json.loads(self.next_line(process))["type"],
                             "stats")
        # It ends with the container.
        self.oci("kill", container, "KILL")
        self.assertEqual(self.end_of(process).status, 0)
        done = self.oci("events", container, status=1)
        self.assertIn("not running", done.err)

    def test_out_of_memory_is_an_event(self):
        def limit(config):
            config["linux"]["resources"] = {
                "memory": {"limit": 32 << 20, "swap": 32 << 20}}
        self.make_bundle("sh", "-c", "while ! [ -e /go ]; do sleep 0.02; "
                         "done; head -c 200m /dev/zero | tail; sleep 600",
                         edit=limit)
        os.symlink("busybox", os.path.join(self.rootfs, "bin/tail"))
        container = self.started()
        process = self.begin("events", "--interval", "1h", container)
        self.wait_for(lambda: any(
            "eventfd" in os.readlink(fd) or "inotify" in os.readlink(fd)
            for fd in self.descriptors(process.pid)), "the watch")
        with open(os.path.join(self.rootfs, "go"), "w", encoding="utf-8"):
            pass
        self.assertEqual(json.loads(self.next_line(process)),
                         {"type": "oom", "id": container})
        self.oci("kill", container, "KILL")
        self.end_of(process)

    @staticmethod
    def descriptors(pid):
        place = "/proc/%d/fd/" % pid
        return [place + name for name in os.listdir(place)
                if os.path.islink(place + name)]


class AsRunc(OciTest):
    """The same words to runc and to us: the same statuses, and the same
    properties of what is printed, where both mean the same."""

    def setUp(self):
        super().setUp()
        self.runc = shutil.which("runc")
        if not self.runc:
            self.skipTest("runc is not installed")

    def both(self, *words):
        place = os.path.join(self.place, "runc")
        theirs = self.run_command([self.runc, "--root", place, *words])
        ours = self.oci(*words, status=None)
        return ours, theirs

    def test_statuses_of_refusals(self):
        for words in (["state", "nobody"], ["state"], ["state", "a", "b"],
                      ["state", "--frob", "a"], ["state", "../a"],
                      ["start", "nobody"], ["kill", "nobody"],
                      ["kill", "nobody", "KILL"], ["delete", "nobody"],
                      ["delete", "--force", "nobody"],
                      ["delete", "nobody", "--force"],
                      ["delete", "-f=true", "nobody"],
                      ["pause", "nobody"], ["resume", "nobody"],
                      ["ps", "nobody"], ["ps", "-f", "json", "nobody"],
                      ["events", "--stats", "nobody"],
                      ["update", "--memory", "1m", "nobody"],
                      ["list", "-q"], ["list", "--format", "json"],
                      ["list", "-format=json", "-q"],
                      ["list", "--format", "frob"], ["--version"],
                      ["kill", "--help"], ["help"], ["features"]):
            with self.subTest(words=words):
                ours, theirs = self.both(*words)
                self.assertEqual(ours.status, theirs.status,
                                 "%s\n%s" % (ours, theirs))

    def test_the_log_has_the_same_properties(self):
        logs = []
        for runtime in (OCI, self.runc):
            log = os.path.join(self.place, os.path.basename(runtime) + ".log")
            self.run_command([runtime, "--root", self.root, "--log", log,
                              "--log-format", "json", "state", "nobody"])
            logs.append(json.loads(read(log)))
        self.assertEqual(set(logs[0]), set(logs[1]))
        self.assertEqual(logs[0]["level"], logs[1]["level"])

    def test_state_and_list_have_the_same_properties(self):
        self.make_bundle("sleep", "600", edit=lambda c: c.update(
            annotations={"a": "b"}))
        place = os.path.join(self.place, "runc")
        shown = []
        for runtime, root in ((OCI, self.root), (self.runc, place)):
            container = self.new_id()
            command = [runtime, "--root", root]
            self.addCleanup(self.run_command, command + ["delete", "--force",
                                                         container])
            with open(os.devnull, "w", encoding="utf-8") as null:
                done = self.run_command(command + ["create", "-b",
                                                   self.bundle, container],
                                        stdout=null, stderr=null)
            if done.status != 0 and runtime == self.runc:
                self.skipTest("runc can make no container here")
            state = json.loads(self.succeed(command + ["state",
                                                       container]).out)
            listed = json.loads(self.succeed(command + ["list", "-f",
                                                        "json"]).out)
            table = self.succeed(command + ["list"]).out.splitlines()
            shown.append((set(state), [set(row) for row in listed],
                          table[0].split(), state["status"]))
        self.assertEqual(shown[0], shown[1])


if __name__ == "__main__":
    unittest.main()
