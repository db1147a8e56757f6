"""mydocker-oci for an ordinary user: what takes no right is done, what takes
one is refused in words, and nothing of the host is within reach.
"""

import json
import os
import signal

import harness
from harness import USER
from test_ids import ACCOUNT, AS_USER, BIND
from test_oci_verbs import OCI, OciTest as _OciTest, read

LENT = "somebody:700000:65536\n"
NO_CGROUP = "no cgroup"


class Rootless(_OciTest):
    """All that is called is called by somebody with no name and no rights."""

    def spec(self):
        os.chmod(self.place, 0o755)
        for top, directories, files in os.walk(self.place):
            for name in (".", *directories, *files):
                os.lchown(os.path.join(top, name), USER, USER)
        self.succeed([OCI, "spec", "--rootless", "-b", self.bundle])

    def run_command(self, argv, timeout=60, **more):
        return super().run_command(argv, timeout, user=USER, **more)

    def host(self, container, name):
        """A file of its first process in the host's /proc."""
        return read("/proc/%d/%s" % (self.state(container)["pid"], name))

    def cgroup_is_ours(self):
        """On version 2 something may have been handed down."""
        return os.path.exists("/sys/fs/cgroup/cgroup.controllers")


class Verbs(Rootless):
    def test_a_life(self):
        self.make_bundle("sleep", "600")
        container = self.create()
        self.assertEqual(self.state(container)["status"], "created")
        self.oci("start", container)
        self.assertEqual(self.state(container)["status"], "running")
        # Root in there is the user here, who cannot become anybody else.
        status = self.host(container, "status")
        self.assertIn("Uid:\t%d\t%d\t%d\t%d\n" % ((USER,) * 4), status)
        for name in ("uid_map", "gid_map"):
            self.assertEqual(self.host(container, name).split(),
                             ["0", str(USER), "1"])
        self.assertEqual(self.host(container, "setgroups"), "deny\n")
        self.assertEqual(self.oci("list", "-q").out, container + "\n")
        row, = json.loads(self.oci("list", "-f", "json").out)
        self.assertEqual((row["id"], row["status"]), (container, "running"))
        self.assertIn("#%d" % USER, self.oci("list").out)
        self.oci("kill", container, "KILL")
        self.wait_stopped(container)
        self.oci("delete", container)
        self.assertEqual(self.oci("list", "-q").out, "")

    def test_run(self):
        for args, status in ((["true"], 0), (["sh", "-c", "exit 42"], 42),
                             (["/nowhere"], 127), (["/notes"], 126)):
            with self.subTest(args=args):
                self.make_bundle(*args)
                self.oci("run", "-b", self.bundle, self.new_id(),
                         status=status)
        self.assertEqual(os.listdir(self.root), [])

    def test_exec(self):
        self.make_bundle("sleep", "600")
        container = self.started()
        done = self.oci("exec", "-e", "A=1", "--cwd", "/bin", container, "sh",
                        "-c", "id -u; echo $A; pwd; cat /proc/self/uid_map; "
                        "exit 7", status=7)
        self.assertEqual(done.out.split(),
                         ["0", "1", "/bin", "0", str(USER), "1"])
        done = self.oci("exec", "--user", "5", container, "true", status=1)
        self.assertIn("user 5", done.err)

    def test_a_terminal(self):
        self.make_bundle("sh", "-c", "stty size; test -c /dev/console; "
                         "echo $?", terminal=True)
        terminal = self.terminal(
            [OCI, "--root", self.root, "run", "-b", self.bundle,
             self.new_id()], user=USER, rows=33, columns=44)
        terminal.expect("33 44")
        terminal.expect("0")
        self.assertEqual(terminal.wait().status, 0)

    def test_hooks_are_run_as_the_user(self):
        said = os.path.join(self.place, "said")

        def edit(config):
            config["hooks"] = {kind: [{
                "path": "/bin/sh", "args": ["sh", "-c", "id -u >>" + said]}]
                for kind in ("createRuntime", "poststop")}
        self.make_bundle("true", edit=edit)
        self.oci("run", "-b", self.bundle, self.new_id())
        self.assertEqual(read(said).split(), [str(USER)] * 2)

    def test_what_takes_a_cgroup(self):
        """Without limits it goes without one; and then what lives by it is
        refused, as runc does."""
        if self.cgroup_is_ours():
            self.skipTest("cgroup v2: something may be handed down")
        self.make_bundle("sleep", "600")
        container = self.started()
        self.assertEqual(self.host(container, "cgroup"),
                         read("/proc/self/cgroup"))
        for words in (["ps", container], ["pause", container],
                      ["events", "--stats", container],
                      ["update", "--pids-limit", "9", container],
                      ["exec", "--cgroup", "x", container, "true"]):
            with self.subTest(words=words):
                self.assertIn(NO_CGROUP, self.oci(*words, status=1).err)

    def test_limits_that_cannot_be_kept(self):
        """Never in silence."""
        if self.cgroup_is_ours():
            self.skipTest("cgroup v2: something may be handed down")
        for resources in ({"pids": {"limit": 10}},
                          {"memory": {"limit": 1 << 26}},
                          {"cpu": {"shares": 99}}):
            with self.subTest(resources=resources):
                self.make_bundle("true", edit=lambda config: config["linux"]
                                 .update(resources=resources))
                done = self.oci("run", "-b", self.bundle, self.new_id(),
                                status=1)
                self.assertIn("linux.resources needs a cgroup", done.err)
        self.assertEqual(os.listdir(self.root), [])


