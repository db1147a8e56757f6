"""The lines of tests/e2e/everyday.txt, typed to Docker and to podman: what the
document says is what they say, but where it says that they do not."""

import unittest

import docker_engine
import engines
import test_podman

import everyday                     # of tests/e2e, which box.py has put in

TIDY_UP = ("docker ps -aq | xargs -r docker rm -f {more}; "
           "docker volume ls -q | xargs -r docker volume rm -f; "
           "docker load -q -i ../images.tar")


class Typed:
    """Adds `name`, for "~ name:" in the document, and `more` for rm."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Where podman keeps what short names mean, on a root that is read-only.
        upper, work = cls.box.path("cache"), cls.box.path("cache.work")
        for command in (["mkdir", upper, work],
                        ["mount", "-t", "overlay", "-o",
                         "lowerdir=/var/cache,upperdir=%s,workdir=%s" %
                         (upper, work), "cache", "/var/cache"],
                        ["rm", "-rf", "/var/cache/containers"]):
            cls.box.run(command)
        place = cls.box.path("everyday")
        words = cls.engine.command()
        words[0] = cls.engine.which(words[0])
        everyday.lay_out(place, " ".join(words), cls.box.write,
                         engines.root_tar())
        cls.sure("docker rmi " + engines.IMAGE)

    @classmethod
    def typed(cls, command):
        place = cls.box.path("everyday")
        env = cls.engine.environment()
        env["PATH"] = place + "/bin:" + env["PATH"]
        return cls.box.run(["bash", "-c", "mkdir -p %s/work; cd %s/work; %s" % (
            place, place, command)], env=env)

    @classmethod
    def sure(cls, command):
        done = cls.typed(command)
        if done.status:
            raise AssertionError(str(done))

    def test_everyday_lines(self):
        for section in everyday.sections():
            self.sure("rm -rf ../work/*; " + TIDY_UP.format(more=self.more))
            for line in section.lines:
                if (self.name in line.differs and
                        line.command.startswith("eventually")):
                    continue        # it would wait for its whole time
                done = self.typed(line.command)
                with self.subTest(line=line.number):
                    if self.name not in line.differs:
                        self.assertFalse(line.complaint(
                            done.status, done.out, done.err))
        self.sure("rm -rf ../work; " + TIDY_UP.format(more=self.more))


class Docker(Typed, engines.EngineTest):
    kind = docker_engine.Docker
    keeps = ("mount /run/docker/netns/default", "cgroup */docker")
    name, more = "docker", "-v"

    @classmethod
    def setUpClass(cls):
        docker_engine.need()
        super().setUpClass()


class Podman(Typed, engines.EngineTest):
    kind = test_podman.Podman
    keeps = test_podman.AsRoot.keeps
    name, more = "podman", "-t 0"

    @classmethod
    def setUpClass(cls):
        test_podman.setUpModule()
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
