"""The lines of everyday.txt, typed to our own docker: one test a section.

tests/engines/test_everyday_lines.py types the same to Docker and to podman.
"""

import os
import sys
import unittest

import everyday
import harness
import residue
import test_run

sys.path[1:1] = [os.path.join(harness.ROOT, "tests", "engines")]
import engines                                                  # noqa: E402

ENOUGH = 150        # lines that begin with docker


def setUpModule():
    test_run.setUpModule()
    if not engines.static_busybox():
        raise unittest.SkipTest("busybox-static is not installed")


def write(path, content, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb" if isinstance(content, bytes) else "w") as file:
        file.write(content)
    os.chmod(path, mode)


class Everyday(harness.KernelTest):
    @classmethod
    def setUpClass(cls):
        cls.tar = engines.root_tar()

    def setUp(self):
        super().setUp()
        self.place = self.scratch()
        os.mkdir(self.place + "/work")
        everyday.lay_out(self.place, test_run.DEMO, write, self.tar)
        self.sure("docker load -q -i ../images.tar")
        self.addCleanup(self.sure, "docker ps -aq | xargs -r docker rm -vf; "
                        "docker volume ls -q | xargs -r docker volume rm; "
                        "docker images -q | xargs -r docker rmi")

    def typed(self, command):
        env = harness.environment(MYDOCKER_ROOT=self.place + "/state")
        env["PATH"] = self.place + "/bin:" + env["PATH"]
        done = self.run_command(["bash", "-c", command], env=env,
                                cwd=self.place + "/work")
        residue.reap()      # what exec -d has left to us
        return done

    def sure(self, command):
        done = self.typed(command)
        self.assertEqual(done.status, 0, str(done))

    def type_all(self, section):
        for line in section.lines:
            done = self.typed(line.command)
            with self.subTest(line=line.number):
                self.assertFalse(line.complaint(done.status, done.out,
                                                done.err))


def add_test(number, section):
    name = "test_%02d_%s" % (number, "_".join(
        word for word in section.title.lower().replace("'s", "").replace(
            ",", "").split()))
    setattr(Everyday, name, lambda self: self.type_all(section))


for index, each in enumerate(everyday.sections(), 1):
    add_test(index, each)


class Document(unittest.TestCase):
    def test_it_is_as_long_as_it_was_promised(self):
        lines = [line for section in everyday.sections()
                 for line in section.lines if "docker " in line.command]
        self.assertGreaterEqual(len(lines), ENOUGH)

    def test_whoever_differs_is_said_why(self):
        for section in everyday.sections():
            for line in section.lines:
                for who, why in line.differs.items():
                    self.assertIn(who, ("docker", "podman"))
                    self.assertTrue(why.strip(), line.command)

    def test_a_complaint_is_made(self):
        """Of a status, of output, of errors; and of nothing else."""
        line = everyday.Line(1, "docker x")
        for text in ("<id>   one", "! No such <*>: a", "= 1"):
            line.add(text)
        good = ("0123456789ab      one\n",
                "Error response from daemon: no such thing: a\n"
                "See 'docker x --help'.\n")
        self.assertEqual(line.complaint(1, *good), "")
        self.assertIn("status 0, not 1", line.complaint(0, *good))
        self.assertIn("output", line.complaint(1, "0123 one\n", good[1]))
        self.assertIn("errors", line.complaint(1, good[0], ""))


if __name__ == "__main__":
    unittest.main()
