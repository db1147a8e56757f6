#!/usr/bin/env python3
"""An engine with our runtime in a box, and a shell in there.

    sudo python3 -B tests/engines/by_hand.py podman|containerd|docker|swarm

What is done in it stays in it: see box.py; when the shell ends all is gone.
The runtime is /run/bin/mydocker-oci, and in /run there are the image
localhost/busybox:test, which the engine has loaded; web.yaml, a pod for `podman
play kube`; containerd's config.toml, and kubelet.py.  With "swarm" there is a
second box, "worker", whose dockerd answers at tcp://10.77.0.2:2375.  "--check"
before the name: could it be started?
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, TESTS, os.path.join(TESTS, "repo"),
                os.path.join(TESTS, "e2e")]

import docker_engine                                            # noqa: E402
import engines                                                  # noqa: E402
import harness                                                  # noqa: E402
import test_containerd                                          # noqa: E402
import test_podman                                              # noqa: E402
from box import Box                                             # noqa: E402


class Worker(docker_engine.Docker):
    options = ("--host", "tcp://10.77.0.2:2375", "--tls=false")


# What it takes, and the engine of each box.
KINDS = {
    "podman": (test_podman, [test_podman.Podman]),
    "containerd": (test_containerd, [test_containerd.Containerd]),
    "docker": (docker_engine, [docker_engine.Docker]),
    "swarm": (docker_engine, [docker_engine.Docker, Worker]),
}


def need(module):
    """A SkipTest says what is missing."""
    getattr(module, "setUpModule", getattr(module, "need", None))()


def shell(name, engine):
    """Until its end; its exit status."""
    box = engine.box
    for path in map(box.path, ("image.tar", "web.yaml", "config.toml",
                               "kubelet.py")):
        if os.path.exists(path):
            box.run(["cp", path, "/run"])
    box.run(["install", "-D", "-t", "/run/bin", engine.runtime])
    # A terminal of another pid namespace has no jobs: +m.
    process = harness.start(
        box.inside(["sh", "+m", "-i"]), stdin=None, stdout=None, stderr=None,
        start_new_session=False, cwd="/",
        env={**engine.environment(), "PS1": name + "# ", "TERM": "dumb"})
    return process.wait()


def play(name, kinds):
    boxes = [Box(host) for host in ("manager", "worker")][:len(kinds)]
    try:
        for box in boxes:
            box.start()
        if len(boxes) == 2:
            engines.connect(*boxes, "10.77.0.1/24", "10.77.0.2/24")
        boxes[0].write("web.yaml", test_podman.KUBE.replace(
            "IMAGE", engines.IMAGE))
        started = [kind(box) for kind, box in zip(kinds, boxes)]
        for engine in started:
            engine.start()
        return shell(name, started[0])
    finally:
        for box in boxes:
            box.end()


def main():
    words = sys.argv[1:]
    is_check = words[:1] == ["--check"]
    if len(words) != 1 + is_check or words[-1] not in KINDS:
        print(__doc__, file=sys.stderr)
        return 2
    module, kinds = KINDS[words[-1]]
    try:
        need(module)
    except unittest.SkipTest as why:
        print("by_hand: " + str(why), file=sys.stderr)
        return 1
    return 0 if is_check else play(words[-1], kinds)


if __name__ == "__main__":
    sys.exit(main())
