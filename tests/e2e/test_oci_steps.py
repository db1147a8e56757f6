"""mydocker-oci, step by step: each step of either table made to fail, and the
runtime killed at each; then many containers, one after another and at once.
Nothing is left behind.  CYCLES and AT_ONCE say how many.
"""

import contextlib
import glob
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
import unittest

import harness
import test_oci_verbs

SOURCES = os.path.join(harness.ROOT, "ch06-final/runtime")
CYCLES = int(os.environ.get("CYCLES", "1000"))
AT_ONCE = int(os.environ.get("AT_ONCE", "200"))


def steps(name, file):
    """The names in a table of the source."""
    content = test_oci_verbs.read(os.path.join(SOURCES, file))
    table = re.search(r"%s\[\] = \{(.*?)\{ 0 \}" % name, content, re.S)[1]
    return re.findall(r'\{ "(\w+)",', table)


PARENT = steps("create_steps", "create.c")
CHILD = steps("init_steps", "child.c")


HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer",
         "poststart", "poststop")
IDS = [{"containerID": 0, "hostID": 100000, "size": 65536}]


class Steps(test_oci_verbs.OciTest):
    """With either of two bundles, that together leave no step without work:
    but for "scope", which takes a systemd, and "rdt", which takes a processor
    that has classes."""

    def setUp(self):
        super().setUp()
        self.device = None      # of the host's, that the container is to have

    def config(self, config):
        """Something to do for every step, and a parameter to be set."""
        hook = {"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null"]}
        config["hooks"] = {"prestart": [hook], "createContainer": [hook]}
        config["process"]["oomScoreAdj"] = 100
        config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
        config["linux"].setdefault("resources", {})["pids"] = {"limit": 100}

    def other_config(self, config):
        """Users of its own, a terminal, a network device of the host's, a
        namespace of somebody else's, and all hooks."""
        self.config(config)
        kernel, process = config["linux"], config["process"]
        config["hooks"] = dict.fromkeys(HOOKS,
                                        config["hooks"]["prestart"])
        process.update(terminal=True, consoleSize={"height": 7, "width": 70},
                       ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 5},
                       scheduler={"policy": "SCHED_BATCH", "nice": 3})
        kernel["uidMappings"] = kernel["gidMappings"] = IDS
        kernel["netDevices"] = {self.device: {"name": "inner0"}}
        kernel["devices"] = [{"type": "p", "path": "/pipe"}]
        kernel["personality"] = {"domain": "LINUX"}
        kinds = ["user"]
        if os.path.exists("/proc/self/ns/time"):
            kinds.append("time")
            kernel["timeOffsets"] = {"boottime": {"secs": 1000}}
        kernel["namespaces"] += [{"type": kind} for kind in kinds]
        for one in kernel["namespaces"]:
            if one["type"] == "uts":
                one["path"] = "/proc/%d/ns/uts" % self.somebody.pid
        del config["hostname"]

    def begin_somebody(self):
        """A process with a namespace that the container is to join."""
        self.somebody = harness.start(["unshare", "--uts", "sleep", "100000"])
        self.begun[self.somebody.pid] = self.somebody
        own = os.readlink("/proc/self/ns/uts")
        self.wait_for(lambda: own != os.readlink(
            "/proc/%d/ns/uts" % self.somebody.pid), "it has its own name")

    def end_somebody(self):
        harness.signal_group(self.somebody, signal.SIGKILL)
        self.somebody.communicate()
        del self.begun[self.somebody.pid]

    def make_cable(self):
        """The container is to have one end, with an address."""
        self.device = "mds" + secrets.token_hex(4)
        self.succeed(["ip", "link", "add", self.device, "type", "veth",
                      "peer", "name", self.device + "p"])
        self.succeed(["ip", "address", "add", "192.0.2.9/24", "dev",
                      self.device])

    def device_is_back(self):
        """With its address, as if nobody had taken it."""
        said = self.run_command(["ip", "address", "show", self.device]).out
        return "192.0.2.9/24" in said

    @contextlib.contextmanager
    def other_bundle(self):
        """All that it takes; gives the options of `create`."""
        with contextlib.ExitStack() as after:
            self.begin_somebody()
            after.callback(self.end_somebody)
            self.make_cable()
            after.callback(self.run_command,
                           ["ip", "link", "delete", self.device + "p"])
            path, server = self.listen("console")
            after.callback(os.unlink, path)
            after.callback(server.close)
            self.make_bundle("true", edit=self.other_config)
            for place in (self.place, self.bundle):
                os.chmod(place, 0o755)
            self.succeed(["chown", "-R", "100000:100000", self.rootfs])
            yield "--console-socket", path

    def with_each(self, steps, check):
        """check(step, options of `create`...), with either bundle."""
        self.make_bundle("true", edit=self.config)
        for step in steps:
            with self.subTest(step=step):
                before = harness.residue.snapshot()
                check(step)
                self.assert_nothing_left(before)
        for step in steps:
            with self.subTest(step=step, bundle="the other"):
                before = harness.residue.snapshot()
                with self.other_bundle() as options:
                    check(step, *options)
                self.assert_nothing_left(before)

    def try_create(self, verb="create", *options, **variables):
        """`create` in the background, as an engine has it; or `run`."""
        container = self.new_id()
        self.said = os.path.join(self.place, container + ".out")
        with open(self.said, "w", encoding="utf-8") as out:
            process = harness.start(
                [self.runtime, "--root", self.root, verb, "--bundle",
                 self.bundle, *options, container], stdout=out, stderr=out,
                env=harness.environment(**variables))
        self.addCleanup(harness.signal_group, process, signal.SIGKILL)
        return container, process

    def failed(self, process):
        """What it said, having failed."""
        self.assertEqual(process.wait(20), 1)
        return test_oci_verbs.read(self.said)

    def wait_for_pause(self, process, step):
        def paused():
            """The runtime itself or its child: others may be held, too."""
            for task in os.listdir("/proc"):
                try:
                    stat = test_oci_verbs.read("/proc/%s/stat" % task)
                except OSError:
                    continue
                name, _, rest = stat.rpartition(")")
                if name.endswith("(paused") and process.pid in (
                        int(task), int(rest.split()[1])):
                    return True
            return False
        deadline = time.monotonic() + 20 * harness.SLOWER
        while not paused():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                self.fail("never came to %s: %s"
                          % (step, test_oci_verbs.read(self.said)))
            time.sleep(0.005)

    def assert_nothing_left(self, before):
        self.bury_orphans()
        self.assertEqual(harness.residue.differences(before), [])
        self.assertEqual(os.listdir(self.root), [])
        self.assertEqual(self.oci("list", "--quiet").out, "")

    def test_the_tables_are_found(self):
        self.assertIn("clone", PARENT)
        self.assertIn("pivot", CHILD)
        self.assertGreater(len(PARENT) + len(CHILD), 20)

    def fail_at(self, step, *options):
        container, process = self.try_create("create", *options, FAIL_AT=step)
        self.assertIn(step + ": made to fail", self.failed(process))
        self.assertEqual(self.oci("state", container, status=None).status, 1)
        if options:
            self.wait_for(self.device_is_back, "the host's device is back")

    def test_fail_at_each_step(self):
        self.with_each(PARENT + CHILD, self.fail_at)

    def test_a_step_that_is_none_is_refused(self):
        self.make_bundle("true")
        for variable in ("FAIL_AT", "PAUSE_AT"):
            _, process = self.try_create(**{variable: "nostep"})
            self.assertIn(variable + "=nostep: there is no such step",
                          self.failed(process))

    def kill_at(self, step, *options):
        container, process = self.try_create("create", *options, PAUSE_AT=step)
        self.wait_for_pause(process, step)
        process.kill()
        process.wait(10)
        done = self.oci("delete", "--force", container)
        self.assertEqual(done.text, "")

    def test_kill_at_each_step(self):
        self.with_each(PARENT + CHILD, self.kill_at)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_killed_before_it_marks_what_it_made(self):
        """Between mkdir(2) and fsetxattr(2), in each hierarchy."""
        self.make_bundle("true", edit=lambda config: config["linux"].update(
            cgroupsPath="killed"))
        before = harness.residue.snapshot()
        turn, killed = 0, True
        while killed:
            turn += 1
            container = self.new_id()
            killed = self.run_command(
                ["strace", "-qq", "-o", "/dev/null", "-e", "trace=fsetxattr",
                 "-e", "inject=fsetxattr:signal=KILL:when=%d" % turn,
                 self.runtime, "--root", self.root, "run", "--bundle",
                 self.bundle, container]).status != 0
            self.oci("delete", "--force", container)
            self.assert_nothing_left(before)
            self.assertLess(turn, 100)
        self.assertGreater(turn, 1)

    def test_run_killed_where_it_is_not_like_create(self):
        """Until its program begins the process ends with it: one that went on
        might have locks of who called it; and `delete` finds what is left."""
        self.make_bundle("sleep", "100", edit=self.config)
        for step in ("prepare", "created", "wait"):
            with self.subTest(step=step):
                container, process = self.try_create("run", PAUSE_AT=step)
                self.wait_for_pause(process, step)
                process.kill()
                process.wait(10)
                self.wait_for(
                    lambda: self.state(container)["status"] == "stopped",
                    "%s is stopped" % container)
                done = self.oci("delete", "--force", container)
                self.assertEqual(done.text, "")
                self.bury_orphans()
                self.assertEqual(os.listdir(self.root), [])

    def test_deleted_by_another_while_run_waits(self):
        self.make_bundle("sleep", "100")
        container = self.new_id()
        process = self.begin("run", "--bundle", self.bundle, container)
        self.wait_for(lambda: '"running"' in self.oci(
            "state", container, status=None).out, "it runs")
        self.oci("delete", "--force", container)
        self.oci("run", "--bundle", self.bundle, "--detach", container,
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertEqual(self.end_of(process).status, 128 + signal.SIGKILL)
        # The first `run` has let the other one of the same id alone.
        self.assertEqual(self.state(container)["status"], "running")
        self.remove(container)

    def interrupt_at(self, step, *options):
        _, process = self.try_create("create", *options, PAUSE_AT=step)
        self.wait_for_pause(process, step)
        process.send_signal(signal.SIGTERM)
        self.assertIn("interrupted", self.failed(process))
        if options:
            self.wait_for(self.device_is_back, "the host's device is back")

    def test_interrupted_at_each_step_of_the_parent(self):
        self.with_each(PARENT, self.interrupt_at)

    def test_the_other_bundle_is_one(self):
        """It is created, started and deleted; then the device is gone, with
        its namespace."""
        with self.other_bundle() as options:
            container, process = self.try_create("create", *options)
            self.assertEqual(process.wait(20), 0,
                             test_oci_verbs.read(self.said))
            self.assertFalse(self.device_is_back())
            self.oci("start", container)
            self.wait_stopped(container)
            self.oci("delete", container)
            self.wait_for(lambda: not os.path.exists(
                "/sys/class/net/%sp" % self.device), "the cable is gone")

    def test_the_same_id_again_after_a_kill(self):
        """What is left of a killed `create` holds the id, until it is
        deleted; then the id is free."""
        self.make_bundle("true", edit=self.config)
        container, process = self.try_create(PAUSE_AT="network")
        self.wait_for_pause(process, "network")
        process.kill()
        process.wait(10)
        self.bury_orphans()
        self.assertEqual(self.state(container)["status"], "stopped")
        done = self.oci("create", "--bundle", self.bundle, container,
                        status=1)
        self.assertIn("exists already", done.err)
        self.oci("delete", "--force", container)
        self.oci("run", "--bundle", self.bundle, container)
        self.assertEqual(os.listdir(self.root), [])


class Many(test_oci_verbs.OciTest):
    def test_one_after_another(self):
        """Create, start, delete: what the kernel has of ours does not grow,
        nor what it has of the whole machine, beyond what others may need who
        are at work there, too."""
        self.make_bundle("true")
        sizes, stocks = [], []
        for number in range(CYCLES):
            container = self.new_id()
            self.oci("create", "--bundle", self.bundle, container,
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.oci("start", container)
            self.wait_stopped(container)
            self.oci("delete", container)
            if number in (CYCLES // 2, CYCLES - 1):
                sizes.append(self.sizes())
                stocks.append(self.stocks())
        self.assertEqual(os.listdir(self.root), [])
        self.assertEqual(sizes[0], sizes[1])
        # What is freed, is so a while later.
        cycles, deadline = CYCLES - CYCLES // 2, time.monotonic() + 10
        while self.grown(*stocks, cycles) and time.monotonic() < deadline:
            time.sleep(0.2)
            stocks[1] = self.stocks()
        self.assertEqual(self.grown(*stocks, cycles), [])

    def sizes(self):
        """Of this process, and cgroups by the names of this test."""
        self.bury()
        counted = {"mounts": len(test_oci_verbs.read(
            "/proc/self/mountinfo").splitlines()),
                   "descriptors": len(os.listdir("/proc/self/fd")),
                   "children": len(test_oci_verbs.read(
                       "/proc/thread-self/children").split())}
        for line in test_oci_verbs.read("/proc/self/mountinfo").splitlines():
            point, kind = line.split()[4], line.split(" - ")[1].split()[0]
            if kind in ("cgroup", "cgroup2"):
                counted["cgroups below " + point] = len([
                    place for place, _, _ in os.walk(point)
                    if os.path.basename(self.place) in place])
        return counted

    @staticmethod
    def stocks():
        """{what: how many there are}, or kB: "memory: ..." """
        read = test_oci_verbs.read
        counted = {
            "open files": int(read("/proc/sys/fs/file-nr").split()[0]),
            "pseudo-terminals": int(read("/proc/sys/kernel/pty/nr")),
            "keys": sum(int(line.split()[2].split("/")[0]) for line in
                        read("/proc/key-users").splitlines())}
        for line in read("/proc/cgroups").splitlines()[1:]:
            name, _, groups, _ = line.split()
            counted["cgroups of " + name] = int(groups)
        for line in read("/proc/self/mountinfo").splitlines():
            if " - cgroup2 " in line:
                path = line.split()[4] + "/cgroup.stat"
                counted["dying cgroups"] = int(re.search(
                    r"nr_dying_descendants (\d+)", read(path))[1])
        for name, size in re.findall(r"(?m)^(SUnreclaim|Percpu): +(\d+) kB",
                                     read("/proc/meminfo")):
            counted["memory: " + name] = int(size)
        counted["zombies"] = 0
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                if ") Z " in read(path):
                    counted["zombies"] += 1
            except OSError:
                pass
        return counted

    @staticmethod
    def grown(before, after, cycles):
        """Half as much as if each cycle leaked one, or 16 kB, is too much;
        and there is some that may be others'."""
        left = []
        for name, number in after.items():
            one, others = (16, 8192) if "memory" in name else (1, 32)
            if number - before[name] > others + cycles * one // 2:
                left.append("%s: %d, then %d" % (name, before[name], number))
        return left

    def test_all_at_once(self):
        self.make_bundle("sleep", "600")
        containers = [self.new_id() for _ in range(AT_ONCE)]
        self.addCleanup(lambda: [self.remove(c) for c in containers
                                 if c in os.listdir(self.root)])
        started = [harness.start([self.runtime, "--root", self.root, "run",
                                  "--detach", "--bundle", self.bundle, c],
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
                   for c in containers]
        for process in started:
            self.assertEqual(process.wait(60), 0)
        listed = json.loads(self.oci("list", "--format", "json").out)
        self.assertEqual({c["id"]: c["status"] for c in listed},
                         dict.fromkeys(containers, "running"))
        self.assertEqual(len({c["pid"] for c in listed}), AT_ONCE)
        ending = [harness.start([self.runtime, "--root", self.root, "delete",
                                 "--force", c]) for c in containers]
        for process in ending:
            done = harness.finish(process, 60)
            self.assertEqual((done.status, done.text), (0, ""), str(done))
        self.assertEqual(os.listdir(self.root), [])
