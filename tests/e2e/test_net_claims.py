"""What each experiment of chapter 5 claims, asked of the kernel by other
programs: ip, nft, and clients in the namespaces that it has made."""

import os
import re
import sys

import harness

DEMO = harness.program("ch05-network")
PASSED = "1 passed, 0 failed, 0 skipped"

# Connect, or send a byte; print what is said.  Argument: how often at once.
CLIENT = """
import socket, sys
protocol, host, port, count = sys.argv[1:]
kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
family = socket.AF_INET6 if ":" in host else socket.AF_INET
all = [socket.socket(family, kind) for _ in range(int(count))]
try:
    for one in all:
        one.settimeout(float(sys.argv[4]) and 3)
        one.connect((host, int(port)))
        if protocol == "udp":
            one.send(b"?")
    said = {one.recv(200).decode().strip() for one in all}
except OSError as error:
    said = {type(error).__name__}
print(*said)
"""


def children(pid):
    """{name: pid} of every process below one; of two with a name, the last."""
    found, queue = {}, [pid]
    while queue:
        path = "/proc/%d/task" % queue.pop()
        for task in os.listdir(path) if os.path.isdir(path) else ():
            try:
                with open("%s/%s/children" % (path, task),
                          encoding="ascii") as file:
                    below = list(map(int, file.read().split()))
            except OSError:
                continue
            for child in below:
                with open("/proc/%d/comm" % child, encoding="utf-8") as file:
                    found[file.read().strip()] = child
            queue += below
    return found


class InShell(harness.KernelTest):
    """The experiment, stopped at its shell."""

    def setUp(self):
        if not os.access(DEMO, os.X_OK):
            self.skipTest("%s is not built" % DEMO)
        super().setUp()
        self.need("nsenter", "ip", "nft")

    def begin(self, name):
        self.shell = self.terminal([DEMO, name, "--shell"])
        said = self.shell.expect("inside# ", 60)
        self.assertNotIn("[FAILED]", said)
        self.players = children(self.shell.process.pid)
        return said

    def end(self):
        self.shell.send("exit\n")
        done = self.shell.wait(60)
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(PASSED, done.out, str(done))
        return done.out

    def inside(self, player, *argv):
        return self.succeed(["nsenter", "-t", str(self.players[player]), "-n",
                             *argv]).out

    def ask(self, player, host, port, protocol="tcp", count=1):
        return self.inside(player, sys.executable, "-c", CLIENT, protocol,
                           host, str(port), str(count)).strip()

    def typed(self, line):
        """What a line typed into the experiment's shell puts out."""
        self.shell.send(line + "; echo e''nd\n")
        return self.shell.expect("end\r\n", 20)


class Veth(InShell):
    def test_the_pair(self):
        self.begin("veth")
        near = self.inside("host", "ip", "-d", "-o", "link", "show", "near")
        self.assertRegex(near, r"near@if\d+.* veth ")
        self.assertIn("10.0.0.2/24",
                      self.inside("container", "ip", "-o", "addr"))
        self.assertNotIn("far", self.inside("host", "ip", "-o", "link"))
        self.end()


class Modes(harness.KernelTest):
    def test_whose_namespace(self):
        done = self.succeed([DEMO, "modes"])
        rows = dict(re.findall(
            r"^    (none|host|container|bridge) +net:\[(\d+)\]$", done.out,
            re.M))
        self.assertEqual(len(rows), 4, str(done))
        self.assertEqual(rows["container"], rows["bridge"])
        self.assertEqual(len(set(rows.values())), 3, rows)
        real = str(os.stat("/proc/self/ns/net").st_ino)
        self.assertNotIn(real, rows.values())   # its host is not this one


class Nat(InShell):
    def test_both_sides(self):
        self.begin("nat")
        rules = self.inside("host", "nft", "list", "table", "ip", "mydocker")
        self.assertIn('ip saddr @subnets oifname != @bridges masquerade',
                      rules)
        self.assertIn("172.29.0.0/16", rules)
        self.assertEqual(self.ask("container-1", "203.0.113.1", 443),
                         "internet:443 sees 203.0.113.2")
        # The Internet itself has no way to a container.
        self.assertNotIn("172.29", self.inside("internet", "ip", "route"))
        self.assertEqual(self.ask("internet", "172.29.0.2", 80), "OSError")
        self.end()


