"""A real Debian image, as another tool writes it: made once, kept for later.

    import debian_image
    made = debian_image.get()           # or a SkipTest with the reason
    run([DEMO, "load", "-i", made.docker])
    run([DEMO, "run", "--rm", debian_image.NAME, "dpkg", "-l"])

The tree comes from debootstrap (with python3, perl and a program that has a
file capability), the image from buildah, in three layers.  The second deletes
a file of the first and replaces a directory; the third has what tends to get
lost: links, setuid, attributes, names that are no text.

It is kept in /var/cache/mydocker-tests, or where MYDOCKER_TEST_CACHE points.
A making that is interrupted leaves a directory that the next one removes;
what has its final name is complete.  Two test runs at once make it once.
"""

import collections
import fcntl
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

NAME = "mydocker-debian:test"
CACHE = "/var/cache/mydocker-tests"
PACKAGES = "python3-minimal,perl-base,iputils-ping,libcap2-bin"
MINUTES = 15
HERE = os.path.abspath(__file__)

Made = collections.namedtuple(
    "Made", "docker oci skopeo_docker skopeo_oci zstd entries removed "
    "replaced")
FILES = ("docker.tar", "oci.tar", "skopeo-docker.tar", "skopeo-oci.tar",
         "zstd.tar", "entries.json")
# Of the first layer: a file that the second deletes, a directory it replaces.
REMOVED = "etc/issue.net"
REPLACED = "usr/share/doc/base-files"


# ---- what is in a tree ------------------------------------------------------

