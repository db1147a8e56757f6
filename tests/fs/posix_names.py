"""Names: opened, made, linked, renamed, removed; and those that cannot be."""

import fcntl
import os
import stat

import calls
from cases import KINDS, ORIGINS, case, content, names, write

NODES = KINDS + ("device", "block", "socket")

# ---- open(2) ------------------------------------------------------------------

FLAGS = {
    "read": os.O_RDONLY, "write": os.O_WRONLY, "both": os.O_RDWR,
    "truncate": os.O_WRONLY | os.O_TRUNC,
    "read-truncate": os.O_RDONLY | os.O_TRUNC,
    "append": os.O_WRONLY | os.O_APPEND,
    "create": os.O_RDWR | os.O_CREAT,
    "create-truncate": os.O_RDWR | os.O_CREAT | os.O_TRUNC,
    "exclusive": os.O_RDWR | os.O_CREAT | os.O_EXCL,
    "directory": os.O_RDONLY | os.O_DIRECTORY,
    "create-nofollow": os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW,
    "nofollow": os.O_RDONLY | os.O_NOFOLLOW,
    "path": os.O_PATH, "path-nofollow": os.O_PATH | os.O_NOFOLLOW,
    "nameless": os.O_RDWR | os.O_TMPFILE,
}


def look_through(c, fd, flags):
    if fd is None:
        return
    c.see("fstat", os.fstat, fd)
    if flags & os.O_PATH or stat.S_ISFIFO(os.fstat(fd).st_mode):
        c.see("read", os.read, fd, 0)
    else:
        c.see("read", os.pread, fd, 10, 0)
        c.see("write", os.write, fd, b"XY")
        c.see("read", os.pread, fd, 10, 0)
        c.see("flags", lambda: flags_of(fd))
    os.close(fd)


def flags_of(fd):
    return fcntl.fcntl(fd, fcntl.F_GETFL) & (os.O_ACCMODE | os.O_APPEND)


@case(flags=FLAGS, kind=KINDS + ("socket", "device"),
      origin=ORIGINS + ("hidden",))
def open_it(c, flags, kind, origin):
    c.make(kind, "it", origin, b"target" if kind == "symlink" else b"abc")
    yield
    value = FLAGS[flags] | os.O_NONBLOCK
    fd = c.opened("open", "it", value)
    if kind != "device":
        look_through(c, fd, value)
    elif fd is not None:
        os.close(fd)


@case(flags=FLAGS, target=KINDS + ("none",), origin=ORIGINS)
def open_through_a_link(c, flags, target, origin):
    if target != "none":
        c.make(target, "target", origin, b"loop" if target == "symlink"
               else b"abc")
    c.make("symlink", "link", origin, b"target")
    yield
    value = FLAGS[flags] | os.O_NONBLOCK
    look_through(c, c.opened("open", "link", value), value)


@case(mode=(0o000, 0o400, 0o600, 0o644, 0o777, 0o4755, 0o2755, 0o1777),
      mask=(0o000, 0o022, 0o077, 0o777), parent=("upper", "lower"))
def created_modes(c, mode, mask, parent):
    c.make("directory", "dir", parent)
    yield
    old = os.umask(mask)
    try:
        os.close(os.open("dir/file", os.O_CREAT | os.O_WRONLY, mode))
        os.mkdir("dir/directory", mode)
        os.mknod("dir/node", stat.S_IFIFO | mode)
        c.see("bind", os.mknod, "dir/socket", stat.S_IFSOCK | mode)
    finally:
        os.umask(old)


@case(where=("upper", "lower", "both", "copied", "replaced"), kind=NODES)
def make_in(c, where, kind):
    c.make("directory", "dir", where)
    yield
    c.tick()
    before = os.stat("dir")
    c.build(c.place.tree, kind, "dir/new", b"abc")
    after = os.stat("dir")
    c.note("mtime moved", after.st_mtime_ns > before.st_mtime_ns)
    c.note("ctime moved", after.st_ctime_ns > before.st_ctime_ns)
    c.note("the same directory", after.st_ino == before.st_ino)
    c.note("names", names("dir"))


@case(kind=NODES, existing=KINDS, origin=ORIGINS + ("hidden",),
      call=("mkdir", "mknod", "symlink", "link", "exclusive"))