class Publish(InShell):
    def test_from_three_places(self):
        self.begin("publish")
        for player, host, seen in (
                ("internet", "203.0.113.2", "203.0.113.1"),
                ("host", "203.0.113.2", "203.0.113.2"),
                ("host", "127.0.0.1", "172.29.0.1"),
                ("internet", "2001:db8::2", "2001:db8::1"),
                ("host", "2001:db8::2", "2001:db8::2"),
                ("host", "::1", "fd00:1::1")):
            with self.subTest(player, host=host):
                for protocol, port in (("tcp", 8080), ("udp", 8053)):
                    self.assertEqual(self.ask(player, host, port, protocol),
                                     "web:80 sees " + seen)
                self.assertEqual(self.ask(player, host, 9001),
                                 "web:81 sees " + seen)
        self.end()

    def test_two_hundred_at_once(self):
        self.begin("publish")
        for player, host, seen in (
                ("internet", "203.0.113.2", "203.0.113.1"),
                ("host", "127.0.0.1", "172.29.0.1"),
                ("host", "::1", "fd00:1::1")):
            self.assertEqual(self.ask(player, host, 8080, count=200),
                             "web:80 sees " + seen)
        self.end()

    def test_one_address_alone(self):
        self.begin("publish")
        self.assertEqual(self.ask("host", "127.0.0.1", 7000),
                         "web:80 sees 172.29.0.1")
        self.assertEqual(self.ask("host", "203.0.113.2", 7000),
                         "ConnectionRefusedError")
        self.assertEqual(self.ask("internet", "203.0.113.2", 7000),
                         "ConnectionRefusedError")
        self.end()

    def test_an_element_is_a_port(self):
        self.begin("publish")
        ports = self.inside("host", "nft", "list", "map", "ip", "mydocker",
                            "ports")
        self.assertEqual(sorted(re.findall(r"(\w+) \. (\d+) : ", ports)),
                         [("tcp", "6379"), ("tcp", "8080"), ("tcp", "9000"),
                          ("tcp", "9001"), ("tcp", "9002"), ("udp", "8053")])
        six = self.inside("host", "nft", "list", "map", "ip6", "mydocker",
                          "ports")
        self.assertIn("tcp . 8080 : fd00:1::2 . 80", six)
        tables = self.inside("host", "nft", "list", "tables")
        self.assertEqual(tables.split("\n")[:-1],
                         ["table ip mydocker", "table ip6 mydocker"])
        self.end()

    def test_redis(self):
        self.need("redis-server", "redis-cli")
        said = re.sub(r"\x1b\[\d*m", "", self.begin("publish"))
        self.assertEqual(re.findall(r"redis-cli -h \S+ incr calls\s+(\d)",
                                    said), ["1", "2", "3"], said)
        answer = self.inside("internet", "redis-cli", "-h", "203.0.113.2",
                             "get", "calls")
        self.assertEqual(answer.strip(), "3")
        self.end()


class Packet(harness.KernelTest):
    def test_the_hooks_in_their_order(self):
        done = self.succeed([DEMO, "packet"])
        hooks = re.findall(r"^      ([A-Z]+) (-?\d+) ", done.out, re.M)
        self.assertGreater(len(hooks), 30, str(done))
        parts = re.split(r"^    (?:there|back) \(SYN.*$", done.out,
                         flags=re.M)[1:]
        paths = [[row[0] for row in re.findall(
            r"^      ([A-Z]+) (-?\d+) ", part, re.M)] for part in parts]
        order = [list(dict.fromkeys(path)) for path in paths]
        routed = ["PREROUTING", "FORWARD", "POSTROUTING"]
        self.assertEqual(order, [routed] * 4 +
                         [["OUTPUT", "POSTROUTING"], ["PREROUTING", "INPUT"]])
        self.assertIn("becomes", done.out)
        self.assertRegex(done.out, r"original tcp 203\.0\.113\.1:\d+ -> "
                         r"203\.0\.113\.2:8080\n +reply +tcp 172\.29\.0\.2:80 "
                         r"-> 203\.0\.113\.1:\d+")


