"""Containers: what `./demo run` promises, asked of the kernel.

Every test is framed by a look at the host (harness.KernelTest).  The images
are the built-in busybox and small archives made here; test_debian.py runs a
real distribution.
"""

import errno
import fcntl
import glob
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import signal
import socket
import tarfile
import threading
import time
import unittest

import harness

DEMO = harness.program("ch06-final")
BUSYBOX = "busybox"


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class ContainerTest(harness.KernelTest):
    """A store for each class, with busybox already made in it."""

    root_type = "overlay"
    # Images that a test loads are there to stay, until the class is done.
    leaves = ("+ file /var/tmp/mydocker-state-*/layers/*",
              "+ file /var/tmp/mydocker-state-*/blobs/*")

    @classmethod
    def setUpClass(cls):
        cls.store = harness.private_state(cls)
        done = harness.run([DEMO, "run", "--rm", BUSYBOX, "true"])
        if done.status != 0:
            raise AssertionError(str(done))

    def root_kind(self):
        """An ordinary user's overlay keeps its marks in attributes that are
        his; a tmpfs has such since Linux 6.6."""
        if harness.caller:
            try:
                os.setxattr(self.store, "user.test", b"")
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOTSUP)
                return "fuse.aufs"
            os.removexattr(self.store, "user.test")
        return self.root_type

    def run_in(self, *words, **more):
        return self.run_command([DEMO, "run", "--rm", *words], **more)

    def sh(self, script, *options, status=0, **more):
        done = self.run_in(*options, BUSYBOX, "sh", "-c", script, **more)
        self.assertEqual(done.status, status, str(done))
        return done.out

    def records(self):
        found = {}
        place = os.path.join(self.store, "containers")
        for name in os.listdir(place):
            try:
                record = json.loads(read(
                    os.path.join(place, name, "record.json")))
            except (OSError, ValueError):
                continue
            found[record["name"]] = record
        return found

    def background(self, *words, name=None, **more):
        """`run` with a name; returns it when it is on record as running and
        its payload is executed: killed before that, it ends with 125."""
        name = name or harness.random_name("test")
        process = harness.start([DEMO, "run", "--rm", "--name", name, *words],
                                **more)
        self.addCleanup(self.end, process, name)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            record = self.records().get(name)
            if (record and record["status"] == "running" and
                    not self.is_ours(record["pid"])):
                return process, record
            if process.poll() is not None:
                break
            time.sleep(0.01)
        done = harness.finish(process, 1)
        self.look_for_refusal(done)
        self.fail("never ran: %s" % done)

    @staticmethod
    def is_ours(pid):
        """Is this process still the runtime, not yet the payload?"""
        try:
            return os.path.samefile("/proc/%d/exe" % pid, DEMO)
        except FileNotFoundError:       # it has ended already
            return False
        except PermissionError:         # a user's FUSE lets nobody else look
            return False

    def end(self, process, name):
        if process.poll() is None:
            harness.run([DEMO, "rm", "-f", name])
        harness.finish(process, 10)


