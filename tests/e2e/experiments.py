"""A chapter's experiments, many times over: on one CPU, under load, and killed
at any moment.

    class Cpu(experiments.Played, harness.KernelTest):
        demo, names = harness.program("ch02-cgroups"), ("shares", "quota")

    ROUNDS=20 python3 -B tests/run.py -k '*test_cgroup_cpu*' e2e

plays each so many times; without it, often enough to notice what breaks.
"""

import os
import random
import signal
import subprocess
import time

import harness

ROUNDS = int(os.environ.get("ROUNDS", "2"))
SECONDS = 60


class Played:
    demo, names = None, ()

    def held(self, done):
        """It ran, and all it claimed was so."""
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(": 1 passed, 0 failed, 0 skipped", done.out, str(done))
        self.assertNotIn("[FAILED]", done.out)
        self.assertEqual(done.err, "", str(done))
        return done.out

    def play(self, name, prefix=(), **more):
        return self.run_command([*prefix, self.demo, name], SECONDS, **more)

    def assert_host_as_before(self, what):
        left = harness.residue.differences(self.before, self.leaves)
        self.assertEqual(left, [], "left on the host (%s):\n%s" %
                         (what, "\n".join(left)))

    def many_times(self, prefix=(), **more):
        for name in self.names:
            for count in range(ROUNDS):
                with self.subTest(name, count=count):
                    self.held(self.play(name, prefix, **more))

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

    def kill_at_any_moment(self, number, statuses):
        for name in self.names:
            began = time.monotonic()
            self.held(self.play(name))
            whole = time.monotonic() - began
            for _ in range(ROUNDS):
                moment = random.uniform(0, whole)
                what = "%s, signal %d after %.4f s" % (name, number, moment)
                process = harness.start([self.demo, name])
                time.sleep(moment)
                process.send_signal(number)
                done = harness.finish(process, SECONDS)
                self.assertFalse(done.timed_out, "%s: it goes on\n%s" %
                                 (what, done))
                self.assertIn(done.status, statuses, "%s\n%s" % (what, done))
                if number == signal.SIGKILL:    # the next one cleans up
                    self.bury_orphans()
                    self.held(self.play(name))
                self.assert_host_as_before(what)

    def test_sigint_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGINT, (0, 130))

    def test_sigterm_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGTERM, (0, 143))

    def test_sigkill_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGKILL, (0, 137))
