"""Data: written, mapped, cut, holed, locked; through several descriptors."""

import fcntl
import mmap
import os
import struct

import calls
from cases import ORIGINS, case, content, write

PAGE = 4096
SIZES = (0, 3, PAGE, 5 * PAGE + 7, 300000)


def pattern(size):
    return bytes(i * 7 % 251 for i in range(size))


def compared(data):
    """Short, and yet all of it."""
    import hashlib
    return len(data), hashlib.sha1(data).hexdigest()[:12]


@case(origin=ORIGINS, size=SIZES, to=(0, 1, PAGE, 100000, 5000000),
      how=("path", "descriptor", "open"))
def truncation(c, origin, size, to, how):
    c.make("file", "it", origin, pattern(size))
    yield
    before = os.open("it", os.O_RDONLY)
    if how == "path":
        c.see("truncate", os.truncate, "it", to)
    else:
        fd = os.open("it", os.O_RDWR | (os.O_TRUNC if how == "open" else 0))
        c.see("truncate", os.ftruncate, fd, to)
        os.close(fd)
    c.note("old descriptor", compared(os.pread(before, 6000000, 0)))
    c.note("content", compared(content("it")))
    os.close(before)


@case(origin=ORIGINS, size=SIZES, offset=(0, 1, PAGE - 1, PAGE, 200000),
      length=(1, PAGE, 150000))
def writing_at(c, origin, size, offset, length):
    c.make("file", "it", origin, pattern(size))
    yield
    reader = os.open("it", os.O_RDONLY)
    c.note("before", compared(os.pread(reader, 400000, 0)))
    fd = os.open("it", os.O_RDWR)
    c.see("write", os.pwrite, fd, b"W" * length, offset)
    c.note("by itself", compared(os.pread(fd, 400000, 0)))
    c.note("by the other", compared(os.pread(reader, 400000, 0)))
    c.see("size", os.fstat, reader)
    os.close(fd)
    os.close(reader)
    c.note("content", compared(content("it")))


@case(origin=ORIGINS, flags=("RDONLY", "WRONLY", "RDWR"))
def wrong_way(c, origin, flags):
    c.make("file", "it", origin)
    yield
    fd = os.open("it", getattr(os, "O_" + flags))
    c.see("read", os.read, fd, 2)
    c.see("write", os.write, fd, b"x")
    c.see("truncate", os.ftruncate, fd, 1)
    c.see("fsync", os.fsync, fd)
    c.see("datasync", os.fdatasync, fd)
    c.see("allocate", calls.fallocate, fd, 0, 0, 10)
    os.close(fd)


@case(origin=ORIGINS)
def appending(c, origin):
    c.make("file", "it", origin)
    yield
    one = os.open("it", os.O_WRONLY | os.O_APPEND)
    two = os.open("it", os.O_RDWR | os.O_APPEND)
    three = os.open("it", os.O_WRONLY)
    os.write(one, b"1")
    os.write(two, b"22")
    os.write(three, b"333")
    os.lseek(two, 0, os.SEEK_SET)
    os.write(two, b"4444")
    c.note("place", os.lseek(two, 0, os.SEEK_CUR))
    c.see("at a place", os.pwrite, one, b"55555", 0)
    c.note("content", content("it"))
    for fd in (one, two, three):
        os.close(fd)


@case(origin=ORIGINS, writers=(2, 4))
def appending_side_by_side(c, origin, writers):
    c.make("file", "it", origin)
    yield
    pids = []
    for who in range(writers):
        pids.append(os.fork())
        if pids[-1] == 0:
            fd = os.open("it", os.O_WRONLY | os.O_APPEND)
            for _ in range(50):
                os.write(fd, b"%d" % who * 9 + b"\n")
            os._exit(0)
    for pid in pids:
        os.waitpid(pid, 0)
    lines = content("it")[3:].split(b"\n")
    c.note("lines", sorted((line, lines.count(line)) for line in set(lines)))
    os.truncate("it", 0)


@case(origin=ORIGINS, when=("before", "after"), size=(3, PAGE, 3 * PAGE + 5))
def mapping_shared(c, origin, when, size):
    c.make("file", "it", origin, pattern(size))
    yield
    if when == "after":
        write("it", b"up")
    fd = os.open("it", os.O_RDWR)
    area = mmap.mmap(fd, size)
    c.note("mapped", compared(area[:]))
    area[1:3] = b"MM"
    c.note("read", compared(os.pread(fd, size, 0)))
    os.pwrite(fd, b"P", 0)
    c.note("mapped", compared(area[:]))
    area.flush()
    other = os.open("it", os.O_RDONLY)
    c.note("another", compared(os.pread(other, size, 0)))
    area.close()
    os.close(fd)
    os.close(other)
    c.note("content", compared(content("it")))


