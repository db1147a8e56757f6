"""make bench: images into the store, ours and podman's; unpacking, and tar's.

    MB=500 ROUNDS=3 python3 -B tests/bench/images.py [ROW...]

An image of MB=500 megabytes in 8 layers (libraries of this machine and random
bytes, half of each: it packs to about two thirds) comes

    load    from a docker-archive, as `docker save` writes them
    pull    from Debian's docker-registry, on loopback, packed by gzip

ROUNDS=3 times, ours and podman's in turn, into a store that is empty each time.
Ours must take at most two thirds of podman's time. And

    unpack  a tar of the same files by `import`, and by `tar -x`

where ours may take 1.3 of tar's. Ours has all of it on the disk when it ends;
tar's is waited for with `sync -f`.

    rebuild a Dockerfile of six lines and 300 files, of which nothing changed

takes at most 50 milliseconds, the median of 20; beside it what of that is spent
on a processor, for a machine that has other things to do.
"""

import hashlib
import io
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

import registries                                               # noqa: E402

DEMO = os.path.join(ROOT, "ch06-final", "build", "demo")
MB = int(os.environ.get("MB", "500"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
LAYERS = 8
AGAINST_PODMAN, AGAINST_TAR, REBUILD_MS, REBUILDS = 2 / 3, 1.3, 50, 20
ROWS = ("load", "pull", "unpack", "rebuild")
DOCKERFILE = """FROM busybox
WORKDIR /app
COPY . .
RUN cat f* >all
ENV A=b
CMD ["cat", "all"]
"""


# ---- an image ---------------------------------------------------------------

def libraries():
    """What programs are made of, again and again."""
    place = "/usr/lib/x86_64-linux-gnu"
    if not os.path.isdir(place):
        place = "/usr/lib"
    whole = b""
    for name in sorted(os.listdir(place)):
        path = os.path.join(place, name)
        if ".so" in name and os.path.isfile(path) and len(whole) < 32 << 20:
            with open(path, "rb") as file:
                whole += file.read()
    return whole


def layer(number, size, plain):
    """Files of 200 bytes to 2 MB, as in a distribution."""
    dice = random.Random(number)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        made = 0
        while made < size:
            length = int(200 * 10 ** (dice.random() * 4))
            at = dice.randrange(max(len(plain) - length, 1))
            data = plain[at:at + length] if dice.random() < 0.5 else \
                dice.randbytes(length)
            info = tarfile.TarInfo("d%d/%d/f%d" % (number, made >> 22, made))
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
            made += len(data)
    return out.getvalue()


def add(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def write_image(path, whole):
    """A docker-archive, and in `whole` one tar with the files of all."""
    plain, diffs = libraries(), []
    with tarfile.open(path, "w") as tar, open(whole, "wb") as all_of_it:
        for number in range(LAYERS):
            data = layer(number, MB * 1000000 // LAYERS, plain)
            diffs.append("sha256:" + hashlib.sha256(data).hexdigest())
            add(tar, "%d/layer.tar" % number, data)
            # Without the end: another follows.
            end = data.rstrip(b"\0")
            all_of_it.write(data[:-(-len(end) // 512) * 512])
        all_of_it.write(bytes(1024))
        config = json.dumps({"architecture": "amd64", "os": "linux",
                             "config": {}, "rootfs": {
                                 "type": "layers", "diff_ids": diffs}}).encode()
        add(tar, "config.json", config)
        add(tar, "manifest.json", json.dumps([{
            "Config": "config.json", "RepoTags": ["localhost/big:1"],
            "Layers": ["%d/layer.tar" % i for i in range(LAYERS)]}]).encode())


# ---- the two ----------------------------------------------------------------

class Ours:
    name = "ours"

    def __init__(self, place):
        self.store = place + "/ours"
        self.env = dict(os.environ, MYDOCKER_ROOT=self.store)

    def __call__(self, *words):
        run([DEMO, *words], env=self.env)

    def pull(self, name):
        self("pull", "-q", name)


class Podman(Ours):
    name = "podman"

    def __init__(self, place):
        super().__init__(place)
        self.store = place + "/podman"
        self.base = ["podman", "--root", self.store,
                     "--runroot", self.store + "/run",
                     "--storage-driver", "overlay"]

    def __call__(self, *words):
        run([*self.base, *words])

    def pull(self, name):
        self("pull", "-q", "--tls-verify=false", name)


def run(argv, **more):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **more)
    if done.returncode:
        sys.exit("%s: %s" % (" ".join(argv[:6]),
                             done.stdout.decode(errors="replace")[-600:]))


def timed(function, *arguments):
    os.sync()
    begun = time.monotonic()
    function(*arguments)
    return time.monotonic() - begun


def empty(place):
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)


# ---- rows -------------------------------------------------------------------

def in_turn(runs):
    """{name: median seconds} of [(name, store, function)]."""
    seen = {name: [] for name, _, _ in runs}
    for _ in range(ROUNDS):
        for name, store, function in runs:
            empty(store)
            seen[name].append(timed(function))
            empty(store)
    return {name: statistics.median(all_of_it)
            for name, all_of_it in seen.items()}


def rebuild(place):
    """(seconds, and those of a processor, of a build in which nothing is new)"""
    context, ours = place + "/context", Ours(place)
    empty(ours.store)
    os.makedirs(context)
    for number in range(300):
        with open("%s/f%d" % (context, number), "w", encoding="utf-8") as file:
            file.write("%d\n" % number * 200)
    with open(context + "/Dockerfile", "w", encoding="utf-8") as file:
        file.write(DOCKERFILE)
    took, spent = [], []
    for _ in range(REBUILDS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        ours("build", "-q", "-t", "rebuilt:1", context)
        took.append(time.monotonic() - begun)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime -
                     before.ru_stime)
    empty(ours.store)
    # The first was the build.
    return statistics.median(took[1:]), statistics.median(spent[1:])


def rows(place, archive, whole, wanted):
    """(what, seconds of ours, of the other, the other's name, most ratio)"""
    ours = Ours(place)
    engines = [ours] + ([Podman(place)] if shutil.which("podman") else [])
    if len(engines) > 1 and "load" in wanted:
        found = in_turn([(e.name, e.store, lambda e=e: e("load", "-q", "-i",
                                                         archive))
                         for e in engines])
        yield "load", found["ours"], found["podman"], "podman", AGAINST_PODMAN
    if len(engines) > 1 and "pull" in wanted and \
            shutil.which("docker-registry"):
        os.makedirs(place + "/registry")
        with registries.Real(place + "/registry") as registry:
            name = registry.name + "/big:1"
            ours("load", "-q", "-i", archive)
            ours("tag", "localhost/big:1", name)
            ours("push", "-q", name)
            found = in_turn([(e.name, e.store, lambda e=e: e.pull(name))
                             for e in engines])
        shutil.rmtree(place + "/registry")
        yield "pull", found["ours"], found["podman"], "podman", AGAINST_PODMAN
    if "unpack" not in wanted:
        return
    target = place + "/tar"
    found = in_turn([
        ("ours", ours.store, lambda: ours("import", whole, "whole:1")),
        ("tar -x", target, lambda: (run(["tar", "-xf", whole, "-C", target]),
                                    run(["sync", "-f", target])))])
    yield "unpack", found["ours"], found["tar -x"], "tar -x", AGAINST_TAR


def measure_rebuild(place):
    took, spent = rebuild(place)
    print("rebuild %19.0f ms, %.0f of them on a processor; at most %d ms" %
          (1000 * took, 1000 * spent, REBUILD_MS))
    return 1000 * took > REBUILD_MS


def main():
    wanted = sys.argv[1:] or ROWS
    place = tempfile.mkdtemp(prefix="mydocker-bench-",
                             dir=os.environ.get("TMPDIR", "/var/tmp"))
    bad = False
    try:
        if "rebuild" in wanted:
            bad = measure_rebuild(place)
        if not set(wanted) & set(ROWS[:3]):
            return bad
        archive, whole = place + "/image.tar", place + "/whole.tar"
        write_image(archive, whole)
        print("%d MB in %d layers   ours, s  other, s   ratio   at most" %
              (MB, LAYERS))
        for what, ours, other, name, most in rows(place, archive, whole,
                                                wanted):
            print("%-8s%-14s %8.2f  %8.2f  %6.2f  %8.2f" %
                  (what, "(%s)" % name, ours, other, ours / other, most),
                  flush=True)
            bad = bad or ours > most * other
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
