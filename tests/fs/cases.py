"""What a case of the POSIX suite is, and how one is run.

    @case(kind=KINDS, origin=ORIGINS)
    def unlink(c, kind, origin):
        c.make(kind, "it", origin)
        yield                       # from here on it is mounted
        c.see("unlink", os.unlink, "it")

Such a function is many cases, one for each combination of its arguments.  It
does not say what is right: whatever it sees, and the tree that it leaves, must
be the same as on a plain directory of ext4 or tmpfs.

Where an object comes from, in a union:

    upper       the writable branch
    lower       the branch below
    both        the writable branch, and something else by its name is below;
                two directories are merged
    copied      below, and copied up before the case begins
    replaced    what was below has been removed, and this made in its place
    hidden      nothing: what was below has been removed
"""

import errno
import itertools
import os
import pickle
import shutil
import stat
import time
import traceback

import calls
import unions

ORIGINS = ("upper", "lower", "both", "copied", "replaced")
KINDS = ("file", "directory", "symlink", "fifo")
USER, OTHER_USER, GROUP = 61234, 61235, 61236

everything = []


class Documented(Exception):
    """It differs, and the book says so: the case ends here."""


def case(**arguments):
    def enter(function):
        for values in itertools.product(*arguments.values()):
            everything.append((function, dict(zip(arguments, values))))
        return function
    return enter


def name_of(function, values):
    return "%s[%s]" % (function.__name__, ",".join(map(str, values.values())))


def plain_value(value):
    """What can be compared between two file systems."""
    if isinstance(value, os.stat_result):
        return "mode=%06o owner=%d:%d size=%s" % (
            value.st_mode, value.st_uid, value.st_gid,
            "-" if stat.S_ISDIR(value.st_mode) else value.st_size)
    return repr(value)


