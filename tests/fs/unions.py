"""The file systems under test, each made of directories of one place.

    with Aufs("aufs", "/somewhere") as union:
        ... make things in union.bottom and union.top ...
        union.mount()
        ... use union.tree ...
        union.umount()

To be used in a mount namespace of one's own.
"""

import hashlib
import os
import stat
import subprocess
import time

import calls

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DAEMON = os.environ.get("AUFS") or os.path.join(
    ROOT, "ch03-unionfs", "build", "aufs")


class Plain:
    """A directory.  It tells what the others should do."""
    is_union = False

    def __init__(self, name, place):
        self.name = name
        self.place = place
        os.mkdir(place, 0o755)
        self.tree = self.top = self.bottom = self.branch("tree")
        self.branches = [self.tree]

    def branch(self, name):
        path = os.path.join(self.place, name)
        os.mkdir(path, 0o755)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if os.path.ismount(self.tree):
            calls.umount(self.tree, calls.MNT_DETACH)

    def mount(self):
        pass

    def umount(self):
        pass

    def is_alive(self):
        return True


class Union(Plain):
    is_union = True

    def __init__(self, name, place, permissions=("rw", "ro")):
        super().__init__(name, place)
        self.permissions = permissions
        self.branches = [self.branch("branch%d" % i)
                         for i in range(len(permissions))]
        self.top, self.bottom = self.branches[0], self.branches[-1]


class Overlay(Union):
    def mount(self):
        work = os.path.join(self.place, "work")
        os.makedirs(work, exist_ok=True)
        calls.mount("overlay", self.tree, "overlay", 0,
                    "upperdir=%s,workdir=%s,lowerdir=%s" %
                    (self.top, work, ":".join(self.branches[1:])))

    def umount(self):
        calls.umount(self.tree)


class FuseOverlay(Overlay):
    """Another union in user space, to compare."""

    def mount(self):
        work = os.path.join(self.place, "work")
        os.makedirs(work, exist_ok=True)
        subprocess.run(["fuse-overlayfs", "-o", "upperdir=%s,workdir=%s,"
                        "lowerdir=%s" % (self.top, work,
                                         ":".join(self.branches[1:])),
                        self.tree], check=True)


class Aufs(Union):
    """Ours.  What the daemon says, sanitizers included, is in `errors`."""

    def __init__(self, name, place, permissions=("rw", "ro"), options=()):
        super().__init__(name, place, permissions)
        self.options = ["dirs=" + ":".join(
            "%s=%s" % pair for pair in zip(self.branches, permissions))]
        self.options += options
        self.daemon = None

    def mount(self):
        outside = os.stat(self.tree).st_dev
        with open(os.path.join(self.place, "errors"), "ab") as errors:
            self.daemon = subprocess.Popen(
                [DAEMON, "-f", "-o", ",".join(self.options), "none",
                 self.tree], stdin=subprocess.DEVNULL, stderr=errors)
        while os.stat(self.tree).st_dev == outside:
            if self.daemon.poll() is not None:
                raise RuntimeError("no mount: " + self.errors())
            time.sleep(0.005)

    def umount(self):
        calls.umount(self.tree)
        status = self.daemon.wait(60)
        if status or self.errors():
            raise RuntimeError("the daemon ended with %d: %s" %
                               (status, self.errors()))

    def is_alive(self):
        return self.daemon.poll() is None

    def errors(self):
        with open(os.path.join(self.place, "errors"),
                  encoding="utf-8", errors="replace") as file:
            return file.read()

    def __exit__(self, *_):
        super().__exit__()
        if self.daemon and self.is_alive():     # something went wrong
            self.daemon.kill()
            self.daemon.wait()


# ---- what is in a tree ------------------------------------------------------

def reserved(name):
    return name.startswith(".wh.")


def attributes(path):
    return [(name, os.getxattr(path, name, follow_symlinks=False))
            for name in sorted(os.listxattr(path, follow_symlinks=False))
            if not name.startswith(("trusted.overlay.", "security."))]


def contents(path, st):
    if stat.S_ISLNK(st.st_mode):
        return os.readlink(path)
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as file:
            return hashlib.sha1(file.read()).hexdigest()[:12]
    if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
        return "%d:%d" % (os.major(st.st_rdev), os.minor(st.st_rdev))
    return ""


def describe(path, times=False):
    """One line that two equal files have in common."""
    st = os.lstat(path)
    is_directory = stat.S_ISDIR(st.st_mode)
    words = ["%06o" % st.st_mode, "%d:%d" % (st.st_uid, st.st_gid),
             "-" if is_directory else "links=%d size=%d" % (st.st_nlink,
                                                            st.st_size),
             contents(path, st)]
    words += ["%s=%s" % pair for pair in attributes(path)]
    if times:
        words.append("mtime=%d ino=%d" % (st.st_mtime_ns, st.st_ino))
    return " ".join(words)


def walk(top):
    """All below it, as relative names, sorted."""
    for directory, directories, names in os.walk(top):
        directories.sort()
        for name in sorted(directories + names):
            yield os.path.relpath(os.path.join(directory, name), top)


def snapshot(top, times=False):
    return {name: describe(os.path.join(top, name), times)
            for name in walk(top)}


def wrong_numbers(top):
    """Names whose d_ino or d_type is not what stat(2) says; should be []."""
    wrong = []
    for directory, _, _ in os.walk(top):
        listing = calls.Directory(directory)
        for name, ino, kind in listing.rest():
            st = os.lstat(os.path.join(directory, name))
            if ino != st.st_ino or kind not in (0, st.st_mode >> 12):
                wrong.append("%s/%s: d_ino %d, st_ino %d; d_type %d, %o" %
                             (directory, name, ino, st.st_ino, kind,
                              st.st_mode))
        listing.close()
    return wrong


def differences(one, other):
    """Of two snapshots, as lines."""
    return ["%s %s %s" % (sign, name, snap[name])
            for name in sorted(set(one) | set(other))
            if one.get(name) != other.get(name)
            for sign, snap in (("-", one), ("+", other)) if name in snap]
