"""Storage drivers: what overlay does for a container, aufs does as well.

The tests of test_run.py that have to do with files, faults and the host are run
once more by `--storage-driver aufs`; then what is aufs's own: its daemon, its
marks on disk, its store beside overlay's.
"""

import ctypes
import errno
import fcntl
import glob
import json
import os
import platform
import shutil
import signal
import struct
import time

import harness
import residue
import test_images
import test_run
from test_images import directory, docker_archive, link, member, tar
from test_run import BUSYBOX, DEMO

setUpModule = test_run.setUpModule
DAEMON = "mydocker-aufs"
# aufs_remount.h: _IOWR('A', 1, 4096 bytes)
AUFS_REMOUNT = 3 << 30 | 4096 << 16 | ord("A") << 8 | 1


class OnAufs:
    root_type = "fuse.aufs"

    @classmethod
    def setUpClass(cls):
        harness.everywhere["MYDOCKER_DRIVER"] = "aufs"
        cls.addClassCleanup(harness.everywhere.pop, "MYDOCKER_DRIVER")
        super().setUpClass()


class AufsPayload(OnAufs, test_run.Payload):
    pass


class AufsTerminal(OnAufs, test_run.TerminalTest):
    pass


class AufsIsolation(OnAufs, test_run.Isolation):
    pass


class AufsVolumes(OnAufs, test_run.Volumes):
    pass


class AufsOptions(OnAufs, test_run.Options):
    pass


class AufsFaults(OnAufs, test_run.Faults):
    pass


class AufsLists(OnAufs, test_run.Lists):
    pass


class AufsRefusal(test_images.Refusal):
    driver = "aufs"


class Unpacked(test_images.Images):
    """As test_images.Unpacking.test_whiteouts, but for the names."""
    driver = "aufs"

    def test_whiteouts(self):
        lower = tar(*(m for d in "abcdefg" for m in (
            directory(d), member(d + "/low", b"low"), member(d + "-file"))))
        upper = tar(
            member(".wh.a"), member(".wh.a-file"),
            member(".wh.b"), directory("b"), member("b/new"),   # before
            directory("c"), member("c/new"), member(".wh.c"),   # after
            directory("d"), member("d/.wh..wh..opq"), member("d/new"),
            member(".wh.f"), member("f/implied"),   # the directory not named
            member(".wh.b-file"), member("b-file", b"new"),
            member("c-file", b"new"), member(".wh.c-file"),
            member("g/.wh.low"), member("g/.wh.not-there"),
            member(".wh..wh.plnk/1.2", b"aufs"), member(".wh..wh.aufs"))
        self.load(docker_archive([lower, upper], ["white:1"]))
        top = self.layer("white:1")
        found = [os.path.relpath(os.path.join(place, name), top)
                 for place, _, names in os.walk(top) for name in names]
        self.assertEqual(sorted(found), sorted(
            [".wh.a", ".wh.a-file", "b-file", "c-file", "g/.wh.low",
             "g/.wh.not-there", "b/new", "c/new", "d/new", "f/implied",
             *(d + "/.wh..wh..opq" for d in "bcdf")]))
        for name in found:
            if ".wh." in name:
                self.assertEqual(os.path.getsize(os.path.join(top, name)), 0)
        self.check_store()

    def test_a_whiteout_cannot_be_linked_to(self):
        path = self.file(tar(member(".wh.x"), link("h", ".wh.x",
                                                   test_images.LINK)))
        done = self.tool("import", path, "evil:1")
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("does not come before it", done.err)

    def test_names_that_aufs_cannot_show(self):
        for name in ("n" * 243, "a/" + "n" * 243 + "/b", ".wh." + "n" * 243):
            done = self.tool("import", self.file(tar(member(name))), "evil:1")
            self.assertEqual(done.status, 1, str(done))
            self.assertIn("more than 242 bytes", done.err)
        self.bring_in(tar(member("n" * 242), member(".wh." + "m" * 242)))

    def test_more_layers_than_aufs_takes(self):
        layers = [tar(member("f%d" % i)) for i in range(127)]
        self.load(docker_archive(layers[:126], ["most:1"]))
        done = self.tool("load", "-i", self.file(docker_archive(layers)))
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("127 layers; the storage driver aufs takes 126",
                      done.err)
        self.check_store()


# ---- what both can run ------------------------------------------------------

def busybox_layer():
    with open(shutil.which("busybox"), "rb") as file:
        return tar(directory("bin"), member("bin/busybox", file.read(),
                                            mode=0o755),
                   *(link("bin/" + applet, "busybox") for applet in
                     ("sh", "find", "stat", "sort", "cat", "true")))