@case(origin=ORIGINS, access=("read", "private"))
def mapping_privately(c, origin, access):
    c.make("file", "it", origin, pattern(2 * PAGE))
    yield
    fd = os.open("it", os.O_RDONLY)
    kind = {"read": (mmap.MAP_SHARED, mmap.PROT_READ),
            "private": (mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)}
    area = mmap.mmap(fd, 2 * PAGE, *kind[access])
    c.note("mapped", compared(area[:]))
    if access == "private":
        area[0:4] = b"mine"
        c.note("mapped", compared(area[:]))
    c.note("content", compared(content("it")))
    os.unlink("it")
    c.note("still mapped", compared(area[:]))
    area.close()
    os.close(fd)


@case(origin=ORIGINS)
def mapping_two_processes(c, origin):
    c.make("file", "it", origin, b"\0" * PAGE)
    yield
    fd = os.open("it", os.O_RDWR)
    area = mmap.mmap(fd, PAGE)
    pid = os.fork()
    if pid == 0:
        other = os.open("it", os.O_RDWR)
        theirs = mmap.mmap(other, PAGE)
        theirs[10:15] = b"child"
        os._exit(0)
    os.waitpid(pid, 0)
    c.note("seen", area[10:15])
    area.close()
    os.close(fd)


@case(origin=ORIGINS, mode=("default", "keep", "punch", "zero", "collapse"),
      offset=(0, PAGE, 20000), length=(1, PAGE, 100000))
def allocation(c, origin, mode, offset, length):
    c.make("file", "it", origin, pattern(30000))
    yield
    fd = os.open("it", os.O_RDWR)
    if mode == "collapse":          # ext4 can, tmpfs cannot: not looked at
        os.close(fd)
        return
    bits = {"default": 0, "keep": calls.KEEP_SIZE, "zero": calls.ZERO_RANGE,
            "punch": calls.PUNCH_HOLE | calls.KEEP_SIZE}[mode]
    try:
        calls.fallocate(fd, bits, offset, length)
    except OSError as error:
        if mode != "zero":          # tmpfs cannot
            c.note("error", error.errno)
    else:
        if mode == "zero":
            os.pwrite(fd, pattern(30000), 0)
            os.ftruncate(fd, 30000)
    c.note("content", compared(content("it")))
    c.see("fstat", os.fstat, fd)
    c.see("bad", calls.fallocate, fd, 0, 0, 0)
    c.see("bad", calls.fallocate, fd, 0, -1, 5)
    c.see("punch alone", calls.fallocate, fd, calls.PUNCH_HOLE, 0, 5)
    os.close(fd)


@case(origin=ORIGINS, where=("start", "middle", "end", "all"),
      first=("nothing", "chmod"))
def holes(c, origin, where, first):
    """Data and holes are where they were, after copy-up, too."""
    whole = 64 * PAGE
    places = {"start": [0], "middle": [20], "end": [63], "all": []}[where]
    c.make("file", "it", origin, b"")
    paths = [os.path.join(branch, c.where, "it")
             for branch in {c.place.top, c.place.bottom}]
    for path in filter(os.path.exists, paths):
        dig(path, whole, places)
    yield
    if origin == "replaced":
        dig("it", whole, places)
    if first == "chmod":
        os.chmod("it", 0o600)
    fd = os.open("it", os.O_RDONLY)
    for offset in (0, PAGE, 21 * PAGE, whole - 1, whole, whole + 1):
        c.see("data from %d" % offset, os.lseek, fd, offset, os.SEEK_DATA)
        c.see("hole from %d" % offset, os.lseek, fd, offset, os.SEEK_HOLE)
    c.note("few blocks", os.fstat(fd).st_blocks * 512 <= 8 * PAGE)
    os.close(fd)


def dig(path, size, places):
    with open(path, "r+b") as file:
        file.truncate(size)
        for place in places:
            file.seek(place * PAGE)
            file.write(b"D" * PAGE)


@case(origin=ORIGINS)
def seeking(c, origin):
    c.make("file", "it", origin, pattern(100))
    yield
    fd = os.open("it", os.O_RDWR)
    for whence in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
        for offset in (0, 10, -10, 1000, -1000, 1 << 40):
            c.see("seek %d %d" % (offset, whence), os.lseek, fd, offset,
                  whence)
    os.lseek(fd, -1, os.SEEK_END)
    c.note("read", os.read(fd, 100))
    c.note("end", os.read(fd, 100))
    c.see("too far", os.pwrite, fd, b"x", (1 << 63) - 1)
    c.see("negative", os.pread, fd, 1, -1)
    os.close(fd)


@case(origin=ORIGINS, to=ORIGINS, offset=(0, 5000))
def copying_ranges(c, origin, to, offset):
    c.make("file", "from", origin, pattern(20000))
    c.make("file", "to", to, b"t" * 12000)
    yield
    source, target = os.open("from", os.O_RDONLY), os.open("to", os.O_RDWR)
    c.see("copy", os.copy_file_range, source, target, 9000, offset, 6000)
    c.note("to", compared(content("to")))
    c.note("from", compared(content("from")))
    c.see("sendfile", os.sendfile, target, source, 0, 3000)
    c.note("to", compared(content("to")))
    os.close(source)
    os.close(target)


