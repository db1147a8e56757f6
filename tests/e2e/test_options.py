"""Each of `run`'s options that no other file looks at: what the kernel reports
of it, or a refusal in words that has changed nothing."""

import fcntl
import json
import os
import stat
import struct
import termios
import unittest

import harness
import somebody
from test_run import BUSYBOX, DEMO, ContainerTest, cgroup_files, read
from test_shown import ShownTest


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


# Where an ordinary user may have cgroups (vm/as-user.sh).
HIS = "user.slice/user/" if harness.caller and somebody.HAS_CGROUP else ""


class OptionTest(ShownTest):
    leaves = ContainerTest.leaves + (
        "+ file /var/tmp/mydocker-state-*/events.log",)

    def refused(self, words, said, status=125):
        before = harness.residue.snapshot()
        words = [*words] if "--restart" in words else ["--rm", *words]
        done = self.run_command([DEMO, "run", *words, BUSYBOX, "true"])
        self.assertEqual(done.status, status, str(done))
        self.assertIn(said, done.err)
        self.assertEqual(harness.residue.compare(
            before, harness.residue.snapshot()), [])
        self.assertEqual(self.records(), {})

    def inspect(self, name, template):
        return json.loads(self.succeed(
            [DEMO, "inspect", "-f", "{{json %s}}" % template, name]).out)


