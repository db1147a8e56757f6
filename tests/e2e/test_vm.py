"""The guest of `make vm`: what it says, how it ends, and that it ends.

Nothing is downloaded: without QEMU, or a kernel that `make vm` has fetched
once, these tests are skipped."""

import os
import shutil
import sys
import time
import unittest

import harness

VM = os.path.join(harness.ROOT, "tests", "vm")
sys.path.append(VM)

import kernel                                                   # noqa: E402


def setUpModule():
    for program in ("qemu-system-x86_64", "busybox", "setpriv"):
        if not shutil.which(program):
            raise unittest.SkipTest(program + " is not installed")
    if not kernel.cached():
        raise unittest.SkipTest("no kernel in %s: make vm gets it" %
                                kernel.CACHE)


class Vm(harness.KernelTest):
    def start(self, command, **more):
        image, modules = kernel.in_package(kernel.cached())
        return harness.start(
            [sys.executable, "-B", os.path.join(VM, "vm.py"), command],
            env=harness.environment(KERNEL=image, MODULES=modules, **more))

    def test_output_and_status(self):
        name = harness.random_name()
        done = harness.finish(self.start(
            "grep -c cgroup2 /proc/mounts; ip link add type veth; pwd; "
            "echo \"it's\" >&2; touch /%s %s/%s; exit 3" %
            (name, harness.ROOT, name), MEMORY="512"), 300)
        self.assertEqual(done.status, 3, str(done))
        self.assertEqual(done.out, "1\n%s\n" % harness.ROOT, str(done))
        self.assertEqual(done.err, "it's\n")
        for place in ("/", harness.ROOT):
            self.assertFalse(os.path.exists(os.path.join(place, name)))

    def test_no_time_to_boot(self):
        done = harness.finish(self.start("true", TIMEOUT="2"), 60)
        self.assertEqual(done.status, 124, str(done))
        self.assertIn("no end in 2 s", done.err)

    def test_a_guest_that_panics(self):
        done = harness.finish(self.start("echo c >/proc/sysrq-trigger"), 300)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("Kernel panic", done.err)

    def test_sigterm(self):
        process = self.start("true")
        time.sleep(1)
        process.terminate()
        self.assertEqual(harness.finish(process, 20).status, 143)


if __name__ == "__main__":
    unittest.main()
