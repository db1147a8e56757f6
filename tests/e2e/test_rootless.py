"""./demo for an ordinary user, without sudo: what works, what is refused in
words, and what of the host is out of reach.

The user is one of a test's own, with ids that are lent and without
(somebody.py).
"""

import hashlib
import http.server
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tarfile
import threading
import time
import unittest

import harness
import residue
from harness import SLOWER, USER
from somebody import FIRST, Somebody

DEMO = harness.program("ch06-final")
OTHER = USER + 1
V1 = not os.path.exists("/sys/fs/cgroup/cgroup.controllers")


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root, to make an ordinary user")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def processes_of(uid):
    """Those that live: {pid: command}."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat("/proc/" + pid).st_uid == uid and \
                    "State:\tZ" not in read("/proc/%s/status" % pid):
                found[int(pid)] = read("/proc/%s/cmdline" % pid)
        except OSError:
            continue
    return found


class Rootless(harness.KernelTest):
    """A user for each class; what he has stays until the class is done."""

    lent = 65536
    leaves = ("+ file /var/tmp/mydocker-user-*",)

    @classmethod
    def setUpClass(cls):
        cls.who = Somebody(USER, count=cls.lent)
        cls.addClassCleanup(cls.who.remove)
        done = harness.run(cls.line("run", "--rm", "--network", "none",
                                    "busybox", "true"), env=cls.env())
        if done.status != 0:
            raise AssertionError(str(done))

    @classmethod
    def line(cls, *words):
        return cls.who.command([DEMO, *words])

    @classmethod
    def env(cls, **more):
        return harness.environment(**{**cls.who.environment(), **more})

    def setUp(self):
        super().setUp()
        self.addCleanup(self.all_is_over)

    def demo(self, *words, status=0, env=None, path=None, **more):
        """`path` are the only programs that it finds."""
        line = self.line(*words) if path is None else self.who.command(
            ["env", "PATH=" + path, DEMO, *words])
        done = self.run_command(line, env=env or self.env(), **more)
        self.assertEqual(done.status, status, str(done))
        return done

    def sh(self, script, *options, **more):
        return self.demo("run", "--rm", "--network", "none", *options,
                         "busybox", "sh", "-c", script, **more).out

    def background(self, *words):
        name = harness.random_name("test")
        self.addCleanup(self.remove, name)
        self.demo("run", "-d", "--name", name, *words)
        pid = int(self.demo("inspect", "-f", "{{.State.Pid}}", name).out)
        return name, pid

    def remove(self, name):
        self.run_command(self.line("rm", "-f", name), env=self.env())

    def tools(self, *names):
        """A directory for PATH with these alone."""
        place = self.scratch()
        for name in names:
            os.symlink(shutil.which(name), os.path.join(place, name))
        return place

    def eventually(self, look, seconds=20):
        deadline = time.monotonic() + seconds * SLOWER
        while not look() and time.monotonic() < deadline:
            residue.reap()
            time.sleep(0.02)
        return look()

    def all_is_over(self):
        """Nothing of the user's runs when nothing of his is to run."""
        self.assertTrue(self.eventually(lambda: not processes_of(USER)),
                        processes_of(USER))

    def holder(self):
        found = [pid for pid, command in processes_of(USER).items()
                 if command.startswith("mydocker-holder") and
                 read("/proc/%d/comm" % pid) != "relay\n"]
        self.assertEqual(len(found), 1, processes_of(USER))
        return found[0]


# Whoever asks is told what.
UDP = """
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", 53))
while True:
    what, whom = sock.recvfrom(100)
    sock.sendto(b"to " + what, whom)
"""
# And who asks.
ASK = """
import socket, sys
for i in range(9):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(1)
    sock.connect((sys.argv[1], int(sys.argv[2])))
    try:
        sock.send(b"question")
        sys.exit(print(sock.recv(100).decode()))
    except OSError:
        pass
"""
# What each of the addresses says.
FETCH = """
import sys, time, urllib.request
def fetch(url):
    for _ in range(3):
        try:
            return urllib.request.urlopen(url, timeout=3).read().decode()
        except OSError:
            time.sleep(0.2)
    return "nothing"
for url in sys.argv[1:]:
    print(fetch(url).strip())
"""


