"""Directories: read, read while they change, merged, removed while in use."""

import os
import stat

import calls
from cases import ORIGINS, case, names, remove, write

MANY = 300
LOTS = 2500     # not in one answer, and not cached at once by our aufs


def fill(c, origin, count, prefix="n"):
    """Names from both branches, some of them hidden."""
    c.make("directory", "dir", origin)
    for i in range(count):
        c.make("file", "dir/%s%03d" % (prefix, i),
               "upper" if origin == "upper" or
               (origin == "both" and i % 3 == 0) else "lower")


@case(origin=("upper", "lower", "both"), count=(0, 1, 40, MANY))
def listing(c, origin, count):
    fill(c, origin, count)
    yield
    c.note("names", names("dir"))
    directory = calls.Directory("dir")
    first = [entry[0] for entry in (directory.read(), directory.read())]
    c.note("dots", sorted(first) if not count else len(first))
    directory.rewind()
    every = directory.rest()
    c.note("once each", len({e[0] for e in every}) == len(every) == count)
    c.note("types", {stat.S_ISREG(e[2] << 12) for e in every})
    directory.close()


@case(origin=("upper", "lower", "both"), looked_at=(0, 3, 30, LOTS))
def listing_of_lots(c, origin, looked_at):
    """Again and again, by somebody who wants to know more of some names."""
    fill(c, origin, LOTS)
    yield
    for again in range(4):
        directory, order, places = calls.Directory("dir"), [], []
        for i in range(LOTS + 2):
            places.append(directory.tell())
            order.append(directory.read()[0])
            if i < looked_at:
                os.lstat("dir/" + order[-1])
        c.note("end", directory.read())
        c.note("once each", len(set(order)))
        for i in (5, 17, 18, 19, 1500):
            directory.seek(places[i])
            c.note("where it was told", directory.read()[0] == order[i])
        directory.close()
        os.unlink("dir/n%03d" % (7 * again))
        write("dir/new%d" % again, b"", os.O_CREAT | os.O_WRONLY)
        if again % 2:
            c.note("names", names("dir"))


@case(origin=("upper", "lower", "both"), change=("remove", "add", "rename"),
      at=(1, 10, 200))
def listing_while_it_changes(c, origin, change, at):
    """What was there before and after is seen exactly once."""
    fill(c, origin, MANY)
    yield
    directory = calls.Directory("dir")
    seen = [directory.read() for _ in range(at)]
    for i in range(0, MANY, 2):
        name = "dir/n%03d" % i
        if change == "remove":
            os.unlink(name)
        elif change == "rename":
            os.rename(name, "dir/other%03d" % i)
        else:
            write("dir/new%03d" % i, b"", os.O_CREAT | os.O_WRONLY)
    seen += directory.rest()
    kept = [e[0] for e in seen if e[0] in {"n%03d" % i
                                           for i in range(1, MANY, 2)}]
    c.note("kept ones", (len(kept), len(set(kept))))
    directory.rewind()
    c.note("after rewinding", sorted(e[0] for e in directory.rest()))
    directory.close()


@case(origin=("upper", "lower", "both"), at=range(20, 300, 10))
def listings_of_two(c, origin, at):
    """One began before the change, one after it: a third sees what is there,
    whatever has been remembered of the first two."""
    fill(c, origin, MANY)
    yield
    one = calls.Directory("dir")
    for _ in range(at):
        one.read()
    for i in range(0, MANY, 3):
        os.unlink("dir/n%03d" % i)
    two = calls.Directory("dir")
    for _ in range(at):
        two.read()
    one.rest()
    two.rest()
    c.note("names", names("dir"))
    one.close()
    two.close()


@case(origin=ORIGINS, change=("make", "remove", "rename", "link"))
def changed_before_it_is_read(c, origin, change):
    """What is open, and has not been read, shows what is there by then."""
    c.make("directory", "dir", origin)
    c.make("file", "it", origin)
    if origin != "replaced":
        c.make("file", "dir/inside", origin)
    yield
    directory = calls.Directory("dir")
    {"make": lambda: os.mkdir("dir/new"),
     "remove": lambda: origin == "replaced" or os.unlink("dir/inside"),
     "rename": lambda: os.rename("it", "dir/it"),
     "link": lambda: os.link("it", "dir/linked")}[change]()
    c.note("names", sorted(e[0] for e in directory.rest()))
    directory.close()


@case(origin=("upper", "lower", "both"), change=("nothing", "remove", "add"))
def tell_and_seek(c, origin, change):
    fill(c, origin, MANY)
    yield
    directory = calls.Directory("dir")
    places, order = [], []
    for _ in range(MANY + 2):
        places.append(directory.tell())
        order.append(directory.read()[0])
    c.note("end", directory.read())
    if change == "remove":
        for name in order[:100]:
            if name not in (".", ".."):
                os.unlink("dir/" + name)
    elif change == "add":
        for i in range(100):
            os.mkdir("dir/added%d" % i)
    wrong = []
    for i in (250, 101, 180, 299, 150):
        directory.seek(places[i])
        entry = directory.read()
        if not entry or entry[0] != order[i]:
            wrong.append((i, entry, order[i]))
    c.note("where it was told", wrong)
    directory.close()
    for name in names("dir"):       # which are left depends on the order
        remove("dir/" + name)


