"""Random operations on a union and on a plain directory: are they equal?

    unshare --mount python3 -B tests/fs/differ.py [--operations N] [--seed S]
            [--runs N] [--shape NAME] [--at DIR] [--shrink]

Each run fills the branches at random, does N operations on both sides, and
compares what each operation gave, the trees every now and then and at the end,
after an unmount and a second mount; and the read-only branches, byte for
byte, with what they were.  A run is repeated by its seed; one that fails is
shrunk to the operations that it takes, and those are printed.
"""

import argparse
import errno
import os
import random
import re
import stat
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import calls                                                    # noqa: E402
import found                                                    # noqa: E402
import unions                                                   # noqa: E402

SHAPES = {
    "two": ("rw", "ro"),
    "three": ("rw", "ro", "ro"),
    "whiteouts": ("rw", "ro+wh", "ro+wh", "ro"),
    "two-writable": ("rw", "ro", "rw", "ro"),
}
CHECK_EVERY = 500
# Mostly directories, so that trees grow; and mostly something else.
PLACES, NAMES = "ABC", "abcdefgh"
DEPTH = 3

# ---- operations: each is a function of a random generator that gives a tuple
# (name of a method of Side, arguments...)

def some_path(rng, depth=DEPTH, last=NAMES, other=PLACES):
    last = rng.choices((last, other), (8, 1))[0]
    return "/".join([rng.choice(PLACES) for _ in range(rng.randrange(depth))] +
                    [rng.choice(last)])


def some_place(rng):
    return some_path(rng, DEPTH, PLACES, NAMES)


def some_data(rng):
    return bytes([rng.randrange(256)]) * rng.choice((1, 10, 5000, 70000))


MAKERS = {
    "create": lambda r: (some_path(r), r.choice((0o644, 0o600, 0o4755)),
                         some_data(r)),
    "mkdir": lambda r: (some_place(r), r.choice((0o755, 0o700, 0o2775))),
    "symlink": lambda r: (some_path(r), some_path(r, 1)),
    "mknod": lambda r: (some_path(r), r.choice((stat.S_IFIFO | 0o644,
                                                stat.S_IFSOCK | 0o600,
                                                stat.S_IFCHR | 0o600))),
    "link": lambda r: (some_path(r), some_path(r)),
}
CHANGES = {
    "write": lambda r: (some_path(r), r.choice((0, 5, 4096, 100000)),
                        some_data(r)),
    "append": lambda r: (some_path(r), some_data(r)),
    "truncate": lambda r: (some_path(r), r.choice((0, 1, 5000, 200000))),
    "chmod": lambda r: (some_path(r), r.randrange(0o10000)),
    "chown": lambda r: (some_path(r), r.randrange(5), r.randrange(5)),
    "utime": lambda r: (some_path(r), r.randrange(10 ** 18)),
    "setxattr": lambda r: (some_path(r), "user." + r.choice(NAMES),
                           bytes([r.randrange(256)]) * r.randrange(30)),
    "removexattr": lambda r: (some_path(r), "user." + r.choice(NAMES)),
    "punch": lambda r: (some_path(r), r.randrange(9000), r.randrange(9000)),
}
REMOVERS = {
    "unlink": lambda r: (some_path(r),),
    "rmdir": lambda r: (some_place(r),),
    "remove_tree": lambda r: (some_place(r),),
    "rename": lambda r: (some_path(r), some_path(r)),
    "rename_place": lambda r: (some_place(r), some_place(r)),
    "noreplace": lambda r: (some_path(r), some_path(r)),
    "exchange": lambda r: (some_path(r), some_path(r)),
}
LOOKS = {
    "stat": lambda r: (some_path(r),),
    "read": lambda r: (some_path(r),),
    "list": lambda r: (some_place(r),),
    "readlink": lambda r: (some_path(r),),
}
OPEN = {
    "open": lambda r: (r.randrange(4), some_path(r), r.random() < 0.5),
    "through": lambda r: (r.randrange(4), r.choice(("write", "truncate",
                                                    "chmod", "read")),
                          r.randrange(5000)),
    "close": lambda r: (r.randrange(4),),
}
TABLES = (MAKERS, CHANGES, REMOVERS, LOOKS, OPEN)
OFTEN = (34, 30, 18, 10, 8)
ARGUMENTS = {name: make for table in TABLES for name, make in table.items()}
# How often, as against the others of its table.
WEIGHTS = {"mkdir": 8, "create": 3, "remove_tree": 0.3, "rmdir": 2}


