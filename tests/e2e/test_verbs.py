"""The verbs for containers that are there: update, cp, export, commit; asked of
the kernel's cgroups, of the files, and of the images that come of it."""

import glob
import io
import json
import os
import signal
import socket
import stat
import tarfile
import time
import unittest

import harness
from harness import Terminal
from test_run import BUSYBOX, DEMO, ContainerTest, read


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


class VerbTest(ContainerTest):
    leaves = ContainerTest.leaves + (
        "+ file /var/tmp/mydocker-state-*/volumes/*",
        "+ file /var/tmp/mydocker-state-*/volumes",
        "+ file /var/tmp/mydocker-state-*/build",
        "+ file /var/tmp/mydocker-state-*/build/lock",
        "+ file /var/tmp/mydocker-state-*/events.log")

    def demo(self, *words, status=0, **more):
        done = self.run_command([DEMO, *words], **more)
        self.assertEqual(done.status, status, str(done))
        return done

    def refused(self, message, *words, status=1):
        done = self.demo(*words, status=status)
        self.assertIn(message, done.err)
        return done

    def container(self, *options, verb="run", words=("sleep", "1000")):
        name = harness.random_name("test")
        self.addCleanup(harness.run, [DEMO, "rm", "-f", "-v", name])
        self.demo(*([verb, "-d"] if verb == "run" else [verb]), "--name", name,
                  *options, BUSYBOX, *words)
        return name

    def sh_in(self, name, script):
        return self.demo("exec", name, "sh", "-c", script).out

    def inspect(self, name, path):
        seen, = json.loads(self.demo("inspect", name).out)
        for key in path.split("."):
            seen = seen[key]
        return seen

    def until(self, condition, timeout=20):
        deadline = time.monotonic() + timeout * harness.SLOWER
        while not condition():
            self.assertLess(time.monotonic(), deadline, "never came to be")
            time.sleep(0.01)

    def id_of(self, name):
        return self.inspect(name, "Id")


class Update(VerbTest):
    def value(self, name, *files):
        """Of the first of these files that the container's cgroup has, on
        version 1 or 2."""
        for file in files:
            for path in glob.glob("/sys/fs/cgroup/**/mydocker/%s/%s" % (
                    self.id_of(name), file), recursive=True):
                return read(path).strip()
        self.fail("no file of %s" % (files,))

    def test_limits_of_one_that_runs(self):
        name = self.container("-m", "64m", "--cpus", "0.5", "--pids-limit",
                              "30")
        done = self.demo("update", "-m", "32m", "--cpus", "1", "-c", "512",
                         "--pids-limit", "-1", name)
        self.assertEqual(done.out, name + "\n")
        self.assertEqual(self.value(name, "memory.limit_in_bytes",
                                    "memory.max"), str(32 << 20))
        self.assertEqual(self.value(name, "pids.max"), "max")
        self.assertIn(self.value(name, "cpu.cfs_quota_us", "cpu.max"),
                      ("100000", "100000 100000"))
        self.assertEqual(self.inspect(name, "HostConfig.Memory"), 32 << 20)
        # The limit of swap was twice the memory of then, and stays.
        self.assertEqual(self.inspect(name, "HostConfig.MemorySwap"),
                         128 << 20)
        self.assertEqual(self.inspect(name, "HostConfig.NanoCpus"), 10 ** 9)
        self.demo("restart", "-t", "0", name)
        self.assertEqual(self.value(name, "memory.limit_in_bytes",
                                    "memory.max"), str(32 << 20))

    def test_one_at_rest_and_options_behind(self):
        name = self.container(verb="create")
        self.demo("update", name, "--memory", "48m", "--memory-swap", "-1")
        self.demo("start", name)
        self.assertEqual(self.value(name, "memory.limit_in_bytes",
                                    "memory.max"), str(48 << 20))

    def test_what_is_refused_changes_nothing(self):
        name = self.container("-m", "64m", "--cpus", "1")
        before = read(os.path.join(self.store, "containers", self.id_of(name),
                                   "settings.json"))
        for message, *words in (
                ("you must provide one or more flags",),
                ("Memory limit should be smaller than already set memoryswap "
                 "limit, update the memoryswap at the same time", "-m", "1g"),
                ("CPU Quota cannot be updated as NanoCPUs has already been "
                 "set", "--cpu-quota", "5000"),
                ("Minimum memory limit allowed", "-m", "1m"),
                ("Requested CPUs are not available", "--cpuset-cpus", "8000"),
                ("Range of blkio weight", "--blkio-weight", "5"),
                ("unknown policy", "--restart", "sometimes")):
            self.refused(message, "update", *words, name)
        after = read(os.path.join(self.store, "containers", self.id_of(name),
                                  "settings.json"))
        self.assertEqual(before, after)
        self.assertEqual(self.value(name, "memory.limit_in_bytes",
                                    "memory.max"), str(64 << 20))
        done = self.refused("No such container: nobody", "update", "-m", "32m",
                            "nobody", name)
        self.assertEqual(done.out, name + "\n")

    def test_restart_policy(self):
        name = self.container(words=("sh", "-c", "read x < /fifo; exit 3"),
                              verb="create")
        self.demo("cp", "-", name + ":/", data=archive(
            ("fifo", tarfile.FIFOTYPE, b"")))
        self.demo("start", name)
        self.demo("update", "--restart", "on-failure:2", name)
        for count in (1, 2):
            self.end(name)
            self.until(lambda: self.inspect(name, "RestartCount") == count and
                       self.inspect(name, "State.Running") and
                       not self.inspect(name, "State.Restarting"))
        self.demo("update", "--restart", "no", name)
        self.end(name)
        self.assertEqual(self.demo("wait", name).out, "3\n")
        removed = self.container("--rm")
        self.refused("AutoRemove is enabled", "update", "--restart", "always",
                     removed)

    def end(self, name):
        """Its first process ends, and may take ours along."""
        done = self.run_command([DEMO, "exec", name, "sh", "-c",
                                 "echo > /fifo"])
        self.assertIn(done.status, (0, 128 + signal.SIGKILL), str(done))

    def until(self, is_so):
        deadline = time.monotonic() + 20 * harness.SLOWER
        while not is_so():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)