class Limits(OptionTest):
    def files(self, *options):
        """{file: text} of the cgroup of a container with these options."""
        process, record = self.background(*options, BUSYBOX, "sleep", "600")
        found = {}
        for place, names in cgroup_files(record["id"]):
            for name in names:
                try:
                    found[name] = read(os.path.join(place, name)).strip()
                except OSError:
                    pass                # that can only be written
        self.end(process, record["name"])
        return found

    def disk(self):
        """A disk of this machine, and its numbers."""
        for name in sorted(os.listdir("/sys/block")):
            path = "/dev/" + name
            if (os.path.exists(path) and int(read(
                    "/sys/block/%s/size" % name)) and
                    stat.S_ISBLK(os.stat(path).st_mode)):
                number = os.stat(path).st_rdev
                return path, "%d:%d" % (os.major(number), os.minor(number))
        self.skipTest("this machine has no disk")

    def test_rates_of_a_disk(self):
        path, number = self.disk()
        found = self.files("--device-read-bps", path + ":3mb",
                           "--device-write-bps", path + ":102400",
                           "--device-read-iops", path + ":77",
                           "--device-write-iops", path + ":10")
        if "io.max" in found:
            self.assertEqual(found["io.max"], number + " rbps=3145728 "
                             "wbps=102400 riops=77 wiops=10")
            return
        for name, rate in (("read_bps", 3 << 20), ("write_bps", 102400),
                           ("read_iops", 77), ("write_iops", 10)):
            self.assertEqual(found["blkio.throttle.%s_device" % name],
                             "%s %d" % (number, rate))

    def test_refused_rates(self):
        for option in ("--device-read-bps", "--device-write-iops",
                       "--blkio-weight-device"):
            for value, said in (
                    ("/dev/sda", "bad format: /dev/sda"),
                    ("sda:1", "bad format for device path: sda:1"),
                    ("/dev/null:100", "/dev/null is not a block device"),
                    ("/dev/null:x", "for device: /dev/null:x"),
                    ("/dev/no-such:100", "/dev/no-such: No such file")):
                with self.subTest(option=option, value=value):
                    self.refused([option, value], said)
        self.refused(["--device-read-iops", "/dev/null:1k"],
                     "invalid rate for device: /dev/null:1k. The correct "
                     "format is <device-path>:<number>. Number must be a "
                     "positive integer")
        self.refused(["--blkio-weight", "5"], "from 10 to 1000")

    def test_memory(self):
        found = self.files("-m", "64m", "--memory-reservation", "32m",
                           "--memory-swap", "96m")
        if "memory.max" in found:
            self.assertEqual((found["memory.max"], found["memory.low"]),
                             (str(64 << 20), str(32 << 20)))
            self.assertEqual(found.get("memory.swap.max", str(32 << 20)),
                             str(32 << 20))
            return
        self.assertEqual((found["memory.limit_in_bytes"],
                          found["memory.soft_limit_in_bytes"]),
                         (str(64 << 20), str(32 << 20)))
        both = found.get("memory.memsw.limit_in_bytes", str(96 << 20))
        self.assertEqual(both, str(96 << 20))

    def test_swappiness_and_no_oom_killer(self):
        if "memory.swappiness" not in self.files():
            self.refused(["--memory-swappiness", "33"], "vm.swappiness")
            self.refused(["-m", "64m", "--oom-kill-disable"], "")
            return
        found = self.files("--memory-swappiness", "33", "-m", "64m",
                           "--oom-kill-disable")
        self.assertEqual(found["memory.swappiness"], "33")
        self.assertIn("oom_kill_disable 1\n", found["memory.oom_control"])
        for number, kept in (("0", "0"), ("100", "100")):
            self.assertEqual(self.files("--memory-swappiness", number)
                             ["memory.swappiness"], kept)
        usual = self.files("--memory-swappiness", "-1")["memory.swappiness"]
        self.assertEqual(usual, read("/proc/sys/vm/swappiness").strip())

    def test_refused_memory(self):
        for words, said in (
                (["--memory-swappiness", "101"], "invalid value: 101. Valid "
                 "memory swappiness range is 0-100"),
                (["--memory-swappiness", "x"], "invalid syntax"),
                (["-m", "8m", "--memory-swap", "7m"], "Minimum memoryswap "
                 "limit should be larger than memory limit"),
                (["-m", "8m", "--memory-reservation", "9m"], "Minimum memory "
                 "limit can not be less than memory reservation limit"),
                (["--memory-reservation", "1m"],
                 "Minimum memory reservation allowed is 4MB"),
                (["--kernel-memory", "1m"],
                 "Minimum kernel memory limit allowed is 4MB"),
                (["--oom-score-adj", "1001"], "Invalid value 1001, range for "
                 "oom score adj is [-1000, 1000]"),
                (["--shm-size", "-1"], "invalid size: '-1'")):
            with self.subTest(words=words):
                self.refused(words, said)

    def test_processors(self):
        found = self.files("-c", "512", "--cpu-period", "50000",
                           "--cpu-quota", "25000", "--cpuset-cpus", "0",
                           "--cpuset-mems", "0")
        self.assertEqual((found["cpuset.cpus"], found["cpuset.mems"]),
                         ("0", "0"))
        if "cpu.max" in found:
            self.assertEqual((found["cpu.max"], found["cpu.weight"]),
                             ("25000 50000", "20"))
        else:
            self.assertEqual(
                (found["cpu.shares"], found["cpu.cfs_period_us"],
                 found["cpu.cfs_quota_us"]), ("512", "50000", "25000"))

    def test_refused_processors(self):
        many = str(os.cpu_count() + 4096)
        for words, said in (
                (["--cpu-period", "5"], "CPU cfs period can not be less than "
                 "1ms"),
                (["--cpu-quota", "5"], "CPU cfs quota can not be less than "
                 "1ms"),
                (["--cpu-shares", "-1"], "invalid value (-1): value must be a "
                 "positive integer"),
                (["--cpus", "1", "--cpu-period", "5000"], "Nano CPUs and CPU "
                 "Period cannot both be set"),
                (["--cpuset-cpus", many], "Requested CPUs are not available"),
                (["--cpuset-mems", many], "Requested memory nodes are not "
                 "available"),
                (["--cpuset-cpus", "a"], "Invalid value a for cpuset cpus")):
            with self.subTest(words=words):
                self.refused(words, said)

    def test_another_parent_of_its_cgroup(self):
        """And all that goes by the cgroup finds it there."""
        parent = "/%s%s/inner" % (HIS, harness.random_name())
        name = harness.random_name("test")
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        ident = self.succeed(
            [DEMO, "run", "-d", "--name", name, "--cgroup-parent", parent,
             "-m", "16m", BUSYBOX, "sleep", "600"]).out.strip()
        place = "%s/%s" % (parent, ident)
        for line in read("/proc/%d/cgroup" %
                         self.records()[name]["pid"]).splitlines():
            if "memory" in line or line.startswith("0::"):
                self.assertTrue(line.endswith(place), line)
        self.assertEqual(self.inspect(name, ".HostConfig.CgroupParent"),
                         parent)
        row = json.loads(self.succeed(
            [DEMO, "stats", "--no-stream", "--format", "json", name]).out)
        self.assertRegex(row["MemUsage"], r"^[1-9].* / 16MiB$")
        self.assertEqual(len(self.succeed(
            [DEMO, "top", name]).out.splitlines()), 2)
        self.succeed([DEMO, "pause", name])
        self.assertTrue(self.inspect(name, ".State.Paused"))
        for verb, said in (("pause", "is already paused"),
                           ("exec", "is paused, unpause the container")):
            done = self.run_command([DEMO, verb, name] +
                                    ["true"] * (verb == "exec"))
            self.assertIn(said, done.err)
        self.succeed([DEMO, "unpause", name])
        self.succeed([DEMO, "pause", name])
        self.succeed([DEMO, "stop", "-t", "0", name])
        self.succeed([DEMO, "rm", name])
        for line in read("/proc/self/mountinfo").splitlines():
            fields = line.split()
            if fields[fields.index("-") + 1].startswith("cgroup"):
                self.assertFalse(os.path.exists(fields[4] + parent))

    def test_another_parent_and_too_much_memory(self):
        name = harness.random_name("test")
        parent = HIS + harness.random_name()
        done = self.run_command(
            [DEMO, "run", "--name", name, "--cgroup-parent", parent, "-m",
             "8m", "--memory-swap", "8m", BUSYBOX, "sh", "-c",
             "x=$(dd if=/dev/zero bs=1M count=64 | tr '\\0' x)"])
        self.assertEqual(done.status, 137, str(done))
        self.assertTrue(self.inspect(name, ".State.OOMKilled"))
        self.succeed([DEMO, "rm", name])

    def test_refused_parents(self):
        for parent in ("../x", "/x/../../y", "a" * 2000):
            self.refused(["--cgroup-parent", parent], "invalid cgroup parent")

    def test_refused_device_rules(self):
        for rule in ("c 1:3", "x 1:3 r", "c 1 rwm", "c 1:3 rr", "c a:3 r", ""):
            self.refused(["--device-cgroup-rule", rule],
                         "invalid device cgroup format '%s'" % rule)


