"""What an image's links, or a neighbour who renames them meanwhile, do to the
mounts, devices and masks of mydocker-oci: the attacks that got out of other
runtimes, named by their numbers.

Each has beside it what would be seen if it had got through.
"""

import ctypes
import json
import os
import select
import signal
import socket
import unittest

import harness
from test_oci_verbs import OciTest, read

RENAME_EXCHANGE, AT_FDCWD = 2, -100
RUNS = 25


def bind(source, destination, *options):
    return {"source": source, "destination": destination, "type": "bind",
            "options": ["rbind", *options]}


def without(config, *destinations):
    config["mounts"] = [mount for mount in config["mounts"]
                        if mount["destination"] not in destinations]


def image_dev(config):
    """/dev is what the image has there."""
    without(config, "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue")


class PlaceTest(OciTest):
    def setUp(self):
        super().setUp()
        self.outside = os.path.join(self.place, "outside")
        self.data = os.path.join(self.place, "data")
        for path in (self.outside, self.data):
            os.mkdir(path)
        with open(os.path.join(self.data, "file"), "w",
                  encoding="utf-8") as file:
            file.write("the volume")

    def within(self, *names):
        return os.path.join(self.rootfs, *names)

    def run_bundle(self, *options, status=0):
        return self.oci("run", *options, "--bundle", self.bundle,
                        self.new_id(), status=status)

    def refused(self, words):
        done = self.run_bundle(status=1)
        self.assertIn(words, done.text)
        return done

    def compare_outside(self):
        self.assertEqual(os.listdir(self.outside), [])
        self.assertEqual(os.listdir(self.data), ["file"])


class Links(PlaceTest):
    """CVE-2021-30465 and before it: a target that leads out of the root."""

    def test_targets(self):
        self.make_bundle("cat", "/absolute/a/file", "/up/b/file",
                         edit=lambda config: config["mounts"].extend([
                             bind(self.data, "/absolute/a"),
                             bind(self.data, "/up/b")]))
        os.symlink(self.outside, self.within("absolute"))
        os.symlink("../" * 20 + self.outside, self.within("up"))
        self.assertEqual(self.run_bundle().out, "the volume" * 2)
        self.compare_outside()
        # Where such a path leads when the root is all there is.
        self.assertTrue(os.path.isdir(self.rootfs + self.outside + "/a"))

    def test_devices(self):
        self.make_bundle("ls", "/links/null", edit=lambda config:
                         config["linux"].update(devices=[
                             {"type": "c", "path": "/links/null", "major": 1,
                              "minor": 3}]))
        os.symlink(self.outside, self.within("links"))
        self.run_bundle()
        self.compare_outside()

    def test_what_the_kernel_shows(self):
        """CVE-2019-19921: /proc or /sys is a link, and so the masks are laid
        over something else."""
        for name in ("proc", "sys", "dev"):
            with self.subTest(name):
                self.make_bundle("true")
                if os.path.isdir(self.within(name)):
                    os.rmdir(self.within(name))     # the last run's
                os.symlink("elsewhere", self.within(name))
                os.makedirs(self.within("elsewhere"), exist_ok=True)
                self.refused("/%s is not a directory" % name)
                self.assertEqual(os.listdir(self.within("elsewhere")), [])
                os.unlink(self.within(name))
                self.run_bundle()

    def test_dev_without_a_mount(self):
        """CVE-2026-41579, CVE-2026-47766: /dev is a link, behind which nodes
        and links are made, and what is called ptmx is removed."""
        self.make_bundle("true", edit=image_dev)
        kept = os.path.join(self.data, "ptmx")
        os.rename(os.path.join(self.data, "file"), kept)
        for target in ("elsewhere", self.data, "../" * 20 + self.data):
            os.symlink(target, self.within("dev"))
            os.makedirs(self.within("elsewhere"), exist_ok=True)
            self.refused("/dev is not a directory")
            self.assertEqual(os.listdir(self.within("elsewhere")), [])
            self.assertEqual(os.listdir(self.data), ["ptmx"])
            self.assertEqual(read(kept), "the volume")
            os.unlink(self.within("dev"))

    def test_null(self):
        """CVE-2025-31133, CVE-2026-88265: what covers the masked files, or
        becomes standard input, is not /dev/null."""
        self.make_bundle("true", edit=image_dev)
        os.mkdir(self.within("dev"))
        for target in ("/proc/sys/kernel/core_pattern", "zero"):
            os.symlink(target, self.within("dev", "null"))
            self.refused("/dev/null is not the character device 1:3")
            os.unlink(self.within("dev", "null"))
        self.run_bundle()


