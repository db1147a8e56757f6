"""What the tests of all engines share: the runtime, an image, one base class.

    RUNTIME=crun python3 -B tests/run.py -k '*podman*' engines

RUNTIME is the runtime under test, ours when it is not said.  What this machine
forbids (see `allowed`) is skipped with what crun says to the same command.
"""

import fnmatch
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
import unittest

from box import Box, harness, residue

ASKED_FOR = os.environ.get("RUNTIME") or harness.program("ch06-final",
                                                         "mydocker-oci")
RUNTIME = shutil.which(ASKED_FOR)
REFERENCE = shutil.which("crun")
IMAGE = "localhost/busybox:test"      # so that no engine adds a name
OWN_LIMIT = ("cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes 2>/dev/null "
             "|| cat memory.max")
# What a payload must not get from those who start it: descriptors (the fourth is
# that of ls), signals that are ignored, the environment.
INHERITED = ("echo $(ls /proc/self/fd); grep SigIgn /proc/self/status; "
             "env | grep -e OCI -e CONTAINER -e TTRPC -e GOMAXPROCS")
NOTHING = "0 1 2 3\nSigIgn:\t0000000000000000"
# For a container that can be seen to go on, or not.
COUNTS = "while :; do i=$((i+1)); echo $i >/tmp/x; done"


def need(*names):
    """For setUpModule: the module is skipped without these programs."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")
    if not RUNTIME:
        raise AssertionError("no runtime " + ASKED_FOR)
    for name in names:
        if not shutil.which(name):
            raise unittest.SkipTest(name + " is not installed")
    if not static_busybox():
        raise unittest.SkipTest("busybox-static is not installed")


def static_busybox():
    for name in ("busybox", "busybox.static", "busybox-static"):
        path = shutil.which(name)
        if path and b"INTERP" not in subprocess.run(
                ["readelf", "-lW", path], stdout=subprocess.PIPE,
                check=False).stdout:
            return path
    return None


# ---- the image --------------------------------------------------------------

def root_tar():
    """busybox with a link for each applet, two users, a few directories."""
    blob = io.BytesIO()
    busybox = static_busybox()
    applets = subprocess.run([busybox, "--list"], stdout=subprocess.PIPE,
                             check=True, text=True).stdout.split()
    with tarfile.open(fileobj=blob, mode="w") as tar:
        def add(name, data=None, kind=tarfile.REGTYPE, mode=0o755, link=""):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.linkname = kind, mode, link
            info.size = len(data or b"")
            tar.addfile(info, io.BytesIO(data or b""))
        for name in ("bin", "dev", "etc", "home", "proc", "root", "run", "sys",
                     "tmp", "var", "www"):
            add(name, kind=tarfile.DIRTYPE,
                mode=0o1777 if name == "tmp" else 0o755)
        with open(busybox, "rb") as file:
            add("bin/busybox", file.read())
        for name in applets:
            if name != "busybox":
                add("bin/" + name, kind=tarfile.SYMTYPE, link="busybox")
        add("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"
            b"guest:x:1000:1000:guest:/home:/bin/sh\n", mode=0o644)
        add("etc/group", b"root:x:0:\nguest:x:1000:\nextra:x:1001:guest\n",
            mode=0o644)
        add("www/index.html", b"served\n", mode=0o644)
    return blob.getvalue()


def docker_archive(name=IMAGE, command=("sh",)):
    """What `docker save` writes, of one layer; podman and ctr read it too."""
    layer = root_tar()
    config = json.dumps({
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(
            os.uname().machine, os.uname().machine),
        "os": "linux", "config": {"Cmd": command, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [
            "sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created_by": "tests/engines/engines.py"}],
    }).encode()
    names = (hashlib.sha256(config).hexdigest() + ".json", "layer/layer.tar")
    manifest = [{"Config": names[0], "RepoTags": [name], "Layers": names[1:]}]
    blob = io.BytesIO()
    with tarfile.open(fileobj=blob, mode="w") as tar:
        for path, data in zip((*names, "manifest.json"), (
                config, layer, json.dumps(manifest).encode())):
            info = tarfile.TarInfo(path)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return blob.getvalue()


# ---- tests ------------------------------------------------------------------

# crun refuses a machine whose cgroup2 owns a controller beside version 1: it is
# started where that hierarchy is not seen.
WITHOUT_HYBRID = """#!/bin/sh
exec unshare --mount --propagation unchanged sh -c '
mount --make-private /sys/fs/cgroup
umount /sys/fs/cgroup/unified 2>/dev/null
exec %s "$@"' crun "$@"
"""


def eventually(what, timeout=20):
    """Ask until the answer is yes; the last answer either way."""
    deadline = time.monotonic() + timeout * harness.SLOWER
    while True:
        answer = what()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.03)


class Engine:
    """An engine in a box; each kind of engine adds the first three."""

    def __init__(self, box):
        self.box = box
        box.write("image.tar", docker_archive())
        self.runtime = self.put(RUNTIME)
        self.crun = REFERENCE and self.put(REFERENCE)

    def start(self):
        """Start its daemon, if it has one, and load image.tar."""
        raise NotImplementedError

    def command(self, *words, runtime=None):
        """The command line for `words`; `runtime`: not the one under test."""
        raise NotImplementedError

    def environment(self):
        return harness.environment(HOME=self.box.state)

    def put(self, runtime):
        """The runtime's path in the box, where it may be hidden."""
        name = os.path.basename(runtime)
        if name == "crun":
            return self.box.write("runtimes/crun", WITHOUT_HYBRID % runtime,
                                  0o755)
        with open(runtime, "rb") as file:
            return self.box.write("runtimes/" + name, file.read(), 0o755)

    def attempt(self, *words, timeout=60, runtime=None, **more):
        done = self.box.run(self.command(*words, runtime=runtime), timeout,
                            env=self.environment(), **more)
        if done.timed_out:
            raise AssertionError("no end in %d s\n%s" % (timeout, done))
        return done

    def sure(self, *words, **more):
        done = self.attempt(*words, **more)
        if done.status:
            raise AssertionError(str(done))
        return done.out.strip()

    def which(self, name):
        return shutil.which(name, path=self.environment()["PATH"])

    def start_daemon(self, argv, ready):
        """In the box, its log in a file there, until `ready` succeeds."""
        log = self.box.path(argv[0] + ".log")
        with open(log, "ab") as file:
            daemon = self.box.start_in(argv, env=self.environment(),
                                       stdout=file, stderr=file)

        def answers():
            return daemon.poll() is not None or self.box.run(
                ready, env=self.environment()).status == 0
        if not eventually(answers, 60) or daemon.poll() is not None:
            raise AssertionError("%s does not answer:\n%s" %
                                 (argv[0], residue.read(log)[-3000:]))