def make_what_exists(c, kind, existing, origin, call):
    if kind not in ("file", "directory"):
        return
    c.make(existing, "it", origin)
    c.make(kind, "other")
    yield
    c.see(call, {
        "mkdir": lambda: os.mkdir("it", 0o700),
        "mknod": lambda: os.mknod("it", 0o600),
        "symlink": lambda: os.symlink("x", "it"),
        "link": lambda: os.link("other", "it"),
        "exclusive": lambda: os.close(os.open(
            "it", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)),
    }[call])


# ---- link(2) --------------------------------------------------------------------

@case(kind=NODES, origin=ORIGINS, parent=("upper", "lower", "both"))
def link_it(c, kind, origin, parent):
    c.make("directory", "dir", parent)
    c.make(kind, "it", origin)
    yield
    c.tick()
    before = os.lstat("it")
    c.see("link", os.link, "it", "dir/other", follow_symlinks=False)
    if kind == "directory":
        return
    c.note("one inode", os.lstat("it").st_ino == os.lstat(
        "dir/other").st_ino == before.st_ino)
    c.note("links", (os.lstat("it").st_nlink, os.lstat("dir/other").st_nlink))
    c.note("ctime moved", os.lstat("it").st_ctime_ns > before.st_ctime_ns)
    c.see("unlink", os.unlink, "it")
    c.note("links", os.lstat("dir/other").st_nlink)


@case(count=(2, 3, 5), change=("write", "chmod", "chown", "truncate", "xattr",
                               "utime", "link", "rename", "unlink"),
      touched=("first", "last"), seen=("before", "after"))
def lower_hard_links(c, count, change, touched, seen):
    """Several names below, of one file: they stay one file."""
    c.make("file", "n0", "lower", b"original")
    c.make("directory", "dir", "lower")
    for i in range(1, count):
        name = "dir/n%d" % i if i % 2 else "n%d" % i
        os.link(os.path.join(c.place.bottom, c.where, "n0"),
                os.path.join(c.place.bottom, c.where, name))
    yield
    all_names = ["dir/n%d" % i if i % 2 else "n%d" % i for i in range(count)]
    if seen == "before":
        c.note("links", [os.stat(n).st_nlink for n in all_names])
        c.note("inodes", len({os.stat(n).st_ino for n in all_names}))
    it = all_names[0 if touched == "first" else -1]
    {"write": lambda: write(it, b"changed"),
     "chmod": lambda: os.chmod(it, 0o4711),
     "chown": lambda: os.chown(it, 5, 6),
     "truncate": lambda: os.truncate(it, 3),
     "xattr": lambda: os.setxattr(it, "user.x", b"y"),
     "utime": lambda: os.utime(it, (1, 2)),
     "link": lambda: os.link(it, "one-more"),
     "rename": lambda: os.rename(it, "elsewhere"),
     "unlink": lambda: os.unlink(it)}[change]()
    left = [n for n in all_names + ["one-more", "elsewhere"]
            if os.path.lexists(n)]
    c.note("links", [(n, os.stat(n).st_nlink) for n in left])
    c.note("inodes", len({os.stat(n).st_ino for n in left}))
    c.note("contents", [content(n) for n in left])
    c.note("links then", [(n, os.stat(n).st_nlink) for n in left])
    write(left[-1], b"AND MORE", os.O_WRONLY | os.O_APPEND)
    c.note("contents", [content(n) for n in left])
    for name in left[:-1]:
        os.unlink(name)
    c.note("links", os.stat(left[-1]).st_nlink)


@case(origin=ORIGINS)
def links_of_one_while_open(c, origin):
    c.make("file", "it", origin)
    yield
    fd = os.open("it", os.O_RDWR)
    os.link("it", "two")
    os.link("two", "three")
    c.note("links", os.fstat(fd).st_nlink)
    os.write(fd, b"through one")
    c.note("seen by", [content(n) for n in ("it", "two", "three")])
    os.unlink("it")
    os.rename("two", "four")
    c.note("links", os.fstat(fd).st_nlink)
    os.unlink("three")
    os.unlink("four")
    c.note("links", os.fstat(fd).st_nlink)
    c.note("content", os.pread(fd, 20, 0))
    c.see("link of what is gone", os.link, "/proc/self/fd/%d" % fd, "back",
          follow_symlinks=True)
    os.close(fd)


# ---- rename(2) --------------------------------------------------------------------