def archive(*entries):
    """A tar of (name, type, content or target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.uid = info.gid = 4242
            info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


class Copy(VerbTest):
    def setUp(self):
        super().setUp()
        self.place = self.scratch()
        self.put("a", "hello")
        self.put("d/e/f", "x")
        os.link(self.path("d/e/f"), self.path("d/e/hard"))
        os.symlink("/etc/passwd", self.path("d/link"))
        self.ids = harness.mapped(1234), harness.mapped(1235)
        for top, names, files in os.walk(self.place):
            for one in (".", *names, *files):
                os.chown(os.path.join(top, one), harness.outside(0),
                         harness.outside(0), follow_symlinks=False)
        os.chown(self.path("a"), *map(harness.outside, self.ids))
        os.chmod(self.path("a"), 0o640)

    def path(self, name):
        return os.path.join(self.place, name)

    def put(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content)

    def mkdir(self, name):
        os.mkdir(self.path(name))
        os.chown(self.path(name), harness.outside(0), harness.outside(0))

    def cp(self, *words, status=0, **more):
        return self.demo("cp", *words, status=status, cwd=self.place, **more)

    def test_names(self):
        """Docker's rules: what is there already decides what it is called."""
        name = self.container()
        self.sh_in(name, "mkdir /in")
        self.cp("a", name + ":/in")
        self.cp("a", name + ":in/b")
        self.cp("d", name + ":/in/")
        self.cp("d", name + ":/in/new")
        self.cp("d/.", name + ":/in/d/e")
        self.cp(self.path("d/e/f"), name + ":/in/a")    # in place of it
        self.assertEqual(self.sh_in(name, "cd /in; find . | sort"), "".join(
            "./%s\n" % path if path else ".\n" for path in sorted((
                "", "a", "b", "d", "d/e", "d/e/f", "d/e/hard", "d/link",
                "d/e/e", "d/e/e/f", "d/e/e/hard", "d/e/link", "new", "new/e",
                "new/e/f", "new/e/hard", "new/link"))))
        self.assertEqual(self.sh_in(name, "cat /in/a /in/b"), "xhello")
        self.assertEqual(
            self.sh_in(name, "stat -c %h,%u,%g /in/new/e/f"), "2,0,0\n")
        self.mkdir("o")
        self.cp(name + ":/in/new", "o")
        self.cp(name + ":/in/new/.", "o/as")
        self.cp(name + ":in/b", "o/b")
        found = sorted(os.path.relpath(os.path.join(top, one), self.path("o"))
                       for top, directories, files in os.walk(self.path("o"))
                       for one in directories + files)
        self.assertEqual(found, sorted((
            "as", "as/e", "as/e/f", "as/e/hard", "as/link", "b", "new",
            "new/e", "new/e/f", "new/e/hard", "new/link")))
        self.assertEqual(os.readlink(self.path("o/as/link")), "/etc/passwd")

    def test_attributes(self):
        self.need_attribute(self.path("a"), "user.of", b"mine")
        name = self.container()
        self.cp("-a", "a", name + ":/same")
        self.cp("-a", name + ":/same", "same")
        self.assertEqual(os.getxattr(self.path("same"), "user.of"), b"mine")

    def test_owners_and_modes(self):
        name = self.container()
        self.cp("a", name + ":/plain")
        self.cp("-a", "a", name + ":/same")
        self.assertEqual(self.sh_in(name, "stat -c %u:%g:%a /plain /same"),
                         "0:0:640\n%d:%d:640\n" % self.ids)
        self.cp(name + ":/same", "plain")
        self.cp("-a", name + ":/same", "same")
        seen = [os.stat(self.path(one)) for one in ("plain", "same")]
        self.assertEqual([(one.st_uid, one.st_gid, stat.S_IMODE(one.st_mode))
                          for one in seen],
                         [(*[harness.outside(0)] * 2, 0o640),
                          (*map(harness.outside, self.ids), 0o640)])
        self.assertEqual(int(seen[1].st_mtime),
                         int(os.stat(self.path("a")).st_mtime))

    def test_refusals(self):
        name = self.container()
        self.sh_in(name, "echo old > /file")
        for message, *words in (
                ("no such directory", "a", name + ":/nodir/"),
                ("Could not find the file /nodir in container " + name, "a",
                 name + ":/nodir/x"),
                ("cannot copy directory", "d", name + ":/file"),
                ("not a directory", "a", name + ":/file/"),
                ("lstat nope: no such file or directory", "nope",
                 name + ":/tmp"),
                ("Could not find the file /nope in container " + name,
                 name + ":/nope", "."),
                ("invalid output path: directory \"%s\" does not exist" %
                 self.path("no"), name + ":/file", "no/x"),
                ("must specify at least one container source", "a", "b"),
                ("copying between containers is not supported", name + ":/a",
                 name + ":/b"),
                ("destination \"%s:/file\" must be a directory" % name, "-",
                 name + ":/file"),
                ("No such container: nobody", "a", "nobody:/")):
            done = self.cp(*words, status=1)
            self.assertIn(message, done.err)
        done = self.cp("-", name + ":/", status=1, data=archive(
            ("file/", tarfile.DIRTYPE, b"")))
        self.assertIn("cannot overwrite non-directory \"file\" with "
                      "directory", done.err)
        self.assertEqual(self.sh_in(name, "cat /file; ls /tmp"), "old\n")
        reader = self.container("--read-only")
        self.assertIn("container rootfs is marked read-only",
                      self.cp("a", reader + ":/a", status=1).err)

    def test_tar_streams(self):
        name = self.container()
        self.cp("-", name + ":/tmp", data=archive(
            ("s", tarfile.DIRTYPE, b""), ("s/x", tarfile.REGTYPE, b"one"),
            ("s/y", tarfile.LNKTYPE, "s/x"), ("s/z", tarfile.SYMTYPE, "x")))
        self.assertEqual(
            self.sh_in(name, "cd /tmp/s; cat x y z; stat -c %u:%h x"),
            "oneoneone%d:2\n" % harness.mapped(4242))
        with harness.start([DEMO, "cp", name + ":/tmp/s", "-"]) as process:
            out = process.communicate(timeout=60)[0]
        with tarfile.open(fileobj=io.BytesIO(out)) as tar:
            self.assertEqual(tar.getnames(), ["s", "s/x", "s/y", "s/z"])
            self.assertEqual(tar.getmember("s/y").linkname, "s/x")
            self.assertEqual(tar.getmember("s/x").uid, harness.mapped(4242))
        # One that breaks off is no success.
        whole = archive(("big", tarfile.REGTYPE, b"b" * 100000))
        self.cp("-", name + ":/tmp", data=whole[:50000], status=1)

    def test_links_lead_nowhere_else(self):
        """Those of the container end in it, those of a tar are not followed."""
        name = self.container()
        self.sh_in(name, "ln -s / /root-link; ln -s ../../../../../tmp /up; "
                   "ln -s /not-yet /dangling; ln -s %s /secret" %
                   self.path("a"))
        self.cp("a", name + ":/root-link/one")
        self.cp("a", name + ":/up/two")
        self.cp("a", name + ":/dangling")
        self.assertEqual(self.sh_in(name, "cat /one /tmp/two /not-yet"),
                         "hello" * 3)
        for path in ("/one", "/tmp/two", "/not-yet"):
            self.assertFalse(os.path.lexists(path))
        self.cp("-L", name + ":/secret", "got", status=1)
        self.cp(name + ":/secret", "got")
        self.assertTrue(os.path.islink(self.path("got")))
        self.cp("-L", name + ":/dangling", "followed")
        self.assertEqual(read(self.path("followed")), "hello")
        # A host directory that an earlier copy has put a link in.
        self.mkdir("o")
        outside = self.scratch()
        self.sh_in(name, "mkdir /t; ln -s %s /t/l" % outside)
        self.cp(name + ":/t/.", "o")
        self.sh_in(name, "rm /t/l; mkdir /t/l; echo evil > /t/l/x")
        self.assertIn("cannot overwrite",
                      self.cp(name + ":/t/.", "o", status=1).err)
        self.assertEqual(os.listdir(outside), [])
        for entry in (("../x", tarfile.REGTYPE, b"x"),
                      ("/x", tarfile.REGTYPE, b"x")):
            self.cp("-", name + ":/tmp", data=archive(entry), status=1)

    def test_one_at_rest_and_its_volume(self):
        name = self.container("-v", "/data", verb="create")
        self.cp("a", name + ":/etc/a")
        self.cp("a", name + ":/data/a")
        self.cp(name + ":/etc/a", "back")
        self.assertEqual(read(self.path("back")), "hello")
        self.assertEqual(self.demo("diff", name).out, "C /etc\nA /etc/a\n")
        self.demo("start", name)
        self.assertEqual(self.sh_in(name, "cat /etc/a /data/a"), "hello" * 2)

    def test_what_it_says(self):
        # A time in whole seconds needs no extended header.
        os.utime(self.path("d/e/f"), (1000, 1000))
        name = self.container()
        self.assertEqual(self.cp("a", name + ":/").text, "")
        self.assertEqual(
            self.cp("-q=false", "d/e/f", name + ":/tmp/").err,
            "Successfully copied 2.05kB to %s:/tmp/\n" % name)
        done = Terminal([DEMO, "cp", self.path("d/e/f"), name + ":/"]).wait()
        self.assertIn("Successfully copied 2.05kB", done.out)