@case(origin=ORIGINS)
def copying_within(c, origin):
    c.make("file", "it", origin, pattern(20000))
    yield
    fd = os.open("it", os.O_RDWR)
    c.see("copy", os.copy_file_range, fd, fd, 5000, 0, 10000)
    c.note("content", compared(content("it")))
    c.see("overlap", os.copy_file_range, fd, fd, 5000, 0, 100)
    os.close(fd)


@case(origin=ORIGINS, then=("read", "write", "rename", "unlink", "chmod"))
def two_descriptors(c, origin, then):
    """Opened before it went up, and after: one file."""
    c.make("file", "it", origin, b"original")
    yield
    old = os.open("it", os.O_RDONLY)
    both = os.open("it", os.O_RDWR)
    c.note("one", os.fstat(old).st_ino == os.fstat(both).st_ino)
    os.write(both, b"NEW")
    new = os.open("it", os.O_RDWR)
    {"read": lambda: None, "write": lambda: os.write(new, b"newer"),
     "rename": lambda: os.rename("it", "other"),
     "unlink": lambda: os.unlink("it"),
     "chmod": lambda: os.fchmod(old, 0o600)}[then]()
    c.note("data", [os.pread(fd, 20, 0) for fd in (old, both, new)])
    c.note("inodes", len({os.fstat(fd).st_ino for fd in (old, both, new)}))
    c.note("links", [os.fstat(fd).st_nlink for fd in (old, both, new)])
    for fd in (old, both, new):
        os.close(fd)


# ---- locks -------------------------------------------------------------------------

def lock_in_child(c, label, function):
    """What another process gets."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            function()
            os.write(writer, b"got it")
        except OSError as error:
            os.write(writer, os.strerror(error.errno).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    c.note(label, os.read(reader, 100))
    os.close(reader)


@case(origin=ORIGINS, mine=("SH", "EX"), theirs=("SH", "EX"),
      up=("never", "before", "after"))
def whole_locks(c, origin, mine, theirs, up):
    c.make("file", "it", origin)
    yield
    fd = os.open("it", os.O_RDWR)
    if up == "before":
        os.write(fd, b"1")
    fcntl.flock(fd, getattr(fcntl, "LOCK_" + mine) | fcntl.LOCK_NB)
    if up == "after":
        os.write(fd, b"1")

    def lock():
        other = os.open("it", os.O_RDWR)
        fcntl.flock(other, getattr(fcntl, "LOCK_" + theirs) | fcntl.LOCK_NB)
    lock_in_child(c, "while I have it", lock)
    fcntl.flock(fd, fcntl.LOCK_UN)
    lock_in_child(c, "afterwards", lock)
    os.close(fd)


@case(origin=ORIGINS, start=(0, 5, 20), up=("never", "before", "after"),
      kind=("process", "description"))
def range_locks(c, origin, start, up, kind):
    """I lock 5 to 14 to write: they try ten bytes from `start`."""
    c.make("file", "it", origin, b"x" * 30)
    yield
    fd = os.open("it", os.O_RDWR)
    if up == "before":
        os.write(fd, b"1")
    command = fcntl.F_SETLK if kind == "process" else 37   # F_OFD_SETLK

    def lock_range(descriptor, how, begin):
        fcntl.fcntl(descriptor, command, struct.pack(
            "hhqqi4x", how, os.SEEK_SET, begin, 10, 0))
    lock_range(fd, fcntl.F_WRLCK, 5)
    if up == "after":
        os.write(fd, b"1")

    def lock():
        lock_range(os.open("it", os.O_RDWR), fcntl.F_RDLCK, start)
    lock_in_child(c, "while I have it", lock)
    lock_range(fd, fcntl.F_UNLCK, 5)
    lock_in_child(c, "afterwards", lock)
    os.close(fd)


@case(origin=ORIGINS, end=("reader", "writer"))
def pipes_with_names(c, origin, end):
    c.make("fifo", "it", origin)
    yield
    reader = os.open("it", os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open("it", os.O_WRONLY | os.O_NONBLOCK)
    if end == "writer":
        os.chmod("it", 0o600)
    os.write(writer, b"through the pipe")
    c.note("read", os.read(reader, 100))
    os.close(writer)
    c.note("end", os.read(reader, 100))
    os.close(reader)


@case(origin=ORIGINS, when=("fresh", "moved"))
def sockets_with_names(c, origin, when):
    import socket
    c.make("directory", "dir", "upper" if origin == "replaced" else origin)
    yield
    server = socket.socket(socket.AF_UNIX)
    server.bind("dir/socket")
    server.listen()
    if when == "moved":
        os.rename("dir/socket", "socket")
        os.symlink("../socket", "dir/socket")
    client = socket.socket(socket.AF_UNIX)
    c.see("connect", client.connect, "dir/socket")
    client.close()
    server.close()


@case(origin=ORIGINS, mode=(0o755, 0o644))
def running_programs(c, origin, mode):
    with open("/bin/true", "rb") as file:
        program = file.read()
    c.make("file", "it", origin, program, mode=mode)
    yield
    import subprocess
    try:
        c.note("ran", subprocess.run(["./it"], check=False).returncode)
    except OSError as error:
        c.note("not", error.errno)
    c.see("stat", os.stat, "it")
    os.truncate("it", 10)