SOURCES = ("file", "directory", "full", "symlink", "fifo")
TARGETS = ("none", "file", "directory", "full", "symlink")
RENAME = {"plain": 0, "noreplace": calls.RENAME_NOREPLACE,
          "exchange": calls.RENAME_EXCHANGE}


def watched(name):
    """What should follow a file to its new name."""
    st = os.lstat(name)
    return st.st_ino, st.st_mode, st.st_mtime_ns


@case(source=SOURCES, origin=ORIGINS, target=TARGETS,
      onto=ORIGINS + ("hidden",), how=RENAME)
def rename_matrix(c, source, origin, target, onto, how):
    if target == "none" and onto not in ("hidden", "upper"):
        return
    if target != "none" and onto == "hidden":
        return
    c.make(source, "from", origin, b"source")
    if target != "none":
        c.make(target, "to", onto, b"the target")
    elif onto == "hidden":
        c.make("full" if source in ("directory", "full") else "file", "to",
               onto)
    yield
    moved = watched("from")
    gone = watched("to") if target != "none" else None
    c.rename("from", "to", RENAME[how])
    if os.path.lexists("to"):
        c.note("it moved", watched("to") == moved)
    if os.path.lexists("from"):
        c.note("other way", watched("from") == gone)
    if os.path.isdir("to") and not os.path.islink("to"):
        c.note("inside", names("to"))
        c.see("make inside", os.mkdir, "to/new")
    c.see("make the old again", os.mkdir, "from")
    if os.path.isdir("from"):
        c.note("inside", names("from"))


@case(source=("file", "directory", "symlink"), origin=ORIGINS,
      parent=("upper", "lower", "both", "copied", "replaced"),
      new=("upper", "lower", "both"), how=RENAME)
def rename_between_directories(c, source, origin, parent, new, how):
    c.make("directory", "old", parent)
    c.make("directory", "new", new)
    c.make("file", "new/it", new, b"there")
    if parent == "replaced":        # what is in it cannot be below
        origin = "replaced"
    if origin != "replaced":
        c.make(source, "old/it", origin, b"here")
    yield
    if origin == "replaced":
        c.build(c.place.tree, source, "old/it", b"here")
    c.tick()
    old, there = os.stat("old"), os.stat("new")
    c.rename("old/it", "new/it" if how == "exchange" else "new/other",
             RENAME[how])
    c.note("mtimes moved", (os.stat("old").st_mtime_ns > old.st_mtime_ns,
                            os.stat("new").st_mtime_ns > there.st_mtime_ns))


@case(origin=ORIGINS, source=("file", "full"),
      target=("self", "inside", "parent", "dot", "dots", "slash",
              "missing-parent", "file-parent", "link"))
def rename_oddly(c, origin, source, target):
    c.make(source, "it", origin)
    c.make("directory", "dir", origin)
    c.make("directory", "dir/sub", origin)
    c.make("file", "plain", origin)
    yield
    if target == "link" and source == "file":
        os.link("it", "same")
    old, new = {
        "self": ("it", "it"), "inside": ("it", "it/x"),
        "parent": ("dir/sub", "dir"), "dot": ("it", "dir/."),
        "dots": ("dir/sub", ".."), "slash": ("it", "new/"),
        "missing-parent": ("it", "no/x"), "file-parent": ("it", "plain/x"),
        "link": ("it", "same"),
    }[target]
    c.rename(old, new)
    c.see("names", names)


@case(origin=ORIGINS, kind=("file", "symlink", "fifo"), writing=(False, True))
def rename_what_is_open(c, origin, kind, writing):
    c.make(kind, "it", origin)
    c.make("file", "other", origin, b"other")
    yield
    fd = os.open("it", os.O_PATH | os.O_NOFOLLOW) if kind != "file" else \
        os.open("it", os.O_RDWR if writing else os.O_RDONLY)
    replaced = os.open("other", os.O_RDWR if writing else os.O_RDONLY)
    ino = os.fstat(fd).st_ino
    os.rename("it", "other")
    c.note("same", os.fstat(fd).st_ino == os.lstat("other").st_ino == ino)
    c.note("replaced", os.fstat(replaced).st_nlink)
    c.note("content", os.pread(replaced, 10, 0))
    if writing:
        c.see("write", os.pwrite, replaced, b"gone", 2)
        c.note("content", os.pread(replaced, 10, 0))
        if kind == "file":
            os.write(fd, b"new")
            c.note("content", content("other"))
    os.close(fd)
    os.close(replaced)


