"""The checks of chapter 3's labs.  See checking.py.

No union is mounted but for add_list: the rest is asked of plain directories,
which the checks fill as branches, and look into afterwards.
"""

import errno
import os
import random
import re
import stat

from checking import check, descriptors, require, succeeded


# ---- add_list --------------------------------------------------------------

def layers_read(run, names):
    """The names that the reader's code finds in the mount table."""
    for name in names:
        path = os.path.join(run.scratch, name)
        os.mkdir(path)
        os.chown(path, run.uid, run.gid)
    driver = run.start("add_list", ":".join(
        re.sub(r"([\\:,])", r"\\\1", name) for name in names))
    at = driver.reach("read")
    succeeded(at)
    return [driver.reach("layer").text for _ in range(at.count)]


def same_layers(run, names):
    found = layers_read(run, names)
    require(found == names, "the layers are %s, you say %s", names, found)


@check("add_list/order", 2,
       "from the left to the right: strchr(list, ':') is the end of a part, "
       "'\\0' in its place ends the name.")
def in_order(run):
    "the layers of a mounted overlay, each once, the topmost first"
    same_layers(run, [run.word() for _ in range(5)])


@check("add_list/escapes", 3,
       "go through it sign by sign, and after a backslash by two.")
def escaped(run):
    "names with a colon, a comma, a backslash or a blank in them"
    a, b, c, d = (run.word() for _ in range(4))
    same_layers(run, [a + ":" + b, "%s,%s" % (b, c), c + " d\\e:f", d])
    # `a\` and `b` are given as `a\\:b`.
    os.rmdir(os.path.join(run.scratch, "mnt"))
    same_layers(run, [a + "\\", b + "\\:", c])


# ---- a union of plain directories ------------------------------------------

class Union:
    """Branches, the topmost first: a permission, and what is in it: "d/", "f",
    or "l -> target"."""

    def __init__(self, run, *rows):
        self.run = run
        self.paths = [run.directory() for _ in rows]
        for path, (_, *names) in zip(self.paths, rows):
            for name in names:
                put(os.path.join(path, name))
            give(run, path)
        self.options = "br:" + ":".join(
            "%s=%s" % (path, permission)
            for path, (permission, *_) in zip(self.paths, rows))

    def find(self, name, where=".", dir_ends=0, start=0):
        """The answer, whose layers are pairs of a branch and a descriptor."""
        driver = self.run.start("find", self.options, where, dir_ends, start,
                                name)
        before = descriptors(driver.reach("before").pid)
        at = driver.reach("found")
        new = {fd: path for fd, path in descriptors(at.pid).items()
               if fd not in before}
        at.layers = [tuple(map(int, layer.split(":")))
                     for layer in str(at.layers).split(",") if layer]
        require(len(at.layers) == len(new), "%d layers, and %d descriptors "
                "more than before", len(at.layers), len(new))
        for index, fd in at.layers:
            due = os.path.join(os.path.realpath(self.paths[index]),
                               os.path.normpath(where), name)
            require(new.get(fd) == os.path.normpath(due),
                    "the descriptor of layer %d leads to %s", index,
                    new.get(fd))
        return at

    def finds(self, name, due, ends=None, **more):
        """Those branches, and below them nothing counts."""
        at = self.find(name, **more)
        succeeded(at)
        found = [index for index, _ in at.layers]
        require(found == due, "it is in branch %s (0 is the topmost), you find "
                "it in %s", shown(due), shown(found))
        top = os.path.join(self.paths[due[0]], more.get("where", "."), name)
        require(at.inode == os.lstat(top).st_ino, "found->st is not that of "
                "branch %d", due[0])
        if ends is not None:
            require(at.ends == ends, "found->ends is %s", bool(at.ends))

    def refuses(self, name, code, why, **more):
        at = self.find(name, **more)
        require(at.result == -code, "it returned %d (%s), %s", at.result,
                at.text if at.result else "it was found", why)


def shown(numbers):
    return " and ".join(map(str, numbers)) or "none"


def give(run, path):
    """It and all that is in it becomes the user's."""
    for top, directories, files in os.walk(path):
        for name in [".", *directories, *files]:
            os.lchown(os.path.join(top, name), run.uid, run.gid)


