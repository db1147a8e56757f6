"""make bench: how long it takes to start a container, ours and the others.

    python3 -B tests/bench/start.py

Each runs /bin/true with the default configuration (`crun spec`), in turn, for
ROUNDS=25 rounds; medians are compared. `floor` is floor.c, the least that the
kernel takes for the same namespaces and mounts. There are two regimes:

    isolated        nobody has moved a process into a cgroup for 20 ms
    back to back    the same was started just before

Ours must take at most half of crun's time in both. Where crun starts nothing
(a hybrid host whose version 2 has controllers) all are shown a host without
version 2, in a mount namespace of this run's own; nothing is left of it.
"""

import ctypes
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OCI = os.path.join(ROOT, "ch06-final", "build", "mydocker-oci")
ROUNDS = int(os.environ.get("ROUNDS", "25"))
PAUSE = 0.025
TOLERATED = 0.5
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18
NAME = "mydocker-bench-%d" % os.getpid()


def own_namespace():
    """Mounts of our own: a tmpfs for states, as /run is one, and no version 2
    of cgroups beside a version 1."""
    libc = ctypes.CDLL(None, use_errno=True)
    unified = "/sys/fs/cgroup/unified"
    if libc.unshare(CLONE_NEWNS) or \
            libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) or \
            libc.mount(b"none", b"/run", b"tmpfs", 0, None) or \
            (os.path.isdir(unified) and
             libc.mount(b"none", unified.encode(), b"tmpfs", 0, None)):
        raise OSError(ctypes.get_errno(), "a mount namespace for this run")


class Bench:
    def __init__(self, place):
        self.floor = place + "/floor"
        self.bundle = place + "/bundle"
        self.counts = place + "/counts"
        os.makedirs(self.bundle + "/rootfs/bin")
        for path in ("proc", "sys", "dev"):
            os.mkdir("%s/rootfs/%s" % (self.bundle, path))
        compiler = [os.environ.get("CC", "gcc"), "-std=gnu17", "-O2", "-static", "-o"]
        subprocess.run([*compiler, self.floor, HERE + "/floor.c"], check=True)
        subprocess.run([*compiler, self.bundle + "/rootfs/bin/true", "-xc",
                        "-"], input=b"int main(void) { return 0; }",
                       check=True)
        self.configure()
        self.rows = dict(self.commands())

    def configure(self):
        subprocess.run([shutil.which("crun") or OCI, "spec"],
                       cwd=self.bundle, check=True)
        path = self.bundle + "/config.json"
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        config["process"].update(args=["/bin/true"], terminal=False)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)

    def commands(self):
        """(name, command) of what there is here."""
        rootfs = self.bundle + "/rootfs"
        yield "fork, exec", [rootfs + "/bin/true"]
        yield "floor", [self.floor, rootfs]
        yield "ours", [OCI, "--root", "/run/ours", "run", NAME]
        if shutil.which("bwrap"):
            yield "bwrap", ["bwrap", "--unshare-all", "--bind", rootfs, "/",
                            "--proc", "/proc", "--dev", "/dev", "/bin/true"]
        for other in ("crun", "runc"):
            if shutil.which(other):
                yield other, [other, "--root", "/run/" + other, "run", NAME]

    def start(self, *command):
        return subprocess.run(command, cwd=self.bundle, check=True,
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE).stderr.decode()

    def once(self, command):
        """(ms, KiB) of one run."""
        nanoseconds, memory = self.start(self.floor, "--",
                                         *command).split()[-2:]
        return int(nanoseconds) / 1e6, int(memory)

    def isolated(self, command):
        time.sleep(PAUSE)
        return self.once(command)

    def back_to_back(self, command):
        self.once(command)
        return self.once(command)

    def calls(self, command):
        """Of a whole run; the last line of strace's table is the sum."""
        if not shutil.which("strace"):
            return None
        self.start("strace", "-f", "-c", "-o", self.counts, *command)
        with open(self.counts, encoding="utf-8") as file:
            return int(file.read().splitlines()[-1].split()[3])


def median_rows(bench):
    """{name: (isolated ms, back to back ms, MiB, calls)}"""
    seen = {name: ([], [], []) for name in bench.rows}
    for _ in range(ROUNDS):
        for name, command in bench.rows.items():
            taken, memory = bench.isolated(command)
            seen[name][0].append(taken)
            seen[name][2].append(memory)
        for name, command in bench.rows.items():
            seen[name][1].append(bench.back_to_back(command)[0])
    return {name: (statistics.median(alone), statistics.median(together),
                   statistics.median(memory) / 1024,
                   bench.calls(bench.rows[name]))
            for name, (alone, together, memory) in seen.items()}


def show(rows):
    base = rows.get("crun", rows["ours"])
    against = "crun" if "crun" in rows else "ours"
    print("start of /bin/true      isolated, x %s   back to back, x %s   "
          "MiB    calls" % (against, against))
    for name, (alone, together, memory, calls) in rows.items():
        print("%-20s %8.2f ms %6.2f %11.2f ms %6.2f %9.1f %8s" %
              (name, alone, alone / base[0], together, together / base[1],
               memory, calls or "-"))
    ours, floor = rows["ours"], rows["floor"]
    print("ours above the floor: %.2f ms isolated, %.2f ms back to back" %
          (ours[0] - floor[0], ours[1] - floor[1]))


def main():
    if os.geteuid() != 0:
        print("start: needs root")
        return 0
    own_namespace()
    place = tempfile.mkdtemp(prefix="mydocker-bench-")
    try:
        rows = median_rows(Bench(place))
    finally:
        shutil.rmtree(place)
    show(rows)
    return int("crun" in rows and any(
        rows["ours"][i] > TOLERATED * rows["crun"][i] for i in (0, 1)))


if __name__ == "__main__":
    sys.exit(main())
