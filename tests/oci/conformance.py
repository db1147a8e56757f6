"""The floor of the conformance tests: a bundle, a runtime, a container.

    class Hostname(conformance.Conformance):
        def test_it_is_set(self):
            '''config.md, Hostname, 1: "..."'''
            config = self.config("hostname")
            config["hostname"] = "inside"
            self.assertEqual(self.output(config), "inside\n")

The runtime is the one RUNTIME names (crun, runc, a path), ours without it. It
is only ever called by runc's command line, under a --root of the test's own,
in a time limit. What it says is believed where the specification makes it say
something (state, features); the rest is read from /proc, from the cgroup file
system, or by a shell inside.

A test's docstring begins with what it holds the runtime to: document, section
and number in `requirements`, and the sentence. test_requirements.py reads it.

A test that a runtime is known to fail is in known.py and counts as skipped; if
it passes all the same, that is a failure.
"""

import collections
import copy
import ctypes
import functools
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "e2e")]

import harness                                                  # noqa: E402
import known                                                    # noqa: E402
import residue                                                  # noqa: E402

PATH = harness.environment()["PATH"]
ASKED_FOR = os.environ.get("RUNTIME") or harness.program("ch06-final",
                                                         "mydocker-oci")
RUNTIME = shutil.which(ASKED_FOR, path=PATH)
NAME = os.path.basename(ASKED_FOR)
SECONDS = 10            # for one call of the runtime; it takes milliseconds
VERSION = "1.0.0"       # of the configuration, where it does not matter
APPLETS = ("cat chmod echo grep head hostname id ip ls mkdir mknod mount "
           "readlink rm seq sh sleep stat stty tail touch tr true tty uname "
           "wc").split()
CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL",
                "CAP_MKNOD", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP"]
NAMESPACES = ("mount", "pid", "network", "ipc", "uts")
PROC_NAMES = {"mount": "mnt", "network": "net"}
MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666",
                 "mode=0620"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs",
     "options": ["nosuid", "noexec", "nodev", "ro"]},
]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def exists(pid):
    """Is there such a process, and is it more than a zombie?"""
    try:
        return read("/proc/%d/stat" % pid).rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition, what, seconds=SECONDS):
    """Wait for it, and no longer."""
    deadline = time.monotonic() + seconds * harness.SLOWER
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("not within %d s: %s" % (seconds, what))
        time.sleep(0.002)


def hierarchies():
    """{controller or "": directory} of the cgroup mounts; "" is version 2."""
    found = {}
    for line in read("/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ")[:3]
        if kind == "cgroup2":
            found.setdefault("", left.split(" ")[4])
        elif kind == "cgroup":
            for option in options.split(","):
                if option.startswith("name=") or option in CONTROLLERS:
                    found.setdefault(option, left.split(" ")[4])
    return found


CONTROLLERS = {line.split("\t")[0]
               for line in read("/proc/cgroups").splitlines()[1:]}
HIERARCHIES = hierarchies()
# Only version 2 here? On a hybrid host, runtimes use the version 1 ones.
V2 = set(HIERARCHIES) == {""}


def controllers_of_v2():
    """On a hybrid host those that version 1 does not have; runtimes other than
    ours do without them there."""
    if "" not in HIERARCHIES or (not V2 and NAME in known.VERSIONS):
        return set()
    return set(read(HIERARCHIES[""] + "/cgroup.controllers").split())


OF_V2 = controllers_of_v2()


def on_v2(controller):
    return V2 or controller in OF_V2


def cgroup_of(pid, controller):
    """Where a process is: a directory of the host."""
    key = "" if on_v2(controller) else controller
    for line in read("/proc/%d/cgroup" % pid).splitlines():
        _, names, path = line.split(":", 2)
        if key in names.split(","):
            return HIERARCHIES[key] + path
    raise AssertionError("no %s in /proc/%d/cgroup" % (controller, pid))


def controllers():
    """Those that can be used here."""
    return set(HIERARCHIES) & CONTROLLERS | OF_V2


def may_be_ours(line):
    """Of a list of what there is on the host: none of what this project's
    other tests have at the same time."""
    return "mydocker" not in line or "mydocker-oci-%d-" % os.getpid() in line


CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18


