"""Into namespaces and back out of trouble: the steps 03-unshare and 04-setns,
what goes wrong when a process moves, and what others got wrong there.

The host is played, wherever it would be changed by a mistake, by an outer
namespace that ends with its shell.
"""

import os
import shutil
import signal

import harness

CHAPTER = "ch01-namespaces"
DEMO = harness.program(CHAPTER)
UNSHARE = harness.program(CHAPTER, "steps/03-unshare")
SETNS = harness.program(CHAPTER, "steps/04-setns")
ID_MAPS = harness.program(CHAPTER, "steps/06-id-maps")
KINDS = {"mount": "mnt", "uts": "uts", "ipc": "ipc", "pid": "pid_for_children",
         "net": "net", "user": "user", "cgroup": "cgroup",
         "time": "time_for_children"}
# What of this chapter mounts something.
MOUNTING = ["ipc", "mount", "setns", "all"]

# Prints what came of a call, made by a process with a second thread.
THREADED = """
import ctypes, os, sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
libc = ctypes.CDLL(None, use_errno=True)
name, argument = sys.argv[1:]
if name == "unshare":
    result = libc.unshare(int(argument, 0))
else:
    result = libc.setns(os.open("/proc/self/ns/" + argument, os.O_RDONLY), 0)
print("done" if result == 0 else os.strerror(ctypes.get_errno()))
"""


class Moving(harness.KernelTest):
    def refused(self, argv, status, *words, **more):
        """It fails so, says why, and what it was to run has not run."""
        done = self.run_command(argv, 20, **more)
        self.assertEqual(done.status, status, str(done))
        for word in words:
            self.assertIn(word, done.err, str(done))
        self.assertTrue(done.err, str(done))
        self.assertNotIn("it ran", done.out, str(done))
        return done

    def outer(self, flags, script, *arguments):
        """A script in new namespaces that play the host."""
        return self.succeed(["unshare", *flags, "sh", "-ec", script, "sh",
                             *arguments])

    def host(self, *flags):
        """The pid of a process in new namespaces, which is there already."""
        process = harness.start([UNSHARE, *flags, "sh", "-c",
                                 "hostname inside; echo ready; exec sleep 60"])
        self.addCleanup(harness.finish, process, 10)
        self.addCleanup(harness.signal_group, process, signal.SIGKILL)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process.pid


class Unshare(Moving):
    def test_each_kind(self):
        for word, file in KINDS.items():
            if not os.path.exists("/proc/self/ns/" + file):
                continue
            path = "/proc/self/ns/" + file
            command = (["readlink", path] if not file.endswith("children")
                       else ["sh", "-c", "true; readlink " + path])
            with self.subTest(word):
                done = self.succeed([UNSHARE, "--" + word, *command])
                self.assertNotEqual(done.out.strip(), os.readlink(path))

    def test_none_at_all(self):
        done = self.succeed([UNSHARE, "readlink", "/proc/self/ns/uts"])
        self.assertEqual(done.out.strip(), os.readlink("/proc/self/ns/uts"))

    def test_a_pid_namespace_needs_a_fork(self):
        script = 'echo $$; sh -c "echo \\$\\$"'
        out = self.succeed([UNSHARE, "--pid", "sh", "-c", script]).out.split()
        self.assertNotEqual(out[0], "1")
        self.assertEqual(out[1], "1")
        done = self.succeed([UNSHARE, "--pid", "--fork", "sh", "-c", script])
        self.assertEqual(done.out.split(), ["1", "2"])

    def test_status(self):
        for fork in ([], ["--fork"]):
            with self.subTest(fork):
                run = [UNSHARE, "--uts", *fork]
                done = self.run_command([*run, "sh", "-c", "exit 7"])
                self.assertEqual(done.status, 7)
                done = self.run_command([*run, "sh", "-c", "kill -9 $$"])
                self.assertEqual(done.status, 137)
                self.refused([*run, "no-such-command"], 127, "no-such-command")
                self.refused([*run, "/etc/passwd"], 126, "/etc/passwd")

    def test_usage(self):
        for arguments in ([], ["--uts"], ["--no-such-kind", "echo", "it ran"]):
            self.refused([UNSHARE, *arguments], 2)

    def test_the_commands_own_flags_stay_its_own(self):
        done = self.succeed([UNSHARE, "--uts", "echo", "--pid", "--fork"])
        self.assertEqual(done.out, "--pid --fork\n")

    def test_an_ordinary_user(self):
        place = self.scratch(harness.USER)
        step = shutil.copy(UNSHARE, place)
        self.refused([step, "--uts", "echo", "it ran"], 1,
                     "Operation not permitted", user=harness.USER)
        self.succeed([step, "--user", "--uts", "true"], user=harness.USER)

    def test_the_name_is_set_inside_and_only_there(self):
        """Peers: the host name is never set."""
        done = self.outer(["--uts"], 'hostname outer; "$1" --uts sh -c '
                          '"hostname inside; hostname"; hostname', UNSHARE)
        self.assertEqual(done.out.split(), ["inside", "outer"])


