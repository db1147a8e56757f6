"""mydocker-oci, step by step: each step of either table made to fail, and the
runtime killed at each; then many containers, one after another and at once.
Nothing is left behind.  CYCLES and AT_ONCE say how many.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

import harness
import test_oci_verbs

SOURCES = os.path.join(harness.ROOT, "ch06-final/runtime")
CYCLES = int(os.environ.get("CYCLES", "100"))
AT_ONCE = int(os.environ.get("AT_ONCE", "50"))


def steps(name, file):
    """The names in a table of the source."""
    content = test_oci_verbs.read(os.path.join(SOURCES, file))
    table = re.search(r"%s\[\] = \{(.*?)\{ 0 \}" % name, content, re.S)[1]
    return re.findall(r'\{ "(\w+)",', table)


PARENT = steps("create_steps", "create.c")
CHILD = steps("init_steps", "child.c")


class Steps(test_oci_verbs.OciTest):
    def config(self, config):
        """Something to do for every step, and a parameter to be set."""
        hook = {"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null"]}
        config["hooks"] = {"prestart": [hook], "createContainer": [hook]}
        config["process"]["oomScoreAdj"] = 100
        config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
        config["linux"].setdefault("resources", {})["pids"] = {"limit": 100}

    def try_create(self, verb="create", **variables):
        """`create` in the background, as an engine has it; or `run`."""
        container = self.new_id()
        self.said = os.path.join(self.place, container + ".out")
        with open(self.said, "w", encoding="utf-8") as out:
            process = harness.start(
                [self.runtime, "--root", self.root, verb, "--bundle",
                 self.bundle, container], stdout=out, stderr=out,
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

    def test_fail_at_each_step(self):
        self.make_bundle("true", edit=self.config)
        for step in PARENT + CHILD:
            with self.subTest(step=step):
                before = harness.residue.snapshot()
                container, process = self.try_create(FAIL_AT=step)
                self.assertIn(step + ": made to fail", self.failed(process))
                self.assertEqual(self.oci("state", container, status=None)
                                 .status, 1)
                self.assert_nothing_left(before)

    def test_a_step_that_is_none_is_refused(self):
        self.make_bundle("true")
        for variable in ("FAIL_AT", "PAUSE_AT"):
            _, process = self.try_create(**{variable: "nostep"})
            self.assertIn(variable + "=nostep: there is no such step",
                          self.failed(process))

    def test_kill_at_each_step(self):
        self.make_bundle("true", edit=self.config)
        for step in PARENT + CHILD:
            with self.subTest(step=step):
                before = harness.residue.snapshot()
                container, process = self.try_create(PAUSE_AT=step)
                self.wait_for_pause(process, step)
                process.kill()
                process.wait(10)
                done = self.oci("delete", "--force", container)
                self.assertEqual(done.text, "")
                self.assert_nothing_left(before)

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

    def test_interrupted_at_each_step_of_the_parent(self):
        self.make_bundle("true", edit=self.config)
        for step in PARENT:
            with self.subTest(step=step):
                before = harness.residue.snapshot()
                _, process = self.try_create(PAUSE_AT=step)
                self.wait_for_pause(process, step)
                process.send_signal(signal.SIGTERM)
                self.assertIn("interrupted", self.failed(process))
                self.assert_nothing_left(before)

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
        """Create, start, delete: what the kernel has of ours does not grow."""
        self.make_bundle("true")
        sizes = []
        for number in range(CYCLES):
            container = self.new_id()
            self.oci("create", "--bundle", self.bundle, container,
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.oci("start", container)
            self.wait_stopped(container)
            self.oci("delete", container)
            if number in (CYCLES // 2, CYCLES - 1):
                sizes.append(self.sizes())
        self.assertEqual(os.listdir(self.root), [])
        self.assertEqual(sizes[0], sizes[1])

    def sizes(self):
        self.bury()
        counted = {"mounts": len(test_oci_verbs.read(
            "/proc/self/mountinfo").splitlines()),
                   "descriptors": len(os.listdir("/proc/self/fd")),
                   "children": len(test_oci_verbs.read(
                       "/proc/thread-self/children").split())}
        for line in test_oci_verbs.read("/proc/cgroups").splitlines()[1:]:
            name, _, groups, _ = line.split()
            counted["cgroups of " + name] = len([
                place for place, _, _ in os.walk("/sys/fs/cgroup/" + name)
                if self.root.split("/")[-2] in place]) if groups else 0
        return counted

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