@functools.lru_cache(None)
def make_a_place_for_crun():
    """It starts nothing where a hybrid host's version 2 has controllers. So it
    is shown a tmpfs instead, in a mount namespace of the tests' own."""
    unified = HIERARCHIES.get("")
    if NAME != "crun" or V2 or not unified or \
            not read(unified + "/cgroup.controllers").strip():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or \
            libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) or \
            libc.umount2(unified.encode(), 0) or \
            libc.mount(b"mydocker-oci", unified.encode(), b"tmpfs", 0, None):
        raise OSError(ctypes.get_errno(), "hide " + unified)
    del HIERARCHIES[""]


class Container:
    """One that has been created.  `pid` is its process, as the state says."""

    def __init__(self, test, name, bundle):
        self.test, self.name, self.bundle = test, name, bundle
        self.pid = 0
        self.status = None

    def __repr__(self):
        return "container %s (%d)" % (self.name, self.pid)

    def state(self):
        done = self.test.succeed("state", self.name)
        return json.loads(done.out)

    def start(self):
        return self.test.succeed("start", self.name)

    def kill(self, number="KILL"):
        return self.test.succeed("kill", self.name, str(number))

    def wait(self, seconds=SECONDS):
        """Its exit status, as a shell counts.  It is an orphan, so ours."""
        deadline = time.monotonic() + seconds * harness.SLOWER
        while self.status is None:
            if time.monotonic() > deadline:
                raise AssertionError("%s does not end" % self)
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                raise AssertionError("%s is not our child" % self) from None
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.status = 128 - code if code < 0 else code
            else:
                time.sleep(0.002)
        return self.status

    def end(self):
        """Kill it, whatever it is doing; it is buried by whoever reaps."""
        if self.pid and self.status is None and exists(self.pid):
            os.kill(self.pid, signal.SIGKILL)

    def delete(self, *flags):
        return self.test.succeed("delete", *flags, self.name)

    def written(self):
        """What it has put out so far."""
        return read(self.bundle + "/out")

    def inside(self, path):
        """A path of its root, seen from outside."""
        return "/proc/%d/root%s" % (self.pid, path)

    def status_of(self, key):
        match = re.search(r"(?m)^%s:[ \t]*(.*)$" % key,
                          read("/proc/%d/status" % self.pid))
        return match.group(1)

    def mounts(self):
        return mounts(read("/proc/%d/mountinfo" % self.pid))


class Mount:
    """A line of mountinfo(5)."""

    def __init__(self, line):
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        self.root, self.point = fields[3], fields[4]
        self.options = fields[5].split(",")
        self.propagation = [field.split(":")[0] for field in fields[6:]]
        self.kind, self.source, data = right.split(" ", 2)
        self.data = data.split(",")

    def __repr__(self):
        return "%s on %s (%s; %s; %s; %s)" % (
            self.source, self.point, self.kind, ",".join(self.options),
            ",".join(self.data), ",".join(self.propagation))


def mounts(text):
    """{mount point: Mount}; of several the one on top."""
    return {mount.point: mount for mount in map(Mount, text.splitlines())}


def expected(method):
    """Around each test: is it known to fail?"""
    @functools.wraps(method)
    def around(self):
        reason = known.reason(self.short_name(), NAME, V2)
        if reason is None:
            return method(self)
        try:
            method(self)
        except unittest.SkipTest:
            raise
        except Exception:               # pylint: disable=broad-except
            self.skipTest("known of %s: %s" % (NAME, reason))
        if known.is_version(NAME, version()):
            self.fail("known.py has it fail under %s (%s): it passes" %
                      (NAME, reason))
        return None
    return around


@functools.lru_cache(None)
def version():
    return harness.run([RUNTIME, "--version"]).out


