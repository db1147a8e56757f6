"""Chapter 1's experiments, one by one and many times over: on one CPU, under
load, killed at any moment, by nobody in particular, and where the machine
forbids what they need.

    NAMESPACE_ROUNDS=50 python3 -B tests/run.py -k '*test_namespaces*' e2e

plays each so many times; without it, often enough to notice what breaks.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import time

import harness

DEMO = harness.program("ch01-namespaces")
ROUNDS = int(os.environ.get("NAMESPACE_ROUNDS", "2"))
NAMES = ("fork clone uts ipc pid pidtree mount mountinfo user net cgroup time "
         "all unshare setns ls").split()
FORBID = ('for limit in /proc/sys/user/max_*_namespaces; '
          'do echo 0 > "$limit" || exit; done; exec "$@"')
SECONDS = 60


class Experiments(harness.KernelTest):
    def held(self, done):
        """It ran, and all it claimed was so."""
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(": 1 passed, 0 failed, 0 skipped", done.out, str(done))
        self.assertNotIn("[FAILED]", done.out)
        self.assertEqual(done.err, "", str(done))

    def assert_host_as_before(self, what):
        left = harness.residue.differences(self.before, self.leaves)
        self.assertEqual(left, [], "left on the host (%s):\n%s" %
                         (what, "\n".join(left)))

    def many_times(self, prefix=(), demo=DEMO, **more):
        for name in NAMES:
            for count in range(ROUNDS):
                with self.subTest(name, count=count):
                    self.held(self.run_command([*prefix, demo, name], SECONDS,
                                               **more))

    def test_they_are_the_sixteen(self):
        done = self.succeed([DEMO, "list"])
        self.assertEqual([line.split()[0] for line in done.out.splitlines()],
                         NAMES)

    def test_on_one_cpu(self):
        self.need("taskset")
        self.many_times(["taskset", "-c", str(min(os.sched_getaffinity(0)))])

    def test_under_load(self):
        spinners = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
                    for _ in range(2 * len(os.sched_getaffinity(0)))]
        try:
            self.many_times()
        finally:
            for spinner in spinners:
                spinner.kill()
                spinner.wait()

    def test_by_an_ordinary_user(self):
        place = self.scratch(harness.USER)
        demo = shutil.copy(DEMO, place)
        self.many_times(demo=demo, user=harness.USER,
                        env=harness.environment(HOME=place))

    def kill_at_any_moment(self, number, statuses):
        for name in NAMES:
            began = time.monotonic()
            self.held(self.run_command([DEMO, name], SECONDS))
            whole = time.monotonic() - began
            for _ in range(ROUNDS):
                moment = random.uniform(0, whole)
                what = "%s, signal %d after %.4f s" % (name, number, moment)
                process = harness.start([DEMO, name])
                time.sleep(moment)
                process.send_signal(number)
                done = harness.finish(process, SECONDS)
                self.assertFalse(done.timed_out, "%s: it goes on\n%s" %
                                 (what, done))
                self.assertIn(done.status, statuses, "%s\n%s" % (what, done))
                if number == signal.SIGKILL:    # the next one cleans up
                    self.held(self.run_command([DEMO, name], SECONDS))
                self.assert_host_as_before(what)

    def test_sigint_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGINT, (0, 130))

    def test_sigterm_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGTERM, (0, 143))

    def test_sigkill_at_any_moment(self):
        self.kill_at_any_moment(signal.SIGKILL, (0, 137))

    def test_where_all_namespaces_are_forbidden(self):
        """The limits of /proc/sys/user at 0, in a user namespace of its own:
        what needs a namespace is skipped and says so, the rest holds."""
        for name in NAMES:
            with self.subTest(name):
                done = self.run_command(
                    ["unshare", "--user", "--map-root-user", "sh", "-c",
                     FORBID, "sh", DEMO, name], SECONDS)
                self.assertEqual(done.status, 0, str(done))
                self.assertNotIn("[FAILED]", done.out, str(done))
                for reason in re.findall(r"\[skipped\](.*)", done.out):
                    self.assertRegex(reason, "No space left on device|"
                                     "root here cannot become one")

    def test_where_proc_is_partly_covered(self):
        """As in a container, where the kernel allows no second /proc."""
        for name in ("pid", "pidtree", "all", "ls"):
            with self.subTest(name):
                done = self.succeed(
                    ["unshare", "--user", "--map-root-user", "--mount", "sh",
                     "-c", 'mount -t tmpfs cover /proc/sys && '
                     'exec unshare --user --map-root-user --mount "$@"',
                     "sh", DEMO, name], SECONDS)
                self.assertNotIn("[FAILED]", done.out)
                self.assertIn("partly covered", done.out)

    def test_root_in_a_chroot_is_not_sent_to_sudo(self):
        place = self.scratch()
        done = self.succeed(
            ["unshare", "--mount", "sh", "-c", 'mount --rbind / "$1" && '
             'exec chroot "$1" "$2" all', "sh", place, DEMO], SECONDS)
        self.assertIn("[skipped]", done.out)
        self.assertIn("chroot", done.out)
        self.assertNotIn("sudo", done.out)

    def test_a_device_that_is_full(self):
        """No claim fails for want of paper, and the reason is told."""
        for name in NAMES:
            with self.subTest(name), open("/dev/full", "wb") as full:
                done = self.run_command([DEMO, name], SECONDS, stdout=full)
                self.assertEqual(done.status, 2, str(done))
                self.assertIn("No space left on device", done.err)

    def test_a_shell_gives_the_terminal_back(self):
        """Also from a pid namespace, where our process group has no number:
        what is run next can read."""
        for name in ("pid", "all", "uts"):
            with self.subTest(name):
                terminal = self.terminal(
                    ["sh", "-c", "%s %s --shell; read line; echo got $line" %
                     (DEMO, name)])
                terminal.expect("inside# ")
                terminal.send("sleep 60\n\x03")
                terminal.expect("inside# ")
                terminal.send("exit\n")
                said = terminal.expect(" 0 failed")
                self.assertNotIn("process group", said)
                terminal.send("it\n")
                terminal.expect("got it")
                self.assertEqual(terminal.wait().status, 0, terminal.screen)

    def test_a_shell_ends_with_its_guide(self):
        for name in ("user", "uts", "time"):
            with self.subTest(name):
                terminal = self.terminal(
                    ["sh", "-c", "%s %s --shell < /dev/tty & "
                     "echo = $! =; wait; echo over" % (DEMO, name)])
                guide = terminal.expect(" =").split()[-2]
                terminal.expect("inside# ")
                os.kill(int(guide), signal.SIGKILL)
                terminal.expect("over")
                self.assert_host_as_before(name)

    def test_end_of_file_at_a_prompt_ends_all_questions(self):
        terminal = self.terminal([DEMO])
        terminal.expect("[Enter]")
        terminal.send("\x04")
        done = terminal.wait(SECONDS)
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(done.out.count("[Enter]"), 1, str(done))

    def test_help_is_found_where_one_looks(self):
        for arguments in (["--help"], ["-h"]):
            done = self.succeed([DEMO, *arguments])
            for word in ("list", "--shell", "--dot", "-v"):
                self.assertIn(word, done.out)
