"""A box for an engine: namespaces and control groups of its own.

    box = Box()
    box.start()
    done = box.run(["podman", "info"])      # a harness.Done
    box.end()

What runs inside makes bridges, firewall rules, mounts, files, control groups as
on a machine of its own, and none of them on this one: the box has new network,
mount, pid, cgroup, host name and IPC namespaces; empty /run, /tmp and /var/tmp,
an /etc that can be changed, else a read-only / but for box.state; and one
directory in each cgroup hierarchy, which it sees as the hierarchy's root.  Its
pid 1 buries orphans; when it is killed the kernel ends all the others.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "e2e")]

import harness                                                  # noqa: E402
import residue                                                  # noqa: E402

NAME = re.compile(r"mydocker-test-(\d+)-box")
STATE = "/var/tmp"

# Inside, before anything else.  $1: its name, $2: where state may be written;
# then, for each cgroup hierarchy, its directory, type and options.
SET_UP = r"""
set -e
hostname "$1"
state=$2
shift 2
ip link set lo up
mount -t tmpfs -o mode=755 run /run
mkdir /run/lock "$state/etc" "$state/etc.work"
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t overlay -o "lowerdir=/etc,upperdir=$state/etc,workdir=$state/etc.work" \
	etc /etc
umount -lR /sys
mount -t sysfs sysfs /sys
[ "$1" = /sys/fs/cgroup ] || mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
while [ $# -gt 0 ]; do
	mkdir -p "$1"
	mount -t "$2" -o "$3" cgroup "$1"
	shift 3
done
mkdir /run/state
mount --bind "$state" /run/state
mount -t tmpfs -o mode=1777 tmp /var/tmp
mkdir "$state"
mount --move /run/state "$state"
rmdir /run/state
mount -o remount,bind,ro /
# As systemd leaves a machine.
mount --make-rshared /
exec python3 -I -c '
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
print("ready", flush=True)
while True:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    signal.sigwait([signal.SIGCHLD])
'
"""

# Join the directories named before "--", then run the rest.  A process that
# moves itself does not wait (book, chapter 2).
JOIN = r"""
while [ "$1" != -- ]; do
	if [ -e "$1/tasks" ]; then echo 0 >"$1/tasks"
	else echo 0 >"$1/cgroup.procs"; fi || exit
	shift
done
shift
exec "$@"
"""


def hierarchies():
    """(mount point, type, options) of every cgroup hierarchy, once each."""
    found = {}
    for line in residue.read("/proc/self/mountinfo").splitlines():
        fields = line.split(" ")
        kind, _, options = fields[fields.index("-") + 1:][:3]
        if kind in ("cgroup", "cgroup2") and fields[2] not in found:
            words = [word for word in options.split(",")
                     if word not in ("rw", "ro")]
            found[fields[2]] = (fields[4], kind,
                                ",".join(words) if kind == "cgroup" else "rw")
    return list(found.values())


def remove_cgroup(path):
    for top, _, _ in os.walk(path, topdown=False):
        deadline = time.monotonic() + 10
        while True:
            try:
                os.rmdir(top)
                break
            except FileNotFoundError:
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def put(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)     # PR_SET_PDEATHSIG


class Box:
    def __init__(self, host="box"):
        self.host = host
        self.name = harness.random_name(
            "mydocker-test-%d-box" % os.getpid())
        self.state = self.process = None
        self.inherited = set()
        self.places = hierarchies()

    def groups(self):
        return [os.path.join(place[0], self.name) for place in self.places]

    def start(self):
        bury_the_dead()
        for path in self.groups():
            os.mkdir(path)
            for name in ("cpuset.cpus", "cpuset.mems"):
                above = os.path.join(os.path.dirname(path), name)
                if os.path.exists(above) and name in os.listdir(path):
                    put(os.path.join(path, name), residue.read(above))
        self.state = tempfile.mkdtemp(
            prefix="mydocker-test-%d-box-" % os.getpid(), dir=STATE)
        mounts = [word for place in self.places for word in place]
        self.process = harness.start(
            ["sh", "-c", JOIN, "sh", *self.groups(), "--",
             "unshare", "--mount", "--net", "--pid", "--cgroup", "--uts",
             "--ipc", "--fork", "--kill-child", "--mount-proc",
             "--propagation", "private", "sh", "-c", SET_UP, "sh",
             self.host, self.state, *mounts], preexec_fn=die_with_parent)
        if self.process.stdout.readline() != b"ready\n":
            done = harness.finish(self.process, 5)
            self.end()
            raise AssertionError("no box: %s" % done)
        self.leave_the_root()
        self.inherited = self.census()

    def leave_the_root(self):
        """Version 2: a group with processes hands no controller down."""
        group = self.groups()[0]
        if not os.path.exists(group + "/cgroup.controllers") or \
                len(self.places) > 1:
            return
        os.mkdir(group + "/init")
        for pid in residue.read(group + "/cgroup.procs").split():
            put(group + "/init/cgroup.procs", pid)
        for name in residue.read(group + "/cgroup.controllers").split():
            put(group + "/cgroup.subtree_control", "+" + name)

    def inside(self, argv):
        """The command line that runs `argv` in the box."""
        namespaces = "/proc/%d/ns/" % self.process.pid
        groups = self.groups()
        if len(groups) == 1 and os.path.exists(groups[0] + "/init"):
            groups = [groups[0] + "/init"]
        return ["sh", "-c", JOIN, "sh", *groups, "--", "nsenter",
                *("--%s=%s%s" % (kind, namespaces, name) for kind, name in (
                    ("mount", "mnt"), ("net", "net"), ("uts", "uts"),
                    ("ipc", "ipc"), ("cgroup", "cgroup"),
                    ("pid", "pid_for_children"))), "--", *argv]

    def run(self, argv, timeout=60, **more):
        done = harness.run(self.inside(argv), timeout, **more)
        done.argv = argv
        return done

    def start_in(self, argv, **more):
        return harness.start(self.inside(argv), **more)

    def path(self, *names):
        return os.path.join(self.state, *names)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(text, bytes) else "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def census(self):
        """What it has now beside what it began with (mounts of the host go
        with their directories): control groups, mounts, processes."""
        found = set()
        for path in self.groups():
            for top, _, _ in os.walk(path):
                found.add("cgroup " + top)
        inside = "/proc/%d/mountinfo" % self.process.pid
        for line in residue.read(inside).splitlines():
            found.add("mount " + line.split(" ")[4])
        space = os.readlink("/proc/%d/ns/pid_for_children" % self.process.pid)
        for pid in residue.descendants():
            try:
                if os.readlink("/proc/%d/ns/pid" % pid) == space:
                    found.add("process %s" % residue.read(
                        "/proc/%d/cmdline" % pid).replace("\0", " "))
            except OSError:
                pass
        return found - self.inherited

    def end(self):
        """Pull the plug, remove what it had; may be called twice."""
        if self.process:
            harness.signal_group(self.process, signal.SIGKILL)
            self.process.wait(10)
            self.process.stdout.close()
            self.process.stderr.close()
            self.process = None
        for path in self.groups():
            remove_cgroup(path)
        if self.state:
            harness.remove_tree(self.state)
            self.state = None


def bury_the_dead():
    """What a box leaves whose test was killed."""
    for place in [place[0] for place in hierarchies()] + [STATE]:
        for name in os.listdir(place):
            match = NAME.match(name)
            if match and not os.path.exists("/proc/" + match.group(1)):
                path = os.path.join(place, name)
                if place == STATE:
                    harness.remove_tree(path)
                else:
                    remove_cgroup(path)


if __name__ == "__main__":      # by hand: python3 box.py COMMAND...
    box = Box()
    box.start()
    try:
        sys.exit(subprocess.run(box.inside(sys.argv[1:]), check=False,
                                cwd="/").returncode)
    finally:
        box.end()
