"""mydocker-image: what it takes in, what it refuses, and that a refusal or a
kill changes nothing.

Archives are made by tarfile and by hand, the real ones by debootstrap, buildah
and skopeo (debian_image.py).  Every hostile case is held against a whole tree:
the store, with an image in it, and a place beside it for an escape to hit.
"""

import bz2
import glob
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import tarfile
import time
import unittest

import debian_image
import harness

TOOL = harness.program("ch06-final", "mydocker-image")
DIRECTORY, SYMLINK, LINK = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


# ---- making archives --------------------------------------------------------

def member(name, data=b"", **fields):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    entry.mtime = 1000000000
    for key, value in fields.items():
        setattr(entry, key, value)
    return entry, data


def link(name, target, kind=SYMLINK):
    return member(name, type=kind, linkname=target)


def directory(name, **fields):
    fields.setdefault("mode", 0o755)
    return member(name, type=DIRECTORY, **fields)


def tar(*members, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8",
                      errors="surrogateescape") as archive:
        for entry, data in members:
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def header(name, size=b"%011o\0" % 0, kind=b"0", mode=b"0000644\0"):
    """A header by hand, for what tarfile would not write."""
    block = bytearray(512)
    for place, value in ((0, name), (100, mode), (108, b"0000000\0"),
                         (116, b"0000000\0"), (124, size),
                         (136, b"%011o\0" % 0), (148, b" " * 8), (156, kind),
                         (257, b"ustar\00000")):
        block[place:place + len(value)] = value
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


END = bytes(1024)


def hexdigest(data):
    return hashlib.sha256(data).hexdigest()


def config_of(layers, **more):
    config = {"architecture": "amd64", "os": "linux",
              "config": {"Cmd": ["sh"]},
              "rootfs": {"type": "layers", "diff_ids":
                         ["sha256:" + hexdigest(l) for l in layers]}}
    config.update(more)
    return json.dumps(config).encode()


def docker_archive(layers, names=("evil:1",), config=None, manifest=None,
                   files=None, extra=()):
    """As `docker save`; any part can be made to lie."""
    config = config_of(layers) if config is None else config
    image = {"Config": hexdigest(config) + ".json",
             "RepoTags": list(names) if names is not None else None,
             "Layers": ["%d/layer.tar" % i for i in range(len(layers))]}
    if files is None:
        files = layers
    members = [member("%d/layer.tar" % i, data)
               for i, data in enumerate(files)]
    members.append(member(hexdigest(config) + ".json", config))
    manifest = [dict(image, **(manifest or {}))] \
        if not isinstance(manifest, (bytes, list)) else manifest
    if not isinstance(manifest, bytes):
        manifest = json.dumps(manifest).encode()
    return tar(*members, *extra, member("manifest.json", manifest))


def descriptor(data, kind, **more):
    return dict({"mediaType": "application/vnd.oci.image." + kind,
                 "digest": "sha256:" + hexdigest(data), "size": len(data)},
                **more)