class OutOfReach(Rootless):
    def test_what_is_roots_on_the_host(self):
        secret = os.path.join(self.place, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("of the host's root\n")
        os.chmod(secret, 0o600)

        def edit(config):
            config["mounts"].append({
                "destination": "/notes", "source": secret, "type": "bind",
                "options": ["bind"]})
        self.make_bundle("cat", "/notes", edit=edit)
        os.chown(secret, 0, 0)
        done = self.oci("run", "-b", self.bundle, self.new_id(), status=1)
        self.assertEqual(done.out, "")
        self.assertIn("Permission denied", done.err)

    def test_rights_are_none_outside(self):
        """All capabilities, and no host name, clock, device to be had."""
        everything = ["CAP_SYS_ADMIN", "CAP_SYS_TIME", "CAP_MKNOD",
                      "CAP_NET_ADMIN", "CAP_DAC_OVERRIDE"]
        self.make_bundle(
            "sh", "-c", "busybox date -s 2001-01-01; busybox mknod /null c 1 3;"
            " busybox ip link set lo down; busybox chroot /proc/1/root true; "
            "busybox mount -o remount,rw,bind /sys; echo end",
            capabilities={kind: everything for kind in (
                "bounding", "permitted", "effective", "inheritable")})
        done = self.oci("run", "-b", self.bundle, self.new_id())
        self.assertEqual(done.out.splitlines()[-1], "end")
        self.assertEqual(done.err.count("ermitted"), 4, str(done))

    def test_ids_that_are_not_theirs(self):
        for key in ("uidMappings", "gidMappings"):
            with self.subTest(key=key):
                self.make_bundle("true", edit=lambda config: config[
                    "linux"].update({key: [{"containerID": 0, "hostID": 0,
                                            "size": 1}]}))
                done = self.oci("run", "-b", self.bundle, self.new_id(),
                                status=1)
                self.assertIn("map ids of process", done.err)
        self.assertEqual(os.listdir(self.root), [])

    def test_without_a_user_namespace(self):
        def edit(config):
            linux = config["linux"]
            linux["namespaces"] = [space for space in linux["namespaces"]
                                   if space["type"] != "user"]
            del linux["uidMappings"], linux["gidMappings"]
        self.make_bundle("true", edit=edit)
        done = self.oci("run", "-b", self.bundle, self.new_id(), status=1)
        self.assertIn("Operation not permitted", done.err)
        self.assertEqual(os.listdir(self.root), [])

    def test_a_listener_that_would_have_to_be_taken(self):
        """It takes ptrace(2) where NOTIFY is also for what sends it."""
        self.make_bundle("true", edit=lambda config: config["linux"].update(
            seccomp={"defaultAction": "SCMP_ACT_NOTIFY",
                     "listenerPath": self.place + "/agent"}))
        done = self.oci("run", "-b", self.bundle, self.new_id(), status=1)
        self.assertIn("CAP_SYS_PTRACE", done.err)
        self.assertEqual(os.listdir(self.root), [])

    def test_containers_of_others(self):
        self.make_bundle("sleep", "600")
        of_root = os.path.join(self.place, "of-root")
        self.addCleanup(self.succeed_as_root, "--root", of_root, "delete",
                        "--force", "x")
        with open(os.devnull, "w", encoding="utf-8") as null:
            self.succeed_as_root("--root", of_root, "run", "-d", "-b",
                                 self.bundle, "x", stdout=null, stderr=null)
        for words in (["list"], ["state", "x"], ["kill", "x", "KILL"],
                      ["exec", "x", "true"], ["delete", "--force", "x"]):
            with self.subTest(words=words):
                done = self.run_command([OCI, "--root", of_root, *words])
                self.assertEqual(done.status, 1, str(done))
                self.assertIn("Permission denied", done.err)
        done = self.succeed_as_root("--root", of_root, "state", "x")
        self.assertEqual(json.loads(done.out)["status"], "running")

    def succeed_as_root(self, *words, **more):
        done = harness.run([OCI, *words], **more)
        self.assertEqual(done.status, 0, str(done))
        return done


class ManyIds(Rootless):
    """Subordinate ids, by newuidmap(1); /etc is another in each command's
    mount namespace, as in test_ids.py."""

    def setUp(self):
        super().setUp()
        self.need("newuidmap", "newgidmap")
        self.etc = self.scratch()
        self.lend()

    def lend(self, subuid=LENT, subgid=LENT):
        for name, content in (("passwd", "root:x:0:0::/:/bin/sh\n" + ACCOUNT),
                              ("subuid", subuid), ("subgid", subgid)):
            with open(os.path.join(self.etc, name), "w",
                      encoding="utf-8") as file:
                file.write(content)

    def run_command(self, argv, timeout=60, **more):
        return harness.KernelTest.run_command(
            self, ["unshare", "--mount", "sh", "-c", BIND, "sh", self.etc,
                   *AS_USER, *argv], timeout, **more)

    def mapped(self, config):
        for key in ("uidMappings", "gidMappings"):
            config["linux"][key] += [{"containerID": 1, "hostID": 700000,
                                      "size": 65536}]

    def test_a_life(self):
        self.make_bundle("sh", "-c", "id; sleep 600", edit=self.mapped,
                         user={"uid": 1000, "gid": 1000,
                               "additionalGids": [7]})
        container = self.started()
        status = self.host(container, "status")
        self.assertIn("Uid:\t%d\t" % (700000 + 999), status)
        self.assertIn("Gid:\t%d\t" % (700000 + 999), status)
        self.assertEqual(self.host(container, "setgroups"), "allow\n")
        self.assertEqual(self.host(container, "uid_map").split(),
                         ["0", str(USER), "1", "1", "700000", "65536"])
        self.wait_for(lambda: read(self.said), "id")
        self.assertEqual(read(self.said),
                         "uid=1000 gid=1000 groups=7\n")
        done = self.oci("exec", "--user", "5:6", container, "id")
        self.assertIn("uid=5 gid=6", done.out)
        self.oci("kill", container, "KILL")
        self.wait_stopped(container)
        self.oci("delete", container)

    def test_more_than_is_lent(self):
        self.lend(subgid="somebody:700000:9\n")
        self.make_bundle("true", edit=self.mapped)
        done = self.oci("run", "-b", self.bundle, self.new_id(), status=1)
        self.assertRegex(done.err, "map ids of process .*newgidmap: ")
        self.assertEqual(os.listdir(self.root), [])

    def test_newuidmap_is_not_there(self):
        self.make_bundle("true", edit=self.mapped)
        done = self.run_command(["env", "PATH=/nowhere", OCI, "--root",
                                 self.root, "run", "-b", self.bundle, "x"])
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("package uidmap", done.err)


class Joined(Rootless):
    """A user namespace that somebody has made already."""

    def setUp(self):
        super().setUp()
        self.other = harness.start(
            ["unshare", "--user", "--map-root-user", "--net", "sleep", "600"],
            user=USER)
        self.addCleanup(harness.finish, self.other, 5)
        self.addCleanup(harness.signal_group, self.other, signal.SIGKILL)
        self.wait_for(lambda: os.path.basename(os.readlink(
            "/proc/%d/exe" % self.other.pid)) != "unshare", "unshare's end")

    def space(self, kind):
        return os.readlink("/proc/%d/ns/%s" % (self.other.pid, kind))

    def joining(self, *kinds):
        def edit(config):
            linux = config["linux"]
            del linux["uidMappings"], linux["gidMappings"]
            linux["namespaces"] = [space for space in linux["namespaces"]
                                   if space["type"] != "user"]
            linux["namespaces"] += [
                {"type": kind, "path": "/proc/%d/ns/%s" % (
                    self.other.pid, {"network": "net"}.get(kind, kind))}
                for kind in kinds]
        return edit

    def test_a_life(self):
        self.make_bundle("sleep", "600", edit=self.joining("user", "network"))
        container = self.started()
        pid = self.state(container)["pid"]
        for kind in ("user", "net"):
            self.assertEqual(os.readlink("/proc/%d/ns/%s" % (pid, kind)),
                             self.space(kind))
        self.assertNotEqual(os.readlink("/proc/%d/ns/mnt" % pid),
                            self.space("mnt"))
        done = self.oci("exec", container, "sh", "-c",
                        "id -u; busybox readlink /proc/self/ns/user")
        self.assertEqual(done.out.split(), ["0", self.space("user")])
        self.oci("kill", container, "KILL")
        self.wait_stopped(container)
        self.oci("delete", container)

    def test_one_of_root(self):
        self.make_bundle("true", edit=lambda config: self.joining("user")(
            config) or config["linux"]["namespaces"][-1].update(
                path="/proc/1/ns/user"))
        done = self.oci("run", "-b", self.bundle, self.new_id(), status=1)
        self.assertIn("linux.namespaces", done.err)
        self.assertEqual(os.listdir(self.root), [])

    def test_where_the_containers_are(self):
        """As rootless podman calls: root of a user namespace of several
        lines."""
        env = harness.environment(XDG_RUNTIME_DIR=self.place)
        inside = ["nsenter", "--user", "--preserve-credentials", "-t",
                  str(self.other.pid), OCI, "--help"]
        for user, place in ((None, self.place), ("somebody", self.place),
                            ("root", "/run")):
            more = {"USER": user} if user else {}
            done = self.run_command(inside, env={**env, **more})
            self.assertIn("kept in %s/mydocker-oci," % place, done.out)


class Delegated(Rootless):
    """On version 2, in a part of the tree that was handed down to the user."""

    def setUp(self):
        super().setUp()
        top = "/sys/fs/cgroup"
        if not self.cgroup_is_ours() or "pids" not in read(
                top + "/cgroup.subtree_control").split():
            self.skipTest("no cgroup v2 with pids here")
        self.own = os.path.join(top, harness.random_name())
        self.session = os.path.join(self.own, "session")
        for path in (self.own, self.session):
            os.mkdir(path)
            self.addCleanup(os.rmdir, path)
            for name in ("", "cgroup.procs", "cgroup.threads",
                         "cgroup.subtree_control"):
                os.chown(os.path.join(path, name), USER, USER)
        self.write(self.own + "/cgroup.subtree_control", "+pids")

    def write(self, path, content):
        with open(path, "w", encoding="ascii") as file:
            file.write(content)

    def run_command(self, argv, timeout=60, **more):
        return harness.KernelTest.run_command(
            self, ["sh", "-c", 'echo 0 >"$0/cgroup.procs"; exec "$@"',
                   self.session, *AS_USER, *argv], timeout, **more)

    def test_a_life(self):
        def edit(config):
            config["linux"]["resources"] = {"pids": {"limit": 33}}
        self.make_bundle("sh", "-c", "sleep 600 & exec sleep 600", edit=edit)
        container = self.started()
        _, _, path = self.host(container, "cgroup").strip().split(":")
        place = "/sys/fs/cgroup" + path
        self.assertTrue(place.startswith(self.own + "/"), place)
        self.assertFalse(place.startswith(self.session), place)
        self.assertEqual(read(place + "/pids.max"), "33\n")
        self.oci("update", "--pids-limit", "44", container)
        self.assertEqual(read(place + "/pids.max"), "44\n")
        self.assertEqual(len(self.oci("ps", container).out.splitlines()), 3)
        self.oci("pause", container)
        self.assertEqual(self.state(container)["status"], "paused")
        self.oci("resume", container)
        self.assertEqual(self.oci("exec", container, "cat",
                                  "/proc/self/cgroup").out, "0::/\n")
        self.oci("kill", "--all", container, "KILL")
        self.wait_stopped(container)
        self.oci("delete", container)
        self.assertFalse(os.path.exists(place))
