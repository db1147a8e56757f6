"""podman's networks and ours at once on one host, each with its own rules: who
reaches what, and that neither changes a byte of the other's."""

import re

import alike
import engines
import test_podman
from box import harness

IMAGE = engines.IMAGE
DEMO = harness.program("ch06-final")
HOST, OUTSIDE = "203.0.113.1", "203.0.113.2"
# (busybox's wget, where it is static, does not survive its own -T.)
GET = ("timeout", "3", "wget", "-q", "-O-")


def setUpModule():
    engines.need("podman", "conmon", "ip", "nft")


class Beside(alike.CommandLine):
    kind = test_podman.Podman
    removal = test_podman.AsRoot.removal
    keeps = test_podman.AsRoot.keeps

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outside = cls.start_box("outside")
        engines.connect(cls.box, cls.outside, HOST + "/24", OUTSIDE + "/24")
        cls.must(["ip", "route", "add", "default", "via", OUTSIDE])
        cls.outside.write("index.html", "outside\n")
        cls.outside.start_in([engines.static_busybox(), "httpd", "-f", "-p",
                              "80", "-h", cls.outside.state])

    @classmethod
    def must(cls, argv, **more):
        done = cls.box.run(argv, **more)
        if done.status:
            raise AssertionError(str(done))
        return done.out

    def demo(self, *words):
        return self.must([DEMO, *words], env=harness.environment(
            MYDOCKER_ROOT=self.box.path("ours"), MYDOCKER_RUN="/run/mydocker"))

    def rules(self):
        """Theirs and ours: the tables as nft writes them, without counters."""
        tables = re.split(r"^(?=table )", self.must(
            ["nft", "-s", "list", "ruleset"]), flags=re.M)
        ours = re.compile(r"table ip6? mydocker ")
        return tuple("".join(table for table in tables
                             if bool(ours.match(table)) == is_ours)
                     for is_ours in (False, True))

    def page(self, get):
        """What `get URL` has said at last."""
        return engines.eventually(get, 10) or "nothing"

    def from_ours(self, name, url):
        done = self.box.run(
            [DEMO, "exec", name, *GET, url],
            env=harness.environment(MYDOCKER_ROOT=self.box.path("ours"),
                                    MYDOCKER_RUN="/run/mydocker"))
        return done.out.strip()

    def from_theirs(self, name, url):
        return self.attempt("exec", name, *GET, url).out.strip()

    def from_outside(self, url):
        return self.outside.run([engines.static_busybox(), *GET,
                                 url]).out.strip()

    def start_theirs(self, network, name, *options):
        self.call("network", "create", network)
        self.addCleanup(self.attempt, "network", "rm", "-f", network)
        words = ("run", "-d", "--name", name, "--network", network, *options,
                 IMAGE, "httpd", "-f", "-h", "/www")
        done = self.attempt(*words)
        if done.status:
            self.skipTest("podman has no networks here: " +
                          done.err.strip()[-200:])
        self.addCleanup(self.attempt, *self.removal, name)

    def start_ours(self):
        self.addCleanup(self.end_ours)
        self.demo("network", "create", "red")
        for name, options in (("one", ("-p", "8081:80")), ("two", ())):
            self.demo("run", "-d", "--name", name, "--network", "red",
                      *options, "busybox", "sh", "-c",
                      "echo %s >/tmp/index.html; exec httpd -f -h /tmp" % name)

    def end_ours(self):
        ids = self.demo("ps", "-aq").split()
        if ids:
            self.demo("rm", "-f", *ids)
        self.demo("network", "prune", "-f")

    def address(self, name):
        return self.demo(
            "inspect", "-f", "{{.NetworkSettings.Networks.red.IPAddress}}",
            name).strip()

    def everybody_reaches_what_he_should(self):
        ours, theirs = "http://%s:8081/" % HOST, "http://%s:8080/" % HOST
        for get, argument, said in (
                (self.from_ours, ("one", "http://two/"), "two"),
                (self.from_ours, ("two", "http://one/"), "one"),
                (self.from_ours, ("two", "http://%s/" % OUTSIDE), "outside"),
                (self.from_ours, ("two", theirs), "served"),
                (self.from_theirs, ("peer", "http://%s/" % OUTSIDE),
                 "outside"),
                (self.from_theirs, ("peer", ours), "one"),
                (self.from_outside, (theirs,), "served"),
                (self.from_outside, (ours,), "one")):
            with self.subTest(get.__name__, of=argument):
                self.assertEqual(self.page(lambda g=get, a=argument: g(*a)),
                                 said)
        # What is not published: nobody but our own network.
        url = "http://%s/" % self.address("two")
        self.assertEqual(self.from_theirs("peer", url), "")
        self.assertEqual(self.from_outside(url), "")

    def test_ours_come_and_go_beside_theirs(self):
        self.start_theirs("theirs", "peer", "-p", "8080:80")
        before, none = self.rules()
        self.assertIn("NETAVARK", before.upper())
        self.assertEqual(none, "")
        self.start_ours()
        self.everybody_reaches_what_he_should()
        self.assertEqual(self.rules()[0], before)
        self.end_ours()
        self.assertEqual(self.rules(), (before, ""))
        self.assertEqual(self.from_outside("http://%s:8080/" % HOST),
                         "served")

    def test_theirs_come_and_go_beside_ours(self):
        self.start_ours()
        before = self.rules()[1]
        self.assertIn("8081", before)
        self.start_theirs("later", "peer", "-p", "8080:80")
        self.everybody_reaches_what_he_should()
        self.assertEqual(self.rules()[1], before)
        self.call(*self.removal, "peer")
        self.call("network", "rm", "-f", "later")
        self.assertEqual(self.rules()[1], before)
        self.assertEqual(self.from_outside("http://%s:8081/" % HOST), "one")
        self.assertEqual(self.from_ours("one", "http://two/"), "two")