def put(path):
    link, arrow, target = path.partition(" -> ")
    if arrow:
        os.symlink(target, link)
        return
    os.makedirs(path if path.endswith("/") else os.path.dirname(path),
                exist_ok=True)
    if not path.endswith("/"):
        with open(path, "w", encoding="utf-8"):
            pass


class Locked:
    """A directory of the user's into which not even he may look."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        os.chmod(self.path, 0)

    def __exit__(self, *_):
        os.chmod(self.path, 0o700)


# ---- union_is_below --------------------------------------------------------

def below(union, name, above, due, why, where="."):
    at = union.run.start("is_below", union.options, where, above,
                         name).reach("asked")
    require(bool(at.is_below) == due, "you say %s, %s", bool(at.is_below), why)


@check("union_is_below/there", 2,
       "skip a layer while layer->branch->index <= above->index; its number "
       "in dir->layers is another thing.")
def is_there(run):
    "whether a branch below has the name; the one asked about does not count"
    name = run.word()
    union = Union(run, ("rw", name), ("ro", name), ("ro",), ("ro",))
    below(union, name, 0, True, "and branch 1 has it")
    below(union, name, 1, False, "and the branches 2 and 3 are empty")
    # Branch 2 is the second layer of d.
    union = Union(run, ("rw", "d/"), ("rw",), ("ro", "d/" + name))
    below(union, name, 1, True, "and branch 2 has it", where="d")
    below(union, name, 2, False, "and there is none below", where="d")


@check("union_is_below/whiteouts", 2,
       "in each layer the name first, then whiteout_is_in(layer, name).")
def is_hidden_below(run):
    "a whiteout hides what is below it: where whiteouts count, and not beside"
    name = run.word()
    for row, due in ((("ro+wh", ".wh." + name), False),
                     (("ro", ".wh." + name), True),
                     (("ro+wh", name, ".wh." + name), True)):
        union = Union(run, ("rw",), row, ("ro", name))
        below(union, name, 0, due, "where branch 1, %s, has %s and branch 2 "
              "has the name" % (row[0], " and ".join(row[1:])))


@check("union_is_below/links", 1,
       "fstatat(2) with AT_SYMLINK_NOFOLLOW.")
def is_a_link(run):
    "a symbolic link that leads nowhere is something, too"
    name = run.word()
    union = Union(run, ("rw",), ("ro", name + " -> nowhere"))
    below(union, name, 0, True, "and branch 1 has it")


# ---- find_first ------------------------------------------------------------

@check("find_first/topmost", 3,
       "for (i = *at; i < dir->layer_count; i++), and break at the first that "
       "can be opened, with O_NOFOLLOW.")
def topmost(run):
    "the topmost layer that has the name, or ENOENT"
    name = run.word()
    for holders in (0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2):
        union = Union(run, *(("rw" if i == 0 else "ro",
                              *((name,) if i in holders else ()))
                             for i in range(3)))
        union.finds(name, [min(holders)])
        union.refuses(run.word(), errno.ENOENT, "and no branch has it")
    union.finds(name, [1], start=1)
    union = Union(run, ("rw", name + " -> nowhere"), ("ro", name))
    union.finds(name, [0])


@check("find_first/whiteouts", 2,
       "whiteout_is_in(layer, name), for a layer that has not the name.")
def hidden(run):
    "a whiteout hides what is below, where whiteouts count"
    name = run.word()
    mark = ".wh." + name
    gone = "though branch 1 has a whiteout of it, above"
    Union(run, ("rw",), ("ro+wh", mark), ("ro", name)).refuses(
        name, errno.ENOENT, gone)
    Union(run, ("rw", mark), ("ro", name)).refuses(
        name, errno.ENOENT, gone.replace("1", "0"))
    Union(run, ("rw",), ("ro", mark), ("ro", name)).finds(name, [2])
    Union(run, ("rw", name), ("ro+wh", mark), ("ro", name)).finds(name, [0])
    Union(run, ("rw",), ("ro+wh", name, mark), ("ro", name)).finds(name, [1])


@check("find_first/errors", 1,
       "if (errno != ENOENT) return -errno;")
def not_seen(run):
    "a layer that cannot be asked is not one that has it not"
    name = run.word()
    union = Union(run, ("rw",), ("ro", "d/"), ("ro", "d/" + name))
    with Locked(os.path.join(union.paths[1], "d")):
        union.refuses(name, errno.EACCES, "where branch 1 may not be read",
                      where="d")
    union.finds(name, [2], where="d")


# ---- find_more -------------------------------------------------------------

@check("find_more/merged", 2,
       "openat(layer->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | "
       "O_CLOEXEC) in each layer from at + 1 on; ENOENT: go on.")
def merged(run):
    "a directory in several layers, also where one between has none"
    name = run.word()
    for holders in (0,), (2,), (0, 1, 2), (0, 2), (1, 2), (0, 3), (1, 3):
        union = Union(run, *(("rw" if i == 0 else "ro",
                              *((name + "/",) if i in holders else ()))
                             for i in range(4)))
        union.finds(name, list(holders), ends=False)


@check("find_more/file", 2,
       "ENOTDIR: something else has the name there, and hides the rest.")
def not_a_directory(run):
    "a file or a link between two directories ends the upper one"
    name = run.word()
    for other in (name, name + " -> .", name + " -> nowhere"):
        union = Union(run, ("rw", name + "/"), ("ro", name + "/"),
                      ("ro", other), ("ro", name + "/"))
        union.finds(name, [0, 1], ends=True)


@check("find_more/opaque", 2,
       "whiteout_is_opaque(fd, branch) of each directory that was found; the "
       "topmost may be the last one.")
def opaque(run):
    "nothing below an opaque directory, where whiteouts count"
    name = run.word()
    there, mark = name + "/", name + "/.wh..wh..opq"
    Union(run, ("rw", mark), ("ro", there)).finds(name, [0], ends=True)
    Union(run, ("rw", there), ("ro+wh", mark), ("ro", there)).finds(
        name, [0, 1], ends=True)
    Union(run, ("rw", there), ("ro", mark), ("ro", there)).finds(
        name, [0, 1, 2], ends=False)
    Union(run, ("rw", there), ("ro",), ("ro+wh", mark)).finds(
        name, [0, 2], ends=True)


@check("find_more/whiteouts", 2,
       "whiteout_is_in(layer, name) of each layer, whether the name is in it "
       "or not; it hides what is below.")
def ended(run):
    "nothing below a whiteout, be it alone or beside the directory"
    name = run.word()
    there, mark = name + "/", ".wh." + name
    Union(run, ("rw", there), ("ro+wh", mark), ("ro", there)).finds(
        name, [0], ends=True)
    Union(run, ("rw", there), ("ro+wh", there, mark), ("ro", there)).finds(
        name, [0, 1], ends=True)
    Union(run, ("rw", there), ("ro", mark), ("ro", there)).finds(
        name, [0, 2], ends=False)


@check("find_more/inherited", 1,
       "found->ends |= dir->ends, at the end.")
def inherited(run):
    "in a directory below which nothing counts there is no other"
    name = run.word()
    union = Union(run, ("rw", name + "/"), ("ro", name + "/"))
    union.finds(name, [0, 1], ends=True, dir_ends=1)


@check("find_more/errors", 1,
       "anything else than ENOENT and ENOTDIR: return -errno.")
def not_merged(run):
    "a layer that cannot be asked is a failure"
    name = run.word()
    union = Union(run, ("rw", "d/" + name + "/"), ("ro", "d/"),
                  ("ro", "d/" + name + "/"))
    with Locked(os.path.join(union.paths[1], "d")):
        union.refuses(name, errno.EACCES, "where branch 1 may not be read",
                      where="d")
    union.finds(name, [0, 2], where="d")


# ---- a file copied up ------------------------------------------------------

EVERYTHING = (1 << 64) - 1
BLOCK = 4096


def file_of(run, content=b"", mode=0o600):
    """A file of the user's, of which a union may have but a copy."""
    path = os.path.join(run.directory(), run.word())
    with open(path, "wb") as file:
        file.write(content)
    os.chown(path, run.uid, run.gid)
    os.chmod(path, mode)
    return path