class Consoles(PlaceTest):
    """CVE-2025-52565, CVE-2026-88264: the container's terminal is bound over
    /dev/console, and what the image has there or on the way is a link: to a
    file of /proc that has power over the host, or out of the root."""

    # What it would do to be the host's would do no harm.
    POWER = "/proc/sys/fs/lease-break-time"
    SCRIPT = ("echo 44 >/dev/console; echo ===; "
              "cat /proc/self/mountinfo; echo ===")

    def setUp(self):
        super().setUp()
        self.kept = os.path.join(self.data, "file")
        self.power = read(self.POWER)
        self.targets = (
            self.POWER, "/proc/sysrq-trigger", self.kept,
            "../" * 20 + self.kept, os.path.join(self.outside, "new"),
            "/proc/self/fd/0")

    def plain(self, config):
        image_dev(config)
        config["process"]["terminal"] = True

    def with_pts(self, config):
        pts = [mount for mount in config["mounts"]
               if mount["destination"] == "/dev/pts"]
        self.plain(config)
        config["mounts"].extend(pts)

    def screen(self):
        """What came on the terminal, or None; what the runtime said."""
        path, server = self.listen("console")
        container = self.new_id()
        done = self.oci("run", "--detach", "--bundle", self.bundle,
                        "--console-socket", path, container, status=None)
        with server:
            if done.status:
                os.unlink(path)
                return None, done.text
            with server.accept()[0] as connection:
                master = socket.recv_fds(connection, 4096, 1)[1][0]
        os.unlink(path)
        seen = b""
        while select.select([master], [], [], 10 * harness.SLOWER)[0]:
            try:
                seen += os.read(master, 4096)
            except OSError:             # the other side has been closed
                break
        os.close(master)
        self.remove(container)
        return seen.decode().replace("\r\n", "\n"), done.text

    def hold(self, edit, name, target):
        """Refused; or what the link leads to is looked for in the root, and
        what was read-only there has not become another's."""
        self.make_bundle("sh", "-c", self.SCRIPT, edit=edit)
        os.makedirs(os.path.dirname(self.within("dev", name)), exist_ok=True)
        path = self.within("dev", name)
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)              # the last run's
        elif os.path.lexists(path):
            os.unlink(path)
        os.symlink(target, path)
        seen, said = self.screen()
        self.compare_outside()
        self.assertEqual(read(self.kept), "the volume")
        self.assertEqual(read(self.POWER), self.power)
        if seen is None:
            self.assertRegex(said, "terminal|/dev")
        else:
            self.assertIn("44\n", seen)    # it was its own terminal's
            self.assertEqual(self.mounted(seen, "/proc/sys")[-1][:2], "ro")
            self.assertLessEqual(set(self.mounted(seen, self.POWER)),
                                 {"devpts"})
        if os.path.islink(path):
            os.unlink(path)
        return seen

    def mounted(self, seen, point):
        """What is there: the options of each mount, or "devpts"."""
        lines = [line.split() for line in seen.split("===\n")[1].splitlines()]
        return ["devpts" if "devpts" in line else line[5]
                for line in lines if line[4] == point]

    def test_console(self):
        for target in self.targets:
            with self.subTest(target):
                self.hold(self.with_pts, "console", target)

    def test_console_of_its_own(self):
        """With nothing to attack the same bundle has its terminal."""
        seen = self.hold(self.with_pts, "console", "there")
        self.assertIsNotNone(seen)
        self.assertTrue(os.path.exists(self.within("dev", "there")))

    def test_the_terminals_directory(self):
        for target in (self.data, self.outside, "../" * 20 + self.outside):
            for edit in (self.plain, self.with_pts):
                with self.subTest(target, edit=edit.__name__):
                    self.hold(edit, "pts", target)

    def test_what_makes_terminals(self):
        for target in self.targets:
            for edit in (self.plain, self.with_pts):
                with self.subTest(target, edit=edit.__name__):
                    self.hold(edit, "ptmx", target)

    def test_what_makes_terminals_in_the_images_directory(self):
        """No devpts is mounted, and so it is the image's link."""
        for target in self.targets:
            with self.subTest(target):
                self.assertIsNone(self.hold(self.plain, "pts/ptmx", target))


