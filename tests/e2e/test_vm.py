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

REBOOTED = """\
== found
always exited Exited (137) ago
frozen exited Exited (137) ago
made created Created
plain exited Exited (137) ago
renamed created Created
stopped exited Exited (137) ago
web exited Exited (137) ago
137 false
137 false
kept
bridge
front
host
none
== started
plain
web
always
frozen
always running Up
frozen running Up
made created Created
plain running Up
renamed created Created
stopped exited Exited (137) ago
web running Up
layer
written
written
life
life
== removed
web
plain
frozen
always
stopped
renamed
made
front
kept
"""


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

    def test_the_power_is_cut(self):
        """While containers run: what the machine finds when it is on again,
        and what can be done with it.  See reboot.sh."""
        if not os.path.exists(harness.program("ch06-final")):
            self.skipTest("chapter 6 is not built")
        self.need("mkfs.ext4", "wget")
        disk = os.path.join(self.scratch(), "disk")
        with open(disk, "wb") as file:
            file.truncate(1 << 30)
        script = "sh tests/vm/reboot.sh "
        process = self.start(script + "before 2>&1", DISK=disk, TIMEOUT="900")
        said = ""
        for line in iter(process.stdout.readline, b""):
            said += line.decode()
            if said.endswith("\nready\n"):
                break
        else:
            self.fail(said + str(harness.finish(process, 60)))
        process.kill()
        harness.finish(process, 60)
        done = harness.finish(self.start(script + "after", DISK=disk,
                                         TIMEOUT="900"), 960)
        self.assertEqual(done.status, 0, said + str(done))
        self.assertEqual(done.out, REBOOTED, said + str(done))


if __name__ == "__main__":
    unittest.main()
