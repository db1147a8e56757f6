"""Registries: what is pushed comes back the same, also to other programs; and
one that lies, breaks off or is killed leaves nothing wrong in the store, says
what happened, and does not stand in the way of the next pull."""

import base64
import collections
import fcntl
import gzip
import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import tarfile
import threading
import time

import harness
import registries
import test_images
from registries import digest_of
from test_images import directory, member, tar

DEMO = harness.program("ch06-final")
BOX = "sha256:"


def layer(name, size=1000, seed=1):
    data = random.Random(seed).randbytes(size)
    return tar(directory("d"), member("d/" + name, data))


class RegistryTest(harness.KernelTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root: owners are written")
        self.place = self.scratch()
        self.root = self.place + "/store"
        self.env = harness.environment(
            MYDOCKER_ROOT=self.root, DOCKER_CONFIG=self.place + "/docker",
            MYDOCKER_CONFIG=self.place + "/etc")
        os.makedirs(self.place + "/etc")

    def demo(self, *words, **more):
        more.setdefault("env", self.env)
        return self.run_command([DEMO, *words], **more)

    def good(self, *words, **more):
        done = self.demo(*words, **more)
        self.assertEqual(done.status, 0, str(done))
        return done.out

    def bad(self, words, said, status=1, **more):
        done = self.demo(*words, **more)
        self.assertEqual(done.status, status, str(done))
        self.assertIn(said, done.err, str(done))
        return done

    def caller_directory(self, path):
        os.makedirs(path)
        if harness.caller:
            os.chown(path, harness.USER, harness.USER)

    def fake(self):
        fake = registries.Fake()
        self.addCleanup(fake.__exit__)
        return fake

    def real(self, **how):
        self.need("docker-registry")
        place = self.scratch()
        registry = registries.Real(place, **how)
        self.addCleanup(registry.close)
        return registry

    def names(self):
        try:
            with open(self.root + "/images.json", encoding="utf-8") as file:
                return json.load(file)["images"]
        except FileNotFoundError:
            return {}

    def check(self, images=None, is_pruned=True):
        """The store is whole, and there is nothing on its way.  A step that
        was built anew leaves its old layer to the next prune."""
        out = self.good("system", "check")
        self.assertIn("all is well", out)
        self.assertEqual(os.listdir(self.root + "/tmp"), [])
        needed = set()
        for place in ("/blobs/sha256/", "/build/"):
            for name in os.listdir(self.root + place):
                with open(self.root + place + name, "rb") as file:
                    needed |= {d[7:] for d in json.load(file)["rootfs"]
                               ["diff_ids"]}
        there = {name.split(".")[0]
                 for name in os.listdir(self.root + "/layers")}
        self.assertEqual(needed - there, set())
        if is_pruned:
            self.assertEqual(there, needed)
        if images is not None:
            self.assertEqual(set(self.names()), set(images))

    def box(self, name, count=3):
        """An image of a few layers in our store, from an archive."""
        layers = [layer("f%d" % i, 3000, seed=i) for i in range(count)]
        path = self.place + "/box.tar"
        with open(path, "wb") as file:
            file.write(test_images.docker_archive(layers, names=[name]))
        self.good("load", "-i", path)
        return layers


class Both(RegistryTest):
    """Against Debian's docker-registry."""

    def test_there_and_back(self):
        registry = self.real()
        name = registry.name + "/team/box:1"
        self.box(name)
        image = self.names()[name]
        out = self.good("push", name)
        self.assertIn("The push refers to repository [%s/team/box]\n" %
                      registry.name, out)
        self.assertEqual(out.count(": Preparing\n"), 3, out)
        self.assertEqual(out.count(": Pushed\n"), 3, out)
        digest = out.split("digest: ")[1].split()[0]
        self.assertRegex(out, r"\n1: digest: sha256:[0-9a-f]{64} size: \d+\n$")
        self.assertEqual(self.good("push", "-q", name), name + "\n")
        again = self.good("push", name)
        self.assertEqual(again.count(": Layer already exists\n"), 3, again)
        by_digest = "%s/team/box@%s" % (registry.name, digest)
        self.check([name, by_digest])

        out = self.good("rmi", name)
        self.assertIn("Untagged: %s\nUntagged: %s\nDeleted: %s\n" %
                      (name, by_digest, image), out)
        self.check([])
        out = self.good("pull", name)
        self.assertTrue(out.startswith("1: Pulling from team/box\n"), out)
        for words in ("Pulling fs layer", "Verifying Checksum",
                      "Download complete", "Pull complete"):
            self.assertEqual(out.count(": %s\n" % words), 3, out)
        self.assertTrue(out.endswith(
            "Digest: %s\nStatus: Downloaded newer image for %s\n%s\n" %
            (digest, name, name)), out)
        self.assertEqual(self.names()[name], image)
        self.check([name, by_digest])
        out = self.good("pull", name)
        self.assertIn("Status: Image is up to date for " + name, out)
        self.assertEqual(self.good("pull", "-q", name), name + "\n")
        self.assertEqual(os.listdir(self.root + "/partial"), [])
        told = self.good("events", "--since", "10m", "--until", "0s", "-f",
                         "type=image", "--format", "{{.Action}} {{.Actor.ID}}")
        self.assertEqual(told.count("push %s\n" % name), 3, told)
        self.assertEqual(told.count("pull %s\n" % name), 3, told)

    def test_by_digest(self):
        registry = self.real()
        name = registry.name + "/box:1"
        self.box(name)
        digest = self.good("push", name).split("digest: ")[1].split()[0]
        self.good("rmi", name)
        by_digest = "%s/box@%s" % (registry.name, digest)
        out = self.good("pull", by_digest)
        self.assertIn("%s: Pulling from box\n" % digest, out)
        self.check([by_digest])
        self.assertRegex(self.good("images"),
                         r"\n%s/box +<none> " % registry.name)
        out = self.good("history", "-q", by_digest)
        self.assertEqual(self.good("rmi", by_digest).split("\n")[0],
                         "Untagged: " + by_digest)
        self.check([])
        self.bad(["pull", registry.name + "/box@sha256:" + "0" * 64],
                 "manifest unknown")

    def test_a_second_repository_shares_the_layers(self):
        registry = self.real()
        first, second = (registry.name + n for n in ("/a/box:1", "/b/box:1"))
        self.box(first)
        self.good("push", first)
        self.good("tag", first, second)
        out = self.good("push", second)
        self.assertEqual(out.count(": Mounted from a/box\n"), 3, out)
        digest = out.split("digest: ")[1].split()[0]
        self.good("rmi", first, second)
        self.assertIn("Digest: " + digest, self.good("pull", second))
        # What was pulled goes back as it came.
        third = registry.name + "/c/box:x"
        self.good("tag", second, third)
        out = self.good("push", third)
        self.assertEqual(out.count(": Mounted from b/box\n"), 3, out)
        self.assertIn(digest, out)

    def test_all_tags(self):
        registry = self.real()
        names = [registry.name + "/box:" + t for t in ("a", "b", "c")]
        self.box(names[0])
        for name in names[1:]:
            self.good("tag", names[0], name)
        out = self.good("push", "-a", registry.name + "/box")
        self.assertEqual(out.count(": digest: sha256:"), 3, out)
        self.good("rmi", *names)
        self.check([])
        out = self.good("pull", "-a", registry.name + "/box")
        self.assertEqual([n for n in self.names() if "@" not in n], names)
        self.bad(["pull", "-a", names[0]], "tag can't be used")
        self.bad(["push", "-a", names[0]], "tag can't be used")

    def test_what_is_not_there(self):
        registry = self.real()
        name = registry.name + "/no/such"
        self.bad(["pull", name], "manifest for %s:latest not found: manifest "
                 "unknown: manifest unknown" % name)
        self.bad(["push", name], "An image does not exist locally with the "
                 "tag: " + name)
        self.box(name + ":1")
        self.bad(["push", name + ":2"], "tag does not exist: " + name + ":2")
        self.bad(["pull", "localhost:1/x"], "connect to localhost port 1")
        self.bad(["pull", "Bad//x"], "invalid reference format")
        self.bad(["pull"], "requires exactly 1")
        self.check()

    def test_run_pulls_what_is_missing(self):
        registry = self.real()
        name = registry.name + "/busy"
        self.good("run", "--rm", "busybox", "true")
        self.good("tag", "busybox", name)
        self.good("push", name)
        self.good("rmi", name)
        done = self.demo("run", "--rm", name, "echo", "it runs")
        self.assertEqual((done.status, done.out), (0, "it runs\n"), str(done))
        self.assertIn("Unable to find image '%s' locally" % name, done.err)
        self.assertIn("Pull complete" if "Pull complete" in done.err else
                      "Already exists", done.err)
        self.bad(["run", "--rm", name + "-not", "true"], "not found: manifest "
                 "unknown", status=125)
        self.bad(["run", "--rm", "--pull", "never", name + "-not", "true"],
                 "No such image: %s-not:latest" % name, status=125)
        done = self.demo("run", "--rm", "--pull", "always", name, "echo", "x")
        self.assertEqual((done.status, done.out), (0, "x\n"), str(done))
        self.assertIn("Status: Image is up to date for", done.err)
        done = self.demo("run", "--rm", "-q", "--pull", "always", name, "true")
        self.assertEqual(done.err, name + ":latest\n", str(done))


class Programs(RegistryTest):
    """With those of others beside."""

    def other(self, *words):
        return self.succeed(list(words), timeout=120)

    def podman(self, *words):
        return self.succeed(["podman", "--root", self.place + "/podman",
                             "--runroot", self.place + "/run",
                             "--storage-driver", "vfs", *words], timeout=120)


class Others(Programs):
    """What other programs push, we pull, and the other way."""

    def test_podman_pulls_the_same(self):
        self.need("podman")
        registry = self.real()
        name = registry.name + "/box:1"
        self.box(name)
        digest = self.good("push", name).split("digest: ")[1].split()[0]
        self.podman("pull", "-q", "--tls-verify=false", name)
        out = self.podman("images", "--digests", "--no-trunc").out
        self.assertIn(digest, out)
        self.assertIn(self.names()[name], out)
        self.podman("rmi", "-a", "-f")

    def test_skopeo_finds_no_fault(self):
        self.need("skopeo")
        registry = self.real()
        name = registry.name + "/box:1"
        self.box(name)
        digest = self.good("push", name).split("digest: ")[1].split()[0]
        done = self.other("skopeo", "inspect", "--tls-verify=false",
                          "docker://" + name)
        self.assertEqual(json.loads(done.out)["Digest"], digest)
        # Its own upload of our archive, in each form, comes back to us.
        self.good("save", "-o", self.place + "/a.tar", name)
        image = self.names()[name]
        self.good("rmi", name)
        for form, more in (("v2s2", []), ("oci", []),
                           ("oci", ["--dest-compress-format", "zstd"])):
            target = "%s/s:%s%d" % (registry.name, form, len(more))
            self.other("skopeo", "copy", "--dest-tls-verify=false", "-f",
                       form, *more, "docker-archive:" + self.place + "/a.tar",
                       "docker://" + target)
            self.good("pull", target)
            self.assertEqual(self.names()[target], image if form == "v2s2"
                             else self.names()[target])
            self.check()
            self.good("rmi", target)
        self.check([])

    def test_an_archive_for_everybody(self):
        self.need("skopeo", "umoci", "buildah")
        self.box("team/box:1")
        image = self.names()["team/box:1"]
        path = self.place + "/saved.tar"
        self.good("tag", "team/box:1", "box:2")
        self.good("save", "-o", path, "team/box:1", "box:2")
        done = self.other("skopeo", "inspect", "--raw", "--config",
                          "docker-archive:" + path + ":team/box:1")
        self.assertEqual(digest_of(done.out.encode()), image)
        layout = self.place + "/layout"
        os.mkdir(layout)
        self.other("tar", "xf", path, "-C", layout)
        self.other("umoci", "stat", "--image", layout + ":2")
        self.other("umoci", "unpack", "--image", layout + ":2",
                   self.place + "/bundle")
        self.assertEqual(
            sorted(os.listdir(self.place + "/bundle/rootfs/d")),
            ["f0", "f1", "f2"])
        for kind in ("docker-archive:%s:team/box:1" % path,
                     "oci-archive:%s:1" % path):
            self.other("buildah", "--root", self.place + "/b", "--runroot",
                       self.place + "/r", "--storage-driver", "vfs", "pull",
                       "-q", kind)
        # And from each of them back: the image is the same.
        self.good("rmi", "team/box:1", "box:2")
        for kind in ("docker-archive:%s/x.tar:back:1", "oci-archive:%s/x.tar"):
            self.other("skopeo", "copy", "docker-archive:" + path + ":box:2",
                       kind % self.place)
            out = self.good("load", "-i", self.place + "/x.tar")
            if kind.startswith("docker"):
                self.assertIn(image, self.names().values())
            self.good("rmi", "-f", *({i.split(": ")[1] for i in
                                      out.strip().split("\n")}))
            os.unlink(self.place + "/x.tar")
        # umoci's own changes, as a layout in a tar.
        self.other("umoci", "config", "--image", layout + ":2",
                   "--config.user", "7")
        self.other("tar", "cf", self.place + "/u.tar", "-C", layout,
                   "index.json", "oci-layout", "blobs")
        self.good("load", "-i", self.place + "/u.tar")
        self.check()


def architecture():
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(
        os.uname().machine, os.uname().machine)


class Several:
    """An archive of one name, and an image for each of several machines; as
    buildx and skopeo write one, with an attestation, and without what the
    index says of one machine more."""

    MACHINES = "linux/s390x", "linux/arm/v7"

    def __init__(self, name, machines=MACHINES):
        self.here = "linux/" + architecture()
        self.ids = {}
        blobs, lost = {}, {}
        index = json.dumps({"manifests": [
            self.image("unknown/unknown", blobs),
            *(self.image(p, blobs) for p in machines),
            self.image("linux/riscv64", lost),
            self.image(self.here, blobs)]}).encode()
        blobs[digest_of(index)[7:]] = index
        top = {"schemaVersion": 2, "manifests": [test_images.descriptor(
            index, "index.v1+json", annotations={
                "io.containerd.image.name": "docker.io/" + name,
                "org.opencontainers.image.ref.name": "1"})]}
        self.data = tar(member("index.json", json.dumps(top).encode()), *(
            member("blobs/sha256/" + h, b) for h, b in blobs.items()))

    def image(self, platform, blobs):
        _, machine, variant = (platform + "//").split("/")[:3]
        data = layer(machine + variant)
        config = test_images.config_of([data], architecture=machine, **(
            {"variant": variant} if variant else {}))
        manifest = json.dumps({
            "schemaVersion": 2, "config": test_images.descriptor(
                config, "config.v1+json"),
            "layers": [test_images.descriptor(data, "layer.v1.tar")]}).encode()
        for blob in (config, manifest, data):
            blobs[digest_of(blob)[7:]] = blob
        self.ids[platform] = digest_of(config)
        return test_images.descriptor(
            manifest, "manifest.v1+json", platform=dict(
                {"os": platform.split("/")[0], "architecture": machine},
                **({"variant": variant} if variant else {})))


class Platforms(Programs):
    """One name, and an image for each of several machines."""

    def setUp(self):
        super().setUp()
        several = Several("team/multi:1")
        self.here, self.ids = several.here, several.ids
        self.path = self.place + "/multi.tar"
        with open(self.path, "wb") as file:
            file.write(several.data)

    def all_of(self, name, machines=Several.MACHINES):
        return {name: self.ids[self.here],
                **{"%s %s" % (name, p): self.ids[p] for p in machines}}

    def saved(self, name, *words):
        """The manifest or index that an archive has for the name."""
        path = self.place + "/saved.tar"
        self.good("save", "-o", path, *words, name)
        return json.loads(self.other("skopeo", "inspect", "--raw",
                                     "oci-archive:" + path).out)

    def test_load_and_save(self):
        self.need("skopeo")
        self.assertEqual(self.good("load", "-i", self.path),
                         "Loaded image: team/multi:1\n")
        self.assertEqual(self.names(), self.all_of("team/multi:1"))
        self.assertEqual(self.good("images", "-aq").count("\n"), 1)
        self.check()
        index = self.saved("team/multi:1")
        self.assertEqual(
            [{**m["platform"]} for m in index["manifests"]],
            [{"architecture": self.here[6:], "os": "linux"},
             {"architecture": "arm", "os": "linux", "variant": "v7"},
             {"architecture": "s390x", "os": "linux"}])
        saved = self.place + "/saved.tar"
        # Older readers find this machine's; others each, and no fault.
        self.assertEqual(digest_of(self.other(
            "skopeo", "inspect", "--raw", "--config", "docker-archive:%s:"
            "team/multi:1" % saved).out.encode()), self.ids[self.here])
        self.other("skopeo", "copy", "--all", "oci-archive:" + saved,
                   "oci:%s/layout:1" % self.place)
        for machine in ("s390x", self.here[6:]):
            out = self.other("skopeo", "--override-arch", machine, "inspect",
                             "oci:%s/layout:1" % self.place).out
            self.assertEqual(json.loads(out)["Architecture"], machine)
        # There and back, to the byte; also as a layout of another's.
        with open(saved, "rb") as file:
            before = file.read()
        self.good("rmi", "team/multi:1")
        self.check([])
        self.assertEqual(os.listdir(self.root + "/blobs/sha256"), [])
        self.good("load", "-i", saved)
        self.assertEqual(self.names(), self.all_of("team/multi:1"))
        self.saved("team/multi:1")
        with open(saved, "rb") as file:
            self.assertEqual(file.read(), before)
        self.good("rmi", "team/multi:1")
        self.good("load", "-i", self.place + "/layout")
        self.assertEqual(set(self.names().values()),
                         set(self.all_of("x").values()))
        self.check()

    def test_only_some(self):
        self.need("skopeo")
        self.good("load", "-i", self.path, "--platform", "linux/s390x")
        self.assertEqual(self.names(),
                         {"team/multi:1": self.ids["linux/s390x"]})
        self.good("load", "-q", "-i", self.path, "--platform",
                  self.here + ",linux/arm/v7")
        self.assertEqual(self.names(), self.all_of("team/multi:1",
                                                   ["linux/arm/v7"]))
        self.bad(["load", "-i", self.path, "--platform",
                  "linux/s390x,linux/mips"], "has no image for linux/mips")
        self.assertEqual(self.names(), self.all_of("team/multi:1",
                                                   ["linux/arm/v7"]))
        self.good("load", "-i", self.path)
        one = self.saved("team/multi:1", "--platform", "linux/arm")
        self.assertEqual(one["config"]["digest"], self.ids["linux/arm/v7"])
        two = self.saved("team/multi:1", "--platform",
                         "linux/s390x," + self.here)
        self.assertEqual([m["platform"]["architecture"]
                          for m in two["manifests"]],
                         ["s390x", self.here[6:]])
        self.bad(["save", "-o", self.place + "/x", "--platform", "linux/mips",
                  "team/multi:1"], "does not provide the specified platform "
                 "(linux/mips)")
        self.assertFalse(os.path.exists(self.place + "/x"))
        # Of an archive without this machine's the name means the first.
        self.saved("team/multi:1", "--platform", "linux/arm/v7,linux/s390x")
        self.good("rmi", "team/multi:1")
        self.good("load", "-i", self.place + "/saved.tar")
        self.assertEqual(self.names(), {
            "team/multi:1": self.ids["linux/arm/v7"],
            "team/multi:1 linux/s390x": self.ids["linux/s390x"]})
        # What is asked for twice is taken once.
        self.good("rmi", "team/multi:1")
        self.good("load", "-i", self.path, "--platform",
                  self.here + "," + self.here)
        self.assertEqual(self.names(), {"team/multi:1": self.ids[self.here]})
        self.check()

    def test_one_machine_in_several_words(self):
        several = Several("team/words:1", [
            "linux/arm/v6", "linux/arm64/v8", "linux/arm64", "linux/arm/v7"])
        path = self.place + "/words.tar"
        with open(path, "wb") as file:
            file.write(several.data)
        for word, right in (
                ("linux/arm64", "arm64/v8"), ("linux/arm64/v8", "arm64/v8"),
                ("aarch64", "arm64/v8"), ("linux/arm64/8", "arm64/v8"),
                ("linux/arm", "arm/v7"), ("armhf", "arm/v7"),
                ("linux/armel", "arm/v6"), ("linux/arm/6", "arm/v6")):
            self.good("load", "-q", "-i", path, "--platform", word)
            self.assertEqual(self.names()["team/words:1"],
                             several.ids["linux/" + right], word)
            self.good("rmi", "team/words:1")
        # Asked for twice, or there twice: it is taken once.
        self.good("load", "-q", "-i", path, "--platform",
                  "linux/arm64,linux/aarch64/v8")
        self.assertEqual(self.names(), {
            "team/words:1": several.ids["linux/arm64/v8"]})
        self.good("rmi", "team/words:1")
        self.good("load", "-q", "-i", path)
        self.assertEqual(set(self.names()), {"team/words:1"} | {
            "team/words:1 linux/" + p for p in
            ("arm/v6", "arm64/v8", "arm/v7")})
        for word, right in (("linux/aarch64", "arm64/v8"),
                            ("linux/arm", "arm/v7"), ("armel", "arm/v6")):
            made = self.good("create", "--platform", word, "team/words:1",
                             "sh").strip()
            self.assertEqual(self.good("inspect", "-f", "{{.Image}}", made),
                             several.ids["linux/" + right] + "\n")
            self.good("rm", made)
        # The name means one for an older arm: a nearer one is preferred.
        self.good("load", "-q", "-i", path, "--platform",
                  "linux/arm/v6,linux/arm/v7,linux/arm64")
        made = self.good("create", "--platform", "linux/arm", "team/words:1",
                         "sh").strip()
        self.assertEqual(self.good("inspect", "-f", "{{.Image}}", made),
                         several.ids["linux/arm/v7"] + "\n")
        self.good("rm", made)
        self.good("save", "-o", self.place + "/x", "--platform",
                  "arm64,linux/arm64/v8,linux/armhf", "team/words:1")
        with tarfile.open(self.place + "/x") as archive:
            index = json.load(archive.extractfile("index.json"))
            inner = json.load(archive.extractfile(
                "blobs/sha256/" + index["manifests"][0]["digest"][7:]))
        self.assertEqual([m["platform"].get("variant")
                          for m in inner["manifests"]], ["v8", "v7"])

    def test_the_id_of_a_further_one(self):
        self.good("load", "-i", self.path)
        other = self.ids["linux/s390x"]
        self.assertEqual(self.good("inspect", "-f", "{{json .RepoTags}}",
                                   other).strip(), "[]")
        out = self.good("rmi", other)
        self.assertEqual(out.split("\n")[0],
                         "Untagged: team/multi:1 (linux/s390x)")
        self.assertIn("Deleted: " + other + "\n", out)
        self.assertEqual(self.names(), self.all_of("team/multi:1",
                                                   ["linux/arm/v7"]))

    def test_names(self):
        """What a name means elsewhere goes with it, and comes with it."""
        self.good("load", "-i", self.path)
        self.good("tag", "team/multi:1", "other:2")
        self.assertEqual(self.names(), {**self.all_of("team/multi:1"),
                                        **self.all_of("other:2")})
        self.good("rmi", "team/multi:1")
        self.assertEqual(self.names(), self.all_of("other:2"))
        made = self.good("create", "--platform", "linux/s390x", "other:2",
                         "sh").strip()
        self.assertEqual(self.good("inspect", "-f", "{{.Image}}", made),
                         self.ids["linux/s390x"] + "\n")
        self.bad(["create", "--platform", "linux/mips", "other:2", "sh"],
                 "does not provide the specified platform (linux/mips)")
        # A container keeps what it needs, without a name.
        self.good("rmi", "other:2")
        self.assertEqual(self.names(), {})
        self.assertEqual(os.listdir(self.root + "/blobs/sha256"),
                         [self.ids["linux/s390x"][7:]])
        self.good("rm", made)
        self.good("image", "prune", "-f")
        self.check([])
        self.assertEqual(os.listdir(self.root + "/blobs/sha256"), [])
        # A name that gets another meaning has lost those of before.
        self.good("load", "-i", self.path)
        self.box("team/multi:1")
        self.assertEqual(len(self.names()), 1)
        self.good("image", "prune", "-f")
        self.check(["team/multi:1"])

    def test_push(self):
        self.need("skopeo", "podman")
        registry = self.real()
        name = registry.name + "/multi:1"
        self.good("load", "-i", self.path)
        self.good("tag", "team/multi:1", name)
        digest = self.good("push", name).split("digest: ")[1].split()[0]
        raw = self.other("skopeo", "inspect", "--tls-verify=false", "--raw",
                         "docker://" + name).out
        self.assertEqual(digest_of(raw.encode()), digest)
        self.assertEqual(len(json.loads(raw)["manifests"]), 3)
        self.podman("pull", "-q", "--tls-verify=false", "--platform",
                    "linux/s390x", name)
        out = self.podman("images", "--no-trunc").out
        self.assertIn(self.ids["linux/s390x"], out)
        self.podman("rmi", "-a", "-f")
        self.other("skopeo", "copy", "--all", "--src-tls-verify=false",
                   "docker://" + name, "oci:%s/layout:1" % self.place)
        self.assertIn(digest, self.good("images", "--digests"))
        self.assertEqual(
            self.good("inspect", "-f", "{{json .RepoDigests}}", name).strip(),
            '["%s@%s"]' % (registry.name + "/multi", digest))
        # One of them alone.
        one = registry.name + "/multi:arm"
        self.good("tag", name, one)
        self.good("push", "--platform", "linux/arm/v7", one)
        raw = json.loads(self.other(
            "skopeo", "inspect", "--tls-verify=false", "--raw",
            "docker://" + one).out)
        self.assertEqual(raw["config"]["digest"], self.ids["linux/arm/v7"])
        self.bad(["push", "--platform", "linux/mips", one],
                 "does not provide the specified platform (linux/mips)")
        for image in ("team/multi:1", name, one):
            self.good("rmi", image)
        self.check([])
        for platform in (self.here, "linux/s390x"):
            self.good("pull", "--platform", platform, name)
            self.assertEqual(self.names()[name], self.ids[platform])
        self.check()


class Archives(RegistryTest):
    def test_save_and_load(self):
        layers = self.box("team/box:1")
        self.good("tag", "team/box:1", "team/box:2")
        image = self.names()["team/box:1"]
        first, second = (self.place + n for n in ("/1.tar", "/2.tar"))
        self.good("save", "-o", first, "team/box")
        with open(second, "wb") as file:
            done = harness.run([DEMO, "save", "team/box:1", "team/box:2"],
                               env=self.env, stdout=file)
        self.assertEqual(done.status, 0, str(done))
        with open(first, "rb") as one, open(second, "rb") as other:
            self.assertEqual(one.read(), other.read())
        self.assertEqual(os.stat(first).st_mode & 0o777, 0o600)
        self.assertEqual([n for n in os.listdir(self.place)
                          if n.startswith("1.tar.")], [])
        out = subprocess.check_output(["tar", "tf", first], text=True)
        for data in layers:
            self.assertIn("blobs/sha256/" + digest_of(data)[7:], out)
        self.good("rmi", "team/box:1", "team/box:2")
        self.check([])
        self.assertEqual(self.good("load", "-i", first),
                         "Loaded image: team/box:1\n"
                         "Loaded image: team/box:2\n")
        self.assertEqual(set(self.names().values()), {image})
        self.good("rmi", "team/box:1", "team/box:2")
        self.good("load", "-q", "-i", first)
        # By its id, it has no name.
        self.good("save", "-o", first, image[7:19])
        self.good("rmi", "-f", image)
        self.check([])
        self.assertEqual(self.good("load", "-i", first),
                         "Loaded image ID: %s\n" % image)

    def test_what_prune_reclaims(self):
        """The layers that went, not those that others have, too."""
        self.box("small:1", count=2)
        self.box("large:1", count=3)
        made = self.good("create", "small:1", "sh").strip()
        out = self.good("image", "prune", "-af")
        self.assertIn("untagged: large:1", out)
        self.assertTrue(out.endswith("\nTotal reclaimed space: 3kB\n"), out)
        self.good("rm", made)
        self.check(["small:1"])

    def test_refusals(self):
        self.box("box:1")
        self.bad(["save"], "requires at least 1")
        self.bad(["save", "-o", self.place + "/x", "nosuch"],
                 "No such image: nosuch:latest")
        self.assertFalse(os.path.exists(self.place + "/x"))
        terminal = self.terminal([DEMO, "save", "box:1"], env=self.env)
        done = terminal.wait()
        self.assertEqual(done.status, 1)
        self.assertIn("cowardly refusing to save to a terminal", done.text)
        # A file that somebody changed in the store is not passed on.
        top = [d[7:] for d in self.config("box:1")["rootfs"]["diff_ids"]][-1]
        path = "%s/layers/%s/d/f2" % (self.root, top)
        with open(path, "r+b") as file:
            file.write(b"changed")
        self.bad(["save", "-o", self.place + "/x", "box:1"],
                 "its files were changed in the store")
        self.assertEqual([n for n in os.listdir(self.place)
                          if n.startswith("x")], [])
        done = self.demo("system", "check")
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("layer %s" % top[:20], done.out)
        self.assertIn("not all is well", done.out)
        # Bytes more than there were, with the right ones before them.
        with open(path, "wb") as file:
            file.write(random.Random(2).randbytes(3000))
        self.assertEqual(self.demo("system", "check").status, 0)
        with open(path, "ab") as file:
            file.write(b"x")
        self.assertIn("d/f2 was changed", self.demo("system", "check").out)
        os.unlink(path)
        self.assertIn("layer " + top[:20], self.demo("system", "check").out)

    def config(self, name):
        with open(self.root + "/blobs/sha256/" + self.names()[name][7:],
                  encoding="utf-8") as file:
            return json.load(file)

    def test_a_tar_with_everything_is_made_again(self):
        """Layers whose tar no program would write of their files."""
        twice = tar(directory("d"), member("d/a", b"one"), member("d/b", b"x"),
                    member("d/a", b"two"))
        replaced = tar(directory("d"), member("d/a", b"one"),
                       member("d", b"a file now"))
        longname = tar(member("n" * 200 + "/" + "m" * 150, b"z" * 5000))
        marks = tar(directory("d"), member("d/.wh.gone"),
                    member("d/.wh..wh..opq"), member("d/here", b"y"))
        links = tar(member("a", b"data"),
                    test_images.link("b", "a", test_images.LINK),
                    test_images.link("c", "a"))
        trailing = tar(member("a", b"data")) + bytes(51200)
        self.good("import", "-c", 'CMD ["sh"]', self.file(
            subprocess.check_output(
                ["tar", "cSf", "-", "-C", self.sparse(), "."])), "sparse")
        for form in (test_images.tarfile.GNU_FORMAT,
                     test_images.tarfile.USTAR_FORMAT):
            self.good("import", self.file(tar(
                member("x" * 90, b"1" * 700000), form=form)), "form%d" % form)
        for i, data in enumerate((twice, replaced, longname, marks, links,
                                  trailing)):
            self.good("load", "-i", self.file(test_images.docker_archive(
                [test_images.GOOD, data], names=["odd:%d" % i])))
            with self.subTest(i=i):
                self.check()
                self.good("save", "-o", self.place + "/s.tar", "odd:%d" % i)
                got = subprocess.check_output(
                    ["tar", "xOf", self.place + "/s.tar",
                     "blobs/sha256/" + digest_of(data)[7:]])
                self.assertEqual(got, data)
        with open(self.file(twice), "rb") as file:
            self.good("import", "-", "piped", stdin=file)
        self.good("import", "-", "piped:2", data=twice)
        self.check()

    def file(self, data):
        with open(self.place + "/in.tar", "wb") as file:
            file.write(data)
        return self.place + "/in.tar"

    def sparse(self):
        place = self.scratch()
        with open(place + "/holes", "wb") as file:
            for at in (100000, 5000000):
                file.seek(at)
                file.write(b"here")
        return place

    def test_import_with_changes(self):
        self.good("import", "-m", "words", "-c", "ENV A=b C='d e'", "-c",
                  "EXPOSE 80-81 53/udp", "-c", "WORKDIR /w", "-c", "WORKDIR x",
                  "-c", 'CMD ["a", "b"]', "-c", "ENTRYPOINT run it", "-c",
                  "VOLUME /v /w", "-c", "LABEL k=v", "-c", "USER 5:6", "-c",
                  "STOPSIGNAL SIGUSR1", "-c", "ENV A=c B=$A-x", "-c",
                  "ONBUILD RUN x", "-c",
                  "HEALTHCHECK --interval=5s --retries=2 CMD test -e /w", self.file(test_images.GOOD), "ch:1")
        config = self.config("ch:1")
        self.assertEqual(config["config"], {
            "Env": ["A=c", "C=d e", "B=b-x"],
            "ExposedPorts": {"80/tcp": {}, "81/tcp": {}, "53/udp": {}},
            "Healthcheck": {"Test": ["CMD-SHELL", "test -e /w"],
                            "Interval": 5000000000, "Retries": 2},
            "WorkingDir": "/w/x", "Cmd": ["a", "b"],
            "Entrypoint": ["/bin/sh", "-c", "run it"],
            "Volumes": {"/v": {}, "/w": {}}, "Labels": {"k": "v"},
            "User": "5:6", "StopSignal": "SIGUSR1", "OnBuild": ["RUN x"]})
        self.assertEqual(config["history"][0]["comment"], "words")
        # What ENTRYPOINT is given was not meant for the CMD before it.
        self.good("import", "-c", "ENTRYPOINT [\"a\"]", "-c", "CMD b",
                  self.file(test_images.GOOD), "ch:2")
        self.assertEqual(self.config("ch:2")["config"], {
            "Entrypoint": ["a"], "Cmd": ["/bin/sh", "-c", "b"]})
        # All of it before the archive is looked at, which here is none.
        for change, said in (("FROM x", "FROM isn't allowed here"),
                             ("RUN x", "RUN is not a valid change command"),
                             ("COPY a b", "COPY is not a valid change"),
                             ("SHELL [\"a\"]", "SHELL is not a valid change"),
                             ("EXPOZE 1", "did you mean EXPOSE?"),
                             ("", "there is no instruction"),
                             ("USER a\nRUN x", "only one instruction"),
                             ("CMD", "requires at least one argument"),
                             ("EXPOSE 65536", "invalid containerPort: 65536"),
                             ("EXPOSE 80/x", "invalid proto: x"),
                             ("ENV A='b", "matching single-quote"),
                             ("ENV =b", "ENV names can not be blank"),
                             ("LABEL a", "LABEL must have two arguments"),
                             ("USER \udce9", "USER: a text in it is not UTF-8"),
                             ("HEALTHCHECK --interval=x CMD a",
                              "invalid duration"),
                             ("STOPSIGNAL x", "invalid signal: x")):
            with self.subTest(change=change):
                self.bad(["import", "-c", change, "/dev/null", "no:1"], said)
        self.bad(["import", "-m", "\udce9", "/dev/null", "no:1"],
                 "the comment is not UTF-8")
        self.check(["ch:1", "ch:2"])

    def test_import_from_a_server(self):
        data = layer("f", 3000)
        sent = {"/root.tar": gzip.compress(data), "/half.tar":
                gzip.compress(data)[:-500], "/page": b"<html>"}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path in sent else 404)
                self.send_header("Content-Length",
                                 len(sent.get(self.path, b"")))
                self.end_headers()
                self.wfile.write(sent.get(self.path, b""))

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = "http://127.0.0.1:%d" % server.server_port
        self.good("import", url + "/root.tar", "far:1")
        self.assertEqual(self.config("far:1")["rootfs"]["diff_ids"],
                         [digest_of(data)])
        self.assertEqual(self.config("far:1")["history"][0]["comment"],
                         "Imported from " + url + "/root.tar")
        for path, said in (("/none", "404"), ("/half.tar", "break off"),
                           ("/page", "not a tar archive")):
            self.bad(["import", url + path, "bad:1"], said)
        self.bad(["import", "http://127.0.0.1:1/x", "bad:1"],
                 "Failed to connect")
        self.check(["far:1"])

    def test_import_for_another_machine(self):
        for words, due in ((["--platform", "linux/s390x"], ("s390x", None)),
                           (["--platform", "s390x"], ("s390x", None)),
                           (["--platform", "linux/arm/v7"], ("arm", "v7"))):
            self.good("import", *words, self.file(test_images.GOOD), "far:1")
            config = self.config("far:1")
            self.assertEqual((config["architecture"], config.get("variant")),
                             due)

    def test_tag_and_history(self):
        path = self.place + "/h.tar"
        long = "RUN " + "word " * 20
        with open(path, "wb") as file:
            layers = [layer("a", 1000), layer("b", 20000)]
            file.write(test_images.docker_archive(
                layers, names=["h:1"], config=test_images.config_of(
                    layers, history=[
                        {"created": "2020-01-01T00:00:00Z",
                         "created_by": "ADD base", "comment": "first"},
                        {"created": "2020-01-01T00:00:01Z",
                         "created_by": "ENV x", "empty_layer": True},
                        {"created": "2020-01-01T00:00:02Z",
                         "created_by": long}])))
        self.good("load", "-i", path)
        lines = self.good("history", "h:1").split("\n")
        self.assertRegex(lines[0], "^IMAGE +CREATED +CREATED BY +SIZE +COM")
        self.assertRegex(lines[1], r"^%s +\d+ years ago +RUN .*… +20kB" %
                         self.names()["h:1"][7:19])
        self.assertRegex(lines[2], r"^<missing> +\d+ years ago +ENV x +0B")
        self.assertRegex(lines[3], r"^<missing> .*ADD base +1kB +first$")
        self.assertIn(long.strip(), self.good("history", "--no-trunc", "h:1"))
        self.assertEqual(
            self.good("history", "--format", "{{.ID}} {{.CreatedBy}} {{.Size}}"
                      "|{{.Comment}}", "h:1").split("\n")[1:],
            ["<missing> ENV x 0B|", "<missing> ADD base 1kB|first", ""])
        lines = self.good("history", "-H=false", "h:1").split("\n")
        self.assertRegex(lines[0], "^IMAGE +CREATED AT +CREATED BY +SIZE +COM")
        self.assertRegex(lines[3], r"^<missing> +2020-01-01T00:00:00Z +ADD "
                         "base +1000 +first$")
        self.assertEqual(json.loads(self.good(
            "history", "--format", "json", "h:1").split("\n")[2])["Comment"],
            "first")
        self.good("tag", "h:1", "registry.lan:5000/deep/h")
        self.good("tag", self.names()["h:1"][7:17], "again")
        self.assertEqual(set(self.names()), {
            "h:1", "registry.lan:5000/deep/h:latest", "again:latest"})
        self.bad(["tag", "h:1", "Bad"], "must be lowercase")
        self.bad(["tag", "nosuch", "x"], "No such image: nosuch:latest")
        self.bad(["tag", "h:1"], "requires exactly 2")
        self.bad(["history", "nosuch"], "No such image")
        self.bad(["rmi", self.names()["h:1"][7:19]], "must be forced")
        out = self.good("rmi", "-f", self.names()["h:1"][7:19])
        self.assertEqual(out.count("Untagged: "), 3)
        done = self.demo("rmi", "-f", "gone")
        self.assertEqual((done.status, done.out), (0, ""), str(done))
        self.assertIn("No such image: gone", done.err)
        self.bad(["rmi", "gone"], "No such image: gone")
        self.bad(["system", "check", "x"], "accepts no arguments")
        self.check([])

    def test_what_a_container_uses_stays(self):
        self.good("run", "--name", "user", "busybox", "true")
        image = self.names()["busybox:latest"]
        self.bad(["rmi", "busybox"], "container user is using")
        self.assertEqual(self.good("rmi", "-f", "busybox"),
                         "Untagged: busybox:latest\n")
        self.bad(["rmi", "-f", image[7:19]], "cannot be forced")
        self.check([])
        self.good("rm", "user")
        self.assertIn("Deleted: " + image, self.good("rmi", image[7:19]))
        self.check([])


