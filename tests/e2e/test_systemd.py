"""mydocker-systemd and a real systemd, which runs in namespaces of its own."""

import glob
import json
import os
import shutil
import signal
import time

import harness
from test_ids import AS_USER

RUNTIME = harness.program("ch06-final", "mydocker-oci")
PROGRAM = harness.program("ch06-final", "mydocker-systemd")
DEMO = harness.program("ch06-final")
CH06 = os.path.join(harness.ROOT, "ch06-final")
SYSTEMD = "/lib/systemd/systemd"
HERE = os.path.dirname(os.path.abspath(__file__))
ALWAYS = ("s Slice machine.slice", "b Delegate true",
          "b DefaultDependencies false", "s CollectMode inactive-or-failed")


class Systemd(harness.KernelTest):
    manager = ""        # the cgroup of the systemd that makes the scope

    def boot(self, layout):
        if layout == "hybrid" and not os.path.ismount("/sys/fs/cgroup/systemd"):
            self.skipTest("there is no v1 here")
        self.need("unshare", "nsenter", "dbus-daemon", "systemctl")
        if os.geteuid() != 0:
            self.skipTest("it takes root")
        for path in (SYSTEMD, PROGRAM):
            if not os.path.exists(path):
                self.skipTest("there is no %s" % path)
        self.name = harness.random_name()
        self.hand_down()
        self.addCleanup(self.remove_cgroups)
        self.log = os.path.join(self.scratch(), "log")
        with open(self.log, "w") as log:
            outer = harness.start(
                ["sh", os.path.join(HERE, "systemd.sh"), layout, self.name,
                 str(harness.USER)],
                stdout=log, stderr=log)
        self.addCleanup(outer.wait, 10)
        self.addCleanup(harness.signal_group, outer, signal.SIGKILL)
        deadline = time.monotonic() + 60 * harness.SLOWER
        while time.monotonic() < deadline and outer.poll() is None:
            children = self.children(outer.pid)
            self.pid = children[0] if children else 0
            if self.pid and harness.run(
                    self.inside("systemctl", "is-active", "-q",
                                "dbus.service")).status == 0:
                return
            time.sleep(0.1)
        with open(self.log) as log:
            self.fail("systemd does not come up:\n" + log.read())

    def hand_down(self):
        """On v2 it gets the controllers that there are."""
        for path in glob.glob("/sys/fs/cgroup/cgroup.subtree_control") + \
                glob.glob("/sys/fs/cgroup/*/cgroup.subtree_control"):
            with open(path) as file:
                before = file.read().split()
            with open(os.path.join(os.path.dirname(path),
                                   "cgroup.controllers")) as file:
                missing = set(file.read().split()) - set(before)
            for controller in missing:
                if self.write(path, "+" + controller):
                    self.addCleanup(self.write, path, "-" + controller)

    def write(self, path, change):
        try:
            with open(path, "w") as file:
                file.write(change)
            return True
        except OSError:
            return False

    def children(self, pid):
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            return [int(child) for child in file.read().split()]

    def enter(self):
        """Where it lives itself: of a process elsewhere it may not be able to
        say where it is to go."""
        for path in self.cgroups("/init.scope/cgroup.procs"):
            self.write(path, "0")

    def inside(self, *argv):
        return ["nsenter", "-t", str(self.pid), "-m", "-p", "-C", "-i", "-u",
                "-n", *argv]

    def remove_cgroups(self):
        self.bury_orphans()
        for top in self.cgroups(""):
            for path, _, _ in os.walk(top, topdown=False):
                os.rmdir(path)

    def cgroups(self, below):
        """That directory in every hierarchy in which it is."""
        return [path for pattern in ("/sys/fs/cgroup/", "/sys/fs/cgroup/*/")
                for path in glob.glob(pattern + self.name + below)]

    def ask(self, *argv):
        return self.run_command(self.inside(PROGRAM, *argv))

    def limits(self):
        """What the kernel says, in those hierarchies that can."""
        found = []
        for path in self.cgroups(self.manager + "/machine.slice/"
                                 "mydocker-x.scope/pids.max"):
            with open(path) as file:
                found.append(file.read().strip())
        return found

    def show(self, unit, name):
        return self.succeed(self.inside("systemctl", "show", "--value", "-p",
                                        name, unit)).out.strip()

    def sleeper(self):
        """A process in there that waits; its pid there, and here."""
        process = harness.start(self.inside("sleep", "1000"),
                                preexec_fn=self.enter)
        self.addCleanup(harness.finish, process, 10)
        self.addCleanup(harness.signal_group, process, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while not self.children(process.pid):
            self.assertLess(time.monotonic(), deadline)
        here = self.children(process.pid)[0]
        with open("/proc/%d/status" % here) as file:
            line, = (line for line in file if line.startswith("NSpid:"))
        return line.split()[-1], here

    def life(self, layout):
        """A scope from its beginning to its end."""
        self.boot(layout)
        pid, here = self.sleeper()
        done = self.ask("start", "mydocker-x.scope", pid, *ALWAYS,
                        "t TasksMax 77", "ay AllowedCPUs 01",
                        "s DevicePolicy strict",
                        "a(ss) DeviceAllow /dev/char/1:3 rwm,char-136 rw")
        self.assertEqual(done.status, 0, done)
        with open("/proc/%d/cgroup" % here) as file:
            self.assertIn("/%s/machine.slice/mydocker-x.scope\n" % self.name,
                          file.read())
        self.assertTrue(self.cgroups("/machine.slice/mydocker-x.scope"))
        for name, value in (("ActiveState", "active"), ("Delegate", "yes"),
                            ("Slice", "machine.slice"), ("TasksMax", "77"),
                            ("AllowedCPUs", "0"),
                            ("DevicePolicy", "strict")):
            self.assertEqual(self.show("mydocker-x.scope", name), value)
        self.assertIn(self.limits(), ([], ["77"]))
        self.assertIn("char-136 rw",
                      self.show("mydocker-x.scope", "DeviceAllow"))
        done = self.ask("set", "mydocker-x.scope", "t TasksMax 99")
        self.assertEqual(done.status, 0, done)
        self.assertEqual(self.show("mydocker-x.scope", "TasksMax"), "99")
        self.assertIn(self.limits(), ([], ["99"]))
        done = self.ask("start", "mydocker-x.scope", pid, *ALWAYS)
        self.assertEqual(done.status, 1)
        self.assertIn("start mydocker-x.scope: systemd: ", done.err)
        done = self.ask("stop", "mydocker-x.scope")
        self.assertEqual(done.status, 0, done)
        self.assertFalse(self.cgroups("/machine.slice/mydocker-x.scope"))
        self.assertFalse(os.path.exists("/proc/%d/root" % here) and
                         os.readlink("/proc/%d/root" % here))

    def test_a_scope_on_this_host(self):
        self.life("hybrid")

    def test_a_scope_on_v2_alone(self):
        self.life("unified")

    def test_refusals_are_in_words(self):
        self.boot("unified")
        pid, _ = self.sleeper()
        for argv, words in (
                (("start", "mydocker-x.scope", "999999"), "start mydocker-x"),
                (("start", "mydocker-x.scope", pid, "t NoSuchThing 1"),
                 "NoSuchThing"),
                (("start", "mydocker-x.scope", pid, "t TasksMax x"),
                 "the property \"t TasksMax x\""),
                (("start", "mydocker-x.scope", pid, "q TasksMax 1"),
                 "the property \"q TasksMax 1\""),
                (("start", "mydocker-x.scope", pid, "TasksMax"),
                 "is not \"TYPE NAME VALUE\""),
                (("start", "no unit", pid), "start no unit: systemd: "),
                (("set", "mydocker-x.scope", "t TasksMax 1"),
                 "change mydocker-x.scope: systemd: ")):
            done = self.ask(*argv)
            self.assertEqual(done.status, 1, done)
            self.assertIn(words, done.err)
            self.assertEqual(done.err.count("\n"), 1, done)
        # What is gone has been stopped.
        self.assertEqual(self.ask("stop", "mydocker-x.scope").status, 0)
        self.assertEqual(self.ask("stop").status, 2)

    def test_without_systemd(self):
        if not os.path.exists(PROGRAM):
            self.skipTest("there is no %s" % PROGRAM)
        done = self.run_command(
            [PROGRAM, "stop", "mydocker-x.scope"],
            env=harness.environment(
                DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nowhere"))
        self.assertEqual(done.status, 1)
        self.assertIn("reach systemd by the system's bus", done.err)


class Unit(Systemd):
    """mydocker.service: containers start and end with the machine."""

    test_a_scope_on_this_host = test_a_scope_on_v2_alone = None
    test_refusals_are_in_words = test_without_systemd = None

    def demo(self, *words):
        return self.run_command(self.inside(
            "env", "MYDOCKER_ROOT=" + self.store, DEMO, *words),
            preexec_fn=self.enter)

    def life(self, layout):
        self.boot(layout)
        self.store = os.path.join(self.scratch(), "store")
        said = os.path.join(self.scratch(), "said")
        place = os.path.join(self.scratch(), "place")
        os.mkdir(place)
        with open(os.path.join(CH06, "systemd/mydocker.service")) as file:
            unit = file.read()
        # That the network is up, and all else, nobody sees to here.
        unit = unit.replace("Wants=network-online.target",
                            "DefaultDependencies=no")
        path = os.path.join(self.scratch(), "mydocker.service")
        with open(path, "w") as file:
            file.write(unit.replace("@DEMO@", DEMO).replace(
                "[Service]", "[Service]\nEnvironment=MYDOCKER_ROOT=%s\n"
                "StandardError=append:%s" % (self.store, said)))
        self.systemctl("enable", path)
        for name, words in {
                "poor": ("-v", place + ":/place"), "web": (),
                "stopped": ()}.items():
            done = self.demo("run", "-d", "--name", name, "--network", "none",
                             "--restart", "unless-stopped", *words, "busybox",
                             "sh", "-c", "trap 'exit 7' TERM; sleep 600 & "
                             "wait")
            self.assertEqual(done.status, 0, done)
        self.addCleanup(self.demo, "rm", "-f", "poor", "web", "stopped")
        self.assertEqual(self.demo("stop", "stopped").status, 0)
        for _ in range(2):
            self.systemctl("start", "mydocker.service")
            self.assertEqual(self.show("mydocker.service", "ActiveState"),
                             "active")
            self.assertIn("web running", self.states())
            self.assertIn("stopped exited", self.states())
            self.systemctl("stop", "mydocker.service")
            self.assertEqual(self.states(), ["poor exited", "stopped exited",
                                             "web exited"])
            self.assertEqual(self.demo("inspect", "-f", "{{.State.ExitCode}}",
                                       "web").out, "7\n")
            # The second time one of them cannot be started.
            shutil.rmtree(place, ignore_errors=True)
        with open(said) as file:
            self.assertRegex(file.read(), "^mydocker system boot: start poor: "
                             "[^\n]*%s[^\n]*\n$" % place)

    def systemctl(self, *words):
        self.succeed(self.inside("systemctl", *words))

    def states(self):
        done = self.demo("ps", "-a", "--format", "{{.Names}} {{.State}}")
        self.assertEqual(done.status, 0, done)
        return sorted(done.out.splitlines())

    def test_on_this_host(self):
        self.life("hybrid")

    def test_on_v2_alone(self):
        self.life("unified")


class Runtime(Systemd):
    """mydocker-oci --systemd-cgroup."""

    root = "/run/containers"
    user, kind = 0, ()

    def runtime(self, *argv, status=0):
        done = self.run_command(
            self.inside(RUNTIME, "--root", self.root, *argv),
            preexec_fn=self.enter)
        self.assertEqual(done.status, status, done)
        return done

    def bundle(self, **resources):
        """A container that sleeps, in machine.slice."""
        self.need("busybox")
        top = self.scratch()
        os.makedirs(os.path.join(top, "rootfs/bin"))
        shutil.copy(shutil.which("busybox"), os.path.join(top, "rootfs/bin"))
        for path in (top, top + "/rootfs", top + "/rootfs/bin"):
            os.chown(path, self.user, self.user)
        self.succeed([RUNTIME, "spec", *self.kind], cwd=top, user=self.user)
        path = os.path.join(top, "config.json")
        with open(path) as file:
            config = json.load(file)
        config["process"].update(terminal=False,
                                 args=["/bin/busybox", "sleep", "1000"])
        config["process"].pop("rlimits")
        config["annotations"] = {
            "org.systemd.property." + name: value for name, value in (
                ("TimeoutStopUSec", "uint64 1500000"),
                ("RuntimeMaxSec", "5000"),
                ("After", "['quiet.target']"),
                ("Description", "'a box: \\'x\\''"))}
        config["linux"].update(cgroupsPath="machine.slice:mydocker:x")
        config["linux"].setdefault("resources", {}).update(resources)
        with open(path, "w") as file:
            json.dump(config, file)
        return top

    def has_pids(self):
        """Can it be limited how many processes there are?"""
        return self.run_command(self.inside("sh", "-c", "cd /sys/fs/cgroup; "
                                "test -d pids || grep -qw pids "
                                "cgroup.controllers")).status == 0

    def life(self, layout):
        if not os.path.exists(RUNTIME):
            self.skipTest("there is no " + RUNTIME)
        self.boot(layout)
        # v2 has no more than what v1 has left of them.
        limits = {"pids": {"limit": 77}} if self.has_pids() else {}
        bundle = self.bundle(**limits)
        # The container keeps its standard streams open.
        with open(os.path.join(bundle, "said"), "w+") as said:
            done = self.run_command(
                self.inside(RUNTIME, "--root", self.root, "--systemd-cgroup",
                            "create", "-b", bundle, "x"),
                preexec_fn=self.enter, stdout=said, stderr=said)
            said.seek(0)
            self.assertEqual(done.status, 0, said.read())
        state = json.loads(self.runtime("state", "x").out)
        cgroup = self.succeed(self.inside(
            "cat", "/proc/%d/cgroup" % state["pid"])).out
        place = self.manager + "/machine.slice/mydocker-x.scope"
        self.assertIn("0::%s\n" % place, cgroup)
        self.assertIn(":freezer:/machine.slice/mydocker-x.scope\n" if
                      layout == "hybrid" and not self.user else "", cgroup)
        self.assertEqual(self.show("mydocker-x.scope", "ActiveState"),
                         "active")
        for name, value in (("TimeoutStopUSec", "1.500000s"),
                            ("RuntimeMaxUSec", "1h 23min 20s"),
                            ("Description", "a box: 'x'")):
            self.assertEqual(self.show("mydocker-x.scope", name), value)
        self.assertIn("quiet.target", self.show("mydocker-x.scope", "After"))
        self.runtime("start", "x")
        if limits:
            self.assertEqual(self.show("mydocker-x.scope", "TasksMax"), "77")
            self.assertEqual(self.limits(), ["77"])
            self.runtime("update", "--pids-limit", "99", "x")
            # A reload writes what systemd knows.
            self.succeed(self.inside("systemctl", "daemon-reload"))
            self.assertEqual(self.show("mydocker-x.scope", "TasksMax"), "99")
            self.assertEqual(self.limits(), ["99"])
        self.runtime("pause", "x")
        self.runtime("resume", "x")
        inner = self.runtime("exec", "x", "/bin/busybox", "cat",
                             "/proc/self/cgroup").out
        self.assertIn("0::/", inner)
        self.runtime("delete", "--force", "x")
        self.assertFalse(self.cgroups(place))
        self.assertEqual(self.show("mydocker-x.scope", "LoadState"),
                         "not-found")

    test_refusals_are_in_words = test_without_systemd = None

    def test_a_name_that_is_none(self):
        self.boot("unified")
        bundle = self.bundle()
        path = os.path.join(bundle, "config.json")
        with open(path) as file:
            config = json.load(file)
        for change, says in (
                ({"annotations": {"org.systemd.property.After": "[1]"}},
                 "annotations.org.systemd.property.After: "),
                ({"linux": {**config["linux"], "cgroupsPath": "/machine/x"}},
                 "SLICE:PREFIX:NAME")):
            with open(path, "w") as file:
                json.dump({**config, **change}, file)
            done = self.runtime("--systemd-cgroup", "create", "-b", bundle,
                                "x", status=1)
            self.assertIn(says, done.err)
        self.assertEqual(self.runtime("list", "-q").out, "")


class OwnManager:
    """An ordinary user, with a systemd of their own."""

    manager = "/system.slice/manager.service"
    user = harness.USER

    def inside(self, *argv):
        """Whoever asks systemctl asks the user's."""
        home = "/run/user/%d" % self.user
        if argv[0] == "systemctl" and self.up:
            argv = ("systemctl", "--user", *argv[1:])
        return super().inside(*(AS_USER if self.up else ()), "env",
                              "HOME=" + home, "XDG_RUNTIME_DIR=" + home, *argv)

    def boot(self, layout):
        self.up = False
        super().boot(layout)
        self.succeed(self.inside("systemctl", "start", "manager.service"))
        self.up = True

    def has_pids(self):
        """Nobody is handed down a hierarchy of v1."""
        return self.run_command(self.inside(
            "grep", "-qw", "pids", "/sys/fs/cgroup/cgroup.controllers",
            "/sys/fs/cgroup/unified/cgroup.controllers")).status == 0


class OfUser(OwnManager, Runtime):
    """The same for them."""

    root = "/run/user/%d/containers" % harness.USER
    kind = ("--rootless",)

    def enter(self):
        for path in self.cgroups(self.manager + "/init.scope/cgroup.procs"):
            self.write(path, "0")


class OfLogin(OwnManager, Systemd):
    """`run` of a user who has logged in: that cgroup is root's."""

    # Of who asks systemd by hand.
    test_a_scope_on_this_host = test_a_scope_on_v2_alone = None
    test_refusals_are_in_words = test_without_systemd = None

    def enter(self):
        for place in self.cgroups(""):
            os.makedirs(place + "/session", exist_ok=True)
            self.write(place + "/session/cgroup.procs", "0")

    def demo(self, *words):
        return self.run_command(
            self.inside(harness.program("ch06-final"), *words), timeout=120,
            preexec_fn=self.enter)

    def scopes(self):
        return self.succeed(self.inside(
            "systemctl", "list-units", "--plain", "--no-legend", "--all",
            "mydocker-*.scope")).out

    def test_limits(self):
        self.boot("unified")
        if not self.has_pids():
            self.skipTest("v2 has no controllers here")
        line = ("run", "--rm", "--network", "none", "--pids-limit", "20", "-m",
                "64m", "busybox", "sh", "-c", "cd /sys/fs/cgroup; "
                "cat pids.max memory.max")
        done = self.demo(*line)
        self.assertEqual((done.status, done.out), (0, "20\n67108864\n"),
                         str(done))
        deadline = time.monotonic() + 20 * harness.SLOWER
        while self.scopes() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(self.scopes(), "")
        # Without a systemd of his own there is nobody who could give one.
        self.up = False
        self.succeed(self.inside("systemctl", "stop", "manager.service"))
        self.up = True
        done = self.demo(*line)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("it takes a control group, and none with this "
                      "controller was handed down to you", done.err)
