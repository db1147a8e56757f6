"""What a run may leave behind on a host, asked of the kernel.

    before = snapshot()
    ...
    left = differences(before)      # [] or lines such as "+ link mydocker0"

Looked at: mounts, cgroups, network links with their addresses and rules, the
nftables rules, the switches of /proc/sys that a container runtime touches,
loop devices, swap, FUSE connections, System V and POSIX IPC, host name, files
and directories under our names, and processes.

A process left behind is any descendant of the test runner: the runner is a
sub-reaper (prctl(2)), so whatever a tested program leaves running becomes its
child, and nothing that others run on this machine is taken for ours.
"""

import collections
import ctypes
import errno
import fnmatch
import glob
import os
import re
import signal
import subprocess
import time

# How many times slower than most this machine is (an emulated CPU): every time
# limit of the tests is that much longer.
SLOWER = float(os.environ.get("SLOWER") or 1)

# The kernel finishes some things after the last process has gone (a network
# namespace is taken down by a worker), so a difference must last this long.
SETTLE_SECONDS = 5 * SLOWER

# Directories whose entries called "*mydocker*" are ours.
SHARED_PLACES = ("/", "/tmp", "/var/tmp", "/run", "/run/lock", "/dev/shm",
                 "/run/netns", "/var/run/netns", "/sys/fs/bpf")
# State: everything in them, to this depth.
STATE_PLACES = ("/run/mydocker*", "/var/lib/mydocker*", "/var/run/mydocker*",
                "/run/user/*/mydocker*", "/var/tmp/mydocker-state-*")
STATE_DEPTH = 4

SYSCTLS = (
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/net/ipv4/ip_unprivileged_port_start",
    "/proc/sys/net/ipv4/conf/*/forwarding",
    "/proc/sys/net/ipv4/conf/*/route_localnet",
    "/proc/sys/net/ipv4/conf/*/rp_filter",
    "/proc/sys/net/ipv4/conf/*/accept_local",
    "/proc/sys/net/ipv4/conf/*/arp_*",
    "/proc/sys/net/ipv4/conf/*/proxy_arp",
    "/proc/sys/net/ipv6/conf/*/forwarding",
    "/proc/sys/net/ipv6/conf/*/disable_ipv6",
    "/proc/sys/net/ipv6/conf/*/accept_ra",
    "/proc/sys/net/bridge/bridge-nf-call-*",
    "/proc/sys/net/netfilter/nf_conntrack_max",
    "/proc/sys/user/max_*",
    "/proc/sys/vm/swappiness",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/domainname",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/sys/kernel/keys/max*",
    "/proc/sys/fs/mqueue/*",
)

# cgroups that others (systemd, engines, what supervises this machine) make and
# remove below a directory of theirs whenever they like.
NOT_OURS = re.compile(r"\.(service|scope|slice|mount|socket|swap)(/|$)|"
                      r"^/(docker|podman|libpod|kubepods|lxc|process_api)/")


# A run puts its guide's pid into the names it makes (runid.h, scratch()).
RUN = re.compile(r"mydocker-(?:demo|swap|test|state|grade|oci)[-.](\d+)-")
# What a demo has made: "-NAMESPACE" ends the name of a run that is not of the
# first pid namespace.
DEMO = re.compile(r"mydocker-(?:demo|swap)[-.]\d+-\d+(-\d+)?")
IN_FIRST_NAMESPACE = os.stat("/proc/self/ns/pid").st_ino == 0xEFFFFFFC


def of_another_run(line, ours):
    """Does this belong to a run that is alive and none of ours: somebody else
    playing a demo on this machine meanwhile?"""
    match = RUN.search(line)
    if not match or int(match.group(1)) in ours:
        return False
    demo = DEMO.search(line)
    if demo and not demo.group(1) and not IN_FIRST_NAMESPACE:
        return True     # a pid that means nothing here
    return os.path.exists("/proc/" + match.group(1))


def become_reaper():
    """From now on orphans of our children are our children."""
    libc = ctypes.CDLL(None, use_errno=True)
    PR_SET_CHILD_SUBREAPER = 36
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "become a sub-reaper")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        return "(%s)" % errno.errorcode.get(error.errno, "?")


