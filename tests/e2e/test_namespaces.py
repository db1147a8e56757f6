"""Chapter 1's experiments, one by one: as in experiments.py, by nobody in
particular, and where the machine forbids what they need."""

import re
import shutil

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

    def test_help_is_found_where_one_looks(self):
        for arguments in (["--help"], ["-h"]):
            done = self.succeed([DEMO, *arguments])
            for word in ("list", "--shell", "--dot", "-v"):
                self.assertIn(word, done.out)