@case(origin=ORIGINS, depth=(1, 3))
def rename_with_open_below(c, origin, depth):
    """Descriptors below a directory stay good when that is renamed."""
    path = "/".join("d%d" % i for i in range(depth))
    for i in range(1, depth + 1):
        c.make("directory", "/".join(path.split("/")[:i]), origin)
    c.make("file", path + "/file", origin)
    yield
    fd = os.open(path + "/file", os.O_RDWR)
    directory = os.open(path, os.O_RDONLY)
    c.rename("d0", "moved")
    c.see("write", os.write, fd, b"12345")
    c.note("content", content("moved" + path[2:] + "/file"))
    c.see("make", os.mkdir, "new", dir_fd=directory)
    c.see("names", lambda: sorted(os.listdir(directory)))
    os.close(fd)
    os.close(directory)


# ---- unlink(2) and rmdir(2) -----------------------------------------------------

@case(kind=NODES + ("full",), origin=ORIGINS, call=("unlink", "rmdir"))
def remove_it(c, kind, origin, call):
    c.make(kind, "it", origin)
    yield
    c.tick()
    before = os.stat(".")
    c.see(call, getattr(os, call), "it")
    after = os.stat(".")
    c.note("mtime moved", after.st_mtime_ns > before.st_mtime_ns)
    c.note("names", names())
    c.see("stat", os.lstat, "it")
    c.see("again", getattr(os, call), "it")
    c.see("anew", os.mkdir, "it")
    c.see("names", names, "it")


@case(origin=ORIGINS, inside=ORIGINS + ("hidden",), emptied=(False, True))
def remove_a_directory(c, origin, inside, emptied):
    """Merged ones, and those that hold only whiteouts."""
    if origin == "replaced":
        inside = "upper"
    c.make("directory", "dir", origin)
    if origin != "replaced":
        c.make("file", "dir/a", inside)
        c.make("full", "dir/b", inside)
    yield
    if emptied:
        for name in names("dir"):
            if os.path.isdir("dir/" + name):
                os.unlink("dir/%s/inside" % name)
                os.rmdir("dir/" + name)
            else:
                os.unlink("dir/" + name)
    c.see("rmdir", os.rmdir, "dir")
    c.see("mkdir", os.mkdir, "dir")
    c.see("names", names, "dir")
    c.see("file", write, "dir/a", b"new", os.O_CREAT | os.O_WRONLY)
    c.see("rmdir", os.rmdir, "dir")
    c.see("unlink", os.unlink, "dir/a")
    c.see("rmdir", os.rmdir, "dir")


@case(origin=ORIGINS, kind=("file", "fifo", "symlink"),
      change=("write", "chmod", "chown", "truncate", "xattr", "utime",
              "link", "fallocate"))
def unlinked_but_open(c, origin, kind, change):
    if kind != "file" and change in ("write", "truncate", "fallocate",
                                     "xattr"):
        return
    c.make(kind, "it", origin)
    yield
    fd = os.open("it", os.O_RDWR | os.O_NONBLOCK) if kind != "symlink" else \
        os.open("it", os.O_PATH | os.O_NOFOLLOW)
    os.unlink("it")
    c.note("links", os.fstat(fd).st_nlink)
    path = "/proc/self/fd/%d" % fd
    c.see(change, {
        "write": lambda: os.write(fd, b"changed"),
        "chmod": lambda: os.fchmod(fd, 0o4700),
        "chown": lambda: os.chown(path, 7, 8, follow_symlinks=True)
        if kind != "symlink" else None,
        "truncate": lambda: os.ftruncate(fd, 2),
        "xattr": lambda: os.setxattr(fd, "user.x", b"y"),
        "utime": lambda: os.utime(path, (5, 6)) if kind != "symlink" else 0,
        "link": lambda: os.link(path, "back", follow_symlinks=True),
        "fallocate": lambda: os.posix_fallocate(fd, 0, 100),
    }[change])
    c.see("fstat", os.fstat, fd)
    c.note("links", os.fstat(fd).st_nlink)
    if kind == "file":
        c.see("read", os.pread, fd, 20, 0)
    os.close(fd)
    c.note("names", names())