class Setns(Moving):
    def test_a_name_set_by_another(self):
        pid = self.host("--uts")
        done = self.succeed([SETNS, "/proc/%d/ns/uts" % pid, "hostname"])
        self.assertEqual(done.out, "inside\n")

    def test_several_by_several(self):
        pid = self.host("--uts", "--ipc", "--net")
        argv = []
        for file in ("uts", "ipc", "net"):
            argv += [SETNS, "/proc/%d/ns/%s" % (pid, file)]
        done = self.succeed([*argv, "readlink", "/proc/self/ns/uts",
                             "/proc/self/ns/ipc", "/proc/self/ns/net"])
        self.assertEqual(done.out.split(), [
            os.readlink("/proc/%d/ns/%s" % (pid, file))
            for file in ("uts", "ipc", "net")])

    def test_a_pid_namespace(self):
        host = self.host("--uts", "--pid", "--fork")
        with open("/proc/%d/task/%d/children" % (host, host),
                  encoding="ascii") as file:
            child = file.read().strip()
        path = "/proc/%s/ns/pid" % child
        done = self.succeed([SETNS, path, "readlink", "/proc/self/ns/pid"])
        self.assertEqual(done.out.strip(), os.readlink(path))
        done = self.run_command([SETNS, path, "sh", "-c", "exit 7"])
        self.assertEqual(done.status, 7)
        self.refused([SETNS, path, "no-such-command"], 127, "no-such-command")

    def test_status(self):
        run = [SETNS, "/proc/self/ns/uts"]
        self.assertEqual(self.run_command([*run, "sh", "-c",
                                           "exit 7"]).status, 7)
        self.refused([*run, "no-such-command"], 127, "no-such-command")
        self.refused([*run, "/etc/passwd"], 126, "/etc/passwd")

    def test_usage(self):
        for arguments in ([], ["/proc/self/ns/uts"]):
            self.refused([SETNS, *arguments], 2, "usage")

    def test_what_cannot_be_joined_runs_nothing_here(self):
        """Peers: exec on a dead container prints that setns has failed, and
        runs the command on the host, as root."""
        process = harness.start([UNSHARE, "--uts", "true"])
        path = "/proc/%d/ns/uts" % process.pid
        harness.finish(process, 10)
        command = ["echo", "it ran"]
        self.refused([SETNS, path, *command], 1, path, "No such file")
        self.refused([SETNS, "/dev/null", *command], 1, "setns",
                     "Invalid argument")
        self.refused([SETNS, "/proc/self/ns/user", *command], 1,
                     "Invalid argument")
        place = self.scratch(harness.USER)
        step = shutil.copy(SETNS, place)
        self.refused([step, "/proc/self/ns/uts", *command], 1, "setns",
                     "Operation not permitted", user=harness.USER)

    def test_a_dead_pid_namespace_takes_nobody(self):
        script = """
            mount -t tmpfs tmpfs /mnt; touch /mnt/pid
            unshare --pid=/mnt/pid --fork true
            "$1" /mnt/pid echo it ran && exit 1
            "$1" /mnt/pid echo it ran 2>&1"""
        done = self.run_command(["unshare", "--mount", "sh", "-c", script,
                                 "sh", SETNS])
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("Cannot allocate memory", done.out)
        self.assertNotIn("it ran", done.out)