def listing(argv):
    try:
        return subprocess.run(argv, stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.DEVNULL,
                              timeout=30).stdout.decode(errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return ""


def mounts():
    for line in read("/proc/self/mountinfo").splitlines():
        fields = line.split(" ")
        # Without the two ids: they are given out anew for every mount.
        yield "mount " + " ".join(fields[2:])


def cgroups():
    seen = set()
    for line in read("/proc/self/mountinfo").splitlines():
        fields = line.split(" ")
        kind = fields[fields.index("-") + 1]
        if kind not in ("cgroup", "cgroup2") or fields[2] in seen:
            continue
        seen.add(fields[2])
        top = fields[4]
        for path, _, _ in os.walk(top):
            if not NOT_OURS.search(path[len(top):]):
                yield "cgroup " + path


def links():
    for line in listing(["ip", "-o", "-d", "link", "show"]).splitlines():
        name = line.split(":", 2)[1].strip()
        master = re.search(r" master (\S+)", line)
        mtu = re.search(r" mtu (\d+)", line)
        promiscuous = re.search(r" promiscuity (\d+)", line)
        up = re.search(r"[<,]UP[,>]", line)
        yield "link %s %s mtu %s promiscuity %s%s" % (
            name, "up" if up else "down", mtu and mtu.group(1),
            promiscuous and promiscuous.group(1),
            " master " + master.group(1) if master else "")
    for line in listing(["ip", "-o", "addr", "show"]).splitlines():
        words = line.split()
        yield "address %s %s" % (words[1], " ".join(words[2:4]))
    for family in ("-4", "-6"):
        for line in listing(["ip", family, "route", "show", "table",
                             "all"]).splitlines():
            # Addresses heard of from others come and go with their timers.
            if " expires " not in line and "linkdown" not in line:
                yield "route %s %s" % (family, line.strip())
        for line in listing(["ip", family, "rule", "show"]).splitlines():
            yield "rule %s %s" % (family, " ".join(line.split()))


def firewall():
    # -s: without counters.  The place of a rule matters: keep its chain.
    table = chain = ""
    for line in listing(["nft", "-s", "list", "ruleset"]).splitlines():
        word = line.strip()
        if line.startswith("table "):
            table, chain = word.rstrip(" {"), ""
        elif word.endswith("{"):
            chain = word.rstrip(" {")
        elif word in ("", "}"):
            continue
        yield "nft %s | %s | %s" % (table, chain, word)


def sysctls():
    for pattern in SYSCTLS:
        for path in glob.glob(pattern):
            yield "sysctl %s = %s" % (path[len("/proc/sys/"):],
                                      read(path).strip())


def devices():
    for path in glob.glob("/sys/block/loop*/loop/backing_file"):
        yield "loop device %s: %s" % (path.split("/")[3], read(path).strip())
    for line in read("/proc/swaps").splitlines()[1:]:
        yield "swap " + line.split()[0]
    for path in glob.glob("/sys/fs/fuse/connections/*"):
        yield "FUSE connection " + os.path.basename(path)


def ipc():
    for kind in ("msg", "sem", "shm"):
        for line in read("/proc/sysvipc/" + kind).splitlines()[1:]:
            yield "System V %s %s" % (kind, " ".join(line.split()[:2]))
    for path in glob.glob("/dev/mqueue/*"):
        yield "message queue " + path


def files():
    for place in SHARED_PLACES:
        for name in sorted(os.listdir(place)) if os.path.isdir(place) else ():
            # Unit tests and rules, run by somebody else meanwhile, use these.
            if name.startswith(("mydocker-unit", "mydocker-rules")):
                continue
            if "mydocker" in name or place.endswith("netns"):
                yield "file " + os.path.join(place, name)
    for pattern in STATE_PLACES:
        for top in glob.glob(pattern):
            base = top.count("/")
            for path, directories, names in os.walk(top):
                if path.count("/") - base >= STATE_DEPTH:
                    directories.clear()
                for name in directories + names:
                    # What happened is kept when it is over.
                    if name.startswith("events.log"):
                        continue
                    yield "file " + os.path.join(path, name)


def descendants(but=()):
    """{pid: line} of every live process below this one; `but`: processes that
    are passed over, with all below them."""
    parents = collections.defaultdict(list)
    lines = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        stat = read("/proc/%s/stat" % name)
        match = re.match(r"\d+ \((.*)\) (\S) (\d+) ", stat, re.S)
        if not match:
            continue
        pid = int(name)
        parents[int(match.group(3))].append(pid)
        command = read("/proc/%s/cmdline" % name).replace("\0", " ").strip()
        lines[pid] = "process %s (%s)%s" % (
            name, command or match.group(1),
            ", a zombie" if match.group(2) == "Z" else "")
    found, queue = {}, [os.getpid()]
    while queue:
        for pid in set(parents[queue.pop()]).difference(but):
            found[pid] = lines[pid]
            queue.append(pid)
    return found


def reap():
    """Bury orphans.  No subprocess.Popen may be waiting at this moment."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_descendants(but=()):
    """Kill what is left of a test, so that it does not disturb the next."""
    for _ in range(100):
        reap()
        left = descendants(but)
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)


SOURCES = (mounts, cgroups, links, firewall, sysctls, devices, ipc, files)


def snapshot():
    state = collections.Counter()
    ours = {os.getpid(), *descendants()}
    for source in SOURCES:
        state.update(line for line in source()
                     if not of_another_run(line, ours))
    return state


CONNTRACK = "sysctl net/netfilter/nf_conntrack_max = "


def compare(before, after):
    gone, new = before - after, after - before
    # A demo removes what a killed one has left behind, whosever that was; but
    # nothing of one that is alive.
    for line in [line for line in gone if DEMO.search(line)]:
        if not os.path.exists("/proc/" + RUN.search(line).group(1)):
            del gone[line]
    # Whoever makes the host's first rule for addresses has the kernel load a
    # module, which stays, and a switch comes with it.
    if not any(line.startswith(CONNTRACK) for line in before):
        for line in [line for line in new if line.startswith(CONNTRACK)]:
            del new[line]
    # What hangs on a link that has come or gone need not be said as well.
    return sorted(["- " + line for line in gone.elements()] +
                  ["+ " + line for line in new.elements()])


def differences(before, allowed=()):
    """What is not as it was, once it has stayed so; patterns may be allowed."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        reap()
        left = compare(before, snapshot())
        left += ["+ " + line for line in sorted(descendants().values())]
        left = [line for line in left
                if not any(fnmatch.fnmatchcase(line, p) for p in allowed)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)
