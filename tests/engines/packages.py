"""Docker and containerd: the installed ones, or Debian's packages unpacked.

    more = packages.environment("dockerd", "docker")    # or a SkipTest
    harness.environment(**more)

Installing docker.io starts dockerd, which would change this machine's firewall
and links, and starts it again at each boot: no test may do that to a reader's
machine.  So where they are not installed the packages are fetched by apt and
unpacked into /var/cache/mydocker-tests (or MYDOCKER_TEST_CACHE), together with
what they need and the machine lacks.  No script of theirs is run.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest

from box import harness

CACHE = "/var/cache/mydocker-tests"
NAMES = ("docker.io", "docker-compose", "containerd")
MINUTES = 10
PLACES = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin",
          "/sbin", "/bin")


def apt(*words):
    done = subprocess.run(
        ["apt-get", "-q", "-y", "--no-install-recommends", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
        stderr=subprocess.STDOUT, timeout=MINUTES * 60,
        env=harness.environment(DEBIAN_FRONTEND="noninteractive"))
    text = done.stdout.decode(errors="replace")
    if done.returncode:
        raise RuntimeError("apt-get %s: %s" % (words[0],
                                               text.strip()[-300:]))
    return text


def fetch(place):
    archives = os.path.join(place, "archives")
    os.makedirs(os.path.join(archives, "partial"))
    words = ("install", "--download-only", "-o",
             "Dir::Cache::archives=" + archives,
             # As root: nobody else may enter the cache.
             "-o", "APT::Sandbox::User=root", *NAMES)
    try:
        apt(*words)
    except RuntimeError:        # a list of packages that is old, or none
        apt("update")
        apt(*words)
    tree = os.path.join(place, "tree")
    os.mkdir(tree)
    for name in sorted(os.listdir(archives)):
        if name.endswith(".deb"):
            subprocess.run(["dpkg", "-x", os.path.join(archives, name), tree],
                           check=True, timeout=60)
    return tree


def unpacked():
    """Where the packages are unpacked; at the first call it takes a while."""
    if not shutil.which("apt-get"):
        raise unittest.SkipTest("dockerd and containerd are not installed")
    with open("/etc/os-release", encoding="utf-8") as file:
        recipe = hashlib.sha256((file.read() + repr(NAMES)).encode())
    cache = os.environ.get("MYDOCKER_TEST_CACHE", CACHE)
    final = os.path.join(cache, "engines-" + recipe.hexdigest()[:16])
    os.makedirs(cache, mode=0o700, exist_ok=True)
    with open(os.path.join(cache, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(final):
            for name in os.listdir(cache):
                if name.startswith("engines-"):     # of another release
                    harness.remove_tree(os.path.join(cache, name))
            place = tempfile.mkdtemp(prefix="making-", dir=cache)
            try:
                os.rename(fetch(place), final)
            except (RuntimeError, subprocess.SubprocessError) as error:
                raise unittest.SkipTest("no Docker packages: %s" % error)
            finally:
                harness.remove_tree(place)
    return final


def environment(*programs):
    """Where they and all that they start are found."""
    path = list(PLACES)
    more = {}
    if not all(shutil.which(name, path=":".join(path)) for name in programs):
        tree = unpacked()
        path = [tree + "/usr/sbin", tree + "/usr/bin", *path]
        # docker-compose is a program in Python.
        more["PYTHONPATH"] = tree + "/usr/lib/python3/dist-packages"
    path = ":".join(path)
    for name in programs:
        if not shutil.which(name, path=path):
            raise unittest.SkipTest("the packages hold no " + name)
    return {"PATH": path, **more}
