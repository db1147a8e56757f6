"""mydocker-oci checkpoint and restore.

Refused: what cannot be, told in words, with everything as it was before; this
takes no criu, or one that fails: a script, or the real one on a kernel that is
not for it.  Real: containers that are saved and go on, where criu works (in the
guest of `make check-vm`, for one).
"""

import functools
import json
import os
import re
import shutil
import signal
import sys
import time
import unittest

import harness
import test_oci_steps
from test_oci_verbs import OCI, OciTest, read

sys.path.append(os.path.join(harness.ROOT, "tests/oci"))
import console                                                  # noqa: E402

# Counts in memory, so that what goes on is the process, not a file of it.
COUNTER = "i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.1; done"
STEPS = test_oci_steps.steps("restore_steps", "create.c")

# Stands in for criu: keeps the request, tells two errors in its log, and
# answers as it is told to.  Field 17 of criu_opts is the work directory, 10
# the name of the log.
FAKE = r"""#!%(python)s
import os, socket, sys
def fields(data):
    def number(at):
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                return value, at
    found, at = {}, 0
    while at < len(data):
        key, at = number(at)
        value, at = number(at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        found.setdefault(key >> 3, []).append(value)
    return found
assert sys.argv[1] == "swrk", sys.argv
sock = socket.socket(fileno=int(sys.argv[2]))
request = sock.recv(65536)
open("%(place)s/request", "wb").write(request)
wants = fields(fields(request)[2][0])
log = "/proc/self/fd/%%d/%%s" %% (wants[17][0], wants[10][0].decode())
with open(log, "w") as file:
    file.write("(00.1) all is well\n(00.2) Error (x.c:1): the cause\n"
               "(00.3) no matter\n(00.4) Error (y.c:2): gave up\n")
%(ending)s
"""


def number(value):
    """As protobuf has it."""
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


@functools.lru_cache(None)
def reason_for_none():
    """Why nothing can be saved here; "" if it can."""
    if not shutil.which("criu", path=harness.environment()["PATH"]):
        return "criu is not installed"
    done = harness.run(["criu", "check"], 60)
    return "" if done.status == 0 else "criu does not work on this kernel: " \
        + (done.text.strip().splitlines() or ["it says nothing"])[0]


class Container(OciTest):
    """With what all of these tests need."""

    def setUp(self):
        super().setUp()
        self.images = os.path.join(self.place, "images")

    def counting(self, **more):
        self.make_bundle("sh", "-c", COUNTER, **more)

    def count(self):
        return int(self.inside("count").strip() or 0)

    def cgroups_of(self, container):
        return [os.path.join(top, name)
                for top, names, _ in os.walk("/sys/fs/cgroup")
                for name in names if name == "mydocker-oci-" + container]

    def checkpoint(self, container, *options, **more):
        return self.oci("checkpoint", "--image-path", self.images, *options,
                        container, **more)


