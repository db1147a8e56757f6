"""Chapter 2's experiments about hierarchies and places in them, one by one and
many times over: on one CPU, under load, killed at any moment, and by nobody in
particular; and the small programs of the text.

    CGROUP_ROUNDS=20 python3 -B tests/run.py -k '*test_cgroup_places*' e2e

plays each so many times; without it, often enough to notice what breaks.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import time

import harness

CHAPTER = "ch02-cgroups"
DEMO = harness.program(CHAPTER)
ROUNDS = int(os.environ.get("CGROUP_ROUNDS", "2"))
NAMES = "where hierarchy unified move release docker".split()
SECONDS = 60


def hierarchies():
    """The names of those that /proc/self/cgroup has, mounted or not."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        return sorted(line.split(":")[1] for line in file)


def mount_point(controller):
    """(1 or 2, where), or None where no hierarchy has this controller."""
    done = harness.run([harness.program(CHAPTER,
                                        "steps/02-mountinfo-to-mount-point"),
                        controller])
    if done.status:
        return None
    version, place = done.out.split()
    return int(version[1:]), place


class Places(harness.KernelTest):
    def setUp(self):
        super().setUp()
        self.hierarchies = hierarchies()

    def held(self, done):
        """It ran, and all it claimed was so; or it says why it did not."""
        self.assertEqual(done.status, 0, str(done))
        self.assertRegex(done.out, r": (1 passed, 0 failed, 0|0 passed, 0 "
                         r"failed, 1) skipped\n$", str(done))
        self.assertNotIn("[FAILED]", done.out)
        self.assertEqual(done.err, "", str(done))
        self.assertEqual(hierarchies(), self.hierarchies, str(done))

    def play(self, name, prefix=(), **more):
        done = self.run_command([*prefix, DEMO, name], SECONDS, **more)
        self.held(done)
        return done

    def many_times(self, prefix=()):
        for name in NAMES:
            for count in range(ROUNDS):
                with self.subTest(name, count=count):
                    self.play(name, prefix)

    def test_as_root_none_is_skipped(self):
        for name in NAMES:
            with self.subTest(name):
                if name != "unified" or "" in self.hierarchies:
                    self.assertNotIn("skipped]", self.play(name).out)

    def test_on_one_cpu(self):
        self.need("taskset")
        self.many_times(["taskset", "-c", str(min(os.sched_getaffinity(0)))])

    def test_under_load(self):
        spinners = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
                    for _ in range(2 * len(os.sched_getaffinity(0)))]
        try:
            self.many_times()
        finally:
            for spinner in spinners:
                spinner.kill()
                spinner.wait()

    def test_by_an_ordinary_user(self):
        place = self.scratch(harness.USER)
        demo = shutil.copy(DEMO, place)
        for name in NAMES:
            with self.subTest(name):
                done = self.run_command([demo, name], SECONDS,
                                        user=harness.USER)
                self.held(done)
                self.assertEqual(name == "where", "skipped]" not in done.out,
                                 str(done))

    def test_two_at_a_time(self):
        for name in NAMES:
            with self.subTest(name):
                both = [harness.start([DEMO, name]) for _ in range(2)]
                for process in both:
                    done = harness.finish(process, SECONDS)
                    self.assertEqual(done.status, 0, str(done))

    def assert_as_before(self, what):
        left = harness.residue.differences(self.before, self.leaves)
        self.assertEqual(left, [], "left on the host (%s):\n%s" %
                         (what, "\n".join(left)))
        self.assertEqual(hierarchies(), self.hierarchies, what)

    def kill_at_any_moment(self, number, statuses):
        for name in NAMES:
            began = time.monotonic()
            self.play(name)
            whole = time.monotonic() - began
            for _ in range(ROUNDS):
                moment = random.uniform(0, whole)
                what = "%s, signal %d after %.4f s" % (name, number, moment)
                process = harness.start([DEMO, name])
                time.sleep(moment)
                process.send_signal(number)
                done = harness.finish(process, SECONDS)
                self.assertFalse(done.timed_out, "%s: it goes on\n%s" %
                                 (what, done))
                self.assertIn(done.status, statuses, "%s\n%s" % (what, done))
                if number == signal.SIGKILL:    # the next one cleans up
                    self.run_command([DEMO, "where"], SECONDS)
                self.assert_as_before(what)

    def test_sigint_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGINT, (0, 130))

    def test_sigterm_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGTERM, (0, 143))

    def test_sigkill_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGKILL, (0, 137))

    def test_the_agent_is_told_its_cgroup_alone(self):
        """cgroup-2 is as empty, and has not asked."""
        done = self.play("release")
        self.assertEqual(re.findall(r"agent's argument +(\S+)", done.out),
                         ["/cgroup-1"], str(done))

    def test_the_table_has_every_option_once(self):
        done = self.succeed([DEMO, "docker", "--table"])
        options = re.findall(r"^(--\S+)", done.out, re.M)
        self.assertEqual(len(options), len(set(options)), str(done))
        for option in ("--memory --memory-swap --memory-reservation "
                       "--memory-swappiness --oom-kill-disable "
                       "--kernel-memory --cpu-shares --cpu-period "
                       "--cpu-quota --cpuset-cpus --cpuset-mems "
                       "--device-read-bps --device-write-bps "
                       "--device-read-iops --device-write-iops "
                       "--pids-limit").split():
            self.assertIn(option, options)
        self.assertNotIn("(null)", done.out)


class Steps(harness.KernelTest):
    def step(self, name, controller, *arguments):
        place = mount_point(controller)
        if not place:
            self.skipTest("no hierarchy has the controller " + controller)
        return place[0], self.run_command(
            [harness.program(CHAPTER, "steps/" + name), place[1], *arguments])

    def test_mkdir_and_echo(self):
        _, done = self.step("01-mkdir-and-echo", "memory")
        self.assertIn("the child Killed", done.out, str(done))

    def test_set_apply_remove(self):
        _, done = self.step("03-set-apply-remove", "pids", "1", "sh", "-c",
                            "(:)")
        self.assertRegex(done.err, "(?i)cannot fork", str(done))
        _, done = self.step("03-set-apply-remove", "pids", "2", "sh", "-c",
                            "(:); exit 5")
        self.assertEqual((done.status, done.err), (5, ""), str(done))

    def test_too_late(self):
        _, done = self.step("04-too-late", "memory")
        self.assertEqual(done.status, 0, str(done))
        late, first = done.out.splitlines()
        self.assertIn("has its 100 MiB", late)
        self.assertLess(int(late.split()[-2]), 10, str(done))
        self.assertIn("was killed", first)

    def test_into_cgroup(self):
        _, done = self.step("05-into-cgroup", "memory")
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(":/mydocker-step-05", done.out)

    def test_what_it_costs(self):
        version, done = self.step("06-what-it-costs", "memory")
        self.assertEqual((done.status, done.err), (0, ""), str(done))
        self.assertEqual(len(done.out.splitlines()), 2 + version, str(done))
