"""Permissions: what somebody who is not root may do, and what that costs."""

import os
import struct

import calls
from cases import (GROUP, ORIGINS, OTHER_USER, USER, case, content, names,
                   write)

PERSONS = {
    "owner": {}, "group": {"uid": OTHER_USER},
    "supplementary": {"uid": OTHER_USER, "gid": OTHER_USER,
                      "groups": [GROUP, USER]},
    "other": {"uid": OTHER_USER, "gid": OTHER_USER},
}
MODES = (0o000, 0o100, 0o200, 0o400, 0o070, 0o007, 0o750, 0o705, 0o644)


@case(person=PERSONS, mode=MODES, origin=ORIGINS)
def a_file(c, person, mode, origin):
    c.make("file", "it", origin, mode=mode, uid=USER, gid=USER)
    yield
    os.chmod(".", 0o777)

    def tries():
        c.see("read", content, "it")
        c.see("write", write, "it", b"1")
        c.see("append", write, "it", b"2", os.O_WRONLY | os.O_APPEND)
        c.see("truncate", os.truncate, "it", 1)
        c.see("access", lambda: [os.access("it", bit) for bit in (4, 2, 1)])
        c.see("chmod", os.chmod, "it", 0o751)
        c.see("chown", os.chown, "it", -1, GROUP)
        c.see("give away", os.chown, "it", OTHER_USER + 7, -1)
        c.see("utime", os.utime, "it", (1, 2))
        c.see("now", calls.utime_now, "it")
        c.see("setxattr", os.setxattr, "it", "user.x", b"")
        c.see("getxattr", os.getxattr, "it", "user.x")
        c.see("trusted", os.setxattr, "it", "trusted.x", b"")
        c.see("acl", os.removexattr, "it", calls.ACL_ACCESS)
        c.see("link", os.link, "it", "linked")
    c.as_user(tries, **PERSONS[person])


@case(person=PERSONS, mode=MODES, origin=ORIGINS)
def a_directory(c, person, mode, origin):
    c.make("directory", "dir", origin, mode=mode, uid=USER, gid=USER)
    if origin != "replaced":
        c.make("file", "dir/it", origin, mode=0o666)
        c.make("directory", "dir/sub", origin, mode=0o777)
    yield
    os.chmod(".", 0o777)

    def tries():
        c.see("list", names, "dir")
        c.see("chdir", lambda: os.close(os.open("dir/.", os.O_PATH)))
        c.see("read", content, "dir/it")
        c.see("write", write, "dir/it", b"1")
        c.see("create", write, "dir/new", b"", os.O_CREAT | os.O_WRONLY)
        c.see("mkdir", os.mkdir, "dir/newdir")
        c.see("symlink", os.symlink, "x", "dir/link")
        c.see("mkfifo", os.mkfifo, "dir/fifo")
        c.see("device", os.mknod, "dir/dev", 0o20600, os.makedev(1, 3))
        c.see("link", os.link, "dir/it", "dir/linked")
        c.see("rename", os.rename, "dir/it", "dir/renamed")
        c.see("rename out", os.rename, "dir/renamed", "out")
        c.see("unlink", os.unlink, "dir/it")
        c.see("rmdir", os.rmdir, "dir/sub")
        c.see("nameless", lambda: os.close(os.open("dir", os.O_TMPFILE |
                                                   os.O_RDWR)))
    c.as_user(tries, **PERSONS[person])


@case(owner=("dir", "file", "neither"), origin=ORIGINS,
      kind=("file", "directory", "symlink"))
def sticky(c, owner, origin, kind):
    c.make("directory", "dir", "upper" if origin == "replaced" else origin,
           mode=0o1777, uid=USER if owner == "dir" else 5)
    c.make(kind, "dir/it", origin, uid=USER if owner == "file" else 6)
    c.make(kind, "dir/it2", origin, uid=USER if owner == "file" else 6)
    c.make("file", "dir/mine", "upper" if origin == "replaced" else origin,
           uid=USER)
    yield
    os.chmod(".", 0o777)

    def tries():
        c.see("rename", os.rename, "dir/it", "dir/renamed") \
            if kind != "directory" else None
        c.see("replace", os.rename, "dir/mine", "dir/it2") \
            if kind != "directory" else None
        c.see("remove", os.rmdir if kind == "directory" else os.unlink,
              "dir/it2")
        c.see("make", os.mkdir, "dir/made")
    c.as_user(tries)


@case(origin=ORIGINS, mode=(0o4755, 0o2755, 0o6755, 0o2745, 0o6777),
      change=("write", "truncate", "ftruncate", "chown", "open-truncate",
              "fallocate", "chmod", "append", "mmap"),
      who=("owner", "root"))