# Calls that may say EXDEV; where several branches are writable, link, too.
MAY_REFUSE = ("rename", "rename_place", "noreplace", "exchange")


def some_of(rng, table):
    names = sorted(table)
    name = rng.choices(names, [WEIGHTS.get(n, 1) for n in names])[0]
    return (name,) + ARGUMENTS[name](rng)


def some_operation(rng):
    return some_of(rng, rng.choices(TABLES, OFTEN)[0])


class Side:
    """Does operations below a directory; what they give can be compared."""

    def __init__(self, top):
        self.top = top
        self.open_ones = {}

    def at(self, path):
        return os.path.join(self.top, path)

    def do(self, operation):
        name, *arguments = operation
        try:
            return getattr(self, "do_" + name)(*arguments)
        except OSError as error:
            return errno.errorcode[error.errno]

    def with_file(self, path, flags, function, mode=0o600):
        fd = os.open(self.at(path), flags | os.O_NONBLOCK, mode)
        try:
            return function(fd)
        finally:
            os.close(fd)

    def do_create(self, path, mode, data):
        return self.with_file(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY,
                              lambda fd: os.write(fd, data), mode)

    def do_mkdir(self, path, mode):
        os.mkdir(self.at(path), mode)

    def do_symlink(self, path, target):
        os.symlink(target, self.at(path))

    def do_mknod(self, path, mode):
        os.mknod(self.at(path), mode, os.makedev(1, 7))

    def do_link(self, old, new):
        os.link(self.at(old), self.at(new), follow_symlinks=False)

    def do_write(self, path, offset, data):
        return self.with_file(path, os.O_WRONLY | os.O_NOFOLLOW,
                              lambda fd: os.pwrite(fd, data, offset)) \
            if self.is_file(path) else "not a file"

    def do_append(self, path, data):
        return self.with_file(path, os.O_WRONLY | os.O_APPEND,
                              lambda fd: os.write(fd, data)) \
            if self.is_file(path) else "not a file"

    def is_file(self, path):
        return stat.S_ISREG(os.stat(self.at(path)).st_mode)

    def do_truncate(self, path, size):
        os.truncate(self.at(path), size)

    def do_chmod(self, path, mode):
        os.chmod(self.at(path), mode)

    def do_chown(self, path, uid, gid):
        os.lchown(self.at(path), uid, gid)

    def do_utime(self, path, when):
        os.utime(self.at(path), ns=(when, when), follow_symlinks=False)
        return os.lstat(self.at(path)).st_mtime_ns

    def do_setxattr(self, path, name, value):
        os.setxattr(self.at(path), name, value, follow_symlinks=False)

    def do_removexattr(self, path, name):
        os.removexattr(self.at(path), name, follow_symlinks=False)

    def do_punch(self, path, offset, length):
        return self.with_file(
            path, os.O_RDWR, lambda fd: calls.fallocate(
                fd, calls.PUNCH_HOLE | calls.KEEP_SIZE, offset, length)) \
            if self.is_file(path) else "not a file"

    def do_unlink(self, path):
        os.unlink(self.at(path))

    def do_rmdir(self, path):
        os.rmdir(self.at(path))

    def do_remove_tree(self, path):
        """Children first, by hand: every call counts."""
        if stat.S_ISDIR(os.lstat(self.at(path)).st_mode):
            for name in sorted(os.listdir(self.at(path))):
                self.do_remove_tree(path + "/" + name)
            os.rmdir(self.at(path))
        else:
            os.unlink(self.at(path))

    def do_rename(self, old, new, flags=0):
        calls.renameat2(self.at(old), self.at(new), flags)

    do_rename_place = do_rename

    def do_noreplace(self, old, new):
        self.do_rename(old, new, calls.RENAME_NOREPLACE)

    def do_exchange(self, old, new):
        self.do_rename(old, new, calls.RENAME_EXCHANGE)

    def do_stat(self, path):
        return unions.describe(self.at(path))

    def do_read(self, path):
        return self.with_file(path, os.O_RDONLY,
                              lambda fd: hash_of(os.read(fd, 300000))) \
            if self.is_file(path) else "not a file"

    def do_list(self, path):
        return sorted(os.listdir(self.at(path)))

    def do_readlink(self, path):
        return os.readlink(self.at(path))

    def do_open(self, slot, path, writing):
        if not self.is_file(path):
            return "not a file"
        fd = os.open(self.at(path), os.O_NONBLOCK |
                     (os.O_RDWR if writing else os.O_RDONLY))
        self.do_close(slot)
        self.open_ones[slot] = fd, writing
        return "open"

    def do_through(self, slot, what, value):
        fd, writing = self.open_ones.get(slot, (-1, False))
        if fd < 0:
            return "none"
        if what == "chmod":
            os.fchmod(fd, value & 0o7777)
        elif writing and what == "write":
            os.pwrite(fd, b"through", value)
        elif writing and what == "truncate":
            os.ftruncate(fd, value)
        st = os.fstat(fd)
        return st.st_mode, st.st_nlink, st.st_size, \
            hash_of(os.pread(fd, 300000, 0))

    def do_close(self, slot):
        fd, _ = self.open_ones.pop(slot, (-1, False))
        if fd >= 0:
            os.close(fd)

    def close(self):
        for slot in list(self.open_ones):
            self.do_close(slot)