class Trust(RegistryTest):
    """Passwords, tokens, certificates, mirrors, proxies."""

    def config_json(self):
        with open(self.place + "/docker/config.json",
                  encoding="utf-8") as file:
            return json.load(file)

    def test_a_password(self):
        registry = self.real(password=True)
        name = registry.name + "/box:1"
        self.box(name)
        self.bad(["push", name], "no basic auth credentials")
        self.bad(["pull", name], "pull access denied for %s/box, repository "
                 "does not exist or may require 'docker login'" %
                 registry.name)
        for password in ("wrong", ""):
            self.bad(["login", "-u", "ali", "--password-stdin",
                      registry.name], "401 Unauthorized" if password else
                     "Password Required", data=password)
        self.assertFalse(os.path.exists(self.place + "/docker/config.json"))
        done = self.demo("login", "-u", "ali", "--password-stdin",
                         registry.name, data="sesame\n")
        self.assertEqual((done.status, done.out), (0, "Login Succeeded\n"),
                         str(done))
        self.assertIn("stored unencrypted", done.err)
        path = self.place + "/docker/config.json"
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(self.config_json()["auths"][registry.name]["auth"],
                         base64.b64encode(b"ali:sesame").decode())
        self.good("push", name)
        self.good("rmi", name)
        self.good("pull", name)
        self.assertEqual(self.good("logout", registry.name),
                         "Removing login credentials for %s\n" % registry.name)
        self.assertEqual(self.good("logout", registry.name),
                         "Not logged in to %s\n" % registry.name)
        self.bad(["pull", "-q", name], "pull access denied")
        self.check()

    def test_login_in_a_terminal(self):
        registry = self.real(password=True)
        terminal = self.terminal([DEMO, "login", registry.name], env=self.env)
        terminal.expect("Username: ")
        terminal.send("ali\n")
        terminal.expect("Password: ")
        time.sleep(0.1)         # the echo is off before the prompt is flushed
        terminal.send("sesame\n")
        terminal.expect("Login Succeeded")
        self.assertNotIn("sesame", terminal.wait().out)
        self.bad(["login", registry.name], "non TTY device")
        self.bad(["login", "--password-stdin", registry.name], "--username")
        done = self.demo("login", "-u", "ali", "-p", "sesame", registry.name)
        self.assertIn("--password via the CLI is insecure", done.err)

    def test_docker_and_podman_have_logged_in(self):
        """The files that other programs write."""
        registry = self.real(password=True)
        self.caller_directory(self.place + "/docker")
        for key in (registry.name, "http://%s/v1/" % registry.name):
            with open(self.place + "/docker/config.json", "w",
                      encoding="utf-8") as file:
                json.dump({"auths": {key: {"auth": base64.b64encode(
                    b"ali:sesame").decode()}}, "HttpHeaders": {"a": "b"}},
                    file)
            self.bad(["pull", registry.name + "/x"], "manifest unknown")
        self.good("login", "-u", "ali", "--password-stdin", registry.name,
                  data="sesame")
        self.assertEqual(self.config_json()["HttpHeaders"], {"a": "b"})

    def test_a_helper_keeps_the_password(self):
        registry = self.real(password=True)
        self.caller_directory(self.place + "/docker")
        helper = self.place + "/docker-credential-test"
        with open(helper, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\ncase $1 in\nstore) cat >%s/kept;;\n"
                       "get) cat >>%s/asked; cat %s/kept || exit 1;;\n"
                       "erase) rm %s/kept;;\nesac\n" % ((self.place,) * 4))
        os.chmod(helper, 0o755)
        self.env["PATH"] = self.place + ":" + self.env["PATH"]
        for key in ({"credsStore": "test"},
                    {"credHelpers": {registry.name: "test"}}):
            with open(self.place + "/docker/config.json", "w",
                      encoding="utf-8") as file:
                json.dump(key, file)
            done = self.demo("login", "-u", "ali", "--password-stdin",
                             registry.name, data="sesame")
            self.assertEqual(done.out, "Login Succeeded\n", str(done))
            self.assertNotIn("unencrypted", done.err)
            self.assertEqual(self.config_json(), key)
            self.bad(["pull", registry.name + "/x"], "manifest unknown")
            with open(self.place + "/asked", encoding="utf-8") as file:
                self.assertIn(registry.name, file.read())
            self.assertIn("Removing", self.good("logout", registry.name))
            self.bad(["pull", registry.name + "/x"], "access denied")

    def token_hook(self, fake, **behaviour):
        def hook(request):
            fake_url = "http://%s/token" % fake.name
            if request.path.startswith("/token"):
                proof = request.headers.get("Authorization", "")
                if "password" in behaviour and proof != "Basic " + \
                        base64.b64encode(b"ali:sesame").decode():
                    request.error(401, "UNAUTHORIZED")
                else:
                    self.count += 1
                    request.answer(200, json.dumps(
                        {"token": "t%d" % self.count}).encode())
                return True
            if request.headers.get("Authorization") == "Bearer t%d" % \
                    self.count and self.count:
                return False
            request.answer(401, b"", WWW_Authenticate='Bearer realm="%s",'
                           'service="the registry",scope="repository:box:'
                           'pull"' % fake_url)
            return True
        self.count = 0
        fake.hook = hook

    def test_tokens(self):
        fake = self.fake()
        fake.add("box", "1", [layer("a")])
        self.token_hook(fake)
        self.good("pull", fake.name + "/box:1")
        self.assertEqual(fake.paths("/token"), [
            "/token?service=the%20registry&scope=repository%3Abox%3Apull"])
        self.check()

    def test_tokens_for_a_password(self):
        fake = self.fake()
        fake.add("box", "1", [layer("a")])
        self.token_hook(fake, password=True)
        self.bad(["pull", fake.name + "/box:1"], "unauthorized")
        self.bad(["login", "-u", "ali", "--password-stdin", fake.name],
                 "unauthorized", data="wrong")
        self.good("login", "-u", "ali", "--password-stdin", fake.name,
                  data="sesame")
        self.good("pull", fake.name + "/box:1")
        self.assertIn("account=ali", fake.paths("/token")[-1])
        self.check()

    def test_a_token_that_runs_out_meanwhile(self):
        fake = self.fake()
        fake.add("box", "1", [layer("a"), layer("b"), layer("c")])
        self.token_hook(fake)
        usual = fake.hook

        def hook(request):
            if "/blobs/" in request.path and self.count == 1:
                self.count = 2          # t1 is no longer good
            return usual(request)
        fake.hook = hook
        self.good("pull", fake.name + "/box:1")
        self.check()

    def test_what_is_asked_for_that_nobody_knows(self):
        fake = self.fake()
        for header, said in (('Digest realm="x"', "not understood"),
                             ('Bearer realm="x', "not understood"),
                             ("Bearer service=x", "not understood"),
                             (None, "does not say what proof")):
            def hook(request, header=header):
                request.answer(401, b"", **(
                    {"WWW_Authenticate": header} if header else {}))
                return True
            fake.hook = hook
            self.bad(["pull", fake.name + "/box:1"], said)

    def certificate(self, name, address):
        key, cert = self.place + "/key.pem", self.place + "/cert.pem"
        self.succeed(["openssl", "req", "-x509", "-newkey", "rsa:2048",
                      "-nodes", "-days", "2", "-keyout", key, "-out", cert,
                      "-subj", "/CN=" + name, "-addext",
                      "subjectAltName=IP:" + address])
        return cert, key

    def network(self, address):
        """A network of its own, with this address: on loopback nobody's
        certificate is looked at."""
        holder = harness.start(["unshare", "-n", "sh", "-c",
                                "ip link set lo up && ip addr add %s/32 dev "
                                "lo && echo up && exec sleep 300" % address])
        self.addCleanup(harness.finish, holder, 5)
        self.addCleanup(harness.signal_group, holder, signal.SIGKILL)
        self.assertEqual(holder.stdout.readline(), b"up\n")
        return ["nsenter", "-t", str(holder.pid), "-n", "--"]

    def test_certificates(self):
        self.need("openssl", "nsenter")
        address = "10.88.1.1"
        enter = self.network(address)
        cert, key = self.certificate("registry", address)
        registry = self.real(address=address, tls=(cert, key), enter=enter)
        name = registry.name + "/box:1"
        self.box(name)

        def demo(*words):
            return self.run_command([*enter, *harness.called(DEMO, *words)],
                                    env=self.env)
        done = demo("push", name)
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("certificate", done.err)
        # A certificate of our own for it.
        place = "%s/etc/certs.d/%s" % (self.place, registry.name)
        os.makedirs(place)
        shutil.copy(cert, place + "/ca.crt")
        self.assertEqual(demo("push", name).status, 0)
        self.good("rmi", name)
        self.assertEqual(demo("pull", name).status, 0)
        # Or none at all, where that is said; by its network, too.
        shutil.rmtree(self.place + "/etc/certs.d")
        self.assertEqual(demo("pull", name).status, 1)
        for entry in (registry.name, address, "10.88.0.0/16"):
            with open(self.place + "/etc/registries.json", "w",
                      encoding="utf-8") as file:
                json.dump({"insecure-registries": [entry]}, file)
            self.assertEqual(demo("pull", name).status, 0, entry)
        self.check()

    def test_plain_http_only_where_it_is_said(self):
        self.need("nsenter")
        address = "10.88.1.2"
        enter = self.network(address)
        registry = self.real(address=address, enter=enter)
        words = [*enter, *harness.called(DEMO, "pull",
                                         registry.name + "/box:1")]
        done = self.run_command(words, env=self.env)
        self.assertIn("https://", done.err)
        with open(self.place + "/etc/registries.json", "w",
                  encoding="utf-8") as file:
            json.dump({"insecure-registries": [registry.name]}, file)
        done = self.run_command(words, env=self.env)
        self.assertIn("manifest unknown", done.err, str(done))
        for text, said in (("{", "line 1"), ("[]", "registries.json"),
                           ('{"insecure-registries": 5}', "not a list")):
            with open(self.place + "/etc/registries.json", "w",
                      encoding="utf-8") as file:
                file.write(text)
            if text != "[]":
                self.bad(["pull", "x"], said)

    def test_a_mirror(self):
        fake = self.fake()
        fake.add("library/box", "latest", [layer("a"), layer("b")])
        with open(self.place + "/etc/registries.json", "w",
                  encoding="utf-8") as file:
            json.dump({"registry-mirrors": ["http://" + fake.name + "/"]},
                      file)
        out = self.good("pull", "box")
        self.assertIn("Using default tag: latest\nlatest: Pulling from "
                      "library/box\n", out)
        self.assertTrue(out.endswith("docker.io/library/box:latest\n"), out)
        self.assertIn("box:latest", self.names())
        # What it does not have is asked of docker.io, which is not here.
        done = self.bad(["pull", "other/thing"], "registry-1.docker.io")
        self.assertTrue(fake.paths("/v2/other/thing/"), str(done))
        self.check()

    def test_a_proxy(self):
        fake = self.fake()
        fake.add("box", "1", [layer("a")])

        def hook(request):      # a proxy is asked with the whole address
            if not request.path.startswith("http://registry.test/"):
                return False
            request.path = request.path[len("http://registry.test"):]
            fake.serve(request)
            return True
        fake.hook = hook
        with open(self.place + "/etc/registries.json", "w",
                  encoding="utf-8") as file:
            json.dump({"insecure-registries": ["registry.test"]}, file)
        self.bad(["pull", "registry.test/box:1"], "resolve host")
        for variable in ("http_proxy", "HTTP_PROXY"):
            env = dict(self.env, **{variable: "http://" + fake.name})
            self.good("pull", "registry.test/box:1", env=env)
            self.good("rmi", "registry.test/box:1")
            env["NO_PROXY"] = "registry.test"
            self.bad(["pull", "registry.test/box:1"], "resolve host", env=env)
        self.check([])


