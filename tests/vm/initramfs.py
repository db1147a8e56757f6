"""The guest's first file system: busybox, a few modules, init.sh.

    number = initramfs.make(modules, settings)     # a descriptor

It is an archive in memory (memfd_create(2)) in the format "newc", cpio(5),
which the kernel unpacks: nothing is written to a disk.
"""

import os
import shlex
import shutil
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")
DIRECTORIES = ("bin", "dev", "host", "lower", "modules", "proc", "ram", "root")
UNPACKERS = {".gz": "gzip", ".xz": "xz", ".zst": "zstd"}


def make(modules, settings):
    number = os.memfd_create("initramfs")
    with os.fdopen(os.dup(number), "wb") as archive:
        for name in DIRECTORIES:
            add(archive, name, b"", stat.S_IFDIR | 0o755)
        add(archive, "init", read(os.path.join(HERE, "init.sh")))
        add(archive, "bin/busybox", read(busybox()))
        add(archive, "settings", "".join(
            "%s=%s\n" % (name, shlex.quote(value))
            for name, value in settings.items()).encode())
        for order, path in enumerate(in_order(modules)):
            # insmod takes them as they come: by number.
            add(archive, "modules/%02d.ko" % order,
                plain(os.path.join(modules, path)))
        add(archive, "TRAILER!!!", b"")
    return number


def add(archive, name, content, mode=stat.S_IFREG | 0o755):
    name = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
    archive.write(b"070701" + b"".join(b"%08x" % field for field in fields))
    for part, size in ((name, 110 + len(name)), (content, len(content))):
        archive.write(part + b"\0" * (-size % 4))


def busybox():
    """The static one goes by different names: see needs.sh."""
    for name in ("busybox", "busybox.static", "busybox-static"):
        path = shutil.which(name)
        if path and b"INTERP" not in subprocess.run(
                ["readelf", "-lW", path], stdout=subprocess.PIPE,
                check=True).stdout:
            return path
    raise FileNotFoundError("busybox, static")


def in_order(modules):
    """The files of MODULES, each after those it depends on.  A module that
    modules.dep does not have is part of the kernel, or will be missed."""
    rows = {}
    for line in read(os.path.join(modules, "modules.dep")).decode().split("\n"):
        path, _, needed = line.partition(":")
        name = os.path.basename(path).split(".")[0].replace("-", "_")
        # modules.dep has the nearest first.
        rows[name] = needed.split()[::-1] + [path]
    found = [path for name in MODULES for path in rows.get(name, [])]
    return list(dict.fromkeys(found))


def plain(path):
    """A module, uncompressed."""
    program = UNPACKERS.get(os.path.splitext(path)[1])
    if not program:
        return read(path)
    if not shutil.which(program):
        sys.exit("vm: the modules are compressed, and there is no %s here" %
                 program)
    return subprocess.run([program, "-dc", path], stdout=subprocess.PIPE,
                          check=True).stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()
