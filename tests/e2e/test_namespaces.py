"""Chapter 1's experiments, one by one: as in experiments.py, by nobody in
particular, and where the machine forbids what they need."""

import os
import re
import shutil
import signal

import experiments
import harness

DEMO = harness.program("ch01-namespaces")
NAMES = ("fork clone uts ipc pid pidtree mount mountinfo user net cgroup time "
         "all unshare setns ls").split()
FORBID = ('for limit in /proc/sys/user/max_*_namespaces; '
          'do echo 0 > "$limit" || exit; done; exec "$@"')


class Experiments(experiments.Played, harness.KernelTest):
    demo, names = DEMO, NAMES

    def test_they_are_the_sixteen(self):
        done = self.succeed([DEMO, "list"])
        self.assertEqual([line.split()[0] for line in done.out.splitlines()],
                         NAMES)

    def test_by_an_ordinary_user(self):
        place = self.scratch(harness.USER)
        self.demo = shutil.copy(DEMO, place)
        self.many_times(user=harness.USER,
                        env=harness.environment(HOME=place))

    def test_where_all_namespaces_are_forbidden(self):
        """The limits of /proc/sys/user at 0, in a user namespace of its own:
        what needs a namespace is skipped and says so, the rest holds."""
        for name in NAMES:
            with self.subTest(name):
                done = self.run_command(
                    ["unshare", "--user", "--map-root-user", "sh", "-c",
                     FORBID, "sh", DEMO, name])
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
                     "sh", DEMO, name], experiments.SECONDS)
                self.assertNotIn("[FAILED]", done.out)
                self.assertIn("partly covered", done.out)

    def test_root_in_a_chroot_is_not_sent_to_sudo(self):
        place = self.scratch()
        done = self.succeed(
            ["unshare", "--mount", "sh", "-c", 'mount --rbind / "$1" && '
             'exec chroot "$1" "$2" all', "sh", place, DEMO], experiments.SECONDS)
        self.assertIn("[skipped]", done.out)
        self.assertIn("chroot", done.out)
        self.assertNotIn("sudo", done.out)

    def test_a_device_that_is_full(self):
        """No claim fails for want of paper, and the reason is told."""
        for name in NAMES:
            with self.subTest(name), open("/dev/full", "wb") as full:
                done = self.run_command([DEMO, name], experiments.SECONDS, stdout=full)
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
                     "echo guide $! it is; wait; echo over" % (DEMO, name)])
                said = terminal.expect(" it is")
                guide, = re.findall(r"guide (\d+) it is", said)
                if "inside# " not in said:
                    terminal.expect("inside# ")
                os.kill(int(guide), signal.SIGKILL)
                terminal.expect("over")
                self.assert_host_as_before(name)

    def test_end_of_file_at_a_prompt_ends_all_questions(self):
        terminal = self.terminal([DEMO])
        terminal.expect("[Enter]")
        terminal.send("\x04")
        done = terminal.wait(experiments.SECONDS)
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(done.out.count("[Enter]"), 1, str(done))

    def test_help_is_found_where_one_looks(self):
        for arguments in (["--help"], ["-h"]):
            done = self.succeed([DEMO, *arguments])
            for word in ("list", "--shell", "--dot", "-v"):
                self.assertIn(word, done.out)
