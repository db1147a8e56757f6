"""The guest's kernel: Debian's stock one, unpacked and never installed.

    image, modules = kernel.find()      # two paths, or SystemExit in words

KERNEL=/boot/vmlinuz-X MODULES=/lib/modules/X names another.  Otherwise it is
what linux-image-amd64 depends on, fetched by apt-get into the cache at the
first use; remove the directory there to get a newer one.  What is half made
was left by a killed run, has no final name, and goes with the next fetching.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile

PACKAGE = "linux-image-amd64"
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or
                     os.path.expanduser("~/.cache"), "mydocker-vm")
MAKING = "making-"


def find():
    image, modules = os.environ.get("KERNEL"), os.environ.get("MODULES")
    if bool(image) != bool(modules):
        sys.exit("vm: KERNEL=FILE and MODULES=DIRECTORY go together")
    if not image:
        image, modules = in_package(cached() or fetch())
    for path in (image, os.path.join(modules, "modules.dep")):
        if not os.access(path, os.R_OK):
            sys.exit("vm: cannot read %s" % path)
    return os.path.realpath(image), os.path.realpath(modules)


def in_package(place):
    """The two paths in an unpacked package."""
    release = os.listdir(os.path.join(place, "lib/modules"))[0]
    return (os.path.join(place, "boot/vmlinuz-" + release),
            os.path.join(place, "lib/modules", release))


def cached():
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(CACHE):
            if name.startswith("linux-image-"):
                return os.path.join(CACHE, name)
    return None


def fetch():
    for program in ("apt-cache", "apt-get", "dpkg"):
        if not shutil.which(program):
            sys.exit("vm: there is no %s here to get a kernel with; name one "
                     "of yours, with 9p\nvm: and virtio as modules:  "
                     "KERNEL=/boot/vmlinuz-X MODULES=/lib/modules/X" % program)
    os.makedirs(CACHE, exist_ok=True)
    lock = os.open(CACHE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return cached() or unpack(real_package())
    finally:
        os.close(lock)


def real_package():
    """linux-image-amd64 is empty, and depends on the one with a version."""
    said = subprocess.run(["apt-cache", "depends", PACKAGE], check=False,
                          stdout=subprocess.PIPE).stdout.decode()
    for word in said.split():
        if word.startswith("linux-image-") and word != PACKAGE:
            return word
    sys.exit("vm: apt knows no %s: try apt-get update, or name a kernel of "
             "yours:\nvm: KERNEL=/boot/vmlinuz-X MODULES=/lib/modules/X" %
             PACKAGE)


def unpack(package):
    for name in os.listdir(CACHE):
        if name.startswith(MAKING):
            shutil.rmtree(os.path.join(CACHE, name))
    print("vm: getting %s into %s" % (package, CACHE), file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=CACHE) as place:
        made = os.path.join(place, package)
        # Root's apt would fetch as a user who may not write here.
        run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download",
             package], place)
        run(["dpkg", "-x", os.path.join(place, os.listdir(place)[0]), made],
            place)
        run(["depmod", "-b", made, os.path.basename(in_package(made)[1])],
            place)
        final = os.path.join(CACHE, package)
        os.rename(made, final)
    return final


def run(argv, place):
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    done = subprocess.run(argv, cwd=place, env={**os.environ, "PATH": path},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit("vm: %s failed:\n%s" % (" ".join(argv[:2]),
                                         done.stdout.decode(errors="replace")))
