"""A branch comes and goes while others make, look up and remove files.

    unshare --mount python3 -B tests/fs/remounts.py [--seconds N]
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import calls                                                    # noqa: E402
import unions                                                   # noqa: E402

NAMES, FILES = 200, 2000


def churn(tree, number):
    """Each name is looked up, and forgotten when its file is removed."""
    place = os.path.join(tree, "of%d" % number)
    os.makedirs(place, exist_ok=True)
    while True:
        for i in range(NAMES):
            with open("%s/%d" % (place, i), "w", encoding="ascii") as file:
                file.write("x")
        for i in range(NAMES):
            os.unlink("%s/%d" % (place, i))


def walk(tree, _):
    """Many nodes, for whoever goes through all of them."""
    while True:
        for where, _, names in os.walk(tree):
            for name in names:
                if os.path.exists(os.path.join(where, name)):
                    continue


def remount(union, words):
    done = subprocess.run([unions.DAEMON, "-o", "remount," + words, "none",
                           union.tree], capture_output=True, text=True,
                          check=False)
    return ["%s: %s" % (words, done.stderr)] if done.returncode else []


def come_and_go(union, more, seconds):
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        wrong = remount(union, "append=" + more)
        if not wrong and os.stat(union.tree + "/more").st_size != 4:
            wrong = ["what is in the new branch is not seen"]
        wrong = wrong or remount(union, "del=" + more)
        if wrong:
            return wrong
        count += 1
    print("%d times" % count)
    return []


def play(union, more, seconds):
    os.mkdir(more)
    for i in range(FILES):
        with open("%s/%d" % (union.bottom, i), "w", encoding="ascii"):
            pass
    with open(more + "/more", "w", encoding="ascii") as file:
        file.write("more")
    union.mount()
    pids = []
    for number, work in enumerate((churn, churn, walk)):
        pids.append(os.fork())
        if pids[-1] == 0:
            work(union.tree, number)
    try:
        wrong = come_and_go(union, more, seconds)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    if not union.is_alive():
        return wrong + ["the daemon died: " + union.errors()[-2000:]]
    union.umount()
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=6)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mydocker-remounts-") as top:
        calls.mount("tmpfs", top, "tmpfs")
        try:
            with unions.Aufs("union", os.path.join(top, "aufs")) as union:
                wrong = play(union, top + "/more", args.seconds)
        finally:
            calls.umount(top, calls.MNT_DETACH)
    for line in wrong:
        print("FAILED " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
