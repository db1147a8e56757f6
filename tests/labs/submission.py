"""What is taken of a submission: lab files, by where they are.

    ns.c   lab/ns.c   ch01-namespaces/lab/ns.c   alice/ch01-namespaces/lab/ns.c

are one and the same file to a grading of ch01.  Nothing here trusts what it
reads: links are not followed, only plain files are opened, and everything has
a bound.  collect() runs on the host, as root; unpack() in the container, for an
archive is a program's input and programs have faults.
"""

import os
import re
import stat
import tarfile
import zipfile
import zlib

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip")
ARCHIVE_LIMIT = 16 << 20
FILE_LIMIT = 1 << 20
FILES_LIMIT = 10000     # looked at; far fewer are taken
SOURCE = re.compile(r"[A-Za-z0-9_-]+\.[ch]")
CHAPTER = re.compile(r"ch\d\d-[a-z0-9-]+")


class Refused(Exception):
    """It cannot be graded; says why."""


def lab_name(path, chapter):
    """The file of this chapter's lab that `path` is: its name, or None."""
    *directories, name = [part for part in path.split("/")
                          if part not in ("", ".")] or [""]
    if directories[-1:] == ["lab"]:
        directories.pop()
        if directories and CHAPTER.fullmatch(directories[-1]):
            if not directories.pop().startswith(chapter[:4]):
                return None
    # One directory around it all is what archives usually have.
    if len(directories) > 1 or ".." in directories or \
            not SOURCE.fullmatch(name):
        return None
    return name


def write_new(directory, name, data):
    """Of two that are the same to us the first counts."""
    try:
        with open(os.path.join(directory, name), "xb") as file:
            file.write(data)
    except FileExistsError:
        pass


def read_plain(name, limit, dir_fd=None):
    """The content of a file that is a file, and no longer than this."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK,
                     dir_fd=dir_fd)
    except OSError as error:
        raise Refused("%s is a link, or cannot be read: %s" %
                      (os.path.basename(name), error.strerror)) from None
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Refused("%s is not a plain file" % os.path.basename(name))
        return bounded(file, limit, os.path.basename(name))


def bounded(file, limit, name):
    data = file.read(limit + 1)
    if len(data) > limit:
        raise Refused("%s is larger than %d kB" % (name, limit >> 10))
    return data


def collect(directory, chapter, into):
    """Copy a chapter's lab files out of a directory (a descriptor)."""
    seen = 0
    for top, directories, names, fd in os.fwalk(".", dir_fd=directory,
                                                follow_symlinks=False):
        directories.sort()
        if top.count("/") >= 3:
            directories.clear()
        seen += len(names) + len(directories)
        if seen > FILES_LIMIT:
            raise Refused("more than %d files" % FILES_LIMIT)
        for name in sorted(names):
            lab = lab_name(os.path.join(top, name), chapter)
            if lab:
                write_new(into, lab, read_plain(name, FILE_LIMIT, fd))
    check_any(into)


def unpack(archive, chapter, into):
    """The same out of an archive."""
    try:
        with open(archive, "rb") as file:
            is_zip = file.read(4) == b"PK\3\4"
        if is_zip:
            take_zip(archive, chapter, into)
        else:
            take_tar(archive, chapter, into)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError,
            NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise Refused("cannot be unpacked: %s" % error) from None
    check_any(into)


def take_zip(archive, chapter, into):
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist()[:FILES_LIMIT]:
            lab = lab_name(info.filename, chapter)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if lab and kind in (0, stat.S_IFREG):
                with packed.open(info) as file:
                    write_new(into, lab, bounded(file, FILE_LIMIT, lab))


def take_tar(archive, chapter, into):
    with tarfile.open(archive) as packed:
        for _, info in zip(range(FILES_LIMIT), packed):
            lab = lab_name(info.name, chapter)
            if lab and info.isreg():
                with packed.extractfile(info) as file:
                    write_new(into, lab, bounded(file, FILE_LIMIT, lab))


def check_any(directory):
    if not os.listdir(directory):
        raise Refused("no lab file in it, such as ns.c at the top or in "
                      "chNN-.../lab/")