class Payload(ContainerTest):
    """The command: its arguments, environment, input, output and status."""

    def test_exit_statuses(self):
        for words, status in (
                (["true"], 0), (["sh", "-c", "exit 42"], 42),
                (["sh", "-c", "exit 255"], 255),
                (["/no/such/file"], 127), (["no-such-command"], 127),
                (["/etc/passwd"], 126), (["/etc"], 126)):
            with self.subTest(words=words):
                self.assertEqual(self.run_in(BUSYBOX, *words).status, status)

    def test_a_signal_is_128_plus_n(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        os.kill(record["pid"], signal.SIGKILL)
        self.assertEqual(harness.finish(process, 10).status, 137)
        # A payload that asks for the default action and gets the signal.
        process, record = self.background(
            BUSYBOX, "sh", "-c", "trap 'exit 9' TERM; echo set; "
            "while :; do sleep 0.1; done")
        self.assertEqual(process.stdout.readline(), b"set\n")
        os.kill(process.pid, signal.SIGTERM)
        self.assertEqual(harness.finish(process, 10).status, 9)

    def test_what_cannot_be_run_is_said_in_dockers_words(self):
        for word, said in (
                ("/x/y", 'exec: "/x/y": stat /x/y: no such file or directory'),
                ("x-y", 'exec: "x-y": executable file not found in $PATH'),
                ("/etc/passwd", 'exec: "/etc/passwd": permission denied')):
            self.assertIn(said, self.run_in(BUSYBOX, word).err)

    def test_arguments_arrive_as_they_are(self):
        words = ["two words", "", "a;b", "$HOME", "*", "-it", "--name", "\\",
                 "'\"", "new\nline", "é"]
        done = self.run_in(BUSYBOX, "printf", "<%s>", *words)
        self.assertEqual(done.out, "".join("<%s>" % w for w in words))

    def test_nothing_of_our_environment_gets_in(self):
        env = harness.environment(SECRET="x", LD_PRELOAD="")
        out = self.sh("env", "-e", "A=1", "-e", "B=two words", "-e", "SECRET2",
                      "-e", "LC_ALL", "--hostname", "h", env=env)
        values = dict(line.split("=", 1) for line in out.splitlines())
        for shells_own in ("SHLVL", "PWD", "OLDPWD", "_"):
            values.pop(shells_own, None)
        path = values.pop("PATH")
        self.assertIn("/bin", path.split(":"))
        self.assertEqual(values, {"A": "1", "B": "two words", "HOME": "/root",
                                  "HOSTNAME": "h", "LC_ALL": "C.UTF-8"})

    def test_streams_are_kept_apart(self):
        done = self.run_in(BUSYBOX, "sh", "-c", "echo out; echo err >&2")
        self.assertEqual((done.out, done.err), ("out\n", "err\n"))

    def test_input_only_with_i(self):
        self.assertEqual(self.run_in(BUSYBOX, "cat", data="x").out, "")
        self.assertEqual(self.run_in("-i", BUSYBOX, "cat", data="x").out, "x")

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self.run_in(BUSYBOX, "echo", "x", stdout=full)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("No space left on device", done.err)

    def test_a_lot_through_a_pipe(self):
        block = os.urandom(1 << 20)
        whole = hashlib.sha256(block * 64).hexdigest()
        done = self.run_in("-i", BUSYBOX, "sh", "-c", "cat | sha256sum",
                           data=block * 64)
        self.assertEqual(done.out.split()[0], whole)

    def test_a_reader_that_goes_away_ends_it(self):
        process = harness.start([DEMO, "run", "--rm", BUSYBOX, "yes"])
        process.stdout.read(10)
        process.stdout.close()
        process.stdout = None
        self.assertFalse(harness.finish(process, 10).timed_out)

    def test_signals_are_passed_on_and_the_third_insists(self):
        process, _ = self.background(
            BUSYBOX, "sh", "-c", "trap '' INT; echo ready; exec sleep 600")
        process.stdout.readline()       # before that it may still be starting
        for _ in range(3):
            self.assertIsNone(process.poll())
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.2)
        self.assertEqual(harness.finish(process, 10).status, 137)

    def test_signals_are_not_ignored_inside(self):
        done = self.run_command(
            ["sh", "-c", "trap '' INT TERM PIPE HUP 32 64; exec %s run --rm %s "
             "grep SigIgn /proc/self/status" % (DEMO, BUSYBOX)])
        self.assertEqual(int(done.out.split()[1], 16), 0, done.out)

    def test_bytes_that_are_no_text(self):
        # What is kept of a container is JSON, whose texts are UTF-8: a
        # program gets its bytes all the same.
        done = harness.start([DEMO, "run", "--rm", "-e", b"A=\xfd", BUSYBOX,
                              "sh", "-c", 'printf %s "$1$A"', "-",
                              b"\xff\xfe"])
        self.assertEqual(done.communicate(timeout=20)[0], b"\xff\xfe\xfd")

    def test_hostile_passwd_files(self):
        place = self.scratch()
        for number, passwd in enumerate((
                None, b"u:x:4294967295:4294967295::/:\n", b"+u\n", b"u\n")):
            archive = "%s/%d.tar" % (place, number)
            name = "mydocker-test-passwd:%d" % number
            write_archive(archive, name, {"User": "u", "Cmd": [
                "/bin/sh", "-c", "id -u"]}, passwd=passwd)
            self.succeed([DEMO, "load", "-i", archive])
            done = self.run_in(name, timeout=20)
            self.assertEqual(done.status, 125, str(done))
            self.assertIn("unable to find user u", done.err)

    def test_a_working_directory_that_leads_out(self):
        archive = self.scratch() + "/image.tar"
        write_archive(archive, "mydocker-test-cwd:1", {
            "WorkingDir": "/out", "Cmd": ["/bin/sh", "-c", "pwd"]},
            links={"out": "/proc/self/fd/9"})
        self.succeed([DEMO, "load", "-i", archive])
        done = self.run_in("mydocker-test-cwd:1")
        self.assertEqual((done.status, done.out), (125, ""), str(done))

    def test_signals_while_all_is_undone(self):
        process, record = self.background(
            BUSYBOX, "sh", "-c",
            "trap '' TERM USR1 HUP; echo ready; sleep 1; exit 7")
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP):
            process.send_signal(number)
        deadline = time.monotonic() + 10
        while (time.monotonic() < deadline and
               os.path.exists("/proc/%d" % record["pid"])):
            time.sleep(0.05)
        process.send_signal(signal.SIGCONT)
        self.assertEqual(harness.finish(process, 10).status, 7)
        self.assertEqual(self.records(), {})

    def test_user_and_directory_of_the_image(self):
        archive = os.path.join(self.scratch(), "image.tar")
        write_archive(archive, "mydocker-test-user:1", {
            "User": "guest:extra", "WorkingDir": "/work/here",
            "Env": ["PATH=/bin", "K=image"], "Entrypoint": ["/bin/sh", "-c"],
            "Cmd": ["id; pwd; echo $K $HOME; grep CapEff /proc/self/status"]})
        self.succeed([DEMO, "load", "-i", archive])
        out = self.run_in("mydocker-test-user:1").out.splitlines()
        self.assertEqual(out[0], "uid=1000(guest) gid=2000(extra) "
                         "groups=2000(extra)")
        self.assertEqual(out[1:3], ["/work/here", "image /home/guest"])
        self.assertRegex(out[3], r"CapEff:\t0+$")
        self.assertEqual(self.run_in("mydocker-test-user:1", "echo $0", "x")
                         .out, "x\n")
        done = self.run_in("-e", "K=ours", "mydocker-test-user:1", "echo $K")
        self.assertEqual(done.out, "ours\n")


class TerminalTest(ContainerTest):
    """-t: a pseudo-terminal of the container's own."""

    def test_a_session_typed_by_hand(self):
        terminal = self.terminal([DEMO, "run", "-it", "--rm", "--hostname",
                                  "box", BUSYBOX, "sh"], rows=33, columns=111)
        terminal.expect("# ")
        terminal.send("stty size; tty\n")
        terminal.expect("33 111")
        terminal.expect("/dev/pts/0")
        terminal.expect("# ")
        terminal.send("sleep 600\n")
        time.sleep(0.3)
        terminal.send("\x03")           # Ctrl-C is for what runs inside
        terminal.expect("# ")
        terminal.send("echo status $?; exit 7\n")
        terminal.expect("status 130")
        self.assertEqual(terminal.wait().status, 7)

    def test_a_terminal_that_is_closed(self):
        name = harness.random_name("test")
        terminal = self.terminal([DEMO, "run", "-it", "--rm", "--name", name,
                                  BUSYBOX, "sh"])
        terminal.expect("# ")
        terminal.hang_up()
        self.assertEqual(terminal.wait().status, 128 + signal.SIGHUP)
        # It is the monitor's, and goes on: somebody may attach again.
        self.assertEqual(self.records()[name]["status"], "running")
        self.succeed([DEMO, "rm", "-f", name])
        self.assertEqual(self.records(), {})

    def test_the_terminal_is_put_back(self):
        terminal = self.terminal(
            ["sh", "-c", "stty -a >/tmp/mydocker-before; %s run -it --rm %s "
             "true; stty -a >/tmp/mydocker-after" % (DEMO, BUSYBOX)])
        try:
            self.assertEqual(terminal.wait().status, 0)
            self.assertEqual(read("/tmp/mydocker-before"),
                             read("/tmp/mydocker-after"))
        finally:
            for name in ("before", "after"):
                os.unlink("/tmp/mydocker-" + name)

    def test_console_is_the_terminal(self):
        terminal = self.terminal([DEMO, "run", "-t", "--rm", BUSYBOX, "sh",
                                  "-c", "echo to-console >/dev/console"])
        self.assertIn("to-console", terminal.wait().out)

    def test_it_from_a_pipe_is_refused(self):
        done = self.run_in("-it", BUSYBOX, "true", data="")
        self.assertEqual(done.status, 1)      # as Docker's
        self.assertIn("not a TTY", done.err)

    def test_without_t_there_is_no_terminal(self):
        terminal = self.terminal([DEMO, "run", "--rm", "-i", BUSYBOX, "sh",
                                  "-c", "tty; ls -l /proc/self/fd"])
        out = terminal.wait().out
        self.assertIn("not a tty", out)
        self.assertNotIn("/dev/pts", out)


