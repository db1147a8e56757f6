"""Chapter 2's experiments about hierarchies and places in them: as in
experiments.py, by nobody in particular, and beside other runs; and the small
programs of the text."""

import re
import shutil

import experiments
import harness

CHAPTER = "ch02-cgroups"
DEMO = harness.program(CHAPTER)
NAMES = "where hierarchy unified move release docker".split()
# With a pid namespace and a /proc of its own, as in a container.
INSIDE = ["unshare", "--pid", "--fork", "--mount-proc"]


def hierarchies():
    """The names of those that /proc/self/cgroup has, mounted or not."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        return sorted(line.split(":")[1] for line in file)


def mount_point(controller):
    """(1 or 2, where), or None where no hierarchy has this controller."""
    done = harness.run([harness.program(CHAPTER,
                                        "steps/02-mountinfo-to-mount-point"),
                        controller])
    if done.status:
        return None
    version, place = done.out.split()
    return int(version[1:]), place


class Places(experiments.Played, harness.KernelTest):
    demo, names = DEMO, NAMES

    def setUp(self):
        super().setUp()
        self.hierarchies = hierarchies()

    def held(self, done):
        """It ran, and all it claimed was so; or it says why it did not."""
        self.assertEqual(done.status, 0, str(done))
        self.assertRegex(done.out, r": (1 passed, 0 failed, 0|0 passed, 0 "
                         r"failed, 1) skipped\n$", str(done))
        self.assertNotIn("[FAILED]", done.out)
        self.assertEqual(done.err, "", str(done))
        self.assertEqual(hierarchies(), self.hierarchies, str(done))
        return done.out

    def assert_host_as_before(self, what):
        super().assert_host_as_before(what)
        self.assertEqual(hierarchies(), self.hierarchies, what)

    def test_as_root_none_is_skipped(self):
        for name in NAMES:
            with self.subTest(name):
                if name != "unified" or "" in self.hierarchies:
                    self.assertNotIn("skipped]", self.held(self.play(name)))

    def test_by_an_ordinary_user(self):
        place = self.scratch(harness.USER)
        self.demo = shutil.copy(DEMO, place)
        for name in NAMES:
            with self.subTest(name):
                out = self.held(self.play(name, user=harness.USER))
                self.assertEqual(name == "where", "skipped]" not in out, out)

    def test_two_at_a_time(self):
        """Neither removes what the other has, which may be a container's,
        whose pids are others."""
        for name in NAMES:
            for first, second in (([], []), (INSIDE, []), ([], INSIDE)):
                with self.subTest(name, first=first, second=second):
                    both = [harness.start([*prefix, DEMO, name])
                            for prefix in (first, second)]
                    for done in [harness.finish(process, experiments.SECONDS)
                                 for process in both]:
                        self.held(done)

    def test_no_agent_is_run_for_another_ones_pid(self):
        out = self.held(self.play("release", INSIDE))
        self.assertIn("needs the first pid namespace", out)
        self.assertNotIn("> cgroup-test/release_agent", out)

    def test_what_a_shell_leaves_behind_ends(self):
        for name in ("docker", "limit"):
            with self.subTest(name):
                terminal = self.terminal([DEMO, name, "--shell"])
                terminal.expect("inside# ")
                terminal.send("sleep 1000 & exit\n")
                done = terminal.wait(experiments.SECONDS)
                self.assertEqual(done.status, 0, str(done))
                self.assert_host_as_before(name)

    def test_the_agent_is_told_its_cgroup_alone(self):
        """cgroup-2 is as empty, and has not asked."""
        out = self.held(self.play("release"))
        self.assertEqual(re.findall(r"agent's argument +(\S+)", out),
                         ["/cgroup-1"], out)

    def test_the_table_has_every_option_once(self):
        done = self.succeed([DEMO, "docker", "--table"])
        options = re.findall(r"^(--\S+)", done.out, re.M)
        self.assertEqual(len(options), len(set(options)), str(done))
        for option in ("--memory --memory-swap --memory-reservation "
                       "--memory-swappiness --oom-kill-disable "
                       "--kernel-memory --cpu-shares --cpu-period "
                       "--cpu-quota --cpuset-cpus --cpuset-mems "
                       "--device-read-bps --device-write-bps "
                       "--device-read-iops --device-write-iops "
                       "--pids-limit").split():
            self.assertIn(option, options)
        self.assertNotIn("(null)", done.out)


class Steps(harness.KernelTest):
    def step(self, name, controller, *arguments):
        place = mount_point(controller)
        if not place:
            self.skipTest("no hierarchy has the controller " + controller)
        return place[0], self.run_command(
            [harness.program(CHAPTER, "steps/" + name), place[1], *arguments])

    def test_mkdir_and_echo(self):
        _, done = self.step("01-mkdir-and-echo", "memory")
        self.assertIn("the child Killed", done.out, str(done))

    def test_set_apply_remove(self):
        _, done = self.step("03-set-apply-remove", "pids", "1", "sh", "-c",
                            "(:)")
        self.assertRegex(done.err, "(?i)cannot fork", str(done))
        _, done = self.step("03-set-apply-remove", "pids", "2", "sh", "-c",
                            "(:); exit 5")
        self.assertEqual((done.status, done.err), (5, ""), str(done))

    def test_too_late(self):
        _, done = self.step("04-too-late", "memory")
        self.assertEqual(done.status, 0, str(done))
        late, first = done.out.splitlines()
        self.assertIn("has its 100 MiB", late)
        self.assertLess(int(late.split()[-2]), 10, str(done))
        self.assertIn("was killed", first)

    def test_into_cgroup(self):
        _, done = self.step("05-into-cgroup", "memory")
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(":/mydocker-step-05", done.out)

    def test_what_it_costs(self):
        version, done = self.step("06-what-it-costs", "memory")
        self.assertEqual((done.status, done.err), (0, ""), str(done))
        self.assertEqual(len(done.out.splitlines()), 2 + version, str(done))
