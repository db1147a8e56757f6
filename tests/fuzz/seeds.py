#!/usr/bin/env python3
"""Inputs to begin with, into tests/fuzz/corpus: python3 seeds.py [NAME...]

Needed when a target is new; from then on `make fuzz-keep` looks after them.
"""

import gzip
import hashlib
import io
import json
import os
import re
import struct
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
HEX = "0123456789abcdef" * 4
DIGEST = "sha256:" + HEX


def references():
    yield from (b"busybox", b"a/b:1", b"localhost:5000/team/app:v1.2-rc_3",
                b"docker.io/library/x:latest", b"[::1]:5000/a__b/c--d",
                ("a.b/c@" + DIGEST).encode(), ("x:1@" + DIGEST).encode(),
                b"HOST.example/x", b"index.docker.io/a")


def manifests():
    config = {"mediaType": "application/vnd.oci.image.config.v1+json",
              "digest": DIGEST, "size": 7}
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
             "digest": DIGEST, "size": 32654}
    yield [{"Config": HEX + ".json", "RepoTags": ["a:1", "b"],
            "Layers": ["x/layer.tar"]}]
    yield {"schemaVersion": 2, "config": config, "layers": [layer, layer]}
    yield {"manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json",
         "digest": DIGEST, "size": 1, "annotations": {
             "org.opencontainers.image.ref.name": "x"},
         "platform": {"os": "linux", "architecture": machine,
                      "variant": "v7"}} for machine in ("amd64", "arm")]}
    # The one that fuzz_manifest.c has in its archive.
    known = json.dumps({"config": {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": "sha256:" + "0" * 64}, "layers": []}, separators=",:")
    known = "sha256:" + hashlib.sha256(known.encode()).hexdigest()
    yield {"manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json",
         "digest": known, "platform": dict(zip(
             ("os", "architecture", "variant"), platform.split("/")))}
        for platform in ("unknown/unknown", "linux/amd64", "linux/arm/v7",
                         "linux/arm64/v8", "linux/s390x", "linux/arm/v7")]}
    yield {"architecture": "arm", "os": "linux", "variant": "v7",
           "created": "2024-05-01T12:00:00.123+02:00",
           "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
           "history": [{"created_by": "x", "empty_layer": True}],
           "config": {"Env": ["A=b"], "Cmd": ["sh"], "Entrypoint": ["x"],
                      "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/v": {}},
                      "Labels": {"k": "v"}, "WorkingDir": "/", "User": "u",
                      "StopSignal": "SIGTERM", "Healthcheck": {
                          "Test": ["CMD", "x"], "Interval": 1000000000,
                          "Timeout": 1, "StartPeriod": 1, "Retries": 3}}}


def dockerfiles():
    yield b"""# syntax=docker/dockerfile:1
ARG V=1
FROM --platform=$BUILDPLATFORM python:${V:-2}-slim AS one
WORKDIR /app
COPY --from=img --chown=a:b --chmod=755 --link --exclude=*.md . /app/
RUN pip install \\
  # comment

  -r x
EXPOSE 80 8000-8003/udp
ENV NAME World
ENV a=b "c d"='e' f=${a#b*}
CMD ["python", "app.py"]
"""
    yield b"""FROM scratch
COPY <<a <<-'b' x /d/
$A
a
\tb
ADD --checksum=sha256:%s https://x/y /
RUN --mount=type=cache,target=/c,id=i,sharing=locked,mode=0755,uid=1 \\
 --mount=type=tmpfs,target=/t,size=64m --network=none cat <<E | sh
x
E
RUN <<E
#!/bin/sh
E
""" % HEX.encode()
    yield b"""# escape=`
FROM a
LABEL x=y `
 z="${A/a/b}"
USER ${A%%b}:$A
HEALTHCHECK --interval=1m30s --timeout=1.5s --retries=3 CMD curl x || exit 1
ONBUILD RUN <<E
x
E
VOLUME ["/a b"]
STOPSIGNAL SIGTERM
SHELL ["/bin/sh", "-c"]
MAINTAINER x
ARG q=1 r
FROM a AS b
RUN --mount=from=img,target=/x --mount=type=secret,id=a,env=A,required y
"""