class Isolation(ContainerTest):
    """What the kernel says of a container, from outside and from inside."""

    def test_namespaces(self):
        _, record = self.background(BUSYBOX, "sleep", "600")
        for kind in ("mnt", "uts", "ipc", "pid", "net", "cgroup"):
            self.assertNotEqual(
                os.stat("/proc/self/ns/" + kind).st_ino,
                os.stat("/proc/%d/ns/%s" % (record["pid"], kind)).st_ino, kind)

    def test_it_is_in_its_cgroup_from_the_first_instruction(self):
        # The payload's own accounting: pids says that it was never elsewhere.
        process, record = self.background("-m", "64m", "--cpus", "0.5",
                                          BUSYBOX, "sleep", "600")
        lines = read("/proc/%d/cgroup" % record["pid"]).splitlines()
        ours = [line for line in lines if "name=" not in line]
        for line in ours:
            self.assertTrue(line.endswith("/mydocker/" + record["id"]), line)
        # Nobody was ever charged for it above: its cgroup has seen the fork.
        self.assertTrue(ours)

    def test_memory_limit(self):
        eater = "head -c 64m /dev/zero | tail >/dev/null"
        name = harness.random_name("test")
        done = self.run_command([DEMO, "run", "--name", name, "-m", "16m",
                                 BUSYBOX, "sh", "-c", eater])
        self.assertNotEqual(done.status, 0)
        self.assertTrue(self.records()[name]["oomKilled"])
        self.succeed([DEMO, "rm", name])
        self.assertEqual(
            self.run_in("-m", "256m", BUSYBOX, "sh", "-c", eater).status, 0)

    def test_limits_are_in_the_kernel(self):
        _, record = self.background("-m", "64m", "--cpus", "0.5", BUSYBOX,
                                    "sleep", "600")
        found = {}
        for top, names in cgroup_files(record["id"]):
            for name in names:
                if name in ("memory.limit_in_bytes", "memory.max",
                            "cpu.cfs_quota_us", "cpu.max"):
                    found[name] = read(os.path.join(top, name)).strip()
        memory = found.get("memory.limit_in_bytes", found.get("memory.max"))
        cpu = found.get("cpu.cfs_quota_us", found.get("cpu.max", "")).split()
        self.assertEqual(memory, str(64 << 20))
        self.assertEqual(cpu[:1], ["50000"])

    def test_root_file_system(self):
        _, record = self.background(BUSYBOX, "sleep", "600")
        pid = record["pid"]
        mounts = [line.split() for line in
                  read("/proc/%d/mountinfo" % pid).splitlines()]
        kind = {m[4]: m[m.index("-") + 1] for m in mounts}
        options = {m[4]: m[5].split(",") for m in mounts}
        self.assertEqual(kind["/"], self.root_kind())
        self.assertEqual(kind["/proc"], "proc")
        self.assertEqual(kind["/dev"], "tmpfs")
        self.assertEqual(kind["/dev/pts"], "devpts")
        self.assertEqual(kind["/sys"], "sysfs")
        self.assertIn("ro", options["/sys"])
        self.assertIn("ro", options["/proc/sys"])
        for target in options:
            if target.startswith("/sys/fs/cgroup"):
                self.assertIn("ro", options[target], target)
        self.assertNotIn("shared", " ".join(" ".join(m) for m in mounts))
        # No mount of the host's tree is left: every target is one of ours.
        for target in kind:
            self.assertRegex(target, r"^/(proc|sys|dev|etc/(hosts|hostname|"
                                     r"resolv\.conf))?(/|$)")

    def test_no_way_to_the_host(self):
        script = """
            for i in 1 2 3 4 5 6 7 8; do cd ..; done; ls -di . /
            ls /proc/1/root/; ls -l /proc/self/fd
            mount -t tmpfs x /mnt 2>&1; mknod /tmp/sda b 8 0 2>&1
            echo 1 >/proc/sys/kernel/sysrq; cat /proc/kcore | head -c 1
            umount /proc/sys; mount -o remount,rw /sys; sethostname x
            """
        done = self.run_in(BUSYBOX, "sh", "-c", script)
        marker = harness.random_name("mydocker-secret")
        path = "/tmp/" + marker
        with open(path, "w", encoding="utf-8"):
            pass
        try:
            found = self.run_in(BUSYBOX, "find", "/", "-name", marker)
            self.assertEqual(found.out, "")
        finally:
            os.unlink(path)
        self.assertNotIn("lost+found", done.out)
        self.assertIn("permission denied", done.text.lower())

    def test_capabilities(self):
        wanted = 0
        for number in (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31):
            wanted |= 1 << number
        out = self.sh("grep Cap /proc/self/status")
        caps = {line.split()[0]: int(line.split()[1], 16)
                for line in out.splitlines()}
        for name in ("CapPrm:", "CapEff:", "CapBnd:"):
            self.assertEqual(caps[name] & ~wanted, 0, out)
        self.assertEqual(caps["CapInh:"] | caps["CapAmb:"], 0)

    def test_no_descriptor_of_ours_gets_in(self):
        # One that is ours to leak, inherited and not close-on-exec.
        first = os.open("/etc/passwd", os.O_RDONLY)
        fd = fcntl.fcntl(first, fcntl.F_DUPFD, 30)
        os.close(first)
        os.set_inheritable(fd, True)
        try:
            out = self.sh("ls /proc/1/fd; true", pass_fds=(fd,))

        finally:
            os.close(fd)
        # 10 is the shell's, 3 is the listing's.
        self.assertLessEqual(set(out.split()), {"0", "1", "2", "3", "10"})

    def test_nothing_spreads_to_a_shared_host(self):
        # As systemd has it: / and everything below it shared.
        ours = harness.called(DEMO, "run", "--rm", "-v", "/tmp:/data", BUSYBOX,
                              "mount")
        script = ("mount --make-rshared / && cut -d' ' -f5- "
                  "/proc/self/mountinfo >/tmp/a && %s >/dev/null && cut -d' ' "
                  "-f5- /proc/self/mountinfo | cmp - /tmp/a" %
                  shlex.join(ours))
        self.succeed(["unshare", "-m", "sh", "-c",
                      "mount -t tmpfs x /tmp && " + script])

    def test_the_umask_of_the_caller_stays_outside(self):
        ours = harness.called(DEMO, "run", "--rm", BUSYBOX, "sh", "-c",
                              "stat -c %a / /etc; umask")
        done = self.run_command(["sh", "-c", "umask 077; exec " +
                                 shlex.join(ours)])
        self.assertEqual(done.out.split(), ["755", "755", "0022"])

    def test_our_own_file_is_out_of_reach(self):
        """CVE-2019-5736: until it executes, the child's exe is the runtime."""
        before = digest(DEMO)
        process = harness.start([DEMO, "run", "--rm", BUSYBOX, "true"],
                                env=harness.environment(PAUSE_AT="become"))
        self.addCleanup(harness.run, [DEMO, "ps"])
        pid = paused()
        held = os.open("/proc/%d/exe" % pid, os.O_PATH)
        self.addCleanup(os.close, held)
        self.assertTrue(os.fstatvfs(held).f_flag & os.ST_RDONLY or "memfd:" in
                        os.readlink("/proc/%d/exe" % pid))
        kill_ours(process)
        harness.finish(process, 10)
        harness.residue.reap()
        with self.assertRaises(OSError):
            fd = os.open("/proc/self/fd/%d" % held, os.O_WRONLY)
            self.addCleanup(os.close, fd)
            os.write(fd, b"OWNED")
        self.assertEqual(digest(DEMO), before)

    def test_files_of_the_runtime(self):
        out = self.sh("hostname; cat /etc/hostname; hostname -i; "
                      "cat /etc/resolv.conf", "--hostname", "web-1")
        lines = out.splitlines()
        self.assertEqual(lines[:2], ["web-1", "web-1"])
        self.assertRegex(lines[2], r"^\d+\.\d+\.\d+\.\d+$")
        self.assertRegex(out, r"(?m)^nameserver (?!127\.)")