class Mounts(OptionTest):
    def mounts(self, *options, script=""):
        """{target: (options, optional fields, type)} below /x."""
        found = {}
        for line in self.sh("%s cat /proc/self/mountinfo" % script,
                            *options).splitlines():
            fields = line.split()
            dash = fields.index("-")
            if fields[4] == "/x" or fields[4].startswith("/x/"):
                found[fields[4]] = (
                    set(fields[5].split(",")) |
                    set(fields[dash + 3].split(",")[1:]),
                    [field.split(":")[0] for field in fields[6:dash]],
                    fields[dash + 1])
        return found

    def tree(self):
        """A shared mount, and one below it."""
        place = self.scratch()
        self.succeed(["mount", "-t", "tmpfs", "outer", place])
        self.addCleanup(self.succeed, ["umount", "-R", place])
        self.succeed(["mount", "--make-shared", place])
        os.mkdir(place + "/sub")
        self.succeed(["mount", "-t", "tmpfs", "inner", place + "/sub"])
        return place

    def test_propagation(self):
        place = self.tree()
        # All that a user has comes from the host, and goes no way back.
        shared = ["shared", "master"] if harness.caller else ["shared"]
        for way, wanted in ((None, []), ("private", []), ("rprivate", []),
                            ("shared", shared), ("rshared", shared),
                            ("slave", ["master"]), ("rslave", ["master"])):
            with self.subTest(way=way):
                said = ",bind-propagation=" + way if way else ""
                by_mount = self.mounts("--mount", "type=bind,src=%s,dst=/x%s" %
                                       (place, said))
                self.assertEqual(by_mount["/x"][1], wanted)
                by_v = self.mounts("-v", "%s:/x%s" % (place, ":" + way if way
                                                      else ""))
                self.assertEqual(by_v["/x"][1], wanted)

    def test_what_is_mounted_later(self):
        """It is seen in a slave, and not in what is private."""
        place = self.tree()
        os.mkdir(place + "/later")
        found = {}
        for way in ("rslave", "rprivate"):
            found[way] = self.background(
                "--mount", "type=bind,src=%s,dst=/x,bind-propagation=%s" %
                (place, way), BUSYBOX, "sleep", "600")
        self.succeed(["mount", "-t", "tmpfs", "later", place + "/later"])
        for way, (process, record) in found.items():
            self.assertEqual(" /x/later " in read(
                "/proc/%d/mountinfo" % record["pid"]), way == "rslave", way)
            self.end(process, record["name"])

    def test_recursion(self):
        place = self.tree()
        bind = "type=bind,src=%s,dst=/x" % place
        for said, top, below in (
                ("", "rw", "rw"), (",bind-recursive=enabled", "rw", "rw"),
                (",bind-nonrecursive", "rw", None),
                (",bind-nonrecursive=true,ro", "ro", None),
                (",bind-nonrecursive=false", "rw", "rw"),
                (",bind-recursive=disabled", "rw", None),
                (",ro,bind-recursive=writable", "ro", "rw"),
                (",ro,bind-recursive=readonly,bind-propagation=rprivate",
                 "ro", "ro"),
                (",ro", "ro", "ro"), (",readonly", "ro", "ro"),
                (",readonly=true", "ro", "ro"), (",ro=0", "rw", "rw"),
                (",consistency=delegated", "rw", "rw")):
            with self.subTest(said=said):
                found = self.mounts("--mount", bind + said)
                self.assertIn(top, found["/x"][0])
                self.assertEqual("/x/sub" in found, below is not None)
                if below:
                    self.assertIn(below, found["/x/sub"][0])

    def volume(self, *options):
        name = harness.random_name("volume")
        self.addCleanup(self.succeed, [DEMO, "volume", "rm", "-f", name])
        return name, ["--mount", ",".join(("src=" + name, *options))]

    def test_a_volume_that_is_not_filled(self):
        look = "ls /etc/passwd 2>/dev/null; true"
        for said, wanted in (((), "/etc/passwd\n"), (("volume-nocopy",), ""),
                             (("volume-nocopy=false",), "/etc/passwd\n"),
                             (("volume-driver=local",), "/etc/passwd\n")):
            with self.subTest(said=said):
                name, words = self.volume("type=volume", "dst=/etc", *said)
                self.assertEqual(self.sh(look, *words), wanted)
        name = harness.random_name("volume")
        self.assertEqual(self.sh(look, "-v", name + ":/etc:nocopy"), "")
        self.assertEqual(self.sh(look, "--volume-driver", "local", "-v",
                                 name + "-2:/etc"), "/etc/passwd\n")
        self.succeed([DEMO, "volume", "rm", name, name + "-2"])

    def test_a_path_in_a_volume(self):
        name, whole = self.volume("dst=/v")
        self.sh("mkdir -p /v/a/b; echo of-b >/v/a/b/f; echo top >/v/f; "
                "ln -s a/b /v/in; ln -s /../../../etc /v/out", *whole)
        for path, said in (("a/b", "of-b\n"), ("./a//b/.", "of-b\n"),
                           ("a/../a/b", "of-b\n"), ("in", "of-b\n")):
            with self.subTest(path=path):
                words = ["--mount", "src=%s,dst=/x,volume-subpath=%s" %
                         (name, path)]
                self.assertEqual(self.sh("cat /x/f", *words), said)
        # A file is one, too; read-only; and it is the volume's own.
        words = ["--mount", "src=%s,dst=/x,volume-subpath=f" % name]
        self.assertEqual(self.sh("cat /x; echo new >/x", *words), "top\n")
        self.assertEqual(self.sh("cat /v/f", *whole), "new\n")
        words[1] += ",ro"
        self.assertEqual(self.sh("echo x >/x 2>&1 || echo no", *words)[-3:],
                         "no\n")
        # Others who come to it see no more, and so does cp.
        words = ["--mount", "src=%s,dst=/x,volume-subpath=a/b" % name]
        container = self.succeed([DEMO, "create", *words,
                                  BUSYBOX]).out.strip()
        self.addCleanup(self.demo_rm, container)
        self.assertEqual(self.sh("ls /x", "--volumes-from", container), "f\n")
        self.succeed([DEMO, "cp", "/etc/hostname", container + ":/x/h"])
        self.assertEqual(self.sh("ls /v/a/b", *whole), "f\nh\n")
        everything = self.sh("ls /v", *whole)
        self.assertEqual(everything.split(), ["a", "f", "in", "out"])
        self.assertEqual(self.sh("ls /x", "--mount", "src=%s,dst=/x,"
                                 "volume-subpath=" % name), everything)
        # Nothing outside is reached, and nothing copied from the image.
        for path in ("out", "nowhere"):
            done = self.run_in("--mount", "src=%s,dst=/x,volume-subpath=%s" %
                               (name, path), BUSYBOX, "true")
            self.assertEqual(done.status, 125, str(done))
            self.assertIn("cannot access path %s of volume %s" % (path, name),
                          done.err)
        self.sh("mkdir /v/empty", *whole)
        self.assertEqual(self.sh("ls /etc/passwd 2>/dev/null; true", "--mount",
                                 "src=%s,dst=/etc,volume-subpath=empty" %
                                 name), "")

    def test_what_inspect_says_of_a_mount(self):
        name, _ = self.volume("dst=/v")
        container = self.succeed([
            DEMO, "create", "--mount", "src=%s,dst=/a,volume-subpath=s,"
            "volume-nocopy,volume-label=x=y,ro" % name,
            "--mount", "type=bind,src=/tmp,dst=/b,bind-propagation=rslave,"
            "bind-recursive=disabled", "--mount", "type=tmpfs,dst=/c,"
            "tmpfs-size=1m,tmpfs-mode=700", "--mount", "type=tmpfs,dst=/d",
            "-v", "/tmp:/e", BUSYBOX]).out.strip()
        self.addCleanup(self.demo_rm, container)
        found = json.loads(self.succeed([DEMO, "inspect", container]).out)
        self.assertEqual(found[0]["HostConfig"]["Mounts"], [
            {"Type": "volume", "Source": name, "Target": "/a",
             "ReadOnly": True, "VolumeOptions": {
                 "NoCopy": True, "Labels": {"x": "y"}, "Subpath": "s"}},
            {"Type": "bind", "Source": "/tmp", "Target": "/b", "BindOptions": {
                "Propagation": "rslave", "NonRecursive": True}},
            {"Type": "tmpfs", "Target": "/c", "TmpfsOptions": {
                "SizeBytes": 1 << 20, "Mode": 0o700}},
            {"Type": "tmpfs", "Target": "/d"}])

    def test_an_image_as_a_mount(self):
        if self.succeed([DEMO, "info", "-f", "{{.Driver}}"]).out != (
                "overlay2\n"):
            self.skipTest("it takes the storage driver overlay")
        image = harness.random_name("image") + ":1"
        made = harness.random_name("test")
        self.succeed([DEMO, "run", "--name", made, BUSYBOX, "sh", "-c",
                      "echo one >/f; mkdir /d; echo x >/d/x; "
                      "ln -s /etc /d/out; rm /etc/group"])
        self.succeed([DEMO, "commit", made, image])
        self.succeed([DEMO, "rm", made])
        self.addCleanup(self.succeed, [DEMO, "rmi", image])
        mount = "type=image,src=%s,dst=/mnt" % image
        # Its layers as one, what a layer has deleted too; and never written.
        self.assertEqual(self.sh(
            "cat /mnt/f /mnt/d/x; ls /mnt/etc/group 2>/dev/null; "
            "ls /mnt/bin/busybox; touch /mnt/y 2>&1 | grep -o Read-only",
            "--mount", mount), "one\nx\n/mnt/bin/busybox\nRead-only\n")
        for path, look, said in (("d", "cat /mnt/x", "x\n"),
                                 ("f", "cat /mnt", "one\n"),
                                 ("d/out", "ls /mnt/passwd",
                                  "/mnt/passwd\n")):
            with self.subTest(path=path):
                self.assertEqual(self.sh(
                    look, "--mount", mount + ",image-subpath=" + path), said)
        done = self.run_in("--mount", mount + ",image-subpath=no", BUSYBOX,
                           "true")
        self.assertEqual(done.status, 125)
        self.assertIn("cannot access path no of the image", done.err)
        # One of a single layer, and several at once.
        self.assertEqual(self.sh(
            "ls /a/bin/busybox /mnt/f", "--mount",
            "type=image,src=busybox,dst=/a", "--mount", mount),
            "/a/bin/busybox\n/mnt/f\n")
        # As long as a container has it, it stays.
        container = self.succeed([DEMO, "create", "--mount", mount, BUSYBOX,
                                  "cat", "/mnt/f"]).out.strip()
        self.addCleanup(harness.run, [DEMO, "rm", "-f", container])
        done = self.run_command([DEMO, "rmi", image])
        self.assertEqual(done.status, 1)
        self.assertIn("is using its referenced image", done.err)
        self.succeed([DEMO, "image", "prune", "-af"])
        self.assertEqual(self.succeed([DEMO, "start", "-a", container]).out,
                         "one\n")
        self.succeed([DEMO, "rm", container])

    def demo_rm(self, container):
        self.succeed([DEMO, "rm", "-f", container])

    def test_a_volume_with_labels_and_options(self):
        name, words = self.volume(
            "dst=/x", "volume-label=a=b", "volume-label=c",
            "volume-opt=type=tmpfs", "volume-opt=device=tmpfs",
            "\"volume-opt=o=size=1m,mode=700\"")
        options, _, kind = self.mounts(*words)["/x"]
        self.assertEqual(kind, "tmpfs")
        self.assertLessEqual({"size=1024k", "mode=700"}, options)
        made = json.loads(self.succeed([DEMO, "volume", "inspect", name]).out)
        self.assertEqual(made[0]["Labels"], {"a": "b", "c": ""})
        self.assertEqual(made[0]["Options"], {
            "type": "tmpfs", "device": "tmpfs", "o": "size=1m,mode=700"})

    def test_a_read_only_volume(self):
        name, words = self.volume("dst=/x", "readonly")
        self.assertIn("ro", self.mounts(*words)["/x"][0])

    def test_a_tmpfs(self):
        found = self.mounts("--mount", "type=tmpfs,dst=/x,tmpfs-size=2m,"
                            "tmpfs-mode=1750")
        self.assertLessEqual({"size=2048k", "mode=1750", "nosuid", "nodev",
                              "noexec", "rw"}, found["/x"][0])
        self.assertIn("ro", self.mounts(
            "--mount", "type=tmpfs,destination=/x,ro")["/x"][0])

    def test_refused_keys(self):
        here = "type=bind,src=/tmp,dst=/x"
        for value, said in (
                ("type=npipe,dst=/x", 'invalid mount config for type "npipe": '
                 "mount type unknown"),
                ("type=bind,dst=/x", "field Source must not be empty"),
                ("type=bind,src=/tmp", "target is required"),
                ("type=tmpfs,src=/tmp,dst=/x", "field Source must not be "
                 "specified"),
                (here + ",foo=bar", "unexpected key 'foo' in 'foo=bar'"),
                (here + ",foo", "invalid field 'foo' must be a key=value pair"),
                (here + ",ro=maybe", "invalid boolean value"),
                (here + ",bind-propagation=up", "invalid propagation mode: "
                 "up"),
                (here + ",bind-recursive=never", "invalid value for "
                 "bind-recursive: never"),
                (here + ",bind-recursive=writable", "requires 'readonly' to be "
                 "specified"),
                (here + ",ro,bind-recursive=readonly", "requires "
                 "'bind-propagation=rprivate'"),
                (here + ",volume-nocopy", "cannot mix 'volume-*' options with "
                 "mount type 'bind'"),
                ("type=tmpfs,dst=/x,bind-propagation=shared", "cannot mix "
                 "'bind-*' options with mount type 'tmpfs'"),
                ("src=v1,dst=/x,tmpfs-size=1m", "cannot mix 'tmpfs-*' options "
                 "with mount type 'volume'"),
                ("type=tmpfs,dst=/x,tmpfs-mode=9", "invalid value for "
                 "tmpfs-mode: 9"),
                ("type=tmpfs,dst=/x,tmpfs-size=x", "invalid value for "
                 "tmpfs-size: x"),
                ("src=v1,dst=/x,volume-driver=nfs", 'plugin "nfs" not found'),
                ("dst=/x,ro", "must not set ReadOnly mode when using "
                 "anonymous volumes"),
                ("type=image,dst=/x", "field Source must not be empty"),
                ("type=image,src=i,dst=/x,image-subpath=../a", "subpath must "
                 "be a relative path within the image"),
                (here + ",image-subpath=a", "cannot mix 'image-*' options with "
                 "mount type 'bind'"),
                ("dst=/x,volume-subpath=a", "must not set Subpath when using "
                 "anonymous volumes"),
                ("src=v1,dst=/x,volume-subpath=/a", "subpath must be a "
                 "relative path within the volume"),
                ("src=v1,dst=/x,volume-subpath=a/../..", "subpath must be a "
                 "relative path within the volume")):
            with self.subTest(value=value):
                self.refused(["--mount", value], said)

    def test_refused_drivers(self):
        self.refused(["--volume-driver", "nfs", "-v", "v1:/x"],
                     'error looking up volume plugin nfs: plugin "nfs" not '
                     "found")