def connect(one, other, *addresses):
    """A cable between two boxes, an address at each end."""
    done = harness.run(
        ["nsenter", "--net=/proc/%d/ns/net" % one.process.pid, "ip", "link",
         "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns",
         str(other.process.pid)])
    assert done.status == 0, done
    for box, address in zip((one, other), addresses):
        for words in (["addr", "add", address, "dev", "eth0"],
                      ["link", "set", "eth0", "up"]):
            done = box.run(["ip", *words])
            assert done.status == 0, done


class HostTest(unittest.TestCase):
    """When a class is done all is on the host as before it."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.before = residue.snapshot()
        cls.addClassCleanup(cls.compare_host)

    @classmethod
    def compare_host(cls):
        left = residue.differences(cls.before)
        residue.end_descendants()
        if left:
            raise AssertionError("left on the host:\n" + "\n".join(left))

    @classmethod
    def start_box(cls, host="box"):
        box = Box(host)
        cls.addClassCleanup(box.end)
        box.start()
        return box


class EngineTest(HostTest):
    """One box with one engine for a class; after each test all that is in the
    box must be as before it."""

    kind = Engine
    keeps = ()          # patterns of what the engine keeps between two tests

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box = cls.start_box()
        cls.engine = cls.kind(cls.box)
        cls.engine.start()

    def setUp(self):
        self.inside_before = self.box.census()
        self.addCleanup(self.compare_inside)

    def compare_inside(self):
        """The same control groups, mounts and processes in the box."""
        def others():
            return sorted(
                line for line in self.box.census() ^ self.inside_before
                if not any(fnmatch.fnmatchcase(line, p) for p in self.keeps))
        # An ordinary user's podman cleans up when `run` has returned.
        eventually(lambda: not others(), 60)
        self.assertEqual(others(), [], "not in the box as it was")

    def attempt(self, *words, **more):
        return self.engine.attempt(*words, **more)

    def call(self, *words, status=0, **more):
        done = self.attempt(*words, **more)
        if status is not None:
            self.assertEqual(done.status, status, str(done))
        return done

    def out(self, *words, **more):
        return self.call(*words, **more).out.strip()

    def allowed(self, *words, **more):
        """As out(); a skip where this machine does not let crun do it."""
        done = self.attempt(*words, **more)
        if done.status and self.engine.crun:
            peer = self.attempt(*words, runtime=self.engine.crun, **more)
            if peer.status:
                self.skipTest("%s: crun here, too: %s" % (
                    " ".join(words), peer.text.strip()))
        self.assertEqual(done.status, 0, str(done))
        return done.out.strip()

    def at_once(self, *commands):
        """What came of each."""
        started = [self.box.start_in(self.engine.command(*words),
                                     env=self.engine.environment())
                   for words in commands]
        return [harness.finish(process, 60) for process in started]

    def terminal(self, *words):
        terminal = harness.Terminal(
            self.box.inside(self.engine.command(*words)),
            env=self.engine.environment())
        self.addCleanup(terminal.hang_up)
        terminal.argv = words
        return terminal

    def fetch(self, address):
        """A page from a server in a container, asked for from the box."""
        return eventually(lambda: self.box.run(
            [static_busybox(), "wget", "-q", "-O-", address],
            10).out.strip())

    def proc(self, pid, name):
        """/proc/PID/name, of a pid as the box counts."""
        return self.box.run(["cat", "/proc/%s/%s" % (pid, name)]).out

    def limit(self, pid, controller, first, second):
        """A file of the process's cgroup: `first` in version 1, else
        `second`."""
        for line in self.proc(pid, "cgroup").splitlines():
            _, names, path = line.split(":", 2)
            for place, group in zip(self.box.places, self.box.groups()):
                if controller in names.split(",") and controller in \
                        place[2].split(","):
                    return residue.read(group + path + "/" + first).strip()
                if len(self.box.places) == 1:
                    return residue.read(group + path + "/" + second).strip()
        self.fail("in no cgroup of " + controller)
        return None
