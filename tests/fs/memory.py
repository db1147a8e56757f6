"""What the daemon holds after 5,000 files, and what is left of it when the
kernel has forgotten them.

    unshare --mount python3 -B tests/fs/memory.py
"""

import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import calls                                                    # noqa: E402
import stress                                                   # noqa: E402
import unions                                                   # noqa: E402

FILES, MOST_KB = 5000, 4096


def fill(top):
    for i in range(FILES):
        directory = os.path.join(top, "d%02d" % (i % 100))
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "f%04d" % i), "w",
                  encoding="ascii") as file:
            file.write("x" * i)


def look(top):
    for where, _, names in os.walk(top):
        for name in names:
            os.stat(os.path.join(where, name))


def held(daemon):
    return stress.resident(daemon.pid), stress.descriptors(daemon.pid)


def drop_caches():
    """Names and inodes that nobody uses; no data (proc_sys_vm(5))."""
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("2")
    time.sleep(0.5)


def measure(union):
    fill(union.bottom)
    union.mount()
    first = held(union.daemon)
    look(union.tree)
    most = held(union.daemon)
    drop_caches()
    last = held(union.daemon)
    union.umount()
    print("kB resident, descriptors: %d, %d when mounted; %d, %d after %d "
          "files; %d, %d when they are forgotten" %
          (first + most + (FILES,) + last))
    wrong = []
    if most[0] > MOST_KB:
        wrong.append("%d kB resident, and not %d" % (most[0], MOST_KB))
    if most[1] < FILES:
        wrong.append("it was not asked for %d files" % FILES)
    if last[1] > first[1] + 300:
        wrong.append("descriptors stay open")
    if last[0] > most[0] - (most[0] - first[0]) / 4:
        wrong.append("it does not shrink")
    return wrong


def main():
    with tempfile.TemporaryDirectory(prefix="mydocker-memory-") as top:
        calls.mount("tmpfs", top, "tmpfs")
        try:
            with unions.Aufs("union", os.path.join(top, "aufs")) as union:
                wrong = measure(union)
        finally:
            calls.umount(top, calls.MNT_DETACH)
    for line in wrong:
        print("FAILED " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