class Wire(RegistryTest):
    """What goes over the wire."""

    def test_an_index_for_several_machines(self):
        fake = self.fake()
        manifests = []
        for platform in ("linux/s390x", "linux/arm/v7", "linux/arm/v6",
                         "linux/" + architecture()):
            _, machine, variant = (platform + "//").split("/")[:3]
            layers = [layer(machine + variant)]
            digest = fake.add("box", machine + variant, layers,
                              architecture=machine)
            data = fake.manifests["box", digest]
            manifests.append({
                "mediaType": registries.TYPES + "manifest.v1+json",
                "digest": digest, "size": len(data), "platform": dict(
                    {"os": "linux", "architecture": machine},
                    **({"variant": variant} if variant else {}))})
        index = fake.put("box", "all", {
            "schemaVersion": 2, "manifests": manifests,
            "mediaType": registries.TYPES + "index.v1+json"})
        out = self.good("pull", fake.name + "/box:all")
        self.assertIn("Digest: " + index, out)
        for platform, name in (("linux/arm/v7", "armv7"),
                               ("linux/s390x", "s390x"),
                               ("linux/arm/v6", "armv6")):
            self.good("pull", "--platform", platform, fake.name + "/box:all")
            digest = self.names()[fake.name + "/box:all"]
            self.good("pull", fake.name + "/box:" + name)
            self.assertEqual(self.names()[fake.name + "/box:" + name], digest)
        self.bad(["pull", "--platform", "linux/mips", fake.name + "/box:all"],
                 "no matching manifest for linux/mips in the manifest list "
                 "entries")
        self.bad(["pull", "--platform", "linux/arm64",
                  fake.name + "/box:s390x"], "does not provide the specified "
                 "platform (linux/arm64)")
        self.check()

    def test_compressions(self):
        self.need("zstd")
        fake = self.fake()
        data = layer("a", 300000)
        for suffix, compress in (
                ("", bytes), ("+gzip", gzip.compress), ("+zstd", lambda d:
                 subprocess.run(["zstd", "-c"], input=d, check=True,
                                capture_output=True).stdout)):
            fake.add("box", "t" + suffix.strip("+"), [data], compress, suffix)
            name = fake.name + "/box:t" + suffix.strip("+")
            self.good("pull", name)
            self.check()
            self.good("rmi", name)

    def test_several_at_once_and_each_once(self):
        fake = self.fake()
        layers = [layer("f%d" % i, 5000, seed=i) for i in range(8)]
        fake.add("box", "1", layers + layers[:2])

        def hook(request):
            if "/blobs/" in request.path:
                time.sleep(0.1)
            return False
        fake.hook = hook
        self.good("pull", fake.name + "/box:1")
        self.assertEqual(fake.most, 3)
        self.assertEqual(len(fake.paths("/blobs/")), 9)     # and the config
        # An image that has some of them needs only the rest.
        fake.add("box", "2", layers[:4] + [layer("new", 10, seed=99)])
        before = len(fake.paths("/blobs/"))
        out = self.good("pull", fake.name + "/box:2")
        self.assertEqual(out.count(": Already exists\n"), 4, out)
        self.assertEqual(len(fake.paths("/blobs/")) - before, 2)
        self.check()

    def test_prune_what_killed_pulls_left(self):
        self.box("box:1")
        partial = self.root + "/partial/"
        for name in ("a" * 64, "b" * 64, "no-digest"):
            with open(partial + name, "wb") as file:
                file.write(bytes(5000))
        self.assertIn(": 0B\n", self.good("image", "prune", "-f", "--filter",
                                          "until=1h"))
        with open(partial + "b" * 64, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)    # as who is pulling it
            self.assertIn(": 5kB\n", self.good("image", "prune", "-f"))
        self.assertEqual(sorted(os.listdir(partial)), ["b" * 64, "no-digest"])
        self.assertIn(": 5kB\n", self.good("system", "prune", "-f"))
        self.check(["box:1"])

    def test_in_a_terminal(self):
        fake = self.fake()
        fake.add("box", "1", [layer("f", 3000000)])

        def hook(request):
            if "/blobs/" not in request.path:
                return False
            data = fake.blobs[request.path.split("/")[-1]]
            request.send_response(200)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            for at in range(0, len(data), 200000):
                request.wfile.write(data[at:at + 200000])
                time.sleep(0.03)
            return True
        fake.hook = hook
        done = self.terminal([DEMO, "pull", fake.name + "/box:1"],
                             env=self.env).wait()
        self.assertEqual(done.status, 0, str(done))
        self.assertRegex(done.out, r": Downloading \[=+> +\]  [\d.]+MB/3\.?\d*"
                         "MB")
        self.assertIn("Pull complete", done.out)

    def test_pages_of_tags(self):
        fake = self.fake()
        for tag in ("a", "b"):
            fake.add("box", tag, [layer(tag)])

        def hook(request):
            if "/tags/list" not in request.path:
                return False
            if "last=a" in request.path:
                request.answer(200, b'{"tags": ["b"]}')
            else:
                request.answer(200, b'{"tags": ["a"]}', Link="</v2/box/tags/"
                               'list?last=a&n=1>; rel="next"')
            return True
        fake.hook = hook
        self.good("pull", "-a", fake.name + "/box")
        self.assertEqual([n for n in self.names() if "@" not in n],
                         [fake.name + "/box:a", fake.name + "/box:b"])

    def test_a_killed_pull_goes_on(self):
        fake = self.fake()
        fake.add("box", "1", [layer("f", 400000)])
        half = threading.Event()

        def hook(request):
            if "/blobs/" not in request.path:
                return False
            data = fake.blobs[request.path.split("/")[-1]]
            if len(data) < 10000:
                return False
            request.send_response(200)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data[:250000])
            half.set()
            time.sleep(2)
            return True
        fake.hook = hook
        process = harness.start([DEMO, "pull", fake.name + "/box:1"],
                                env=self.env)
        self.assertTrue(half.wait(20))
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            files = os.listdir(self.root + "/partial")
            if files and os.stat(self.root + "/partial/" +
                                 files[0]).st_size >= 200000:
                break
            time.sleep(0.01)
        harness.signal_group(process, signal.SIGKILL)
        harness.finish(process, 10)
        fake.hook = None
        self.check([])
        self.good("pull", fake.name + "/box:1")
        ranges = [headers["Range"] for _, _, headers in fake.requests
                  if "Range" in headers]
        self.assertEqual(len(ranges), 1, ranges)
        self.assertGreaterEqual(int(ranges[0][6:-1]), 200000)
        self.assertEqual(os.listdir(self.root + "/partial"), [])
        self.check()