def digest(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            found.update(block)
    return found.hexdigest()


def describe(path, links):
    """Everything about one file that an image keeps."""
    st = os.lstat(path)
    kind = stat.S_IFMT(st.st_mode)
    seen = {"mode": oct(st.st_mode), "uid": st.st_uid, "gid": st.st_gid,
            "attributes": {name: os.getxattr(path, name,
                                             follow_symlinks=False).hex()
                           for name in os.listxattr(path,
                                                    follow_symlinks=False)}}
    if kind == stat.S_IFLNK:
        seen["target"] = os.fsencode(os.readlink(path)).hex()
    elif kind == stat.S_IFREG:
        seen["size"] = st.st_size
        seen["sha256"] = digest(path)
    elif kind in (stat.S_IFCHR, stat.S_IFBLK):
        seen["device"] = [os.major(st.st_rdev), os.minor(st.st_rdev)]
    if kind != stat.S_IFDIR:
        seen["mtime"] = int(st.st_mtime)
        if st.st_nlink > 1:
            links[(st.st_dev, st.st_ino)].append(os.fsencode(path))
    return seen


def entries(top):
    """{name: description} of a tree; names as text with escapes."""
    found, links = {}, collections.defaultdict(list)
    top = os.fsencode(top)
    paths = [top]
    for path, directories, names in os.walk(top):
        paths += [os.path.join(path, n) for n in directories + names]
    for path in paths:
        name = os.path.relpath(path, top).decode("utf-8", "backslashreplace")
        found[name] = describe(path, links)
    for group in links.values():
        names = sorted(os.path.relpath(p, top).decode("utf-8",
                                                      "backslashreplace")
                       for p in group)
        for name in names:
            found[name]["same file"] = names
    return found


def merged_entries(layers):
    """What an overlay of these layers (top first) shows.  The mount is in a
    namespace of its own, and ends with it."""
    done = subprocess.run(
        ["unshare", "-m", "--propagation", "private", sys.executable, HERE,
         "entries"] + list(layers), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def print_entries(layers):
    # The mounts below vanish with the namespace; so does this tmpfs.
    subprocess.run(["mount", "-t", "tmpfs", "none", "/mnt"], check=True)
    os.mkdir("/mnt/empty")
    os.mkdir("/mnt/merged")
    lower = ":".join(list(layers) + ["/mnt/empty"])
    subprocess.run(["mount", "-t", "overlay", "-o", "ro,lowerdir=" + lower,
                    "none", "/mnt/merged"], check=True)
    json.dump(entries("/mnt/merged"), sys.stdout)


# ---- making -----------------------------------------------------------------

def distribution():
    """[suite, mirror]: what debootstrap of this machine has the keys for.
    Without MYDOCKER_TEST_MIRROR it knows itself where that is to be had."""
    known = {}
    with open("/etc/os-release", encoding="utf-8") as file:
        for line in file:
            key, _, value = line.strip().partition("=")
            known[key] = value.strip('"')
    mirror = os.environ.get("MYDOCKER_TEST_MIRROR")
    return ([known.get("VERSION_CODENAME", "bookworm")] +
            ([mirror] if mirror else []))


def run(argv, **more):
    """A command that must succeed; its last words otherwise."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, **more)
    if done.returncode != 0:
        words = (done.stdout + done.stderr).decode(errors="replace")
        raise RuntimeError("%s: %s" % (" ".join(argv[:2]),
                                       words.strip()[-300:]))
    return done.stdout.decode().strip()


class Buildah:
    """Containers and images of its own, below one directory."""

    def __init__(self, place):
        self.base = ["buildah", "--root", os.path.join(place, "root"),
                     "--runroot", os.path.join(place, "runroot"),
                     "--storage-driver", "overlay"]

    def __call__(self, *arguments):
        return run(self.base + list(arguments))

    def container(self, base):
        return self("from", "--pull-never", base)


def put(path, content=b"x\n", mode=0o644):
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


def second_layer(top):
    os.unlink(os.path.join(top, REMOVED))
    replaced = os.path.join(top, REPLACED)
    shutil.rmtree(replaced)
    os.mkdir(replaced, 0o750)
    put(os.path.join(replaced, "only-this"))
    os.makedirs(os.path.join(top, "srv/becomes-a-file/deep"))
    put(os.path.join(top, "srv/becomes-a-directory"))


def third_layer(top):
    place = os.path.join(top, "srv")
    shutil.rmtree(os.path.join(place, "becomes-a-file"))
    put(os.path.join(place, "becomes-a-file"))
    os.unlink(os.path.join(place, "becomes-a-directory"))
    os.mkdir(os.path.join(place, "becomes-a-directory"))
    os.chmod(os.path.join(top, "etc/debian_version"), 0o600)
    put(os.path.join(place, "one"))
    os.link(os.path.join(place, "one"), os.path.join(place, "two"))
    os.symlink("../../../etc/shadow", os.path.join(place, "link"))
    put(os.path.join(place, "setuid"), mode=0o4755)
    os.chown(os.path.join(place, "setuid"), 1234, 2345)
    os.chmod(os.path.join(place, "setuid"), 0o6755)
    put(os.path.join(place, "n" * 255))
    put(os.path.join(os.fsencode(place), b"caf\xe9"))
    put(os.path.join(place, "e\u0301"))
    put(os.path.join(place, "attribute"))
    os.setxattr(os.path.join(place, "attribute"), "user.mydocker", b"\0\1")
    os.mkfifo(os.path.join(place, "fifo"))


def commit(buildah, base, change, name, *config):
    container = buildah.container(base)
    change(buildah("mount", container))
    buildah("umount", container)
    if config:
        buildah("config", *config, container)
    buildah("commit", "-q", container, name)
    buildah("rm", container)


def make_tree(place):
    suite, *mirror = distribution()
    tree = os.path.join(place, "tree")
    run(["debootstrap", "--variant=minbase", "--include=" + PACKAGES, suite,
         tree, *mirror])
    archives = os.path.join(tree, "var/cache/apt/archives")
    for name in os.listdir(archives):
        if name.endswith(".deb"):
            os.unlink(os.path.join(archives, name))
    return tree


def make_images(place, buildah, tree):
    container = buildah.container("scratch")
    buildah("add", "-q", container, tree, "/")
    buildah("commit", "-q", container, "first")
    buildah("rm", container)
    commit(buildah, "first", second_layer, "second")
    commit(buildah, "second", third_layer, "third", "--cmd", "/bin/bash",
           "--env", "LANG=C.UTF-8")
    with open(os.path.join(place, "entries.json"), "w",
              encoding="utf-8") as file:
        container = buildah.container("third")
        json.dump(entries(buildah("mount", container)), file)


def make_archives(place, buildah):
    name = {f: os.path.join(place, f) for f in FILES}
    buildah("push", "-q", "third", "docker-archive:%s:%s" %
            (name["docker.tar"], NAME))
    buildah("push", "-q", "third", "oci-archive:%s:%s" %
            (name["oci.tar"], NAME))
    buildah("push", "-q", "--compression-format", "zstd", "third",
            "oci-archive:%s:%s" % (name["zstd.tar"], NAME))
    policy = ["skopeo", "--insecure-policy", "copy", "-q"]
    run(policy + ["oci-archive:" + name["oci.tar"],
                  "docker-archive:%s:%s" % (name["skopeo-docker.tar"], NAME)])
    run(policy + ["docker-archive:" + name["docker.tar"],
                  "oci-archive:%s:%s" % (name["skopeo-oci.tar"], NAME)])


def make(place):
    """In a mount namespace of our own: see get()."""
    buildah = Buildah(os.path.join(place, "buildah"))
    make_images(place, buildah, make_tree(place))
    make_archives(place, buildah)


# ---- keeping ----------------------------------------------------------------

def remove(path):
    import harness
    harness.remove_tree(path)


def build_in(cache, final):
    """Under the lock: whatever is half made was left by somebody killed, and
    what an older recipe made has had its time."""
    for name in os.listdir(cache):
        if name.startswith(("making-", "debian-")):
            remove(os.path.join(cache, name))
    place = tempfile.mkdtemp(prefix="making-", dir=cache)
    try:
        run(["unshare", "-m", "--propagation", "private", sys.executable,
             HERE, "make", place], timeout=MINUTES * 60)
        kept = os.path.join(place, "kept")
        os.mkdir(kept)
        for name in FILES:
            os.rename(os.path.join(place, name), os.path.join(kept, name))
        os.sync()
        os.rename(kept, final)
    finally:
        remove(place)


def get():
    for program in ("debootstrap", "buildah", "skopeo", "unshare"):
        if not shutil.which(program):
            raise unittest.SkipTest(program + " is not installed")
    cache = os.environ.get("MYDOCKER_TEST_CACHE", CACHE)
    os.makedirs(cache, mode=0o700, exist_ok=True)
    with open(HERE, "rb") as file:
        recipe = hashlib.sha256(file.read() + repr(distribution()).encode())
    final = os.path.join(cache, "debian-" + recipe.hexdigest()[:16])
    with open(os.path.join(cache, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(final):
            try:
                build_in(cache, final)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                raise unittest.SkipTest("the Debian image could not be made: "
                                        "%s" % error)
    files = [os.path.join(final, name) for name in FILES]
    return Made(*files, removed=REMOVED, replaced=REPLACED)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    elif sys.argv[1] == "entries":
        print_entries(sys.argv[2:])
