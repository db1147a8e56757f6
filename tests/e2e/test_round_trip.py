"""A layer of 20,000 files, with every oddity that a file can have: it comes out
of the store as it went in, and a container of either storage driver shows it
as it is.

    tar -> layer -> tar                          the same bytes (save)
    two tars -> layers -> union -> tar           the same entries (export)
"""

import hashlib
import io
import os
import struct
import tarfile

import harness
from test_images import LINK, directory, docker_archive, link, member, tar

DEMO = harness.program("ch06-final")
FILES = 20000
# VFS_CAP_REVISION_2: cap_net_raw, permitted and effective.
CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)


def attribute(value):
    """As PAX_FORMAT takes it: bytes, that are no text, through surrogates."""
    return value.decode("utf-8", "surrogateescape")


# More than is lent to anybody.
HIGH = 40000 if harness.caller else 4000000000


def odd(i, path):
    """The entry `i`: one oddity after the other."""
    name = "%s/%05d" % (path, i)
    data = b"%d\n" % i * (i % 40)
    kinds = [
        lambda: member(name, data),
        lambda: member(name, data, mode=0o4755, uid=i, gid=i + 1),
        lambda: member(name, data, mode=0o2750),
        lambda: member(name, mtime=1600000000 + i, pax_headers={
            "mtime": "%d.%09d" % (1600000000 + i, i * 37 + 1)}),
        lambda: link(name, "../%d/no\u00efthing" % i),
        lambda: directory(name, mode=0o1777),
        lambda: member(name, type=tarfile.FIFOTYPE, mode=0o600),
        lambda: member(name, type=tarfile.CHRTYPE, devmajor=1,
                       devminor=(3, 5, 7, 8, 9)[i // 20 % 5], mode=0o666),
        lambda: member(name + "\udcff\udce9", data),
        lambda: member(name + "n" * 230, data),
        lambda: member(name, data, pax_headers={
            "SCHILY.xattr.user.mime": "text/plain"}),
        lambda: member(name, data, mode=0o755, pax_headers={
            "SCHILY.xattr.security.capability": attribute(CAPABILITY)}),
        lambda: member(name + " \n\t\x1b", data, mtime=0),
        lambda: link(name, "t" * 500),
        lambda: directory(name, uid=HIGH, gid=HIGH),
        lambda: member(name + "e\u0301", data, mtime=-86400 * i),
    ]
    return kinds[i % len(kinds)]()


def sparse(name, holes):
    """GNU sparse 1.0: a kilobyte, and nothing up to `holes` bytes."""
    table = b"2\n0\n1024\n%d\n0\n" % holes
    return member("GNUSparseFile.0/" + name, table + bytes(512 - len(table)) +
                  b"s" * 1024, pax_headers={
                      "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
                      "GNU.sparse.name": name,
                      "GNU.sparse.realsize": str(holes)})


def lower_layer():
    entries = [directory(".")]
    for i in range(FILES):
        path = "d%d" % (i // 1000)
        if i % 1000 == 0:
            entries.append(directory(path, mode=0o755))
        entries.append(odd(i, path))
    for i in range(0, 400, 16):
        entries.append(link("hard%d" % i, "d0/%05d" % i, LINK))
    entries += [sparse("sparse%d" % i, 1 << 24) for i in range(3)]
    return tar(*entries)


def upper_layer():
    """Deletes files of each kind, hides a directory, replaces some."""
    entries = [directory("."), directory("d1"), directory("d4")]
    entries += [member("d1/.wh.%05d" % i)
                for i in range(1000, 1112) if i % 16 in (0, 4, 5, 6, 7)]
    entries += [member(".wh.d2"), directory("d3"), member("d3/.wh..wh..opq"),
                member("d3/new", b"new"), member("d4/04000", b"another"),
                directory("d4/04004"), member("hard0", b"no longer linked")]
    return tar(*entries)


# ---- what a tar says --------------------------------------------------------

def entries(data):
    """{path: everything about it}, and which paths are one file."""
    found, groups = {}, {}
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8",
                      errors="surrogateescape") as archive:
        for info in archive:
            path = os.path.normpath(info.name)
            if info.islnk():
                groups.setdefault(os.path.normpath(info.linkname), set()).add(
                    path)
                continue
            content = None
            if info.isreg():
                content = hashlib.sha256(
                    archive.extractfile(info).read()).hexdigest()
            seconds = info.pax_headers.get("mtime", str(int(info.mtime)))
            whole, _, part = seconds.partition(".")
            found[path] = (
                info.type, 0 if info.issym() else info.mode, info.uid,
                info.gid, info.linkname,
                info.devmajor, info.devminor, content,
                (int(whole), (part + "0" * 9)[:9] if part else "0" * 9),
                sorted((key, value) for key, value in
                       info.pax_headers.items() if "xattr" in key))
    return found, groups


def on_top(lower, upper):
    """What a union of the two shows."""
    found, links = entries(lower)
    more, _ = entries(upper)
    for path in more:
        parent, base = os.path.split(path)
        gone = (parent + "/" if parent else "") + base[4:]
        if base == ".wh..wh..opq":
            found = {p: e for p, e in found.items()
                     if not p.startswith(parent + "/")}
        elif base.startswith(".wh."):
            found = {p: e for p, e in found.items()
                     if p != gone and not p.startswith(gone + "/")}
    for path, entry in more.items():
        if not os.path.basename(path).startswith(".wh."):
            found[path] = entry
            for group in links.values():
                group.discard(path)
    return found, links


class RoundTrip(harness.KernelTest):
    driver = "overlay"

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root: owners and devices are written")
        self.place = self.scratch()
        self.need_attribute(self.place, "user.mime", b"")
        self.root = self.place + "/store"
        self.env = harness.environment(MYDOCKER_ROOT=self.root,
                                       MYDOCKER_DRIVER=self.driver)

    def demo(self, *words):
        done = self.run_command([DEMO, *words], env=self.env, timeout=120)
        self.assertEqual((done.status, done.err), (0, ""), str(done))
        return done.out

    def test_20000_files(self):
        lower, upper = lower_layer(), upper_layer()
        with open(self.place + "/in.tar", "wb") as file:
            file.write(docker_archive([lower, upper], names=["odd:1"]))
        self.demo("load", "-q", "-i", self.place + "/in.tar")
        self.demo("save", "-o", self.place + "/out.tar", "odd:1")
        with tarfile.open(self.place + "/out.tar") as archive:
            for layer in (lower, upper):
                got = archive.extractfile(
                    "blobs/sha256/" + hashlib.sha256(layer).hexdigest()).read()
                self.assertTrue(got == layer, "another tar came out")
        self.see_holes()
        name = "mydocker-test-%d-odd" % os.getpid()
        self.demo("create", "--name", name, "odd:1")
        self.addCleanup(self.run_command, [DEMO, "rm", "-f", name],
                        env=self.env)
        self.demo("export", "-o", self.place + "/export.tar", name)
        with open(self.place + "/export.tar", "rb") as file:
            self.compare(on_top(lower, upper), entries(file.read()))

    def see_holes(self):
        for path, _, names in os.walk(self.root):
            for name in names:
                if name.startswith("sparse"):
                    st = os.lstat(os.path.join(path, name))
                    self.assertEqual(st.st_size, 1 << 24)
                    self.assertLess(st.st_blocks * 512, 1 << 20)

    def compare(self, expected, got):
        """A file with several names: any of them may come first."""
        (files, links), (seen, others) = expected, got
        # The root directory is the container's own.
        del files["."], seen["."]
        # An ordinary user makes no devices; each container has those.
        devices = [path for path in files if harness.caller and
                   files[path][0] == tarfile.CHRTYPE]
        for path in devices:
            del files[path]
        # And where there is one id, everything is its.
        if harness.caller and not harness.caller.count:
            files = {path: (*entry[:2], 0, 0, *entry[4:])
                     for path, entry in files.items()}
        for path, group in links.items():
            for name in group:
                files[name] = files[path]
        for path, group in others.items():
            for name in group:
                seen[name] = seen[path]
            group.add(path)
        self.assertEqual(sorted(files.keys() - seen.keys())[:5], [])
        self.assertEqual(sorted(seen.keys() - files.keys())[:5], [])
        wrong = [path for path in files if files[path] != seen[path]]
        self.assertEqual([(p, files[p], seen[p]) for p in wrong[:3]], [])
        self.assertGreater(len(files) + len(devices), FILES * 9 // 10)
        for path, group in links.items():
            if group:
                self.assertIn(group | {path}, others.values())


class AufsRoundTrip(RoundTrip):
    driver = "aufs"
