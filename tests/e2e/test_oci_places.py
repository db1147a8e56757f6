"""What an image's links, or a neighbour who renames them meanwhile, do to the
mounts, devices and masks of mydocker-oci: the attacks that got out of other
runtimes, named by their numbers.

Each has beside it what would be seen if it had got through.
"""

import ctypes
import os
import signal
import unittest

from test_oci_verbs import OciTest, read

RENAME_EXCHANGE, AT_FDCWD = 2, -100
RUNS = 25


def bind(source, destination, *options):
    return {"source": source, "destination": destination, "type": "bind",
            "options": ["rbind", *options]}


def without(config, *destinations):
    config["mounts"] = [mount for mount in config["mounts"]
                        if mount["destination"] not in destinations]


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
        """CVE-2026-41579: nodes are made behind a link."""
        self.make_bundle("true", edit=lambda config: without(
            config, "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"))
        os.symlink("elsewhere", self.within("dev"))
        os.mkdir(self.within("elsewhere"))
        self.refused("/dev is not a directory")
        self.assertEqual(os.listdir(self.within("elsewhere")), [])

    def test_null(self):
        """CVE-2025-31133: what covers the masked files is not /dev/null."""
        self.make_bundle("true", edit=lambda config: without(
            config, "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"))
        os.mkdir(self.within("dev"))
        for target in ("/proc/sys/kernel/core_pattern", "zero"):
            os.symlink(target, self.within("dev", "null"))
            self.refused("/dev/null is not the character device 1:3")
            os.unlink(self.within("dev", "null"))
        self.run_bundle()


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
