#!/usr/bin/env python3
"""Run in namespaces of its own, this plays a host with a machine outside, and
publishes ports of two containers by `run -p`.  Each is to be reached by every
way that chapter 5 promises: by TCP and UDP, of IPv4 and IPv6, one and a range,
of all addresses and of one; from the host by its loopback, from it by its own
address, from outside; by 200 connections at once.  What goes takes its own
along, and nothing else.

    unshare -n -m -p --fork --kill-child --mount-proc published.py DEMO

The last line is how many ways were tried; what does not hold is told, and 1.
"""

import os
import subprocess
import sys
import time

DEMO = sys.argv[1]
HERE4, THERE4, HERE6, THERE6 = ("203.0.113.1", "203.0.113.2", "2001:db8::1",
                                "2001:db8::2")
MANY = 200

# In the container's network: NAME:PORT is what it says at each.
SERVER = """
import socket, sys, threading
def bound(kind, port):
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind(("::", port))
    return sock
def streams(port):
    sock = bound(socket.SOCK_STREAM, port)
    sock.listen(512)
    while True:
        one = sock.accept()[0]
        threading.Thread(target=lambda one=one: (
            one.recv(1), one.sendall(b"%s:%d" % (name, port)),
            one.close())).start()
def datagrams(port):
    sock = bound(socket.SOCK_DGRAM, port)
    while True:
        sock.sendto(b"%s:%d" % (name, port), sock.recvfrom(9)[1])
name = sys.argv[1].encode()
for port in (80, 81, 82):
    threading.Thread(target=streams, args=(port,)).start()
datagrams(53)
"""

# Says each answer once; all connections are there before the first is used.
CLIENT = """
import socket, sys
kind, host, port, count = sys.argv[1:]
answers = []
try:
    if kind == "tcp":
        all = [socket.create_connection((host, int(port)), 3)
               for _ in range(int(count))]
        for one in all:
            one.sendall(b"?")
        answers = [one.recv(99).decode() for one in all]
    else:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        one = socket.socket(family, socket.SOCK_DGRAM)
        one.settimeout(0.3)
        for _ in range(5):
            one.sendto(b"?", (host, int(port)))
            try:
                answers = [one.recv(99).decode()]
                break
            except socket.timeout:
                pass
except OSError:
    pass
print(*sorted(set(answers)) or ["nothing"])
"""


def run(*argv, status=0):
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    if status is not None and done.returncode != status:
        sys.exit("%s: exit status %d" % (" ".join(argv), done.returncode))
    return done.stdout


# ---- the machines ----------------------------------------------------------

def host_with_a_machine_outside():
    os.environ["MYDOCKER_RUN"] = "/mnt/run"
    run("mount", "-t", "tmpfs", "none", "/mnt")
    outside = subprocess.Popen(["unshare", "-n", "sleep", "600"])
    ours = os.readlink("/proc/self/ns/net")
    while os.readlink("/proc/%d/ns/net" % outside.pid) == ours:
        time.sleep(0.02)
    there = ("nsenter", "-t", str(outside.pid), "-n")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "eth0",
        "netns", str(outside.pid))
    for place, link, ip4, ip6 in (((), "uplink", HERE4, HERE6),
                                  (there, "eth0", THERE4, THERE6)):
        run(*place, "ip", "addr", "add", ip4 + "/24", "dev", link)
        run(*place, "ip", "addr", "add", ip6 + "/64", "dev", link, "nodad")
        run(*place, "ip", "link", "set", link, "up")
    return there


def state_of_the_host():
    switches = ""
    for family, name in (("ipv4", "ip_forward"), ("ipv6", "conf/all/forwarding"),
                         ("ipv4", "conf/all/route_localnet")):
        with open("/proc/sys/net/%s/%s" % (family, name), encoding="utf-8") as f:
            switches += f.read()
    return (switches + run("nft", "list", "ruleset") +
            run("ip", "-o", "link") + run("ss", "-Hltun"))


def container(name, *options):
    run(DEMO, "run", "-d", "--name", name, "--network", "six", *options,
        "busybox", "sleep", "600")
    pid = run(DEMO, "inspect", "-f", "{{.State.Pid}}", name).strip()
    return subprocess.Popen(["nsenter", "-t", pid, "-n", sys.executable, "-c",
                             SERVER, name])


# ---- the ways --------------------------------------------------------------

WEB = ("-p", "8300:80", "-p", "8300:53/udp", "-p", "8310-8312:80-82",
       "-p", HERE4 + ":8320:80", "-p", "[%s]:8320:81" % HERE6)
OTHER = ("-p", "8400:80", "-p", "8400:53/udp")


def ways(there):
    """(of whom, by whom, protocol, address, port, what is to come)"""
    places = [((), "127.0.0.1"), ((), "::1"), ((), HERE4), ((), HERE6),
              (there, HERE4), (there, HERE6)]
    for place, host in places:
        yield "web", place, "tcp", host, 8300, "web:80"
        yield "web", place, "udp", host, 8300, "web:53"
        for number in range(3):
            yield "web", place, "tcp", host, 8310 + number, "web:%d" % (
                80 + number)
        yield "web", place, "tcp", host, 8320, {
            HERE4: "web:80", HERE6: "web:81"}.get(host, "nothing")
        yield "other", place, "tcp", host, 8400, "other:80"
        yield "other", place, "udp", host, 8400, "other:53"
        yield "", place, "tcp", host, 8313, "nothing"


def answers(place, kind, host, port, count=1):
    return run(*place, sys.executable, "-c", CLIENT, kind, host, str(port),
               str(count)).strip()


def check(there, alive):
    tried = 0
    for whose, place, kind, host, port, due in ways(there):
        if whose not in alive:
            due = "nothing"
        got = answers(place, kind, host, port)
        tried += 1
        if got != due:
            sys.exit("with %s: %s [%s]:%d from %s: %s, not %s" % (
                " and ".join(alive) or "nobody", kind, host, port,
                "outside" if place else "the host", got, due))
    return tried


def wait_for(place, host, port, due):
    for _ in range(100):
        if answers(place, "tcp", host, port) == due:
            return
        time.sleep(0.1)
    sys.exit("%s never came" % due)


def main():
    there = host_with_a_machine_outside()
    run(DEMO, "network", "create", "--ipv6", "six")
    before = state_of_the_host()
    servers = [container("web", *WEB), container("other", *OTHER)]
    wait_for((), "127.0.0.1", 8300, "web:80")
    wait_for((), "::1", 8400, "other:80")
    tried = check(there, ["web", "other"])
    for place, host in (((), "127.0.0.1"), ((), "::1"), (there, HERE4),
                        (there, HERE6)):
        got = answers(place, "tcp", host, 8300, MANY)
        if got != "web:80":
            sys.exit("%d connections to %s: %s" % (MANY, host, got))
    for name, alive in (("web", ["other"]), ("other", [])):
        run(DEMO, "rm", "-f", name)
        tried += check(there, alive)
    after = state_of_the_host()
    run(DEMO, "network", "rm", "six")
    for server in servers:
        server.kill()
    if after != before:
        sys.exit("before:\n%s\nafter:\n%s" % (before, after))
    print("%d ways, and %d at once" % (tried, MANY))


if __name__ == "__main__":
    main()