@case(origin=ORIGINS)
def a_name_used_again(c, origin):
    c.make("file", "it", origin, b"first")
    yield
    first = os.open("it", os.O_RDWR)
    os.unlink("it")
    write("it", b"second", os.O_CREAT | os.O_WRONLY)
    second = os.open("it", os.O_RDWR)
    os.write(first, b"1")
    os.write(second, b"2")
    c.note("two", (os.pread(first, 9, 0), os.pread(second, 9, 0),
                   content("it")))
    c.note("other", os.fstat(first).st_ino != os.fstat(second).st_ino)
    os.unlink("it")
    os.mkdir("it")
    c.note("links", (os.fstat(first).st_nlink, os.fstat(second).st_nlink))
    os.close(first)
    os.close(second)


# ---- what cannot be ----------------------------------------------------------------

CALLS = {
    "open": lambda p: os.close(os.open(p, os.O_RDONLY | os.O_NONBLOCK)),
    "create": lambda p: os.close(os.open(p, os.O_CREAT | os.O_WRONLY |
                                         os.O_NONBLOCK, 0o600)),
    "mkdir": lambda p: os.mkdir(p), "rmdir": lambda p: os.rmdir(p),
    "unlink": lambda p: os.unlink(p),
    "rename-from": None,
    "rename-to": lambda p: os.rename("spare", p),
    "link-from": lambda p: os.link(p, "linked", follow_symlinks=False),
    "link-to": lambda p: os.link("spare", p),
    "symlink": lambda p: os.symlink("x", p), "readlink": os.readlink,
    "mkfifo": os.mkfifo, "stat": os.stat, "lstat": os.lstat,
    "access": lambda p: os.access(p, os.R_OK),
    "chmod": lambda p: os.chmod(p, 0o700),
    "chown": lambda p: os.chown(p, 1, 1),
    "lchown": lambda p: os.lchown(p, 1, 1),
    "utime": lambda p: os.utime(p, (1, 1)),
    "truncate": lambda p: os.truncate(p, 1),
    "getxattr": lambda p: os.getxattr(p, "user.x"),
    "setxattr": lambda p: os.setxattr(p, "user.x", b"1"),
    "removexattr": lambda p: os.removexattr(p, "user.x"),
    "listxattr": os.listxattr, "listdir": names,
    "chdir": lambda p: (os.chdir(p), os.chdir(c_home[0]))[2:],
    "statfs": lambda p: os.statvfs(p).f_namemax > 200,
}
c_home = ["/"]
PATHS = {
    "missing": "missing", "missing-parent": "missing/x",
    "file-parent": "file/x", "file-slash": "file/",
    "directory-slash": "dir/", "missing-slash": "missing/",
    "dot": "dir/.", "dots": "dir/..", "empty": "",
    "loop": "loop", "in-loop": "loop/x", "dangling": "dangling",
    "in-dangling": "dangling/x", "to-directory": "to-dir/inner",
    "to-directory-slash": "to-dir/", "to-file-slash": "to-file/",
    "long-name": "n" * 256, "long-parent": "n" * 256 + "/x",
    "long-path": "dir/" + "./" * 2048 + "inner",
    "almost-long-path": "dir/" + "./" * 2040 + "inner",
    "many-links": "chain40", "enough-links": "chain10",
    "directory": "dir", "file": "file", "hidden": "hidden",
    "in-hidden": "hidden-dir/x", "self": ".",
}


@case(call=CALLS, path=PATHS, origin=("upper", "lower", "copied"))
def path_errors(c, call, path, origin):
    c.make("directory", "dir", origin)
    c.make("file", "dir/inner", origin)
    c.make("file", "file", origin)
    c.make("file", "spare", origin)
    c.make("symlink", "loop", origin, b"loop")
    c.make("symlink", "dangling", origin, b"nowhere")
    c.make("symlink", "to-dir", origin, b"dir")
    c.make("symlink", "to-file", origin, b"file")
    c.make("file", "hidden", "hidden")
    c.make("full", "hidden-dir", "hidden")
    if path.endswith("-links"):
        c.make("symlink", "chain0", origin, b"file")
        for i in range(1, 42):
            c.make("symlink", "chain%d" % i, origin, b"chain%d" % (i - 1))
    yield
    c_home[0] = os.getcwd()
    if call == "rename-from":
        c.rename(PATHS[path], "renamed")
    else:
        c.see(call, CALLS[call], PATHS[path])


@case(length=(1, 100, 200, 241, 242), call=("create", "mkdir", "symlink",
                                            "rename", "link"))
