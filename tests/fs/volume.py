"""When descriptors run short the daemon has the kernel forget names; what is
mounted at a name that is forgotten is unmounted (FUSE_NOTIFY_INVAL_ENTRY), so a
directory, where somebody's volume may be, is none of those.

    unshare --mount python3 -B tests/fs/volume.py
"""

import errno
import os
import resource
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import calls                                                    # noqa: E402
import stress                                                   # noqa: E402
import unions                                                   # noqa: E402

DESCRIPTORS, FILES, VOLUMES = 1024, 3000, 8


def fill(top):
    os.mkdir(top + "/many")
    for i in range(FILES):
        open("%s/many/%d" % (top, i), "w", encoding="ascii").close()
    for i in range(VOLUMES):
        os.mkdir("%s/volume%d" % (top, i))


def look(top):
    """At all; how many there was no descriptor for."""
    refused = 0
    for name in os.listdir(top + "/many"):
        try:
            os.stat("%s/many/%s" % (top, name))
        except OSError as error:
            if error.errno != errno.EMFILE:
                raise
            refused += 1
    return refused


def measure(union):
    fill(union.bottom)
    union.mount()
    volumes = ["%s/volume%d" % (union.tree, i) for i in range(VOLUMES)]
    for volume in volumes:
        calls.mount("tmpfs", volume, "tmpfs")
    refused = sum(look(union.tree) for _ in range(5))
    held = stress.descriptors(union.daemon.pid)
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        mounted = {line.split()[4] for line in file}
    stay = [volume for volume in volumes if volume in mounted]
    print("%d descriptors of %d; %d times there was none; %d of %d volumes are "
          "there" % (held, DESCRIPTORS, refused, len(stay), VOLUMES))
    for volume in stay:
        calls.umount(volume, calls.MNT_DETACH)
    union.umount()
    return stay == volumes and held > DESCRIPTORS / 4


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    with tempfile.TemporaryDirectory(prefix="mydocker-volume-") as top:
        calls.mount("tmpfs", top, "tmpfs")
        try:
            with unions.Aufs("union", os.path.join(top, "aufs")) as union:
                return 0 if measure(union) else 1
        finally:
            calls.umount(top, calls.MNT_DETACH)


if __name__ == "__main__":
    sys.exit(main())