@case(origin=ORIGINS)
def links_of_directories(c, origin):
    """2, and one more for each directory in it; at least for one branch."""
    c.make("directory", "dir", origin)
    yield
    def links():
        return os.stat("dir").st_nlink if origin != "both" else "-"
    c.note("links", links())
    os.mkdir("dir/a")
    os.mkdir("dir/b")
    c.note("links", links())
    os.rename("dir/a", "a")
    c.note("links", links())
    os.rmdir("dir/b")
    c.note("links", links())


@case(origin=ORIGINS, call=("create", "mkdir", "stat", "list", "dots",
                            "rename", "symlink", "chmod", "utime",
                            "xattr", "chown"))
def removed_directory(c, origin, call):
    """Somebody stands in it."""
    c.make("directory", "dir", origin)
    c.make("file", "file", origin)
    yield
    fd = os.open("dir", os.O_RDONLY | os.O_DIRECTORY)
    home = os.getcwd()
    os.chdir("dir")
    os.rmdir(home + "/dir")
    c.note("links", os.fstat(fd).st_nlink)
    c.see(call, {
        "create": lambda: write("x", b"", os.O_CREAT | os.O_WRONLY),
        "mkdir": lambda: os.mkdir("x"),
        "stat": lambda: os.stat(".").st_mode,
        "list": lambda: names("."),
        "dots": lambda: names("..") == names(home),
        "rename": lambda: os.rename(home + "/file", "x"),
        "symlink": lambda: os.symlink("x", "y"),
        "chmod": lambda: os.chmod(".", 0o700),
        "utime": lambda: os.utime(".", (5, 5)),
        "xattr": lambda: os.setxattr(".", "user.x", b"1"),
        "chown": lambda: os.chown(".", 5, 5),
    }[call])
    c.see("fstat", os.fstat, fd)
    os.chdir(home)
    os.mkdir("dir")
    c.see("create in the new", write, "dir/x", b"", os.O_CREAT | os.O_WRONLY)
    c.see("list the old", os.listdir, fd)
    os.close(fd)


@case(top=("upper", "lower", "both", "copied", "replaced"),
      inner=("upper", "lower", "both", "copied", "replaced"))
def trees(c, top, inner):
    """Made, seen, removed and made again, three levels deep."""
    if top == "replaced":
        inner = "replaced"
    c.make("directory", "a", top)
    if top != "replaced":
        c.make("directory", "a/b", inner)
        if inner != "replaced":
            c.make("full", "a/b/c", inner)
            c.make("symlink", "a/b/l", inner, b"c/inside")
    yield
    os.makedirs("a/b/c", exist_ok=True)
    write("a/b/c/new", b"new", os.O_CREAT | os.O_WRONLY)
    c.note("c", names("a/b/c"))
    c.see("read by a link", os.stat, "a/b/l")
    for path, directories, files in os.walk("a", topdown=False):
        for name in directories + files:
            whole = os.path.join(path, name)
            if os.path.isdir(whole) and not os.path.islink(whole):
                os.rmdir(whole)
            else:
                os.unlink(whole)
    c.see("rmdir", os.rmdir, "a")
    os.makedirs("a/b/c")
    c.note("empty again", (names("a"), names("a/b"), names("a/b/c")))


@case(origin=ORIGINS, times=(1, 5))
def made_and_removed(c, origin, times):
    """Again and again, as a directory and as a file."""
    c.make("full", "it", origin)
    yield
    for _ in range(times):
        os.unlink("it/inside")
        os.rmdir("it")
        write("it", b"a file now", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        os.unlink("it")
        os.mkdir("it")
        c.note("inside", names("it"))
        write("it/inside", b"again", os.O_CREAT | os.O_EXCL | os.O_WRONLY)


@case(origin=("upper", "lower", "both"))
def current_directory(c, origin):
    c.make("directory", "dir", origin)
    c.make("directory", "dir/sub", origin)
    c.make("file", "dir/sub/file", origin)
    yield
    home = os.getcwd()
    os.chdir("dir/sub")
    c.note("cwd", os.getcwd() == home + "/dir/sub")
    write("file", b"XYZ")
    write("../beside", b"1", os.O_CREAT | os.O_WRONLY)
    c.note("names", (names("."), names("..")))
    c.note("cwd", os.getcwd() == home + "/dir/sub")
    c.note("dots", os.stat("..").st_ino == os.stat(home + "/dir").st_ino)
    os.chdir(home)