def hash_of(data):
    return len(data), hash(data)


# ---- one run ----------------------------------------------------------------------

def some_contents(seed, shape):
    """What is in each branch at first, as operations.  No whiteouts: those
    come when it is mounted."""
    rng = random.Random(seed)
    return {number: [some_of(rng, rng.choice((MAKERS, MAKERS, CHANGES)))
                     for _ in range(rng.randrange(300))]
            for number in range(len(SHAPES[shape]))}


def copy_union(branches, plain):
    """By the rules, and not by the daemon: the topmost wins, directories are
    merged as long as nothing else comes between."""
    is_directory, links = {}, {}
    for number, branch in enumerate(branches):
        for name in sorted(unions.walk(branch)):
            path = os.path.join(branch, name)
            st = os.lstat(path)
            if not is_covered(name, is_directory):
                copy(path, st, os.path.join(plain, name), links, number)
            elif not stat.S_ISDIR(st.st_mode) and st.st_nlink > 1:
                os.unlink(path)     # a link that is there and is not seen
                continue
            # A file also hides what directories below it hold.
            is_directory[name] = stat.S_ISDIR(st.st_mode) and \
                is_directory.get(name, True)


def is_covered(name, is_directory):
    """By something above, or because above a parent is a file."""
    parts = name.split("/")
    return name in is_directory or any(
        not is_directory.get("/".join(parts[:i]), True)
        for i in range(1, len(parts)))


def copy(path, st, to, links, number):
    first = links.setdefault((number, st.st_ino), to)
    if first != to and not stat.S_ISDIR(st.st_mode):
        os.link(first, to, follow_symlinks=False)
        return
    if stat.S_ISDIR(st.st_mode):
        os.mkdir(to)
    elif stat.S_ISLNK(st.st_mode):
        os.symlink(os.readlink(path), to)
    elif stat.S_ISREG(st.st_mode):
        with open(path, "rb") as source, open(to, "wb") as target:
            target.write(source.read())
    else:
        os.mknod(to, st.st_mode, st.st_rdev)
    for name, value in unions.attributes(path):
        os.setxattr(to, name, value, follow_symlinks=False)
    os.lchown(to, st.st_uid, st.st_gid)
    if not stat.S_ISLNK(st.st_mode):
        os.chmod(to, stat.S_IMODE(st.st_mode))


def without_links(snap):
    return {name: re.sub(" links=[0-9]+", "", line)
            for name, line in snap.items()}


class Wrong(Exception):
    pass


