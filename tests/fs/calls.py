"""System calls that Python's os module has no function for."""

import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
libc.opendir.restype = ctypes.c_void_p
libc.readdir.restype = ctypes.c_void_p
libc.telldir.restype = ctypes.c_long
for name in ("readdir", "telldir", "rewinddir", "closedir"):
    getattr(libc, name).argtypes = [ctypes.c_void_p]
libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]

AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2
KEEP_SIZE, PUNCH_HOLE, COLLAPSE_RANGE, ZERO_RANGE = 1, 2, 8, 16
MNT_DETACH = 2


def _done(result, *names):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), *names)
    return result


def _path(name):
    return os.fsencode(name)


def mount(source, target, kind, flags=0, options=""):
    _done(libc.mount(_path(source), _path(target), kind.encode(),
                     ctypes.c_ulong(flags), options.encode()), target)


def umount(target, flags=0):
    _done(libc.umount2(_path(target), flags), target)


def renameat2(old, new, flags):
    _done(libc.renameat2(AT_FDCWD, _path(old), AT_FDCWD, _path(new),
                         flags), old)


def link_descriptor(fd, new):
    """Gives a nameless file a name (linkat(2), AT_EMPTY_PATH)."""
    _done(libc.linkat(fd, b"", AT_FDCWD, _path(new), AT_EMPTY_PATH), new)


def fallocate(fd, mode, offset, length):
    _done(libc.fallocate(fd, mode, ctypes.c_long(offset),
                         ctypes.c_long(length)))


def utime_now(name):
    _done(libc.utimensat(AT_FDCWD, _path(name), None, 0), name)


class Directory:
    """opendir(3) and its family: telldir and seekdir, too."""

    def __init__(self, name="."):
        self.stream = libc.opendir(_path(name))
        if not self.stream:
            _done(-1, name)

    def read(self):
        """(name, inode number, type), or None at the end."""
        ctypes.set_errno(0)
        entry = libc.readdir(self.stream)
        if not entry:
            _done(-1 if ctypes.get_errno() else 0)
            return None
        ino, _, length, kind = struct.unpack("=QqHB",
                                             ctypes.string_at(entry, 19))
        del length
        return os.fsdecode(ctypes.string_at(entry + 19)), ino, kind

    def rest(self):
        found = []
        while True:
            entry = self.read()
            if entry is None:
                return found
            if entry[0] not in (".", ".."):
                found.append(entry)

    def tell(self):
        return libc.telldir(self.stream)

    def seek(self, place):
        libc.seekdir(self.stream, place)

    def rewind(self):
        libc.rewinddir(self.stream)

    def close(self):
        libc.closedir(self.stream)


# Access lists as they are in their extended attributes (acl(5), and
# <linux/posix_acl_xattr.h>): a version, then tag, permissions and id of each.
ACL_ACCESS, ACL_DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32


def acl(*entries):
    """acl((USER_OBJ, 7), (USER, 5, 61234), ...)"""
    packed = struct.pack("<I", 2)
    for tag, permissions, *who in entries:
        packed += struct.pack("<HHI", tag, permissions,
                              who[0] if who else 0xffffffff)
    return packed
