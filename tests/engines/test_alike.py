"""What podman and our own verbs show of the same thing, side by side.

Both make a container of the same image with the same command, podman on the
runtime under test; then what both show must be the same, but for what differs
between them by design (podman's names begin without a slash, and so on).
"""

import unittest

import engines
import test_podman
from box import harness

DEMO = harness.program("ch06-final")
CHANGES = ("echo x > /etc/new; rm /bin/ls; mkdir -p /a/b; echo y > /a/b/c; "
           "rm -r /www; chmod 700 /root; exit 3")
# In both, the same words; {{.State.Status}} and others of one that ended.
FIELDS = ("{{.State.Status}}", "{{.State.ExitCode}}", "{{.State.Running}}",
          "{{.State.Paused}}", "{{.State.Pid}}", "{{.State.OOMKilled}}",
          "{{.Path}}", "{{.RestartCount}}",
          "{{.HostConfig.Memory}}", "{{.HostConfig.AutoRemove}}",
          "{{.HostConfig.Privileged}}", "{{.HostConfig.ReadonlyRootfs}}",
          "{{if .State.Running}}up{{else}}down{{end}}", "{{len .Mounts}}",
          "{{.State.Error}}", "{{.HostConfig.PortBindings}}",
          "{{.NetworkSettings.IPAddress}}|")


def setUpModule():
    test_podman.setUpModule()


class Alike(engines.EngineTest):
    kind = test_podman.Podman
    keeps = test_podman.AsRoot.keeps

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.place = cls.box.path("ours")
        cls.demo("load", "-i", cls.box.path("image.tar"))

    @classmethod
    def demo(cls, *words, status=0):
        done = cls.box.run([DEMO, *words], env=harness.environment(
            MYDOCKER_ROOT=cls.place))
        assert done.status == status, done
        return done.out

    def both(self, *words, status=0, options=()):
        """The name of two containers, one here, one there."""
        name = harness.random_name("test")
        self.addCleanup(self.call, "rm", "-f", "-t", "0", name)
        self.addCleanup(self.demo, "rm", "-f", name)
        self.call("run", "--name", name, "--network", "none", *options,
                  engines.IMAGE, *words, status=status)
        self.demo("run", "--name", name, "--network", "none", *options,
                  engines.IMAGE, *words, status=status)
        return name

    def test_changes(self):
        name = self.both("sh", "-c", CHANGES, status=3)
        theirs = sorted(self.out("diff", name).splitlines())
        ours = self.demo("diff", name).splitlines()
        self.assertEqual(sorted(ours), theirs)
        self.assertEqual(len(ours), 9)

    def test_fields(self):
        name = self.both("sh", "-c", "exit 3", status=3)
        for field in FIELDS:
            with self.subTest(field=field):
                self.assertEqual(self.demo("inspect", "-f", field, name),
                                 self.out("inspect", "-f", field, name) + "\n")

    def test_lists(self):
        name = self.both("sh", "-c", "exit 3", status=3)
        for words in (["--format", "{{.Names}}"],
                      ["--format", "{{.Names}}", "--filter", "name=" + name],
                      ["--format", "{{.Names}}", "--filter", "status=exited"],
                      ["--format", "{{.Names}}", "--filter", "exited=3"],
                      ["-q", "--filter", "exited=4"],
                      ["--format", "{{.Names}}", "-l"]):
            with self.subTest(words=words):
                self.assertEqual(self.demo("ps", "-a", *words).strip(),
                                 self.out("ps", "-a", *words))
        words = ["ps", "-a", "--format", "{{.Status}}"]
        pattern = r"^Exited \(3\) (Less than a second|\d+ seconds?) ago$"
        self.assertRegex(self.demo(*words).strip(), pattern)
        self.assertRegex(self.out(*words), pattern)

    def test_images(self):
        words = ["images", "--no-trunc", "--format",
                 "{{.Repository}} {{.Tag}} {{.ID}}", "localhost/busybox"]
        self.assertEqual(self.demo(*words).strip(), self.out(*words))
        for field in ("{{.Id}}", "{{json .RepoTags}}", "{{.Os}}",
                      "{{.Architecture}}", "{{json .RootFS.Layers}}",
                      "{{json .Config.Cmd}}", "{{json .Config.Env}}"):
            with self.subTest(field=field):
                words = ["inspect", "--type", "image", "-f", field,
                         engines.IMAGE]
                # podman's ids are without "sha256:".
                self.assertEqual(
                    self.demo(*words).strip().replace("sha256:", "", 1)
                    if field == "{{.Id}}" else self.demo(*words).strip(),
                    self.out(*words))


if __name__ == "__main__":
    unittest.main()
