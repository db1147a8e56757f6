"""Chapter 4's experiments: as in experiments.py, by an ordinary user, on an
old kernel's calls, where the host's root is shared; and what tries to get out
of a root does not."""

import ctypes
import os
import re
import shutil
import subprocess
import unittest

import experiments
import harness
import old_kernel

CHAPTER = "ch04-rootfs-pivot"
DEMO = harness.program(CHAPTER)
NAMES = ("rootfs chroot escape pivot msmove einval mounts volume idmap "
         "readonly busy save").split()
# A tmpfs that can be mounted with other owners: Linux 6.3.
CANNOT = [] if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= \
    (6, 3) else ["idmap"]
HERE = os.path.dirname(os.path.abspath(__file__))
OLD_KERNEL = {"preexec_fn": old_kernel.become_old}
SWAPS = os.environ.get("SWAPS", "100000")
# What an attack must be able to do to a bare chroot, or it is none.
SURE = {"chroot-again", "descriptors", "proc-links", "enter-namespaces",
        "ptrace", "switches", "handle"}
# As root of a user namespace may do to its own mounts; nothing is shown by it
# that its user could not see outside.
OWN_MOUNTS = {"unmask", "remount-sys", "release-agent"}


def build(place, source, *flags):
    """A program of tests/e2e, with flags of its own."""
    path = os.path.join(place, os.path.splitext(source)[0])
    subprocess.run(["gcc", "-O1", "-std=gnu17", "-D_GNU_SOURCE", "-Wall",
                    "-Werror", "-o", path, os.path.join(HERE, source), *flags],
                   check=True)
    return path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Roots(experiments.Played, harness.KernelTest):
    demo = DEMO
    names = [name for name in NAMES if name not in CANNOT]

    def as_user(self):
        place = self.scratch(harness.USER)
        self.demo = shutil.copy(DEMO, place)
        return {"user": harness.USER, "env": harness.environment(HOME=place)}

    def assert_nothing_failed(self, done, skipped):
        self.assertEqual(done.status, 0, str(done))
        self.assertNotIn("[FAILED]", done.out)
        self.assertEqual(done.err, "", str(done))
        self.assertEqual(re.findall(r"^(\w+) - [^\n]*\n(?:(?!^\w+ - ).*\n)*?"
                                    r"    \[skipped\]", done.out, re.M),
                         skipped)
        self.assertIn("%d passed, 0 failed, %d skipped" %
                      (len(NAMES) - len(skipped), len(skipped)), done.out)

    def test_they_are_listed_in_this_order(self):
        done = self.succeed([DEMO, "list"])
        listed = [line.split()[0] for line in done.out.splitlines()]
        self.assertEqual(listed, NAMES)

    def test_by_an_ordinary_user(self):
        more = self.as_user()
        for _ in range(experiments.ROUNDS):
            self.assert_nothing_failed(
                self.run_command([self.demo], **more), ["idmap"])

    def test_on_an_old_kernel(self):
        self.assert_nothing_failed(
            self.run_command([DEMO], **OLD_KERNEL), ["idmap"])
        more = self.as_user()
        self.assert_nothing_failed(
            self.run_command([self.demo], **more, **OLD_KERNEL), ["idmap"])

    def test_where_all_is_shared(self):
        """As under systemd; and that namespace's table is as it was."""
        done = self.succeed(
            ["unshare", "--mount", "sh", "-c",
             "mount --make-rshared / && sort /proc/self/mountinfo > $1/a && "
             "$2 && sort /proc/self/mountinfo > $1/b && cmp $1/a $1/b",
             "sh", self.scratch(), DEMO])
        self.assert_nothing_failed(done, CANNOT)

    def test_where_user_namespaces_are_forbidden(self):
        """To those who have no other way."""
        more = self.as_user()
        done = self.run_command(
            ["unshare", "--user", "--map-root-user", "sh", "-c",
             "echo 0 > /proc/sys/user/max_mnt_namespaces && exec $1", "sh",
             self.demo], **more)
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("0 passed, 0 failed, 12 skipped", done.out)

    def test_without_a_busybox(self):
        done = self.succeed(
            ["unshare", "--mount", "sh", "-c",
             "for i in /bin/busybox /usr/bin/busybox; do "
             "if [ -e $i ]; then mount --bind /dev/null $i; fi; done; exec $1",
             "sh", DEMO])
        self.assert_nothing_failed(done, CANNOT)

    def test_a_strange_umask(self):
        self.assert_nothing_failed(
            self.run_command(["sh", "-c", "umask 077; exec " + DEMO]), CANNOT)

    def test_every_call_is_shown(self):
        done = self.succeed([DEMO, "pivot", "-v"])
        self.assertIn('> pivot_root("new", "new/old") = 0', done.out)
        self.assertIn('> pivot_root(".", ".") = 0', done.out)
        self.assertRegex(done.out, r'> umount2\("/old", MNT_DETACH\) = 0')

    def test_shells(self):
        for name in ("rootfs", "chroot", "escape", "pivot", "msmove",
                     "mounts", "readonly"):
            with self.subTest(name):
                terminal = self.terminal([DEMO, name, "--shell"])
                terminal.expect("inside# ")
                terminal.send("ls /; cat /etc/motd; exit\n")
                terminal.expect("bin")
                terminal.expect(" 0 failed")
                self.assertEqual(terminal.wait().status, 0, terminal.screen)

    def test_shells_beside_the_root(self):
        for name, command, answer in (
                ("volume", "cat new/data/file", "container"),
                ("save", "wc -c < save.tar", "13824")):
            with self.subTest(name):
                terminal = self.terminal([DEMO, name, "--shell"])
                terminal.expect("inside# ")
                terminal.send(command + "; exit\n")
                terminal.expect(answer)
                terminal.expect(" 0 failed")
                self.assertEqual(terminal.wait().status, 0, terminal.screen)

    def test_the_archives_are_ordinary_ones(self):
        """tar itself reads them, as the container runtime's save would be."""
        self.need("tar")
        terminal = self.terminal([DEMO, "save", "--shell"])
        terminal.expect("inside# ")
        terminal.send("tar tf export.tar | tr '\\n' ' '; "
                      "tar xOf save.tar layer1.tar | tar xOf - etc/password\n")
        terminal.expect("bin/ bin/app bin/start etc/ etc/config var/ var/log")
        terminal.expect("password=hunter2")
        terminal.send("exit\n")
        self.assertEqual(terminal.wait().status, 0, terminal.screen)

    def test_a_second_device_that_is_no_escape(self):
        """What is said of the last prison, whoever plays."""
        for more in ({}, self.as_user()):
            said = self.held(self.play("escape", **more))
            table = said[said.index("Side by side"):].splitlines()
            for row in table[2:9]:
                self.assertNotEqual(row.split()[-1], "out!", row)


