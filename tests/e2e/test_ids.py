"""Ids in user namespaces: who lends them, who refuses them, in which words.

/etc/passwd, /etc/subuid and /etc/subgid are other files in a mount namespace
of each test's own; those of the host are not touched.
"""

import os
import re
import shutil
import subprocess

import harness

USER = harness.USER
SECONDS = 60
BIND = """
for name in passwd subuid subgid; do
        mount --bind "$1/$name" "/etc/$name" || exit
done
shift
exec "$@"
"""
AS_USER = ["setpriv", "--reuid=%d" % USER, "--regid=%d" % USER,
           "--clear-groups"]
ACCOUNT = "somebody:x:%d:%d::/:/bin/sh\n" % (USER, USER)
LENT = "you:100000:65536\nsomebody:700000:5000\n"


class Ids(harness.KernelTest):
    def setUp(self):
        super().setUp()
        self.place = self.scratch(USER)
        self.demo, self.step = (
            shutil.copy(harness.program("ch01-namespaces", name), self.place)
            for name in ("demo", "steps/06-id-maps"))

    def assert_held(self, done):
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("1 passed, 0 failed, 0 skipped", done.out, str(done))

    def played(self, account=ACCOUNT, subuid=LENT, subgid=LENT, path=None):
        """./demo user -v, by somebody in such a machine."""
        for name, content in (("passwd", "root:x:0:0::/:/bin/sh\n" + account),
                              ("subuid", subuid), ("subgid", subgid)):
            if not os.path.exists("/etc/" + name):
                self.skipTest("there is no /etc/" + name)
            with open(os.path.join(self.place, name), "w") as file:
                file.write(content)
        path = path or harness.environment()["PATH"]
        done = self.run_command(
            ["unshare", "--mount", "sh", "-c", BIND, "sh", self.place,
             *AS_USER, "env", "PATH=" + path, self.demo, "user", "-v"],
            SECONDS)
        self.assert_held(done)
        return done

    # ---- subordinate ids ------------------------------------------------

    def test_a_range_that_is_lent(self):
        self.need("newuidmap", "newgidmap")
        for account, lent in (
                (ACCOUNT, LENT),
                (ACCOUNT, "%d:700000:5000" % USER),
                (ACCOUNT, "broken\nsomebody:x:1\n" + LENT)):
            with self.subTest(lent):
                done = self.played(account, lent, lent)
                self.assertIn("1 700000 5000\n", done.out, str(done))
                self.assertRegex(done.out, r"owner outside +700000\n")
                self.assertRegex(done.out, r"setgroups +allow\n")
                self.assertRegex(
                    done.out, r'posix_spawnp\("newuidmap \d+ 0 %d 1 1 700000 '
                    r'5000"\) = \d+' % USER)

    def test_nothing_is_lent(self):
        for subuid, subgid, missing in ((LENT, "", "/etc/subgid"),
                                        ("", LENT, "/etc/subuid")):
            done = self.played(subuid=subuid, subgid=subgid)
            self.assertIn("Left out here: %s lends no ids to somebody" %
                          missing, done.out, str(done))

    def test_too_much_is_lent(self):
        done = self.played(subuid="somebody:4294967000:65536\n")
        self.assertRegex(done.out, r"Left out here: /etc/subuid:1: .*there is "
                         r"no id above 4294967294\n")

    def test_newuidmap_is_not_installed(self):
        done = self.played(path="/nonexistent")
        self.assertRegex(done.out, r"Left out here: map ids of process \d+: "
                         r"run newuidmap \(package uidmap in Debian and "
                         r"Ubuntu, shadow-utils elsewhere\): No such file")

    def test_newuidmap_refuses(self):
        """It looks its user up in /etc/passwd, and there is none."""
        self.need("newuidmap")
        lent = "%d:700000:5000\n" % USER
        done = self.played("", lent, lent)
        self.assertRegex(done.out, r"Left out here: map ids of process \d+: "
                         r"newuidmap: .+\n", str(done))

    # ---- one's own id ---------------------------------------------------

    def test_groups_are_given_up_first(self):
        done = self.played(subuid="")
        writes = re.findall(r'> write\("(\w+)", "(.*)"\) = \d+', done.out)
        self.assertEqual(writes, [
            ("setgroups", "deny"), ("uid_map", "0 %d 1" % USER),
            ("gid_map", "0 %d 1" % USER)], str(done))

    def test_the_step(self):
        done = self.succeed([self.step, "cat", "/proc/self/uid_map"],
                            user=USER)
        self.assertEqual(done.out.split(),
                         ["child:", "uid", "0,", "gid", "0", "0", str(USER),
                          "1"], str(done))
        self.assertEqual(self.run_command([self.step, "sh", "-c", "exit 7"],
                                          user=USER).status, 7)
        self.assertNotEqual(self.run_command([self.step]).status, 0)

    # ---- refusals -------------------------------------------------------

    def namespace(self, command, uid_map=None, user=0):
        """A shell in a new user namespace, which runs `command` with the demo
        as $1 when its maps are written: by root, if `uid_map` is given.  (By
        another shell: one that was executed without a map has no rights.)"""
        process = harness.start(
            ["unshare", "--user", "sh", "-c",
             'echo unmapped; read go; exec sh -c "$@"', "sh", command, "sh",
             self.demo],
            user=user, stdin=subprocess.PIPE)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"unmapped\n")
        for name in ("uid_map", "gid_map") if uid_map else ():
            self.write(process.pid, name, uid_map)
        return process

    def write(self, pid, name, content):
        with open("/proc/%d/%s" % (pid, name), "wb", 0) as file:
            file.write(content.encode())

    def test_the_limit_of_user_namespaces(self):
        process = self.namespace(
            "echo 0 >/proc/sys/user/max_user_namespaces; exec %s $1 user" %
            " ".join(AS_USER), "0 0 65536")
        done = harness.finish(process, SECONDS, b"go\n")
        self.assertEqual(done.status, 0, str(done))
        self.assertRegex(done.out, r"\[skipped\] .*No space left on device")
        self.assertIn('"sudo sysctl user.max_user_namespaces=10000" allows it',
                      done.out)
        self.assertIn("0 passed, 0 failed, 1 skipped", done.out)

    def test_a_root_with_one_id_is_nobody_else(self):
        process = self.namespace("exec $1 user", "0 0 1")
        done = harness.finish(process, SECONDS, b"go\n")
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("[skipped] needs an ordinary user, and root here cannot "
                      "become one: Invalid argument", done.out)

    def test_root_of_a_container_without_the_lent_ids(self):
        """It may become 61234, but has no 100000 to lend."""
        process = self.namespace("exec $1 user", "0 0 65536")
        done = harness.finish(process, SECONDS, b"go\n")
        self.assert_held(done)
        self.assertRegex(done.out, r"Left out here: map ids of process \d+: "
                         r"write uid_map: Operation not permitted\n")

    def as_user_write(self, pid, name, content):
        return self.run_command(["sh", "-c", 'exec /bin/echo "$1" >"$2"', "sh",
                                 content, "/proc/%d/%s" % (pid, name)],
                                user=USER)

    def test_maps_that_the_kernel_refuses(self):
        process = self.namespace("exec id -u", user=USER)
        own = "0 %d 1" % USER
        for name, content, status in (
                ("uid_map", "0 0 1", 1),            # somebody else's
                ("uid_map", "0 %d 2" % USER, 1),    # one more than one's own
                ("uid_map", own, 0),
                ("uid_map", own, 1),                # a second time
                ("gid_map", own, 1),                # setgroups is allowed
                ("setgroups", "deny", 0),
                ("gid_map", own, 0),
                ("setgroups", "allow", 1)):
            done = self.as_user_write(process.pid, name, content)
            self.assertEqual(done.status, status, "%s\n%s" % (content, done))
            if status:
                self.assertIn("Operation not permitted", done.err)
        self.assertEqual(harness.finish(process, SECONDS, b"go\n").out, "0\n")


