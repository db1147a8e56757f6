"""Names as containers of a network see them: asked from inside, with the C
library's resolver and by hand."""

import os
import signal
import socket
import time
import unittest

import harness
import names
from harness import SLOWER
from names import AAAA, PTR, inside
from test_run import BUSYBOX, DEMO, ContainerTest


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


class Inside(ContainerTest):
    leaves = ContainerTest.leaves + (
        "+ file /var/tmp/mydocker-state-*/events.log",)

    def network(self, *options):
        name = harness.random_name("net")
        self.succeed([DEMO, "network", "create", *options, name])
        self.addCleanup(harness.run, [DEMO, "network", "rm", name])
        return name

    def start(self, network, *options, **more):
        name = harness.random_name("test")
        self.succeed([DEMO, "run", "-d", "--name", name, "--network", network,
                      *options, BUSYBOX, "sleep", "600"], **more)
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        return name

    def inspect(self, name, what):
        return self.succeed([DEMO, "inspect", "-f", what, name]).out.strip()

    def address(self, name, network, what="IPAddress"):
        return self.inspect(name, '{{(index .NetworkSettings.Networks "%s").%s}}'
                            % (network, what))

    def ask(self, container, name, kind=names.A, kind_of=socket.SOCK_DGRAM):
        """From the container's namespace, by hand."""
        return self.ask_from(int(self.inspect(container, "{{.State.Pid}}")),
                             name, kind, kind_of)

    def ask_from(self, pid, name, kind=names.A, kind_of=socket.SOCK_DGRAM,
                 timeout=8):
        """The same, and no command of ours is run for it."""
        netns = os.open("/proc/%d/ns/net" % pid, os.O_RDONLY)
        try:
            with inside(netns):
                sock = socket.socket(socket.AF_INET, kind_of)
        finally:
            os.close(netns)
        with sock:
            sock.settimeout(timeout * SLOWER)
            sock.connect(("127.0.0.11", 53))
            packet = names.question(name, kind)
            if kind_of == socket.SOCK_STREAM:
                sock.sendall(names.with_length(packet))
                return names.Answer(names.receive_tcp(sock))
            sock.send(packet)
            return names.Answer(sock.recv(65535))

    def servers(self):
        return names.servers(self.store)

    def wait_until(self, condition):
        deadline = time.monotonic() + 10 * SLOWER
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_names_aliases_and_addresses(self):
        red = self.network("--ipv6")
        web = self.start(red, "--network-alias", "Store")
        other = self.start(red, "--network-alias", "store")
        address = self.address(web, red)
        short = self.inspect(web, "{{.Id}}")[:12]
        for name in (web, web.upper(), "%s.%s" % (web, red), short):
            self.assertEqual(self.ask(other, name).data, [address], name)
        self.assertEqual(
            self.ask(other, web, AAAA).data,
            [self.address(web, red, "GlobalIPv6Address")])
        reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        self.assertEqual(self.ask(other, reverse, PTR).data,
                         ["%s.%s" % (web, red)])
        both = {address, self.address(other, red)}
        answers = [self.ask(web, "store").data for _ in range(4)]
        self.assertTrue(all(set(data) == both for data in answers))
        self.assertEqual({data[0] for data in answers}, both)
        # With the C library, and to the end.
        self.succeed([DEMO, "exec", other, "ping", "-c", "1", web])
        conf = self.succeed([DEMO, "exec", web, "cat",
                             "/etc/resolv.conf"]).out
        self.assertIn("nameserver 127.0.0.11\n", conf)

    def test_networks_come_and_go_while_it_runs(self):
        red, vault = self.network(), self.network("--internal")
        one, two = self.start(red), self.start(vault)
        self.assertEqual(self.ask(two, one).code, names.NO_NAME)
        self.succeed([DEMO, "network", "connect", "--alias", "guest", vault,
                      one])
        self.assertEqual(self.ask(two, "guest").data,
                         [self.address(one, vault)])
        self.assertEqual(self.ask(one, two).data, [self.address(two, vault)])
        self.succeed([DEMO, "rename", two, two + "-new"])
        self.addCleanup(harness.run, [DEMO, "rm", "-f", two + "-new"])
        self.assertEqual(self.ask(one, two + "-new").data,
                         [self.address(two + "-new", vault)])
        self.succeed([DEMO, "network", "disconnect", vault, one])
        self.assertEqual(self.ask(two + "-new", "guest").code, names.NO_NAME)

    def test_its_own_name_servers(self):
        red = self.network()
        one = self.start(red, "--dns", "127.0.53.1")
        # Asked from where the name server is: a user's own network.
        pid, = self.servers()
        with open("/proc/%d/ns/net" % pid, "rb") as netns, \
                inside(netns.fileno()):
            upstream = names.Upstream("127.0.53.1")
        self.addCleanup(upstream.close)
        self.assertEqual(self.ask(one, "example.org").data, ["192.0.2.1"])
        self.assertEqual(self.ask(one, "big.org", kind_of=socket.SOCK_STREAM)
                         .data, ["192.0.2.1"] * 100)
        self.assertEqual(self.ask(one, "nobody.org").code, names.NO_NAME)
        self.assertEqual(self.ask(one, one).data, [self.address(one, red)])
        self.assertNotIn(one, upstream.names())
        # An internal network is no way out for a question.
        vault = self.network("--internal")
        two = self.start(vault, "--dns", "127.0.53.1")
        asked = len(upstream.seen)
        self.assertEqual(self.ask(two, "example.org").code, names.NO_NAME)
        self.assertEqual(len(upstream.seen), asked)

    def test_whoever_is_killed(self):
        red = self.network()
        one, two = self.start(red), self.start(red)
        pid, = self.servers()
        os.kill(pid, signal.SIGKILL)
        self.wait_until(lambda: harness.residue.reap() or
                        not os.path.exists("/proc/%d" % pid))
        three = self.start(red)
        for asker in (one, two, three):
            self.assertEqual(self.ask(asker, three).data,
                             [self.address(three, red)])
        # A container that was killed is forgotten, and after the last one
        # the server.
        os.kill(int(self.inspect(two, "{{.State.Pid}}")), signal.SIGKILL)
        self.wait_until(lambda: self.inspect(two, "{{.State.Status}}") ==
                        "exited")
        self.assertNotEqual(self.ask(one, two).code, 0)
        for name in (one, two, three):
            self.succeed([DEMO, "rm", "-f", name])
        self.wait_until(lambda: harness.residue.reap() or not self.servers())

    def test_a_killed_server_comes_again_by_itself(self):
        red = self.network()
        one, two = self.start(red), self.start(red)
        late = harness.random_name("test")
        self.succeed([DEMO, "run", "-d", "--name", late, BUSYBOX, "sleep",
                      "600"])
        self.addCleanup(harness.run, [DEMO, "rm", "-f", late])
        self.succeed([DEMO, "network", "connect", red, late])
        pids = {name: int(self.inspect(name, "{{.State.Pid}}"))
                for name in (one, two, late)}
        addresses = {name: self.address(name, red) for name in pids}
        for _ in range(3):
            self.kill_server_and_ask(pids, addresses)
        # The monitor of one that was connected later is enough.
        for name in (one, two):
            self.succeed([DEMO, "rm", "-f", name])
            del pids[name], addresses[name]
        self.kill_server_and_ask(pids, addresses)
        self.succeed([DEMO, "stop", "-t", "0", late])
        self.wait_until(lambda: harness.residue.reap() or not self.servers())
        # Nobody is to be served: nothing comes again.
        time.sleep(0.5)
        self.assertEqual(self.servers(), [])

    def kill_server_and_ask(self, pids, addresses):
        """From here on no command of ours is run."""
        killed, = self.servers()
        os.kill(killed, signal.SIGKILL)
        began = time.monotonic()
        for pid in pids.values():
            for name, address in addresses.items():
                self.ask_until(pid, name, address, began + 2 * SLOWER)
        harness.residue.reap()
        self.wait_until(lambda: killed not in self.servers())
        self.assertEqual(len(self.servers()), 1)

    def ask_until(self, pid, name, address, deadline):
        data = None
        while data != [address]:
            self.assertLess(time.monotonic(), deadline,
                            "%s: %s, not %s" % (name, data, address))
            try:
                data = self.ask_from(pid, name, timeout=0.2).data
            except OSError as error:    # nobody is there, or was killed
                data = error
                time.sleep(0.02)

    def test_a_container_without_such_a_network_has_none(self):
        red = self.network()
        self.start(red)
        done = self.run_in("--network", "bridge", BUSYBOX, "cat",
                           "/etc/resolv.conf")
        self.assertNotIn("127.0.0.11", done.out)
        done = self.run_in("--network", "none", BUSYBOX, "nslookup", "x",
                           "127.0.0.11", timeout=40)
        self.assertNotEqual(done.status, 0)