class Volumes(ContainerTest):
    def test_read_and_write(self):
        place = self.scratch()
        with open(place + "/in", "w", encoding="utf-8") as file:
            file.write("from the host")
        out = self.sh("cat /data/in; echo from inside >/data/out", "-v",
                      place + ":/data")
        self.assertEqual(out, "from the host")
        self.assertEqual(read(place + "/out"), "from inside\n")

    def test_read_only_is_read_only(self):
        place = self.scratch()
        out = self.sh("touch /data/x 2>&1; mount -o remount,rw /data 2>&1; "
                      "touch /data/x 2>&1; true", "-v", place + ":/data:ro")
        self.assertEqual(out.count("Read-only file system"), 2, out)
        self.assertEqual(os.listdir(place), [])

    def test_a_file(self):
        place = self.scratch() + "/file"
        with open(place, "w", encoding="utf-8") as file:
            file.write("one file")
        self.assertEqual(self.sh("cat /etc/one", "-v", place + ":/etc/one"),
                         "one file")

    def test_a_target_behind_a_link_stays_inside(self):
        outside = self.scratch()
        archive = self.scratch() + "/image.tar"
        write_archive(archive, "mydocker-test-link:1", {"Cmd": ["sh"]},
                      links={"escape": "../../../../.." + outside,
                             "absolute": outside})
        self.succeed([DEMO, "load", "-i", archive])
        volume = self.scratch()
        for target in ("/escape/x", "/absolute/y", "/../../z", "/escape"):
            done = self.run_in("-v", volume + ":" + target,
                               "mydocker-test-link:1", "/bin/busybox", "true")
            self.assertEqual(done.status, 0, str(done))
        self.assertEqual(os.listdir(outside), [])

    def test_a_volume_above_the_store(self):
        out = self.sh("cat /proc/self/mountinfo", "-v", "/var/tmp:/data")
        self.assertEqual([line for line in out.splitlines()
                          if " /data/" in line], [])

    def test_removal_never_reaches_a_volume(self):
        place = self.scratch()
        with open(place + "/precious", "w", encoding="utf-8"):
            pass
        name = harness.random_name("test")
        self.succeed([DEMO, "run", "--name", name, "-v", place + ":/data",
                      BUSYBOX, "true"])
        self.succeed([DEMO, "rm", name])
        self.assertEqual(os.listdir(place), ["precious"])