class Copy:
    """What became of the original in the upper branch."""

    def __init__(self, run, original, size=EVERYTHING, play="plain"):
        upper, name = run.directory(), run.word()
        self.original, self.path = original, os.path.join(upper, name)
        self.orphans = os.path.join(upper, ".wh..wh.orph")
        self.at = run.start(
            "copy_up", "br:%s=rw:%s=ro" % (upper, run.directory()), original,
            name, size, play).reach("copied")

    def succeeded(self):
        succeeded(self.at)
        require(os.path.lexists(self.path), "there is no copy")
        return self

    def failed(self, codes, when):
        require(-self.at.result in codes, "it returned %d (%s) %s",
                self.at.result, self.at.text, when)
        require(not os.path.lexists(self.path) and
                not os.listdir(self.orphans), "a copy is left behind")

    def stat(self):
        return os.lstat(self.path)

    def content(self):
        with open(self.path, "rb") as file:
            return file.read()

    def has(self, content):
        found = self.content()
        require(len(found) == len(content), "the copy has %d bytes, not %d",
                len(found), len(content))
        for at in range(0, len(content), BLOCK):
            require(found[at:at + BLOCK] == content[at:at + BLOCK],
                    "the copy differs from the original at about byte %d", at)


# ---- copy_rest -------------------------------------------------------------

