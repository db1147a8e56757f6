"""What is beside the data: modes, owners, times, attributes, access lists."""

import os
import stat
import time

import calls
from cases import KINDS, ORIGINS, USER, case, write

FILES = KINDS + ("device", "socket", "full")
LATER = ("nothing", "write", "rename")


def afterwards(c, what):
    """It is still so when something else has made it go up."""
    if what == "write" and os.path.isfile("it"):
        write("it", b"12")
    elif what == "rename":
        c.rename("it", "renamed")


@case(kind=FILES, origin=ORIGINS,
      mode=(0o000, 0o444, 0o755, 0o1777, 0o2755, 0o4755, 0o7777))
def chmod(c, kind, origin, mode):
    c.make(kind, "it", origin)
    yield
    c.tick()
    before = os.lstat("it")
    c.see("chmod", os.chmod, "it", mode)
    after = os.lstat("it")
    c.note("same", (after.st_ino == before.st_ino,
                    after.st_mtime_ns == before.st_mtime_ns,
                    after.st_ctime_ns > before.st_ctime_ns))


@case(kind=FILES, origin=ORIGINS, uid=(-1, 0, USER), gid=(-1, USER),
      mode=(0o644, 0o6755, 0o2644))
def chown(c, kind, origin, uid, gid, mode):
    c.make(kind, "it", origin, mode=None if kind == "symlink" else mode)
    yield
    before = os.lstat("it")
    c.see("chown", os.lchown, "it", uid, gid)
    after = os.lstat("it")
    c.note("same", (after.st_ino == before.st_ino,
                    after.st_mtime_ns == before.st_mtime_ns))


TIMES = {"both": (1000000001, 2000000002), "zero": (0, 0),
         "old": (-1000000000, -1), "fine": (1234567890123456789,
                                            987654321987654321),
         "far": (4000000000, 5000000000)}


@case(kind=FILES, origin=ORIGINS, times=TIMES, later=LATER)
def utimens(c, kind, origin, times, later):
    c.make(kind, "it", origin)
    yield
    before = os.lstat("it")
    scale = 1 if times == "fine" else 1000000000
    value = tuple(t * scale for t in TIMES[times])
    c.see("utime", os.utime, "it", ns=value, follow_symlinks=False)
    after = os.lstat("it")
    c.note("times", (after.st_atime_ns, after.st_mtime_ns))
    c.note("ctime moved", after.st_ctime_ns > before.st_ctime_ns)
    if later != "write":
        afterwards(c, later)
        name = "it" if os.path.lexists("it") else "renamed"
        c.note("mtime", os.lstat(name).st_mtime_ns)


@case(kind=("file", "directory", "fifo"), origin=ORIGINS)
def utime_now(c, kind, origin):
    c.make(kind, "it", origin)
    yield
    before = time.time() - 5
    c.see("now", calls.utime_now, "it")
    c.note("is now", before < os.stat("it").st_mtime < time.time() + 5)


@case(kind=FILES, origin=ORIGINS, change=("chmod", "chown", "utime", "xattr",
                                          "link", "rename"))
def copy_keeps_the_rest(c, kind, origin, change):
    """Whatever makes it go up: the other properties come with it."""
    if origin == "replaced":
        return
    c.make(kind, "it", origin, mode=None if kind == "symlink" else 0o2751,
           uid=3, gid=4)
    for branch in {c.place.top, c.place.bottom}:
        path = os.path.join(branch, c.where, "it")
        if os.path.lexists(path):
            os.utime(path, (11111, 22222), follow_symlinks=False)
            if kind in ("file", "directory", "full"):
                os.setxattr(path, "user.mime", b"text/plain")
                os.setxattr(path, "trusted.mine", b"\0\1\2")
    yield
    before = os.lstat("it")
    c.see(change, {
        "chmod": lambda: os.chmod("it", 0o640) if kind != "symlink" else 0,
        "chown": lambda: os.lchown("it", 8, 9),
        "utime": lambda: os.utime("it", (5, 6), follow_symlinks=False),
        "xattr": lambda: os.setxattr("it", "trusted.more", b"",
                                     follow_symlinks=False),
        "link": lambda: os.link("it", "other", follow_symlinks=False),
        "rename": lambda: c.rename("it", "other")}[change])
    name = "it" if os.path.lexists("it") else "other"
    after = os.lstat(name)
    c.note("ino", before.st_ino == after.st_ino)
    c.note("mtime", before.st_mtime_ns == after.st_mtime_ns or
           change == "utime")


@case(change=("create", "write", "read", "chmod", "truncate", "unlink",
              "mkdir", "link", "rename", "symlink", "xattr", "same-truncate"),
      origin=ORIGINS)
