"""The programs of tests/fs, each run in a mount namespace of its own."""

import os

import harness

PROGRAMS = os.path.join(harness.ROOT, "tests", "fs")
ASAN = os.path.join(harness.ROOT, "ch03-unionfs", "build", "asan", "aufs")


def number(name, default):
    return int(os.environ.get(name, default))


class Runs(harness.KernelTest):
    def setUp(self):
        super().setUp()
        self.need("unshare")
        if not os.path.exists("/dev/fuse"):
            self.skipTest("no /dev/fuse")

    def run_program(self, program, *arguments, timeout, **env):
        place = self.scratch()
        return self.succeed(
            ["unshare", "--mount", "python3", "-B",
             os.path.join(PROGRAMS, program), *map(str, arguments)], timeout,
            env=harness.environment(TMPDIR=place, **env))

    def build_sanitized(self):
        self.succeed(["make", "-s", "-C", os.path.dirname(os.path.dirname(
            os.path.dirname(ASAN))), "MODE=asan", "programs"], 600)
        return ASAN