class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int),
                ("data", ctypes.c_ubyte * 128)]


def handle_of(path):
    """As attack.c reads it: TYPE:HEX."""
    handle, mount = Handle(bytes=128), ctypes.c_int()
    if ctypes.CDLL(None).name_to_handle_at(
            -100, path.encode(), ctypes.byref(handle), ctypes.byref(mount),
            0) != 0:
        raise unittest.SkipTest("no file handles here")
    return "%d:%s" % (handle.type, bytes(handle.data[:handle.bytes]).hex())


class Attacked(harness.KernelTest):
    """attack.c against a bare chroot, chapter 4's root, chapter 6's."""

    leaves = ("+ file /var/tmp/mydocker-state-*",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root")
        harness.private_state(cls)

    def setUp(self):
        super().setUp()
        self.place = self.scratch()
        self.attack = build(self.place, "attack.c", "-static")
        self.word = harness.random_name("secret")
        self.secret = os.path.join(self.place, "secret")
        with open(self.secret, "w", encoding="utf-8") as file:
            file.write(self.word + "\n")

    def arguments(self):
        return [self.secret, self.word, handle_of(self.secret)]

    def outs(self, text):
        """Which got out; all are accounted for."""
        lines = re.findall(r"^([\w-]+) (OUT|inside|not-tried)\r?$", text,
                           re.M)
        names = [name for name, _ in lines]
        for name, end in lines:
            self.assertFalse(end == "not-tried" and
                             not name.startswith("user-ns-"), text)
        self.assertEqual(len(names), 36, text)
        self.assertEqual(len(set(names)), 36, text)
        return {name for name, end in lines if end == "OUT"}

    def test_a_bare_chroot_is_left(self):
        """The control: these attacks are real ones."""
        jail = os.path.join(self.place, "jail")
        for name in ("tmp", "proc"):
            os.makedirs(os.path.join(jail, name))
        shutil.copy(self.attack, jail)
        done = self.run_command(
            ["unshare", "--mount", "sh", "-c",
             'mount -t proc proc $0/proc && exec chroot $0 "$@" 9< /',
             jail, "/attack", *self.arguments()])
        self.assertEqual(done.status, 3, str(done))
        self.assertLessEqual(SURE, self.outs(done.out), str(done))

    def attack_from_shell(self, name, user=0):
        """In the root that this experiment's shell is in."""
        demo, more = DEMO, {}
        if user:
            demo = shutil.copy(DEMO, self.scratch(user))
            more = {"user": user}
        terminal = self.terminal([demo, name, "--shell"], columns=200, **more)
        terminal.expect("inside# ")
        root = "/proc/%d/root" % self.shell_of(terminal.process.pid)
        self.succeed(["cp", self.attack, root + "/bin/attack"], user=user)
        table = read(os.path.dirname(root) + "/mountinfo")
        terminal.send("attack %s; echo status=$?\n" %
                      " ".join(self.arguments()))
        text = terminal.expect("status=3" if user else "status=0", 120)
        terminal.send("exit\n")
        terminal.wait()
        return self.outs(text), table

    def shell_of(self, pid):
        """The youngest descendant: the shell."""
        while True:
            children = read("/proc/%d/task/%d/children" % (pid, pid)).split()
            if not children:
                return pid
            pid = int(children[-1])

    def assert_foreign(self, table):
        """None of the host's mounts is in it, and no other's is joined."""
        ours = {line.split()[0] for line in
                read("/proc/self/mountinfo").splitlines()}
        theirs = {line.split()[0] for line in table.splitlines()}
        self.assertTrue(theirs)
        self.assertEqual(ours & theirs, set())
        self.assertNotRegex(table, r"(shared|master):")
        self.assertNotIn(self.place, table)

    def test_chapter_4s_root(self):
        outs, table = self.attack_from_shell("escape")
        self.assertEqual(outs, set())
        self.assert_foreign(table)

    def test_chapter_4s_root_of_an_ordinary_user(self):
        """With all capabilities of a user namespace."""
        outs, table = self.attack_from_shell("mounts", harness.USER)
        self.assertLessEqual({name.removeprefix("user-ns-") for name in outs},
                             OWN_MOUNTS)
        self.assert_foreign(table)

    def test_chapter_6s_containers(self):
        demo = harness.program("ch06-final")
        if not os.access(demo, os.X_OK):
            self.skipTest("ch06-final is not built")
        for options in ([], ["-u", "1000"], ["--read-only", "--tmpfs", "/tmp"],
                        ["-v", self.scratch() + ":/data"]):
            with self.subTest(options):
                done = self.run_command(
                    [demo, "run", "--rm", *options, "-v",
                     self.attack + ":/attack:ro", "busybox", "/attack",
                     *self.arguments()], 120)
                self.assertEqual(self.outs(done.out), set(), str(done))
                self.assertEqual(done.status, 0, str(done))


class Volumes(harness.KernelTest):
    """volume_race.c: a racing process and what it swaps."""

    def driver(self):
        chapter = os.path.join(harness.ROOT, CHAPTER)
        modules = [os.path.join(chapter, name + ".c") for name in
                   ("base", "sys", "ns", "mountinfo", "mountfd", "safepath",
                    "procfs", "rootfs")]
        return build(self.scratch(), "volume_race.c", "-I", chapter, *modules)

    def race(self, user=0, **more):
        place = self.scratch(user)
        done = self.run_command([self.driver(), place, SWAPS], 600, user=user,
                                **more)
        self.assertEqual(done.status, 0, str(done))
        self.assertRegex(done.out, r"^\d+ swaps, [1-9]\d* mounts, .* none "
                         "outside", str(done))

    def test_swapped_links(self):
        self.race()

    def test_swapped_links_on_an_old_kernel(self):
        self.race(**OLD_KERNEL)

    def test_swapped_links_by_an_ordinary_user(self):
        self.race(user=harness.USER)

    def test_the_naive_way_is_caught(self):
        done = self.run_command([self.driver(), self.scratch(), SWAPS,
                                 "naive"], 600)
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("OUTSIDE", done.err)