def which_times_move(c, change, origin):
    c.make("directory", "dir", origin)
    if origin != "replaced":
        c.make("file", "dir/it", origin)
    yield
    if origin == "replaced":
        write("dir/it", b"abc", os.O_CREAT | os.O_WRONLY)
    for name in ("dir/it", "dir"):
        os.utime(name, (1000, 1000))
    parent, it = os.stat("dir"), os.stat("dir/it")
    time.sleep(0.012)           # a tick: ctime has no finer grain
    {"create": lambda: write("dir/new", b"", os.O_CREAT | os.O_WRONLY),
     "write": lambda: write("dir/it", b"1"),
     "read": lambda: os.listdir("dir"),
     "chmod": lambda: os.chmod("dir/it", 0o600),
     "truncate": lambda: os.truncate("dir/it", 1),
     "same-truncate": lambda: os.truncate("dir/it", 3),
     "unlink": lambda: os.unlink("dir/it"),
     "mkdir": lambda: os.mkdir("dir/d"),
     "link": lambda: os.link("dir/it", "dir/l"),
     "rename": lambda: os.rename("dir/it", "dir/r"),
     "symlink": lambda: os.symlink("x", "dir/s"),
     "xattr": lambda: os.setxattr("dir/it", "user.x", b"")}[change]()
    now = os.stat("dir")
    c.note("of the directory", (now.st_mtime_ns > parent.st_mtime_ns,
                                now.st_ctime_ns > parent.st_ctime_ns))
    if os.path.exists("dir/it"):
        now = os.stat("dir/it")
        c.note("of the file", (now.st_mtime_ns > it.st_mtime_ns,
                               now.st_ctime_ns > it.st_ctime_ns))


# ---- attributes -----------------------------------------------------------------

@case(kind=("file", "directory"), origin=ORIGINS,
      size=(0, 1, 200, 2000), space=("user", "trusted"))
def attributes(c, kind, origin, size, space):
    c.make(kind, "it", origin)
    yield
    name = space + ".name"
    c.see("get", os.getxattr, "it", name)
    c.see("replace", os.setxattr, "it", name, b"r", os.XATTR_REPLACE)
    c.see("set", os.setxattr, "it", name, b"v" * size)
    c.see("create", os.setxattr, "it", name, b"c", os.XATTR_CREATE)
    c.see("get", os.getxattr, "it", name)
    c.see("list", lambda: sorted(os.listxattr("it")))
    c.see("replace", os.setxattr, "it", name, b"w" * size, os.XATTR_REPLACE)
    c.see("another", os.setxattr, "it", name + "2", b"2")
    c.see("list", lambda: sorted(os.listxattr("it")))
    c.see("remove", os.removexattr, "it", name)
    c.see("remove", os.removexattr, "it", name)
    c.see("list", lambda: sorted(os.listxattr("it")))


@case(kind=("symlink", "fifo", "socket", "device"), origin=ORIGINS,
      space=("user", "trusted", "none", "unknown"))
def attributes_of_others(c, kind, origin, space):
    c.make(kind, "it", origin)
    yield
    name = {"none": "nodot", "unknown": "what.ever"}.get(space,
                                                         space + ".name")
    c.see("set", os.setxattr, "it", name, b"v", follow_symlinks=False)
    c.see("get", os.getxattr, "it", name, follow_symlinks=False)
    c.see("remove", os.removexattr, "it", name, follow_symlinks=False)


@case(origin=ORIGINS, count=(1, 30))
def many_attributes(c, origin, count):
    c.make("file", "it", origin)
    for branch in {c.place.top, c.place.bottom}:
        path = os.path.join(branch, c.where, "it")
        for i in range(count if os.path.exists(path) else 0):
            os.setxattr(path, "user.name%d" % i, b"%d" % i)
    yield
    if origin == "replaced":
        for i in range(count):
            os.setxattr("it", "user.name%d" % i, b"%d" % i)
    write("it", b"goes up")
    c.see("list", lambda: sorted(os.listxattr("it")))


# ---- access lists -----------------------------------------------------------------

def some_acl(permissions=6):
    return calls.acl((calls.USER_OBJ, 6), (calls.USER, permissions, USER),
                     (calls.GROUP_OBJ, 0), (calls.MASK, 7), (calls.OTHER, 0))


@case(kind=("file", "directory", "fifo"), origin=ORIGINS,
      change=("nothing", "chmod", "write", "chown", "rename", "remove"))
def access_lists(c, kind, origin, change):
    c.make(kind, "it", origin, mode=0o640)
    yield
    c.see("set", os.setxattr, "it", calls.ACL_ACCESS, some_acl())
    c.see("stat", os.stat, "it")
    c.see("get", os.getxattr, "it", calls.ACL_ACCESS)
    {"nothing": lambda: None, "chmod": lambda: os.chmod("it", 0o700),
     "write": lambda: afterwards(c, "write"),
     "chown": lambda: os.chown("it", 1, 2),
     "rename": lambda: c.rename("it", "renamed"),
     "remove": lambda: os.removexattr("it", calls.ACL_ACCESS)}[change]()
    name = "it" if os.path.exists("it") else "renamed"
    c.see("stat", os.stat, name)
    c.see("get", os.getxattr, name, calls.ACL_ACCESS)