def long_names(c, length, call):
    """242 bytes is the most that aufs takes: the rest is for its own names."""
    c.make("file", "spare")
    yield
    name = "n" * length
    c.see(call, {
        "create": lambda: write(name, b"", os.O_CREAT | os.O_WRONLY),
        "mkdir": lambda: os.mkdir(name),
        "symlink": lambda: os.symlink("x", name),
        "rename": lambda: os.rename("spare", name),
        "link": lambda: os.link("spare", name)}[call])
    c.note("names", names())


@case(length=(1, 100, 1000, 4095), origin=ORIGINS)
def long_targets(c, length, origin):
    c.make("symlink", "link", origin, b"t" * length)
    yield
    c.see("readlink", os.readlink, "link")
    c.see("lstat", os.lstat, "link")
    c.see("new", os.symlink, "u" * length, "new")
    c.see("readlink", os.readlink, "new")
    c.see("too long", os.symlink, "u" * 4096, "longer")
    c.see("empty", os.symlink, "", "empty")


@case(depth=(10, 60, 300), origin=("upper", "lower"))
def deep_paths(c, depth, origin):
    path = "/".join(["directory"] * depth)
    place = os.path.join(c.place.top if origin == "upper" else c.place.bottom,
                         c.where)
    os.makedirs(place, exist_ok=True)
    # Longer than PATH_MAX: step by step.
    back = os.open("/", os.O_RDONLY)
    os.chdir(place)
    for _ in range(depth):
        os.mkdir("directory")
        os.chdir("directory")
    write("file", b"deep", os.O_CREAT | os.O_WRONLY)
    os.fchdir(back)
    os.close(back)
    yield
    if len(path) < 4000:
        c.see("write", write, path + "/file", b"by its path")
    here = os.getcwd()
    for _ in range(depth):
        os.chdir("directory")
    c.see("write", write, "file", b"x")
    c.see("make", os.mkdir, "new")
    c.see("names", names)
    c.see("rename", os.rename, "file", "renamed")
    c.see("unlink", os.unlink, "renamed")
    c.see("rmdir", os.rmdir, "new")
    for _ in range(depth):      # away again: the tree is walked by path
        os.chdir("..")
        c.see("rmdir", os.rmdir, "directory")
    c.note("home", os.getcwd() == here)


ODD = {"newline": "a\nb", "blank": " ", "high": "\udcff\udcfe", "dots": "...",
       "colon": "a:b,c=d\\", "star": "*?[", "dash": "-rf", "percent": "%s%n",
       "tilde": "~", "utf8": "n\u00e4me\u2603", "wh": "wh.x", "dotwh": ".whx"}


@case(name=ODD, origin=ORIGINS, kind=("file", "directory", "symlink"))
def odd_names(c, name, origin, kind):
    c.make(kind, ODD[name], origin)
    yield
    c.note("names", names())
    c.see("rename", c.rename, ODD[name], "plain")
    c.see("back", c.rename, "plain", ODD[name])
    c.see("remove", os.rmdir if kind == "directory" else os.unlink, ODD[name])
    c.see("again", os.mkdir, ODD[name])
    c.note("names", names())


# ---- files without a name -----------------------------------------------------------

@case(parent=ORIGINS, mode=(0o600, 0o4755), linked=(False, True),
      exclusive=(False, True))
def nameless(c, parent, mode, linked, exclusive):
    c.make("directory", "dir", parent)
    yield
    flags = os.O_RDWR | os.O_TMPFILE | (os.O_EXCL if exclusive else 0)
    fd = c.opened("open", "dir", flags, mode)
    if fd is None:
        return
    c.see("write", os.write, fd, b"written before it had a name")
    c.see("fstat", os.fstat, fd)
    c.note("links", os.fstat(fd).st_nlink)
    if linked:
        c.see("link", calls.link_descriptor, fd, "dir/named")
        c.note("links", os.fstat(fd).st_nlink)
        if not exclusive:
            os.write(fd, b", and after")
            c.note("content", content("dir/named"))
            c.note("same", os.stat("dir/named").st_ino ==
                   os.fstat(fd).st_ino)
            c.see("link", os.link, "/proc/self/fd/%d" % fd, "dir/other",
                  follow_symlinks=True)
            c.see("link over", os.link, "/proc/self/fd/%d" % fd, "dir/other",
                  follow_symlinks=True)
    c.note("names", names("dir"))
    os.close(fd)


