"""The time of day is set back by hours while containers run: what counts
seconds goes on counting, and what tells the time tells the new one.

For a machine whose clock may be touched: the guest of `make vm`, which says so
(guest.sh).  With dates on record that are later than now, and no clock touched,
it is test_survival.Strangers."""

import os
import re
import time
import unittest

import harness
from test_run import BUSYBOX, DEMO
from test_survival import SurvivalTest

HOURS = 5
COUNTS = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done"


def setUpModule():
    if not os.environ.get("MYDOCKER_GUEST"):
        raise unittest.SkipTest("the clock is only set back in the guest of "
                                "make vm")


class Clock(SurvivalTest):
    def setUp(self):
        super().setUp()
        began, now = time.monotonic(), time.time()
        self.addCleanup(lambda: time.clock_settime(
            time.CLOCK_REALTIME, now + time.monotonic() - began))

    def set_back(self):
        """Returns how late it was."""
        late = time.time()
        self.succeed(["date", "-s", "@%d" % (late - HOURS * 3600)])
        self.assertLess(time.time(), late - HOURS * 3600 + 60)
        return late

    def lines(self, name, *words):
        return self.succeed([DEMO, "logs", *words, name]).out.splitlines()

    def more(self, name, count=3):
        before = len(self.lines(name))
        self.until(lambda: len(self.lines(name)) >= before + count, 30)

    def test_logs(self):
        name = self.detached(command=("sh", "-c", COUNTS))
        self.more(name)
        follower = harness.start([DEMO, "logs", "-f", "--since", "1h", name])
        self.addCleanup(harness.finish, follower, 10)
        self.addCleanup(follower.kill)
        said = follower.stdout.readline()
        self.set_back()
        self.more(name)
        new = set(self.lines(name, "--until", "0s"))
        self.assertTrue(new)
        self.assertNotIn("1", new)
        # What was written before is later than that, and so since then, too.
        self.assertLess({"1", *new}, set(self.lines(name, "--since", "1h")))
        # Whoever follows has them all, one after the other.
        last = max(map(int, new))
        while int(said) < last:
            before, said = int(said), follower.stdout.readline()
            self.assertEqual(int(said), before + 1)
        self.succeed([DEMO, "stop", "-t", "0", name])
        self.until(lambda: follower.poll() is not None or
                   not follower.stdout.readline())
        self.check_log(name)

    def test_logs_until_then(self):
        """What is followed to a time ends when it is that late."""
        name = self.detached(command=("sh", "-c", COUNTS))
        self.more(name)
        self.set_back()
        end = time.time() + 5
        done = self.succeed([DEMO, "logs", "-f", "--since", "0s", "--until",
                             "%.3f" % end, name])
        self.assertGreaterEqual(time.time(), end)
        self.assertLess(time.time(), end + 20 * harness.SLOWER)
        self.assertTrue(done.out)

    def test_events(self):
        name = self.detached()
        follower = harness.start([DEMO, "events", "--since", "1h", "--format",
                                  "{{.Action}}", "-f", "container=" + name])
        self.addCleanup(harness.finish, follower, 10)
        self.addCleanup(follower.kill)
        self.assertEqual([follower.stdout.readline() for _ in range(2)],
                         [b"create\n", b"start\n"])
        self.set_back()
        self.succeed([DEMO, "stop", "-t", "0", name])
        self.assertEqual([follower.stdout.readline() for _ in range(4)],
                         [b"kill\n", b"kill\n", b"die\n", b"stop\n"])
        past = self.succeed([DEMO, "events", "--since", "1h", "--until", "0s",
                             "-f", "container=" + name, "--format",
                             "{{.Action}}"])
        self.assertEqual(past.out, "kill\nkill\ndie\nstop\n")

    def test_ps(self):
        name = self.detached()
        self.set_back()
        shown = "{{.Status}}|{{.RunningFor}}"
        self.assertEqual(self.succeed([DEMO, "ps", "--format", shown]).out,
                         "Up Less than a second|Less than a second ago\n")
        self.succeed([DEMO, "restart", "-t", "0", name])
        self.assertRegex(self.succeed([DEMO, "ps", "--format", shown]).out,
                         r"^Up (Less than )?(a|\d+) seconds?\|Less than")
        self.succeed([DEMO, "stop", "-t", "0", name])
        self.assertRegex(
            self.succeed([DEMO, "ps", "-a", "--format", shown]).out,
            r"^Exited \(137\) (Less than )?(a|\d+) seconds? ago\|Less than")

    def test_health(self):
        name = self.detached("--health-cmd", "cat /healthy",
                             "--health-interval", "1s", "--health-retries",
                             "2", "--health-start-period", "1s")

        def is_now(status):
            return self.demo("inspect", "-f", "{{.State.Health.Status}}",
                             name).out == status + "\n"
        self.until(lambda: is_now("unhealthy"), 30)
        late = self.set_back()
        self.succeed([DEMO, "exec", name, "sh", "-c", "echo ok >/healthy"])
        self.until(lambda: is_now("healthy"), 30)
        self.succeed([DEMO, "exec", name, "rm", "/healthy"])
        self.until(lambda: is_now("unhealthy"), 30)
        end = self.succeed([DEMO, "inspect", "-f",
                            "{{range .State.Health.Log}}{{.End}} {{end}}",
                            name]).out.split()[-2]
        self.assertLess(re.sub("[.].*", "", end), time.strftime(
            "%Y-%m-%dT%H:%M:%S", time.gmtime(late - 3600)))

    def test_a_check_ends_with_its_time(self):
        name = self.detached("--health-cmd", "sleep 611", "--health-interval",
                             "1s", "--health-timeout", "8s",
                             "--health-retries", "1")
        self.until(lambda: self.demo("top", name, "-o", "pid,args").out.count(
            "sleep 611"), 30)
        self.set_back()
        self.until(lambda: "(unhealthy)" in self.demo("ps").out, 30)

    def test_restarts(self):
        """The wait that doubles, and whether it ran for ten seconds."""
        name = self.detached("--restart", "always", command=("false",))
        self.until(lambda: self.record(name)["restarts"] >= 3)
        self.set_back()
        self.until(lambda: self.record(name)["restarts"] >= 6, 60)
        self.until(lambda: self.state(name) == "restarting")
        self.assertRegex(self.succeed([DEMO, "ps"]).out,
                         r"Restarting \(1\) (Less than )?(a|\d+) seconds? ago")
        self.succeed([DEMO, "rm", "-f", name])

    def test_stop(self):
        name = self.detached(command=(
            "sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.2; "
            "done"))
        self.until(lambda: self.lines(name), 30)
        began = time.monotonic()
        client = harness.start([DEMO, "stop", "-t", "5", name])
        self.until(lambda: self.demo(
            "events", "--since", "1m", "--until", "0s", "-f", "event=kill",
            "-f", "container=" + name).out)
        self.set_back()
        self.assertEqual(harness.finish(client, 30).status, 0)
        took = time.monotonic() - began
        self.assertGreaterEqual(took, 5)
        self.assertLess(took, 15 * harness.SLOWER)
        self.assertEqual(self.record(name)["exitCode"], 137)

    def test_all_that_is_young_again(self):
        """Made before midnight, started, copied, executed, removed after."""
        volume = harness.random_name()
        self.succeed([DEMO, "volume", "create", volume])
        self.addCleanup(harness.run, [DEMO, "volume", "rm", "-f", volume])
        self.succeed([DEMO, "create", "--name", "old", "--network", "none",
                      "-v", volume + ":/data", BUSYBOX, "sleep", "600"])
        self.set_back()
        self.succeed([DEMO, "run", "--rm", "--network", "none", "-v",
                      volume + ":/data", BUSYBOX, "touch", "/data/new"])
        self.succeed([DEMO, "start", "old"])
        self.succeed([DEMO, "exec", "old", "test", "-e", "/data/new"])
        self.succeed([DEMO, "update", "--restart", "always", "old"])
        self.assertEqual(self.succeed([DEMO, "stats", "--no-stream",
                                       "--format", "{{.Name}}"]).out, "old\n")
        self.succeed([DEMO, "rm", "-f", "old"])
        self.assertEqual(self.states(), {})


if __name__ == "__main__":
    unittest.main()
