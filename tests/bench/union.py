"""make bench: union file systems side by side.

    python3 -B tests/bench/union.py [tmpfs] [ext4] [ROW...]

The kernel's overlay, this project's aufs, fuse-overlayfs and unionfs-fuse do
the same work in one run, in turn and in turn backwards, each on a fresh mount
with fresh directories; the least of ROUNDS=4 counts.  What is printed is
seconds, and in brackets how many times overlay's.  Our own is there three
times, twice without something that it does to be quick.  `floor` is
fuse_floor.c, the least that the kernel's FUSE takes to remove a file of a lower
tree: no work but the whiteout.  What is left behind is looked at where a peer
is known not to do all of the work; such a time is `wrong` and counts for
nothing.  All of it happens in a mount namespace of its own, on a tmpfs or on an
ext4 in a loop device, and leaves nothing.
"""

import contextlib
import functools
import glob
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CHAPTER = os.path.join(ROOT, "ch03-unionfs")
AUFS = os.path.join(CHAPTER, "build", "aufs")
B = "/mnt"        # in this namespace
ROUNDS = int(os.environ.get("ROUNDS", "4"))
FILES, LAYERS = 5000, 100
MIB = 1 << 20
FLOOR = B + "/fuse_floor"


class Wrong(Exception):
    """It took its time and has not done what was asked."""


def run(*argv, **more):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL,
                   **{"stderr": subprocess.DEVNULL, **more})


# ---- the four, and the floor -----------------------------------------------


def mount_overlay(mount, lower, upper, work):
    # By descriptors' short names: a hundred layers do not fit otherwise.
    run("mount", "-t", "overlay", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" %
        (":".join(os.path.relpath(l, B) for l in lower), upper, work),
        "overlay", mount, cwd=B)


def mount_aufs(mount, lower, upper, _work, options=""):
    run(AUFS, "-o", options + "dirs=" + ":".join(
        [upper] + [l + "=ro+wh" for l in lower]), "none", mount)


def mount_aufs_without(option):
    return functools.partial(mount_aufs, options=option + ",")


def mount_fuse_overlayfs(mount, lower, upper, work):
    run("fuse-overlayfs", "-o", "lowerdir=%s,upperdir=%s,workdir=%s" %
        (":".join(lower), upper, work), mount)


def mount_unionfs_fuse(mount, lower, upper, _work):
    run("unionfs", "-o", "cow,allow_other", ":".join(
        [upper + "=RW"] + [l + "=RO" for l in lower]), mount)


def build_floor():
    run(os.environ.get("CC", "gcc"), "-std=gnu17", "-D_GNU_SOURCE", "-O2",
        "-pthread", "-I", CHAPTER, "-o", FLOOR, HERE + "/fuse_floor.c",
        *glob.glob(CHAPTER + "/fuse_*.c"), CHAPTER + "/sys.c",
        CHAPTER + "/base.c")


def mount_floor(mount, lower, upper, _work):
    run(FLOOR, upper, *lower, mount)


SYSTEMS = {
    "overlay": (mount_overlay, "mount"),
    "aufs": (mount_aufs, AUFS),
    "aufs, nopassthrough": (mount_aufs_without("nopassthrough"), AUFS),
    "aufs, nonear": (mount_aufs_without("nonear"), AUFS),
    "fuse-overlayfs": (mount_fuse_overlayfs, "fuse-overlayfs"),
    "unionfs-fuse": (mount_unionfs_fuse, "unionfs"),
    "floor": (mount_floor, FLOOR),
}


@contextlib.contextmanager
def mounted(system, lower=1, upper=None):
    """A fresh place with a mount of so many lower layers (or these)."""
    place = tempfile.mkdtemp(dir=B)
    names = lower if isinstance(lower, list) else []
    for i in range(0 if names else lower):
        names.append(os.path.join(place, "l%d" % i))
        os.mkdir(names[-1])
    for name in ("upper", "work", "mnt"):
        os.mkdir(os.path.join(place, name))
    mount = os.path.join(place, "mnt")
    SYSTEMS[system][0](mount, names, upper or place + "/upper",
                       place + "/work")
    try:
        yield mount
    finally:
        for _ in range(100):
            if subprocess.run(["umount", mount], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.05)
        shutil.rmtree(place)


