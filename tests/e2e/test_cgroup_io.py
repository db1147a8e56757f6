"""Chapter 2's `io`: as in experiments.py, the numbers once more, and where no
loop device can be had."""

import glob
import re

import experiments
import harness

DEMO = harness.program("ch02-cgroups")


def used():
    """The loop devices that have something behind them."""
    return glob.glob("/sys/block/loop*/loop/backing_file")


class Io(experiments.Played, harness.KernelTest):
    demo, names = DEMO, ("io",)

    def test_by_the_numbers(self):
        out = self.held(self.play("io"))
        rates = re.findall(r"(?m)^    (?:read|write) +(\d+) x (\d+) bytes in "
                           r"([\d.]+) s: ([\d.]+) kB/s, ([\d.]+) op/s$", out)
        for count, size, seconds, bytes_rate, rate in rates:
            self.assertAlmostEqual(
                float(bytes_rate), float(rate) * int(size) / 1024,
                delta=0.06 * int(size) / 1024, msg=out)
            if float(seconds) > 1:
                self.assertAlmostEqual(int(count) / float(seconds),
                                       float(rate), delta=0.06, msg=out)
        for step in out.split("\n\n")[2:]:  # a busy machine repeats them
            if "--device-" in step:
                last = re.findall(r"([\d.]+) op/s", step)[-2:]
                for rate in last:
                    self.assertAlmostEqual(float(rate), 10, delta=1, msg=out)

    def test_nothing_is_behind_a_loop_device_afterwards(self):
        before = used()
        self.held(self.play("io"))
        self.assertEqual(used(), before)

    def test_without_a_loop_device(self):
        done = self.run_command(
            ["unshare", "--mount", "sh", "-c",
             'mount --bind /dev/null /dev/loop-control && exec "$@"', "sh",
             DEMO, "io"])
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("[skipped] needs a loop device", done.out, str(done))