class Liar(RegistryTest):
    """Nothing wrong is ever stored, the message says what happened, and a
    later pull works."""

    def setUp(self):
        super().setUp()
        self.server = self.fake()
        self.name = self.server.name + "/box:1"
        self.layers = [layer("a", 500), layer("b", 700, seed=2)]
        self.server.add("box", "1", self.layers)
        self.big = max(self.server.blobs, key=lambda d:
                       len(self.server.blobs[d]))

    def lie(self, hook, said):
        self.server.hook = hook
        done = self.demo("pull", self.name)
        self.assertEqual(done.status, 1, str(done))
        self.assertIn(said, done.err, str(done))
        self.assertEqual(len(done.err.strip().split("\n")), 1, str(done))
        self.check([])
        self.server.hook = None
        self.good("pull", self.name)
        self.check()
        self.good("rmi", self.name)
        self.check([])

    def on_blob(self, act):
        return lambda request: self.big in request.path and \
            bool(act(request) or True)

    def test_a_wrong_digest(self):
        data = bytearray(self.server.blobs[self.big])
        data[100] ^= 1
        self.lie(self.on_blob(lambda r: r.answer(200, bytes(data))),
                 "filesystem layer verification failed for digest " +
                 self.big)

    def test_a_short_body(self):
        data = self.server.blobs[self.big]
        self.lie(self.on_blob(lambda r: r.answer(200, data[:-7])),
                 "the registry sent %d bytes, where the manifest says %d" %
                 (len(data) - 7, len(data)))

    def test_an_endless_body(self):
        def pour(request):
            request.send_response(200)
            request.send_header("Transfer-Encoding", "identity")
            request.end_headers()
            request.close_connection = True
            for _ in range(100000):
                request.wfile.write(bytes(65536))
        self.lie(self.on_blob(pour), "more than the %d bytes that the manifest "
                 "says" % len(self.server.blobs[self.big]))

    def test_an_endless_manifest(self):
        def pour(request):
            if "/manifests/" not in request.path:
                return False
            request.send_response(200)
            request.end_headers()
            request.close_connection = True
            for _ in range(100000):
                request.wfile.write(b" " * 65536)
            return True
        self.lie(pour, "more than the 4194304 bytes that it may have")

    def test_endless_headers(self):
        def pour(request):
            if "/manifests/" not in request.path:
                return False
            request.send_response(200)
            for i in range(100000):
                request.send_header("X-%d" % i, "y" * 100)
            request.end_headers()
            return True
        self.lie(pour, "header")

    def test_redirects(self):
        for target, said in (
                ("file:///etc/passwd", "not of the web"),
                ("ftp://localhost/x", "not of the web"),
                ("/v2/box/blobs/" + self.big, "redirects"),
                ("http://localhost:1/x", "connect to localhost port 1")):
            with self.subTest(target=target):
                self.lie(self.on_blob(lambda r, t=target: r.answer(
                    307, Location=t)), said)

    def test_a_redirect_that_is_honest(self):
        """To another host, which must not get what proves us here."""
        other = self.fake()
        other.blobs = self.server.blobs
        self.server.hook = self.on_blob(lambda r: r.answer(
            307, Location="http://127.0.0.1:%d/v2/x/blobs/%s" %
            (other.port, self.big)))
        self.caller_directory(self.place + "/docker")
        usual = self.server.hook

        def hook(request):
            if not request.headers.get("Authorization"):
                request.answer(401, WWW_Authenticate='Basic realm="x"')
                return True
            return usual(request)
        self.server.hook = hook
        with open(self.place + "/docker/config.json", "w",
                  encoding="utf-8") as file:
            json.dump({"auths": {self.server.name: {"auth": base64.b64encode(
                b"ali:sesame").decode()}}}, file)
        self.good("pull", self.name)
        self.assertEqual(len(other.requests), 1)
        self.assertNotIn("Authorization", other.requests[0][2])
        self.check()

    def test_500s(self):
        self.lie(lambda r: bool(r.answer(500) or True),
                 "received unexpected HTTP status: 500 Internal Server Error")
        self.lie(self.on_blob(lambda r: r.error(503, "UNAVAILABLE", "later")),
                 "unavailable: later")

    def test_one_500_is_forgiven(self):
        once = []

        def hook(request):
            if request.path in once:
                return False
            once.append(request.path)
            request.answer(503)
            return True
        self.server.hook = hook
        self.good("pull", self.name)
        self.check()

    def test_a_connection_that_drops(self):
        """At every tenth byte of the longest layer: what came is kept, and the
        rest is asked for."""
        data = self.server.blobs[self.big]

        def drop(request):
            start = int(request.headers.get("Range", "bytes=0-")[6:-1])
            request.send_response(206 if start else 200)
            request.send_header("Content-Length", str(len(data) - start))
            request.end_headers()
            request.wfile.write(data[start:start + 10])
            request.wfile.flush()
            if start + 10 < len(data):
                request.cut()
        self.server.hook = self.on_blob(drop)
        self.good("pull", self.name)
        asked = [h.get("Range") for _, p, h in self.server.requests
                 if self.big in p]
        self.assertEqual(asked[1:4], ["bytes=10-", "bytes=20-", "bytes=30-"])
        self.check()

    def test_a_connection_that_drops_anywhere(self):
        """The first answer, cut at every tenth byte, its header included; of
        a server that knows ranges, and of one that sends all again."""
        data = self.server.blobs[self.big]
        answer = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" %
                  len(data) + data)
        for at in range(0, len(answer), 10):
            self.server.knows_ranges = at % 20 == 0
            dropped = []

            def drop(request, at=at, dropped=dropped):
                if self.big not in request.path or dropped:
                    return False
                dropped.append(at)
                request.wfile.write(answer[:at])
                request.wfile.flush()
                request.cut()
                return True
            with self.subTest(at=at):
                self.server.hook = drop
                self.good("pull", "-q", self.name)
                self.assertEqual(dropped, [at])
                self.good("rmi", self.name)
        self.good("pull", self.name)
        self.check()

    def test_ranges_that_are_not_meant(self):
        """A part from elsewhere than was asked for."""
        data = self.server.blobs[self.big]
        first = []

        def lie(request):
            if not first:
                first.append(1)
                request.send_response(200)
                request.send_header("Content-Length", str(len(data)))
                request.end_headers()
                request.wfile.write(data[:300])
                request.wfile.flush()
                request.cut()
            elif "Range" in request.headers:
                request.answer(206, data[310:] + data[:10])
            else:
                request.answer(200, data)
        self.lie(self.on_blob(lie), "verification failed")

    def test_a_manifest_that_lies(self):
        def change(**parts):
            def hook(request):
                if "/manifests/" not in request.path:
                    return False
                manifest = json.loads(self.server.manifests["box", "1"])
                for key, value in parts.items():
                    manifest[key] = value(manifest[key])
                request.answer(200, json.dumps(manifest).encode())
                return True
            return hook

        def resized(layers):
            layers[1]["size"] += 1
            return layers

        def swapped(layers):
            return layers[::-1]
        self.lie(change(layers=resized), "where the manifest says")
        self.lie(change(layers=swapped), "which is not what the image says")
        self.lie(change(layers=lambda l: l[:1]), "its manifest has 1 layers")
        self.lie(change(layers=lambda l: 5), "not a list")
        self.lie(change(config=lambda c: dict(c, digest="sha256:../x")),
                 "not a sha256 digest")
        self.lie(change(config=lambda c: dict(c, mediaType="text/plain")),
                 "not the manifest of an image")
        self.lie(change(schemaVersion=lambda v: 1), "schema 1")
        self.lie(lambda r: "/manifests/" in r.path and
                 bool(r.answer(200, b"<html>") or True), "not JSON")

    def test_a_manifest_that_is_another(self):
        other = self.server.add("box", "other", [layer("evil")])
        data = self.server.manifests["box", other]
        digest = digest_of(self.server.manifests["box", "1"])
        self.server.hook = lambda r: "/manifests/" in r.path and bool(
            r.answer(200, data, Docker_Content_Digest=digest) or True)
        self.bad(["pull", self.name], "it has the digest " + other)
        by_digest = "%s/box@%s" % (self.server.name, digest)
        self.server.hook = lambda r: "/manifests/" in r.path and bool(
            r.answer(200, data) or True)
        self.bad(["pull", by_digest], "it has the digest " + other)
        self.check([])

    def test_a_config_that_is_another(self):
        config = next(d for d, b in self.server.blobs.items() if b[:1] ==
                      b"{")
        self.lie(lambda r: config in r.path and bool(
            r.answer(200, b'{"rootfs": {}}') or True), "it has the digest")

    def test_layers_that_attack(self):
        """What was refused in an archive is refused from a registry."""
        for data, said in (
                (tar(member("../escape", b"x")), '".."'),
                (tar(test_images.link("l", "/tmp"), member("l/x", b"y")),
                 "symbolic link"),
                (b"no tar at all" * 100, "not a tar")):
            self.server.add("evil", "1", [data])
            with self.subTest(said=said):
                self.bad(["pull", self.server.name + "/evil:1"], said)
                self.check([])

    def test_uploads_that_lie(self):
        self.box(self.name)

        def hook(request):
            length = int(request.headers.get("Content-Length", 0))
            request.rfile.read(length)
            if request.command == "HEAD":
                request.answer(404)
            elif request.command == "POST":
                request.answer(202, **({"Location": self.where}
                                       if self.where else {}))
            else:
                request.error(400, "DIGEST_INVALID", "no")
            return True
        self.server.hook = hook
        for self.where, said in ((None, "does not say where"),
                                 ("/v2/box/blobs/uploads/1",
                                  "digest invalid: no"),
                                 ("file:///etc/x", "have it uploaded to "
                                  "file:///etc/x")):
            self.bad(["push", self.name], said)
        self.check([self.name])