class Wrong(Moving):
    def threaded(self, *arguments):
        self.need("python3")
        return self.succeed(["python3", "-c", THREADED, *arguments]).out

    def test_threads(self):
        """EINVAL from unshare and setns: some kinds are the whole process's,
        or the threads' in common."""
        for arguments, result in (
                (("unshare", "0x10000000"), "Invalid argument\n"),  # user
                (("unshare", "0x04000000"), "done\n"),              # UTS
                (("unshare", "0x00020000"), "done\n"),              # mount
                (("setns", "mnt"), "Invalid argument\n"),
                (("setns", "user"), "Invalid argument\n"),
                (("setns", "uts"), "done\n"),
                (("setns", "net"), "done\n")):
            with self.subTest(arguments):
                self.assertEqual(self.threaded(*arguments), result)

    def test_the_hosts_name_by_mistake(self):
        """Without --uts the name is the host's: nothing fails."""
        done = self.outer(["--uts"], 'hostname outer; '
                          '"$1" --mount --ipc hostname web; hostname; '
                          'hostname outer; "$1" --uts hostname web; hostname',
                          UNSHARE)
        self.assertEqual(done.out.split(), ["web", "outer"])

    def test_the_hosts_proc_is_broken_by_a_shared_tree(self):
        """What happens, and that --mount of unshare(1) makes it private."""
        script = """
            unshare --mount --propagation %s --pid --fork \
                mount -t proc proc /proc
            ls /proc | grep -c '^[0-9]' || :"""
        shared = ["--mount", "--propagation", "shared"]
        self.assertEqual(self.outer(shared, script % "unchanged").out, "0\n")
        self.assertNotEqual(self.outer(shared, script % "private").out, "0\n")

    def test_our_mounts_do_not_reach_a_shared_host(self):
        """Peers: the host's tree is never made private, its /proc replaced."""
        for name in MOUNTING:
            with self.subTest(name):
                done = self.outer(
                    ["--mount", "--propagation", "shared"],
                    'cut -d" " -f5- /proc/self/mountinfo; "$1" "$2" >&2; '
                    'echo; cut -d" " -f5- /proc/self/mountinfo; '
                    'test -d /proc/$$', DEMO, name)
                before, after = done.out.split("\n\n")
                self.assertEqual(before.strip(), after.strip())
                self.assertIn("1 passed", done.err)

    def test_a_mount_namespace_is_not_pinned_on_a_shared_mount(self):
        """EINVAL: the pin would spread into what it holds."""
        script = """
            mount -t tmpfs tmpfs /mnt; mount --make-%s /mnt; touch /mnt/pin
            unshare --mount=/mnt/pin --propagation unchanged true 2>&1 &&
                echo pinned || :"""
        # One CPU: on two, Linux 6.18 may take the younger for the older.
        self.addCleanup(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        own = ["--mount", "--propagation", "private"]
        self.assertIn("Invalid argument", self.outer(own,
                                                     script % "shared").out)
        self.assertEqual(self.outer(own, script % "private").out, "pinned\n")

    def test_nothing_runs_when_a_map_cannot_be_written(self):
        """Peers: the id maps fail, and the payload runs all the same; and the
        child hangs for ever when its parent has died."""
        read_only = "mount -o bind,remount,ro /proc; exec \"$@\""
        done = self.run_command(["unshare", "--mount", "sh", "-ec", read_only,
                                 "sh", ID_MAPS, "echo", "it ran"], 20)
        self.assertEqual(done.status, 1, str(done))
        self.assertIn("Read-only file system", done.err)
        self.assertIn("my parent died", done.err)
        self.assertNotIn("it ran", done.out)
        done = self.run_command(["unshare", "--mount", "sh", "-ec", read_only,
                                 "sh", DEMO, "all"], 20)
        self.assertIn("Read-only file system", done.out)
        self.assertNotIn("Inside", done.out, str(done))
