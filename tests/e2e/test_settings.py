"""What run's options become, by what the kernel says inside; and that what is
refused has changed nothing."""

import json
import os
import re
import unittest

import harness
from test_run import BUSYBOX, DEMO, ContainerTest, monitor_of, read


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


def number_of(caps):
    return int(re.search(r"CapBnd:\s*(\S+)", caps).group(1), 16)


class Settings(ContainerTest):
    leaves = ContainerTest.leaves + (
        "+ file /var/tmp/mydocker-state-*/events.log",)

    def test_capabilities(self):
        look = "grep CapBnd /proc/self/status"
        usual = 0xa80425fb
        ours = harness.capabilities()
        for options, wanted in (
                ([], usual), (["--cap-add", "SYS_ADMIN"], usual | 1 << 21),
                (["--cap-drop", "chown"], usual & ~1),
                (["--cap-drop", "ALL"], 0),
                (["--cap-drop", "ALL", "--cap-add", "CAP_CHOWN"], 1),
                (["--privileged"], ours)):
            with self.subTest(options=options):
                self.assertEqual(number_of(self.sh(look, *options)),
                                 wanted & ours)

    def test_seccomp(self):
        status = "grep Seccomp: /proc/self/status"
        self.assertEqual(self.sh(status), "Seccomp:\t2\n")
        for option in ("--privileged", "--security-opt=seccomp=unconfined"):
            self.assertEqual(self.sh(status, option), "Seccomp:\t0\n")
        refused = self.run_in(BUSYBOX, "unshare", "-U", "true")
        self.assertIn("Operation not permitted", refused.err)
        self.sh("unshare -m true", "--cap-add", "SYS_ADMIN")
        profile = self.scratch() + "/profile.json"
        with open(profile, "w", encoding="utf-8") as file:
            json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                 "errnoRet": 28,
                 "excludes": {"caps": ["CAP_SYS_ADMIN"]}}]}, file)
        option = "--security-opt=seccomp=" + profile
        done = self.run_in(option, BUSYBOX, "mkdir", "/x")
        self.assertIn("No space left on device", done.err)
        self.sh("mkdir /x", option, "--cap-add", "SYS_ADMIN")

    def test_limits_of_a_process(self):
        self.assertEqual(
            self.sh("ulimit -n; ulimit -Hn; ulimit -c; "
                    "cat /proc/self/oom_score_adj",
                    "--ulimit", "nofile=100:200", "--ulimit", "core=-1",
                    "--oom-score-adj", "500"), "100\n200\nunlimited\n500\n")

    def test_kernel_parameters(self):
        self.assertEqual(
            self.sh("cd /proc/sys; cat net/ipv4/ip_default_ttl kernel/shmmni",
                    "--sysctl", "net.ipv4.ip_default_ttl=77", "--sysctl",
                    "kernel.shmmni=99"), "77\n99\n")

    def test_devices(self):
        self.assertRegex(
            self.sh("ls -l /dev/mine; cat /dev/mine | head -c 0",
                    "--device", "/dev/null:/dev/mine:r"),
            r"^crw.* 1, +3 .*/dev/mine\n$")
        done = self.run_in("--device", "/dev/no-such", BUSYBOX, "true")
        self.assertEqual(done.status, 125)
        self.assertIn('adding custom device "/dev/no-such": No such file',
                      done.err)
        # A node can be made; what may be opened is what the rules say.
        if harness.caller:
            done = self.run_in("--device-cgroup-rule", "c 10:237 r", BUSYBOX,
                               "true")
            self.assertEqual(done.status, 125, str(done))
            self.assertIn("--device-cgroup-rule: it takes", done.err)
        if not os.path.exists("/dev/loop-control"):
            self.skipTest("no /dev/loop-control, which anybody may open")
        node = "mknod /dev/loops c 10 237; : </dev/loops"
        self.assertIn("Operation not permitted", self.run_in(
            BUSYBOX, "sh", "-c", node).err)
        self.sh(node, "--device-cgroup-rule", "c 10:237 r")

    def test_shared_memory(self):
        self.assertIn("size=1024k", self.sh("grep /dev/shm /proc/mounts",
                                            "--shm-size", "1m"))
        self.assertEqual(self.sh("grep -c /dev/shm /proc/mounts; true",
                                 "--ipc", "none"), "0\n")

    def test_shared_memory_of_another_container(self):
        """Of one that shares it, or has another's or the host's; with the
        namespace goes what is in /dev/shm."""
        process, record = self.background(
            "--ipc", "shareable", "--shm-size", "2m", BUSYBOX, "sleep", "600")
        name, place = record["name"], "%s/containers/%s/shm" % (
            self.store, record["id"])
        self.assertTrue(os.path.isdir(place))
        self.succeed([DEMO, "exec", name, "sh", "-c",
                      "echo mine >/dev/shm/file"])
        seen = "cat /dev/shm/file; grep -o size=2048k /proc/mounts"
        self.assertEqual(self.sh(seen + "; echo yours >/dev/shm/file", "--ipc",
                                 "container:" + name), "mine\nsize=2048k\n")
        second, joined = self.background("--ipc", "container:" + name, BUSYBOX,
                                         "sleep", "600")
        self.assertEqual(self.sh(seen, "--ipc", "container:" + joined["name"]),
                         "yours\nsize=2048k\n")
        # Who has joined keeps it; the host has none of it any more.
        self.end(process, name)
        self.assertFalse(os.path.exists(place))
        self.assertNotIn(record["id"], read("/proc/self/mounts"))
        self.assertEqual(self.succeed([
            DEMO, "exec", joined["name"], "cat", "/dev/shm/file"]).out,
            "yours\n")
        self.end(second, joined["name"])

    def test_shared_memory_that_is_not_shared(self):
        for options in ([], ["--ipc", "private"], ["--ipc", "none"]):
            with self.subTest(options=options):
                process, record = self.background(*options, BUSYBOX, "sleep",
                                                  "600")
                done = self.run_in("--ipc", "container:" + record["name"],
                                   BUSYBOX, "true")
                self.assertEqual(done.status, 125)
                self.assertIn(
                    "failed to join IPC namespace: container %s: "
                    "non-shareable IPC (hint: use IpcMode:shareable for the "
                    "donor container)" % record["id"], done.err)
                self.end(process, record["name"])

    def host_of(self, name):
        """An ordinary user's network has a host of its own, where his monitors
        are, and where they are as long as one of them is."""
        if not harness.caller or name != "net":
            return "/proc/self"
        _, record = self.background(BUSYBOX, "sleep", "600")
        return "/proc/%d" % monitor_of(record["pid"])

    def test_namespaces_of_the_host(self):
        for option, name in (("--pid", "pid"), ("--ipc", "ipc"),
                             ("--uts", "uts"), ("--network", "net"),
                             ("--cgroupns", "cgroup")):
            with self.subTest(option=option):
                look = "readlink /proc/self/ns/" + name
                host = os.readlink("%s/ns/%s" % (self.host_of(name), name))
                host += "\n"
                self.assertEqual(self.sh(look, option, "host"), host)
                self.assertNotEqual(self.sh(look), host)

    def test_namespaces_of_another_container(self):
        kinds = (("--network", "net"), ("--pid", "pid"), ("--ipc", "ipc"),
                 ("--uts", "uts"))
        process, record = self.background("--ipc", "shareable", BUSYBOX,
                                          "sleep", "600")
        name = record["name"]
        for option, kind in kinds:
            with self.subTest(option=option):
                theirs = os.readlink("/proc/%d/ns/%s" % (record["pid"], kind))
                self.assertEqual(self.sh(
                    "readlink /proc/self/ns/" + kind, option,
                    "container:" + name), theirs + "\n")
        # Its names go with its network.
        self.assertEqual(self.sh("tail -1 /etc/hosts; hostname", "--network",
                                 "container:" + name),
                         "%s\t%.12s\n%.12s\n" % (
                             record["address"], record["id"], record["id"]))
        self.end(process, name)
        done = self.run_in("--pid", "container:" + name, BUSYBOX, "true")
        self.assertEqual(done.status, 125)
        self.assertIn("No such container: " + name, done.err)

    def test_one_that_has_ended(self):
        name = harness.random_name("test")
        self.succeed([DEMO, "run", "--name", name, BUSYBOX, "true"])
        done = self.run_in("--network", "container:" + name, BUSYBOX, "true")
        self.succeed([DEMO, "rm", name])
        self.assertEqual(done.status, 125)
        self.assertIn("non running container", done.err)

    def test_links(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        name = record["name"]
        self.assertEqual(
            self.sh("tail -3 /etc/hosts | head -2", "--link", name + ":db"),
            "%s\tdb\n%s\t%s\n" % (record["address"], record["address"],
                                  name))
        self.end(process, name)
        before = os.listdir(self.store + "/containers")
        for words in (["run"], ["run", "-d"], ["create"]):
            done = self.run_command([DEMO, *words, "--link", name + ":db",
                                     BUSYBOX, "true"])
            self.assertEqual(done.status, 1 if words == ["create"] else 125)
            self.assertEqual(done.err.splitlines()[0], (
                "mydocker %s: could not get container for %s: No such "
                "container: %s" % (words[0], name, name)))
        self.assertEqual(os.listdir(self.store + "/containers"), before)

    def test_names(self):
        out = self.sh("tail -3 /etc/hosts; cat /etc/resolv.conf; hostname -f",
                      "--add-host", "db:1.2.3.4", "--add-host",
                      "up:host-gateway", "--dns", "192.0.2.1", "--dns-search",
                      "x.org", "--dns-option", "ndots:2", "-h", "web",
                      "--domainname", "d.org")
        self.assertRegex(
            out, r"^1\.2\.3\.4\tdb\n[\d.]+\.1\tup\n[\d.]+\tweb\.d\.org web\n"
            r"nameserver 192\.0\.2\.1\nsearch x\.org\noptions ndots:2\n")
        self.assertTrue(out.endswith("\nweb.d.org\n"), out)

    def test_volumes_of_another_container(self):
        process, record = self.background("-v", "/x", BUSYBOX, "sh", "-c",
                                          "echo theirs >/x/y; sleep 600")
        self.assertEqual(self.sh("cat /x/y; touch /x/z 2>/dev/null || echo no",
                                 "--volumes-from", record["name"] + ":ro"),
                         "theirs\nno\n")
        self.end(process, record["name"])

    def test_groups(self):
        out = self.sh("id -G", "-u", "5:6", "--group-add", "77",
                      "--group-add", "root")
        self.assertEqual(sorted(out.split()), ["0", "6", "77"])
        done = self.run_in("--group-add", "nobodys", BUSYBOX, "true")
        self.assertIn("unable to find group nobodys", done.err)

    def test_init(self):
        out = self.sh("tr '\\0' ' ' </proc/1/cmdline; echo $$", "--init")
        self.assertRegex(out, r"^/sbin/docker-init -- sh -c .*\d\n$")

    def test_mount_options(self):
        place = self.scratch()
        out = self.sh("grep -E ' /(a|b|c) ' /proc/mounts",
                      "--mount", "type=bind,src=%s,dst=/a,ro" % place,
                      "--mount", "type=tmpfs,dst=/b,tmpfs-size=1m,"
                      "tmpfs-mode=700", "-v", place + ":/c:ro")
        rows = {line.split()[1]: line.split()[3].split(",")
                for line in out.splitlines()}
        self.assertIn("ro", rows["/a"])
        self.assertIn("ro", rows["/c"])
        self.assertLessEqual({"nosuid", "nodev", "noexec", "size=1024k",
                              "mode=700"}, set(rows["/b"]))

    def test_files_of_variables(self):
        place = self.scratch() + "/env"
        with open(place, "w", encoding="utf-8") as file:
            file.write("# no\nA=from file\nB= b \nFOREIGN\n")
        out = self.sh("echo \"$A|$B|$FOREIGN\"", "--env-file", place, "-e",
                      "A=typed", env=harness.environment(FOREIGN="f"))
        self.assertEqual(out, "typed| b |f\n")

    def test_what_is_kept(self):
        name = harness.random_name("test")
        self.succeed([DEMO, "run", "--name", name, "-l", "k=v", "-m", "8m",
                      "-e", "A=\udcff", "--stop-timeout", "0", BUSYBOX,
                      "true"])
        place = os.path.join(self.store, "containers",
                             self.records()[name]["id"])
        with open(place + "/settings.json", encoding="utf-8") as file:
            kept = json.load(file)
        self.succeed([DEMO, "rm", name])
        self.assertEqual(kept["version"], 1)
        self.assertEqual(kept["labels"], ["k=v"])
        self.assertEqual(kept["limits"], {"memory": 8 << 20})
        self.assertEqual(kept["stopTimeoutS"], 0)
        self.assertIn({"hex": "413dff"}, kept["env"])

    def test_what_is_refused_changes_nothing(self):
        before = harness.residue.snapshot()
        for words, said in (
                (["--cpus", "1", "--cpu-quota", "5000"], "Nano CPUs and CPU "
                 "Quota cannot both be set"),
                (["--memory-swap", "1g"], "always set the Memory limit"),
                (["--rm", "--restart", "always"], "--restart and --rm"),
                (["--cap-add", "everything"], "unknown capability"),
                (["--sysctl", "vm.swappiness=1"], "is not allowed"),
                (["-v", "/a:/x", "--tmpfs", "/x"], "Duplicate mount point: "
                 "/x"),
                (["--network", "container:x", "-p", "80:80"], "container type "
                 "network mode"),
                (["--security-opt", "seccomp=/no-such-here"], "opening seccomp "
                 "profile")):
            with self.subTest(words=words):
                done = self.run_command([DEMO, "run", *words, BUSYBOX, "true"])
                self.assertEqual(done.status, 125, str(done))
                self.assertIn(said, done.err)
        self.assertEqual(harness.residue.compare(
            before, harness.residue.snapshot()), [])
        self.assertEqual(self.records(), {})