def ignorefiles():
    yield b"a/b/c.go\0# x\n**/*.go\n!a/**\n/b/\n"
    yield b"src/main.c\0*\n!src/*.[ch]\nsrc/t*\n"
    yield b"x\0[^a-c]?\\*\n${x##*/}\n${x:-'a'}\"${x//a?/b}\"\n"


def member(name, kind=tarfile.REGTYPE, link="", data=b"", pax=None):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data)
    info.pax_headers = pax or {}
    info.mtime = 1000000000.5 if pax else 1000000000
    if kind == tarfile.CHRTYPE:
        info.devmajor, info.devminor = 1, 3
    return info, data


def a_tar(*members, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0") + bytes(1024)


def tars():
    whole = a_tar(member("a", tarfile.DIRTYPE), member("a/f", data=b"x"),
                  member("a/h", tarfile.LNKTYPE, "a/f"),
                  member("l", tarfile.SYMTYPE, "/outside"),
                  member("c", tarfile.CHRTYPE), member("p", tarfile.FIFOTYPE))
    yield whole
    yield gzip.compress(whole, mtime=0)
    yield a_tar(member("n" * 120 + "/" + "m" * 120, data=b"y"),
                form=tarfile.GNU_FORMAT)
    yield a_tar(member("x", data=b"z", pax={
        "SCHILY.xattr.user.a": "b", "SCHILY.xattr.security.capability": "x",
        "path": "../q"}))
    yield a_tar(member("s", data=b"d", pax={
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
        "GNU.sparse.name": "t", "GNU.sparse.realsize": str(10 ** 16)}))
    for name, link in (("../x", ""), ("/outside/x", ""), ("l/x", ""),
                       ("h", "../outside/file"), ("h", "/outside/file"),
                       ("h", "l/file")):
        yield a_tar(member("l", tarfile.SYMTYPE, "../outside"),
                    member(name, tarfile.LNKTYPE if link else tarfile.REGTYPE,
                           link))


def whiteouts():
    for lines in (
            ("d a", "f a/b", "f a/.wh.b", "f a/.wh..wh..opq", "d a/c",
             "f .wh.a", "h x>a/b", "l l>a", "p p", "f .wh.l/x", "f .wh.",
             "f .wh..."),
            ("f .wh.a", "d a", "f a/x", "f .wh.a/b", "f .wh..wh.plnk/1",
             "f b", "f b/c"),
            ("d a", "f .wh.a", "f a/n", "f a/.wh.n", "d a/n", "f .wh.b",
             "h b>a/n")):
        yield "\n".join(lines)


def http():
    """See fuzz_http.c: answers, with what a form feed stands between."""
    ok = "HTTP/1.1 200 OK\r\n"
    manifest = json.dumps({
        "schemaVersion": 2,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                   "digest": "sha256:@1", "size": 2},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": "sha256:@2", "size": 5}]})
    yield "\f".join((ok + "\r\n" + manifest, ok + "\r\n{}",
                     ok + "Content-Length: 5\r\n\r\nlayer"))
    yield "\f".join((
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer "
        'realm="http://@host/token",service="s",scope="repository:x:pull"\r\n'
        "\r\n", ok + '\r\n{"token": "abc"}', ok + "\r\n" + manifest,
        ok + "\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nla",
        "HTTP/1.1 206 Partial\r\nContent-Range: bytes 2-4/5\r\n\r\nyer"))
    yield "\f".join((
        "HTTP/1.1 307 X\r\nLocation: http://@host/other\r\n\r\n",
        "HTTP/1.1 302 X\r\nLocation: file:///etc/passwd\r\n\r\n"))
    yield ("HTTP/1.1 500 X\r\n\r\n\fHTTP/1.1 429 Y\r\nRetry-After: 1\r\n\r\n"
           '\fHTTP/1.1 404 Z\r\n\r\n{"errors": [{"code": "MANIFEST_UNKNOWN", '
           '"message": "m"}]}')
    yield ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


def dns():
    """See fuzz_dns.c: whose packet it is, and the packet."""
    def packet(name, kind=1, flags=0x0100, more=b"", counts=(1, 0, 0, 0)):
        labels = b"".join(bytes([len(label)]) + label
                          for label in name.split(b".") if label)
        return struct.pack(">HH4H", 0x1234, flags, *counts) + labels + \
            b"\0" + struct.pack(">HH", kind, 1) + more
    opt = b"\0" + struct.pack(">HHBBHH", 41, 1232, 0, 0, 0, 0)
    for name, kind in ((b"web", 1), (b"all", 255), (b"all.many", 28),
                       (b"WWW.red", 1), (b"example.org", 15),
                       (b"3.0.30.172.in-addr.arpa", 12),
                       (b".".join([b"2"] + [b"0"] * 29 + [b"d", b"f"]) +
                        b".ip6.arpa", 12)):
        yield b"\0" + packet(name, kind)
        yield b"\0" + packet(name, kind, more=opt, counts=(1, 0, 0, 1))
    yield b"\0" + packet(b"web", flags=0x2900)
    yield b"\0" + packet(b"web", more=opt + opt, counts=(1, 0, 0, 2))
    yield b"\1" + packet(b"wEb.rED", flags=0x8180)
    yield b"\1" + packet(b"web.rED", flags=0x8180)
    yield b"\1" + packet(b"", flags=0x8181, counts=(0, 0, 0, 0))


def unit_test_config():
    """All that a config.json may have, from unit/oci_full.h."""
    path = os.path.join(HERE, "..", "unit", "oci_full.h")
    with open(path, encoding="utf-8") as file:
        lines = re.findall(r'(?m)^"(.*)"', file.read())
    return json.loads("".join(lines).replace("'", '"'))


def configs():
    """See fuzz_config.c: all of it is long, and each part can be read alone."""
    full = unit_test_config()
    kernel, least = full["linux"], {"ociVersion": "1.0.0",
                                    "root": {"path": "r"}}
    disks = kernel["resources"]["blockIO"]
    for weights in (disks, disks["weightDevice"][0]):
        del weights["leafWeight"]       # we know none: it would end there
    maps = kernel.pop("gidMappings")
    kernel["uidMappings"], kernel["gidMappings"] = maps, maps
    spaces = {"namespaces": [{"type": name} for name in (
        "pid", "network", "mount", "ipc", "uts", "user", "time")]}
    yield full
    yield full["process"]
    yield kernel["resources"]
    for key in sorted(set(full) - {"linux", "ociVersion", "root", "unknown"}):
        yield {**least, key: full[key], "linux": spaces}
    for key in sorted(set(kernel) - {"uidMappings", "gidMappings"}):
        yield {**least, "linux": {**spaces, key: kernel[key]}}
    yield {**least, "linux": {**spaces, "uidMappings": maps,
                              "gidMappings": maps}}
    yield {**least, "annotations": {"org.systemd.property." + name: value
           for name, value in (("TimeoutStopSec", "1.5"), ("Big", "uint64 5"),
                               ("Abc", "int32 -5"), ("After", "['a', \"b\"]"),
                               ("Mode", "'in\\\\a'"), ("Yes", "true"))}}


SEEDS = {"reference": references, "manifest": manifests, "tar": tars,
         "whiteout": whiteouts, "http": http, "dns": dns,
         "dockerfile": dockerfiles, "ignorefile": ignorefiles,
         "config": configs}


def main():
    for name in sys.argv[1:] or SEEDS:
        place = os.path.join(HERE, "corpus", name)
        os.makedirs(place, exist_ok=True)
        for number, seed in enumerate(SEEDS[name]()):
            if not isinstance(seed, (bytes, str)):
                seed = json.dumps(seed)
            if isinstance(seed, str):
                seed = seed.encode()
            with open(os.path.join(place, "seed-%d" % number), "wb") as out:
                out.write(seed)


if __name__ == "__main__":
    main()