class Options(ContainerTest):
    """What else `run` takes, by what the kernel says of the container."""

    def mounts(self, *options):
        """{target: (type, the mount's options, the file system's)}."""
        found = {}
        for line in self.sh("cat /proc/self/mountinfo",
                            *options).splitlines():
            fields = line.split()
            kind = fields.index("-") + 1
            found[fields[4]] = (fields[kind], fields[5].split(","),
                                fields[kind + 2].split(","))
        return found

    def test_user(self):
        for user, uid, gid in (("1234", 1234, 0), ("0:7", 0, 7),
                               ("1234:5678", 1234, 5678), ("root", 0, 0),
                               ("", 0, 0)):
            with self.subTest(user=user):
                out = self.sh("grep -E 'Uid|Gid|CapEff' /proc/self/status; "
                              "echo $HOME", "-u", user)
                self.assertIn("Uid:" + 4 * ("\t%d" % uid), out)
                self.assertIn("Gid:" + 4 * ("\t%d" % gid), out)
                if uid:
                    self.assertIn("CapEff:\t" + 16 * "0", out)
                self.assertTrue(out.endswith("\n/root\n" if uid == 0 else
                                             "\n/\n"), out)

    def test_the_streams_are_the_users_by_name_too(self):
        done = self.run_in("-i", "-u", "1234", BUSYBOX, "sh", "-c",
                           "cat /dev/stdin >/dev/stdout; echo e >/dev/stderr",
                           data="in")
        self.assertEqual((done.out, done.err), ("in", "e\n"), str(done))
        terminal = self.terminal([DEMO, "run", "--rm", "-t", "-u", "1234",
                                  BUSYBOX, "sh", "-c", "stat -c %u "
                                  "/dev/pts/0; echo there >/dev/stdout"])
        self.assertRegex(terminal.wait().out, r"1234[\r\n]+there")
        # Without -i the input is the host's /dev/null, and stays root's.
        self.run_in("-u", "1234", BUSYBOX, "true")
        self.assertEqual(os.stat("/dev/null").st_uid, 0)

    def test_working_directory(self):
        self.assertEqual(self.sh("pwd", "-w", "/etc"), "/etc\n")
        self.assertEqual(self.sh("pwd; stat -c %a .", "-w", "/made/for/it",
                                 "--read-only"), "/made/for/it\n755\n")

    def test_entrypoint(self):
        archive = self.scratch() + "/image.tar"
        name = "mydocker-test-entry:1"
        write_archive(archive, name, {"Entrypoint": ["/bin/echo", "image"],
                                      "Cmd": ["cmd"]})
        self.succeed([DEMO, "load", "-i", archive])
        self.assertEqual(self.run_in(name).out, "image cmd\n")
        self.assertEqual(self.run_in("--entrypoint", "/bin/echo", name).out,
                         "\n")
        self.assertEqual(self.run_in("--entrypoint", "", name, "/bin/echo",
                                     "typed").out, "typed\n")

    def test_pids_limit(self):
        _, record = self.background("--pids-limit", "17", BUSYBOX, "sleep",
                                    "600")
        limits = [read(os.path.join(top, "pids.max")).strip()
                  for top, names in cgroup_files(record["id"])
                  if "pids.max" in names]
        self.assertEqual(limits, ["17"])
        bomb = "for i in $(seq 40); do sleep 5 & done; echo never"
        done = self.run_in("--pids-limit", "17", BUSYBOX, "sh", "-c", bomb)
        self.assertIn("can't fork", done.err)
        self.assertEqual(self.sh("true", "--pids-limit", "-1"), "")

    def test_no_network(self):
        before = harness.residue.snapshot()
        _, record = self.background("--network", "none", "--hostname", "box",
                                    BUSYBOX, "sleep", "600")
        links = harness.run(["nsenter", "-t", str(record["pid"]), "-n", "ip",
                             "-o", "link"]).out.splitlines()
        self.assertEqual(len(links), 1, links)
        self.assertRegex(links[0], r"lo: <LOOPBACK,UP")
        host = harness.residue.compare(before, harness.residue.snapshot())
        self.assertEqual([line for line in host if re.match(
            r". (link|nft|sysctl|address|route)", line)], [])
        out = self.sh("ping -c 1 -W 1 127.0.0.1 >/dev/null && echo up; "
                      "cat /etc/hosts; ip route", "--network", "none")
        self.assertTrue(out.startswith("up\n"), out)
        self.assertTrue(out.endswith("ip6-allrouters\n"), out)

    def test_read_only(self):
        script = ("touch /x 2>&1; mount -o remount,rw / 2>&1; touch /x 2>&1; "
                  "touch /data/x /tmp/x /dev/shm/x && echo islands")
        place = self.scratch()
        out = self.sh(script, "--read-only", "--tmpfs", "/tmp", "-v",
                      place + ":/data")
        self.assertEqual(out.count("Read-only file system"), 2, out)
        self.assertTrue(out.endswith("islands\n"), out)
        self.assertEqual(os.listdir(place), ["x"])
        _, options, _ = self.mounts("--read-only")["/"]
        self.assertLessEqual({"ro", "nodev"}, set(options))
        self.assertIn("rw", self.mounts()["/"][1])

    def test_tmpfs(self):
        found = self.mounts("--tmpfs", "/a", "--tmpfs",
                            "/b/c:size=1m,mode=0750,uid=%d,exec,ro" %
                            harness.mapped(5))
        kind, options, super_options = found["/a"]
        self.assertEqual(kind, "tmpfs")
        self.assertLessEqual({"rw", "nosuid", "nodev", "noexec"}, set(options))
        kind, options, super_options = found["/b/c"]
        self.assertLessEqual({"ro", "nosuid", "nodev"}, set(options))
        self.assertNotIn("noexec", options)
        self.assertLessEqual(
            {"size=1024k", "mode=750",
             "uid=%d" % harness.outside(harness.mapped(5))},
            set(super_options))

    def test_what_a_tmpfs_does(self):
        self.assertIn("No space left", self.sh(
            "dd if=/dev/zero of=/t/x bs=64k count=32 2>&1", "--tmpfs",
            "/t:size=1m", status=1))
        run = "cp /bin/busybox /t/true && /t/true"
        self.sh(run, "--tmpfs", "/t", status=126)
        self.sh(run, "--tmpfs", "/t:exec")
        # A new directory is for everybody; one of the image stays as it is.
        self.assertEqual(self.sh("stat -c %a /new /etc /tmp", "--tmpfs",
                                 "/new", "--tmpfs", "/etc"),
                         "1777\n755\n1777\n")

    def test_mounts_are_ordered_by_their_depth(self):
        place = self.scratch()
        with open(place + "/there", "w", encoding="utf-8"):
            pass
        for options in (["--tmpfs", "/a", "-v", place + ":/a/b"],
                        ["-v", place + ":/a/b", "--tmpfs", "/a"]):
            self.assertEqual(self.sh("ls /a /a/b", *options),
                             "/a:\nb\n\n/a/b:\nthere\n")

    def test_unmasked_system_paths(self):
        inside = ("unshare -U -r -p -f -m sh -c 'mount -t proc x /proc && "
                  "echo $$'")
        options = ["-u", "1234", *harness.limited("--pids-limit", "50"),
                   "--security-opt", "seccomp=unconfined"]
        if self.run_command(["setpriv", "--reuid", "1234", "--clear-groups",
                             "unshare", "-U", "true"]).status != 0:
            self.skipTest("no user namespaces for an ordinary user here")
        self.assertEqual(self.sh(inside, "--security-opt",
                                 "systempaths=unconfined", *options), "1\n")
        self.assertNotEqual(self.run_in(*options, BUSYBOX, "sh", "-c",
                                        inside).status, 0)
        self.assertNotIn("/proc/sys", self.mounts(
            "--security-opt", "systempaths=unconfined"))

    def test_no_new_privileges(self):
        look = "grep NoNewPrivs /proc/self/status"
        self.assertEqual(self.sh(look, "--security-opt", "no-new-privileges",
                                 "-u", "1234"), "NoNewPrivs:\t1\n")
        self.assertEqual(self.sh(look), "NoNewPrivs:\t0\n")