class Words(OptionTest):
    def test_labels_from_files(self):
        place = self.scratch() + "/labels"
        with open(place, "w", encoding="utf-8") as file:
            file.write("# a comment\n\ncom.example.one=of the file\n"
                       "com.example.two=2 = two\ncom.example.three\n")
        name = harness.random_name("test")
        self.succeed([DEMO, "create", "--name", name, "--label-file", place,
                      "-l", "com.example.one=typed", BUSYBOX, "true"])
        self.assertEqual(self.inspect(name, ".Config.Labels"), {
            "com.example.one": "typed", "com.example.two": "2 = two",
            "com.example.three": ""})
        self.assertEqual(self.succeed(
            [DEMO, "ps", "-aq", "--no-trunc", "--filter",
             "label=com.example.two=2 = two"]).out.strip(),
            self.records()[name]["id"])
        self.succeed([DEMO, "rm", name])
        self.refused(["--label-file", "/no/such"], "open /no/such: No such")
        with open(place, "w", encoding="utf-8") as file:
            file.write("two words=x\n")
        self.refused(["--label-file", place], "contains whitespaces")

    def test_annotations(self):
        name = harness.random_name("test")
        self.succeed([DEMO, "create", "--name", name, "--annotation",
                      "org.example.a=b", "--annotation", "c=d=e", BUSYBOX,
                      "true"])
        self.assertEqual(self.inspect(name, ".HostConfig.Annotations"),
                         {"org.example.a": "b", "c": "d=e"})
        self.succeed([DEMO, "start", "-a", name])
        self.succeed([DEMO, "rm", name])

    def test_a_file_with_its_id(self):
        place = self.scratch() + "/id"
        self.succeed([DEMO, "run", "--rm", "--cidfile", place, BUSYBOX,
                      "true"])
        self.assertRegex(read(place), r"^[0-9a-f]{64}$")
        self.refused(["--cidfile", place], "container ID file found, make "
                     "sure the other container isn't running or delete " +
                     place)

    def test_what_there_is_one_of(self):
        self.sh("true", "--isolation", "default", "--runtime", "mydocker-oci",
                "--disable-content-trust", "--platform", "linux/" + {
                    "x86_64": "amd64", "aarch64": "arm64"}.get(
                        os.uname().machine, os.uname().machine),
                "--pull", "missing", "-q")

    def test_what_there_is_not(self):
        for words, said in (
                (["--gpus", "all"], 'could not select device driver "" with '
                 "capabilities: [[gpu]]"),
                (["--storage-opt", "size=1g"], "--storage-opt is supported "
                 "only for overlay over xfs"),
                (["--storage-opt", "size"], "invalid storage option"),
                (["--isolation", "hyperv"], "invalid isolation (hyperv): linux "
                 "only supports 'default'"),
                (["--runtime", "other"], "unknown or invalid runtime name: "
                 "other"),
                (["--platform", "linux/s390x"], "does not provide the "
                 "specified platform (linux/s390x)"),
                (["--log-driver", "syslog"], "no log driver named 'syslog'"),
                (["--log-driver", "none", "--log-opt", "max-size=1m"],
                 "invalid logging opts for driver none"),
                (["--log-opt", "tag=x"], "unknown log opt 'tag'"),
                (["--userns", "auto"], "--userns: invalid USER mode"),
                (["--cgroupns", "other"], "--cgroupns: invalid CGROUP mode"),
                (["--pid", "other"], "--pid: invalid PID mode"),
                (["--uts", "other"], "--uts: invalid UTS mode"),
                (["--ipc", "other"], "invalid IPC mode: other"),
                (["-a", "stdfoo"], "valid streams are STDIN, STDOUT and "
                 "STDERR"),
                (["--pull", "often"], "invalid pull option: 'often'"),
                (["--stop-signal", "FOO"], "invalid signal: FOO"),
                (["--stop-timeout", "x"], "invalid syntax"),
                (["--restart", "often"], "unknown policy 'often'"),
                (["--restart", "always:3"], "maximum retry count can only be "
                 "used with 'on-failure'"),
                (["--ulimit", "nofile"], "invalid ulimit argument: nofile"),
                (["--ulimit", "files=1"], "invalid ulimit type: files"),
                (["--ulimit", "nofile=5:3"], "soft limit must be less than or "
                 "equal to hard limit"),
                (["--health-interval", "1"], "missing unit in duration"),
                (["--health-interval", "10us"], "cannot be less than 1ms"),
                (["--health-retries", "-1"], "cannot be negative"),
                (["--no-healthcheck", "--health-cmd", "true"],
                 "--no-healthcheck conflicts with --health-* options"),
                (["--volumes-from", "nobody"], "No such container: nobody"),
                (["--link", "nobody"], "No such container: nobody"),
                (["--group-add", "nobodies"], "unable to find group nobodies"),
                (["--expose", "99999"], "invalid port: 99999"),
                (["--detach-keys", "ctrl-!"], "invalid detach keys")):
            with self.subTest(words=words):
                self.refused(words, said)
        self.refused(["-d", "-a", "stdout"], "cannot specify both --attach "
                     "and --detach", status=1)


