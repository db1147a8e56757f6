"""The start path of mydocker-oci, counted in system calls: a whole `run` of
/bin/true with the default configuration, both processes, from the first execve
to the last exit.
"""

import collections
import os
import re
import shutil
import unittest

from test_oci_verbs import OCI, OciTest

# What a container takes on any host: 38 take a capability from the bounding
# set, one each, 30 are the beginnings of two programs, ours and busybox (16 of
# them are the container's own), 24 mount and check the file systems of the
# default configuration, 33 cover what is not to be seen or written, 15 make
# what is in /dev, and 25 the directories of a root that is empty.  And what
# each hierarchy of version 1 adds: a directory found, made, opened, joined,
# shown inside, and removed; the cpuset's lists and the rules for devices are
# spread over all of them.
ON_ANY_HOST = 325
EACH_HIERARCHY = 13
# Of the runtime alone (strace -c without -f), wherever it is: the bar.  With
# the child's, too, it is out of reach: of 298 on version 2 the bounding set, the
# beginning of the payload, and masks, mounts, nodes and links that each are one
# call of their own are more than a hundred and fifty.
ITSELF = 250
CALL = re.compile(r"^(?:\d+ +)?(?:<\.\.\. )?(\w+)(\(| resumed>)")
NUMBERS_ARE_UNIQUE = (6, 8)     # of mounts: before, each is looked at twice


def hierarchies():
    """How many of version 1 a container joins here: all with controllers, and
    systemd's own."""
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        names = [line.split(":")[1] for line in file]
    return sum(bool(name) and (not name.startswith("name=") or
                               name == "name=systemd") for name in names)


def is_static(program):
    """Without the path of a loader, which stands near the beginning."""
    with open(program, "rb") as file:
        return b"/ld-linux" not in file.read(4096)


def kernel():
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))


class CallsTest(OciTest):
    def count(self, *words, children=("-f",)):
        """{name: how often}, of all processes."""
        log = os.path.join(self.place, "calls")
        self.succeed(["strace", *children, "-o", log, OCI, "--root",
                      self.root, *words])
        with open(log, encoding="utf-8", errors="replace") as file:
            found = [CALL.match(line) for line in file]
        # What was interrupted by the other process has two lines.
        return collections.Counter(match.group(1) for match in found
                                   if match and match.group(2) == "(")

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipUnless(kernel() >= NUMBERS_ARE_UNIQUE,
                         "on kernels before 6.8 a mount takes more calls")
    def test_a_whole_run(self):
        self.make_bundle("true", edit=lambda config: config["root"].update(
            readonly=True))
        calls = self.count("run", "--bundle", self.bundle, self.new_id())
        # The kernel has been asked for what makes a container.
        for name in ("clone3", "pivot_root", "capset", "execveat"):
            self.assertIn(name, calls)
        limit = ON_ANY_HOST + EACH_HIERARCHY * hierarchies()
        self.assertLessEqual(
            sum(calls.values()), limit, "most of them: " + ", ".join(
                "%s %d" % pair for pair in calls.most_common(10)))

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_the_runtime_itself(self):
        self.make_bundle("true")
        calls = self.count("run", "--bundle", self.bundle, self.new_id(),
                           children=())
        self.assertIn("clone3", calls)
        self.assertNotIn("pivot_root", calls)
        self.assertLess(
            sum(calls.values()), ITSELF, "most of them: " + ", ".join(
                "%s %d" % pair for pair in calls.most_common(10)))

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipUnless(hierarchies(), "no cgroups of version 1 here")
    def test_side_by_side(self):
        """The child makes its namespaces while the parent makes the cgroup, and
        goes in when there are no limits left to be set."""
        self.make_bundle("true")
        log = os.path.join(self.place, "calls")
        self.succeed(["strace", "-f", "-o", log, "-e",
                      "trace=clone3,unshare,mkdirat,openat", OCI, "--root",
                      self.root, "run", "--bundle", self.bundle,
                      self.new_id()])
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        parent = lines[0].split()[0]

        def of(whose, pattern):
            """Which of the lines are so."""
            return [i for i, line in enumerate(lines)
                    if (line.split()[0] == parent) == (whose == "parent") and
                    re.search(pattern, line)]
        born = of("parent", r"clone3\(.*CLONE_NEWPID")
        self.assertEqual(len(born), 1)
        self.assertEqual(of("parent", "clone3.*CLONE_NEWNET"), [])
        self.assertTrue(of("child", r"unshare\(.*CLONE_NEWNET"))
        made = of("parent", r'mkdirat\(AT_FDCWD, "/sys/fs/cgroup/(?!unified)')
        self.assertEqual(len(made), hierarchies())
        self.assertLess(born[0], made[0])
        last = of("parent", r'"devices\.(allow|deny)"')[-1]
        self.assertLess(last, of("child", '/tasks"')[0])

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    @unittest.skipUnless(os.uname().machine == "x86_64" and is_static(OCI),
                         "here the C library begins twice")
    def test_the_first_start_is_short(self):
        """Of the two only the second begins with the C library's calls."""
        self.make_bundle("true")
        log = os.path.join(self.place, "calls")
        self.succeed(["strace", "-o", log, OCI, "--root", self.root, "run",
                      "--bundle", self.bundle, self.new_id()])
        with open(log, encoding="utf-8", errors="replace") as file:
            names = [line.split("(")[0] for line in file]
        self.assertEqual(names[:5], ["execve", "readlink", "open_tree",
                                     "mount_setattr", "execveat"])


if __name__ == "__main__":
    unittest.main()