@case(parent=ORIGINS, kind=("file", "directory", "fifo", "symlink",
                            "nameless"),
      mask=(0o000, 0o077), mode=(0o777, 0o600))
def inherited_lists(c, parent, kind, mask, mode):
    c.make("directory", "dir", parent)
    yield
    c.see("default", os.setxattr, "dir", calls.ACL_DEFAULT, some_acl(5))
    old = os.umask(mask)
    try:
        {"file": lambda: os.close(os.open("dir/it", os.O_CREAT | os.O_RDWR,
                                          mode)),
         "directory": lambda: os.mkdir("dir/it", mode),
         "fifo": lambda: os.mkfifo("dir/it", mode),
         "symlink": lambda: os.symlink("x", "dir/it"),
         "nameless": lambda: make_nameless(mode)}[kind]()
    finally:
        os.umask(old)
    if kind != "symlink":
        c.see("access", os.getxattr, "dir/it", calls.ACL_ACCESS)
        c.see("default", os.getxattr, "dir/it", calls.ACL_DEFAULT)
    c.see("stat", os.lstat, "dir/it")


def make_nameless(mode):
    fd = os.open("dir", os.O_TMPFILE | os.O_RDWR, mode)
    calls.link_descriptor(fd, "dir/it")
    os.close(fd)


@case(parent=("upper", "lower"), origin=("upper", "lower"))
def lists_from_below(c, parent, origin):
    """Set in the branch before it was mounted."""
    c.make("directory", "dir", parent)
    c.make("file", "dir/it", origin)
    for branch in {c.place.top, c.place.bottom}:
        path = os.path.join(branch, c.where, "dir")
        if os.path.exists(path):
            os.setxattr(path, calls.ACL_DEFAULT, some_acl(7))
    branch = c.place.top if origin == "upper" else c.place.bottom
    os.setxattr(os.path.join(branch, c.where, "dir/it"), calls.ACL_ACCESS,
                some_acl(2))
    yield
    c.see("get", os.getxattr, "dir/it", calls.ACL_ACCESS)
    c.see("stat", os.stat, "dir/it")
    write("dir/it", b"goes up")
    c.see("get", os.getxattr, "dir/it", calls.ACL_ACCESS)
    os.mkdir("dir/sub", 0o777)
    c.see("get", os.getxattr, "dir/sub", calls.ACL_ACCESS)
    c.see("get", os.getxattr, "dir/sub", calls.ACL_DEFAULT)


@case(origin=ORIGINS, inner=("file", "directory"))
def set_group_id_directory(c, origin, inner):
    """What is made in it gets its group; a directory, the bit, too."""
    c.make("directory", "dir", origin, mode=0o2777, gid=77)
    yield
    c.build(c.place.tree, inner, "dir/it", b"abc")
    c.see("symlink", os.symlink, "x", "dir/link")
    c.see("fifo", os.mkfifo, "dir/fifo")
    c.see("stat", os.stat, "dir/it")


@case(kind=("device", "block", "fifo", "socket"),
      number=((0, 0), (1, 3), (255, 255), (4095, 1048575), (8, 300)),
      parent=("upper", "lower"))
def devices(c, kind, number, parent):
    c.make("directory", "dir", parent)
    yield
    types = {"device": stat.S_IFCHR, "block": stat.S_IFBLK,
             "fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK}
    c.see("mknod", os.mknod, "dir/it", types[kind] | 0o640,
          os.makedev(*number))
    if os.path.lexists("dir/it"):
        st = os.lstat("dir/it")
        c.note("number", (os.major(st.st_rdev), os.minor(st.st_rdev)))
        c.see("rename", os.rename, "dir/it", "it")
        c.see("unlink", os.unlink, "it")


@case(touched=("stat", "list", "read"), count=(2, 3))
def looking_changes_nothing(c, touched, count):
    """Names of one file below, of which one was written: the others become
    links of the copy when somebody comes by, and nobody shall notice."""
    c.make("directory", "dir", "lower")
    c.make("file", "it", "lower")
    for i in range(1, count):
        os.link(os.path.join(c.place.bottom, c.where, "it"),
                os.path.join(c.place.bottom, c.where, "dir/n%d" % i))
    yield
    write("it", b"up")
    before = os.stat("dir")
    {"stat": lambda: os.stat("dir/n1"), "list": lambda: os.listdir("dir"),
     "read": lambda: open("dir/n1", "rb").close()}[touched]()
    os.stat("dir/n1")
    c.note("mtime moved", os.stat("dir").st_mtime_ns != before.st_mtime_ns)
    c.note("links", os.stat("dir/n1").st_nlink)