def timed(*argv, **more):
    started = time.monotonic()
    run(*argv, **more)
    return time.monotonic() - started


# ---- the work --------------------------------------------------------------


def make_tree(place):
    """5,000 files in 100 directories, 76 MB."""
    for i in range(FILES):
        directory = os.path.join(place, "d%02d" % (i % 100))
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "f%04d" % i), "wb") as file:
            file.write(os.urandom(64) * (4 + i % 475))


def make_layers(place, count):
    """Each with 50 files of one directory, and one tree of its own."""
    layers = []
    for i in range(count):
        layer = os.path.join(place, "layer%d" % i)
        os.makedirs(os.path.join(layer, "all"))
        for j in range(FILES // count):
            open(os.path.join(layer, "all", "f%d-%d" % (i, j)), "w").close()
        for j in range(20):
            os.makedirs(os.path.join(layer, "t%d" % j, "a", "b"))
            open(os.path.join(layer, "t%d" % j, "a", "b", "f%d" % i),
                 "w").close()
        layers.append(layer)
    return layers


def prepare():
    os.mkdir(B + "/tree")
    make_tree(B + "/tree")
    run("tar", "-C", B + "/tree", "-cf", B + "/tree.tar", ".")
    os.mkdir(B + "/layers")
    make_layers(B + "/layers", LAYERS)
    os.mkdir(B + "/big")
    with open(B + "/big/file", "wb") as file:
        for _ in range(1024):
            file.write(os.urandom(4096) * (MIB // 4096))
    os.mkdir(B + "/half")
    with open(B + "/half/file", "wb") as file:
        for _ in range(512):
            file.write(os.urandom(4096) * (MIB // 4096))


def all_layers():
    return [B + "/layers/layer%d" % i for i in range(LAYERS)]


def untar(system):
    with mounted(system) as mount:
        return timed("tar", "-C", mount, "-xf", B + "/tree.tar")


def find(system, times):
    with mounted(system, [B + "/tree"]) as mount:
        for _ in range(times):
            spent = timed("find", mount, "-size", "+1000000")
        return spent


def remove_upper(system):
    with mounted(system) as mount:
        run("tar", "-C", mount, "-xf", B + "/tree.tar")
        return timed("sh", "-c", "rm -rf %s/*" % mount)


def remove_lower(system):
    with mounted(system, [B + "/tree"]) as mount:
        return timed("sh", "-c", "rm -rf %s/*" % mount)


def read_again(system):
    with mounted(system, [B + "/tree"]) as mount:
        for _ in range(2):
            spent = timed("sh", "-c", "find %s -type f -print0 | xargs -0 cat"
                          % mount)
        return spent


def kept(path):
    """What chown(1) of a file must leave as it is."""
    with open(path, "rb") as file:
        st = os.fstat(file.fileno())
        return st.st_mode, st.st_size, st.st_mtime_ns, file.read()


def check_chown(mount):
    for directory, _, names in os.walk(B + "/tree"):
        for name in names:
            path = os.path.join(directory, name)
            copy = mount + path.removeprefix(B + "/tree")
            st = os.lstat(copy)
            if (st.st_uid, st.st_gid) != (1, 1) or kept(copy) != kept(path):
                raise Wrong(copy)


def chown(system):
    with mounted(system, [B + "/tree"]) as mount:
        spent = timed("chown", "-R", "1:1", mount)
        check_chown(mount)
        return spent


def write_big(system):
    with mounted(system) as mount:
        return timed("dd", "if=/dev/zero", "of=%s/file" % mount, "bs=1M",
                     "count=512", stderr=subprocess.DEVNULL)


def write_small(system):
    with mounted(system) as mount:
        return timed("dd", "if=/dev/zero", "of=%s/file" % mount, "bs=4k",
                     "count=16384", stderr=subprocess.DEVNULL)


def read_big(system):
    """One file, in the upper directory of each in its turn: of two files of
    tmpfs, read without any union, one took 0.028 s and the other 0.042, every
    time, by which pages of memory they had got."""
    with mounted(system, upper=B + "/half") as mount:
        for _ in range(2):
            spent = timed("dd", "if=%s/file" % mount, "of=/dev/null", "bs=1M",
                          stderr=subprocess.DEVNULL)
        return spent


def list_layers(system):
    with mounted(system, all_layers()) as mount:
        return timed("ls", "-f", mount + "/all")


def walk_layers(system):
    with mounted(system, all_layers()) as mount:
        return timed("find", mount)


def copy_up(system):
    with mounted(system, [B + "/big"]) as mount:
        return timed("sh", "-c", "echo >>%s/file" % mount)


ROWS = {
    "untar 5,000 files": untar,
    "find, cold": lambda system: find(system, 1),
    "find, warm": lambda system: find(system, 2),
    "rm -rf, upper": remove_upper,
    "rm -rf, lower": remove_lower,
    "read all, second time": read_again,
    "chown -R, lower": chown,
    "write 512 MB": write_big,
    "write 64 MB by 4 kB": write_small,
    "read 512 MB, warm": read_big,
    "ls, 100 layers": list_layers,
    "find, 100 layers": walk_layers,
    "copy-up of 1 GB": copy_up,
}


# ---- memory ----------------------------------------------------------------


def daemon_memory(mount):
    """MB resident, of the process that serves the mount; 0: the kernel."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().split(b"\0")
            with open("/proc/%s/status" % pid, encoding="utf-8") as file:
                status = dict(line.split(":", 1) for line in file)
        except OSError:
            continue
        if mount.encode() in words and "VmRSS" in status:
            return int(status["VmRSS"].split()[0]) / 1024
    return 0


def memory(system):
    with mounted(system, [B + "/tree"]) as mount:
        run("find", mount, "-size", "+1000000")
        return daemon_memory(mount)


def print_memory(systems):
    print("%-22s" % "MB after 5,000 files" + "".join(
        "%21.1f " % memory(system) for system in systems))


# ---- the table -------------------------------------------------------------


def does(system, row):
    return system != "floor" or row == "rm -rf, lower"


def measure(row, systems):
    """{system: the least of its seconds, or why there are none}"""
    best = {}
    for turn in range(ROUNDS):
        # There and back: nobody always comes after the same one, whose memory
        # he gets; nor has he to write what that one has left.
        for system in systems[::-1 if turn % 2 else 1]:
            if not does(system, row) or isinstance(best.get(system), str):
                continue
            run("sync", "-f", B)
            try:
                spent = ROWS[row](system)
                best[system] = min(spent, best.get(system, spent))
            except subprocess.CalledProcessError:
                best[system] = "failed"
            except Wrong:
                best[system] = "wrong"
    return best


def table(rows):
    systems = [name for name, (_, program) in SYSTEMS.items()
               if shutil.which(program)]
    print("%-22s" % "seconds" + "".join("%22s" % s for s in systems))
    ratios = {system: [] for system in systems}
    for row in rows:
        best = measure(row, systems)
        line = "%-22s" % row
        for system in systems:
            spent = best.get(system, "")
            if isinstance(spent, str):
                line += "%22s" % spent
                continue
            base = best.get("overlay", "")
            if isinstance(base, str):
                line += "%14.3f         " % spent
                continue
            times = spent / base
            ratios[system].append(times)
            line += "%14.3f (%4.1fx)" % (spent, times)
        print(line.rstrip(), flush=True)
    systems.remove("floor")
    print("%-22s" % "geometric mean" + "".join(
        "%21.1fx" % statistics.geometric_mean(ratios[s]) if ratios[s] else
        "%22s" % "" for s in systems))
    print_memory(systems)


def main():
    kinds = [k for k in ("tmpfs", "ext4") if k in sys.argv[1:]]
    rows = [row for row in sys.argv[1:] if row not in kinds]
    if os.environ.get("IN_NAMESPACE") != "1":
        for kind in kinds or ("tmpfs", "ext4"):
            subprocess.run(["unshare", "--mount", "--propagation", "private",
                            sys.executable, "-B", __file__, kind, *rows],
                           check=True,
                           env={**os.environ, "IN_NAMESPACE": "1"})
        return
    run("mount", "-t", "tmpfs", "-o", "size=12g", "bench", B)
    if kinds == ["ext4"]:
        image = B + "/image"
        run("truncate", "-s", "8g", image)
        run("mkfs.ext4", "-q", image)
        run("mount", "-o", "loop", image, B)
    print("\non", kinds[0])
    build_floor()
    prepare()
    table(rows or list(ROWS))


if __name__ == "__main__":
    main()