class Export(VerbTest):
    def names(self, path):
        with tarfile.open(path) as tar:
            return {entry.name: entry for entry in tar}

    def test_export(self):
        name = self.container("-v", "/data")
        self.sh_in(name, "echo x > /new; rm /etc/group; echo y > /data/v; "
                   "ln /new /hard; mkfifo /pipe")
        file = os.path.join(self.scratch(), "out.tar")
        self.assertEqual(self.demo("export", "-o", file, name).text, "")
        living = self.names(file)
        self.assertNotIn("etc/group", living)
        self.assertNotIn("data/v", living)      # a volume is not its own
        self.assertTrue(living["data"].isdir())
        self.assertFalse([one for one in living if one.startswith(
            ("proc/", "sys/", "dev/"))])
        self.assertTrue(living["pipe"].isfifo())
        self.assertTrue(living["new"].islnk() or living["hard"].islnk())
        self.demo("stop", "-t", "0", name)
        self.demo("export", "-o", file, name)
        self.assertEqual(set(self.names(file)) - {"data"},
                         set(living) - {"data"})
        done = Terminal([DEMO, "export", name]).wait()
        self.assertEqual(done.status, 1)
        self.assertIn("cowardly refusing to save to a terminal", done.out)
        self.refused("No such container: nobody", "export", "nobody")

    def test_there_and_back(self):
        name = self.container()
        self.sh_in(name, "mkdir -p /x/y; echo z > /x/y/z; chown 7:8 /x/y/z; "
                   "chmod 4711 /x/y/z")
        file = os.path.join(self.scratch(), "out.tar")
        self.demo("export", "--output", file, name)
        image = harness.random_name("back")
        self.demo("import", file, image)
        self.addCleanup(harness.run, [DEMO, "rmi", image])
        self.assertEqual(
            self.demo("run", "--rm", image, "/bin/sh", "-c",
                      "cat /x/y/z; stat -c %a:%u:%g /x/y/z").out,
            "z\n4711:%d:%d\n" % (harness.mapped(7), harness.mapped(8)))


