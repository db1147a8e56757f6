"""The tests of test_demos.py are able to fail: a small demo that keeps the
contract passes them, and each way of breaking it is found by the test that is
there for it."""

import os
import sys

import harness
import test_demos

# A demo in a few lines.  BREAK names the clause it does not keep.
FAKE = r'''
import os, signal, subprocess, sys, time
broken = os.environ.get("BREAK", "")
mark = "/tmp/mydocker-fake-" + os.path.basename(os.getcwd())
names, arguments = ["one", "two"], sys.argv[1:]

def undo(number=0, frame=None):
    if os.path.exists(mark) and broken != "undo":
        os.remove(mark)
    if number:
        os._exit(128 + number)

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, undo)
undo()                          # what a killed run left
terminal = sys.stdout.isatty()
colour = terminal and not os.environ.get("NO_COLOR") or broken == "colour"
if "list" in arguments:
    sys.exit(print("one  the first of two\ntwo  the last of two"))
if "--dot" in arguments:
    sys.exit(print("digraph { a -> }" if broken == "dot"
                   else "digraph { a -> b }"))
verbose = "-v" in arguments
chosen = [a for a in arguments if a != "-v"]
for name in chosen:
    if name not in names and broken != "unknown":
        print("demo: unknown: " + name, file=sys.stderr)
        sys.exit(2)
for number, name in enumerate(chosen or names):
    if number and not chosen and terminal:
        print("[Enter] ", end="", flush=True)
        if broken != "enter":
            sys.stdin.readline()
    open(mark, "w").close()
    if verbose and broken != "trace":
        print('    > mount("a", "b") = 0')
    time.sleep(0.1)
    print(("\x1b[1m" if colour else "") + name)
    print("    [FAILED] it" if broken == "claim" else "    [held] it",
          flush=True)
    if broken == "process":
        subprocess.Popen(["sleep", "600"], start_new_session=True,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    undo()
if broken != "summary":
    print("fake: %d passed, 0 failed, 0 skipped" % len(chosen or names))
'''

# clause broken, tests of which each must notice
BROKEN = (
    ("claim", "test_the_tour_holds_what_it_claims"),
    ("summary", "test_the_tour_holds_what_it_claims"),
    ("process", "test_the_tour_holds_what_it_claims"),
    ("process", "test_each_experiment_alone"),
    ("undo", "test_the_tour_holds_what_it_claims"),
    ("undo", "test_each_experiment_alone"),
    ("undo", "test_the_run_after_a_sigkill_cleans_up"),
    ("undo", "test_sigterm_at_any_moment"),
    ("colour", "test_the_tour_holds_what_it_claims"),
    ("colour", "test_no_color_is_obeyed"),
    ("enter", "test_a_terminal_is_asked_for_enter"),
    ("unknown", "test_what_is_unknown_is_refused"),
    ("dot", "test_dot_is_a_graph"),
    ("trace", "test_v_shows_system_calls"),
)
# What the fake keeps when it is whole.
KEPT = sorted({test for _, test in BROKEN} |
              {"test_list_names_each_once", "test_the_same_experiment_twice",
               "test_ctrl_c_at_the_prompt", "test_a_closed_terminal"})


class ContractTests(harness.KernelTest):
    def setUp(self):
        super().setUp()
        place = self.scratch()
        path = os.path.join(place, "fake")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!%s\nimport os; os.chdir(%r)\n%s" %
                       (sys.executable, place, FAKE))
        os.chmod(path, 0o755)
        self.mark = "/tmp/mydocker-fake-" + os.path.basename(place)
        self.addCleanup(self.forget)
        self.settle = harness.residue.SETTLE_SECONDS
        harness.residue.SETTLE_SECONDS = 0.3
        self.fake = type("Fake", (test_demos.Contract, harness.KernelTest),
                         {"chapter": "fake", "path": path})

    def forget(self):
        harness.residue.SETTLE_SECONDS = self.settle
        harness.everywhere.pop("BREAK", None)
        if os.path.exists(self.mark):
            os.remove(self.mark)

    def play(self, broken, test):
        harness.everywhere["BREAK"] = broken
        result = self.fake(test).run()
        if result.skipped:
            self.skipTest(result.skipped[0][1])
        return result.failures + result.errors

    def test_a_whole_demo_passes(self):
        for test in KEPT:
            with self.subTest(test):
                failures = self.play("", test)
                self.assertEqual(failures, [], "".join(
                    words for _, words in failures))

    def test_a_broken_demo_fails(self):
        for broken, test in BROKEN:
            with self.subTest("%s by %s" % (broken, test)):
                self.assertTrue(self.play(broken, test), "nobody noticed")
                if os.path.exists(self.mark):
                    os.remove(self.mark)
