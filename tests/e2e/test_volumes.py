"""Volumes: made, filled from the image, shared, refused while in use, removed
with what is in them and nothing else; as Docker prints it, and as the disk and
the kernel have it."""

import json
import os
import subprocess
import unittest

import harness
from test_run import BUSYBOX, DEMO, ContainerTest, write_archive


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


class Volumes(ContainerTest):
    leaves = ContainerTest.leaves + (
        "+ file /var/tmp/mydocker-state-*/volumes/*",
        "+ file /var/tmp/mydocker-state-*/volumes",
        "+ file /var/tmp/mydocker-state-*/events.log")

    def volume(self, *words, status=0):
        done = self.run_command([DEMO, "volume", *words])
        self.assertEqual(done.status, status, str(done))
        return done

    def data(self, name):
        return os.path.join(self.store, "volumes", name, "_data")

    def tearDown(self):
        harness.run([DEMO, "volume", "prune", "-a", "-f"])
        super().tearDown()

    def test_the_verbs(self):
        self.assertEqual(self.volume("create", "data").out, "data\n")
        self.assertEqual(self.volume("create", "data").out, "data\n")
        anonymous = self.volume("create").out.strip()
        self.assertRegex(anonymous, "^[0-9a-f]{64}$")
        self.volume("create", "--label", "a=b", "-o", "type=tmpfs", "-o",
                    "device=tmpfs", "-o", "o=size=1m", "odd")
        self.assertEqual(
            self.volume("ls").out.splitlines()[0], "DRIVER    VOLUME NAME")
        self.assertEqual(
            sorted(self.volume("ls", "-q").out.split()),
            sorted(["data", anonymous, "odd"]))
        self.assertEqual(self.volume("ls", "-q", "-f", "label=a").out,
                         "odd\n")
        self.assertEqual(self.volume("ls", "-q", "-f", "name=dat").out,
                         "data\n")
        row = json.loads(self.volume("ls", "-f", "name=odd", "--format",
                                     "json").out)
        self.assertEqual(row["Mountpoint"], self.data("odd"))
        self.assertEqual(row["Labels"], "a=b")
        seen, = json.loads(self.volume("inspect", "odd").out)
        self.assertEqual(seen["Options"], {"type": "tmpfs", "device": "tmpfs",
                                           "o": "size=1m"})
        self.assertEqual(seen["Labels"], {"a": "b"})
        self.assertEqual(
            self.volume("inspect", "-f", "{{.Driver}} {{.Scope}}",
                        "data").out, "local local\n")
        done = self.volume("prune", "-f")
        self.assertIn("Deleted Volumes:\n%s\n\nTotal reclaimed space: 0B\n" %
                      anonymous, done.out)
        self.assertEqual(self.volume("rm", "data", "odd").out, "data\nodd\n")
        self.assertEqual(self.volume("ls", "-q").out, "")

    def test_refusals(self):
        for words, said in (
                (["create", "a/b"], "includes invalid characters for a local "
                 "volume name"),
                (["create", "a"], "volume name is too short"),
                (["create", "-d", "nfs", "ab"], 'plugin "nfs" not found'),
                (["create", "-o", "type=nfs"], 'missing required option: '
                 '"device"'),
                (["create", "-o", "foo=1"], 'invalid option: "foo"'),
                (["inspect", "gone"], "No such volume: gone"),
                (["rm", "gone"], "get gone: no such volume"),
                (["rm"], "requires at least 1 argument"),
                (["ls", "-f", "foo=1"], "foo"),
                (["ls", "x"], "accepts no arguments")):
            with self.subTest(words=words):
                self.assertIn(said, self.volume(*words, status=1).err)
        # As with every flag that cannot be understood.
        for label, said in (("=x", "empty name"),
                            ("a b=x", "label 'a b' contains whitespaces")):
            self.assertIn(said, self.volume("create", "--label", label,
                                            status=125).err)
        self.assertEqual(self.volume("rm", "-f", "gone").out, "gone\n")
        self.assertEqual(self.volume("ls", "-q").out, "")

    def test_it_outlives_its_containers(self):
        self.sh("echo kept >/data/file", "-v", "kept:/data")
        self.assertEqual(self.sh("cat /elsewhere/file", "-v",
                                 "kept:/elsewhere:ro"), "kept\n")
        done = self.run_in("-v", "kept:/data:ro", BUSYBOX, "touch", "/data/x")
        self.assertIn("Read-only file system", done.err)
        self.assertEqual(os.listdir(self.data("kept")), ["file"])

    def test_in_use(self):
        name = harness.random_name("test")
        self.succeed([DEMO, "run", "--name", name, "-v", "used:/x", BUSYBOX,
                      "true"])
        identity = self.records()[name]["id"]
        done = self.volume("rm", "used", status=1)
        self.assertIn("remove used: volume is in use - [%s]" % identity,
                      done.err)
        self.assertEqual(self.volume("ls", "-q", "-f", "dangling=true").out,
                         "")
        self.assertNotIn("used", self.volume("prune", "-a", "-f").out)
        self.succeed([DEMO, "rm", name])
        self.assertEqual(self.volume("ls", "-q", "-f", "dangling=1").out,
                         "used\n")
        self.volume("rm", "used")

    def test_without_a_name(self):
        name = harness.random_name("test")
        self.sh("touch /x/y", "-v", "/x")
        self.assertEqual(self.volume("ls", "-q").out, "")      # --rm
        for options, left in ((["-v"], 0), ([], 1)):
            self.succeed([DEMO, "run", "--name", name, "-v", "/x", BUSYBOX,
                          "true"])
            self.succeed([DEMO, "rm", *options, name])
            self.assertEqual(len(self.volume("ls", "-q").out.split()), left)

    def test_filled_from_the_image(self):
        archive = self.scratch() + "/image.tar"
        write_archive(archive, "mydocker-test-volume:1",
                      {"Cmd": ["sh"], "Volumes": {"/etc": {}}})
        self.succeed([DEMO, "load", "-i", archive])
        image = "mydocker-test-volume:1"
        before = self.run_in(BUSYBOX, "ls", "/etc").out
        # Named, anonymous, and the image's own; in all is what was there.
        self.assertEqual(self.sh("ls /etc", "-v", "filled:/etc"), before)
        self.assertIn("passwd", os.listdir(self.data("filled")))
        os.unlink(self.data("filled") + "/passwd")
        self.assertNotIn("passwd", self.sh("ls /etc", "-v", "filled:/etc"))
        # Not asked for, and not in one that has something of its own.
        self.assertNotIn("passwd", self.sh("ls /etc", "-v",
                                           "empty:/etc:nocopy"))
        out = self.run_in(image, "/bin/busybox", "cat",
                          "/proc/self/mountinfo").out
        line, = [x for x in out.splitlines() if x.split()[4] == "/etc"]
        self.assertRegex(line, "/volumes/[0-9a-f]{64}/_data /etc ")
        self.succeed([DEMO, "rmi", image])

    def test_a_directory_of_the_host_is_made(self):
        place = self.scratch() + "/new/dir"
        self.sh("touch /x/file", "-v", place + ":/x")
        self.assertEqual(os.listdir(place), ["file"])
        done = self.run_in("--mount", "type=bind,src=%s/gone,dst=/x" % place,
                           BUSYBOX, "true")
        self.assertEqual(done.status, 125)
        self.assertIn("bind source path does not exist", done.err)

    def test_options_are_a_mount(self):
        self.volume("create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o",
                    "o=size=1m,mode=700", "small")
        shown = self.sh("grep ' /x ' /proc/mounts; stat -c %a /x",
                        "-v", "small:/x")
        # (Where the kernel is configured so, it says that of itself.)
        self.assertEqual(shown.replace(",inode64", ""),
                         "tmpfs /x tmpfs rw,relatime,size=1024k,mode=700%s 0 0"
                         "\n700\n" % (",uid={0},gid={0}".format(
                             harness.USER) if harness.caller else ""))
        self.assertEqual(os.listdir(self.data("small")), [])

    def test_removal_stops_at_a_mount(self):
        self.volume("create", "mounted")
        precious = self.scratch()
        with open(precious + "/file", "w", encoding="utf-8"):
            pass
        place = self.data("mounted") + "/there"
        os.mkdir(place)
        subprocess.run(["mount", "--bind", precious, place], check=True)
        try:
            done = self.volume("rm", "mounted", status=1)
        finally:
            subprocess.run(["umount", place], check=True)
        self.assertIn("something is mounted there", done.err)
        self.assertEqual(os.listdir(precious), ["file"])
        self.assertEqual(self.volume("ls", "-q").out, "mounted\n")
        self.volume("rm", "mounted")

    def test_eight_at_once(self):
        """All begin with the same empty volume: filled once, by one."""
        processes = [harness.start([DEMO, "run", "--rm", "-v", "same:/etc",
                                    BUSYBOX, "ls", "/etc"])
                     for _ in range(8)]
        said = {harness.finish(process, 60).out for process in processes}
        self.assertEqual(len(said), 1, said)
        self.assertIn("passwd", said.pop())