class Faults(ContainerTest):
    """Every step of both tables: made to fail, and killed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = harness.run([DEMO, "-v", "run", "--rm", BUSYBOX, "true"])
        cls.steps = re.findall(r"^> -- step (\S+)$", done.err, re.M)

    def options(self):
        return [*harness.limited("-m", "64m"),
                "-p", "127.0.0.1:%d:80" % free_port(), "-v", "/var/tmp:/data"]

    def test_the_tables_are_what_we_think(self):
        self.assertGreaterEqual(
            set(self.steps), {"union", "address", "create", "cgroup",
                              "clone", "join", "root", "pivot", "attach",
                              "start"})

    def test_fail_at_each_step(self):
        for step in self.steps:
            with self.subTest(step=step):
                before = harness.residue.snapshot()
                done = self.run_command(
                    [DEMO, "run", "--rm", *self.options(), BUSYBOX, "true"],
                    env=harness.environment(FAIL_AT=step))
                self.assertEqual(done.status, 125, str(done))
                self.assertIn(step + ": made to fail", done.err)
                self.assertEqual(harness.residue.differences(before), [])
                self.assertEqual(self.records(), {})

    def test_a_step_that_is_none_is_refused(self):
        for variable in ("FAIL_AT", "PAUSE_AT"):
            done = self.run_command([DEMO, "run", "--rm", BUSYBOX, "true"],
                                    env=harness.environment(
                                        **{variable: "nostep"}))
            self.assertEqual(done.status, 125, str(done))
            self.assertIn(variable + "=nostep: there is no such step",
                          done.err)

    def test_kill_at_each_step(self):
        for step in self.steps:
            with self.subTest(step=step):
                before = harness.residue.snapshot()
                process = harness.start(
                    [DEMO, "run", "--rm", *self.options(), BUSYBOX, "true"],
                    env=harness.environment(PAUSE_AT=step))
                self.wait_for_pause(process, step)
                kill_ours(process)
                harness.finish(process, 10)
                done = self.succeed([DEMO, "ps", "-a"])
                self.assertEqual(done.err, "")
                self.assertEqual(harness.residue.differences(before), [])
                self.assertEqual(self.records(), {})

    def wait_for_pause(self, process, step):
        if paused():
            return
        process.kill()
        self.fail("never came to %s: %s" % (step, harness.finish(process, 5)))

    def test_a_client_that_is_killed_takes_nothing_along(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        process.kill()
        harness.finish(process, 10)
        self.assertIn(record["id"][:12], self.succeed([DEMO, "ps"]).out)
        self.succeed([DEMO, "rm", "-f", record["name"]])

    def test_killed_while_running(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        kill_ours(process)
        harness.finish(process, 10)
        done = self.succeed([DEMO, "ps", "-a", "-q"])
        self.assertEqual(done.out, "", "--rm, and its monitor is dead")
        harness.residue.reap()
        self.assertFalse(os.path.exists("/proc/%d" % record["pid"]))

    def test_killed_without_rm_is_on_record_as_exited(self):
        name = harness.random_name("test")
        process = harness.start([DEMO, "run", "--name", name, BUSYBOX,
                                 "sleep", "600"])
        deadline = time.monotonic() + 20
        while (self.records().get(name, {}).get("status") != "running"
               and time.monotonic() < deadline):
            time.sleep(0.01)
        kill_ours(process)
        harness.finish(process, 10)
        done = self.succeed([DEMO, "ps", "-a"])
        self.assertRegex(done.out, name)
        self.assertIn("Exited (137)", done.out)
        self.succeed([DEMO, "rm", name])

    def test_rm_undoes_what_a_dead_monitor_left(self):
        _, record = self.background(BUSYBOX, "sleep", "600")
        monitor = monitor_of(record["pid"])
        os.kill(monitor, signal.SIGSTOP)
        rm = harness.start([DEMO, "rm", "-f", record["id"]])
        time.sleep(1)           # it waits for the monitor
        os.kill(monitor, signal.SIGKILL)
        os.kill(monitor, signal.SIGCONT)
        done = harness.finish(rm, 20)
        self.assertEqual(done.status, 0, str(done))
        harness.residue.reap()
        self.assertEqual(list(cgroup_files(record["id"])), [])
        self.assertEqual(self.records(), {})

    def test_a_start_beside_other_commands(self):
        stop = threading.Event()

        def look():
            while not stop.is_set():
                harness.run([DEMO, "ps"])
        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(30):
                done = self.run_in(BUSYBOX, "true")
                self.assertEqual(done.status, 0, str(done))
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def test_an_interrupted_start(self):
        process = harness.start([DEMO, "run", "--rm", BUSYBOX, "true"],
                                env=harness.environment(PAUSE_AT="mounts"))
        self.assertTrue(paused())
        process.send_signal(signal.SIGINT)
        done = harness.finish(process, 10)
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("interrupted", done.err)
        self.assertEqual(self.records(), {})

    def test_the_tour_leaves_strangers_directories_alone(self):
        stranger = "/tmp/mydocker-tour.1-1"
        os.mkdir(stranger)
        self.addCleanup(harness.remove_tree, stranger)
        other = harness.USER + bool(harness.caller)
        os.chown(stranger, other, other)
        os.symlink("/bin/false", stranger + "/demo")
        self.succeed([DEMO, "hello"])
        self.assertEqual(os.listdir(stranger), ["demo"])

    def test_a_full_disk(self):
        script = ("mount -t tmpfs -o size=64k x /mnt && "
                  "MYDOCKER_ROOT=/mnt/store %s run --rm %s true; "
                  "echo status $?; find /mnt -type f -size +0" %
                  (DEMO, BUSYBOX))
        done = self.run_command(["unshare", "-m", "sh", "-c", script])
        self.assertIn("status 125", done.out)
        self.assertIn("No space left on device", done.err)


class BadInput(ContainerTest):
    """Refused in words, with the right status, and nothing changed."""

    def refused(self, words, status, *said, **more):
        before = harness.residue.snapshot()
        done = self.run_command([DEMO, *words], **more)
        self.assertEqual(done.status, status, str(done))
        for text in said:
            self.assertIn(text, done.err)
        self.assertEqual(done.out, "")
        self.assertEqual(harness.residue.compare(
            before, harness.residue.snapshot()), [])
        self.assertEqual(self.records(), {})

    def test_run(self):
        for words, said in (
                (["--foo", BUSYBOX], "unknown flag: --foo"),
                (["-Z", BUSYBOX], "unknown shorthand flag: 'Z' in -Z"),
                (["--name"], "flag needs an argument: --name"),
                (["--rm=yes", BUSYBOX],
                 'invalid argument "yes" for "--rm" flag'),
                (["no-such-image"], "Unable to find image 'no-such-image'"),
                (["Bad//Name"], "invalid reference format"),
                (["-m", "12x", BUSYBOX], "invalid size: '12x'"),
                (["-m", "-5", BUSYBOX], "invalid size: '-5'"),
                (["-m", "1k", BUSYBOX], "Minimum memory limit allowed is 4MB"),
                (["-m", "99999999999g", BUSYBOX], "too large"),
                (["-m", "0x10", BUSYBOX], "invalid size"),
                (["--cpus", "0.001", BUSYBOX], "Range of CPUs"),
                (["--cpus", "100000", BUSYBOX], "Range of CPUs"),
                (["--cpus", "1,5", BUSYBOX], "failed to parse"),
                (["-p", "70000:80", BUSYBOX], "invalid hostPort: 70000"),
                (["-p", "80:0", BUSYBOX], "invalid containerPort: 0"),
                (["-p", "x:80", BUSYBOX], "invalid hostPort: x"),
                (["-p", "80:80/icmp", BUSYBOX], "invalid proto: icmp"),
                (["-p", "1.2.3:80:80", BUSYBOX], "invalid IP address"),
                (["--mount", "type=bind,src=/no-such-here,dst=/x", BUSYBOX],
                 "bind source path does not exist: /no-such-here"),
                (["-v", "/tmp:relative", BUSYBOX], "must be absolute"),
                (["-v", "/tmp:/", BUSYBOX], "destination can't be '/'"),
                (["-v", "/tmp:/a/..", BUSYBOX], "destination can't be '/'"),
                (["-v", "/tmp:/./", BUSYBOX], "destination can't be '/'"),
                (["-v", "/tmp:/x:rx", BUSYBOX], "invalid mode: rx"),
                (["--name", "../x", BUSYBOX], "invalid container name"),
                (["--name", "", BUSYBOX], "invalid container name"),
                (["--hostname", "a b", BUSYBOX], "invalid hostname"),
                (["-e", "=x", BUSYBOX], "invalid environment variable"),
                (["-w", "here", BUSYBOX], "the working directory 'here' is "
                 "invalid, it needs to be an absolute path"),
                (["--pids-limit", "x", BUSYBOX],
                 'invalid argument "x" for "--pids-limit" flag: '
                 'strconv.ParseInt: parsing "x": invalid syntax'),
                (["--network", "nosuch", BUSYBOX], "network nosuch not found"),
                (["--network", "none", "-p", "80:80", BUSYBOX],
                 "conflicting options: port publishing"),
                (["--tmpfs", "run", BUSYBOX], "must be absolute"),
                (["--tmpfs", "/", BUSYBOX], "destination can't be '/'"),
                (["--tmpfs", "/x:foo", BUSYBOX],
                 'invalid tmpfs option "foo"'),
                (["--rm", "--tmpfs", "/x:size=abc", BUSYBOX],
                 "Bad value for 'size'"),
                (["--security-opt", "x", BUSYBOX], "invalid --security-opt"),
                (["--rm", "-u", "nobody-here", BUSYBOX, "true"],
                 "unable to find user nobody-here"),
                (["--rm", "-u", "0:nogroup-here", BUSYBOX, "true"],
                 "unable to find group nogroup-here"),
                (["--entrypoint", "", BUSYBOX], "no command specified")):
            with self.subTest(words=words):
                self.refused(["run", *words], 125, said)

    def test_other_verbs(self):
        self.refused(["run"], 1, "requires at least 1 argument")
        self.refused(["frobnicate"], 1, "'frobnicate' is neither")
        self.refused(["rm", "nobody"], 1, "No such container: nobody")
        done = self.succeed([DEMO, "rm", "-f", "nobody"])
        self.assertIn("No such container: nobody", done.err)
        self.refused(["rmi", "nothing"], 1, "nothing")
        self.refused(["load", "-i", "/no/file"], 1, "/no/file")
        self.refused(["import", "/no/file", "x"], 1, "/no/file")
        self.refused(["import"], 1, "requires at least 1")
        self.refused(["ps", "extra"], 1, "accepts no arguments")

    def test_in_somebody_elses_store(self):
        # In a copy that this user can reach; MYDOCKER_ROOT is root's.
        place = self.scratch(harness.USER + 1)
        for name in ("demo", "mydocker-image"):
            shutil.copy(harness.program("ch06-final", name), place)
        for words, status in ((["run", BUSYBOX], 125), (["ps"], 1),
                              (["load"], 1), (["images"], 1)):
            done = self.run_command([place + "/demo", *words],
                                    user=harness.USER + 1)
            self.assertEqual(done.status, status, str(done))
            self.assertIn("Permission denied", done.err)

    def test_a_name_that_is_taken(self):
        name = harness.random_name("test")
        self.succeed([DEMO, "run", "--name", name, BUSYBOX, "true"])
        done = self.run_command([DEMO, "run", "--name", name, BUSYBOX, "true"])
        self.assertEqual(done.status, 125)
        self.assertIn("is already in use by container", done.err)
        self.succeed([DEMO, "rm", name])


class Lists(ContainerTest):
    def test_ps_and_rm(self):
        process, record = self.background("-p", "%d:80" % free_port(), BUSYBOX,
                                          "sleep", "600")
        out = self.succeed([DEMO, "ps"]).out
        self.assertIn(record["id"][:12], out)
        self.assertRegex(out, r"Up .* 0\.0\.0\.0:\d+->80/tcp")
        done = self.run_command([DEMO, "rm", record["name"]])
        self.assertEqual(done.status, 1)
        self.assertIn("is running", done.err)
        self.succeed([DEMO, "rm", "-f", record["id"][:12]])
        self.assertEqual(harness.finish(process, 10).status, 137)
        self.assertEqual(self.succeed([DEMO, "ps", "-aq"]).out, "")

    def test_an_image_in_use_stays(self):
        name = harness.random_name("test")
        self.succeed([DEMO, "run", "--name", name, BUSYBOX, "true"])
        done = self.run_command([DEMO, "rmi", BUSYBOX])
        self.assertEqual(done.status, 1, str(done))
        self.succeed([DEMO, "rm", name])
        self.succeed([DEMO, "rmi", BUSYBOX])
        self.assertEqual(self.succeed([DEMO, "images", "-q"]).out, "")
        self.assertEqual(self.run_in(BUSYBOX, "echo", "made anew").out,
                         "made anew\n")

    def test_many_at_once(self):
        """Each waits for the others: no address can be used twice in turn."""
        results, meeting = [], self.scratch()

        def one(number):
            results.append(harness.run(
                [DEMO, "run", "--rm", "-v", meeting + ":/meeting", BUSYBOX,
                 "sh", "-c", "hostname -i; touch /meeting/$0; until [ "
                 "$(ls /meeting | wc -l) = 12 ]; do sleep 0.1; done; exit $0",
                 str(number)], timeout=60))
        threads = [threading.Thread(target=one, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(r.status for r in results), list(range(12)),
                         "\n".join(map(str, results)))
        addresses = [r.out for r in results]
        self.assertEqual(len(set(addresses)), 12, addresses)


class Network(ContainerTest):
    SERVE = "echo here >/tmp/index.html; exec httpd -f -p 80 -h /tmp"

    def fetch(self, address, port):
        """What a server there says, once it listens.  (A user's relay takes a
        connection before that, and ends it.)"""
        deadline = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection((address, port), 3) as sock:
                    sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    data = b"".join(iter(lambda: sock.recv(4096), b""))
                if data:
                    return data.decode()
                raise ConnectionError("nothing was said")
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def test_a_published_port(self):
        port = free_port()
        process, record = self.background("-p", "%d:80" % port, BUSYBOX, "sh",
                                          "-c", self.SERVE)
        self.assertIn("here", self.fetch("127.0.0.1", port))
        own = host_address()
        if own:
            self.assertIn("here", self.fetch(own, port))
        second = self.run_in("-p", "%d:80" % port, BUSYBOX, "true")
        self.assertEqual(second.status, 125)
        self.assertIn("port is already allocated", second.err)
        self.succeed([DEMO, "rm", "-f", record["name"]])
        harness.finish(process, 10)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()

    def test_a_port_of_a_host_process_is_a_conflict(self):
        with socket.socket() as taken:
            taken.bind(("0.0.0.0", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.run_in("-p", "%d:80" % port, BUSYBOX, "true")
        self.assertEqual(done.status, 125)
        self.assertIn("port is already allocated", done.err)

    @unittest.skipIf(harness.caller, "a user's own network has no others' rules")
    def test_the_way_out_and_beside_other_firewalls(self):
        """A host of our own with Docker's and podman's bridges and rules on
        it, and a machine outside; none of theirs may change."""
        script = os.path.join(os.path.dirname(__file__), "beside.sh")
        done = self.succeed(["unshare", "-n", "-m", "-p", "--fork",
                             "--kill-child", "--mount-proc", "sh", script,
                             DEMO])
        self.assertIn("reached the outside", done.out)
        self.assertIn("reached from outside", done.out)
        self.assertIn("nothing changed", done.out)


# ---- small things ------------------------------------------------------------

def free_port():
    with socket.socket() as sock:
        sock.bind(("0.0.0.0", 0))
        return sock.getsockname()[1]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def paused():
    """The descendant that PAUSE_AT has stopped, once there is one."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for pid in harness.residue.descendants():
            try:
                if read("/proc/%d/comm" % pid) == "paused\n":
                    return pid
            except OSError:
                pass
        time.sleep(0.01)
    return None


