"""dockerd in a box, with RUNTIME its default runtime."""

import os

import engines
import packages
from box import harness, residue

IMAGE = engines.IMAGE


def need():
    """For setUpModule."""
    engines.need("ip", "iptables")
    Docker.found = packages.environment("dockerd", "docker", "containerd")


class Docker(engines.Engine):
    found = {}
    options = ()

    def start(self):
        """dockerd starts its own containerd."""
        self.keep_keys()
        more = [word for name, path in (("ours", self.runtime),
                                        ("crun", self.crun)) if path
                for word in ("--add-runtime", "%s=%s" % (name, path))]
        self.start_daemon(
            ["dockerd", "--data-root", self.box.path("docker"),
             "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid",
             "--host", "unix:///run/docker.sock", "--default-runtime", "ours",
             "--init-path", self.which("docker-init") or "docker-init",
             "--userland-proxy=false", *more, *self.options],
            self.command("version"))
        self.sure("load", "-q", "-i", self.box.path("image.tar"))

    def command(self, *words, runtime=None):
        if runtime:
            words = [words[0], "--runtime", "crun", *words[1:]]
        return ["docker", *words]

    def environment(self):
        return harness.environment(
            HOME=self.box.state, DOCKER_HOST="unix:///run/docker.sock",
            DOCKER_BUILDKIT="0", **self.found)

    def keep_keys(self):
        """dockerd raises two limits of the kernel's keyrings, which has them
        but once: let it raise copies."""
        for name in ("root_maxkeys", "root_maxbytes"):
            place = "/proc/sys/kernel/keys/" + name
            if os.path.exists(place) and not os.path.exists(
                    self.box.path(name)):
                copy = self.box.write(name, residue.read(place))
                self.box.run(["mount", "--bind", copy, place])