class Addresses(OptionTest):
    ASK = "ip -o addr show dev eth0"

    def test_of_the_link_alone(self):
        out = self.sh(self.ASK, "--link-local-ip", "169.254.7.9",
                      "--link-local-ip", "fe80::7:9")
        self.assertIn("inet 169.254.7.9/16 ", out)
        self.assertIn("inet6 fe80::7:9/64 scope link ", out)
        self.assertRegex(out, r"inet 172\.\d+\.\d+\.\d+/16 ")

    def test_on_a_network_of_ones_own(self):
        network, name = (harness.random_name("net") for _ in range(2))
        self.succeed([DEMO, "network", "create", network])
        self.addCleanup(harness.run, [DEMO, "network", "rm", network])
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        self.assertIn(" 169.254.7.9/16 ", self.sh(
            self.ASK, "--network",
            "name=%s,link-local-ip=169.254.7.9" % network))
        self.succeed([DEMO, "run", "-d", "--name", name, BUSYBOX, "sleep",
                      "600"])
        self.succeed([DEMO, "network", "connect", "--link-local-ip",
                      "169.254.8.8", network, name])
        self.assertIn(" 169.254.8.8/16 ", self.succeed(
            [DEMO, "exec", name, "ip", "-o", "addr", "show", "dev",
             "eth1"]).out)
        self.assertEqual(self.inspect(
            name, '(index .NetworkSettings.Networks "%s").IPAMConfig' %
            network), {"LinkLocalIPs": ["169.254.8.8"]})

    def test_two_reach_each_other_by_them(self):
        process, record = self.background(
            "--link-local-ip", "169.254.9.1", BUSYBOX, "sleep", "600")
        self.assertIn("1 packets received", self.sh(
            "ping -c 1 -W 5 169.254.9.1", "--link-local-ip", "169.254.9.2"))

    def test_refused(self):
        for words, said in (
                (["--link-local-ip", "x"], "invalid link-local IP address: x"),
                (["--link-local-ip", "0.0.0.0"], "invalid link-local IP "
                 "address: 0.0.0.0"),
                (["--link-local-ip", "::"], "invalid link-local IP address: "
                 "::"),
                (["--network", "name=bridge,link-local-ip=1.2.3"], "invalid "
                 "link-local IP address: 1.2.3"),
                (["--network", "none", "--link-local-ip", "169.254.1.1"],
                 "link-local IP addresses and the network mode none"),
                (["--network", "host", "--link-local-ip", "169.254.1.1"],
                 "link-local IP addresses and the network mode host"),
                (["--ip", "1.2.3"], "invalid IPv4 address: 1.2.3"),
                (["--ip6", "1.2.3.4"], "invalid IPv6 address: 1.2.3.4"),
                (["--mac-address", "1:2"], "1:2 is not a valid mac address"),
                (["--dns", "x"], "IP address is not correctly formatted: x"),
                (["--add-host", "x"], 'bad format for add-host: "x"'),
                (["--net-alias", "x"], "network-scoped aliases are only "
                 "supported for user-defined networks")):
            with self.subTest(words=words):
                self.refused(words, said)