class Commit(VerbTest):
    def commit(self, *words):
        image = harness.random_name("image")
        self.addCleanup(harness.run, [DEMO, "rmi", "-f", image])
        done = self.demo("commit", *words, image)
        self.assertRegex(done.out, r"^sha256:[0-9a-f]{64}\n$")
        return image

    def changed(self, *options):
        name = self.container("-e", "KEPT=1", "-v", "/data", *options)
        self.sh_in(name, "rm /etc/group; rm -r /home; mkdir /home; "
                   "echo n > /home/n; rm -rf /var; echo hi > /etc/motd; "
                   "echo no > /data/no; ln /etc/motd /etc/same")
        return name

    def check(self, *options):
        name = self.changed(*options)
        image = self.commit("-a", "me", "-m", "what", "-c",
                            "CMD [\"cat\", \"/etc/motd\"]", "-c",
                            "ENV NEW=2", name)
        self.assertEqual(self.demo("run", "--rm", image).out, "hi\n")
        self.assertEqual(
            self.demo("run", "--rm", image, "sh", "-c",
                      "ls -d /var /etc/group 2>/dev/null; ls /home /data; "
                      "stat -c %h /etc/same; echo $KEPT $NEW").out,
            "/data:\n\n/home:\nn\n2\n1 2\n")
        self.assertEqual(self.inspect(image, "Author"), "me")
        self.assertEqual(self.inspect(image, "Comment"), "what")
        self.assertEqual(len(self.inspect(image, "RootFS.Layers")), 2)
        self.assertIn("sleep 1000", self.demo("history", image).out)
        # What the runtime has put there is not in the layer.
        top = self.inspect(image, "RootFS.Layers")[1].split(":")[1]
        place = glob.glob(self.store + "/**/layers/" + top, recursive=True)[0]
        left = sorted(one for one in os.listdir(place)
                      if not one.startswith("."))
        self.assertFalse({"dev", "proc", "sys"} & set(left), left)
        self.assertNotIn("hosts", os.listdir(place + "/etc"))
        self.assertIn("all is well", self.demo("system", "check").out)
        self.assertEqual(self.inspect(name, "State.Status"), "running")

    def test_commit(self):
        self.check()

    def test_changes(self):
        name = self.container("-e", "A=1", "-w", "/w")
        image = self.commit("-c", "ENV B=$A-x", "-c", "WORKDIR ../v", "-c",
                            "HEALTHCHECK --interval=1h CMD [\"true\"]", "-c",
                            "ENTRYPOINT [\"cat\"]", name)
        config = self.inspect(image, "Config")
        self.assertIn("B=1-x", config["Env"])
        self.assertEqual(config["WorkingDir"], "/v")
        self.assertEqual(config["Healthcheck"], {"Test": ["CMD", "true"],
                                                 "Interval": 3600 * 10 ** 9})
        self.assertEqual(config["Entrypoint"], ["cat"])
        # The container's command was for no entrypoint, or another.
        self.assertFalse(config.get("Cmd"))

    def test_one_at_rest_and_one_that_is_paused(self):
        name = self.changed()
        self.demo("pause", name)
        self.commit(name)
        self.assertEqual(self.inspect(name, "State.Status"), "paused")
        self.demo("unpause", name)
        self.commit("--pause=false", name)
        self.demo("stop", "-t", "0", name)
        image = self.commit(name)
        self.assertEqual(
            self.demo("run", "--rm", image, "cat", "/etc/motd").out, "hi\n")

    def test_refusals(self):
        name = self.container()
        self.refused("invalid reference format", "commit", name, "Bad//x")
        before = self.demo("images", "-aq").out
        self.refused("is not a valid change command", "commit", "-c",
                     "RUN x", name)
        self.assertEqual(self.demo("images", "-aq").out, before)
        self.refused("No such container: nobody", "commit", "nobody")
        self.assertEqual(self.inspect(name, "State.Status"), "running")

    def test_without_a_name_it_can_be_saved(self):
        name = self.changed()
        id = self.demo("commit", name).out.strip()
        self.addCleanup(harness.run, [DEMO, "rmi", "-f", id])
        file = os.path.join(self.scratch(), "saved.tar")
        self.demo("save", "-o", file, id)
        with tarfile.open(file) as tar:
            self.assertIn("manifest.json", tar.getnames())