def oci_archive(layers, name="evil:1", config=None, change=None, files=None,
                compress=gzip.compress, suffix="+gzip", index=None):
    """As buildah and skopeo; `change` may edit the parts before they are
    written: {"layers": ..., "manifest": ..., "index": ..., "blobs": ...}."""
    config = config_of(layers) if config is None else config
    packed = [compress(l) for l in (layers if files is None else files)]
    manifest = {"schemaVersion": 2,
                "config": descriptor(config, "config.v1+json"),
                "layers": [descriptor(p, "layer.v1.tar" + suffix)
                           for p in packed]}
    blobs = {hexdigest(b): b for b in packed + [config]}
    if change:
        change(manifest, blobs)
    written = json.dumps(manifest).encode()
    blobs[hexdigest(written)] = written
    top = index or {"schemaVersion": 2, "manifests": [descriptor(
        written, "manifest.v1+json",
        annotations={"org.opencontainers.image.ref.name": name})]}
    return tar(member("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
               member("index.json", json.dumps(top).encode()),
               *(member("blobs/sha256/" + h, b) for h, b in blobs.items()))


GOOD = tar(directory("."), directory("bin"), member("bin/sh", b"#!\n",
                                                   mode=0o755))


# ---- the frame --------------------------------------------------------------

def everything(top):
    """The state of a tree; times too, since a touch is a change."""
    found = {}
    for path, directories, names in os.walk(os.fsencode(top)):
        for name in [b"."] + directories + names:
            full = os.path.join(path, name)
            st = os.lstat(full)
            content = None
            if stat.S_ISREG(st.st_mode):
                with open(full, "rb") as file:
                    content = hexdigest(file.read())
            elif stat.S_ISLNK(st.st_mode):
                content = os.readlink(full)
            # A directory of the store in which something was made and removed
            # again has a new time; nothing else has.
            time_ns = 0 if stat.S_ISDIR(st.st_mode) else st.st_mtime_ns
            found[full] = (st.st_mode, st.st_uid, st.st_gid, st.st_ino,
                           time_ns, content)
    return found


class Images(harness.KernelTest):
    driver = "overlay"

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root: owners and devices are written")
        if not os.access(TOOL, os.X_OK):
            self.skipTest(TOOL + " is not built")
        self.box = self.scratch()
        self.store = os.path.join(self.box, "deep", "store")
        if self.driver != "overlay":
            self.store = os.path.join(self.store, self.driver)
        os.makedirs(os.path.join(self.box, "outside"))
        self.canary = os.path.join(self.box, "outside", "canary")
        with open(self.canary, "w", encoding="utf-8") as file:
            file.write("sings\n")

    def file(self, data, name="archive.tar"):
        path = os.path.join(self.box, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def tool(self, *arguments, **more):
        root = (self.store if self.driver == "overlay"
                else os.path.dirname(self.store))
        return self.run_command([TOOL, "--root", root, "--storage-driver",
                                 self.driver, *arguments], **more)

    def load(self, data):
        done = self.tool("load", "-i", self.file(data))
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(done.err, "", str(done))
        return done.out

    def bring_in(self, data, name="box:1"):
        done = self.tool("import", self.file(data), name)
        self.assertEqual(done.status, 0, str(done))
        return self.layer(name)

    def names(self):
        with open(os.path.join(self.store, "images.json"),
                  encoding="utf-8") as file:
            return json.load(file)["images"]

    def config(self, name):
        digits = self.names()[name].split(":")[1]
        with open(os.path.join(self.store, "blobs/sha256", digits),
                  "rb") as file:
            data = file.read()
        self.assertEqual(hexdigest(data), digits)
        return json.loads(data)

    def layers(self, name):
        """Directories, the bottom first."""
        return [os.path.join(self.store, "layers", d.split(":")[1])
                for d in self.config(name)["rootfs"]["diff_ids"]]

    def layer(self, name):
        return self.layers(name)[-1]

    def merged(self, name):
        return debian_image.merged_entries(reversed(self.layers(name)))

    def check_store(self):
        """Every name has an image, every image its layers, and there is
        nothing else."""
        images = set(os.listdir(os.path.join(self.store, "blobs/sha256")))
        needed = set()
        for digits in images:
            path = os.path.join(self.store, "blobs/sha256", digits)
            with open(path, "rb") as file:
                data = file.read()
            self.assertEqual(hexdigest(data), digits)
            for diff in json.loads(data)["rootfs"]["diff_ids"]:
                needed |= {diff[7:], diff[7:] + ".size", diff[7:] + ".recipe"}
        if os.path.exists(os.path.join(self.store, "images.json")):
            for name, image in self.names().items():
                self.assertIn(image[7:], images, name)
        self.assertEqual(set(os.listdir(os.path.join(self.store, "layers"))),
                         needed)
        self.assertEqual(os.listdir(os.path.join(self.store, "tmp")), [])
        # The tar of every layer can be made again, to the byte.
        done = self.tool("check")
        self.assertEqual((done.status, done.err), (0, ""), str(done))


class Refusal(Images):
    """Each case: exit status 1, one line that says why, nothing changed."""

    def setUp(self):
        super().setUp()
        self.load(docker_archive([GOOD], ["good:1"]))
        os.symlink(self.canary, os.path.join(self.box, "link"))

    def refused(self, done, before, *words):
        self.assertEqual(done.status, 1, str(done))
        self.assertEqual(done.out, "", str(done))
        self.assertRegex(done.err, r"\Amydocker: [ -~\x80-\U0010ffff]+\n\Z",
                         str(done))
        for word in words:
            self.assertIn(word, done.err, str(done))
        self.assertEqual(everything(self.box), before, str(done))

    def refuse(self, verb, data, *words):
        path = self.file(data)
        before = everything(self.box)
        arguments = {"load": ["load", "-i", path],
                     "import": ["import", path, "evil:1"]}[verb]
        self.refused(self.tool(*arguments), before, verb + " " + path, *words)

    def refuse_layer(self, layer, *words):
        """As a root file system, as a docker-archive, and as the second layer
        of an OCI archive, whose first is in the store already."""
        self.refuse("import", layer, *words)
        self.refuse("load", docker_archive([layer]), *words)
        self.refuse("load", oci_archive([GOOD, layer]), *words)

    # -- paths

    def test_absolute_paths(self):
        for name in ("/mydocker-evil", "//mydocker-evil", self.canary):
            self.refuse_layer(tar(member(name, b"x")), "absolute path")

    def test_paths_with_dot_dot(self):
        for name in ("..", "../outside/canary", "a/../../../outside/canary",
                     "./../x", "a/..", "bin/../../x"):
            self.refuse_layer(tar(directory("a"), member(name, b"x")), '".."')
        self.refuse_layer(tar(directory("..", mode=0o777)), '".."')

    def test_paths_through_symbolic_links(self):
        outside = os.path.dirname(self.canary)
        up = "../../../../outside"
        for target in (outside, up, "/", ".", "real"):
            for rest in ("canary", "new", "deep/new"):
                self.refuse_layer(
                    tar(directory("real"), link("l", target),
                        member("l/" + rest, b"x")), "symbolic link l")
        self.refuse_layer(tar(link("l", outside), directory("l/sub")),
                          "symbolic link l")
        self.refuse_layer(tar(link("l", outside), link("l/s", "x")),
                          "symbolic link l")
        self.refuse_layer(tar(link("l", outside), member("l/.wh.canary")),
                          "symbolic link l")
        self.refuse_layer(tar(link("l", outside), member("l/.wh..wh..opq")),
                          "symbolic link l")

    def test_a_link_in_place_of_a_directory_is_not_followed(self):
        self.refuse_layer(
            tar(directory("a"), directory("a/b"), link("a", "/tmp"),
                member("a/b/c", b"x")), "symbolic link a")

    def test_a_file_is_not_a_directory(self):
        self.refuse_layer(tar(member("f", b"x"), member("f/g", b"x")),
                          "Not a directory")

    def test_names_too_long(self):
        self.refuse_layer(tar(member("n" * 256)), "more than 255 bytes")

    # -- links

    def test_hard_links_out_of_the_root(self):
        self.refuse_layer(tar(link("h", "/etc/passwd", LINK)), "absolute")
        self.refuse_layer(tar(link("h", "../outside/canary", LINK)), '".."')
        self.refuse_layer(tar(link("h", "not-there", LINK)),
                          "does not come before it")
        self.refuse_layer(tar(link("l", os.path.dirname(self.canary)),
                              link("h", "l/canary", LINK)), "symbolic link l")
        # One to the link itself stays inside, but writing through must not.
        self.refuse_layer(tar(link("l", self.canary), link("h", "l", LINK),
                              member("h/x", b"x")), "symbolic link h")

    def test_hard_links_to_nothing_that_can_be_linked(self):
        self.refuse_layer(tar(directory("d"), link("h", "d", LINK)),
                          "the directory d")
        self.refuse_layer(tar(member("f"), link("f", "f", LINK)), "to itself")
        self.refuse_layer(tar(link("h", ".", LINK)), "does not come before")
        self.refuse_layer(tar(member(".wh.gone"), link("h", "gone", LINK)),
                          "does not come before")

    def test_a_symbolic_link_to_nothing(self):
        self.refuse_layer(header(b"s", kind=b"2") + END, "to nothing")

    # -- devices

    def test_devices(self):
        for kind, major, minor in (
                (tarfile.BLKTYPE, 8, 0), (tarfile.CHRTYPE, 1, 1),
                (tarfile.CHRTYPE, 10, 200), (tarfile.BLKTYPE, 1, 3),
                (tarfile.CHRTYPE, 0, 0), (tarfile.CHRTYPE, 5, 3),
                (tarfile.CHRTYPE, 1, 259)):
            self.refuse_layer(
                tar(member("dev-node", type=kind, devmajor=major,
                           devminor=minor)), "device %d:%d" % (major, minor))

    # -- whiteouts

    def test_whiteouts_of_nothing(self):
        for name in (".wh.", ".wh..", ".wh...", "a/.wh..", "a/.wh..."):
            self.refuse_layer(tar(directory("a"), member(name)),
                              "whiteout of a directory's own entry")

    def test_whiteouts_that_are_no_files(self):
        for marker in (".wh.x", ".wh..wh..opq"):
            self.refuse_layer(tar(directory(marker)), "not a regular file")
            self.refuse_layer(tar(link(marker, "x")), "not a regular file")
            self.refuse_layer(tar(member("f"), link(marker, "f", LINK)),
                              "not a regular file")
        self.refuse_layer(tar(member(".wh.x/y", b"x")), "below a whiteout")

    def test_the_bookkeeping_of_overlayfs(self):
        for name in ("trusted.overlay.redirect", "trusted.overlay.opaque",
                     "user.overlay.metacopy", "trusted.overlay.overlay.x"):
            self.refuse_layer(
                tar(member("f", b"x", pax_headers={
                    "SCHILY.xattr." + name: "/etc"})), "overlayfs's own")

    # -- numbers

    def test_owners_that_are_none(self):
        for uid in (2 ** 32 - 1, 2 ** 32, 2 ** 40):
            self.refuse_layer(tar(member("f", uid=uid)), "owner")
            self.refuse_layer(tar(member("f", gid=uid)), "owner")

    def test_sizes_that_lie(self):
        huge = header(b"f", size=b"\x80" + (2 ** 60).to_bytes(11, "big"))
        negative = header(b"f", size=b"\xff" * 12)
        for data in (huge + END, negative + END):
            self.refuse("import", data)
            self.refuse("load", docker_archive([data]))
            self.refuse("load", data)

    def test_a_sparse_file_beyond_all_disks(self):
        # GNU sparse 1.0: one byte at the end of 2^62.
        size = 2 ** 62
        table = b"1\n%d\n1\n" % (size - 1)
        data = table + bytes(512 - len(table)) + b"x"
        entry, data = member("GNUSparseFile.0/f", data, pax_headers={
            "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
            "GNU.sparse.name": "f", "GNU.sparse.realsize": str(size)})
        self.refuse("import", tar((entry, data)), "File too large")

    # -- bombs

    def small_disk(self, options, verb, archive):
        """What `load` or `import` says where there is not much room; nothing
        of it stays."""
        disk = self.box + "/outside"
        root = "%s --root %s/s " % (TOOL, disk)
        done = self.run_command(
            ["unshare", "-m", "--propagation", "private", "sh", "-c",
             "mount -t tmpfs -o %s none %s && %s builtin busybox && %s %s; "
             "echo status $?; ls %s/s/layers | wc -l; ls %s/s/tmp %s/s/partial;"
             "df --output=pcent %s" % (
                 options, disk, root, root,
                 "load -i " + archive if verb == "load" else
                 "import %s evil:1" % archive, disk, disk, disk, disk)])
        self.assertIn("\nstatus 1\n3\n", done.out, str(done))
        self.assertLess(int(done.out.split()[-1].rstrip("%")), 40, str(done))
        self.assertEqual(done.err.count("\n"), 1, str(done))
        return done.err

    def test_a_bomb(self):
        # Two gigabytes of zeros in 2 MB; a gzip file may have many members.
        zeros = gzip.compress(bytes(1 << 24), 9)
        bomb = (gzip.compress(header(b"bomb", b"%011o\0" % (1 << 31))) +
                zeros * 128 + gzip.compress(END))
        self.assertLess(len(bomb), 3 << 20)
        refusal = ("No space left on device: less than 6553 kB of this disk "
                   "would stay free")
        self.assertIn("bomb: " + refusal, self.small_disk(
            "size=128m", "import", self.file(bomb)))
        self.assertIn(refusal, self.small_disk(
            "size=128m", "load", self.file(oci_archive(
                [b""], files=[bomb], compress=bytes))))
        # The archive itself.
        self.assertIn(refusal, self.small_disk(
            "size=128m", "load", self.file(bomb)))

    def test_a_bomb_of_names(self):
        bomb = b"".join(header(b"%d" % i) for i in range(5000)) + END
        self.assertIn(
            "device: fewer than 210 more files would go on this disk",
            self.small_disk("nr_inodes=4200", "import", self.file(bomb)))

    def test_a_bomb_of_depth(self):
        self.refuse_layer(tar(member("d/" * 16384 + "f", b"x")),
                          "a path of more than 32768 bytes")
        self.refuse_layer(tar(member("f"), member(
            "h", type=LINK, linkname="d/" * 20000 + "f")),
            "hard link", "a path of more than 32768 bytes")

    # -- damage

    def test_truncation(self):
        data = tar(directory("d"), member("d/a", b"a" * 3000),
                   member("d/b", b"b" * 100))
        for cut in (1, 100, 511, 512, 513, 700, 1024, 1600, 4096, 4607):
            self.refuse("import", data[:cut])
            # As a layer: its digest is of the whole.
            self.refuse("load", docker_archive([data], files=[data[:cut]]))
        self.refuse("import", data[:512], "breaks off")
        archive = docker_archive([data])
        for cut in range(0, len(archive.rstrip(b"\0")), 700):
            self.refuse("load", archive[:cut])

    def test_truncated_compression(self):
        data = random.Random(1).randbytes(200000)
        plain = tar(member("f", data))
        for pack in (gzip.compress, bz2.compress, lzma.compress):
            packed = pack(plain)
            for cut in (20, len(packed) // 2, len(packed) - 4):
                self.refuse("import", packed[:cut])
                self.refuse("load", oci_archive(
                    [plain], compress=lambda _, p=packed, c=cut: p[:c]))
            self.refuse("load", pack(docker_archive([plain]))[:-3000])

    def test_damaged_bytes(self):
        data = random.Random(2).randbytes(100000)
        plain = tar(member("f", data))
        packed = bytearray(gzip.compress(plain))
        packed[len(packed) // 2] ^= 0xff
        self.refuse("import", bytes(packed))
        self.refuse("load", oci_archive([plain],
                                        compress=lambda _: bytes(packed)))
        bad = bytearray(plain)
        bad[10] ^= 1                    # the checksum of the header is wrong
        self.refuse("import", bytes(bad), "damaged")
        bad = bytearray(plain)
        bad[5000] ^= 1                  # only a digest can tell
        self.refuse("load", docker_archive([plain], files=[bytes(bad)]),
                    "has the digest")

    def test_what_is_no_archive(self):
        for data in (b"", b"x", b"hello\n" * 1000, bytes(512) + b"x" * 512,
                     gzip.compress(b"hello"), gzip.compress(b""),
                     b"\x1f\x8b", bytes(range(256)) * 40):
            self.refuse("import", data)
            self.refuse("load", data)
        self.refuse("load", GOOD, "import")
        before = everything(self.box)
        for what in (self.box, "/dev/zero", os.path.join(self.box, "none")):
            self.refused(self.tool("load", "-i", what), before, what)
            self.refused(self.tool("import", what, "evil:1"), before, what)

    def test_an_end_without_end(self):
        """A little gzip that unpacks to zeros for ever, after a good tar."""
        packed = gzip.compress(GOOD) + gzip.compress(bytes(1 << 24)) * 100
        self.refuse("import", packed, "after its end")
        self.refuse("load", oci_archive([GOOD + b"x"],
                                        compress=lambda _: packed),
                    "after its end")

    # -- what an archive claims

    def test_names_that_are_none(self):
        for name in ("UPPER", "a b", "", "x:", ":y", "a//b", "../x", "-a",
                     "x:" + "t" * 129, "x\ny", "a" * 64, "x@sha256:12"):
            self.refuse("load", docker_archive([GOOD], [name]), "invalid")
            self.refuse("load", oci_archive([GOOD], name), "invalid")
            if name:
                path = self.file(GOOD)
                before = everything(self.box)
                self.refused(self.tool("import", path, name), before,
                             "invalid")

    def test_a_manifest_that_is_none(self):
        for manifest in (b"", b"{", b"[]", b"{}", b"null", b"[null]", b"[1]",
                         b"[[]]", b"[{}]", b'[{"Config": 3}]',
                         b"\xff\xfe", b"[" * 100000,
                         b'[{"Config": "a", "Config": "b"}]',
                         b"[" + b"1e999," * 10 + b"1]",
                         b"[99999999999999999999999999]"):
            self.refuse("load", docker_archive([GOOD], manifest=manifest),
                        "manifest.json")

    def test_a_manifest_that_lies(self):
        inside = {"Layers": ["../../../etc/passwd"]}
        self.refuse("load", docker_archive([GOOD], manifest=inside),
                    "leads out of the archive")
        for layers, words in (
                (["/etc/passwd"], "not the name of a file"),
                ([""], "not the name of a file"),
                (["nowhere/layer.tar"], "is missing"),
                ([], "it has 0 layers, but its config lists 1"),
                (["0/layer.tar"] * 2, "it has 2 layers"),
                (["manifest.json"], "damaged"),
                ("0/layer.tar", "not a list"), ([7], "not a text"),
                (["0/layer.tar"] * 501, "501 layers")):
            layer = GOOD if layers != ["manifest.json"] else \
                tar(member("other"))
            self.refuse("load", docker_archive(
                [layer], manifest={"Layers": layers}), words)
        for config, words in (("../x", "leads out"), ("none", "is missing"),
                              ("/x", "not the name"),
                              ("0/layer.tar", "zero byte"),
                              ("", "not the name")):
            self.refuse("load", docker_archive(
                [GOOD], manifest={"Config": config}), words)
        self.refuse("load", docker_archive(
            [GOOD], manifest={"RepoTags": "evil:1"}), "not a list")

    def test_a_config_that_lies(self):
        self.refuse("load", docker_archive(
            [GOOD], extra=[member("a" * 64 + ".json", config_of([GOOD]))],
            manifest={"Config": "a" * 64 + ".json"}), "was changed")
        wrong = tar(member("something-else"))
        self.refuse("load", docker_archive([wrong], config=config_of(
            [tar(member("claimed"))])), "has the digest")
        for config, words in (
                (b"", "JSON"), (b"{}", "rootfs"), (b"[]", "object"),
                (config_of([GOOD], os="windows"), "windows"),
                (config_of([GOOD], rootfs={"diff_ids": []}), "no layers"),
                (config_of([GOOD], rootfs={"diff_ids": "x"}), "not a list"),
                (config_of([GOOD], rootfs={"diff_ids": [1]}), "not a text"),
                (config_of([GOOD], rootfs={"diff_ids": ["sha256:../../x"]}),
                 "not a sha256 digest"),
                (config_of([GOOD], rootfs={"diff_ids": ["sha256:" + "A" * 64]}),
                 "not a sha256 digest"),
                (config_of([GOOD] * 501), "501 layers"),
                (config_of([GOOD], config={"Env": "PATH=/bin"}), "Env"),
                (config_of([GOOD], config={"Env": ["novalue"]}), "Env"),
                (config_of([GOOD], config={"Cmd": [["x"]]}), "Cmd"),
                (config_of([GOOD], config={"Entrypoint": 1}), "Entrypoint"),
                (config_of([GOOD], config={"WorkingDir": {}}), "WorkingDir"),
                (config_of([GOOD], config=[]), "config"),
                (config_of([GOOD]) + b"\0", "zero byte"),
                (b"x" * (9 * 1024 * 1024), "too many")):
            self.refuse("load", docker_archive([GOOD], config=config), words)

    def test_an_oci_archive_that_lies(self):
        def other_digest(manifest, _blobs):
            manifest["layers"][0]["digest"] = "sha256:" + "0" * 64

        def path_as_digest(manifest, _blobs):
            manifest["config"]["digest"] = "sha256:../../../etc/passwd"

        def long_digest(manifest, _blobs):
            manifest["config"]["digest"] = "sha512:" + "0" * 128

        def changed_layer(manifest, blobs):
            digits = manifest["layers"][0]["digest"][7:]
            blobs[digits] = gzip.compress(tar(member("other")))

        def repacked_layer(manifest, blobs):
            # The right tar, compressed by somebody else: still not the blob.
            digits = manifest["layers"][0]["digest"][7:]
            blobs[digits] = lzma.compress(layer)

        def packed_layer(manifest, blobs):
            # By its digest it is the plain tar.
            digits = manifest["layers"][0]["digest"][7:]
            blobs[digits] = gzip.compress(layer)

        def no_image(manifest, _blobs):
            manifest["config"]["mediaType"] = "application/vnd.cncf.helm"

        def no_layer(manifest, _blobs):
            manifest["layers"][0]["mediaType"] = "text/plain"

        def one_more(manifest, _blobs):
            manifest["layers"] *= 2

        layer = tar(member("new", b"new"))
        for change, words in (
                (other_digest, "is missing"), (path_as_digest, "not a sha256"),
                (long_digest, "not a sha256"), (changed_layer, "digest"),
                (repacked_layer, "was changed"),
                (no_image, "not the manifest of an image"),
                (no_layer, "mediaType"), (one_more, "it has 2 layers")):
            self.refuse("load", oci_archive([layer], change=change), words)
        self.refuse("load", oci_archive([layer], compress=bytes, suffix="",
                                        change=packed_layer), "was changed")
        for index, words in (
                ([], "lists no manifests"), ({}, "lists no manifests"),
                ({"manifests": {}}, "lists no manifests"),
                ({"manifests": [{}]}, "without \"digest\""),
                ({"manifests": [descriptor(b"x", "manifest.v1+json")]},
                 "is missing"),
                ({"manifests": [descriptor(
                    b"x", "manifest.v1+json",
                    platform={"os": "windows", "architecture": "amd64"}),
                    descriptor(b"y", "manifest.v1+json", platform={
                        "os": "linux", "architecture": "none"})]},
                 "no image for linux/")):
            self.refuse("load", oci_archive([layer], index=index or [1]),
                        words)

    def test_links_in_a_circle_within_the_archive(self):
        self.refuse("load", docker_archive(
            [GOOD], files=[], extra=[link("0/layer.tar", "../1/layer.tar"),
                                     link("1/layer.tar", "../0/layer.tar")]),
            "is missing")
        self.refuse("load", docker_archive(
            [GOOD], files=[], extra=[link("0/layer.tar",
                                          "../../../etc/passwd")]),
            "is missing")

    # -- the machine

    def test_a_full_disk(self):
        archive = self.file(docker_archive(
            [GOOD, tar(*(member("f%d" % i, b"x" * 100000)
                         for i in range(100)))]))
        script = ("mount -t tmpfs -o size=4m none %s && "
                  "%s --root %s/s builtin busybox && "
                  "%s --root %s/s load -i %s; echo status $?; "
                  "find %s/s -type f -path '*/blobs/*' | wc -l; "
                  "ls %s/s/layers | wc -l; ls %s/s/tmp | wc -l" %
                  (self.box + "/outside", TOOL, self.box + "/outside", TOOL,
                   self.box + "/outside", archive, self.box + "/outside",
                   self.box + "/outside", self.box + "/outside"))
        done = self.run_command(["unshare", "-m", "--propagation", "private",
                                 "sh", "-c", script])
        self.assertIn("No space left on device", done.err, str(done))
        self.assertEqual(done.err.count("\n"), 1, str(done))
        self.assertEqual(done.out.split("\n")[1:],
                         ["status 1", "1", "3", "0", ""], str(done))

    def test_standard_input_that_breaks_off(self):
        data = docker_archive([GOOD, tar(member("f", b"x" * 10000))])
        before = everything(self.box)
        done = self.tool("load", data=data[:9000])
        self.refused(done, before, "load standard input")

    def test_usage(self):
        before = everything(self.box)
        for arguments in (["load", "extra"], ["load", "-x"], ["load", "-i"],
                          ["import"], ["import", "a", "b", "c"], ["builtin"],
                          ["builtin", "debian"]):
            self.refused(self.tool(*arguments), before)
        for arguments in ([], ["unload"]):
            done = self.tool(*arguments)
            self.assertEqual(done.status, 1, str(done))
            self.assertIn("usage:", done.err, str(done))

    def test_a_terminal_is_no_archive(self):
        terminal = self.terminal([TOOL, "--root", self.store, "load"])
        done = terminal.wait()
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("-i", done.out, str(done))


class Unpacking(Images):
    """What a layer has comes out as it went in."""

    def only(self, top, name):
        return debian_image.describe(os.path.join(os.fsencode(top), name),
                                     debian_image.collections.defaultdict(list))

    def test_metadata(self):
        umask = os.umask(0o077)
        self.addCleanup(os.umask, umask)
        top = self.bring_in(tar(
            directory(".", mode=0o751, uid=7),
            directory("d", mode=0o2775, uid=70000, gid=80000),
            member("d/setuid", b"s", mode=0o4755, uid=1, gid=2),
            member("d/open", b"", mode=0o666),
            member("d/closed", b"", mode=0),
            link("d/link", "../../nowhere"),
            member("d/fifo", type=tarfile.FIFOTYPE, mode=0o640),
            member("dev/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3,
                   mode=0o666),
            member("d/big", b"", uid=2 ** 32 - 2)))
        expected = {".": (0o40751, 7, 0), "d": (0o42775, 70000, 80000),
                    "d/setuid": (0o104755, 1, 2), "d/open": (0o100666, 0, 0),
                    "d/closed": (0o100000, 0, 0),
                    "d/fifo": (0o10640, 0, 0), "dev": (0o40755, 0, 0),
                    "dev/null": (0o20666, 0, 0),
                    "d/big": (0o100644, 2 ** 32 - 2, 0)}
        for name, (mode, uid, gid) in expected.items():
            st = os.lstat(os.path.join(top, name))
            self.assertEqual((oct(st.st_mode), st.st_uid, st.st_gid),
                             (oct(mode), uid, gid), name)
            if name != "dev":
                self.assertEqual(st.st_mtime, 1000000000, name)
        self.assertEqual(os.readlink(top + "/d/link"), "../../nowhere")
        self.assertEqual(os.lstat(top + "/d/link").st_mtime, 1000000000)

    def test_names(self):
        names = ["caf\udce9", "\udcff\udcfe", "e\u0301", "\u00e9",
                 "new\nline", "esc\x1b[0m", "-", " ", "n" * 255, "\u20ac" * 85,
                 ".whiteout", "a.wh.b"]
        deep = "/".join(["d" * 200] * 30)
        for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
            top = self.bring_in(tar(*(member(n, n.encode(
                "utf-8", "surrogateescape")) for n in names),
                member(deep + "/" + "f" * 200, b"deep"),
                link("long", "t" * 3000), form=form), "names:%d" % form)
            found = sorted(os.listdir(os.fsencode(top)))
            expected = [n.encode("utf-8", "surrogateescape") for n in names]
            self.assertEqual(found, sorted(expected + [b"d" * 200, b"long"]))
            for name in expected:
                with open(os.path.join(os.fsencode(top), name), "rb") as file:
                    self.assertEqual(file.read(), name)
            self.assertEqual(os.readlink(top + "/long"), "t" * 3000)
            found = subprocess.run(["find", ".", "-name", "f" * 200],
                                   cwd=top, stdout=subprocess.PIPE, check=True)
            self.assertEqual(found.stdout.decode().strip(),
                             "./%s/%s" % (deep, "f" * 200))
            # Too long for what removes the scratch directory.
            self.succeed(["rm", "-r", top])

    def test_names_without_a_charset(self):
        # A pax path that is no UTF-8, as Go's older writers made them.
        record = b"path=bad\xff\xfename\n"
        record = b"%d %s" % (len(record) + 3, record)
        data = (header(b"p", b"%011o\0" % len(record), b"x") +
                record.ljust(512, b"\0") + header(b"short") + END)
        top = self.bring_in(data)
        self.assertEqual(os.listdir(os.fsencode(top)), [b"bad\xff\xfename"])

    def test_hard_links(self):
        top = self.bring_in(tar(
            member("d/a", b"one"), link("b", "d/a", LINK),
            link("./d/c", "./b", LINK), link("s", "nowhere"),
            link("t", "s", LINK)))
        same = {os.lstat(os.path.join(top, n)).st_ino
                for n in ("d/a", "b", "d/c")}
        self.assertEqual(len(same), 1)
        self.assertEqual(os.lstat(top + "/b").st_nlink, 3)
        self.assertEqual(os.lstat(top + "/s").st_ino,
                         os.lstat(top + "/t").st_ino)

    def test_attributes(self):
        capability = bytes.fromhex("0100000200200000000000000000000000000000")
        fields = {"SCHILY.xattr.user.mydocker": "a=b%c",
                  "SCHILY.xattr.security.capability":
                      capability.decode("latin-1"),
                  "SCHILY.acl.access":
                      "user::rw-,user:1234:r-x,group::r--,mask::r-x,other::---"}
        only_acl = {"SCHILY.acl.access": "user::rw-,group::r--,other::r--",
                    "SCHILY.acl.default":
                        "user::rwx,user:5:rwx,group::r-x,group:7:---,"
                        "mask::rwx,other::---"}
        top = self.bring_in(tar(
            member("f", b"x", mode=0o650, pax_headers=fields),
            directory("d", mode=0o755, pax_headers=only_acl)))
        self.assertEqual(os.getxattr(top + "/f", "user.mydocker"), b"a=b%c")
        self.assertEqual(os.getxattr(top + "/f", "security.capability"),
                         capability)
        acl = os.getxattr(top + "/f", "system.posix_acl_access")
        self.assertEqual(acl.hex(), "02000000" "01000600ffffffff"
                         "02000500d2040000" "04000400ffffffff"
                         "10000500ffffffff" "20000000ffffffff")
        acl = os.getxattr(top + "/d", "system.posix_acl_default")
        self.assertEqual(len(acl), 4 + 6 * 8)
        self.assertEqual(os.listxattr(top + "/d"), ["system.posix_acl_default"])

    def test_sparse_files(self):
        source = os.path.join(self.box, "sparse")
        with open(source, "wb") as file:
            file.truncate(64 << 20)
            file.seek(40 << 20)
            file.write(b"middle")
        for form in ("gnu", "posix"):
            archive = os.path.join(self.box, form + ".tar")
            self.succeed(["tar", "-C", self.box, "--format", form, "-Scf",
                          archive, "sparse"])
            self.assertLess(os.path.getsize(archive), 1 << 20)
            with open(archive, "rb") as file:
                top = self.bring_in(file.read(), "sparse:" + form)
            st = os.stat(top + "/sparse")
            self.assertEqual(st.st_size, 64 << 20)
            self.assertLess(st.st_blocks * 512, 1 << 20)
            self.assertEqual(debian_image.digest(top + "/sparse"),
                             debian_image.digest(source))

    def test_the_later_of_two_counts(self):
        top = self.bring_in(tar(
            member("f", b"first"), member("f", b"second"),
            directory("d"), member("d/x", b"x"), member("d", b"a file now"),
            member("e", b"x"), directory("e"), member("e/y", b"y"),
            directory("kept", mode=0o700), member("kept/z", b"z"),
            directory("kept", mode=0o711),
            link("l", "/etc"), directory("l"), member("l/in", b"in")))
        with open(top + "/f", encoding="utf-8") as file:
            self.assertEqual(file.read(), "second")
        self.assertTrue(os.path.isfile(top + "/d"))
        self.assertEqual(os.listdir(top + "/e"), ["y"])
        self.assertEqual(os.listdir(top + "/kept"), ["z"])
        self.assertEqual(os.stat(top + "/kept").st_mode & 0o777, 0o711)
        self.assertEqual(os.listdir(top + "/l"), ["in"])

    def test_compressions(self):
        layer = tar(member("f", b"x" * 100000))
        ways = [bytes, gzip.compress, bz2.compress, lzma.compress]
        if shutil.which("zstd"):
            ways.append(lambda data: subprocess.run(
                ["zstd", "-c"], input=data, stdout=subprocess.PIPE,
                check=True).stdout)
        for i, way in enumerate(ways):
            name = "packed:%d" % i
            done = self.tool("import", "-", name, data=way(layer))
            self.assertEqual(done.status, 0, str(done))
            self.assertEqual(done.out, self.names()[name] + "\n")
            self.assertEqual(os.path.basename(self.layer(name)),
                             hexdigest(layer))
            for data in (docker_archive([layer], [name + "d"],
                                        files=[way(layer)]),
                         way(docker_archive([layer], [name + "w"]))):
                self.assertEqual(self.tool("load", data=data).status, 0)
        self.check_store()

    def test_whiteouts(self):
        lower = tar(*(m for d in "abcdefg" for m in (
            directory(d), member(d + "/low", b"low"), member(d + "-file"))))
        upper = tar(
            member(".wh.a"),                        # a directory goes
            member(".wh.a-file"),                   # a file goes
            member(".wh.b"), directory("b"), member("b/new"),   # before
            directory("c"), member("c/new"), member(".wh.c"),   # after
            directory("d"), member("d/.wh..wh..opq"), member("d/new"),
            directory("e"), member("e/new"), member("e/.wh..wh..opq"),
            member("e/newer"),
            member(".wh.f"), member("f/implied"),   # the directory not named
            member(".wh.b-file"), member("b-file", b"new"),
            member("c-file", b"new"), member(".wh.c-file"),
            member("g/.wh.low"), member("g/.wh.not-there"),
            member(".wh..wh.plnk/1.2", b"aufs"), member(".wh..wh.aufs"))
        self.load(docker_archive([lower, upper], ["white:1"]))
        merged = self.merged("white:1")
        self.assertEqual(sorted(n for n in merged if n != "."), sorted(
            ["b", "b/new", "c", "c/new", "d", "d/new", "e", "e/new",
             "e/newer", "f", "f/implied", "g", "b-file", "c-file", "d-file",
             "e-file", "f-file", "g-file"]))
        self.assertEqual(merged["b-file"]["size"], 3)
        self.assertEqual(merged["c-file"]["size"], 3)
        top = self.layer("white:1")
        for name in ("a", "a-file", "g/low", "g/not-there"):
            st = os.lstat(os.path.join(top, name))
            self.assertTrue(stat.S_ISCHR(st.st_mode), name)
            self.assertEqual(st.st_rdev, 0, name)
        for name in "bcdef":
            self.assertEqual(os.getxattr(os.path.join(top, name),
                                         "trusted.overlay.opaque"), b"y")
        self.assertEqual(os.listxattr(top + "/g"), [])
        self.assertFalse([n for n in glob.glob(top + "/**", recursive=True)
                          if ".wh." in n])


class Loading(Images):
    def test_names_and_ids(self):
        one, two = tar(member("1")), tar(member("2"))
        self.assertEqual(
            self.load(docker_archive([one], ["docker.io/library/a:1", "b",
                                             "localhost:5000/c/d:x"])),
            "Loaded image: a:1\nLoaded image: b:latest\n"
            "Loaded image: localhost:5000/c/d:x\n")
        self.assertEqual(sorted(self.names()),
                         ["a:1", "b:latest", "localhost:5000/c/d:x"])
        old = self.names()["a:1"]
        self.assertEqual(
            self.load(docker_archive([two], ["a:1"])),
            "The image a:1 already exists, renaming the old one with ID %s "
            "to empty string\nLoaded image: a:1\n" % old)
        config = config_of([two], author="x")
        for names in ([], None):
            self.assertEqual(
                self.load(docker_archive([two], names, config=config)),
                "Loaded image ID: sha256:%s\n" % hexdigest(config))
        self.assertEqual(self.load(oci_archive([one], "oci:x")),
                         "Loaded image: oci:x\n")
        self.assertEqual(self.tool("load", "-q", "-i", self.file(
            oci_archive([one], "oci:y"))).out, "")
        self.check_store()

    def test_a_directory(self):
        """What was unpacked of an archive; no link in it is followed."""
        data = oci_archive([tar(member("one"))], "oci:x")
        self.load(data)
        whole = self.names()["oci:x"]
        place = os.path.join(self.box, "layout")
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(place)
        os.unlink(os.path.join(self.store, "images.json"))
        done = self.tool("load", "-i", place)
        self.assertEqual((done.out, done.err), ("Loaded image: oci:x\n", ""))
        self.assertEqual(self.names()["oci:x"], whole)
        index = os.path.join(place, "index.json")
        os.rename(index, os.path.join(self.box, "elsewhere"))
        os.symlink(os.path.join(self.box, "elsewhere"), index)
        done = self.tool("load", "-i", place)
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("load " + place, done.err)
        self.assertEqual(done.err.count("\n"), 1, str(done))
        self.check_store()

    def test_several_images_that_share_a_layer(self):
        base, more = tar(member("base")), tar(member("more"))
        a, b = config_of([base]), config_of([base, more])
        data = tar(
            member("id1/layer.tar", base),
            link("id2/layer.tar", "../id1/layer.tar"),
            link("id3/layer.tar", "id1/layer.tar", LINK),
            member("id4/layer.tar", more),
            member(hexdigest(a) + ".json", a), member(hexdigest(b) + ".json",
                                                      b),
            member("manifest.json", json.dumps([
                {"Config": hexdigest(a) + ".json", "RepoTags": ["a:1"],
                 "Layers": ["id2/layer.tar"]},
                {"Config": hexdigest(b) + ".json", "RepoTags": ["b:1"],
                 "Layers": ["./id3/layer.tar", "id4/layer.tar"]}]).encode()))
        self.load(data)
        self.assertEqual(len(os.listdir(self.store + "/layers")), 6)
        self.assertEqual(self.layers("a:1")[0], self.layers("b:1")[0])
        self.check_store()

    def test_all_images_of_an_archive_or_none(self):
        base = tar(member("base"))
        a = config_of([base])
        data = tar(
            member("layer.tar", base), member("a.json", a),
            member("b.json", config_of([tar(member("missing"))])),
            member("manifest.json", json.dumps([
                {"Config": "a.json", "RepoTags": ["a:1"],
                 "Layers": ["layer.tar"]},
                {"Config": "b.json", "RepoTags": ["b:1"],
                 "Layers": ["layer.tar"]}]).encode()))
        done = self.tool("load", "-i", self.file(data))
        self.assertEqual(done.status, 1, str(done))
        self.assertFalse(os.path.exists(self.store + "/images.json"))
        self.check_store()

    def test_an_index_for_several_machines(self):
        layers = {name: tar(member(name)) for name in
                  ("here", "elsewhere", "attestation")}
        blobs, manifests = {}, []
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(
            os.uname().machine, os.uname().machine)
        for name, platform in (("attestation", "unknown"),
                               ("elsewhere", "s390x"), ("here", machine)):
            config = config_of([layers[name]], architecture=platform)
            manifest = json.dumps({
                "config": descriptor(config, "config.v1+json"),
                "layers": [descriptor(layers[name], "layer.v1.tar")]}).encode()
            for blob in (config, manifest, layers[name]):
                blobs[hexdigest(blob)] = blob
            manifests.append(descriptor(
                manifest, "manifest.v1+json", platform={
                    "os": "linux" if platform != "unknown" else "unknown",
                    "architecture": platform}))
        inner = json.dumps({"manifests": manifests}).encode()
        blobs[hexdigest(inner)] = inner
        for index in ({"manifests": [descriptor(
                inner, "index.v1+json", annotations={
                    "io.containerd.image.name": "docker.io/library/multi:1",
                    "org.opencontainers.image.ref.name": "1"})]},
                      {"manifests": manifests}):
            out = self.load(tar(
                member("index.json", json.dumps(index).encode()),
                *(member("blobs/sha256/" + h, b) for h, b in blobs.items())))
            self.assertEqual(out.count("\n"), 1, out)
        self.assertTrue(os.path.exists(self.layer("multi:1") + "/here"))
        # What has a name has one for each machine; no attestation is taken.
        self.assertTrue(os.path.exists(self.layer("multi:1 linux/s390x") +
                                       "/elsewhere"))
        self.assertEqual(len(self.names()), 2)
        self.assertEqual(len(os.listdir(self.store + "/layers")), 6)
        self.check_store()
        # Or the one for another machine; not one that is not in there.
        archive = self.file(tar(
            member("index.json", json.dumps(index).encode()),
            *(member("blobs/sha256/" + h, b) for h, b in blobs.items())))
        done = self.tool("load", "-i", archive, "-p", "linux/s390x")
        self.assertEqual(done.status, 0, str(done))
        image = done.out.strip().split(": ")[1]
        with open("%s/blobs/sha256/%s" % (self.store, image[7:]),
                  encoding="utf-8") as file:
            self.assertEqual(json.load(file)["architecture"], "s390x")
        for platform in ("linux/riscv64", "windows/s390x", "s39"):
            done = self.tool("load", "-i", archive, "-p", platform)
            self.assertEqual(done.status, 1, str(done))
            self.assertIn("no image for %s" % (
                platform if "/" in platform else "linux/" + platform),
                done.err)
        only = self.file(docker_archive([layers["here"]], ["one:1"]))
        done = self.tool("load", "-i", only, "-p", "linux/s390x")
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("does not provide the specified platform (linux/s390x)",
                      done.err)
        self.assertEqual(self.tool("load", "-i", only, "-p", machine).status,
                         0)
        self.check_store()

    def test_a_layer_in_the_store_is_not_unpacked_again(self):
        layer = tar(member("f", b"x"))
        self.load(docker_archive([layer], ["a:1"]))
        before = os.stat(self.layer("a:1") + "/f")
        self.load(oci_archive([layer, tar(member("g"))], "b:1"))
        self.assertEqual(os.stat(self.layers("b:1")[0] + "/f"), before)
        # Not even read: in the archive it may be anything.
        self.load(docker_archive([layer], ["c:1"], files=[b"anything"]))
        self.check_store()

    def test_an_empty_layer(self):
        empty = END
        self.load(docker_archive([GOOD, empty], ["a:1"]))
        self.assertEqual(os.listdir(self.layer("a:1")), [])

    def test_sizes(self):
        self.load(docker_archive([tar(member("a", b"x" * 1000),
                                      link("b", "a", LINK),
                                      member("c", b"y" * 234))], ["a:1"]))
        with open(self.layer("a:1") + ".size", encoding="utf-8") as file:
            self.assertEqual(file.read(), "1234")

    def test_only_the_owner_can_look_into_a_store(self):
        self.load(docker_archive([GOOD], ["a:1"]))
        for name in ("", "blobs", "blobs/sha256", "layers", "tmp"):
            st = os.stat(os.path.join(self.store, name))
            self.assertEqual(st.st_mode & 0o777, 0o700, name)
        for path in (self.store + "/images.json",
                     glob.glob(self.store + "/blobs/sha256/*")[0]):
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600, path)

    def test_damage_in_the_store_is_named(self):
        self.load(docker_archive([GOOD], ["a:1"]))
        with open(self.store + "/images.json", "w", encoding="utf-8") as file:
            file.write('{"images": {')
        done = self.tool("load", "-i", self.file(docker_archive(
            [GOOD], ["b:1"])))
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("images.json is damaged: line 1", done.err, str(done))
        self.assertEqual(len(os.listdir(self.store + "/layers")), 3)
        self.assertEqual(os.listdir(self.store + "/tmp"), [])

    def test_a_layer_that_was_lost_is_made_again(self):
        archive = docker_archive([GOOD], ["a:1"])
        self.load(archive)
        shutil.rmtree(self.layer("a:1"))
        self.load(archive)
        self.check_store()
        self.assertTrue(os.path.exists(self.layer("a:1") + "/bin/sh"))


class Busybox(Images):
    def test_the_image(self):
        if not shutil.which("busybox"):
            self.skipTest("busybox is not installed")
        done = self.tool("builtin", "busybox")
        self.assertEqual((done.status, done.out, done.err),
                         (0, "Loaded image: busybox:latest\n", ""), str(done))
        config = self.config("busybox:latest")
        self.assertEqual(config["config"]["Cmd"], ["sh"])
        self.assertTrue(config["config"]["Env"][0].startswith("PATH="))
        self.assertEqual(config["os"], "linux")
        first = self.names()
        top = self.layer("busybox:latest")
        for name, mode in (("tmp", 0o41777), ("root", 0o40700),
                           ("etc/passwd", 0o100644), ("etc/group", 0o100644),
                           ("bin/busybox", 0o100755), ("bin/sh", 0o100755)):
            self.assertEqual(oct(os.lstat(os.path.join(top, name)).st_mode),
                             oct(mode), name)
        # It runs with nothing but what is in the image.
        done = self.run_command([shutil.which("chroot"), top, "/bin/sh", "-c",
                                 "echo $((6*7)); ls / | wc -l; id -un; "
                                 "/usr/bin/env | grep -c PWD"], env={})
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(done.out.split()[0::2], ["42", "root"], str(done))
        # The same again, in another store too.
        self.tool("builtin", "busybox")
        self.assertEqual(self.names(), first)
        self.check_store()
        self.store += "-2"
        self.tool("builtin", "busybox")
        self.assertEqual(self.names(), first)

    def test_without_a_static_busybox(self):
        place = os.path.join(self.box, "bin")
        os.mkdir(place)
        script = ("mount -t tmpfs none %s && cp /bin/true %s/busybox && "
                  "for b in /bin/busybox /usr/bin/busybox; do "
                  "[ -e $b ] && mount --bind /bin/true $b; done; "
                  "PATH=%s exec %s --root %s builtin busybox" %
                  (place, place, place, TOOL, self.store))
        done = self.run_command(["unshare", "-m", "--propagation", "private",
                                 "sh", "-c", script])
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("%s/busybox is not a static program" % place, done.err)
        self.assertIn("apt-get install busybox-static", done.err)
        self.assertFalse(os.path.exists(self.store + "/images.json"))


class Crashes(Images):
    """Killed at any moment: the next command finds the store in order."""

    def archive(self, number, files=300):
        return docker_archive(
            [tar(*(member("%d-%d" % (number, i), os.urandom(3000))
                   for i in range(files))) for _ in range(3)],
            ["crash:%d" % number])

    def test_kill(self):
        rng = random.Random(os.getpid())
        path = self.file(self.archive(0))
        started = time.monotonic()
        self.assertEqual(self.tool("load", "-i", path).status, 0)
        usual = time.monotonic() - started
        found_something = 0
        for number in range(1, 30):
            path = self.file(self.archive(number))
            process = harness.start([TOOL, "--root", self.store, "load", "-i",
                                     path])
            time.sleep(rng.uniform(0, usual * 1.2))
            harness.signal_group(process, signal.SIGKILL)
            harness.finish(process, 10)
            found_something += bool(os.listdir(self.store + "/tmp"))
            # Any command will do, here one that itself is refused.
            self.assertEqual(self.tool("load", "-i", "/dev/null").status, 1)
            self.check_store()
        self.assertGreater(found_something, 0, "no kill ever left anything")
        self.assertEqual(self.tool("load", "-i", path).status, 0)
        self.check_store()

    def test_a_crash_between_two_steps_of_a_commit(self):
        """What scratch.h promises, by hand: half of an image is in place."""
        self.load(docker_archive([GOOD], ["good:1"]))
        kept = os.path.basename(self.layer("good:1"))
        new, config = "1" * 64, config_of([GOOD])
        config += b" "
        half = os.path.join(self.store, "tmp", "1-half")
        os.mkdir(half)
        os.mkdir(os.path.join(self.store, "layers", new))
        for name in (new + ".size",):
            self.file(b"1", os.path.join(self.store, "layers", name))
        self.file(config, os.path.join(self.store, "blobs/sha256",
                                       hexdigest(config)))
        self.file(("image %s\nlayer %s\nlayer %s\n" % (
            hexdigest(config), new, kept)).encode(),
            os.path.join(half, "discard"))
        # While its owner lives, nothing is touched.
        descriptor_ = os.open(half, os.O_RDONLY)
        import fcntl
        fcntl.flock(descriptor_, fcntl.LOCK_EX)
        self.tool("load", "-i", "/dev/null")
        self.assertTrue(os.path.isdir(half))
        os.close(descriptor_)
        self.tool("load", "-i", "/dev/null")
        self.assertEqual(list(self.names()), ["good:1"])
        self.check_store()

    def test_interrupt(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = harness.start([TOOL, "--root", self.store, "load"],
                                    stdin=subprocess.PIPE)
            process.stdin.write(self.archive(1)[:100000])
            process.stdin.flush()
            deadline = time.monotonic() + 10
            while not glob.glob(self.store + "/tmp/*"):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            time.sleep(0.1)
            process.send_signal(number)
            # Not at the end of its input: because it was told to.
            process.wait(10)
            done = harness.finish(process, 10)
            self.assertEqual(done.status, 128 + number, str(done))
            self.check_store()

    def test_many_at_once(self):
        same = self.file(self.archive(0), "same.tar")
        paths = [self.file(self.archive(i), "%d.tar" % i)
                 for i in range(1, 5)] + [same] * 4
        commands = [["load", "-i", path] for path in paths]
        if shutil.which("busybox"):
            commands += [["builtin", "busybox"]] * 2
        started = [harness.start([TOOL, "--root", self.store] + c)
                   for c in commands]
        for process in started:
            done = harness.finish(process, 60)
            self.assertEqual(done.status, 0, str(done))
        self.assertTrue({"crash:%d" % i for i in range(5)} <=
                        set(self.names()))
        self.check_store()


class Real(Images):
    """A Debian image by debootstrap and buildah, against buildah's own view."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if os.geteuid() == 0:
            cls.made = debian_image.get()

    def expected(self):
        with open(self.made.entries, encoding="utf-8") as file:
            return json.load(file)

    def compare(self, found, expected):
        self.assertGreater(len(found), 3000)
        self.assertEqual(sorted(set(found) ^ set(expected)), [])
        # No layer mentions the root itself; it is made 0555 by buildah, and
        # 0755 by Docker and here.
        if found["."]["mode"] == "0o40755":
            expected["."]["mode"] = "0o40755"
        different = ["%s: %s\n    buildah: %s" % (n, found[n], expected[n])
                     for n in found if found[n] != expected[n]]
        self.assertEqual(different, [], "\n".join(different[:20]))

    def test_every_archive(self):
        """The same layers from each, and what they show is what buildah's
        own mount of the image showed."""
        started = time.monotonic()
        seen = set()
        for path in (self.made.docker, self.made.oci, self.made.skopeo_docker,
                     self.made.skopeo_oci, self.made.zstd):
            done = self.tool("load", "-i", path)
            self.assertEqual(done.status, 0, str(done))
            self.assertIn("Loaded image: %s\n" % debian_image.NAME, done.out)
            seen.add(tuple(self.layers(debian_image.NAME)))
        self.assertEqual(len(seen), 1, "the layers differ")
        self.assertEqual(len(self.layers(debian_image.NAME)), 3)
        self.compare(self.merged(debian_image.NAME), self.expected())
        self.check_store()
        print("   five archives, compared: %.1f s" %
              (time.monotonic() - started))

    def test_each_kind_unpacks_the_same(self):
        """A store for each, so that each is really unpacked; by a pipe."""
        for path in (self.made.oci, self.made.zstd):
            self.store = os.path.join(self.box, "store-" +
                                      os.path.basename(path))
            with open(path, "rb") as file:
                done = self.tool("load", stdin=subprocess.PIPE,
                                 data=file.read())
            self.assertEqual(done.status, 0, str(done))
            self.compare(self.merged(debian_image.NAME), self.expected())
            harness.remove_tree(self.store)

    def test_what_the_layers_hold(self):
        self.assertEqual(self.tool("load", "-i", self.made.docker).status, 0)
        bottom, middle, top = self.layers(debian_image.NAME)
        removed = os.path.join(middle, self.made.removed)
        self.assertTrue(os.path.isfile(os.path.join(bottom,
                                                    self.made.removed)))
        self.assertTrue(stat.S_ISCHR(os.lstat(removed).st_mode))
        self.assertEqual(os.lstat(removed).st_rdev, 0)
        replaced = os.path.join(middle, self.made.replaced)
        self.assertEqual(os.getxattr(replaced, "trusted.overlay.opaque"),
                         b"y")
        self.assertEqual(os.listdir(replaced), ["only-this"])
        self.assertTrue(os.path.isfile(top + "/srv/becomes-a-file"))
        self.assertTrue(os.path.isdir(top + "/srv/becomes-a-directory"))
        capable = [n for n, e in self.expected().items()
                   if "security.capability" in e["attributes"]]
        print("   with a capability: %s" % ", ".join(capable))
        config = self.config(debian_image.NAME)["config"]
        self.assertEqual(config["Cmd"], ["/bin/bash"])

    def test_a_plain_root_file_system(self):
        """What `tar` packs of a tree, `import` unpacks."""
        self.tool("load", "-i", self.made.docker)
        tree = self.layers(debian_image.NAME)[0]
        archive = os.path.join(self.box, "tree.tar.gz")
        self.succeed(["tar", "-C", tree, "--xattrs", "--xattrs-include=*",
                      "-cf", archive, "-I", "gzip -1", "."])
        done = self.tool("import", archive, "plain")
        self.assertEqual(done.status, 0, str(done))
        self.assertRegex(done.out, r"\Asha256:[0-9a-f]{64}\n\Z")
        self.compare(debian_image.entries(self.layer("plain:latest")),
                     debian_image.entries(tree))

    def test_what_runs_in_it(self):
        self.tool("load", "-i", self.made.docker)
        script = ("set -e; mount -t tmpfs none /mnt; mkdir /mnt/m; "
                  "mount -t overlay -o ro,lowerdir=%s none /mnt/m; "
                  "chroot /mnt/m apt-get --version; "
                  "chroot /mnt/m dpkg -l; "
                  "chroot /mnt/m python3 -c 'print(6*7)'; "
                  "chroot /mnt/m perl -e 'print 6*7, qq(\\n)'" %
                  ":".join(reversed(self.layers(debian_image.NAME))))
        done = self.run_command(["unshare", "-m", "--propagation", "private",
                                 "sh", "-c", script])
        self.assertEqual(done.status, 0, str(done))
        self.assertTrue(done.out.startswith("apt "), str(done))
        self.assertTrue(re.search(r"^ii +libc6", done.out, re.M), str(done))
        self.assertEqual(done.out.split()[-2:], ["42", "42"], str(done))


if __name__ == "__main__":
    unittest.main()
