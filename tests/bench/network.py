"""make bench: the throughput of a container's network, ours and podman's.

    python3 -B tests/bench/network.py [SECONDS]

Two hosts are network namespaces of this run's own.  On the one the experiment
`publish` of chapter 5 has made a network; on the other netavark, the program
that podman makes its networks with.  The same two processes, one that sends
and one that receives, are put in the same places of both, in turn; the best of
ROUNDS=5 counts.  Ours must be within 5 per cent of the other, or better.
"""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DEMO = os.path.join(ROOT, "ch05-network", "build", "demo")
NETAVARK = next((path for path in ("/usr/lib/podman/netavark",
                                   "/usr/libexec/podman/netavark")
                 if os.access(path, os.X_OK)), None)
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(sys.argv[1]) if sys.argv[1:] else 1.0
PORT = 6379             # published as itself on both hosts
TOLERATED = 0.05

# Sends for so many seconds; says how many bytes a second.
SENDER = """
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.settimeout(None)
piece, sent, began = bytes(1 << 18), 0, time.monotonic()
while time.monotonic() - began < float(sys.argv[3]):
    sent += s.send(piece)
s.shutdown(socket.SHUT_WR)
s.recv(1)
print(sent / (time.monotonic() - began))
"""
# Receives from one after another, and answers when it has all.
RECEIVER = """
import socket, sys
l = socket.create_server(("", int(sys.argv[1])))
room = bytearray(1 << 18)
print("ready", flush=True)
while True:
    s, _ = l.accept()
    while s.recv_into(room):
        pass
    s.send(b".")
    s.close()
"""


def run(*argv, **more):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE,
                          **more).stdout.decode()


def inside(pid, *argv):
    return ["nsenter", "-t", str(pid), "-n", *argv]


def below(pid):
    """{name: pid} of every process below one."""
    found = {}
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task),
                  encoding="utf-8") as file:
            for child in map(int, file.read().split()):
                with open("/proc/%d/comm" % child, encoding="utf-8") as comm:
                    found[comm.read().strip()] = child
                found.update(below(child))
    return found


# ---- two hosts -------------------------------------------------------------

class Host:
    """Pids of who is in the host's, the Internet's and two containers' network
    namespaces, and the addresses of the second and of the host."""

    def receive(self):
        self.receiver = subprocess.Popen(
            inside(self.second, sys.executable, "-c", RECEIVER, str(PORT)),
            stdout=subprocess.PIPE)
        self.receiver.stdout.readline()

    def send(self, pid, address):
        return float(run(*inside(pid, sys.executable, "-c", SENDER, address,
                                 str(PORT), str(SECONDS))))


class Ours(Host):
    name = "ours"

    def __init__(self):
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.execv(DEMO, [DEMO, "publish", "--shell"])
        self.pid, said = pid, ""
        deadline = time.monotonic() + 60
        while "inside# " not in said and time.monotonic() < deadline:
            if select.select([self.terminal], [], [], 1)[0]:
                said += os.read(self.terminal, 65536).decode()
        assert "[FAILED]" not in said and "inside# " in said, said
        self.second = int(re.search(r"nsenter -t (\d+) -n \(into web", said)
                          .group(1))
        players = below(self.pid)
        self.internet, self.first = players["internet"], players["neighbour"]
        self.address, self.outside = "172.29.0.2", "203.0.113.2"

    def end(self):
        self.receiver.kill()
        self.receiver.wait()
        os.write(self.terminal, b"exit\n")
        try:
            while os.read(self.terminal, 65536):
                pass
        except OSError:
            pass
        os.waitpid(self.pid, 0)


def sleeper(*prefix):
    """A process that is in a new network namespace, and stays."""
    process = subprocess.Popen([*prefix, "unshare", "--net", "sh", "-c",
                                "echo; exec sleep 600"],
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


class Netavark(Host):
    name = "netavark"

    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="mydocker-bench-")
        self.sleepers = [sleeper() for _ in range(4)]
        self.host, self.internet, self.first, self.second = [
            process.pid for process in self.sleepers]
        in_host = inside(self.host, "ip")
        for argv in (["link", "set", "lo", "up"],
                     ["link", "add", "uplink0", "type", "veth", "peer", "name",
                      "downlink0", "netns", str(self.internet)],
                     ["addr", "add", "203.0.113.2/24", "dev", "uplink0"],
                     ["link", "set", "uplink0", "up"]):
            run(*in_host, *argv)
        for argv in (["addr", "add", "203.0.113.1/24", "dev", "downlink0"],
                     ["link", "set", "downlink0", "up"]):
            run(*inside(self.internet, "ip"), *argv)
        self.set_up(self.first, "10.88.0.3", [])
        self.set_up(self.second, "10.88.0.2", [
            {"container_port": PORT, "host_port": PORT, "host_ip": "",
             "protocol": "tcp", "range": 1}])
        self.address, self.outside = "10.88.0.2", "203.0.113.2"

    def set_up(self, pid, address, ports):
        options = {
            "container_id": "%064x" % pid, "container_name": "c%d" % pid,
            "networks": {"podman": {"interface_name": "eth0",
                                    "static_ips": [address]}},
            "network_info": {"podman": {
                "name": "podman", "id": "2f" * 32, "driver": "bridge",
                "network_interface": "podman0", "internal": False,
                "subnets": [{"subnet": "10.88.0.0/16",
                             "gateway": "10.88.0.1"}],
                "ipv6_enabled": False, "dns_enabled": False,
                "ipam_options": {"driver": "host-local"}}},
            "port_mappings": ports}
        path = os.path.join(self.place, "options")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(options, file)
        run(*inside(self.host), NETAVARK, "--config", self.place, "--file",
            path, "setup", "/proc/%d/ns/net" % pid)

    def end(self):
        self.receiver.kill()
        self.receiver.wait()
        for process in self.sleepers:
            process.kill()
            process.wait()
        shutil.rmtree(self.place)


# ---- the comparison --------------------------------------------------------

ROWS = (("between two containers", lambda host: (host.first, host.address)),
        ("by a published port", lambda host: (host.internet, host.outside)))


def main():
    if os.geteuid() != 0 or not NETAVARK:
        print("network: needs root, and podman's netavark")
        return 0
    hosts, slower = [], False
    try:
        for kind in (Ours, Netavark):
            hosts.append(kind())
            hosts[-1].receive()
        print("throughput, Gbit/s       %10s %10s   ours to netavark" %
              tuple(host.name for host in hosts))
        for title, place in ROWS:
            best = [0.0, 0.0]
            for _ in range(ROUNDS):
                for i, host in enumerate(hosts):
                    best[i] = max(best[i], host.send(*place(host)))
            ratio = best[0] / best[1]
            slower |= ratio < 1 - TOLERATED
            print("%-24s %10.2f %10.2f   %.3f" %
                  (title, best[0] * 8e-9, best[1] * 8e-9, ratio))
    finally:
        for host in hosts:
            host.end()
    return int(slower)


if __name__ == "__main__":
    sys.exit(main())