class Life(Rootless):
    def test_a_life(self):
        name, pid = self.background("busybox", "sh", "-c",
                                    "echo said; exec sleep 600")
        status = read("/proc/%d/status" % pid)
        self.assertIn("Uid:\t%d\t%d\t%d\t%d\n" % ((USER,) * 4), status)
        self.assertEqual(read("/proc/%d/uid_map" % pid).split(),
                         ["0", str(USER), "1", "1", str(FIRST), "65536"])
        self.assertIn(name, self.demo("ps").out)
        self.assertEqual(self.demo("logs", name).out, "said\n")
        self.assertEqual(self.demo("exec", name, "id", "-u").out, "0\n")
        self.assertIn("sleep 600", self.demo("top", name).out)
        self.assertIn("busybox", self.demo("images").out)
        self.demo("rm", "-f", name)
        self.assertNotIn(name, self.demo("ps", "-a").out)

    def test_others_than_root(self):
        name, pid = self.background("--user", "1000:7", "busybox", "sleep",
                                    "600")
        status = read("/proc/%d/status" % pid)
        self.assertIn("Uid:\t%d\t" % (FIRST + 999), status)
        self.assertIn("Gid:\t%d\t" % (FIRST + 6), status)

    def test_where_it_is_kept(self):
        """At home, with nothing in it that is somebody else's."""
        place = os.path.join(self.who.home, ".local/share/mydocker")
        owners = {os.lstat(os.path.join(top, name)).st_uid
                  for top, directories, files in os.walk(place)
                  for name in (".", *directories, *files)}
        self.assertIn(USER, owners)
        self.assertLess(owners - {USER}, set(range(FIRST, FIRST + 65536)) |
                        {None})
        self.assertEqual(stat.S_IMODE(os.stat(place).st_mode) & 0o077 &
                         ~0o011, 0)
        other = os.path.join(self.who.home, "data")
        self.addCleanup(harness.run, ["rm", "-rf", other])
        self.demo("images", env=self.env(XDG_DATA_HOME=other))
        self.assertTrue(os.path.isdir(other + "/mydocker"))

    def test_layers_keep_their_owners(self):
        name = harness.random_name("test")
        self.demo("run", "--name", name, "--network", "none", "busybox", "sh",
                  "-c", "echo x >/f; chown 5:6 /f")
        self.addCleanup(self.remove, name)
        self.demo("commit", name, name)
        self.addCleanup(self.demo, "rmi", name)
        self.demo("save", "-o", self.who.home + "/image.tar", name)
        self.demo("rm", name)
        self.demo("rmi", name)
        self.demo("load", "-i", self.who.home + "/image.tar")
        self.assertEqual(self.demo("run", "--rm", "--network", "none", name,
                                   "stat", "-c", "%u:%g", "/f").out, "5:6\n")

    def test_aufs(self):
        out = self.demo("--storage-driver", "aufs", "run", "--rm", "busybox",
                        "sh", "-c", "echo x >/f; chown 5 /f; stat -c %u /f; "
                        "grep ' / ' /proc/mounts").out
        self.assertRegex(out, r"(?m)^5\naufs / ")

    def test_our_programs_are_on_a_mount_of_their_own(self):
        """As at a home that is a partition: one finds the other."""
        place = self.scratch(USER)
        self.succeed(["mount", "--bind", os.path.dirname(DEMO), place])
        self.addCleanup(harness.run, ["umount", place])
        # With the command's mount namespace goes the way to that mount, when
        # it enters those of a holder that somebody else has started.
        self.background("--network", "none", "busybox", "sleep", "600")
        done = self.run_command(
            self.who.command([place + "/demo", "save", "busybox"]),
            env=self.env(), stdout=subprocess.DEVNULL)
        self.assertEqual((done.status, done.err), (0, ""), str(done))

    def test_aufs_where_overlay_cannot_be(self):
        """At a home that is itself an overlay, as in a container; tried once,
        and said."""
        place = self.scratch(USER)
        for name in ("lower", "upper", "work", "home"):
            os.mkdir(os.path.join(place, name))
            os.chown(os.path.join(place, name), USER, USER)
        self.succeed(["mount", "-t", "overlay", "overlay", "-o",
                      "lowerdir={0}/lower,upperdir={0}/upper,"
                      "workdir={0}/work".format(place), place + "/home"])
        self.addCleanup(harness.run, ["umount", place + "/home"])
        env = self.env(MYDOCKER_ROOT=place + "/home/store")
        line = ("run", "--rm", "--network", "none", "busybox", "sh", "-c",
                "rm -r /bin/sh /root; mkdir /root; ls -A /root /bin/sh 2>&1; "
                "grep ' / ' /proc/mounts")
        done = self.demo(*line, env=env)
        self.assertRegex(done.out, r"^ls: /bin/sh: No such file or directory"
                         r"\n/root:\naufs / ")
        said = "layers are put together by aufs, for overlay cannot: mount"
        self.assertIn(said, done.err)
        self.assertNotIn(said, self.demo(*line, env=env).err)
        out = self.demo("info", env=env).out
        self.assertIn("\n Storage Driver: aufs\n", out)
        self.assertIn("\nWARNING: no overlay, so aufs: mount", out)
        # Who names it shall have it, or hear why not.
        done = self.demo("--storage-driver", "overlay", *line, env=env,
                         status=125)
        self.assertIn("overlay: filesystem on " + place, done.err)

    def test_overlay_where_it_can_be(self):
        self.assertEqual(self.demo("info", "-f", "{{.Driver}}").out,
                         "overlay2\n")
        self.assertEqual(read(os.path.join(
            self.who.home, ".local/share/mydocker/driver")), "overlay\n")

    def test_the_tour(self):
        for name in ("hello", "layers", "undo"):
            with self.subTest(name):
                done = self.run_command(self.line(name), env=self.env())
                self.assertIn("1 passed, 0 failed, 0 skipped", done.out,
                              str(done))