@check("copy_rest/mode", 2,
       "chown(2) takes set-user-ID and set-group-ID bits away: first the "
       "owner, then the mode, of it the bits of 07777.")
def same_mode(run):
    "the mode, with set-user-ID and set-group-ID bits"
    for mode in 0o644, 0o400, 0o751, 0o6755, random.randrange(0o400, 0o1000):
        found = stat.S_IMODE(
            Copy(run, file_of(run, mode=mode)).succeeded().stat().st_mode)
        require(found == mode, "the mode is %04o, not %04o", found, mode)


def some_times():
    return tuple(random.randrange(10 ** 18, 10 ** 18 + 10 ** 17)
                 for _ in range(2))


@check("copy_rest/times", 1,
       "utimensat(AT_FDCWD, path, times, 0) with st->st_atim and "
       "st->st_mtim, in this order.")
def same_times(run):
    "when it was read and when it was changed, to the nanosecond"
    path, due = file_of(run), some_times()
    os.utime(path, ns=due)
    st = Copy(run, path).succeeded().stat()
    found = st.st_atime_ns, st.st_mtime_ns
    require(found == due, "the times are %d and %d ns, not %d and %d",
            *found, *due)


@check("copy_rest/attributes", 2,
       "a file of mode 0444 takes no user.* attribute from an ordinary user: "
       "first the attributes, then the mode.")
def same_attributes(run):
    "extended attributes, also of a file that may not be written"
    for mode in 0o600, 0o444, 0o4511:
        path = file_of(run)
        due = {"user." + run.word(): run.word().encode() for _ in range(3)}
        try:
            for name, value in due.items():
                os.setxattr(path, name, value)
        except OSError as refusal:      # not on this file system
            if refusal.errno != errno.ENOTSUP:
                raise
            due = {}
        os.chmod(path, mode)
        copy = Copy(run, path).succeeded()
        found = {name: os.getxattr(copy.path, name)
                 for name in os.listxattr(copy.path)
                 if name.startswith("user.")}
        require(found == due, "the attributes of a file of mode %04o are %s, "
                "not %s", mode, found, due)


@check("copy_rest/link", 1,
       "if (!S_ISLNK(st->st_mode)) before chmod(2): a link has no mode.")
def a_link(run):
    "a symbolic link has an owner and times; what it leads to stays untouched"
    aim, due = file_of(run, mode=0o640), some_times()
    before = os.stat(aim)
    path = os.path.join(run.directory(), run.word())
    os.symlink(aim, path)
    os.lchown(path, run.uid, run.gid)
    os.utime(path, ns=due, follow_symlinks=False)
    copy = Copy(run, path).succeeded()
    require(os.readlink(copy.path) == aim, "the copy leads to %s",
            os.readlink(copy.path))
    require(copy.stat().st_mtime_ns == due[1], "the link's mtime is %d ns, not "
            "%d", copy.stat().st_mtime_ns, due[1])
    require(os.stat(aim) == before, "what the link leads to was changed")


