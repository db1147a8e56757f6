"""podman with RUNTIME for an ordinary user: what test_podman.py asks of it as
root, and where the two must differ.

The user has a name, a home, and subordinate ids in the box's own /etc.
"""

import os
import unittest

import engines
import test_podman
from box import harness

IMAGE = engines.IMAGE
USER = harness.USER
FIRST = 700000      # of those that are lent, 65536
HOME = "/run/user/%d" % USER
SET_UP = """
echo "somebody:x:$1:$1::$2:/bin/sh" >>/etc/passwd
echo "somebody:x:$1:" >>/etc/group
for file in /etc/subuid /etc/subgid; do echo "$1:$3:65536" >$file; done
mkdir -p $2
chown $1:$1 $2
"""


def setUpModule():
    engines.need("podman", "conmon", "ip", "newuidmap", "setpriv",
                 "slirp4netns")


class Podman(test_podman.Podman):
    def start(self):
        done = self.box.run(["sh", "-ec", SET_UP, "sh", str(USER), HOME,
                             str(FIRST)])
        assert done.status == 0, done
        os.chmod(self.box.state, 0o755)
        os.chown(self.box.state, USER, USER)
        super().start()

    def command(self, *words, runtime=None):
        return ["setpriv", "--reuid=%d" % USER, "--regid=%d" % USER,
                "--clear-groups", "podman", "--root",
                self.box.path("podman"), "--runroot", HOME + "/run",
                "--runtime", runtime or self.runtime, *words]

    def environment(self):
        return harness.environment(HOME=HOME, XDG_RUNTIME_DIR=HOME)


class Rootless(test_podman.AsRoot):
    kind = Podman
    keeps = (*test_podman.AsRoot.keeps, "process *slirp4netns *",
             "process *aardvark-dns *", "mount */netns*")

    # What is kept by a cgroup: without one podman itself leaves it out ("not
    # supported and ignored on cgroups V1 rootless systems"), or says no.
    test_cpuset = test_memory = test_pids = test_pause = None
    test_pod = test_what_the_cgroup_says = test_update = None
    test_devices = test_pids_of_the_host = None
    # The box has no /dev/mqueue to share; nothing is mounted for the host; of
    # the ids of the root's test no one has lent any.
    test_namespaces_of_the_host = test_propagation = None
    test_user_namespace = None

    def test_ids(self):
        place = self.box.path("ids")
        os.mkdir(place)
        os.chmod(place, 0o777)
        name, pid = self.background("-v", place + ":/v", "--user", "guest",
                                    IMAGE, "sh", "-c",
                                    "echo x >/v/file; exec sleep 600")
        inner = FIRST + 1000 - 1
        self.assertIn("Uid:\t%d\t" % inner, self.proc(pid, "status"))
        self.assertEqual(self.proc(pid, "uid_map").split(),
                         ["0", str(USER), "1", "1", str(FIRST), "65536"])
        self.assertTrue(engines.eventually(
            lambda: os.path.exists(place + "/file")))
        self.assertEqual(os.stat(place + "/file").st_uid, inner)
        # And root in there is the user.
        self.call("exec", "--user", "0", name, "touch", "/v/other")
        self.assertEqual(os.stat(place + "/other").st_uid, USER)

    def test_ids_that_are_kept(self):
        self.assertEqual(self.sh("id -u; cat /proc/self/uid_map",
                                 "--userns=keep-id").split()[:4],
                         [str(USER), "0", "1", str(USER)])

    def test_what_is_roots_on_the_host(self):
        secret = self.box.write("secret", "of root", 0o600)
        done = self.call("run", "--rm", "--privileged", "-v", secret + ":/s",
                         IMAGE, "cat", "/s", status=1)
        self.assertEqual(done.out, "")
        self.assertIn("ermission denied", done.err)

    def test_network(self):
        """slirp4netns has made its device there, between create and start."""
        self.assertIn(" 10.0.2.100/24 ", self.sh("ip address show tap0"))

    def test_pods(self):
        """The second container joins the user namespace of the first."""
        pod = harness.random_name("pod")
        self.addCleanup(self.end, pod)
        self.call("pod", "create", "--name", pod, "--share",
                  "net,ipc,uts,pid", "--hostname", "shared")
        self.call("run", "-d", "--pod", pod, IMAGE, "httpd", "-f", "-h",
                  "/www")
        said = lambda: self.attempt(                            # noqa: E731
            "run", "--rm", "--pod", pod, IMAGE, "sh", "-c",
            "hostname; wget -qO- http://127.0.0.1/").out
        self.assertTrue(engines.eventually(
            lambda: said() == "shared\nserved\n"))

    def test_play_kube(self):
        path = self.box.write("web.yaml", "\n".join(
            line for line in test_podman.KUBE.replace("IMAGE", IMAGE)
            .split("\n") if "resources:" not in line))
        self.addCleanup(self.attempt, "rmi", "-f", "localhost/podman-pause:*")
        self.call("play", "kube", path)
        try:
            self.assertEqual(self.fetch("http://127.0.0.1:8082/"), "served")
        finally:
            self.call("play", "kube", "--down", path)
        self.assertEqual(self.out("ps", "-aq"), "")


if __name__ == "__main__":
    unittest.main()
