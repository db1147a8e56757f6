"""Chapter 5 for real: what other programs (ip, nft, nsenter) see of it."""

import os
import random
import re
import signal
import time

import harness

CHAPTER = "ch05-network"
DEMO = harness.program(CHAPTER)
SUMMARY = "1 passed, 0 failed, 0 skipped"
SUBNET = "172.29.0."


class NetworkTest(harness.KernelTest):
    def setUp(self):
        if not os.access(DEMO, os.X_OK):
            self.skipTest("%s is not built" % DEMO)
        super().setUp()


class Bridge(NetworkTest):
    def in_shell(self):
        """The experiment, stopped at its shell; and its processes."""
        terminal = self.terminal([DEMO, "bridge", "--shell"])
        said = terminal.expect("inside# ", 60)
        self.assertNotIn("[FAILED]", said)
        container = re.search(r"nsenter -t (\d+)", said)
        self.assertTrue(container, said)
        with open("/proc/%s/status" % container.group(1),
                  encoding="ascii") as status:
            host = re.search(r"^PPid:\s*(\d+)", status.read(), re.M).group(1)
        return terminal, host, container.group(1)

    def look(self, pid, *argv):
        return self.succeed(["nsenter", "-t", pid, "-n", *argv]).out

    def test_what_other_programs_see(self):
        self.need("nsenter", "ip", "nft")
        terminal, host, container = self.in_shell()
        inside = self.look(container, "ip", "-o", "-4", "addr", "show")
        self.assertIn("inet %s2/16" % SUBNET, inside)
        self.assertIn("brd 172.29.255.255", inside)
        link = self.look(container, "ip", "-o", "link", "show", "eth0")
        self.assertIn("02:42:ac:1d:00:02", link)
        self.assertIn(",UP,LOWER_UP>", link)
        self.assertIn("default via %s1 dev eth0" % SUBNET,
                      self.look(container, "ip", "route"))
        ports = self.look(host, "ip", "-o", "link", "show", "master",
                          "mydocker0").splitlines()
        self.assertEqual(len(ports), 2, ports)
        for port in ports:
            self.assertRegex(port, r"\d+: myd\w+@")
        tables = self.look(host, "nft", "list", "tables")
        self.assertEqual(tables.split("\n")[:-1], ["table ip mydocker"])
        # In the real host none of this is to be seen.
        here = self.succeed(["ip", "-o", "link", "show"]).out
        self.assertNotIn("myd" + "c0ffee", here)
        terminal.send("exit\n")
        done = terminal.wait()
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(SUMMARY, done.out)

    def test_dot_shows_what_is_up(self):
        self.need("dot")
        terminal, host, container = self.in_shell()
        graph = self.succeed([DEMO, "--dot"]).out
        for pid, name in ((host, "host"), (container, "container-1")):
            self.assertIn('label="%s (pid %s)"' % (name, pid), graph)
        self.assertIn("eth0\\n%s2/16" % SUBNET, graph)
        # Three cables: two containers and the Internet.
        pairs = [line for line in graph.splitlines()
                 if " -- " in line and "bold" not in line]
        self.assertGreaterEqual(len(pairs), 3, graph)
        drawn = self.succeed(["dot", "-Tsvg"], data=graph)
        self.assertEqual(drawn.err, "")
        terminal.send("exit\n")
        self.assertEqual(terminal.wait().status, 0, terminal.screen)

    def test_everything_killed_at_once(self):
        for _ in range(10):
            process = harness.start([DEMO, "bridge"])
            time.sleep(random.uniform(0, 0.4))
            harness.signal_group(process, signal.SIGKILL)
            harness.finish(process, 20)
        # The next run clears the scratch directories away.
        self.assertIn(SUMMARY, self.succeed([DEMO, "bridge"]).out)


class Steps(NetworkTest):
    def step(self, name, **more):
        program = harness.program(CHAPTER, "steps/" + name)
        return self.run_command([program], 20, **more)

    def test_each_does_what_it_says(self):
        for name, wanted in (
                ("01-one-netlink-message", "the kernel answers: Success"),
                ("01-one-netlink-message", "br0:"),
                ("02-veth-pair", "far:"),
                ("03-move-and-address", "it is given 10.0.0.2/24: done"),
                ("04-bridge", "172.29.0.1"),
                ("05-rules", "8081 : 172.29.0.3 . 80")):
            with self.subTest(name):
                done = self.step(name)
                self.assertEqual(done.status, 0, str(done))
                self.assertIn(wanted, done.out, str(done))

    def test_a_user_without_rights_is_told(self):
        place = self.scratch()
        for name in ("01-one-netlink-message", "02-veth-pair",
                     "03-move-and-address", "04-bridge", "05-rules"):
            with self.subTest(name):
                program = os.path.join(place, name)
                with open(harness.program(CHAPTER, "steps/" + name),
                          "rb") as source, open(program, "wb") as copy:
                    copy.write(source.read())
                os.chmod(program, 0o755)
                done = self.run_command([program], 20, user=harness.USER)
                self.assertEqual(done.status, 1, str(done))
                self.assertIn("try sudo", done.err, str(done))
