"""The demo contract, held against every chapter's program (tour.h)."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

import harness

TOUR_SECONDS = 120      # the longest a whole tour may take
ENTER = "[Enter]"
SUMMARY = re.compile(r"^\S+: (\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
SYSTEM_CALL = re.compile(r"^\s*> \w+\(.*\) = (-1 \(.+\)|\d+)$", re.M)
ROUNDS = 3              # of each signal, each at another moment


def experiments(demo):
    lines = harness.run([demo, "list"]).out.splitlines()
    return [line.split()[0] for line in lines if line.strip()]


class Contract:
    """The tests; the classes at the end give each its chapter."""
    chapter = None
    path = None         # of the program, where it is not the chapter's
    whole = None        # seconds that a tour takes, once that is known

    @classmethod
    def setUpClass(cls):
        """The runtime keeps its built-in image on purpose, once it is made: a
        first container, before anything is compared, makes it."""
        super().setUpClass()
        if cls.chapter.startswith("ch06"):
            harness.private_state(cls)
            harness.run([harness.program(cls.chapter), "run", "--name", "kept",
                         "busybox", "true"], TOUR_SECONDS)

    def setUp(self):
        self.demo = self.path or harness.program(self.chapter)
        if not os.access(self.demo, os.X_OK):
            self.skipTest("%s is not built" % self.demo)
        super().setUp()

    def tour(self, *arguments, **more):
        return self.run_command([self.demo, *arguments], TOUR_SECONDS, **more)

    def assert_all_held(self, done):
        self.assertEqual(done.status, 0, str(done))
        self.assertNotIn("[FAILED]", done.out, str(done))
        counts = SUMMARY.search(done.out)
        self.assertTrue(counts, "no closing line\n%s" % done)
        passed, failed, skipped = map(int, counts.groups())
        self.assertEqual(failed, 0, str(done))
        self.assertEqual(done.out.count("[skipped]"), skipped, str(done))
        return passed, skipped

    def test_the_tour_holds_what_it_claims(self):
        done = self.tour()
        passed, skipped = self.assert_all_held(done)
        self.assertEqual(passed + skipped, len(experiments(self.demo)),
                         str(done))
        self.assertGreater(passed, 0, str(done))
        self.assertIn("[held]", done.out)
        self.assertEqual(done.err, "", str(done))
        self.assertNotIn("\x1b", done.out, "colour without a terminal")
        # And a second one is as good as the first.
        self.assertEqual(self.assert_all_held(self.tour()), (passed, skipped))

    def test_list_names_each_once(self):
        done = self.succeed([self.demo, "list"])
        names = experiments(self.demo)
        self.assertEqual(len(names), len(set(names)), str(done))
        self.assertTrue(names, str(done))
        for line in done.out.splitlines():
            self.assertGreater(len(line.split()), 2, "no words: " + line)

    def test_each_experiment_alone(self):
        for name in experiments(self.demo):
            with self.subTest(name):
                self.assert_all_held(self.tour(name))

    def test_the_same_experiment_twice(self):
        name = experiments(self.demo)[0]
        passed, skipped = self.assert_all_held(self.tour(name, name))
        self.assertEqual(passed + skipped, 2)

    def test_what_is_unknown_is_refused(self):
        name = experiments(self.demo)[0]
        for arguments in (["no-such-name"], ["--no-such-flag"], ["-x"],
                          [name, "no-such-name"], ["--shel"], ["../demo"],
                          ["--shell"]):
            with self.subTest(arguments):
                done = self.tour(*arguments)
                self.assertNotEqual(done.status, 0, str(done))
                self.assertLess(done.status, 126, str(done))
                self.assertTrue(done.err.strip(), "no message\n%s" % done)
                self.assertNotIn("[held]", done.out,
                                 "it had begun already\n%s" % done)
                if "shell" not in arguments[-1]:
                    self.assertIn(arguments[-1], done.err, str(done))

    def test_dot_is_a_graph(self):
        self.need("dot")
        done = self.succeed([self.demo, "--dot"])
        drawn = self.succeed(["dot", "-Tsvg"], data=done.out)
        self.assertIn("<svg", drawn.out)
        self.assertGreater(drawn.out.count('class="node"'), 0, str(done))
        self.assertEqual(drawn.err, "", "graphviz complains\n%s" % drawn)

    def test_v_shows_system_calls(self):
        name = experiments(self.demo)[0]
        plain, verbose = self.tour(name), self.tour("-v", name)
        self.assert_all_held(verbose)
        self.assertFalse(SYSTEM_CALL.search(plain.out), str(plain))
        self.assertTrue(SYSTEM_CALL.search(verbose.out), str(verbose))

    def on_terminal(self, press=True, **env):
        """Play the whole tour, pressing Enter when asked; how often was it?"""
        terminal = self.terminal([self.demo],
                                 env=harness.environment(**env))
        asked, seen = 0, 0
        deadline = time.monotonic() + TOUR_SECONDS
        while terminal.process.poll() is None or terminal.read(0):
            self.assertLess(time.monotonic(), deadline, terminal.screen)
            terminal.read(0.1)
            at = terminal.screen.find(ENTER, seen)
            if at < 0:
                continue
            seen, asked = at + len(ENTER), asked + 1
            if asked == 1:      # does it really wait, or only say so?
                before = terminal.screen
                self.assertFalse(terminal.read(0.7), terminal.screen)
                self.assertEqual(before, terminal.screen)
            if not press:
                break
            terminal.send("\n")
        return terminal, asked

    def test_a_terminal_is_asked_for_enter(self):
        terminal, asked = self.on_terminal()
        done = terminal.wait()
        done.out = done.out.replace("\r\n", "\n")
        self.assertEqual(done.status, 0, str(done))
        self.assertGreater(asked, 0, str(done))
        self.assertIn("\x1b[", done.out, "no colour on a terminal")

    def test_no_color_is_obeyed(self):
        terminal, _ = self.on_terminal(NO_COLOR="1")
        done = terminal.wait()
        self.assertEqual(done.status, 0, str(done))
        # A cursor that is moved is no colour.
        self.assertNotRegex(done.out, r"\x1b\[[0-9;]*m")

    def test_ctrl_c_at_the_prompt(self):
        terminal, _ = self.on_terminal(press=False)
        terminal.send("\x03")
        self.assertEqual(terminal.wait().status, 130, terminal.screen)

    def test_a_closed_terminal(self):
        terminal, _ = self.on_terminal(press=False)
        terminal.hang_up()
        self.assertNotEqual(terminal.wait().status, 0)

    def test_a_reader_that_goes_away(self):
        """./demo | head -1"""
        process = harness.start([self.demo])
        process.stdout.readline()
        process.stdout.close()
        process.stderr.close()
        try:
            process.wait(TOUR_SECONDS)
        except subprocess.TimeoutExpired:
            harness.signal_group(process, signal.SIGKILL)
            self.fail("it does not end")

    def interrupted(self, number, group):
        """Play the tour, and send a signal at a random moment of it."""
        if not self.whole:
            started = time.monotonic()
            self.succeed([self.demo], TOUR_SECONDS)
            type(self).whole = time.monotonic() - started
        for _ in range(ROUNDS):
            moment = random.uniform(0, self.whole)
            process = harness.start([self.demo])
            time.sleep(moment)
            if group:
                harness.signal_group(process, number)
            else:
                process.send_signal(number)
            done = harness.finish(process, 20)
            self.assertFalse(done.timed_out, "signal %d after %.3f s: it "
                             "goes on\n%s" % (number, moment, done))
            yield moment, done

    def test_ctrl_c_at_any_moment(self):
        for moment, done in self.interrupted(signal.SIGINT, True):
            self.assertIn(done.status, (0, 130), "%.3f s\n%s" % (moment, done))
            self.assert_host_as_before("SIGINT after %.3f s" % moment)

    def test_sigterm_at_any_moment(self):
        for moment, done in self.interrupted(signal.SIGTERM, False):
            self.assertIn(done.status, (0, 143), "%.3f s\n%s" % (moment, done))
            self.assert_host_as_before("SIGTERM after %.3f s" % moment)

    def test_the_run_after_a_sigkill_cleans_up(self):
        for moment, _ in self.interrupted(signal.SIGKILL, False):
            # A container and its monitor outlive who has started them.
            self.bury_orphans(lasting="mydocker-monitor")
            self.assert_all_held(self.tour())
            self.assert_host_as_before("SIGKILL after %.3f s, and a run" %
                                       moment)

    def assert_host_as_before(self, what):
        left = harness.residue.differences(self.before, self.leaves)
        self.assertEqual(left, [], "left on the host (%s):\n%s" %
                         (what, "\n".join(left)))

    def test_an_ordinary_user(self):
        """Nothing fails for want of root: it is skipped, and says why."""
        place = self.scratch(harness.USER)
        for name in os.listdir(os.path.dirname(self.demo)):
            path = harness.program(self.chapter, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                shutil.copy(path, place)
        done = self.run_command(
            [os.path.join(place, "demo")], TOUR_SECONDS, user=harness.USER,
            env=harness.environment(HOME=place))
        passed, skipped = self.assert_all_held(done)
        self.assertEqual(passed + skipped, len(experiments(self.demo)),
                         str(done))
        for reason in re.findall(r"\[skipped\](.*)", done.out):
            self.assertGreater(len(reason.split()), 2, "no reason: " + reason)


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for chapter in harness.CHAPTERS:
        made = type("Demo_" + chapter.split("-")[0],
                    (Contract, harness.KernelTest), {"chapter": chapter})
        suite.addTests(loader.loadTestsFromTestCase(made))
    return suite