class Covers(PlaceTest):
    """CVE-2025-52881: something lies over the files of /proc that the runtime
    writes to."""

    SYSCTL = {"net.ipv4.ip_forward": "1", "net.core.somaxconn": "77"}
    FILES = ("sys/net/ipv4/ip_forward", "sys/net/core/somaxconn",
             "self/attr/exec", "self/attr/current", "self/attr/apparmor/exec",
             "self/attr/keycreate", "self/oom_score_adj", "1/oom_score_adj")

    def setUp(self):
        super().setUp()
        self.covers = [os.path.join(self.data, "proc", name)
                       for name in self.FILES]
        for path in self.covers:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write("cover")

    def compare_covers(self):
        self.assertEqual([path for path in self.covers
                          if read(path) != "cover"], [])

    def make_covered(self, *paths):
        """Each is covered by what is called like it."""
        def edit(config):
            config["process"]["oomScoreAdj"] = 432
            config["linux"]["sysctl"] = dict(self.SYSCTL)
            config["mounts"].extend(bind(self.data + path, path)
                                    for path in paths)
        self.make_bundle("sleep", "100", edit=edit)

    def run_detached(self, *words):
        """Its status, and what it said: not by a pipe, which would last."""
        said = os.path.join(self.place, "said")
        with open(said, "w", encoding="utf-8") as out:
            done = self.oci(*words, status=None, stdout=out, stderr=out)
        return done.status, read(said)

    def hold_set(self, container):
        """What was asked for, by a /proc that nothing lies over."""
        pid = self.state(container)["pid"]
        for name, value in self.SYSCTL.items():
            done = self.succeed(["nsenter", "--net=/proc/%d/ns/net" % pid,
                                 "cat", "/proc/sys/" + name.replace(".", "/")])
            self.assertEqual(done.out.strip(), value, name)
        self.assertEqual(read("/proc/%d/oom_score_adj" % pid), "432\n")

    def hold_exec(self, container):
        process = os.path.join(self.place, "process.json")
        number = os.path.join(self.place, "pid")
        with open(process, "w", encoding="utf-8") as file:
            json.dump({"args": ["sleep", "100"], "cwd": "/", "user":
                       {"uid": 0, "gid": 0}, "env": ["PATH=/bin"],
                       "oomScoreAdj": 567}, file)
        status, said = self.run_detached(
            "exec", "--detach", "--process", process, "--pid-file", number,
            container)
        self.assertEqual(status, 0, said)
        self.assertEqual(read("/proc/%s/oom_score_adj" % read(number)),
                         "567\n")

    def hold(self, *paths):
        """Refused, or what was asked for is so: it is never the cover."""
        with self.subTest(paths):
            self.make_covered(*paths)
            container = self.new_id()
            status, said = self.run_detached("run", "--detach", "--bundle",
                                             self.bundle, container)
            self.compare_covers()
            if status:
                self.assertRegex(said, "/proc")
                return
            self.hold_set(container)
            self.hold_exec(container)
            self.compare_covers()
            self.remove(container)

    def test_nothing(self):
        """What is asked for is set, and can be seen."""
        self.make_covered()
        container = self.started()
        self.hold_set(container)
        self.hold_exec(container)

    def test_files(self):
        self.hold("/proc/sys/net/ipv4/ip_forward", "/proc/self/oom_score_adj",
                  "/proc/1/oom_score_adj")

    def test_directories(self):
        self.hold("/proc/sys/net")
        self.hold("/proc/self/attr")
        self.hold("/proc/sys/net", "/proc/self/attr")

    def test_everything(self):
        self.hold("/proc/sys")
        self.hold("/proc/1")
        self.hold("/proc")