class Builds(RegistryTest):
    """`build` has from a registry what a Dockerfile names and is not there."""

    def setUp(self):
        super().setUp()
        self.far = self.fake()
        self.far.add("base", "1", [layer("old")])
        self.far.add("files", "1", [layer("more", seed=7)])

    def build(self, dockerfile, *words):
        done = self.demo("build", "--progress", "plain", "-t", "built:1",
                         *words, "-", data=dockerfile.replace(
                             "HERE", self.far.name).encode())
        # Nothing of what goes on below is told on standard output.
        self.assertEqual(done.out, "", str(done))
        return done

    def built(self, dockerfile, *words):
        """What it says, and the names in the layers of the image."""
        done = self.build(dockerfile, *words)
        self.assertEqual(done.status, 0, str(done))
        with open(self.root + "/blobs/sha256/" +
                  self.names()["built:1"][7:], encoding="utf-8") as file:
            layers = json.load(file)["rootfs"]["diff_ids"]
        files = {name for layer in layers for name in os.listdir(
            "%s/layers/%s/d" % (self.root, layer[7:]))}
        self.check(is_pruned=False)
        return done.err, files

    def test_what_is_not_there_is_pulled(self):
        said, files = self.built("FROM HERE/base:1\n"
                                 "COPY --from=HERE/files:1 /d /d\n")
        self.assertEqual(files, {"old", "more"})
        for name in ("base", "files"):
            self.assertRegex(said, r"#\d+ [\d.]+ 1: Pulling from %s\n" % name)
        self.assertEqual(said.count("Pull complete"), 2, said)
        self.assertIn(self.far.name + "/base:1", self.names())
        # Then it is there, and nobody is asked.
        del self.far.requests[:]
        said, files = self.built("FROM HERE/base:1\nENV A=b")
        self.assertEqual(self.far.requests, [])
        self.assertNotIn("Pull", said)

    def test_pull(self):
        for words, due in (([], {"old"}), ([], {"old"}),
                           (["--pull"], {"new"}), (["--pull"], {"new"})):
            with self.subTest(words=words, due=due):
                _, files = self.built("FROM HERE/base:1\nENV A=b", *words)
                self.assertEqual(files, due)
                self.far.add("base", "1", [layer("new", seed=2)])

    def test_what_there_is_not(self):
        for name, why in ((self.far.name + "/nosuch:1", "not found: manifest "
                           "unknown"), ("localhost:1/x", "localhost:1")):
            done = self.build("ARG A=b\nFROM %s\n" % name)
            self.assertEqual(done.status, 1, str(done))
            for words in ("Dockerfile:2\n", "   2 | FROM %s\n     | ^" % name,
                          name + ": failed to resolve source metadata: ",
                          why):
                self.assertIn(words, done.err, str(done))
        self.check([])

    def test_interrupted(self):
        """Who pulls for a build ends with it, and what has come is kept."""
        self.far.add("big", "1", [layer("big", 3000000)])
        asked = threading.Event()

        def hook(request):
            if "/blobs/" not in request.path or \
                    len(self.far.blobs[request.path.split("/")[-1]]) < 1000000:
                return False
            data = self.far.blobs[request.path.split("/")[-1]]
            request.send_response(200)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data[:1000000])
            asked.set()
            time.sleep(30)
            return True
        self.far.hook = hook
        for number in (signal.SIGINT, signal.SIGKILL):
            asked.clear()
            process = harness.start([DEMO, "build", "-"], env=self.env,
                                    stdin=subprocess.PIPE)
            process.stdin.write(b"FROM %s/big:1\n" % self.far.name.encode())
            process.stdin.close()
            process.stdin = None
            self.assertTrue(asked.wait(20))
            os.kill(process.pid, number)
            done = harness.finish(process, 10)
            self.assertEqual(done.status, 128 + number, str(done))
            deadline = time.monotonic() + 10
            while harness.residue.descendants() and \
                    time.monotonic() < deadline:
                harness.residue.reap()
                time.sleep(0.02)
            self.assertEqual(harness.residue.descendants(), {})
            self.check([])