class Holder(Rootless):
    def test_one_for_all(self):
        names = [self.background("busybox", "sleep", "600")
                 for _ in range(2)]
        first, second = (os.readlink("/proc/%d/ns/user" % pid)
                         for _, pid in names)
        self.assertEqual(first, second)
        self.assertNotEqual(first, os.readlink("/proc/self/ns/user"))
        self.holder()
        for name, _ in names:
            self.demo("rm", "-f", name)
        self.all_is_over()
        self.assertEqual(os.listdir(self.who.run), [])

    def test_it_is_killed(self):
        """The containers live on, and the next command finds them."""
        name, pid = self.background("busybox", "sleep", "600")
        before = os.readlink("/proc/%d/ns/net" % pid)
        for _ in range(2):
            os.kill(self.holder(), signal.SIGKILL)
            self.assertTrue(self.eventually(lambda: not any(
                command.startswith("mydocker-holder")
                for command in processes_of(USER).values())))
            self.assertEqual(self.demo("exec", name, "echo", "x").out, "x\n")
            self.holder()
        self.assertEqual(os.readlink("/proc/%d/ns/net" % pid), before)
        self.demo("rm", "-f", name)

    def test_all_is_killed(self):
        """Namespaces and network are gone, and so is what was kept of them;
        what is somebody else's stays."""
        networks = os.path.join(self.who.run, "mydocker", "network")
        name, _ = self.background("busybox", "sleep", "600")
        self.assertEqual(len(os.listdir(networks)), 1)
        for pid in processes_of(USER):
            os.kill(pid, signal.SIGKILL)
        self.all_is_over()
        others = [os.path.join(networks, *where) for where in (
            ("photos", "mydocker0"), ("17", "mine"))]
        for other in others:
            os.makedirs(other)
            os.chown(os.path.dirname(other), USER, USER)
            os.chown(other, USER, USER)
        self.demo("start", name)
        for other in others:
            os.rmdir(other)
            os.removedirs(os.path.dirname(other))
        self.assertEqual(len(os.listdir(networks)), 1)
        self.demo("rm", "-f", name)
        self.all_is_over()
        self.assertEqual(os.listdir(self.who.run), [])

    def test_many_at_once(self):
        running = [harness.start(self.line("run", "--rm", "--network", "none",
                                           "busybox", "echo", str(i)),
                                 env=self.env()) for i in range(6)]
        for i, process in enumerate(running):
            done = harness.finish(process, 60)
            self.assertEqual((done.status, done.out), (0, "%d\n" % i),
                             str(done))

    def test_no_program_of_roots_but_two(self):
        """In PATH there is nothing else."""
        self.need("newuidmap", "newgidmap")
        self.demo("run", "--rm", "busybox", "true",
                  path=self.tools("newuidmap", "newgidmap"))

    def test_a_run_directory_of_somebody_else(self):
        place = "/tmp/mydocker-%d" % USER
        os.mkdir(place, 0o777)
        self.addCleanup(os.rmdir, place)
        done = self.demo("ps", env=self.env(XDG_RUNTIME_DIR=None), status=1)
        self.assertIn("is not a directory that is yours alone", done.err)

    def test_without_a_session(self):
        """What stands in for its directory goes with the holder."""
        place = "/tmp/mydocker-%d" % USER
        env = self.env(XDG_RUNTIME_DIR=None)
        name = harness.random_name("test")
        self.demo("run", "-d", "--name", name, "busybox", "sleep", "600",
                  env=env)
        self.assertEqual(os.stat(place).st_uid, USER)
        self.assertEqual(os.stat(place).st_mode & 0o777, 0o700)
        self.demo("rm", "-f", name, env=env)
        self.assertTrue(self.eventually(lambda: not os.path.exists(place)))

    def test_users_do_not_meet(self):
        """Each has a holder, a store and a network of his own."""
        other = Somebody(OTHER, "other", FIRST + 100000)
        self.addCleanup(other.remove)
        name, pid = self.background("busybox", "sleep", "600")
        env = harness.environment(**other.environment())
        line = lambda *words: other.command([DEMO, *words])     # noqa: E731
        done = self.succeed(line("ps", "-a", "-q"), env=env)
        self.assertEqual(done.out, "")
        done = self.run_command(line("exec", name, "true"), env=env)
        self.assertIn("No such container", done.err)
        # Nor with the other's own directories.
        done = self.run_command(line("ps"), env={
            **env, "XDG_RUNTIME_DIR": self.who.run})
        self.assertEqual(done.status, 1, str(done))


