"""Chapter 3's experiments on the kernel's overlay: as in experiments.py, by
nobody in particular, and where the machine forbids what they need."""

import re
import shutil

import experiments
import harness

DEMO = harness.program("ch03-unionfs")
NAMES = "company layers copyup whiteout rename limits image oci diff".split()
FORBID = ('for limit in /proc/sys/user/max_*_namespaces; '
          'do echo 0 > "$limit" || exit; done; exec "$@"')


class Union(experiments.Played, harness.KernelTest):
    demo, names = DEMO, NAMES

    def as_user(self):
        place = self.scratch(harness.USER)
        self.demo = shutil.copy(DEMO, place)
        return {"user": harness.USER, "env": harness.environment(HOME=place)}

    def test_they_are_listed_in_this_order(self):
        done = self.succeed([DEMO, "list"])
        listed = [line.split()[0] for line in done.out.splitlines()]
        self.assertEqual([name for name in listed if name in NAMES], NAMES)

    def test_by_an_ordinary_user(self):
        self.many_times(**self.as_user())

    def test_where_all_namespaces_are_forbidden(self):
        for name in NAMES:
            with self.subTest(name):
                done = self.run_command(
                    ["unshare", "--user", "--map-root-user", "sh", "-c",
                     FORBID, "sh", DEMO, name])
                self.assertEqual(done.status, 0, str(done))
                self.assertNotIn("[FAILED]", done.out, str(done))
                self.assertIn("0 passed, 0 failed, 1 skipped", done.out)

    def test_the_host_sees_no_mount(self):
        """While a shell inside looks at one."""
        terminal = self.terminal([DEMO, "layers", "--shell"])
        terminal.expect("inside# ")
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            self.assertNotIn("container-layer", mounts.read())
        terminal.send("echo mine > mnt/image-layer1.txt\n"
                      "cat container-layer/image-layer1.txt; exit\n")
        terminal.expect("mine")
        terminal.expect(" 0 failed")
        self.assertEqual(terminal.wait().status, 0, terminal.screen)

    def test_a_store_that_a_reader_has_played_with(self):
        terminal = self.terminal([DEMO, "image", "--shell"])
        terminal.expect("inside# ")
        terminal.send("rm -r web/merged/*; ls -A web/diff | wc -l; exit\n")
        terminal.expect(" 0 failed")
        self.assertEqual(terminal.wait().status, 0, terminal.screen)

    def test_redirect_takes_real_root(self):
        self.assertIn("trusted.overlay.redirect=dir",
                      self.held(self.play("rename")))
        said = self.held(self.play("rename", **self.as_user()))
        self.assertIn("This step takes real root", said)
        self.assertIn("[held] EXDEV", said)

    def test_marks_are_of_the_kind_for_whoever_mounts(self):
        for more, kind in (({}, "trusted"), (self.as_user(), "user")):
            said = self.held(self.play("whiteout", **more))
            self.assertIn("%s.overlay.opaque=y" % kind, said)

    def test_the_cache_has_what_is_above_the_change(self):
        said = self.held(self.play("image"))
        steps = re.findall(r"Step (\d)/6 : .*?(using cache|$)", said, re.M)
        self.assertEqual([bool(cached) for _, cached in steps],
                         6 * [False] + 2 * [True] + 4 * [False] + 6 * [True])

    def test_every_call_is_shown(self):
        done = self.succeed([DEMO, "rename", "-v"])
        self.assertRegex(done.out, r'> mount\("overlay", "mnt", "overlay"')
        self.assertIn("redirect_dir=on", done.out)