class Kills(RegistryTest):
    """kill -9 at any moment: the store checks out after each."""

    def test_at_random(self):
        fake = self.fake()
        shared = layer("base", 200000, seed=5)
        for i in range(4):
            fake.add("box", str(i), [shared, layer("x", 100000, seed=10 + i)])
        archive = self.place + "/load.tar"
        with open(archive, "wb") as file:
            file.write(test_images.docker_archive(
                [shared, layer("y", 150000, seed=77)], names=["loaded:1"]))
        several = self.place + "/several.tar"
        with open(several, "wb") as file:
            file.write(Several("team/multi:1").data)
        verbs = [["pull", "-q", fake.name + "/box:%d" % i] for i in range(4)]
        verbs += [["load", "-q", "-i", archive], ["rmi", "loaded:1"],
                  ["tag", "loaded:1", "more:1"], ["rmi", "more:1"],
                  ["load", "-q", "-i", several], ["rmi", "team/multi:1"],
                  ["tag", "team/multi:1", "more:1"]]
        verbs += [["rmi", fake.name + "/box:%d" % i] for i in range(4)]
        builds = self.builds(fake)
        verbs += builds
        seed = int(os.environ.get("SEED") or random.randrange(1 << 30))
        dice = random.Random(seed)
        killed, least = 0, int(os.environ.get("KILLS") or 20)
        took = collections.defaultdict(lambda: 0.1)     # as it seems so far
        for turn in range(100 * least):
            verb = dice.choice(verbs)
            begun = time.monotonic()
            process = harness.start([DEMO, *verb], env=self.env)
            try:
                process.wait(dice.random() * took[verb[0]])
                took[verb[0]] = (took[verb[0]] + time.monotonic() - begun) / 2
            except subprocess.TimeoutExpired:
                took[verb[0]] *= 1.2
                killed += 1
            harness.signal_group(process, signal.SIGKILL)
            harness.finish(process, 10)
            if turn % 3 == 0:
                with self.subTest(seed=seed, turn=turn):
                    self.check(is_pruned=False)
            if killed == least:
                break
        self.assertEqual(killed, least, "seed %d" % seed)
        print("   kill -9: %d times in %d commands, seed %d" % (
            killed, turn + 1, seed))
        for name in list(self.names()):
            self.demo("rmi", name)
        self.good("system", "prune", "-f")
        self.check([])
        self.assertEqual(os.listdir(self.root + "/layers"), [])
        for verb in verbs[:5] + builds:
            self.good(*verb)
        self.check(is_pruned=False)
        self.assertEqual(os.listdir(self.root + "/partial"), [])

    def builds(self, fake):
        """Without a cache; of two stages; and on what has to be pulled."""
        shell = shutil.which("busybox")
        place = self.place + "/context"
        os.makedirs(place)
        with open(place + "/a", "wb") as file:
            file.write(random.Random(3).randbytes(100000))
        for name, text in (
                ("One", "FROM scratch\nCOPY a /a\nWORKDIR /d\nCOPY a b\n"),
                ("Two", "FROM busybox AS one\nRUN echo 1 >/1\n"
                 "FROM busybox\nCOPY --from=one /1 /\nRUN cat 1 >/2\n"),
                ("Three", "FROM %s/box:3\nCOPY a /a\n" % fake.name)):
            with open(place + "/" + name, "w", encoding="utf-8") as file:
                file.write(text)
        builds = [["build", "-q", "-t", name.lower() + ":1", "-f",
                   place + "/" + name, place]
                  for name in ("One", "Two", "Three")]
        if not shell:
            del builds[1]
        builds[0].insert(1, "--no-cache")
        return builds

    def test_two_at_once(self):
        """Pulls of images that share layers, while others remove them."""
        fake = self.fake()
        shared = [layer("s%d" % i, 50000, seed=i) for i in range(3)]
        for i in range(3):
            fake.add("box", str(i), shared + [layer("x", 1000, seed=20 + i)])
        for _ in range(4):
            running = [harness.start([DEMO, *words], env=self.env)
                       for i in range(3) for words in
                       (["pull", fake.name + "/box:%d" % i],
                        ["pull", fake.name + "/box:%d" % i],
                        ["rmi", fake.name + "/box:%d" % ((i + 1) % 3)])]
            for process in running:
                done = harness.finish(process, 60)
                if process.args[1] == "pull":
                    self.assertEqual(done.status, 0, str(done))
            self.check()
