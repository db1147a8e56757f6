"""The main job on real input: a Debian that debootstrap made and buildah put
in archives of three layers is loaded and its own programs are run."""

import os
import unittest

import debian_image
import harness

DEMO = harness.program("ch06-final")


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


class Debian(harness.KernelTest):
    # Images that a test loads are there to stay, until the class is done.
    leaves = ("+ file /var/tmp/mydocker-state-*/layers/*",
              "+ file /var/tmp/mydocker-state-*/blobs/*")

    @classmethod
    def setUpClass(cls):
        cls.made = debian_image.get()
        harness.private_state(cls)
        # Where it is kept is root's place.
        with open(cls.made.docker, "rb") as file:
            done = harness.run([DEMO, "load"], timeout=300, stdin=file)
        if done.status != 0:
            raise AssertionError(str(done))

    def inside(self, *words, **more):
        return self.succeed([DEMO, "run", "--rm", debian_image.NAME, *words],
                            **more).out

    def test_its_programs(self):
        self.assertRegex(self.inside("apt-get", "--version"), r"^apt \d")
        self.assertRegex(self.inside("dpkg", "-l"), r"(?m)^ii  bash ")
        self.assertEqual(self.inside("python3", "-c", "print(6 * 7)"), "42\n")
        self.assertEqual(self.inside("perl", "-e", "print 6 * 7"), "42")
        self.assertIn("Debian", self.inside("cat", "/etc/os-release"))

    def test_what_its_layers_deleted_and_replaced(self):
        out = self.inside("sh", "-c", "test -e /%s || echo gone; ls /%s" %
                          (self.made.removed, self.made.replaced))
        self.assertEqual(out, "gone\nonly-this\n")

    def test_dpkg_can_write(self):
        out = self.inside("sh", "-c", "dpkg --configure -a && apt-get -o "
                          "Debug::NoLocking=1 check && rm -r /usr/share/doc "
                          "&& mkdir /usr/share/doc && ls /usr/share/doc "
                          "&& echo done")
        self.assertTrue(out.endswith("done\n"), out)

    def test_the_oci_archive_is_the_same(self):
        place = harness.everywhere["MYDOCKER_ROOT"]
        layers = sorted(os.listdir(place + "/layers"))
        with open(self.made.oci, "rb") as file:
            self.succeed([DEMO, "load"], timeout=300, stdin=file)
        self.assertEqual(sorted(os.listdir(place + "/layers")), layers)
        self.assertEqual(self.inside("python3", "-c", "print(1)"), "1\n")

    def test_a_plain_tar(self):
        tar = self.scratch() + "/root.tar"
        layers = harness.everywhere["MYDOCKER_ROOT"] + "/layers"
        biggest = max((e for e in os.scandir(layers) if e.is_dir()),
                      key=lambda e: len(os.listdir(e)))
        # A capability that a user gave says for whom, in the host's numbers.
        own = ["--xattrs-exclude=security.*"] if harness.caller else []
        self.succeed(["tar", "-C", biggest.path, "--xattrs", *own, "-cf", tar,
                      "."], timeout=120)
        self.succeed([DEMO, "import", tar, "mydocker-test-plain"],
                     timeout=300)
        out = self.succeed([DEMO, "run", "--rm", "mydocker-test-plain",
                            "dpkg", "--version"]).out
        self.assertIn("Debian", out)


if __name__ == "__main__":
    unittest.main()