class Names(InShell):
    def test_other_programs_find_them(self):
        self.need("getent")
        self.begin("dns")
        self.assertIn("172.29.0.4", self.typed("getent hosts db"))
        self.assertIn("203.0.113.1", self.typed("getent hosts example.com"))
        self.assertIn("nameserver 127.0.0.11",
                      self.typed("cat /etc/resolv.conf"))
        self.assertIn("status 2", self.typed("getent hosts no-such-name; "
                                             "echo status $?"))
        with open("/etc/resolv.conf", encoding="utf-8") as own:
            self.assertNotIn("127.0.0.11", own.read())
        self.end()

    def test_nonsense_does_not_end_the_server(self):
        """Questions that make no sense, and one that does, afterwards."""
        self.begin("dns")
        nonsense = ("import socket, os\n"
                    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                    "s.connect(('127.0.0.11', 53))\n"
                    "for i in range(600):\n"
                    "    s.send(os.urandom(i % 520))\n"
                    "h = b'ab\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0'\n"
                    "for tail in (b'', b'\\xff' * 40, b'\\x3f' + b'a' * 20,\n"
                    "             (b'\\x3f' + b'a' * 63) * 7, b'\\0',\n"
                    "             b'\\xc0\\x0c\\0\\1\\0\\1', b'\\1a\\0\\0'):\n"
                    "    s.send(h + tail)\n")
        self.inside("web", sys.executable, "-c", nonsense)
        self.assertIn("172.29.0.4", self.typed("getent hosts db || "
                                               "getent hosts db"))
        self.end()


class Cnm(InShell):
    def test_a_sandbox_in_two_networks(self):
        self.begin("cnm")
        addresses = self.inside("web", "ip", "-o", "-4", "addr")
        self.assertRegex(addresses, r"eth0 +inet 172\.29\.0\.2/24")
        self.assertRegex(addresses, r"eth1 +inet 172\.29\.1\.2/24")
        routes = self.inside("web", "ip", "route")
        self.assertEqual(routes.count("default"), 1, routes)
        self.assertEqual(self.ask("web", "172.29.1.3", 80),
                         "db:80 sees 172.29.1.2")
        self.assertEqual(self.ask("db", "172.29.0.2", 80), "TimeoutError")
        self.end()


class Isolate(InShell):
    def test_apart_and_let_through(self):
        said = self.begin("isolate")
        self.assertIn("nftables chain ip filter FORWARD, policy drop", said)
        self.assertEqual(self.ask("red-1", "203.0.113.1", 443),
                         "internet:443 sees 203.0.113.2")
        self.assertEqual(self.ask("blue-1", "203.0.113.1", 443),
                         "TimeoutError")
        self.assertEqual(self.ask("red-1", "172.30.0.2", 80), "TimeoutError")
        # Without the two rules red is shut as well.
        self.inside("host", "nft", "flush", "chain", "ip", "filter",
                    "FORWARD")
        self.assertEqual(self.ask("red-1", "203.0.113.1", 443),
                         "TimeoutError")
        self.end()


class BesideDocker(InShell):
    # What iptables leaves for Docker; by name, as it would be with docker0.
    RULES = ("iptables -P FORWARD DROP; iptables -N DOCKER-USER; "
             "iptables -A FORWARD -j DOCKER-USER; "
             "iptables -A FORWARD -o docker0 -m conntrack --ctstate "
             "RELATED,ESTABLISHED -j ACCEPT; "
             "iptables -A FORWARD -i docker0 -j ACCEPT; "
             "iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 "
             "-j MASQUERADE")

    def test_its_rules_stay(self):
        self.need("iptables")
        self.begin("bridge")
        self.inside("host", "sh", "-ec", self.RULES)
        before = self.inside("host", "iptables-save")
        self.assertEqual(self.ask("container-1", "203.0.113.1", 443),
                         "TimeoutError")
        self.inside("host", "sh", "-ec",
                    "iptables -I DOCKER-USER -i mydocker0 -j ACCEPT; "
                    "iptables -I DOCKER-USER -o mydocker0 -j ACCEPT")
        self.assertEqual(self.ask("container-1", "203.0.113.1", 443),
                         "internet:443 sees 203.0.113.2")
        self.inside("host", "iptables", "-F", "DOCKER-USER")
        after = self.inside("host", "iptables-save")
        clean = [re.sub(r"\[\d+:\d+\]", "", text) for text in (before, after)]
        clean = [[line for line in text.splitlines() if line[:1] != "#"]
                 for text in clean]
        self.assertEqual(*clean)
        self.end()      # which compares links, addresses, routes, switches
