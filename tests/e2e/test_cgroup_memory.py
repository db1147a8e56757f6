"""Chapter 2's experiments about memory, many times over: on one CPU, under
load, killed at any moment, by nobody in particular, and where no swap can be
made.

    MEMORY_ROUNDS=20 python3 -B tests/run.py -k '*test_cgroup_memory*' e2e
"""

import os
import random
import shutil
import signal
import subprocess
import time

import harness

DEMO = harness.program("ch02-cgroups")
ROUNDS = int(os.environ.get("MEMORY_ROUNDS", "2"))
NAMES = ("memory", "memswap", "memsoft")
SECONDS = 60
# Root, but not one who may bring swap.
NO_SWAP = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]


def free_swap():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file
                    if line.startswith("SwapFree:"))


class Memory(harness.KernelTest):
    def held(self, done):
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(": 1 passed, 0 failed, 0 skipped", done.out, str(done))
        self.assertEqual(done.err, "", str(done))
        return done.out

    def many_times(self, prefix=()):
        for name in NAMES:
            for count in range(ROUNDS):
                with self.subTest(name, count=count):
                    self.held(self.run_command([*prefix, DEMO, name], SECONDS))

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

    def test_all_five_rows_are_measured(self):
        out = self.held(self.run_command([DEMO, "memswap"], SECONDS))
        self.assertEqual(out.count("the most memory and swap"), 5, out)

    def test_without_swap_each_row_says_so(self):
        self.need("setpriv")
        if free_swap():
            self.skipTest("this host has swap")
        out = self.held(self.run_command([*NO_SWAP, DEMO, "memswap"], SECONDS))
        self.assertEqual(out.count("Not measured: this needs swap"), 4, out)
        self.assertEqual(out.count("the most memory and swap"), 1, out)
        out = self.held(self.run_command([*NO_SWAP, DEMO, "memsoft"], SECONDS))
        self.assertIn("Left out: what memory shortage does with swap", out)

    def test_by_an_ordinary_user(self):
        demo = shutil.copy(DEMO, self.scratch(harness.USER))
        for name in NAMES:
            done = self.succeed([demo, name], SECONDS, user=harness.USER)
            self.assertIn("needs root, or a cgroup v2 that is delegated",
                          done.out)

    def kill_at_any_moment(self, number, statuses):
        for name in NAMES:
            began = time.monotonic()
            self.held(self.run_command([DEMO, name], SECONDS))
            whole = time.monotonic() - began
            for _ in range(2 * ROUNDS):
                moment = random.uniform(0, whole)
                what = "%s, signal %d after %.4f s" % (name, number, moment)
                process = harness.start([DEMO, name])
                time.sleep(moment)
                process.send_signal(number)
                done = harness.finish(process, SECONDS)
                self.assertFalse(done.timed_out, "%s\n%s" % (what, done))
                self.assertIn(done.status, statuses, "%s\n%s" % (what, done))
                if number == signal.SIGKILL:    # the next one cleans up
                    self.held(self.run_command([DEMO, "memory"], SECONDS))
                left = harness.residue.differences(self.before)
                self.assertEqual(left, [], what)

    def test_sigint_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGINT, (0, 130))

    def test_sigkill_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGKILL, (0, 137))

    def test_what_only_looks_like_a_dead_run_stays(self):
        """The place belongs to everybody, and names can be chosen."""
        link = "/var/tmp/mydocker-swap-999999999-1"
        os.symlink("/etc/passwd", link)
        self.addCleanup(os.unlink, link)
        self.held(self.run_command([DEMO, "memswap"], SECONDS))
        self.assertTrue(os.path.islink(link))
