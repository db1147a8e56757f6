"""Many calls for a long time: one file against a model of it in memory, and
several processes in one tree, all at once.

    unshare --mount python3 -B tests/fs/stress.py [--seconds N] [--seed S]
            [--processes N] [--options WORDS] [--at DIR]

Nothing may fail that should not, nothing may hang; and when all that was made
is removed the daemon has the descriptors and the memory that it began with,
or nearly so.
"""

import argparse
import errno
import mmap
import os
import random
import shutil
import signal
import stat
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import calls                                                    # noqa: E402
import differ                                                   # noqa: E402
import unions                                                   # noqa: E402

SIZE = 256 * 1024       # of the one file, at most
# What random calls may be told, and nothing else.  (The last ones: a name that
# was a file has become a pipe or a device.)
EXPECTED = {errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR,
            errno.ENOTEMPTY, errno.EXDEV, errno.ELOOP, errno.EINVAL,
            errno.ENODATA, errno.EPERM, errno.ENXIO, errno.ETXTBSY,
            errno.ESTALE, errno.EBUSY, errno.ENODEV, errno.ESPIPE,
            errno.EPIPE, errno.EAGAIN, errno.ENOSPC}
# Of directories with the sticky bit, where one of these is set (proc(5)): links
# in them are not followed, and files not made, of somebody else's.  No call is
# to be told EACCES here: so there that bit is not given.
PROTECTED = ("protected_symlinks", "protected_fifos", "protected_regular")


# ---- one file -----------------------------------------------------------------------