def kill_ours(process, but=None):
    """SIGKILL to the client, the monitor and who starts the container, but not
    to what is in a container already, nor to that one."""
    ours = os.readlink("/proc/self/ns/pid")
    process.kill()
    for pid in harness.residue.descendants():
        try:
            if (os.readlink("/proc/%d/ns/pid" % pid) == ours and
                    pid != but):
                os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def monitor_of(pid):
    """Its parent, as soon as the starter, which was that before, has ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        parent = int(read("/proc/%d/stat" % pid).rpartition(")")[2].split()[1])
        if read("/proc/%d/comm" % parent) == "mydocker-monito\n":
            return parent
        time.sleep(0.01)
    raise AssertionError("process %d is no monitor's" % pid)


def host_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.254", 9))    # sends nothing
        except OSError:
            return None
        return sock.getsockname()[0]


def cgroup_files(container):
    for line in read("/proc/self/mountinfo").splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] in ("cgroup", "cgroup2"):
            # A user's are below what was handed down to him.
            for place in glob.glob(os.path.join(
                    fields[4], "**", "mydocker", container), recursive=True):
                yield place, os.listdir(place)


PASSWD = (b"root:x:0:0::/root:/bin/sh\n"
          b"guest:x:1000:1000::/home/guest:/bin/sh\n")


def write_archive(path, name, config, links=(), passwd=PASSWD):
    """A docker-archive with one layer: busybox, /etc/passwd (None: a FIFO),
    links."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        def add(member, kind, content=b"", mode=0o755, target=""):
            info = tarfile.TarInfo(member)
            info.type, info.mode, info.size = kind, mode, len(content)
            info.linkname = target
            tar.addfile(info, io.BytesIO(content))
        for directory in ("bin", "etc", "home", "tmp"):
            add(directory, tarfile.DIRTYPE)
        add("home/guest", tarfile.DIRTYPE, mode=0o777)
        with open(shutil.which("busybox"), "rb") as file:
            add("bin/busybox", tarfile.REGTYPE, file.read())
        for applet in ("sh", "id", "pwd", "echo", "grep"):
            add("bin/" + applet, tarfile.SYMTYPE, target="busybox")
        if passwd is None:
            add("etc/passwd", tarfile.FIFOTYPE)
        else:
            add("etc/passwd", tarfile.REGTYPE, passwd, 0o644)
        add("etc/group", tarfile.REGTYPE, b"root:x:0:\nguest:x:1000:\n"
            b"extra:x:2000:guest\n", 0o644)
        for link, target in dict(links).items():
            add(link, tarfile.SYMTYPE, target=target)
    data = layer.getvalue()
    text = json.dumps({
        "architecture": "amd64", "os": "linux", "config": config,
        "rootfs": {"type": "layers", "diff_ids":
                   ["sha256:" + hashlib.sha256(data).hexdigest()]}}).encode()
    names = {"layer.tar": data, "config.json": text, "manifest.json":
             json.dumps([{"Config": "config.json", "RepoTags": [name],
                          "Layers": ["layer.tar"]}]).encode()}
    with tarfile.open(path, "w") as tar:
        for member, content in names.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


if __name__ == "__main__":
    unittest.main()
