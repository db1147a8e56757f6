"""Three ways beyond one machine; every command is shown, then run.

    python3 -B tests/engines/beyond.py kube|containerd|swarm

Nothing here is a cluster of ours: podman, containerd and Docker do it, each in
a box (box.py) in which /srv/mydocker-oci is their runtime.
"""

import os
import sys
import unittest

import docker_engine
import engines
import packages
import test_containerd
import test_podman
from box import Box

REPLICAS = ("docker service ps web --filter desired-state=running --format "
            "'{{.Name}} {{.Node}} {{.CurrentState}}' | cut -d' ' -f1-3 | sort")


class Shown:
    """An engine, and a shell in its box that says what it is told."""

    def __init__(self, kind, box, prompt="#"):
        self.engine, self.prompt = kind(box), prompt
        name = os.path.basename(self.engine.runtime)
        box.run(["mount", "--bind", box.path("runtimes"), "/srv"])
        self.engine.runtime = "/srv/" + name
        self.engine.start()

    def __call__(self, line):
        print("%s %s" % (self.prompt, line), flush=True)
        print(self.quietly(line), end="", flush=True)

    def quietly(self, line):
        done = self.engine.box.run(
            ["sh", "-c", "cd %s; %s" % (self.engine.box.state, line)], 60,
            env=self.engine.environment())
        if done.status:
            raise AssertionError(str(done))
        return done.text


def kube(machine):
    show = Shown(test_podman.Podman, machine("box"))
    show.engine.box.write("web.yaml", test_podman.KUBE.lstrip().replace(
        "IMAGE", engines.IMAGE))
    show("grep runtime /etc/containers/containers.conf")
    show("cat web.yaml")
    show("podman play kube web.yaml 2>/dev/null")
    show("podman ps --format '{{.Names}} {{.State}}' | sort")
    show("podman inspect --format '{{.OCIRuntime}}' web-server web-other")
    show("wget -qO- http://127.0.0.1:8082/")
    show("podman play kube --down web.yaml")


def containerd(machine):
    test_containerd.Containerd.found = packages.environment("containerd",
                                                            "ctr")
    show = Shown(test_containerd.Containerd, machine("box"))
    show("cat config.toml")
    show("ctr run -d --runc-binary /srv/mydocker-oci %s web httpd -f -h /www" %
         engines.IMAGE)
    show("ctr task ls")
    show("ctr task exec --exec-id one web cat /www/index.html")
    show("ctr task metrics web | grep pids")
    show("ctr task pause web; ctr task ls; ctr task resume web")
    show("ctr task kill -s SIGKILL web")
    engines.eventually(lambda: "STOPPED" in show.quietly("ctr task ls"))
    show("ctr task rm web; ctr container rm web")


def swarm(machine):
    docker_engine.need()
    boxes = [machine("manager"), machine("worker")]
    engines.connect(*boxes, "10.77.0.1/24", "10.77.0.2/24")
    manager, worker = (Shown(docker_engine.Docker, box, box.host + "#")
                       for box in boxes)
    manager("docker info --format '{{.DefaultRuntime}}: "
            "{{(index .Runtimes .DefaultRuntime).Path}}'")
    manager("docker swarm init --advertise-addr 10.77.0.1 "
            "--dispatcher-heartbeat 1s | head -n 1 | cut -d: -f1")
    token = manager.quietly("docker swarm join-token -q worker").strip()
    print("worker# docker swarm join --token TOKEN 10.77.0.1:2377")
    print(worker.quietly("docker swarm join --advertise-addr 10.77.0.2 "
                         "--token %s 10.77.0.1:2377" % token), end="")
    manager("docker service create --detach --no-resolve-image --name web "
            "--replicas 3 %s httpd -f -h /www >/dev/null" % engines.IMAGE)
    running = "docker service ls --format '{{.Replicas}}'"
    engines.eventually(lambda: manager.quietly(running) == "3/3\n", 60)
    manager(running)
    manager(REPLICAS)
    print("(the plug of the worker is pulled)", flush=True)
    boxes[1].end()
    engines.eventually(lambda: manager.quietly(REPLICAS).count(
        "manager Running") == 3, 60)
    manager("docker node ls --format '{{.Hostname}} {{.Status}}' | sort")
    manager(REPLICAS)
    manager("docker service rm web")


def main():
    ways = {"kube": kube, "containerd": containerd, "swarm": swarm}
    if len(sys.argv) != 2 or sys.argv[1] not in ways:
        sys.exit("beyond.py: usage: beyond.py " + "|".join(ways))
    boxes = []

    def machine(host):
        boxes.append(Box(host))
        boxes[-1].start()
        return boxes[-1]
    try:
        engines.need("podman")
        ways[sys.argv[1]](machine)
    except unittest.SkipTest as reason:
        sys.exit("beyond.py: %s" % reason)
    finally:
        for box in boxes:
            box.end()


if __name__ == "__main__":
    main()