class OneFile:
    """As fsx does: after each operation the file is as the model says."""

    def __init__(self, path, rng):
        self.path, self.rng = path, rng
        with open(path, "rb") as file:
            self.model = bytearray(file.read())
        self.fd = os.open(path, os.O_RDWR)
        self.history = []

    def range(self, limit=SIZE):
        offset = self.rng.randrange(limit)
        return offset, 1 + self.rng.randrange(min(limit - offset, 70000))

    def grow(self, size):
        self.model.extend(bytes(max(0, size - len(self.model))))

    def put(self, offset, data):
        self.grow(offset + len(data))
        self.model[offset:offset + len(data)] = data

    def data(self, length):
        return bytes([self.rng.randrange(256)]) * length

    def write(self):
        offset, length = self.range()
        data = self.data(length)
        os.pwrite(self.fd, data, offset)
        self.put(offset, data)

    def append(self):
        data = self.data(self.rng.randrange(1, 5000))
        if len(self.model) + len(data) > SIZE:
            return
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        os.write(fd, data)
        os.close(fd)
        self.put(len(self.model), data)

    def read(self):
        offset, length = self.range()
        got = os.pread(self.fd, length, offset)
        self.same(got, self.model[offset:offset + length], offset)

    def same(self, got, expected, offset):
        if got == expected:
            return
        at = next((i for i, (a, b) in enumerate(zip(got, expected))
                   if a != b), min(len(got), len(expected)))
        raise AssertionError("differs at %d (of %d, read %d bytes from %d; "
                             "the model has %d)" % (
                                 offset + at, len(self.model), len(got),
                                 offset, len(expected)))

    def truncate(self):
        size = self.rng.randrange(SIZE)
        if self.rng.random() < 0.5:
            os.ftruncate(self.fd, size)
        else:
            os.truncate(self.path, size)
        del self.model[size:]
        self.grow(size)

    def mapped(self):
        """An area that lies within the file, or None."""
        if len(self.model) < 2:
            return None, 0, 0
        offset, length = self.range(len(self.model))
        return mmap.mmap(self.fd, len(self.model)), offset, length

    def map_read(self):
        area, offset, length = self.mapped()
        if area:
            self.same(area[offset:offset + length],
                      self.model[offset:offset + length], offset)
            area.close()

    def map_write(self):
        area, offset, length = self.mapped()
        if area:
            data = self.data(length)
            area[offset:offset + length] = data
            self.put(offset, data)
            if self.rng.random() < 0.3:
                area.flush()
            area.close()

    def allocate(self):
        offset, length = self.range()
        keep = self.rng.random() < 0.5
        calls.fallocate(self.fd, calls.KEEP_SIZE if keep else 0, offset,
                        length)
        if not keep:
            self.grow(offset + length)

    def punch(self):
        offset, length = self.range()
        calls.fallocate(self.fd, calls.PUNCH_HOLE | calls.KEEP_SIZE, offset,
                        length)
        end = min(offset + length, len(self.model))
        if offset < end:
            self.model[offset:end] = bytes(end - offset)

    def copy(self):
        if len(self.model) < 2:
            return
        offset, length = self.range(len(self.model) // 2)
        to = offset + length + self.rng.randrange(SIZE - offset - length)
        length = min(length, SIZE - to, len(self.model) - offset)
        done = os.copy_file_range(self.fd, self.fd, length, offset, to) \
            if length > 0 else 0
        self.put(to, bytes(self.model[offset:offset + done]))

    def reopen(self):
        os.close(self.fd)
        if self.rng.random() < 0.3:
            os.rename(self.path, self.path + "-moved")
            os.rename(self.path + "-moved", self.path)
        self.fd = os.open(self.path, os.O_RDWR)

    def lose_cache(self):
        os.fsync(self.fd)
        os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def chmod(self):
        os.fchmod(self.fd, self.rng.randrange(0o1000))

    def check(self):
        size = os.fstat(self.fd).st_size
        if size != len(self.model):
            raise AssertionError("size %d, not %d" % (size, len(self.model)))

    ALL = ("write write write read read append truncate map_read map_write "
           "allocate punch copy reopen lose_cache chmod").split()

    def step(self):
        name = self.rng.choice(self.ALL)
        self.history.append(name)
        try:
            getattr(self, name)()
            self.check()
        except Exception as wrong:
            raise AssertionError("after %s: %s" % (
                " ".join(self.history[-8:]), wrong)) from wrong


def one_file(tree, rng, end, who):
    """Each time another file, every second one from below."""
    for number in range(10 ** 9):
        path = os.path.join(tree, "files", "%d-%d" % (who, number))
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(rng.randbytes(rng.randrange(SIZE)))
        file = OneFile(path, rng)
        for _ in range(300):
            file.step()
            if time.monotonic() > end:
                return
        os.unlink(path)
        file.write()            # by what is open still
        file.read()
        file.check()
        os.close(file.fd)


# ---- a tree -------------------------------------------------------------------------

def is_protected():
    for name in PROTECTED:
        with open("/proc/sys/fs/" + name) as file:
            if int(file.read()):
                return True
    return False


def as_here(operation):
    """One of differ's, for this host."""
    name, *arguments = operation
    if name in ("mkdir", "chmod") and is_protected():
        arguments[-1] &= ~stat.S_ISVTX
    return (name, *arguments)


def one_of_many(tree, rng, end, _):
    """Random calls beside those of the other processes."""
    side = differ.Side(os.path.join(tree, "shared"))
    while time.monotonic() < end:
        name, *arguments = as_here(differ.some_operation(rng))
        try:
            getattr(side, "do_" + name)(*arguments)
        except OSError as error:
            if error.errno not in EXPECTED:
                raise
    side.close()


# ---- all of it ------------------------------------------------------------------------

FILES = 20              # of each process, below


def fill(union, processes, rng):
    os.mkdir(os.path.join(union.bottom, "files"))
    for who in range(processes):
        for number in range(FILES):
            path = os.path.join(union.bottom, "files", "%d-%d" % (who, number))
            with open(path, "wb") as file:
                file.write(rng.randbytes(rng.randrange(SIZE)))
    shared = os.path.join(union.bottom, "shared")
    os.mkdir(shared)
    side = differ.Side(shared)
    for _ in range(300):
        side.do(as_here(differ.some_of(rng, differ.MAKERS)))


def run_processes(union, seconds, processes, seed):
    """Returns what went wrong; a child that hangs is killed."""
    pids, end = {}, time.monotonic() + seconds
    reader, writer = os.pipe()
    for number in range(2 * processes):
        work = one_file if number < processes else one_of_many
        pid = os.fork()
        if pid == 0:
            try:
                work(union.tree, random.Random(seed * 100 + number), end,
                     number)
            except BaseException:
                os.write(writer, ("process %d: %s" % (
                    number, traceback.format_exc()[-3000:])).encode())
            os._exit(0)
        pids[pid] = number
    os.close(writer)
    wrong = []
    memory = watch(union, pids, end + 60, wrong)
    with open(reader, "rb") as pipe:
        said = pipe.read().decode()
    return wrong + ([said] if said else []), memory


def watch(union, pids, deadline, wrong):
    """Waits for them; meanwhile, how much memory has the daemon?"""
    memory = []
    while pids:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        pids.pop(pid, None)
        if pid == 0:
            memory.append(resident(union.daemon.pid))
            if not union.is_alive():
                wrong.append("the daemon died: " + union.errors())
                break
            if time.monotonic() > deadline:
                wrong.append("processes hang: %s" % pids)
                break
            time.sleep(0.5)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    if wrong:
        union.daemon.kill()     # its connection ends, and so do they
    for pid in pids:
        os.waitpid(pid, 0)
    return memory


def resident(pid):
    """In kB."""
    try:
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def remove_all(tree):
    for name in os.listdir(tree):
        path = os.path.join(tree, name)
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)


