"""Chapter 2's experiments about CPU time and processes, and `limit`: as in
experiments.py, what they say about numbers, and how they leave out what a
machine has not got.
"""

import os
import re
import shutil
import signal
import threading
import time

import experiments
import harness

DEMO = harness.program("ch02-cgroups")


def numbers(text, pattern):
    """All numbers of the first line that fits."""
    line = re.search(r"(?m)^.*%s.*$" % pattern, text).group()
    return [float(n) for n in re.findall(r"\d+(?:\.\d+)?", line)]


def members(name):
    """The processes in all cgroups of a running demo, by their files."""
    found = set()
    for top, _, files in os.walk("/sys/fs/cgroup"):
        if "mydocker-demo-" in top and top.endswith("/" + name) and \
                "cgroup.procs" in files:
            try:
                with open(os.path.join(top, "cgroup.procs")) as file:
                    found.update(file.read().split())
            except OSError:
                pass            # it has just gone
    return found


class Cpu(experiments.Played, harness.KernelTest):
    demo = DEMO
    names = ("shares", "quota", "cpuset", "pids", "freezer", "limit")

    def test_shares_by_the_numbers(self):
        out = self.held(self.play("shares"))
        asked = numbers(out, r"cpu\.(shares|weight)  ")
        used = numbers(out, "CPU time used, us")
        self.assertAlmostEqual(used[1] / used[0] / (asked[1] / asked[0]), 1,
                               delta=0.05, msg=out)
        self.assertGreater(sum(used[:2]), 500000, out)

    def test_quota_by_the_numbers(self):
        out = self.held(self.play("quota"))
        used = re.findall(r"(\d+) us of (\d+) us that passed: ([\d.]+)", out)
        for part, whole, percent in used:
            self.assertAlmostEqual(100 * int(part) / int(whole),
                                   float(percent), delta=0.06, msg=out)
        self.assertIn("50000 of 100000 us", out)
        self.assertIn("5000 of 10000 us", out)

    def test_interrupted_while_one_is_frozen(self):
        """Frozen, it does not even die: whoever ends it must thaw it first."""
        for _ in range(5):
            process = harness.start([DEMO, "-v", "freezer"])
            for line in process.stdout:
                if b'"FROZEN"' in line or b'"cgroup.freeze", "1"' in line:
                    break
            process.send_signal(signal.SIGINT)
            done = harness.finish(process, experiments.SECONDS)
            self.assertFalse(done.timed_out, str(done))
            self.assert_host_as_before("SIGINT, frozen")

    def test_one_cpu_is_not_enough_for_two(self):
        self.need("taskset")
        out = self.held(self.play("quota", [
            "taskset", "-c", str(min(os.sched_getaffinity(0)))]))
        self.assertIn("Left out: it needs two CPUs", out)
        self.assertNotIn("200 %", out.split("3. ")[1])

    def test_cpuset_sees_more_than_taskset_left(self):
        self.need("taskset")
        out = self.held(self.play("cpuset", [
            "taskset", "-c", str(min(os.sched_getaffinity(0)))]))
        if os.cpu_count() > 1:
            self.assertIn("stays there", out)

    def test_the_bomb_stays_in_its_box(self):
        """Watched from outside: there are never more than 32."""
        most, over = 0, threading.Event()

        def watch():
            nonlocal most
            while not over.is_set():
                most = max(most, len(members("pids")))
                time.sleep(0.002)
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            out = self.held(self.play("pids"))
        finally:
            over.set()
            watcher.join()
        self.assertEqual(most, 32, out)
        self.assertIn("Resource temporarily unavailable", out)

    def test_frozen_and_killed(self):
        out = self.held(self.play("freezer"))
        versions = re.findall(r"(?m)^  \d+\. v(\d):", out)
        self.assertTrue(versions, out)
        for version in versions:
            self.assertIn("v%s: " % version + ("the SIGKILL waits, too"
                          if version == "1" else "it has died"), out)

    def test_the_calls_are_shown(self):
        out = self.held(self.run_command([DEMO, "quota", "-v"], 60))
        self.assertRegex(out, r'> write\("[^"]*cpu\.(max|cfs_quota_us)", '
                              r'"200000')
        out = self.held(self.run_command([DEMO, "cpuset", "-v"], 60))
        self.assertRegex(out, r"> sched_setaffinity\(\d+, .*\) = -1 "
                              r"\(Invalid argument\)")

    def test_by_an_ordinary_user(self):
        self.demo = shutil.copy(DEMO, self.scratch(harness.USER))
        for name in self.names:
            with self.subTest(name):
                done = self.play(name, user=harness.USER)
                self.assertEqual(done.status, 0, str(done))
                self.assertIn("needs root, or a cgroup v2 that is delegated",
                              done.out)