class Registry(http.server.BaseHTTPRequestHandler):
    """Has nothing, and knows what it was asked for."""

    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_error(404)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Pulled(Rootless):
    def test_by_the_network_of_the_host(self):
        """A registry on this host is reached, by each who asks for an image,
        without a program for the way out."""
        path = self.tools("newuidmap", "newgidmap")
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                             Registry) as server:
            threading.Thread(target=server.serve_forever).start()
            self.addCleanup(server.shutdown)
            name = "127.0.0.1:%d/thing" % server.server_port
            for words, status in ((["pull", name + ":1"], 1),
                                  (["run", name + ":2"], 125),
                                  (["create", name + ":3"], 1)):
                done = self.demo(*words, path=path, status=status)
                self.assertIn("404", done.err)
            place = self.scratch(USER)
            for number, line in ((4, "FROM %s:4" % name),
                                 (5, "FROM busybox\nADD http://%s/5 /\n"
                                  "RUN true" % name)):
                with open(place + "/Dockerfile", "w",
                          encoding="utf-8") as file:
                    file.write(line + "\n")
                done = self.demo("build", place, path=path, status=1)
                self.assertIn("404", done.err, number)
            server.shutdown()
        self.assertIn("/thing/5", Registry.asked)
        self.assertLessEqual({"/v2/thing/manifests/%d" % number
                              for number in (1, 2, 3, 4)}, set(Registry.asked))

    def test_what_runs_then_is_in_its_own(self):
        out = self.sh("readlink /proc/self/ns/net; tail -n +3 /proc/net/dev",
                      "--pull", "missing")
        self.assertNotIn(os.readlink("/proc/self/ns/net"), out)
        self.assertEqual(len(out.splitlines()), 2, out)
        name, pid = self.background("busybox", "sleep", "600")
        self.assertNotEqual(os.readlink("/proc/%d/ns/net" % pid),
                            os.readlink("/proc/self/ns/net"))
        environment = read("/proc/%d/environ" % pid)
        self.assertNotIn("MYDOCKER", environment)