def mount_again(union):
    """It is all there again, but for what differ.py says of link counts."""
    before = differ.without_links(unions.snapshot(union.tree))
    union.umount()
    union.mount()
    after = differ.without_links(unions.snapshot(union.tree))
    return ["after a second mount: " + line
            for line in unions.differences(before, after)]


def run(union, args):
    rng = random.Random(args.seed)
    fill(union, args.processes, rng)
    below = unions.snapshot(union.bottom, times=True)
    union.mount()
    first = descriptors(union.daemon.pid)
    wrong, _ = run_processes(union, args.seconds / 3, args.processes,
                             args.seed)
    wrong = wrong or mount_again(union)
    if wrong:
        return wrong
    wrong, memory = run_processes(union, args.seconds * 2 / 3, args.processes,
                                  args.seed + 1)
    if wrong:
        return wrong
    wrong += unions.wrong_numbers(union.tree)
    remove_all(union.tree)
    time.sleep(0.5)             # what is forgotten is told in the background
    last = descriptors(union.daemon.pid)
    half = max(memory[len(memory) // 4:len(memory) // 2] or [0])
    whole = max(memory[len(memory) // 2:] or [0])
    print("descriptors: %d, then %d; memory: %d kB in the second quarter, "
          "%d kB in the second half, %d kB at the end" %
          (first, last, half, whole, resident(union.daemon.pid)))
    # Threads' pipes stay open; a cached listing is none.
    if last > first + 2 * 16:
        wrong.append("descriptors left open: %d, and %d at the beginning" %
                     (last, first))
    if "asan" not in unions.DAEMON and whole > 1.3 * half + 1000:
        wrong.append("it grows: %s" % memory)
    union.umount()
    wrong += unions.differences(below, unions.snapshot(union.bottom, True))
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(10 ** 6))
    parser.add_argument("--options", default="")
    parser.add_argument("--at", help="on this file system, not a tmpfs")
    args = parser.parse_args()
    print("seed %d" % args.seed, flush=True)
    with tempfile.TemporaryDirectory(prefix="mydocker-stress-",
                                     dir=args.at) as top:
        if not args.at:
            calls.mount("tmpfs", top, "tmpfs")
        try:
            with unions.Aufs("union", os.path.join(top, "aufs"), ("rw", "ro"),
                             [o for o in args.options.split(",") if o]
                             ) as union:
                wrong = run(union, args)
        finally:
            if not args.at:
                calls.umount(top, calls.MNT_DETACH)
    for line in wrong:
        print("FAILED " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