class OtherKinds(harness.KernelTest):
    def played(self, name):
        done = self.succeed([harness.program("ch01-namespaces"), name])
        self.assertIn("1 passed", done.out)
        return done

    def test_cgroup_shows_what_the_kernel_does(self):
        done = self.played("cgroup")
        with open("/proc/self/cgroup") as file:
            paths = [line.rstrip("\n").split(":", 2)[2] for line in file]
        shown = re.findall(r'paths that are "/" +(\d+) of (\d+)', done.out)
        here = (str(paths.count("/")), str(len(paths)))
        self.assertEqual((shown[0], shown[-1]), (here, here), str(done))
        self.assertIn((str(len(paths)),) * 2, shown, str(done))
        for path in paths:
            if path != "/":     # before, and from outside
                self.assertGreaterEqual(done.out.count(" %s\n" % path), 2)

    def test_time_is_ten_days_ahead(self):
        done = self.played("time")
        with open("/proc/uptime") as file:
            uptime = float(file.read().split()[0])
        _, inside, after = map(float, re.findall(
            r"/proc/uptime +([\d.]+) ", done.out))
        self.assertLess(abs(inside - 864000 - uptime), 60, str(done))
        self.assertLess(abs(after - uptime), 60, str(done))

    def test_net_gives_the_port_back(self):
        done = self.played("net")
        port = int(re.search(r"done: it is (\d+)", done.out).group(1))
        with open("/proc/net/tcp") as file:
            self.assertNotIn(":%04X 00000000:0000 0A" % port, file.read())