def set_id_bits(c, origin, mode, change, who):
    """Cleared by whoever writes without privilege, and by chown(2)."""
    c.make("file", "it", origin, uid=USER, gid=USER)
    yield
    os.chmod("it", mode)
    os.chmod(".", 0o777)

    def tries():
        if change in ("write", "append"):
            c.see(change, write, "it", b"x", os.O_WRONLY |
                  (os.O_APPEND if change == "append" else 0))
        elif change == "truncate":
            c.see(change, os.truncate, "it", 1)
        elif change == "chown":
            c.see(change, os.chown, "it", USER, USER)
        elif change == "chmod":
            c.see(change, os.chmod, "it", 0o6755)
        else:
            descriptor_changes()
        c.see("stat", os.stat, "it")

    def descriptor_changes():
        flags = os.O_TRUNC if change == "open-truncate" else 0
        fd = os.open("it", os.O_RDWR | flags)
        if change == "ftruncate":
            c.see(change, os.ftruncate, fd, 1)
        elif change == "fallocate":
            c.see(change, calls.fallocate, fd, 0, 0, 10)
        os.close(fd)
    if who == "owner":
        c.as_user(tries)
    else:
        tries()


@case(parent=ORIGINS, kind=("file", "directory", "fifo", "symlink",
                            "nameless"),
      mode=(0o777, 0o2777), groups=((), (GROUP,)))
def what_a_user_makes(c, parent, kind, mode, groups):
    """It is the user's, of the user's group or of the directory's."""
    c.make("directory", "dir", parent, mode=mode, uid=7, gid=GROUP)
    yield

    def tries():
        {"file": lambda: os.close(os.open("dir/it", os.O_CREAT | os.O_RDWR,
                                          0o2775)),
         "directory": lambda: os.mkdir("dir/it"),
         "fifo": lambda: os.mkfifo("dir/it"),
         "symlink": lambda: os.symlink("x", "dir/it"),
         "nameless": lambda: os.close(os.open(
             "dir", os.O_TMPFILE | os.O_RDWR))}[kind]()
        c.see("stat", os.lstat, "dir/it")
        if kind != "symlink":
            c.see("chmod", os.chmod, "dir/it", 0o2755)
            c.see("stat", os.lstat, "dir/it")
    c.as_user(tries, groups=groups)


@case(origin=ORIGINS, listed=(0, 4, 6), mask=(7, 4, 0))
def access_list_decides(c, origin, listed, mask):
    c.make("file", "it", origin, mode=0o600)
    yield
    os.chmod(".", 0o777)
    c.see("set", os.setxattr, "it", calls.ACL_ACCESS, calls.acl(
        (calls.USER_OBJ, 6), (calls.USER, listed, USER),
        (calls.GROUP_OBJ, 0), (calls.GROUP, 4, GROUP), (calls.MASK, mask),
        (calls.OTHER, 0)))

    def tries():
        c.see("read", content, "it")
        c.see("write", write, "it", b"1")
    c.as_user(tries)
    c.as_user(tries, uid=OTHER_USER, gid=OTHER_USER, groups=[GROUP])
    c.as_user(tries, uid=OTHER_USER, gid=OTHER_USER)


@case(origin=ORIGINS, blocked=("top", "inner"))
def search_permission(c, origin, blocked):
    c.make("directory", "top", origin)
    if origin != "replaced":
        c.make("full", "top/inner", origin)
    yield
    os.makedirs("top/inner", exist_ok=True)
    os.chmod("top" if blocked == "top" else "top/inner", 0o600)

    def tries():
        c.see("stat", os.stat, "top/inner/inside")
        c.see("stat", os.stat, "top/inner")
        c.see("list", names, "top/inner")
        c.see("create", write, "top/inner/x", b"", os.O_CREAT | os.O_WRONLY)
    c.as_user(tries)


@case(origin=ORIGINS)
def hidden_attributes(c, origin):
    """trusted.* is root's: others do not even see the names."""
    c.make("file", "it", origin, mode=0o666)
    yield
    os.setxattr("it", "trusted.mine", b"1")
    os.setxattr("it", "user.theirs", b"2")

    def tries():
        c.see("list", lambda: sorted(os.listxattr("it")))
        c.see("get", os.getxattr, "it", "trusted.mine")
        c.see("get", os.getxattr, "it", "user.theirs")
    tries()
    c.as_user(tries)


# VFS_CAP_REVISION_2 with CAP_NET_RAW, permitted and effective.
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)


@case(origin=ORIGINS, change=("write", "truncate", "chown", "chmod", "rename",
                              "read", "fallocate"), who=("owner", "root"))
def file_capabilities(c, origin, change, who):
    """Gone when the file is written, by whomever."""
    c.make("file", "it", origin, mode=0o755, uid=USER, gid=USER)
    yield
    os.chmod(".", 0o777)
    c.see("set", os.setxattr, "it", "security.capability", CAPABILITY)

    def tries():
        c.see(change, {
            "write": lambda: write("it", b"1"),
            "truncate": lambda: os.truncate("it", 1),
            "chown": lambda: os.chown("it", USER, USER),
            "chmod": lambda: os.chmod("it", 0o711),
            "rename": lambda: os.rename("it", "other"),
            "read": lambda: content("it"),
            "fallocate": lambda: allocate("it")}[change])
    if who == "owner":
        c.as_user(tries)
    else:
        tries()
    c.see("get", os.getxattr, "other" if change == "rename" else "it",
          "security.capability")


def allocate(name):
    fd = os.open(name, os.O_RDWR)
    calls.fallocate(fd, 0, 0, 100)
    os.close(fd)