class Windows(OptionTest):
    """The size of a terminal, asked for by a first instruction."""

    def sized(self, *words):
        """A command on a terminal of 31 lines and 101 columns; what it says."""
        terminal = self.terminal([DEMO, *words], rows=31, columns=101)
        return terminal.wait()

    def sizes_until(self, name, count):
        self.eventually(lambda: len(self.log(name)) >= count)
        return self.log(name)

    def log(self, name):
        return self.succeed([DEMO, "logs", name]).out.split("\r\n")[:-1]

    def test_at_each_restart(self):
        name = harness.random_name("test")
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        self.sized("run", "-it", "--restart", "always", "--name", name,
                   BUSYBOX, "stty", "size")
        self.assertEqual(self.sizes_until(name, 6)[:6], ["31 101"] * 6)

    def test_when_it_is_started_by_nobody_with_a_terminal(self):
        name = harness.random_name("test")
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        self.sized("create", "-t", "--name", name, BUSYBOX, "stty", "size")
        self.assertEqual(self.inspect(name, ".HostConfig.ConsoleSize"),
                         [31, 101])
        self.succeed([DEMO, "start", name])
        self.succeed([DEMO, "wait", name])
        self.assertEqual(self.log(name), ["31 101"])

    def test_as_it_was_when_it_ended(self):
        """The window was made larger: that is its size from then on."""
        name = harness.random_name("test")
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        terminal = self.terminal(
            [DEMO, "run", "-it", "--restart", "always", "--name", name,
             BUSYBOX, "sh", "-c", "stty size; read x; stty size"],
            rows=31, columns=101)
        terminal.expect("31 101")
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 40, 120, 0, 0))

        def inside():
            return self.succeed([DEMO, "exec", name, "stty", "-F",
                                 "/dev/pts/0", "size"]).out
        self.eventually(lambda: inside() == "40 120\n")
        terminal.send("x\r")
        terminal.wait()
        self.assertEqual(self.sizes_until(name, 4),
                         ["31 101", "x", "40 120", "40 120"])