class Network(Rootless):
    def setUp(self):
        super().setUp()
        self.need("slirp4netns")

    def fetch(self, port, host="127.0.0.1"):
        try:
            with socket.create_connection((host, port), 5) as sock:
                sock.sendall(b"GET /x HTTP/1.0\r\n\r\n")
                return sock.makefile().read().splitlines()[-1:]
        except OSError:
            return None

    def free_port(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return sock.getsockname()[1]

    def test_a_port(self):
        port = self.free_port()
        script = "echo hello >/x; exec httpd -f -h /"
        name, _ = self.background("-p", "127.0.0.1:%d:80" % port, "busybox",
                                  "sh", "-c", script)
        self.assertTrue(self.eventually(lambda: self.fetch(port) ==
                                        ["hello"]))
        self.assertIn("127.0.0.1:%d->80/tcp" % port, self.demo("ps").out)
        done = self.demo("run", "--rm", "-p", "%d:80" % port, "busybox",
                         "true", status=125)
        self.assertIn("port is already allocated", done.err)
        self.demo("rm", "-f", name)
        self.assertIsNone(self.fetch(port))
        # And may be had again.
        name, _ = self.background("-p", "%d:80" % port, "busybox", "sh", "-c",
                                  script)
        self.assertTrue(self.eventually(lambda: self.fetch(port) ==
                                        ["hello"]))

    def ask(self, port, host="127.0.0.1"):
        """By UDP, from a socket of its own each time."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1)
            sock.connect((host, port))
            try:
                sock.send(b"question")
                return sock.recv(100)
            except OSError:
                return None

    def answering(self, pid):
        """Who answers by UDP in a container, at port 53."""
        process = harness.start(["nsenter", "-t", str(pid), "-n",
                                 sys.executable, "-c", UDP])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def test_a_port_of_udp(self):
        port = self.free_port()
        name, pid = self.background("-p", "%d:53/udp" % port, "busybox",
                                    "sleep", "600")
        self.answering(pid)
        for _ in range(2):      # two who ask
            self.assertTrue(self.eventually(lambda: self.ask(port) ==
                                            b"to question"))
        # The answer comes from where was asked.
        self.assertEqual(self.ask(port, "127.0.0.2"), b"to question")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            hosts = {"127.0.0.1", "127.0.0.2"}
            for host in hosts:
                sock.sendto(b"question", (host, port))
            self.assertEqual({sock.recvfrom(100)[1][0] for _ in hosts}, hosts)
        self.assertEqual(self.demo("port", name).out,
                         "53/udp -> 0.0.0.0:%d\n" % port)
        # Of TCP the same number is another port.
        other, _ = self.background("-p", "%d:53" % port, "busybox", "sleep",
                                   "600")
        self.demo("rm", "-f", other)
        done = self.demo("run", "--rm", "-p", "%d:1/udp" % port, "busybox",
                         "true", status=125)
        self.assertIn("port is already allocated", done.err)
        self.demo("rm", "-f", name)
        self.assertIsNone(self.ask(port))

    def test_ports_of_ipv6(self):
        """In the user's network they are IPv4's; beside one of IPv4, too."""
        self.need_ipv6()
        port = self.free_port()
        name, pid = self.background(
            "-p", "[::1]:%d:80" % port, "-p", "127.0.0.1:%d:80" % port, "-p",
            "[::1]:%d:53/udp" % port, "busybox", "sh", "-c", "echo hello >/x; "
            "exec httpd -f -h /")
        self.answering(pid)
        for host in ("::1", "127.0.0.1"):
            self.assertTrue(self.eventually(
                lambda host=host: self.fetch(port, host) == ["hello"]), host)
        self.assertTrue(self.eventually(lambda: self.ask(port, "::1") ==
                                        b"to question"))
        self.assertEqual(
            sorted(self.demo("port", name).out.splitlines()),
            ["53/udp -> [::1]:%d" % port, "80/tcp -> 127.0.0.1:%d" % port,
             "80/tcp -> [::1]:%d" % port])
        done = self.demo("run", "--rm", "-p", "[::1]:%d:1" % port, "busybox",
                         "true", status=125)
        self.assertIn("Bind for [::1]:%d failed: port is already allocated" %
                      port, done.err)
        self.demo("rm", "-f", name)
        for host in ("::1", "127.0.0.1"):
            self.assertIsNone(self.fetch(port, host))

    def need_ipv6(self):
        try:
            with socket.socket(socket.AF_INET6) as sock:
                sock.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 on this host")

    def test_each_address_is_told(self):
        """Of those whose number the kernel finds, too."""
        name, _ = self.background("-p", "127.0.0.1::80", "-p", "127.0.0.2::80",
                                  "busybox", "sh", "-c",
                                  "echo hello >/x; exec httpd -f -h /")
        lines = self.demo("port", name, "80").out.split()
        self.assertEqual([line.split(":")[0] for line in lines],
                         ["127.0.0.1", "127.0.0.2"])
        for line in lines:
            host, port = line.split(":")
            self.assertTrue(self.eventually(
                lambda host=host, port=port: self.fetch(int(port), host) ==
                ["hello"]), line)

    def test_much_by_a_port(self):
        """Whole, and the end of each direction for itself."""
        port = self.free_port()
        self.background("-p", "127.0.0.1:%d:80" % port, "busybox", "nc", "-ll",
                        "-p", "80", "-e", "md5sum")
        sent = os.urandom(1 << 16) * 160

        def sum_of():
            with socket.create_connection(("127.0.0.1", port), 20) as sock:
                sock.sendall(sent)
                sock.shutdown(socket.SHUT_WR)
                return sock.makefile().read().split()[:1]

        def works():
            try:
                return sum_of() == [hashlib.md5(sent).hexdigest()]
            except OSError:
                return False
        self.assertTrue(self.eventually(works))

    def test_ports_go_with_the_holder(self):
        """And are to be had by the next."""
        port = self.free_port()
        name, _ = self.background("-p", "127.0.0.1:%d:80" % port, "busybox",
                                  "sleep", "600")
        os.kill(self.holder(), signal.SIGKILL)
        self.assertTrue(self.eventually(lambda: not any(
            command.startswith("mydocker-holder") for command in processes_of(USER).values())))
        self.demo("rm", "-f", name)
        name, _ = self.background("-p", "127.0.0.1:%d:80" % port, "busybox",
                                  "sh", "-c", "echo hello >/x; "
                                  "exec httpd -f -h /")
        self.assertTrue(self.eventually(lambda: self.fetch(port) ==
                                        ["hello"]))

    def test_a_port_of_somebody_else(self):
        with socket.socket() as sock:
            sock.bind(("0.0.0.0", 0))
            sock.listen()
            port = sock.getsockname()[1]
            done = self.demo("run", "--rm", "-p", "%d:80" % port, "busybox",
                             "true", status=125)
        self.assertIn("port is already allocated", done.err)

    def test_ports_that_are_roots(self):
        if int(read("/proc/sys/net/ipv4/ip_unprivileged_port_start")) <= 81:
            self.skipTest("port 81 is everybody's here")
        done = self.demo("run", "--rm", "-p", "81:80", "busybox", "true",
                         status=125)
        self.assertIn("net.ipv4.ip_unprivileged_port_start=81", done.err)

    def test_containers_meet(self):
        name, _ = self.background("busybox", "sh", "-c",
                                  "echo hello >/x; exec httpd -f -h /")
        address = self.demo("inspect", "-f", "{{.NetworkSettings.IPAddress}}",
                            name).out.strip()
        out = self.demo("run", "--rm", "busybox", "sh", "-c",
                        "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- "
                        "http://%s/x && break; sleep 0.3; done" % address).out
        self.assertEqual(out, "hello\n")

    def test_no_program_for_the_way_out(self):
        path = self.tools("newuidmap", "newgidmap")
        done = self.demo("run", "--rm", "busybox", "true", path=path)
        self.assertIn("warning: the way out", done.err)
        self.assertIn("neither is installed (package slirp4netns, or passt)",
                      done.err)
        done = self.demo("run", "--rm", "-p", "8080", "busybox", "true",
                         path=path, status=125)
        self.assertIn("package slirp4netns", done.err)


class Elsewhere(Rootless):
    """On a host of its own that has a way out."""

    HOST = ("ip link set lo up; ip link add out type veth peer name far; "
            "ip addr add 10.99.0.1/24 dev out; ip link set out up; "
            "ip link set far netns $1 name far; shift; "
            "ip route add default via 10.99.0.2; ")
    HOST6 = ("ip addr add fd00:99::1/64 dev out nodad; "
             "ip route add default via fd00:99::2; ")
    program = "slirp4netns"

    def setUp(self):
        super().setUp()
        self.need(self.program, "unshare", "ip")
        self.path = self.tools("newuidmap", "newgidmap", self.program)

    def far(self):
        """Another host, at the other end of the cable: 10.99.0.2 says hello
        at port 8000, and answers by UDP."""
        place = self.scratch()
        with open(place + "/x", "w", encoding="utf-8") as file:
            file.write("hello\n")
        script = ("while ! ip link show far; do sleep 0.05; done; "
                  "ip addr add 10.99.0.2/24 dev far; ip link set far up; "
                  "ip addr add fd00:99::2/64 dev far nodad; "
                  "busybox httpd -f -p 8000 -h %s & "
                  "exec /usr/bin/python3 -c '%s' " % (place, UDP))
        process = harness.start(["unshare", "-n", "--pid", "--fork",
                                 "--kill-child", "sh", "-c",
                                 script + " >/dev/null 2>&1"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        own = os.readlink("/proc/self/ns/net")
        self.assertTrue(self.eventually(lambda: os.readlink(
            "/proc/%d/ns/net" % process.pid) != own))
        return str(process.pid)

    def on_that_host(self, far, script, more=""):
        """As the user; `demo` and its arguments, a line each."""
        name = os.path.join(self.scratch(), "demo")
        with open(name, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nPATH=%s exec %s "$@"\n' % (self.path, DEMO))
        os.chmod(name, 0o755)
        script = script.replace("demo", name)
        return self.run_command(
            ["unshare", "-n", "sh", "-ec", self.HOST + more + 'exec "$@"', "-",
             far, *self.who.command(["sh", "-c", script])],
            env=self.env(UDP=UDP, ASK=ASK, FETCH=FETCH))

    # Of this host, for what a container of busybox has not.
    PYTHON = ("-v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro busybox "
              "/usr/bin/python3 -c ")

    def test_by_ipv6(self):
        """From a network that has it, where the host has it, but never to what
        the host says to itself."""
        done = self.on_that_host(self.far(), """
            busybox httpd -f -p [::1]:8001 -h /etc & served=$!
            demo network create --ipv6 six >/dev/null
            demo run --rm --network six %s "$FETCH" \\
                http://[fd00:99::2]:8000/x http://[fd00::2]:8001/hostname \\
                http://[fd00:99::2]:8001/hostname
            busybox wget -qO- http://[::1]:8001/hostname | wc -l
            demo network rm six; kill $served""" % self.PYTHON, self.HOST6)
        self.assertEqual(done.out, "hello\nnothing\nnothing\n1\nsix\n",
                         str(done))

    def test_without_ipv6(self):
        """What is not there is not promised inside."""
        done = self.on_that_host(self.far(), """
            demo run --rm --network host busybox sh -c \
                'ip -6 route | grep -c default; ip route | grep -c default'""")
        self.assertEqual(done.out, "0\n1\n", str(done))


class Pasta(Elsewhere):
    """Where there is no slirp4netns; without a way out pasta finds none."""

    program = "pasta"

    def test_the_way_out(self):
        done = self.on_that_host(self.far(), """
            demo run --rm busybox sh -c 'for i in 1 2 3 4 5; do
                wget -qO- http://10.99.0.2:8000/x && break; sleep 0.2; done'
            demo run --rm %s "$ASK" 10.99.0.2 53""" % self.PYTHON)
        self.assertEqual(done.out, "hello\nto question\n", str(done))
        self.assertEqual(done.err, "")

    def test_ports(self):
        done = self.on_that_host(self.far(), """
            demo run -d --name web -p 8080:80 busybox sh -c \\
                'echo hello >/x; exec httpd -f -h /' >/dev/null
            demo run -d --name names -p 8080:53/udp %s "$UDP" >/dev/null
            for i in 1 2 3 4 5 6 7 8 9; do
                busybox wget -qO- http://10.99.0.1:8080/x && break
                sleep 0.2
            done
            /usr/bin/python3 -c "$ASK" 127.0.0.1 8080
            demo port web; demo port names
            demo run --rm -p 8080:1 busybox true; echo $?
            demo rm -f web names""" % self.PYTHON)
        self.assertEqual(done.out, "hello\nto question\n"
                         "80/tcp -> 0.0.0.0:8080\n53/udp -> 0.0.0.0:8080\n"
                         "125\nweb\nnames\n", str(done))
        self.assertIn("port is already allocated", done.err)

    def test_with_the_holder_it_goes(self):
        done = self.on_that_host(self.far(), """
            demo run -d --name web busybox sleep 60 >/dev/null
            pkill -KILL -u %d -x mydocker-holder
            for i in 1 2 3 4 5 6 7 8 9; do
                pgrep -u %d pasta >/dev/null || break; sleep 0.1; done
            demo exec web echo lives; demo rm -f web""" % (USER, USER))
        self.assertEqual(done.err, "", str(done))
        self.assertEqual(done.out, "lives\nweb\n", str(done))
        self.all_is_over()
        self.assertEqual(os.listdir(self.who.run), [])

    def test_a_host_without_a_way_out(self):
        """The container runs, and is told."""
        done = self.run_command(
            ["unshare", "-n", *self.who.command(
                ["env", "PATH=" + self.path, DEMO, "run", "--rm", "busybox",
                 "echo", "hello"])], env=self.env())
        self.assertEqual((done.status, done.out), (0, "hello\n"), str(done))
        self.assertIn("warning: the way out by pasta is none: ", done.err)


class Limits(Rootless):
    def test_limits_are_refused_in_words(self):
        if not V1:
            self.skipTest("cgroup v2: something may be handed down")
        for words in (["-m", "64m"], ["--cpus", "1"], ["--pids-limit", "9"],
                      ["--cpuset-cpus", "0"]):
            with self.subTest(words=words):
                done = self.demo("run", "--rm", *words, "busybox", "true",
                                 status=125)
                self.assertIn("it takes a control group", done.err)
                self.assertIn("systemd.unified_cgroup_hierarchy=1", done.err)
        self.assertEqual(self.demo("ps", "-aq").out, "")

    def test_what_lives_by_a_cgroup(self):
        if not V1:
            self.skipTest("cgroup v2: something may be handed down")
        name, _ = self.background("busybox", "sleep", "600")
        for words in (["pause", name], ["update", "-m", "64m", name],
                      ["stats", "--no-stream", name]):
            with self.subTest(words=words):
                self.assertIn("it takes a control group",
                              self.demo(*words, status=1).err)
        self.demo("update", "--restart", "no", name)


class Volumes(Rootless):
    def directory(self):
        place = os.path.join(self.who.home, harness.random_name("dir"))
        os.mkdir(place)
        os.chown(place, USER, USER)
        self.addCleanup(harness.run, ["rm", "-rf", place])
        return place

    def test_owners(self):
        place = self.directory()
        self.sh("echo x >/v/root; echo y >/v/one; chown 1:2 /v/one", "-v",
                place + ":/v")
        owner = lambda name: (                                  # noqa: E731
            lambda st: (st.st_uid, st.st_gid))(os.stat(place + "/" + name))
        self.assertEqual(owner("root"), (USER, USER))
        self.assertEqual(owner("one"), (FIRST, FIRST + 1))
        self.assertEqual(self.sh("stat -c %u:%g /v/root /v/one", "-v",
                                 place + ":/v").split(), ["0:0", "1:2"])

    def test_one_with_a_name(self):
        name = harness.random_name("volume")
        self.demo("volume", "create", name)
        self.addCleanup(self.demo, "volume", "rm", name)
        self.sh("echo x >/v/f; chown 5 /v/f", "-v", name + ":/v")
        self.assertEqual(self.sh("stat -c %u /v/f; cat /v/f", "-v",
                                 name + ":/v"), "5\nx\n")

    def test_keep_id(self):
        place = self.directory()
        out = self.sh("id -u; id -g; echo x >/v/f; stat -c %u /v", "--userns",
                      "keep-id", "-v", place + ":/v")
        self.assertEqual(out.split(), [str(USER)] * 3)
        self.assertEqual(os.stat(place + "/f").st_uid, USER)
        out = self.sh("id -u; cat /proc/self/uid_map", "--userns=keep-id",
                      "--user", "0")
        self.assertEqual(out.split()[:7],
                         ["0", "0", "1", str(USER), str(USER), "0", "1"])
        name, pid = self.background("--userns=keep-id", "busybox", "sleep",
                                    "600")
        self.assertEqual(self.demo("exec", name, "id", "-u").out,
                         "%d\n" % USER)

    def test_keep_id_is_not_for_root(self):
        done = self.run_command(
            [DEMO, "run", "--rm", "--userns=keep-id", "busybox", "true"],
            env=harness.environment(MYDOCKER_ROOT=self.scratch()))
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("for ordinary users", done.err)


class OutOfReach(Rootless):
    """Root of a container, with all that can be granted, is the user."""

    everything = ("--privileged", "--security-opt", "seccomp=unconfined")

    def secret(self, uid):
        place = self.scratch()
        os.chown(place, uid, uid)
        path = os.path.join(place, "secret")
        with open(path, "w", encoding="utf-8") as file:
            file.write("secret\n")
        os.chown(path, uid, uid)
        os.chmod(path, 0o600)
        os.chmod(place, 0o755)
        return place, path

    def test_files_of_others(self):
        for uid in (0, OTHER):
            place, path = self.secret(uid)
            before = os.stat(path)
            with self.subTest(uid=uid):
                out = self.sh(
                    "cd /v; cat secret; echo x >secret; echo x >>secret; "
                    "chmod 666 secret; chown 0 secret; rm -f secret; "
                    "mv secret other; touch new; ln secret link; "
                    "setfattr -n user.x -v y secret; echo end; id -u",
                    *self.everything, "-v", place + ":/v")
                self.assertEqual(out.split(), ["end", "0"])
                self.assertEqual(os.listdir(place), ["secret"])
                self.assertEqual(read(path), "secret\n")
                after = os.stat(path)
                self.assertEqual(
                    (after.st_uid, after.st_mode, after.st_ctime_ns),
                    (before.st_uid, before.st_mode, before.st_ctime_ns))

    def test_what_is_set_uid_is_the_users(self):
        place = self.scratch(USER)
        self.sh("cp /bin/busybox /v/id; chown 0:0 /v/id; chmod 4755 /v/id; "
                "mknod /v/disk b 8 0; mknod /v/mem c 1 1; echo",
                *self.everything, "-v", place + ":/v")
        self.assertEqual(os.listdir(place), ["id"])
        self.assertEqual(os.stat(place + "/id").st_uid, USER)
        done = self.run_command([place + "/id", "id", "-u"], user=OTHER)
        self.assertIn(done.out, ("", "%d\n" % OTHER, "%d\n" % USER))

    def test_processes_of_others(self):
        others = [harness.start(["sleep", "600"], user=uid)
                  for uid in (0, OTHER)]
        for process in others:
            self.addCleanup(harness.finish, process, 5)
            self.addCleanup(process.kill)
        pids = " ".join(str(process.pid) for process in others)
        out = self.sh("for p in %s; do kill -9 $p; cat /proc/$p/environ "
                      "/proc/$p/mem; ls /proc/$p/root; ls /proc/$p/fd; nsenter "
                      "-t $p -m true; done 2>/dev/null; echo end" % pids,
                      *self.everything, "--pid", "host")
        self.assertEqual(out, "end\n")
        for process in others:
            self.assertIsNone(process.poll())
        # And without that, there is nobody else to be seen.
        self.assertIn(self.sh("ls /proc | grep -c '^[0-9]'"),
                      ("2\n", "3\n"))

    def test_the_kernel(self):
        name = socket.gethostname()
        host = read("/proc/sys/kernel/core_pattern")
        self.sh("echo x >/proc/sys/kernel/core_pattern; echo b "
                ">/proc/sysrq-trigger; hostname other; date -s 2001-01-01; "
                "echo", *self.everything)
        self.assertEqual(socket.gethostname(), name)
        self.assertEqual(read("/proc/sys/kernel/core_pattern"), host)
        self.assertGreater(time.localtime().tm_year, 2001)

    def test_our_own_program(self):
        """It is not the user's here; but it would be nobody's to write to."""
        out = self.sh("echo x >>/proc/1/exe; cat /proc/self/mountinfo | grep "
                      "-c %s; echo end" % os.path.basename(DEMO))
        self.assertEqual(out.split()[-1], "end")


class OneId(Rootless):
    """Nothing is lent: root is the only id."""

    lent = 0

    def test_a_life(self):
        name, pid = self.background("busybox", "sleep", "600")
        self.assertEqual(read("/proc/%d/uid_map" % pid).split(),
                         ["0", str(USER), "1"])
        self.assertEqual(read("/proc/%d/setgroups" % pid), "deny\n")
        self.assertEqual(self.demo("exec", name, "id").out,
                         "uid=0(root) gid=0(root)\n")
        self.demo("rm", "-f", name)

    def test_users_are_refused_in_words(self):
        done = self.demo("run", "--rm", "--user", "5", "busybox", "true",
                         status=125)
        self.assertIn("there is no user but root here", done.err)
        self.assertIn("lends no ids to somebody", done.err)

    def test_a_terminal(self):
        terminal = self.terminal(self.line("run", "--rm", "-it", "busybox",
                                           "sh", "-c", "test -t 0 && echo ok"),
                                 env=self.env())
        terminal.expect("ok")
        self.assertEqual(terminal.wait().status, 0)

    def test_an_image_with_owners(self):
        """They are root's, all of them."""
        archive = os.path.join(self.who.place, "image.tar")
        with tarfile.open(archive, "w") as tar:
            member = tarfile.TarInfo("of-five")
            member.uid, member.gid = 5, 70000
            tar.addfile(member)
            tar.add("/bin/busybox", "bin/busybox")
        name = harness.random_name("test")
        self.demo("import", archive, name)
        self.addCleanup(self.demo, "rmi", name)
        self.assertEqual(self.demo(
            "run", "--rm", "--network", "none", name, "/bin/busybox", "stat",
            "-c", "%u:%g", "/of-five").out, "0:0\n")

    def test_newuidmap_is_not_there(self):
        self.who.lend("somebody:%d:65536\n" % FIRST)
        self.addCleanup(self.who.lend, "")
        done = self.demo("run", "--rm", "--user", "5", "busybox", "true",
                         path=self.tools(), status=125)
        self.assertIn("newuidmap (package uidmap", done.err)