class Run:
    """Two sides, and what must hold between them."""

    def __init__(self, place, shape, contents):
        os.mkdir(place)
        self.union = unions.Aufs("union", os.path.join(place, "aufs"),
                                 SHAPES[shape])
        self.expected = Side(os.path.join(place, "plain"))
        os.mkdir(self.expected.top)
        for number, operations in contents.items():
            side = Side(self.union.branches[number])
            for operation in operations:
                side.do(operation)
        copy_union(self.union.branches, self.expected.top)
        self.got = Side(self.union.tree)
        self.may_refuse = MAY_REFUSE + ("link",) * (
            SHAPES[shape].count("rw") > 1)
        self.fixed = [branch for branch, permission in
                      zip(self.union.branches, SHAPES[shape])
                      if permission != "rw"]
        self.before = [unions.snapshot(branch, times=True)
                       for branch in self.fixed]

    def compare_trees(self, when, links=True):
        expected, got = (unions.snapshot(side.top)
                         for side in (self.expected, self.got))
        if not links:
            expected, got = without_links(expected), without_links(got)
        left = unions.differences(expected, got)
        left += unions.wrong_numbers(self.got.top)
        if left:
            raise Wrong("%s, the trees differ (- as expected, + as in the "
                        "union):\n%s" % (when, "\n".join(left[:20])))

    def has_links(self):
        return any(re.search(" links=(?!1 )", line)
                   for snap in self.before for line in snap.values())

    def do(self, number, operation):
        if operation[0] in self.may_refuse:
            # The union may not be able to: then neither does.
            got = self.got.do(operation)
            if got == "EXDEV":
                return
            expected = self.expected.do(operation)
        else:
            expected = self.expected.do(operation)
            got = self.got.do(operation)
        if got != expected:
            raise Wrong("operation %d, %r:\nexpected %r\ngot      %r" %
                        (number, operation, expected, got))

    def play(self, operations):
        self.union.mount()
        self.compare_trees("at the beginning")
        for number, operation in enumerate(operations):
            self.do(number, operation)
            if number % CHECK_EVERY == CHECK_EVERY - 1:
                self.compare_trees("after operation %d" % number)
        self.compare_trees("at the end")
        self.got.close()
        self.expected.close()
        self.union.umount()
        self.union.mount()
        # That names of a file of a read-only branch are deleted is known only
        # by name: its link count is the branch's own again.
        self.compare_trees("after a second mount", not self.has_links())
        self.union.umount()
        for branch, before in zip(self.fixed, self.before):
            left = unions.differences(before,
                                      unions.snapshot(branch, times=True))
            if left:
                raise Wrong("%s has changed:\n%s" % (branch, left[:20]))

    def close(self):
        self.got.close()
        self.expected.close()
        self.union.__exit__()


def result_of(shape, contents, operations, at):
    """None, or what is wrong."""
    with tempfile.TemporaryDirectory(prefix="mydocker-differ-",
                                     dir=at) as place:
        run = Run(os.path.join(place, "run"), shape, contents)
        try:
            run.play(operations)
            return None
        except (Wrong, RuntimeError) as wrong:
            return str(wrong)
        finally:
            run.close()


def operations_of(seed, count):
    rng = random.Random("operations %d" % seed)
    return [some_operation(rng) for _ in range(count)]


def shrink(operations, fails):
    """Delta debugging: take parts out for as long as it still fails."""
    size = len(operations) // 2
    while size:
        start = 0
        while start < len(operations):
            without = operations[:start] + operations[start + size:]
            if fails(without):
                operations = without
            else:
                start += size
        size //= 2
    return operations


def try_seed(seed, shape, count, at, shrinking):
    """True when all was well."""
    contents = some_contents(seed, shape)
    operations = operations_of(seed, count)
    wrong = result_of(shape, contents, operations, at)
    if wrong is None:
        return True
    print("FAILED seed %d, shape %s, %d operations: %s" %
          (seed, shape, count, wrong), flush=True)
    if shrinking:
        few = shrink(operations, lambda some: result_of(
            shape, contents, some, at) is not None)
        for number in contents:
            contents[number] = shrink(contents[number], lambda some: result_of(
                shape, {**contents, number: some}, few, at) is not None)
        print("it takes these, and in the branches %r:\n%s\n%s" % (
            contents, "\n".join("    %r," % (one,) for one in few),
            result_of(shape, contents, few, at)), flush=True)
    return False


def try_found(at):
    """Those of found.py, again; returns how many fail."""
    failed = 0
    for what, shape, contents, operations in found.FOUND:
        wrong = result_of(shape, contents, operations, at)
        if wrong:
            print("FAILED, once more: %s: %s" % (what, wrong))
            failed += 1
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--operations", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(10 ** 9))
    parser.add_argument("--shape", choices=SHAPES)
    parser.add_argument("--at", help="on this file system, not a tmpfs")
    parser.add_argument("--shrink", action="store_true")
    args = parser.parse_args()
    os.umask(0)
    with tempfile.TemporaryDirectory(prefix="mydocker-differ-",
                                     dir=args.at) as top:
        if not args.at:
            calls.mount("tmpfs", top, "tmpfs")
        try:
            return play_runs(args, top)
        finally:
            if not args.at:
                calls.umount(top, calls.MNT_DETACH)


def play_runs(args, top):
    done, failed = 0, try_found(top)
    for seed in range(args.seed, args.seed + args.runs):
        shape = args.shape or sorted(SHAPES)[seed % len(SHAPES)]
        failed += not try_seed(seed, shape, args.operations, top, args.shrink)
        done += args.operations
    print("%d operations in %d runs from seed %d: %d failed" %
          (done, args.runs, args.seed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