class Case:
    def __init__(self, place, number, function, values):
        self.place = place
        self.name = name_of(function, values)
        self.where = "%05d" % number
        self.log, self.later, self.origins = [], [], {}
        os.mkdir(os.path.join(place.bottom, self.where), 0o755)
        self.steps = function(self, **values)

    # ---- before it is mounted -----------------------------------------------

    def make(self, kind, name, origin="lower", data=b"abc", **more):
        """An object of a kind, by make_*(path, data) below; `more`: mode,
        uid, gid."""
        self.origins[name] = origin
        top, bottom = self.place.top, self.place.bottom
        if not self.place.is_union:
            if origin != "hidden":
                self.build(top, kind, name, data, **more)
            return
        if origin in ("upper", "both"):
            self.build(top, kind, name, data, **more)
        if origin in ("lower", "copied") or (origin, kind) == ("both",
                                                               "directory"):
            self.build(bottom, kind, name, data, **more)
        elif origin != "upper":
            self.build(bottom, kind, name, b"not this one")
        self.later.append((origin, name, (kind, name, data), more))

    def build(self, branch, kind, name, data, mode=None, uid=-1, gid=-1):
        path = os.path.join(branch, self.where, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        globals()["make_" + kind](path, data)
        if uid >= 0 or gid >= 0:
            os.lchown(path, uid, gid)
        if mode is not None:
            os.chmod(path, mode)

    def arrange(self):
        """The origins that need the union to be mounted."""
        for origin, name, _, _ in reversed(self.later):
            if origin == "copied":
                st = os.lstat(name)
                os.chown(name, st.st_uid, st.st_gid, follow_symlinks=False)
                if not stat.S_ISLNK(st.st_mode):
                    os.chmod(name, st.st_mode & 0o7777)
            elif origin in ("replaced", "hidden"):
                remove(name)
        for origin, _, object_, more in self.later:
            if origin == "replaced":
                self.build(self.place.tree, *object_, **more)

    # ---- afterwards -----------------------------------------------------------

    def note(self, label, value):
        self.log.append("%s: %s" % (label, plain_value(value)))
        return value

    def see(self, label, function, *args, **more):
        """Call it, note what it gives, give that; None after an error."""
        try:
            value = function(*args, **more)
        except OSError as error:
            self.log.append("%s: %s" % (label, errno.errorcode.get(
                error.errno, error.errno)))
            return None
        self.note(label, value)
        return value

    def opened(self, label, name, flags, mode=0o644):
        """open(2): a descriptor or None, and noted whether it worked."""
        try:
            fd = os.open(name, flags, mode)
        except OSError as error:
            self.log.append("%s: %s" % (label,
                                        errno.errorcode[error.errno]))
            return None
        self.log.append(label + ": open")
        return fd

    def tick(self):
        """Times have no finer grain: what moves after that is seen to."""
        time.sleep(0.012)

    def rename(self, old, new, flags=0):
        """A directory with a part in a lower branch may say EXDEV, and then
        nothing must have happened (aufs and overlay do so: mv copies)."""
        before = unions.snapshot(".")
        try:
            calls.renameat2(old, new, flags)
            self.log.append("rename: None")
        except OSError as error:
            moved = [old] + [new] * (flags == calls.RENAME_EXCHANGE)
            if (error.errno == errno.EXDEV and self.place.is_union and
                    any(self.origins.get(name.rstrip("/")) in
                        ("lower", "both", "copied")
                        and os.path.isdir(name) and not os.path.islink(name)
                        for name in moved)):
                left = unions.differences(before, unions.snapshot("."))
                if left:
                    raise AssertionError("EXDEV, and yet it did: %s" %
                                         left) from error
                raise Documented("EXDEV: a directory that is not in one "
                                 "writable branch alone") from error
            self.log.append("rename: " + errno.errorcode[error.errno])

    def as_user(self, function, uid=USER, gid=USER, groups=()):
        """Run it as somebody else: what it notes is noted here."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            self.log = []
            try:
                os.setgroups(groups)
                os.setresgid(gid, gid, gid)
                os.setresuid(uid, uid, uid)
                function()
            except BaseException:
                self.log.append("died: " + traceback.format_exc())
            os.write(writer, pickle.dumps(self.log))
            os._exit(0)
        os.close(writer)
        with open(reader, "rb") as pipe:
            self.log += pickle.load(pipe)
        os.waitpid(pid, 0)

    def run(self):
        """Returns what there is to compare: lines, or a Documented."""
        first = os.open("/", os.O_PATH)
        os.chdir(os.path.join(self.place.tree, self.where))
        try:
            self.arrange()
            next(self.steps, None)
            # By its whole name: a test may have removed where it stands.
            tree = os.path.join(self.place.tree, self.where)
            self.log += ["%s %s" % pair
                         for pair in sorted(unions.snapshot(tree).items())]
            self.log += unions.wrong_numbers(tree)
        except Documented as reason:
            return reason
        except Exception:
            self.log.append("died: " + traceback.format_exc())
        finally:
            os.chdir("/")
            self.steps.close()
            os.closerange(first, first + 100)   # what a failed one left open
        return self.log

    def prepare(self):
        """False: there is no such case."""
        return next(self.steps, self) is None


# ---- making objects ------------------------------------------------------------

def make_file(path, data):
    with open(path, "wb") as file:
        file.write(data)


def make_directory(path, _):
    os.makedirs(path, exist_ok=True)


def make_full(path, data):
    """A directory with something in it."""
    os.makedirs(path, exist_ok=True)
    make_file(os.path.join(path, "inside"), data)


def make_symlink(path, data):
    os.symlink(os.fsdecode(data), path)


def make_fifo(path, _):
    os.mkfifo(path)


def make_device(path, _):
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def make_block(path, _):
    os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 200))


def make_socket(path, _):
    os.mknod(path, stat.S_IFSOCK | 0o600)


def remove(name):
    if os.path.isdir(name) and not os.path.islink(name):
        shutil.rmtree(name)
    else:
        os.unlink(name)


# ---- what cases do often ------------------------------------------------------

def content(name):
    with open(name, "rb") as file:
        return file.read()


def names(path="."):
    return sorted(os.listdir(path))


def write(name, data, flags=os.O_WRONLY):
    fd = os.open(name, flags)
    try:
        return os.write(fd, data)
    finally:
        os.close(fd)