def layered():
    """Layers that add, delete, replace and hide; one of them comes twice."""
    again = tar(member("again", b"1"))
    return [
        busybox_layer(), again,
        tar(directory("low"), *(member("low/%s" % n, b"low") for n in "abc"),
            directory("gone"), member("gone/x"), directory("sub"),
            directory("sub/deep"), member("sub/deep/file", b"deep"),
            member("plain", b"1"), member("becomes-dir"),
            directory("becomes-file"), member("becomes-file/x")),
        tar(member("low/.wh.a"), member("low/b", b"higher"),
            member(".wh.gone"), directory("sub"), member("sub/.wh..wh..opq"),
            member("sub/new", b"new"), directory("becomes-dir"),
            member("becomes-dir/x"), member("becomes-file")),
        tar(directory("gone"), member("gone/back", b"back"),
            member("low/a", b"back"), member(".wh.plain")),
        again,
    ]


LIST = ("find / -xdev -mindepth 1 ! -path '/proc*' ! -path '/sys*' "
        "! -path '/dev*' ! -path '/etc*' -exec "
        "stat -c '%n %F %a %u %g' {} + | sort; cat /low/* /gone/* /sub/*")


class Drivers(test_run.ContainerTest):
    """The two beside each other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = harness.run([DEMO, "--storage-driver", "aufs", "run", "--rm",
                            BUSYBOX, "true"])
        if done.status != 0:
            raise AssertionError(str(done))

    def by(self, driver, *words, status=0, **more):
        done = self.run_command([DEMO, "--storage-driver", driver, *words],
                                **more)
        self.assertEqual(done.status, status, str(done))
        return done

    def load(self, driver, layers, name):
        path = os.path.join(self.scratch(), "image.tar")
        with open(path, "wb") as file:
            file.write(docker_archive(layers, [name]))
        self.by(driver, "load", "-i", path)

    def test_the_same_image_shows_the_same_files(self):
        shown = {}
        for driver in ("overlay", "aufs"):
            self.load(driver, layered(), "layered:1")
            done = self.by(driver, "run", "--rm", "layered:1", "sh", "-c",
                           LIST)
            self.assertEqual(done.err, "")
            shown[driver] = done.out
        self.assertEqual(shown["aufs"], shown["overlay"])
        self.assertIn("backhigherlowbacknew", shown["aufs"])
        self.assertNotIn("/plain", shown["aufs"])
        self.assertNotIn("/sub/deep", shown["aufs"])

    def test_each_has_images_of_its_own(self):
        self.load("aufs", [busybox_layer()], "mine:1")
        self.assertIn("mine", self.by("aufs", "images").out)
        self.assertNotIn("mine", self.by("overlay", "images").out)
        done = self.by("overlay", "run", "mine:1", "true", status=125)
        self.assertIn("aufs has images of its own", done.err)
        # The same image, so the same id: what one uses the other may remove.
        self.load("overlay", [busybox_layer()], "mine:1")
        self.by("overlay", "run", "--name", "user-of-mine", "mine:1",
                "true")
        self.by("aufs", "rmi", "mine:1")
        self.assertIn("is using its referenced image",
                      self.by("overlay", "rmi", "mine:1", status=1).err)
        # Containers are not divided: whoever looks sees and removes them all.
        self.assertIn("user-of-mine", self.by("aufs", "ps", "-a").out)
        self.by("aufs", "rm", "user-of-mine")
        self.by("overlay", "rmi", "mine:1")

    def test_at_the_same_time(self):
        _, one = self.background(BUSYBOX, "sleep", "600")
        _, other = self.background(BUSYBOX, "sleep", "600",
                                   env=harness.environment(
                                       MYDOCKER_DRIVER="aufs"))
        types = []
        for record in (one, other):
            with open("/proc/%d/mountinfo" % record["pid"],
                      encoding="utf-8") as file:
                types += [l.split(" - ")[1].split()[0] for l in file
                          if l.split()[4] == "/"]
        self.assertEqual(types, ["overlay", "fuse.aufs"])
        self.assertEqual([one["driver"], other["driver"]],
                         ["overlay", "aufs"])
        # Each is ended by a command that was told of the other.
        self.by("aufs", "rm", "-f", one["name"])
        self.by("overlay", "rm", "-f", other["name"])

    def test_words_that_are_none(self):
        done = self.by("zfs", "run", BUSYBOX, "true", status=125)
        self.assertIn("unknown storage driver 'zfs': there are overlay and "
                      "aufs", done.err)
        done = self.run_command(
            [DEMO, "ps"], env=harness.environment(MYDOCKER_DRIVER="vfs"))
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("MYDOCKER_DRIVER: unknown storage driver 'vfs'",
                      done.err)
        self.assertEqual(self.run_command([DEMO, "--storage-driver"]).status,
                         125)
        # What is said on the command line counts more.
        self.by("overlay", "ps",
                env=harness.environment(MYDOCKER_DRIVER="vfs"))

    def test_a_store_whose_path_has_signs_in_it(self):
        place = os.path.join(self.scratch(), "a:b,c=rw d\\e")
        for driver in ("overlay", "aufs"):
            done = self.by(driver, "run", "--rm", BUSYBOX, "sh", "-c",
                           "rm /etc/group && echo x >/y && cat /y",
                           env=harness.environment(MYDOCKER_ROOT=place))
            self.assertEqual(done.out, "x\n")
            self.by(driver, "run", "--rm", BUSYBOX, "true",
                    env=harness.environment(MYDOCKER_ROOT=os.path.basename(
                        place)), cwd=os.path.dirname(place))

    def test_a_kernel_without_overlay_for_us(self):
        done = self.by("overlay", "run", "--rm", BUSYBOX, "true", status=125,
                       preexec_fn=lambda: deny(no_overlay=True))
        self.assertIn("union: --storage-driver aufs needs no overlay: "
                      "mount an overlay", done.err)
        self.assertEqual(self.records(), {})

    def test_a_kernel_too_old_for_aufs(self):
        self.by("aufs", "run", "--rm", BUSYBOX, "true")
        done = self.by("aufs", "run", "--rm", BUSYBOX, "true", status=125,
                       preexec_fn=lambda: deny(no_overlay=False))
        self.assertIn("union: make a FUSE mount by fsopen(2), Linux 5.2: "
                      "Function not implemented", done.err)
        self.assertEqual(self.records(), {})

    def test_without_the_program(self):
        copy = os.path.join(self.scratch(), "demo")
        shutil.copy(DEMO, copy)
        shutil.copy(harness.program("ch06-final", "mydocker-monitor"),
                    os.path.dirname(copy))
        self.by("aufs", "run", "--rm", BUSYBOX, "true")
        done = self.run_command([copy, "--storage-driver", "aufs", "run",
                                 "--rm", BUSYBOX, "true"])
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("union: run %s/%s: No such file" %
                      (os.path.dirname(copy), DAEMON), done.err)
        self.assertEqual(self.records(), {})

    def test_it_is_not_started_by_hand(self):
        program = harness.program("ch06-final", DAEMON)
        for words in ((), ("/tmp", "/usr"), ("/tmp",)):
            done = self.run_command([program, *words])
            self.assertEqual(done.status, 1, str(done))
            self.assertIn("not to be started by hand", done.err)


def deny(no_overlay):
    """From now on this process has no fsopen(2), as before Linux 5.2; and no
    mount(2) whose one flag is MS_NODEV: so is the overlay mounted."""
    LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
    ERRNO, ALLOW = 0x00050000, 0x7fff0000
    FSOPEN, MOUNT = 430, 165 if platform.machine() == "x86_64" else 40
    code = [(LOAD, 0, 0, 0),                                # the number
            (EQUAL, 0, 1, FSOPEN), (RETURN, 0, 0, ERRNO | errno.ENOSYS),
            (EQUAL, 0, 3, MOUNT),
            (LOAD, 0, 0, 16 + 3 * 8),                       # its flags
            (EQUAL, 0, 1, 4 if no_overlay else 0xffffffff),
            (RETURN, 0, 0, ERRNO | errno.EPERM),
            (RETURN, 0, 0, ALLOW)]
    room = ctypes.create_string_buffer(
        b"".join(struct.pack("=HBBI", *line) for line in code))
    program = struct.pack("@HP", len(code), ctypes.addressof(room))
    libc = ctypes.CDLL(None, use_errno=True)
    PR_SET_SECCOMP, FILTER = 22, 2
    if libc.prctl(PR_SET_SECCOMP, FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


# ---- what is aufs's own -----------------------------------------------------

class Aufs(OnAufs, test_run.ContainerTest):
    def daemon(self, record):
        with open(os.path.join(self.place(record), "daemon"),
                  encoding="utf-8") as file:
            pid = int(file.read())
        with open("/proc/%d/comm" % pid, encoding="utf-8") as file:
            self.assertEqual(file.read(), DAEMON + "\n")
        return pid

    def place(self, record):
        return os.path.join(self.store, "containers", record["id"])

    def gone(self, pid):
        """It is not even a zombie, unless one that is ours to bury."""
        harness.residue.reap()
        return not os.path.exists("/proc/%d" % pid)

    def test_what_is_written(self):
        name = harness.random_name("test")
        script = ("rm /etc/group; echo new >/etc/new; rm -r /var; mkdir /var; "
                  "echo x >>/etc/passwd; mv /usr/sbin /usr/moved; ls /var")
        self.succeed([DEMO, "run", "--name", name, BUSYBOX, "sh", "-c",
                      script])
        upper = os.path.join(self.place(self.records()[name]), "upper")
        self.assertEqual(sorted(os.listdir(self.place(
            self.records()[name]))), sorted(
                ["%s-json.log" % self.records()[name]["id"], "hostname",
                 "hosts", "lock", "record.json", "resolv.conf", "rootfs",
                 "settings.json", "upper"]))
        for path, size in (("etc/.wh.group", 0), ("etc/new", 4),
                           ("var/.wh..wh..opq", 0), ("usr/.wh.sbin", 0),
                           (".wh..wh.aufs", 0)):
            st = os.lstat(os.path.join(upper, path))
            self.assertEqual(st.st_size, size, path)
        with open(upper + "/etc/passwd", "rb") as file:
            self.assertTrue(file.read().endswith(b"x\n"))
        for path in ("group", ".wh.new"):
            self.assertFalse(os.path.lexists(upper + "/etc/" + path))
        # Nothing of it is in the image: another container knows nothing.
        self.assertEqual(self.sh("test -e /etc/group && ls /usr"),
                         "bin\nsbin\n")
        self.succeed([DEMO, "rm", name])
        self.assertFalse(os.path.exists(upper))

    def test_two_containers_on_one_image(self):
        options = (BUSYBOX, "sh", "-c",
                   "echo $0 >/etc/motd; echo ready; read x; cat /etc/motd")
        more = {"stdin": harness.subprocess.PIPE}
        both = [self.background("-i", *options, word, **more)
                for word in ("one", "two")]
        self.assertEqual(len({self.daemon(r) for _, r in both}), 2)
        for process, _ in both:
            self.assertEqual(process.stdout.readline(), b"ready\n")
        for (process, _), word in zip(both, ("one", "two")):
            done = harness.finish(process, 20, b"\n")
            self.assertEqual((done.status, done.out), (0, word + "\n"))

    def test_thirty_in_a_row(self):
        for i in range(30):
            self.assertEqual(self.sh("rm /etc/group; ls / | wc -l; exit %d"
                                     % i, status=i), "12\n")
        self.assertEqual(self.records(), {})

    def test_the_daemon_is_not_inside(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        daemon = self.daemon(record)
        # A user's monitors are in namespaces, too.
        outside = test_run.monitor_of(daemon) if harness.caller else "self"
        for kind in os.listdir("/proc/self/ns"):
            self.assertEqual(os.readlink("/proc/%d/ns/%s" % (daemon, kind)),
                             os.readlink("/proc/%s/ns/%s" % (outside, kind)))
        with open("/proc/%d/cgroup" % daemon, encoding="utf-8") as file:
            self.assertNotIn(record["id"], file.read())
        for place, _ in test_run.cgroup_files(record["id"]):
            with open(place + "/cgroup.procs", encoding="utf-8") as file:
                self.assertNotIn(str(daemon), file.read().split())
        self.assertEqual(os.getsid(daemon), daemon)
        # It holds no mount, no socket, and of the runtime's nothing at all.
        links, ours = (
            {os.readlink(path) for path in glob.glob("/proc/%d/fd/*" % pid)}
            for pid in (daemon, process.pid))
        self.assertFalse([l for l in links if l.startswith("socket:")])
        self.assertNotIn("/", links)
        self.assertLessEqual(links & ours, {"/dev/null"})
        self.assertEqual(self.sh("ps | grep -c [m]ydocker", status=1), "0\n")

    def test_its_branches_are_not_to_be_changed(self):
        """The ioctl that adds a branch would show the host's files: root in
        the container is root for its daemon, too."""
        _, record = self.background(BUSYBOX, "sleep", "600")
        top = "/proc/%d/root" % record["pid"]
        if harness.caller:      # a user's FUSE lets nobody else look
            self.assertRaises(PermissionError, os.open, top, os.O_RDONLY)
            return
        top = os.open(top, os.O_RDONLY)
        try:
            with self.assertRaises(OSError) as caught:
                fcntl.ioctl(top, AUFS_REMOUNT,
                            bytearray(b"append=/usr".ljust(4096, b"\0")))
        finally:
            os.close(top)
        self.assertEqual(caught.exception.errno, errno.ENOTTY)

    def test_signals_of_the_terminal_are_not_for_it(self):
        process, record = self.background(
            BUSYBOX, "sh", "-c", "trap 'ls /etc/group; exit 3' INT; "
            "echo set; while :; do sleep 0.1; done")
        self.assertEqual(process.stdout.readline(), b"set\n")
        os.killpg(process.pid, signal.SIGINT)
        os.kill(self.daemon(record), signal.SIGTERM)
        done = harness.finish(process, 20)
        self.assertEqual((done.status, done.out), (3, "/etc/group\n"))
        self.assertEqual(done.err, "")

    def look_into(self, record, top):
        """A user's FUSE lets nobody look but who is inside."""
        if not harness.caller:
            os.listdir(top)
            return
        done = harness.run([DEMO, "cp", record["name"] + ":/etc", "-"])
        if os.strerror(errno.ENOTCONN).lower() in done.err.lower():
            raise OSError(errno.ENOTCONN, done.err)

    def until_asleep(self, pid):
        """Before, it may want a page of its own program, and die without."""
        deadline = time.monotonic() + 20 * harness.SLOWER
        while "nanosleep" not in residue.read("/proc/%d/wchan" % pid):
            self.assertLess(time.monotonic(), deadline, "it never sleeps")
            time.sleep(0.01)

    def test_the_daemon_is_killed(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        self.until_asleep(record["pid"])
        daemon = self.daemon(record)
        os.kill(daemon, signal.SIGKILL)
        top = "/proc/%d/root/etc" % record["pid"]
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                self.look_into(record, top)
            except ConnectionAbortedError:
                continue        # it was asked before it died
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOTCONN)
                break
            time.sleep(0.01)
        else:
            self.fail("somebody still answers for " + top)
        self.succeed([DEMO, "rm", "-f", record["name"]])
        done = harness.finish(process, 20)
        self.assertEqual(done.status, 137, str(done))
        self.assertIn("mydocker-aufs, which served the container's root, was "
                      "killed by signal 9", done.err)
        self.assertTrue(self.gone(daemon))
        self.assertEqual(self.records(), {})

    def test_a_daemon_that_does_not_end(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        daemon = self.daemon(record)
        os.kill(daemon, signal.SIGSTOP)
        self.succeed([DEMO, "rm", "-f", record["name"]])
        done = harness.finish(process, 20)
        self.assertEqual(done.status, 137, str(done))
        self.assertIn("did not end with the container", done.err)
        self.assertTrue(self.gone(daemon))
        self.assertEqual(self.records(), {})

    def test_an_orphaned_daemon(self):
        """All but the container is killed, and its daemon lost or ended."""
        for stopped in (False, True):
            with self.subTest(stopped=stopped):
                process, record = self.background(BUSYBOX, "sleep", "600")
                daemon = self.daemon(record)
                if stopped:
                    os.kill(daemon, signal.SIGSTOP)
                test_run.kill_ours(process, daemon if stopped else None)
                harness.finish(process, 20)
                done = self.succeed([DEMO, "ps", "-a", "-q"])
                self.assertEqual(done.out, "")
                self.assertEqual("did not end with the container" in done.err,
                                 stopped, done.err)
                self.assertTrue(self.gone(daemon))
                self.assertEqual(os.listdir(self.store + "/containers"), [])

    def test_the_pid_of_another_is_not_believed(self):
        """Nobody has the lock: whose pid stands there does not matter."""
        name = harness.random_name("test")
        self.succeed([DEMO, "run", "--name", name, BUSYBOX, "true"])
        record = self.records()[name]
        place = self.place(record)
        bystander = harness.start(["sleep", "600"])
        self.addCleanup(harness.finish, bystander, 0)
        with open(place + "/daemon", "w", encoding="utf-8") as file:
            file.write("%d\n" % bystander.pid)
        record["status"] = "running"
        with open(place + "/record.json", "w", encoding="utf-8") as file:
            json.dump(record, file)
        self.succeed([DEMO, "ps", "-a"])
        self.assertIsNone(bystander.poll())
        self.assertFalse(os.path.exists(place + "/daemon"))
        self.succeed([DEMO, "rm", name])


if __name__ == "__main__":
    harness.unittest.main()
