#!/usr/bin/env python3
"""What a kubelet says to containerd: the Container Runtime Interface, by hand.

    kubelet.py pod NAME [HANDLER]               runs a pod; prints its id
    kubelet.py run POD NAME IMAGE COMMAND...    a container in it; prints its id
    kubelet.py exec CONTAINER COMMAND...        prints what the command prints
    kubelet.py state CONTAINER                  as `kubectl describe` shows it
    kubelet.py stop CONTAINER
    kubelet.py end POD                          all of it

HANDLER is what a RuntimeClass names.  The interface is gRPC: an HTTP/2 request
for each call, which curl makes; its body is a protocol buffer, a list of fields
by number.  The numbers are those of k8s.io/cri-api, runtime/v1/api.proto.  The
pods are `hostNetwork: true`: they take no network plugin.
"""

import os
import subprocess
import sys
import tempfile

SOCKET = "/run/containerd/containerd.sock"
# NamespaceOption: network the node's, pid each container's own, ipc the pod's.
NAMESPACES = {1: 2, 2: 1, 3: 0}
STATES = ("Created", "Running", "Exited", "Unknown")


# ---- protocol buffers ---------------------------------------------------------

def number(value):
    """A varint: seven bits a byte, the lowest first."""
    text = bytearray()
    while value > 127:
        text.append(value & 127 | 128)
        value >>= 7
    return bytes(text + bytes([value]))


def message(fields):
    """{number: value, or values}; a dictionary is a message in this one."""
    text = b""
    for key, values in fields.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, int):
                text += number(key << 3) + number(value)
                continue
            if isinstance(value, dict):
                value = message(value)
            elif isinstance(value, str):
                value = value.encode()
            text += number(key << 3 | 2) + number(len(value)) + value
    return text


def take_number(text, at):
    value = shift = 0
    while True:
        value |= (text[at] & 127) << shift
        shift += 7
        at += 1
        if text[at - 1] < 128:
            return value, at


def fields_of(text):
    """{number: its last value}: an int, or bytes."""
    found, at = {}, 0
    while at < len(text):
        key, at = take_number(text, at)
        value, at = take_number(text, at)
        if key & 7 == 2:
            value, at = text[at:at + value], at + value
        found[key >> 3] = value
    return found


# ---- gRPC ---------------------------------------------------------------------

def call(name, fields):
    """One call of the service; the answer's fields."""
    body = message(fields)
    with tempfile.TemporaryDirectory() as place:
        head = os.path.join(place, "head")
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--http2-prior-knowledge",
             "--unix-socket", SOCKET, "--dump-header", head,
             "--header", "content-type: application/grpc",
             "--data-binary", "@-",
             "http://localhost/runtime.v1.RuntimeService/" + name],
            # Not compressed, and how long it is.
            input=b"\0" + len(body).to_bytes(4, "big") + body,
            stdout=subprocess.PIPE, check=True)
        with open(head, encoding="utf-8") as file:
            told = dict(line.strip().split(":", 1) for line in file
                        if ":" in line)
    if told.get("grpc-status") != " 0":
        sys.exit("%s:%s" % (name, told.get("grpc-message", told)))
    return fields_of(done.stdout[5:])


# ---- the calls ----------------------------------------------------------------

def sandbox(name):
    """PodSandboxConfig: metadata, log_directory, linux."""
    return {1: {1: name, 2: name + "-uid", 3: "default"},
            3: "/run/pods/" + name,
            8: {1: "/kubepods/" + name, 2: {1: NAMESPACES}}}


def pod(name, handler=""):
    print(call("RunPodSandbox", {1: sandbox(name), 2: handler})[1].decode())


def run(pod_id, name, image, *command):
    status = fields_of(call("PodSandboxStatus", {1: pod_id})[1])
    metadata = fields_of(status[2])
    config = {1: {1: name}, 2: {1: image}, 3: list(command),
              11: name + ".log",
              # The limits of a pod's specification: 20 MiB, half a processor.
              15: {1: {1: 100000, 2: 50000, 4: 20 << 20},
                   2: {3: NAMESPACES}}}
    container = call("CreateContainer", {
        1: pod_id, 2: config, 3: sandbox(metadata[1].decode())})[1].decode()
    call("StartContainer", {1: container})
    print(container)


def execute(container, *command):
    answer = call("ExecSync", {1: container, 2: list(command)})
    sys.stdout.write(answer.get(1, b"").decode())
    sys.stderr.write(answer.get(2, b"").decode())
    sys.exit(answer.get(3, 0))


def state(container):
    status = fields_of(call("ContainerStatus", {1: container})[1])
    print(STATES[status.get(3, 0)], status.get(7, 0))


def stop(container):
    call("StopContainer", {1: container, 2: 1})


def end(pod_id):
    call("StopPodSandbox", {1: pod_id})
    call("RemovePodSandbox", {1: pod_id})


VERBS = {"pod": pod, "run": run, "exec": execute, "state": state, "stop": stop,
         "end": end}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    VERBS[sys.argv[1]](*sys.argv[2:])