class Refused(Container):
    def fake(self, ending):
        path = os.path.join(self.place, "fake-criu")
        with open(path, "w", encoding="utf-8") as file:
            file.write(FAKE % {"python": sys.executable, "place": self.place,
                               "ending": ending})
        os.chmod(path, 0o755)
        return path

    def going_on(self, container, before):
        """It is as it was: the same process, counting."""
        self.assertEqual(self.state(container), before)
        last = self.count()
        self.wait_for(lambda: self.count() > last, "more counts")

    def with_criu(self, criu, *words, **more):
        return self.oci("--criu", criu, *words, status=1, **more)

    def test_podman_sees_that_there_is_one(self):
        for verb in ("checkpoint", "restore"):
            self.oci(verb, "--help")
        features = json.loads(self.oci("features").out)
        self.assertEqual(features["annotations"]
                         ["org.opencontainers.runc.checkpoint.enabled"],
                         "true")

    def test_without_criu(self):
        self.counting()
        container = self.started()
        before = self.state(container)
        empty = harness.environment(PATH=self.place)
        done = self.checkpoint(container, status=1, env=empty)
        self.assertIn("criu, which is not installed here", done.err)
        self.assertFalse(os.path.exists(self.images))
        self.going_on(container, before)
        os.mkdir(self.images)
        done = self.oci("restore", "-d", "--bundle", self.bundle,
                        "--image-path", self.images, self.new_id(), status=1,
                        env=empty)
        self.assertIn("criu, which is not installed here", done.err)
        self.assertEqual(os.listdir(self.root), [container])

    def test_of_a_user(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        os.chmod(self.place, 0o777)
        self.counting()
        done = self.oci("restore", "--bundle", self.bundle, "--image-path",
                        self.images, self.new_id(), status=1,
                        user=harness.USER)
        self.assertIn("by root alone", done.err)

    def test_words_that_are_wrong(self):
        for words, said in (
                (["checkpoint"], "requires exactly 1 argument"),
                (["checkpoint", "../x"], "../x"),
                (["checkpoint", "nobody"], "does not exist"),
                (["checkpoint", "--page-server", "27", "x"], "ADDRESS:PORT"),
                (["checkpoint", "--page-server", "a:99999", "x"],
                 "ADDRESS:PORT"),
                (["checkpoint", "--status-fd", "99", "x"], "descriptor"),
                (["checkpoint", "--empty-ns", "pid", "x"], "network"),
                (["checkpoint", "--manage-cgroups-mode", "hard", "x"],
                 "soft, full, strict or ignore"),
                (["checkpoint", "--detach", "x"], "detach"),
                (["restore"], "requires exactly 1 argument"),
                (["restore", "--leave-running", "x"], "leave-running"),
                (["restore", "--bundle", "/nowhere", "x"], "/nowhere")):
            with self.subTest(words=words):
                self.assertIn(said, self.oci(*words, status=1).err)

    def test_one_that_does_not_run(self):
        self.counting()
        container = self.create()
        self.assertIn("that is created",
                      self.checkpoint(container, status=1).err)
        self.oci("kill", container, "KILL")
        self.wait_stopped(container)
        self.assertIn("that is stopped",
                      self.checkpoint(container, status=1).err)

    def test_what_criu_cannot(self):
        def joined(config):
            for namespace in config["linux"]["namespaces"]:
                if namespace["type"] == "cgroup":
                    namespace["path"] = "/proc/self/ns/cgroup"

        def mapped(config):
            ids = [{"containerID": 0, "hostID": 1000, "size": 10}]
            config["mounts"].append({
                "destination": "/m", "type": "bind", "source": self.place,
                "options": ["rbind", "idmap"], "uidMappings": ids,
                "gidMappings": ids})

        def notifies(config):
            config["linux"]["seccomp"] = {
                "defaultAction": "SCMP_ACT_ALLOW",
                "listenerPath": self.place + "/agent",
                "syscalls": [{"names": ["chdir"],
                              "action": "SCMP_ACT_NOTIFY"}]}
        for edit, said in ((joined, "a cgroup namespace that is joined"),
                           (mapped, "mounts[7]: an id-mapped mount"),
                           (notifies, "notifies an agent")):
            with self.subTest(said=said):
                self.counting(edit=edit)
                os.makedirs(self.images, exist_ok=True)
                done = self.oci("restore", "--bundle", self.bundle,
                                "--image-path", self.images, self.new_id(),
                                status=1)
                self.assertIn(said, done.err)
                self.assertFalse(os.path.exists(self.root))

    def test_a_criu_that_fails_is_told_and_the_container_goes_on(self):
        self.counting()
        container = self.started()
        before = self.state(container)
        log = os.path.join(self.images, "dump.log")
        for ending, said in (
                # type 1, DUMP; success 0
                (r"sock.send(b'\x08\x01\x10\x00')", "cannot save it"),
                ("sys.exit(3)", "ended with status 3 and no answer"),
                ("os.kill(os.getpid(), 9)", "killed by signal 9"),
                (r"sock.send(b'\x08\xff')", "no message in the format")):
            with self.subTest(ending=ending):
                done = self.with_criu(self.fake(ending), "checkpoint",
                                      "--image-path", self.images, container)
                self.assertIn(said, done.err)
                if "format" in said:
                    continue
                self.assertIn(said + ": Error (x.c:1): the cause; see " + log,
                              done.err)
                self.assertIn("Error (x.c:1): the cause", done.err)
                self.assertIn("Error (y.c:2): gave up", done.err)
                self.assertNotIn("well", done.err)
        done = self.with_criu(self.place + "/nosuch", "checkpoint", container)
        self.assertIn("nosuch", done.err)
        self.going_on(container, before)

    def test_the_real_criu_where_it_cannot_work(self):
        if not shutil.which("criu") or not reason_for_none():
            self.skipTest("criu is not installed" if reason_for_none() else
                          "criu works here: see Real")
        self.counting()
        container = self.started()
        before = self.state(container)
        done = self.checkpoint(container, status=1)
        self.assertIn("criu", done.err)
        self.assertIn(self.images + "/dump.log", done.err)
        self.going_on(container, before)

    def test_what_criu_is_asked(self):
        self.counting()
        container = self.started()
        pid = self.state(container)["pid"]
        work = os.path.join(self.place, "work")
        os.mkdir(self.images)
        os.mkdir(self.place + "/before")
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        # An event, "status-ready", and then a no.
        criu = self.fake(
            r"sock.send(b'\x08\x06\x10\x01\x2a\x0e\x0a\x0cstatus-ready');"
            "assert fields(sock.recv(99)) == {1: [6], 3: [1]};"
            r"sock.send(b'\x08\x01\x10\x00')")
        self.with_criu(
            criu, "checkpoint", "--image-path", self.images, "--work-path",
            work, "--parent-path", "../before", "--tcp-established",
            "--ext-unix-sk", "--shell-job", "--file-locks", "--lazy-pages",
            "--auto-dedup", "--leave-running", "--tcp-skip-in-flight",
            "--link-remap", "--manage-cgroups-mode", "full", "--page-server",
            "[::1]:270", "--status-fd", str(writer), container,
            pass_fds=[writer])
        os.close(writer)
        self.assertEqual(os.read(reader, 9), b"\0")
        with open(self.place + "/request", "rb") as file:
            request = file.read()
        for field in (3, 4, 5, 7, 8, 12, 15, 16, 18, 24, 46, 48, 50):
            self.assertIn(number(field << 3) + b"\1", request, field)
        self.assertIn(number(2 << 3) + number(pid), request)
        self.assertIn(number(34 << 3) + number(4), request)
        self.assertIn(b"\x0a\x03::1\x10" + number(270), request)
        for text in (b"../before", b"dump.log", self.rootfs.encode()):
            self.assertIn(number(len(text)) + text, request)
        self.assertEqual(os.listdir(work), ["dump.log"])
        self.assertEqual(json.loads(read(self.images + "/descriptors.json"))
                         [1:], ["file[%x:%x]" % (
                             self.mount_of(pid), os.stat(self.said).st_ino)]
                         * 2)

    def mount_of(self, pid):
        return int(re.search(r"mnt_id:\t(\d+)",
                             read("/proc/%d/fdinfo/1" % pid))[1])

    def test_parents_that_are_none(self):
        self.counting()
        container = self.started()
        for parent in (self.place, "../nosuch", "../bundle/config.json"):
            done = self.with_criu(self.fake(""), "checkpoint", "--image-path",
                                  self.images, "--parent-path", parent,
                                  container)
            self.assertIn("the images before", done.err)

    def test_a_restore_that_fails_leaves_nothing(self):
        self.counting()
        os.mkdir(self.images)
        words = ("restore", "--detach", "--bundle", self.bundle,
                 "--image-path", self.images)
        criu = self.fake(r"sock.send(b'\x08\x02\x10\x00')")
        done = self.with_criu(criu, *words, self.new_id())
        self.assertIn("inventory.img", done.err)
        for name, content in (("inventory.img", "x"),
                              ("descriptors.json", "[")):
            with open(os.path.join(self.images, name), "w",
                      encoding="utf-8") as file:
                file.write(content)
            done = self.with_criu(criu, *words, self.new_id())
            self.assertIn("descriptors.json", done.err)
        with open(self.images + "/descriptors.json", "w",
                  encoding="utf-8") as file:
            file.write('["", "pipe:[1]", "pipe:[2]"]')
        container = self.new_id()
        done = self.with_criu(criu, *words, container)
        self.assertIn("cannot restore it", done.err)
        self.assertIn(self.images + "/restore.log", done.err)
        self.assertIn("Error (y.c:2): gave up", done.err)
        self.assertEqual(self.cgroups_of(container), [])
        self.assertEqual(os.listdir(self.root), [])

    def test_one_that_runs_does_not_give_way(self):
        self.counting()
        container = self.started()
        before = self.state(container)
        os.mkdir(self.images)
        with open(self.images + "/inventory.img", "w", encoding="utf-8"):
            pass
        done = self.with_criu(self.fake(""), "restore", "--detach",
                              "--bundle", self.bundle, "--image-path",
                              self.images, container)
        self.assertIn("exists already", done.err)
        self.going_on(container, before)


class Real(Container):
    @classmethod
    def setUpClass(cls):
        if reason_for_none():
            raise unittest.SkipTest(reason_for_none())
        super().setUpClass()

    def tell(self, path):
        return read(path) if os.path.exists(path) else ""

    def restore(self, *options, container=None, status=0, bundle=None,
                out=None, **more):
        """Detached; what it and criu say goes to self.said."""
        container = container or self.new_id()
        if status == 0:
            self.addCleanup(self.remove, container)
        self.said = os.path.join(self.place, container + ".restored")
        with open(self.said, "w", encoding="utf-8") as said:
            done = self.oci("restore", "--detach", "--bundle",
                            bundle or self.bundle, "--image-path",
                            self.images, *options, container, status=None,
                            stdout=out or said, stderr=out or said, **more)
        self.assertEqual(done.status, status, read(self.said) + "".join(
            line for line in self.tell(self.images + "/restore.log")
            .splitlines(True) if "Error" in line))
        return container

    def counting_on(self, since):
        """More than a new one would have counted to, and still going."""
        self.wait_for(lambda: self.count() > since, "a count after %d" % since)
        last = self.count()
        self.wait_for(lambda: self.count() > last, "more counts")

    def saved(self, container, *options):
        self.wait_for(lambda: self.count() > 10, "a count of 10")
        self.checkpoint(container, *options)
        self.assertEqual(self.state(container)["status"], "stopped")
        count = self.count()
        time.sleep(0.3)
        self.assertEqual(self.count(), count, "it goes on")
        return count

    def mounts(self, container):
        """What the container has mounted, as it can tell."""
        pid = self.state(container)["pid"]
        rows = [line.split(" - ") for line in
                read("/proc/%d/mountinfo" % pid).splitlines()]
        return sorted((left.split()[4:6], right.split()[0])
                      for left, right in rows)

    def limited(self, config):
        config["linux"]["resources"] = {"memory": {"limit": 64 << 20},
                                        "pids": {"limit": 50}}
        config["mounts"].append({
            "destination": "/data", "type": "bind", "source": "data",
            "options": ["rbind", "ro"]})
        os.makedirs(self.bundle + "/data", exist_ok=True)
        with open(self.bundle + "/data/file", "w", encoding="utf-8") as file:
            file.write("of the host\n")

    def limits(self, container):
        found = {}
        for place in self.cgroups_of(container):
            for name in ("memory.max", "memory.limit_in_bytes", "pids.max"):
                path = os.path.join(place, name)
                if os.path.exists(path):
                    found[name] = read(path).strip()
        return found

    def test_in_the_same_id_and_in_a_new_one(self):
        self.counting(edit=self.limited)
        container = self.started()
        mounts, limits = self.mounts(container), self.limits(container)
        self.assertIn("50", limits.values())
        count = self.saved(container)
        for again in (container, None):
            restored = self.restore("--pid-file", self.place + "/pid",
                                    container=again)
            self.counting_on(count)
            state = self.state(restored)
            self.assertEqual(state["status"], "running")
            self.assertEqual(int(read(self.place + "/pid")), state["pid"])
            self.assertEqual(self.mounts(restored), mounts)
            self.assertEqual(self.limits(restored), limits)
            self.works(restored)
            self.remove(restored)
            self.assertEqual(self.cgroups_of(restored), [])

    def works(self, container):
        """All that is done with a container is done with this one."""
        inside = self.oci("exec", container, "cat", "/data/file",
                          "/proc/self/cgroup").out
        self.assertTrue(inside.startswith("of the host\n"), inside)
        self.assertNotIn(container, inside)     # its cgroup namespace
        self.oci("exec", container, "sh", "-c", "echo >/data/x", status=1)
        pid = self.state(container)["pid"]
        same = self.oci("exec", container, "sh", "-c",
                        "cat /proc/uptime; exec ls -l /proc/self/ns").out
        for kind in ("mnt", "pid", "net", "ipc", "uts", "time", "cgroup"):
            link = os.readlink("/proc/%d/ns/%s" % (pid, kind))
            self.assertIn(link, same)
            self.assertNotEqual(link, os.readlink("/proc/self/ns/" + kind))
        self.assertIn(str(pid), self.oci("ps", container).out)
        self.oci("pause", container)
        self.assertEqual(self.state(container)["status"], "paused")
        self.oci("resume", container)
        self.oci("update", "--pids-limit", "40", container)
        self.assertIn("40", self.limits(container).values())
        for number in range(3, 20):
            self.assertFalse(os.path.lexists("/proc/%d/fd/%d" %
                                             (pid, number)), number)
        self.oci("kill", container, "KILL")
        self.wait_stopped(container)

    def test_leave_running(self):
        self.counting()
        container = self.started()
        before = self.state(container)
        self.wait_for(lambda: self.count() > 5, "a count")
        self.checkpoint(container, "--leave-running")
        self.assertEqual(self.state(container), before)
        self.counting_on(self.count())
        self.remove(container)
        self.counting_on(self.restore() and self.count())

    def test_first_the_memory_then_the_rest(self):
        self.counting()
        container = self.started()
        self.oci("checkpoint", "--pre-dump", "--image-path",
                 self.place + "/first", container)
        self.assertEqual(self.state(container)["status"], "running")
        count = self.saved(container, "--parent-path", "../first")
        self.restore()
        self.counting_on(count)

    def test_a_paused_one(self):
        self.counting()
        container = self.started()
        self.wait_for(lambda: self.count() > 5, "a count")
        self.oci("pause", container)
        self.checkpoint(container, "--leave-running")
        self.assertEqual(self.state(container)["status"], "paused")
        count = self.count()
        self.checkpoint(container)
        self.assertEqual(self.state(container)["status"], "stopped")
        self.assertEqual(self.count(), count)
        self.restore(container=container)
        self.counting_on(count)

    def test_in_another_bundle(self):
        """A root that is new, and a volume with something else in it."""
        self.counting(edit=self.limited)
        count = self.saved(self.started())
        other = os.path.join(self.place, "other")
        os.mkdir(other)
        shutil.copytree(self.rootfs + "/bin", other + "/rootfs/bin",
                        symlinks=True)
        shutil.copy(self.bundle + "/config.json", other)
        os.mkdir(other + "/data")
        with open(other + "/data/file", "w", encoding="utf-8") as file:
            file.write("of another host\n")
        restored = self.restore(bundle=other)
        self.rootfs = other + "/rootfs"
        self.counting_on(count)
        self.assertEqual(self.oci("exec", restored, "cat", "/data/file").out,
                         "of another host\n")

    def test_what_it_says_goes_to_the_new_pipe(self):
        self.make_bundle("sh", "-c", "i=0; while :; do i=$((i+1)); "
                         "echo $i | cat; echo $i >/count; sleep 0.1; done")
        container = self.new_id()
        self.addCleanup(self.remove, container)
        old, new = os.pipe(), os.pipe()
        for end in old + new:
            self.addCleanup(os.close, end)
        self.oci("run", "--detach", "--bundle", self.bundle, container,
                 stdout=old[1], stderr=old[1])
        count = self.saved(container)
        self.restore(out=new[1])
        self.counting_on(count)
        said = os.read(new[0], 999).decode().split()
        self.assertIn(int(said[0]), (count, count + 1), said)
        self.assertEqual(os.read(old[0], 9999).split()[0], b"1")

    def test_its_terminal_comes_to_the_console_socket(self):
        self.make_bundle("sh", "-c", "n=0; while read x; do n=$((n+1)); "
                         "echo =$n $x; done", terminal=True)
        screens = []
        for name in ("one", "two"):
            os.mkdir(os.path.join(self.place, name))
            screens.append(console.Console(os.path.join(self.place, name)))
            self.addCleanup(screens[-1].close)
        container = self.started("--console-socket", screens[0].path)
        screens[0].accept()
        os.write(screens[0].master, b"hello\n")
        self.assertIn("=1 hello\n", screens[0].read("=1 hello\n"))
        self.checkpoint(container)
        self.restore("--console-socket", screens[1].path)
        screens[1].accept()
        os.write(screens[1].master, b"again\n")
        self.assertIn("=2 again\n", screens[1].read("=2 again\n"))

    def test_in_the_terminal_of_who_restores(self):
        self.make_bundle("sh", "-c", "n=0; while read x; do n=$((n+1)); "
                         "echo =$n $x; test $x = end && exit 7; done",
                         terminal=True)
        os.mkdir(self.place + "/one")
        screen = console.Console(self.place + "/one")
        self.addCleanup(screen.close)
        container = self.started("--console-socket", screen.path)
        screen.accept()
        self.checkpoint(container)
        terminal = self.terminal([OCI, "--root", self.root, "restore",
                                  "--bundle", self.bundle, "--image-path",
                                  self.images, container])
        terminal.send("hello\n")
        terminal.expect("=1 hello")
        terminal.send("end\n")
        terminal.expect("=2 end")
        self.assertEqual(terminal.wait().status, 7)
        self.oci("state", container, status=1)

    def test_waited_for_it_passes_on_signals_and_its_status(self):
        self.make_bundle("sh", "-c", "trap 'exit 9' USR1; " + COUNTER)
        container = self.started()
        count = self.saved(container)
        with open(self.said, "a", encoding="utf-8") as out:
            process = harness.start(
                [OCI, "--root", self.root, "restore", "--bundle", self.bundle,
                 "--image-path", self.images, container], stdout=out,
                stderr=out)
        self.begun[process.pid] = process
        self.addCleanup(harness.signal_group, process, signal.SIGKILL)
        self.counting_on(count)
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(self.end_of(process).status, 9)
        self.oci("state", container, status=1)

    def test_hooks(self):
        """prestart and createRuntime, as runc runs them, and poststop."""
        def edit(config):
            config["hooks"] = {kind: [{
                "path": "/bin/sh", "args": ["sh", "-c", "(echo %s; cat; echo) "
                                            ">>%s/hooks" % (kind, self.place)]
            }] for kind in ("prestart", "createRuntime", "poststart",
                            "poststop")}
        self.counting(edit=edit)
        container = self.started()
        self.saved(container)
        self.oci("delete", container)
        os.unlink(self.place + "/hooks")
        self.restore(container=container)
        pid = self.state(container)["pid"]
        self.remove(container)
        lines = read(self.place + "/hooks").split("\n")[:-1]
        self.assertEqual(lines[::2], ["prestart", "createRuntime",
                                      "poststop"])
        for line in lines[1:4:2]:
            self.assertEqual(json.loads(line)["pid"], pid)
            self.assertEqual(json.loads(line)["id"], container)

    def test_a_hook_that_fails(self):
        def edit(config):
            config["hooks"] = {"createRuntime": [{
                "path": "/bin/sh", "args": [
                    "sh", "-c", "cat >/dev/null; ! test -e %s/no || "
                    "{ echo not me >&2; exit 1; }" % self.place]}]}
        self.counting(edit=edit)
        container = self.started()
        count = self.saved(container)
        with open(self.place + "/no", "w", encoding="utf-8"):
            pass
        self.restore(container=container, status=1)
        self.assertIn("hooks.createRuntime[0]: /bin/sh ended with status 1: "
                      "not me", read(self.said))
        self.assertEqual(self.cgroups_of(container), [])
        self.assertEqual(os.listdir(self.root), [])
        self.assertLessEqual(self.count(), count)

    def test_in_the_network_of_another(self):
        holder = harness.start(["unshare", "--net", "sleep", "1000"])
        self.addCleanup(harness.finish, holder, 5)
        self.addCleanup(harness.signal_group, holder, signal.SIGKILL)
        path = "/proc/%d/ns/net" % holder.pid
        self.wait_for(lambda: os.readlink(path) !=
                      os.readlink("/proc/self/ns/net"), "a new network")

        def edit(config):
            for namespace in config["linux"]["namespaces"]:
                if namespace["type"] == "network":
                    namespace["path"] = path
        self.counting(edit=edit)
        container = self.started()
        count = self.saved(container)
        self.restore(container=container)
        self.counting_on(count)
        self.assertEqual(
            os.readlink("/proc/%d/ns/net" % self.state(container)["pid"]),
            os.readlink(path))

    def test_cgroups_ignored(self):
        self.counting(edit=self.limited)
        container = self.started()
        limits = self.limits(container)
        count = self.saved(container, "--manage-cgroups-mode", "ignore")
        restored = self.restore("--manage-cgroups-mode", "ignore")
        self.counting_on(count)
        self.assertEqual(self.limits(restored), limits)
        self.assertNotIn(restored, self.oci("exec", restored, "cat",
                                            "/proc/self/cgroup").out)

    def as_before(self, edit):
        """Saved, and restored in the same id and in a new one, it has the same
        things mounted."""
        self.make_bundle("sh", "-c", COUNTER.replace("/count", "/data/count"),
                         edit=lambda config: (self.writable(config),
                                              edit(config)))
        container = self.started()
        mounts = self.mounts(container)
        count = self.saved(container)
        for again in (container, None):
            restored = self.restore(container=again)
            self.counting_on(count)
            self.assertEqual(self.mounts(restored), mounts)
            yield restored
            self.remove(restored)

    def writable(self, config):
        """A place to count in."""
        place = self.bundle + "/data"
        os.makedirs(place, exist_ok=True)
        os.chmod(place, 0o777)
        config["mounts"].append({"destination": "/data", "type": "bind",
                                 "source": place, "options": ["rbind"]})
        self.rootfs = place

    def test_a_root_that_is_read_only_stays_so(self):
        def edit(config):
            config["root"]["readonly"] = True
        for restored in self.as_before(edit):
            done = self.oci("exec", restored, "sh", "-c", "echo >/file",
                            status=1)
            self.assertIn("Read-only file system", done.err)

    def test_of_a_user_namespace(self):
        def edit(config):
            ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
            config["linux"]["namespaces"].append({"type": "user"})
            config["linux"].update(uidMappings=ids, gidMappings=ids)
            os.chown(self.bundle + "/rootfs", 100000, 100000)
        os.chmod(self.place, 0o755)
        # What it writes to is opened once more, by its own root.
        self.addCleanup(os.umask, os.umask(0))
        for restored in self.as_before(edit):
            pid = self.state(restored)["pid"]
            self.assertEqual(os.stat("/proc/%d" % pid).st_uid, 100000)
            self.assertEqual(read("/proc/%d/uid_map" % pid).split(),
                             ["0", "100000", "65536"])
            self.oci("exec", restored, "sh", "-c", "echo >/dev/null")

    def test_one_that_sees_the_cgroups_of_the_host(self):
        def edit(config):
            config["linux"]["namespaces"] = [
                namespace for namespace in config["linux"]["namespaces"]
                if namespace["type"] != "cgroup"]
        for restored in self.as_before(edit):
            self.assertIn(restored, self.oci("exec", restored, "cat",
                                             "/proc/self/cgroup").out)

    def test_seccomp_and_capabilities_hold(self):
        def edit(config):
            config["linux"]["seccomp"] = {
                "defaultAction": "SCMP_ACT_ALLOW",
                "syscalls": [{"names": ["mkdir", "mkdirat"],
                              "action": "SCMP_ACT_ERRNO"}]}
        self.counting(edit=edit, noNewPrivileges=True)
        container = self.started()

        def rights():
            pid = self.state(container)["pid"]
            return re.findall(r"(?m)^((?:Cap|Seccomp|NoNew|Uid|Gid).*)",
                              read("/proc/%d/status" % pid))
        before = rights()
        count = self.saved(container)
        self.restore(container=container)
        self.counting_on(count)
        self.assertEqual(rights(), before)

    def test_a_pipe_where_there_was_a_file(self):
        self.counting()
        container = self.started()
        self.saved(container)
        done = self.oci("restore", "--detach", "--bundle", self.bundle,
                        "--image-path", self.images, container, status=1)
        self.assertIn("standard descriptor 1 was a file", done.err)

    def test_fail_at_each_step(self):
        self.counting()
        self.saved(self.started())
        self.assertGreater(len(STEPS), 5)
        for step in STEPS:
            with self.subTest(step=step):
                container = self.restore(
                    status=1, env=harness.environment(FAIL_AT=step))
                self.assertIn(step + ": made to fail", read(self.said))
                self.assertEqual(self.cgroups_of(container), [])
                self.oci("state", container, status=1)

    def test_killed_at_each_step(self):
        self.counting()
        self.saved(self.started())
        for step in STEPS:
            with self.subTest(step=step):
                container = self.new_id()
                with open(self.said, "w", encoding="utf-8") as out:
                    process = harness.start(
                        [OCI, "--root", self.root, "restore", "--detach",
                         "--bundle", self.bundle, "--image-path",
                         self.images, container], stdout=out, stderr=out,
                        env=harness.environment(PAUSE_AT=step))
                self.wait_for(lambda: read("/proc/%d/comm" % process.pid) ==
                              "paused\n", step)
                process.kill()
                harness.finish(process, 10)
                self.oci("delete", "--force", container)
                self.assertEqual(self.cgroups_of(container), [])
                self.oci("state", container, status=1)
                self.bury_orphans()


if __name__ == "__main__":
    unittest.main()