@check("copy_rest/refused", 1,
       "if (fchownat(...) < 0) return -errno;")
def not_to_be_had(run):
    "an owner that cannot be given is a failure, and leaves no copy"
    Copy(run, file_of(run)).succeeded()
    # Somebody else's; in a container, of a user that is not known there.
    Copy(run, "/proc/version").failed(
        (errno.EPERM, errno.EINVAL), "for a copy of somebody else's file")


# ---- copy_data -------------------------------------------------------------

def islands(run, size, *places):
    """A file of holes, with data at these places."""
    path = file_of(run)
    with open(path, "r+b") as file:
        for place in places:
            file.seek(place)
            file.write(random.randbytes(BLOCK))
        file.truncate(size)
    return path


def content(path):
    with open(path, "rb") as file:
        return file.read()


@check("copy_data/contents", 1,
       "copy_range(from, to, 0, size) is a beginning.")
def same_contents(run):
    "every byte, of small files and larger ones"
    for size in 1, BLOCK, random.randrange(1 << 20, 1 << 21):
        data = random.randbytes(size)
        Copy(run, file_of(run, data)).succeeded().has(data)


@check("copy_data/holes", 2,
       "from SEEK_DATA to SEEK_HOLE is one piece; after the last one SEEK_DATA "
       "says ENXIO.  The size is ftruncate(2)'s business.")
def same_holes(run):
    "holes stay holes, also the first and the last, and the size is the same"
    size, middle = 8 << 20, random.randrange(32, 64) << 16
    for places in (), (middle,), (0, middle), (middle, size - BLOCK):
        path = islands(run, size, *places)
        copy = Copy(run, path).succeeded()
        copy.has(content(path))
        room, due = copy.stat().st_blocks // 2, os.stat(path).st_blocks // 2
        require(room <= due + 128, "%d kB of data became %d kB", due, room)


@check("copy_data/wanted", 1,
       "a piece may go on behind what is wanted: if (hole > size) hole = "
       "size;")
def so_much_is_wanted(run):
    "`size` bytes and no more, of a file that is going to be cut off there"
    data = random.randbytes(300_000)
    for size in 1, random.randrange(60_000, 200_000), len(data):
        Copy(run, file_of(run, data), size).succeeded().has(data[:size])
    path = islands(run, 1 << 20, 0, 1 << 19)
    size = random.randrange(100_000, 200_000)
    Copy(run, path, size).succeeded().has(content(path)[:size])


@check("copy_data/blind", 1,
       "lseek(2) fails with EINVAL there: copy_range(from, to, 0, size).")
def without_holes(run):
    "a file system that knows no holes: everything is data"
    data = random.randbytes(100_000)
    Copy(run, file_of(run, data), play="blind").succeeded().has(data)
    path = islands(run, 1 << 20, 1 << 18)
    Copy(run, path, play="blind").succeeded().has(content(path))


@check("copy_data/shared", 1,
       "if (ioctl(to, FICLONE, from) == 0) there is nothing to copy; `size` "
       "may be less than there is.")
def nothing_copied(run):
    "where files can share blocks no data are copied"
    data = random.randbytes(100_000)
    # The kernel says that it has done so, and has not.
    for size in 50_000, len(data):
        found = Copy(run, file_of(run, data), size,
                     "shared").succeeded().content()
        require(not any(found), "the data were copied all the same")
        require(len(found) == size, "the copy has %d bytes, not %d",
                len(found), size)


@check("copy_data/full", 1,
       "copy_range() returns a negative errno value where it fails: end, and "
       "return it.")
def no_room(run):
    "a full file system is a failure, and leaves no copy"
    Copy(run, file_of(run, b"x")).succeeded()
    Copy(run, islands(run, 1 << 20, 0, 1 << 19), play="full").failed(
        (errno.ENOSPC,), "where the file system is full")
