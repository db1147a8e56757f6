"""Chapter 2's experiments about memory: as in experiments.py, by nobody in
particular, and where no swap can be made."""

import os
import shutil

import experiments
import harness

DEMO = harness.program("ch02-cgroups")
NAMES = ("memory", "memswap", "memsoft")
# Root, but not one who may bring swap.
NO_SWAP = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]


def free_swap():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file
                    if line.startswith("SwapFree:"))


class Memory(experiments.Played, harness.KernelTest):
    demo, names = DEMO, NAMES

    def test_all_five_rows_are_measured(self):
        out = self.held(self.play("memswap"))
        self.assertEqual(out.count("the most memory and swap"), 5, out)

    def test_without_swap_each_row_says_so(self):
        self.need("setpriv")
        if free_swap():
            self.skipTest("this host has swap")
        out = self.held(self.play("memswap", NO_SWAP))
        self.assertEqual(out.count("Not measured: this needs swap"), 4, out)
        self.assertEqual(out.count("the most memory and swap"), 1, out)
        out = self.held(self.play("memsoft", NO_SWAP))
        self.assertIn("Left out: what memory shortage does with swap", out)

    def test_by_an_ordinary_user(self):
        self.demo = shutil.copy(DEMO, self.scratch(harness.USER))
        for name in NAMES:
            done = self.play(name, user=harness.USER)
            self.assertEqual(done.status, 0, str(done))
            self.assertIn("needs root, or a cgroup v2 that is delegated",
                          done.out)

    def test_what_only_looks_like_a_dead_run_stays(self):
        """The place belongs to everybody, and names can be chosen."""
        link = "/var/tmp/mydocker-swap-999999999-1"
        os.symlink("/etc/passwd", link)
        self.addCleanup(os.unlink, link)
        self.held(self.play("memswap"))
        self.assertTrue(os.path.islink(link))
