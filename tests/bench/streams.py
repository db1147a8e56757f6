"""make bench: bytes out of and into a container, ours and podman's.

    BYTES=1000000000 python3 -B tests/bench/streams.py

So many bytes (64 MiB) go by three ways, ROUNDS=3 times, ours and podman's in
turn; what arrives is hashed (WAYS="pipe pty" is just those two):

    pipe    cat big | run -i ... cat
    logs    logs -f of a container that writes them
    pty     run -it, from a terminal that is raw on both sides

Ours must take at most 1.3 of podman's time, its client and its monitor must
not grow with the bytes, and the monitor must have less than 400 kB of its own
and add less than 2 ms to a start.  All is in a mount namespace of its own.
"""

import hashlib
import os
import pty
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import start

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

DEMO = os.path.join(ROOT, "ch06-final", "build", "demo")
MONITOR = os.path.join(ROOT, "ch06-final", "build", "mydocker-monitor")
BLOCK = b"".join(b"%063d\n" % i for i in range(16384))
BLOCKS = max(int(os.environ.get("BYTES", str(64 << 20))) // len(BLOCK), 1)
ROUNDS = int(os.environ.get("ROUNDS", "3"))
WAYS = os.environ.get("WAYS", "pipe logs pty").split()
TOLERATED, MEMORY_MOST, MONITOR_MOST, START_MOST = 1.3, 16000, 400, 2000
NAME = "mydocker-bench-%d" % os.getpid()


def of_process(pid, file, name):
    """Kilobytes; 0 when it is gone."""
    try:
        with open("/proc/%d/%s" % (pid, file), encoding="utf-8") as lines:
            return sum(int(line.split()[1]) for line in lines
                       if line.startswith(name))
    except (OSError, ValueError):
        return 0


def monitor_pid(place):
    """Of the only container whose files are there."""
    for word in os.listdir("/proc"):
        try:
            if os.path.basename(os.readlink("/proc/%s/exe" % word)) == \
                    "mydocker-monitor" and os.readlink(
                        "/proc/%s/fd/3" % word).startswith(place):
                return int(word)
        except OSError:
            pass
    return 0


class Engine:
    def __init__(self, name, place, program, image):
        self.name, self.program, self.image = name, program, image
        self.big = place + "/big"
        self.most = {"client": 0, "monitor": 0, "own": 0}
        self.env = dict(os.environ, MYDOCKER_ROOT=place + "/state")

    def start(self, *words, **more):
        return subprocess.Popen([*self.program, *words], env=self.env, **more)

    def call(self, *words, check=True):
        return subprocess.run([*self.program, *words], env=self.env,
                              check=check, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)

    def look(self, client):
        monitor = monitor_pid(self.env["MYDOCKER_ROOT"])
        for key, pid, file, line in (
                ("client", client, "status", "VmHWM"),
                ("monitor", monitor, "status", "VmHWM"),
                ("own", monitor, "smaps_rollup", "Private_")):
            self.most[key] = max(self.most[key], of_process(pid, file, line))

    def hash(self, fd, client):
        digest, left, looks = hashlib.sha256(), BLOCKS * len(BLOCK), 0
        while left > 0:
            data = os.read(fd, min(left, 1 << 20))
            if not data:
                break
            digest.update(data)
            left -= len(data)
            looks += 1
            if looks % 256 == 0:
                self.look(client)
        return digest.hexdigest()

    # Each returns the hash of what came.

    def pipe(self):
        with open(self.big, "rb") as file:
            client = self.start("run", "-i", "--rm", "--network", "none",
                                *self.image, "cat", stdin=file,
                                stdout=subprocess.PIPE)
        digest = self.hash(client.stdout.fileno(), client.pid)
        client.wait()
        return digest

    def logs(self):
        self.call("run", "-d", "--network", "none", "--name", NAME, "-v",
                  self.big + ":/big:ro", *self.image, "sh", "-c",
                  "cat /big; sleep 1000")
        client = self.start("logs", "-f", NAME, stdout=subprocess.PIPE)
        digest = self.hash(client.stdout.fileno(), client.pid)
        client.kill()
        client.wait()
        self.call("rm", "-f", NAME)
        return digest

    def pty(self):
        master, slave = pty.openpty()
        client = self.start("run", "-it", "--rm", "--network", "none", "-v",
                            self.big + ":/big:ro", *self.image, "sh", "-c",
                            "stty raw -echo; echo go; read x; cat /big",
                            stdin=slave, stdout=slave, stderr=slave,
                            start_new_session=True)
        os.close(slave)
        said = b""
        while not said.endswith(b"go\n"):
            said += os.read(master, 1)
        os.write(master, b"\n")
        digest = self.hash(master, client.pid)
        client.wait()
        os.close(master)
        return digest


def engines(place):
    yield Engine("ours", place, [DEMO], ["busybox"])
    if not shutil.which("podman") or not shutil.which("crun"):
        return
    rootfs = place + "/rootfs"
    for name in ("bin", "proc", "sys", "dev", "etc", "run", "tmp"):
        os.makedirs(os.path.join(rootfs, name))
    shutil.copy(shutil.which("busybox"), rootfs + "/bin/busybox")
    for name in ("sh", "cat", "stty", "sleep"):
        os.symlink("busybox", rootfs + "/bin/" + name)
    yield Engine("podman", place, [
        "podman", "--root", place + "/podman", "--runroot",
        place + "/podman-run", "--tmpdir", place + "/podman-tmp",
        "--cgroup-manager", "cgroupfs", "--events-backend", "file",
        "--runtime", "crun"], [
            "--log-driver", "k8s-file", "--ulimit", "nofile=1024:1024",
            "--ulimit", "nproc=4096:4096", "--rootfs", rootfs])


def start_of_a_monitor(place):
    """Microseconds, the best of 30, where a sync costs nothing."""
    import test_monitor
    launcher = test_monitor.build(place)
    times = []
    for _ in range(30):
        done = subprocess.run(
            [launcher, "run", place + "/launched", "true"], check=True,
            env=dict(os.environ, LAUNCHER_MONITOR=MONITOR, LAUNCHER_TIME="1",
                     MYDOCKER_ROOT=place + "/launched"),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        times.append(int(re.search(rb"(\d+) us", done.stderr).group(1)))
    return min(times)


def measure(place):
    digest, failed = hashlib.sha256(), []
    with open(place + "/big", "wb") as file:
        for _ in range(BLOCKS):
            file.write(BLOCK)
            digest.update(BLOCK)
    due = digest.hexdigest()
    both = list(engines(place))
    for engine in both:                 # makes the image; warms up
        engine.call("run", "--rm", "--network", "none", *engine.image, "true",
                    check=engine.name == "ours")
    print("%d MiB by         ours, ms  podman, ms   ratio" %
          (BLOCKS * len(BLOCK) >> 20))
    for way in WAYS:
        times = {engine.name: [] for engine in both}
        for _ in range(ROUNDS):
            for engine in both:
                began = time.monotonic()
                right = getattr(engine, way)() == due
                times[engine.name].append(time.monotonic() - began)
                if not right:
                    failed.append("%s by %s: other bytes" % (engine.name, way))
        ours, theirs = (statistics.median(times.get(name, [0])) * 1000
                        for name in ("ours", "podman"))
        ratio = ours / theirs if theirs else 0
        print("%-16s %9.0f %11.0f %7.2f" % (way, ours, theirs, ratio))
        if ratio > TOLERATED:
            failed.append(way)
    if len(both) == 1:
        failed.append("podman and crun, to compare with, are not here")
    most, started = both[0].most, start_of_a_monitor(place)
    print("at most: client %d kB, monitor %d kB, of its own %d kB; started in "
          "%d us" % (most["client"], most["monitor"], most["own"], started))
    if max(most["client"], most["monitor"]) > MEMORY_MOST or \
            most["own"] > MONITOR_MOST or started > START_MOST:
        failed.append("memory or start")
    return failed


def main():
    if os.geteuid() != 0:
        print("streams: needs root")
        return 0
    start.own_namespace()
    place = tempfile.mkdtemp(prefix="mydocker-bench-", dir="/dev/shm")
    try:
        failed = measure(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if failed:
        print("streams: " + ", ".join(failed))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
