"""A Swarm of two machines, each a box of its own, RUNTIME the default runtime:
three replicas of a service; the plug of one machine is pulled, its replicas
come up on the other.  The third of the book's ways beyond one machine."""

import unittest

import docker_engine
import engines

IMAGE = docker_engine.IMAGE


def setUpModule():
    docker_engine.need()


class Swarm(engines.HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        boxes = [cls.start_box(host) for host in ("manager", "worker")]
        engines.connect(*boxes, "10.77.0.1/24", "10.77.0.2/24")
        cls.manager, cls.worker = map(docker_engine.Docker, boxes)
        for engine in (cls.manager, cls.worker):
            engine.start()

    def running(self):
        """The machine of each replica that is up and shall be."""
        return sorted(
            line.split()[0] for line in self.manager.sure(
                "service", "ps", "web", "--filter", "desired-state=running",
                "--format", "{{.Node}} {{.CurrentState}}").splitlines()
            if line.split()[1] == "Running")

    def wait_for(self, what):
        self.assertTrue(
            engines.eventually(lambda: what(self.running()), 60),
            self.manager.sure("service", "ps", "--no-trunc", "web"))

    def test_service(self):
        self.manager.sure("swarm", "init", "--advertise-addr", "10.77.0.1",
                          "--dispatcher-heartbeat", "1s")
        token = self.manager.sure("swarm", "join-token", "-q", "worker")
        self.worker.sure("swarm", "join", "--advertise-addr", "10.77.0.2",
                         "--token", token, "10.77.0.1:2377")
        self.manager.sure("service", "create", "--detach",
                          "--no-resolve-image", "--name", "web", "--replicas",
                          "3", IMAGE, "httpd", "-f", "-h", "/www")
        self.wait_for(lambda nodes: len(nodes) == 3)
        self.assertEqual(set(self.running()), {"manager", "worker"})
        # Each is a container of its machine, and of our runtime.
        for engine in (self.manager, self.worker):
            names = engine.sure("ps", "-q").split()
            self.assertEqual(len(names), self.running().count(
                engine.box.host))
            for name in names:
                self.assertEqual(engine.sure(
                    "inspect", "--format", "{{.HostConfig.Runtime}}", name),
                    "ours")
        self.manager.sure("service", "scale", "--detach", "web=5")
        self.wait_for(lambda nodes: len(nodes) == 5)
        self.manager.sure("service", "scale", "--detach", "web=3")
        self.wait_for(lambda nodes: len(nodes) == 3)

        self.worker.box.end()
        self.wait_for(lambda nodes: nodes == ["manager"] * 3)
        self.assertIn("Down", self.manager.sure("node", "ls"))
        self.manager.sure("service", "rm", "web")
        self.assertTrue(engines.eventually(
            lambda: self.manager.sure("ps", "-aq") == ""))


if __name__ == "__main__":
    unittest.main()