class Swaps(PlaceTest):
    """CVE-2021-30465: a neighbour with the same root exchanges a directory for
    a link while the runtime is at work."""

    def swap_for_ever(self):
        """A child that does; ours to kill."""
        libc = ctypes.CDLL(None)
        first = self.within("vol").encode()
        second = self.within("link").encode()
        pid = os.fork()
        if pid == 0:
            libc.prctl(1, signal.SIGKILL)       # PR_SET_PDEATHSIG
            while True:
                libc.renameat2(AT_FDCWD, first, AT_FDCWD, second,
                               RENAME_EXCHANGE)
        self.addCleanup(os.waitpid, pid, 0)
        self.addCleanup(os.kill, pid, signal.SIGKILL)

    def test_volumes(self):
        self.make_bundle(
            "cat", "/proc/self/mountinfo",
            edit=lambda config: config["mounts"].extend(
                bind(self.data, "/vol/%d" % i) if i % 2 else
                {"type": "tmpfs", "destination": "/vol/%d" % i}
                for i in range(8)))
        os.mkdir(self.within("vol"))
        os.symlink(self.outside, self.within("link"))
        inside = self.rootfs + self.outside
        os.makedirs(inside)
        self.swap_for_ever()
        made = 0
        for _ in range(RUNS):
            done = self.run_bundle(status=None)
            self.compare_outside()
            if done.status:
                self.assertRegex(done.text, r"mounts\[\d+\]: mount ")
                continue
            made += 1
            points = [line.split()[4] for line in done.out.splitlines()]
            for point in points:
                self.assertRegex(point, r"^(/$|/proc|/sys|/dev|/vol/\d|"
                                 r"/link/\d|%s/\d)" % self.outside)
        self.assertLess(0, made + len(os.listdir(inside)),
                        "nothing was ever made: the attack was not tried")


class Spreading(PlaceTest):
    """Read-only is read-only, and what is mounted inside stays inside."""

    def test_below(self):
        self.make_bundle(
            "sh", "-c", "echo x >/v/sub/new; echo y >/w/sub/new; ls /v/sub",
            edit=lambda config: config["mounts"].extend([
                bind(self.data, "/v", "rro"), bind(self.data, "/w", "ro")]))
        os.mkdir(os.path.join(self.data, "sub"))
        self.succeed(["mount", "-t", "tmpfs", "sub", self.data + "/sub"])
        self.addCleanup(self.run_command, ["umount", self.data + "/sub"])
        done = self.run_bundle()
        self.assertIn("/v/sub/new: Read-only", done.text.replace(
            "can't create ", ""))
        self.assertIn("new", done.out)
        self.assertEqual(read(self.data + "/sub/new"), "y\n")

    def test_users(self):
        """A bundle and a volume that root of the container cannot reach."""
        def edit(config):
            config["mounts"].append(bind(self.data, "/v", "ro"))
            config["linux"]["namespaces"].append({"type": "user"})
            for kind in ("uidMappings", "gidMappings"):
                config["linux"][kind] = [{"containerID": 0, "hostID": 100000,
                                          "size": 1000}]
        self.make_bundle("sh", "-c", "cat /v/file; echo; cat /proc/mounts",
                         edit=edit)
        os.chmod(self.bundle, 0o700)
        os.chmod(self.data, 0o755)
        self.succeed(["chown", "-R", "100000:100000", self.rootfs])
        # A mount of the host where it may not go, either.
        hidden = os.path.join(self.place, "hidden")
        os.mkdir(hidden)
        self.succeed(["mount", "-t", "tmpfs", "hidden", hidden])
        self.addCleanup(self.run_command, ["umount", hidden])
        for mode in (0o700, 0o755):
            os.chmod(self.place, mode)
            os.chmod(self.bundle, mode)
            for option in ("--no-pivot=false", "--no-pivot"):
                done = self.run_bundle(option)
                self.assertTrue(done.out.startswith("the volume\n"), done)
                self.assertNotIn("hidden", done.out)


if __name__ == "__main__":
    unittest.main()