class Conformance(unittest.TestCase):
    maxDiff = None

    def __init_subclass__(cls, **more):
        super().__init_subclass__(**more)
        for name, value in list(vars(cls).items()):
            if name.startswith("test_"):
                setattr(cls, name, expected(value))

    def short_name(self):
        return ".".join(self.id().split(".")[-3:])

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root")
        if not RUNTIME:
            raise AssertionError("there is no %s" % ASKED_FOR)
        busybox = shutil.which("busybox", path=PATH)
        if not busybox:
            raise unittest.SkipTest("busybox is not installed")
        make_a_place_for_crun()
        cls.place = tempfile.mkdtemp(prefix="mydocker-oci-%d-" % os.getpid(),
                                     dir="/var/tmp")
        cls.addClassCleanup(harness.remove_tree, cls.place)
        os.chmod(cls.place, 0o755)
        cls.root = cls.place + "/state"
        cls.busybox = shutil.copy(busybox, cls.place + "/busybox")
        cls.before_class = cls.snapshot()
        cls.addClassCleanup(cls.compare_host)

    @staticmethod
    def snapshot():
        """All that residue.py looks at, but for files of other programs."""
        return sorted(line for source in residue.SOURCES
                      if source is not residue.files for line in source()
                      if may_be_ours(line))

    @classmethod
    def compare_host(cls):
        deadline = time.monotonic() + residue.SETTLE_SECONDS
        while True:
            after = cls.snapshot()
            left = residue.compare(collections.Counter(cls.before_class),
                                   collections.Counter(after))
            if not left or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if left:
            raise AssertionError("left on the host:\n" + "\n".join(left))

    def setUp(self):
        self.before = self.cheap_snapshot()
        self.containers = []
        self.counted = 0
        self.addCleanup(self.compare)
        self.addCleanup(self.remove_containers)

    @staticmethod
    def cheap_snapshot():
        """What a container may leave, without asking other programs."""
        return sorted(filter(may_be_ours, [*residue.mounts(),
                                           *residue.cgroups()]))

    def compare(self):
        deadline = time.monotonic() + residue.SETTLE_SECONDS
        while True:
            residue.reap()
            left = set(self.cheap_snapshot()) - set(self.before)
            if NAME in known.LEAVES:
                self.sweep(left)
                left = set(self.cheap_snapshot()) - set(self.before)
            left |= set(residue.descendants().values())
            if not left or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        residue.end_descendants()
        if left:
            self.sweep(left)
            self.fail("left on the host:\n" + "\n".join(sorted(left)))

    @staticmethod
    def sweep(lines):
        """Undo what a runtime left, so that it disturbs no other test."""
        for line in sorted(lines, reverse=True):
            kind, _, path = line.partition(" ")
            try:
                if kind == "cgroup":
                    os.rmdir(path)
            except OSError:
                pass            # not yet empty; it is looked at again

    def remove_containers(self):
        # First all processes: the first of a pid namespace stays until whoever
        # was started in it has been buried.
        for container in self.containers:
            container.end()
        deadline = time.monotonic() + 2 * harness.SLOWER
        while time.monotonic() < deadline and any(
                os.path.exists("/proc/%d" % container.pid)
                for container in self.containers if container.pid):
            residue.reap()
            time.sleep(0.001)
        for container in reversed(self.containers):
            if os.path.exists("%s/%s" % (self.root, container.name)):
                self.call("delete", "--force", container.name)
        residue.end_descendants()

    # --- bundles

    def name(self):
        self.counted += 1
        method = re.sub(r"\W|_", "-", self._testMethodName)[:40]
        return "mydocker-oci-%d-%s-%d" % (os.getpid(), method, self.counted)

    def scratch(self):
        path = tempfile.mkdtemp(dir=self.place)
        os.chmod(path, 0o755)
        self.addCleanup(harness.remove_tree, path)
        return path

    def rootfs(self, path):
        for place in ("bin", "proc", "sys", "dev", "tmp", "etc", "mnt"):
            os.makedirs("%s/%s" % (path, place))
        os.link(self.busybox, path + "/bin/busybox")
        for applet in APPLETS:
            os.symlink("busybox", "%s/bin/%s" % (path, applet))

    def bundle(self, config=None):
        """A directory with a root file system and, if given, a config.json."""
        path = self.scratch()
        self.rootfs(path + "/rootfs")
        if config is not None:
            self.write_config(path, config)
        return path

    @staticmethod
    def write_config(bundle, config):
        write(bundle + "/config.json", config if isinstance(config, str)
              else json.dumps(config, indent=1))

    @staticmethod
    def config(script="true", **process):
        """A configuration whose program is a shell's script."""
        sets = ("bounding", "effective", "permitted")
        return {
            "ociVersion": VERSION,
            "root": {"path": "rootfs"},
            "process": {
                "user": {"uid": 0, "gid": 0},
                "args": ["/bin/sh", "-c", script],
                "env": ["PATH=/bin", "TERM=xterm"],
                "cwd": "/",
                "capabilities": {name: list(CAPABILITIES) for name in sets},
                "noNewPrivileges": True,
                **process},
            "mounts": copy.deepcopy(MOUNTS),
            "linux": {"namespaces": [{"type": name} for name in NAMESPACES]},
        }

    # --- the runtime

    def call(self, *arguments, seconds=SECONDS, **more):
        """Whatever comes of it, but within its time."""
        out = more.pop("out", None)
        argv = [*more.pop("prefix", ()), RUNTIME, "--root", self.root,
                *arguments]
        # Not the host's /dev/null: crun gives what it finds there to the
        # container's user.
        with tempfile.TemporaryFile() as nothing:
            if "data" not in more:
                more.setdefault("stdin", nothing)
            done = self.call_with(argv, seconds, out, **more)
        self.assertFalse(done.timed_out, "no end in %d s\n%s" %
                         (seconds, done))
        return done

    def call_with(self, argv, seconds, out, **more):
        if out is None:
            return harness.run(argv, seconds, **more)
        # A container keeps what it is given, and a pipe would not end.
        with open(out, "ab") as file, tempfile.TemporaryFile() as err:
            process = harness.start(argv, stdout=file, stderr=err, **more)
            done = harness.finish(process, seconds)
            err.seek(0)
            done.err = err.read().decode(errors="replace")
            return done

    def succeed(self, *arguments, **more):
        done = self.call(*arguments, **more)
        self.assertEqual(done.status, 0, str(done))
        return done

    def assert_error(self, *arguments, **more):
        done = self.call(*arguments, **more)
        self.assertNotEqual(done.status, 0, str(done))
        return done

    def create(self, config, *flags, name=None, bundle=None, **more):
        """A container, created; its output goes to a file."""
        bundle = bundle or self.bundle(config)
        container = Container(self, name or self.name(), bundle)
        self.containers.append(container)
        write(bundle + "/out", "")
        self.succeed("create", "--bundle", bundle, "--pid-file",
                     bundle + "/pid", *flags, container.name,
                     out=bundle + "/out", **more)
        container.pid = int(read(bundle + "/pid"))
        return container

    def started(self, config, *flags, **more):
        container = self.create(config, *flags, **more)
        container.start()
        return container

    def run_config(self, config, *flags, bundle=None, **more):
        """`run`: from create to delete, with its output."""
        bundle = bundle or self.bundle(config)
        name = self.name()
        container = Container(self, name, bundle)
        self.containers.append(container)
        return self.call("run", *flags, "--bundle", bundle, name, **more)

    def output(self, config, *flags, **more):
        done = self.run_config(config, *flags, **more)
        self.assertEqual(done.status, 0, str(done))
        return done.out

    def lines(self, config, *flags, **more):
        return self.output(config, *flags, **more).splitlines()

    def running(self, config=None, *flags, **more):
        """A container that runs until it is killed."""
        config = config or self.config()
        config["process"]["args"] = ["/bin/sleep", "60"]
        if "bundle" in more:
            self.write_config(more["bundle"], config)
        container = self.started(config, *flags, **more)
        until(lambda: "sleep" in read("/proc/%d/cmdline" % container.pid),
              "%s runs its program" % container)
        return container

    def refused(self, config, *flags, why="", bundle=None):
        """create fails, and it is as if it had never been tried."""
        bundle = bundle or self.bundle(config)
        name = self.name()
        self.containers.append(Container(self, name, bundle))
        done = self.call("create", "--bundle", bundle, *flags, name,
                         out=bundle + "/out")
        self.assertNotEqual(done.status, 0, "%s was accepted\n%s" %
                            (why or "it", done))
        self.assert_unknown(name)
        return done

    def assert_unknown(self, name):
        done = self.call("state", name)
        self.assertNotEqual(done.status, 0, str(done))

    def assert_nothing_ran(self, bundle):
        self.assertEqual(read(bundle + "/out"), "")

    def need_controller(self, *names):
        for name in names:
            if name not in controllers():
                self.skipTest("no %s controller here" % name)

    def need_program(self, name):
        path = shutil.which(name, path=PATH)
        if not path:
            self.skipTest("%s is not installed" % name)
        return path

    def need_namespace(self, kind):
        if not os.path.exists("/proc/self/ns/" + kind):
            self.skipTest("this kernel has no %s namespaces" % kind)

    def need_disk(self):
        """The numbers of a whole disk, which is what may be throttled."""
        names = os.listdir("/sys/block")
        if not names:
            self.skipTest("there is no disk here")
        name = min(names, key=lambda name: (name.startswith(
            ("loop", "ram", "zram")), name))
        return tuple(map(int, read("/sys/block/%s/dev" % name).split(":")))