class AufsCommit(Commit):
    """The same with the other storage driver."""

    @classmethod
    def setUpClass(cls):
        harness.everywhere["MYDOCKER_DRIVER"] = "aufs"
        cls.addClassCleanup(harness.everywhere.pop, "MYDOCKER_DRIVER")
        super().setUpClass()

    def test_files_of_one_at_rest(self):
        name = self.container(verb="create", words=("cat", "/new"))
        self.demo("cp", "-", name + ":/", data=archive(
            ("new", tarfile.REGTYPE, b"put there\n")))
        place = self.scratch()
        self.demo("cp", name + ":/new", place)
        self.assertEqual(read(os.path.join(place, "new")), "put there\n")
        self.assertEqual(self.demo("start", "-a", name).out, "put there\n")


class Words(VerbTest):
    """Options of the verbs that start and attach."""

    def test_run_prints_and_writes_its_id(self):
        place = self.scratch()
        file = os.path.join(place, "cid")
        name = harness.random_name("test")
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        done = self.demo("run", "-d", "--cidfile", file, "--name", name,
                         BUSYBOX, "sleep", "1000")
        self.assertRegex(done.out, r"^[0-9a-f]{64}\n$")
        self.assertEqual(read(file), done.out.strip())
        self.refused("container ID file found", "run", "--rm", "--cidfile",
                     file, BUSYBOX, "true", status=125)

    def test_pull_never(self):
        self.refused("No such image: nobody/has:latest", "run", "--rm",
                     "--pull", "never", "nobody/has", "true", status=125)
        self.refused("must be one of", "run", "--pull", "maybe", BUSYBOX,
                     status=125)
        self.demo("run", "--rm", "--pull", "never", BUSYBOX, "true")

    def test_detach_keys(self):
        name = self.container("-it", words=("sh",))
        for verb in (["attach", "--detach-keys", "ctrl-x,x", name],
                     ["exec", "-it", "--detach-keys", "ctrl-x,x", name, "sh"]):
            terminal = self.terminal([DEMO, *verb])
            terminal.send("echo a$((1+1))b\r")
            terminal.expect("a2b")
            terminal.send("\x18x")
            done = terminal.wait()
            self.assertIn(done.status, (0, 1), str(done))
        # Both shells go on: the container's own, and the one of `exec`.
        rows = self.demo("top", name).out.splitlines()[1:]
        self.assertEqual([row.split()[-1] for row in rows], ["sh", "sh"])
        self.assertEqual(self.inspect(name, "State.Status"), "running")
        terminal = self.terminal([DEMO, "attach", "--detach-keys", "ctrl-oops",
                                  name])
        terminal.expect("invalid detach keys")
        self.assertEqual(terminal.wait().status, 1)
        self.demo("stop", "-t", "0", name)
        terminal = self.terminal([DEMO, "start", "-ai", "--detach-keys",
                                  "ctrl-x,x", name])
        terminal.send("echo c$((1+2))d\r")
        terminal.expect("c3d")
        terminal.send("\x18x")
        terminal.wait()
        self.assertEqual(self.inspect(name, "State.Status"), "running")

    def test_help_fits_a_screen(self):
        """Of each verb; and what `run --help` leaves out is told by name."""
        verbs = [line.split()[0] for line in
                 self.demo("--help").out.split("\nGroups")[0].splitlines()
                 if line.startswith("  ")]
        self.assertIn("run", verbs)
        for verb in verbs:
            lines = self.demo(verb, "--help").out.splitlines()
            with self.subTest(verb=verb):
                self.assertLessEqual(len(lines), 45)
                # A test's directory is longer than a user's.
                run = harness.caller.run if harness.caller else "/run"
                self.assertLessEqual(max(len(line.replace(run, "/run/user/9"))
                                         for line in lines), 100)
        whole = self.demo("run", "--help=all").out
        names = [word for word in whole.split() if word.startswith("--")]
        self.assertGreater(len(names), 90)
        short = self.demo("run", "--help").out.split()
        self.assertLessEqual(set(names), set(short) | {"--help=all"})

    def test_system_prune_volumes(self):
        """Those without a name that nobody uses, and only when asked to."""
        used = self.container("-v", "/used")
        self.demo("stop", "-t", "0",
                  self.container("--rm", "-v", "mine:/named"))
        for name in ("one", "two"):
            self.demo("run", "--name", name, "-v", "/data", BUSYBOX, "true")
        self.addCleanup(harness.run, [DEMO, "volume", "rm", "-f", "mine"])
        self.demo("rm", "one")
        volumes = set(self.demo("volume", "ls", "-q").out.split())
        self.assertEqual(len(volumes), 4)
        self.demo("system", "prune", "-f")
        self.assertEqual(
            set(self.demo("volume", "ls", "-q").out.split()), volumes)
        self.refused("not supported with", "system", "prune", "-f",
                     "--volumes", "--filter", "until=1h")
        out = self.demo("system", "prune", "-f", "--volumes").out
        left = set(self.demo("volume", "ls", "-q").out.split())
        self.assertEqual(len(left), 2)
        self.assertIn("mine", left)
        self.assertIn("Deleted Volumes:\n", out)
        for gone in volumes - left:
            self.assertIn(gone, out)
        self.demo("rm", "-f", "-v", used)

    def deaths(self, name, began):
        """Exit codes of what exec ran, by exec."""
        lines = self.demo("events", "--since", str(began), "--until", "0s",
                          "-f", "event=exec_die", "-f", "container=" + name,
                          "--format", "{{json .Actor.Attributes}}").out
        died = map(json.loads, lines.splitlines())
        return {event["execID"]: event["exitCode"] for event in died}

    def test_what_exec_runs_is_waited_for(self):
        """Whose client has gone, let go, or been killed: it has a parent, who
        tells of its end, and the container's end waits for nobody."""
        name = self.container("--init")
        self.assertIsNone(self.inspect(name, "ExecIDs"))
        began = time.time()
        gate = "until test -e /%s; do sleep 0.02; done; exit %d"
        self.demo("exec", "-d", name, "sh", "-c", gate % ("a", 7))
        self.demo("exec", "-dt", name, "sh", "-c", gate % ("b", 8))
        first = set(self.inspect(name, "ExecIDs"))
        self.assertEqual(len(first), 2)
        terminal = self.terminal([DEMO, "exec", "-it", "--detach-keys",
                                  "ctrl-x,x", name, "sh", "-c",
                                  "echo up; " + gate % ("c", 9)])
        terminal.expect("up")
        terminal.send("\x18x")
        self.assertEqual(terminal.wait().status, 1)
        killed = self.terminal([DEMO, "exec", "-it", name, "sh", "-c",
                                "echo up; exec sleep 1000"])
        killed.expect("up")         # before that it ends with 126
        self.assertEqual(len(self.inspect(name, "ExecIDs")), 4)
        os.kill(killed.process.pid, 9)
        killed.wait()
        self.until(lambda: len(self.inspect(name, "ExecIDs")) == 3)
        self.sh_in(name, "touch /a /b /c")
        self.until(lambda: self.inspect(name, "ExecIDs") is None)
        died = self.deaths(name, began)
        self.assertEqual(sorted(died.values()), ["0", "137", "7", "8", "9"])
        self.assertLess(first, set(died))
        self.demo("exec", "-d", name, "sleep", "1000")
        self.demo("stop", "-t", "0", name)
        self.until(lambda: "137" in
                   list(self.deaths(name, began).values())[5:])
        self.assertIsNone(self.inspect(name, "ExecIDs"))
        self.demo("rm", name)

    def test_the_groups_of_what_exec_runs(self):
        """Those of its user, and of --group-add; none of the container's own
        user."""
        name = self.container("--network", "none", "--group-add", "12")
        for user, groups in (("1000:1000", "12 1000"), ("1000", "0 12"),
                             ("nobody", "12 65534"), ("0:33", "12 33")):
            with self.subTest(user=user):
                self.assertEqual(self.demo(
                    "exec", "-u", user, name, "sed", "-n",
                    "s/^Groups:\t//p", "/proc/self/status").out.split(),
                    groups.split())

    def test_exec_with_all_rights(self):
        look = "sed -n 's/^CapEff:\t//p' /proc/self/status"
        ours = harness.capabilities()
        name = self.container("--network", "none")
        self.assertEqual(int(self.sh_in(name, look), 16), ours & 0xa80425fb)
        self.assertEqual(int(self.demo("exec", "--privileged", name, "sh",
                                       "-c", look).out, 16), ours)

    def test_exec_with_variables_of_a_file(self):
        place = self.scratch() + "/list"
        with open(place, "w", encoding="utf-8") as file:
            file.write("# none\nA=1\nB=two words\nFOREIGN\nC=3\n")
        name = self.container("--network", "none", "-e", "D=container's")
        self.assertEqual(self.demo(
            "exec", "--env-file", place, "-e", "C=4", name, "sh", "-c",
            "echo \"$A|$B|$C|$D|$FOREIGN\"",
            env=harness.environment(FOREIGN="here")).out,
            "1|two words|4|container's|here\n")
        self.refused("No such file", "exec", "--env-file", place + "2", name,
                     "true", status=1)

    def test_publish_all(self):
        """Each port that is exposed, at one that the kernel has free."""
        name = self.container("-P", "--expose", "80", "--expose", "53/udp")
        ports = self.demo("port", name).out.splitlines()
        self.assertEqual(sorted({line.split(" -> ")[0] for line in ports}),
                         ["53/udp", "80/tcp"])
        for line in ports:
            self.assertIn(int(line.rsplit(":", 1)[1]), range(1024, 65536))
        served = self.container("-P", "--expose", "80", words=(
            "sh", "-c", "while :; do echo served | nc -l -p 80; done"))
        port = int(self.demo("port", served, "80").out.split("\n")[0].rsplit(
            ":", 1)[1])

        def answer():
            host = ("127.0.0.1" if harness.caller else self.inspect(
                served, "NetworkSettings.Gateway"))
            with socket.create_connection((host, port), 5) as sock:
                return sock.recv(100)
        self.until(lambda: self.try_to(answer) == b"served\n")

    @staticmethod
    def try_to(function):
        try:
            return function()
        except OSError:
            return None

    def test_attach_no_stdin_and_sig_proxy(self):
        name = self.container("-i", words=("sh", "-c", "echo up; cat"))
        done = self.run_command(
            ["timeout", "-s", "INT", "2", DEMO, "attach", "--no-stdin",
             "--sig-proxy=false", name], data="never")
        self.assertNotIn("never", done.out)
        self.assertEqual(self.inspect(name, "State.Status"), "running")
        self.assertNotIn("never", self.demo("logs", name).out)
