"""The harness sees what it is there to see: each kind of thing left behind."""

import collections
import os
import subprocess
import sys
import time

import harness
import residue


def quietly(argv):
    return subprocess.run(argv, stdout=subprocess.DEVNULL, check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


class Residue(harness.KernelTest):
    """Leaves something, looks, and takes it away again."""

    def assert_seen(self, pattern):
        lines = residue.compare(self.before, residue.snapshot())
        self.assertRegex("\n".join(lines), pattern)

    def test_a_mount(self):
        place = self.scratch()
        self.addCleanup(quietly, ["umount", place])
        self.assertTrue(quietly(["mount", "-t", "tmpfs", "none", place]))
        self.assert_seen(r"\+ mount .*mydocker-test")

    def test_a_mount_made_read_only(self):
        place = self.scratch()
        self.addCleanup(quietly, ["umount", place])
        quietly(["mount", "-t", "tmpfs", "none", place])
        before = residue.snapshot()
        quietly(["mount", "-o", "remount,bind,ro", place])
        self.assertTrue(residue.compare(before, residue.snapshot()))

    def test_a_cgroup(self):
        tops = [line.split()[1] for line in residue.cgroups()]
        for top in tops[:1] + tops[-1:]:
            path = os.path.join(top, harness.random_name())
            try:
                os.mkdir(path)
            except OSError as error:
                self.skipTest("cannot make a cgroup: %s" % error)
            self.addCleanup(lambda p=path: os.path.isdir(p) and os.rmdir(p))
            self.assert_seen(r"\+ cgroup .*mydocker-test")
            os.rmdir(path)
        self.assertTrue(tops, "this machine has no cgroups mounted")

    def test_a_link_and_its_address(self):
        if not any(quietly(["ip", "link", "add", "mydockertest", "type", kind])
                   for kind in ("bridge", "dummy", "veth")):
            self.skipTest("this kernel makes no bridge, dummy or veth links")
        self.addCleanup(quietly, ["ip", "link", "del", "mydockertest"])
        self.assert_seen(r"\+ link mydockertest")
        quietly(["ip", "addr", "add", "192.0.2.1/32", "dev", "mydockertest"])
        self.assert_seen(r"\+ address mydockertest inet 192.0.2.1/32")

    def test_a_firewall_rule(self):
        self.addCleanup(quietly, ["nft", "delete table ip mydockertest"])
        if not quietly(["nft", "add table ip mydockertest"]):
            self.skipTest("this kernel has no nftables")
        quietly(["nft", "add chain ip mydockertest c"])
        quietly(["nft", "add rule ip mydockertest c counter accept"])
        self.assert_seen(r"\+ nft table ip mydockertest \| chain c \| counter")

    def test_a_switch(self):
        path = "/proc/sys/net/ipv4/conf/default/route_localnet"
        old = residue.read(path)
        self.addCleanup(lambda: open(path, "w").write(old))
        with open(path, "w", encoding="ascii") as file:
            file.write("0" if old.strip() == "1" else "1")
        self.assert_seen(r"\+ sysctl net/ipv4/conf/default/route_localnet")

    def test_a_message_queue(self):
        made = harness.run(["ipcmk", "-Q"])
        if made.status != 0:
            self.skipTest("no ipcmk: " + made.err)
        self.addCleanup(quietly, ["ipcrm", "-q", made.out.split()[-1]])
        self.assert_seen(r"\+ System V msg")

    def test_a_file(self):
        self.scratch()
        self.assert_seen(r"\+ file /tmp/mydocker-test")

    def test_what_a_demo_tidies(self):
        """That of a dead run may go, that of a living one may not."""
        line = "cgroup /sys/fs/cgroup/pids/mydocker-demo-%d-1"
        for pid, seen in ((4194305, []), (os.getpid(), ["- " + line])):
            before = collections.Counter([line % pid])
            self.assertEqual(residue.compare(before, collections.Counter()),
                             [word % pid for word in seen])

    def test_a_module_that_comes(self):
        """It may, with its switch; that is not turned."""
        line = "sysctl net/netfilter/nf_conntrack_max = %d"
        none, one, other = (collections.Counter(lines) for lines in (
            [], [line % 1], [line % 2]))
        self.assertEqual(residue.compare(none, one), [])
        self.assertEqual(residue.compare(one, other),
                         ["+ " + line % 2, "- " + line % 1])

    def test_a_daemon(self):
        """It leaves its session and its parent, and is found all the same."""
        harness.run([sys.executable, "-c", "import os, time\n"
                     "if os.fork() == 0:\n"
                     "    os.setsid()\n"
                     "    if os.fork() == 0:\n"
                     "        os.close(0); os.close(1); os.close(2)\n"
                     "        time.sleep(600)\n"
                     "    os._exit(0)\n"])
        self.assertIn("time.sleep", "".join(residue.descendants().values()))
        residue.end_descendants()
        self.assertEqual(residue.descendants(), {})

    def test_a_test_that_leaves_something_fails(self):
        class Untidy(harness.KernelTest):
            def test(inner):
                harness.start(["sleep", "600"])
        settle = residue.SETTLE_SECONDS
        residue.SETTLE_SECONDS = 0.2
        try:
            result = Untidy("test").run()
        finally:
            residue.SETTLE_SECONDS = settle
        self.assertEqual(len(result.failures), 1)
        self.assertIn("sleep 600", result.failures[0][1])


class Commands(harness.KernelTest):
    def test_time_runs_out_for_the_whole_group(self):
        started = time.monotonic()
        done = harness.run(["sh", "-c", "sleep 100 & sleep 100"], timeout=0.3)
        self.assertTrue(done.timed_out)
        self.assertLess(time.monotonic() - started, 5)

    def test_exit_status_and_signals(self):
        self.assertEqual(harness.run(["sh", "-c", "exit 7"]).status, 7)
        self.assertEqual(harness.run(["sh", "-c", "kill -9 $$"]).status, 137)

    def test_an_ordinary_user_is_one(self):
        done = harness.run(["id", "-u"], user=harness.USER)
        self.assertEqual(done.out.strip(), str(harness.USER))
        self.assertEqual(harness.run(["id", "-G"], user=harness.USER)
                         .out.strip(), str(harness.USER))

    def test_a_terminal(self):
        terminal = self.terminal(["sh", "-c", "test -t 0 && stty size; "
                                  "read x; echo got $x; exit 3"], rows=33)
        terminal.expect("33 80")
        terminal.send("yes\n")
        terminal.expect("got yes")
        self.assertEqual(terminal.wait().status, 3)

    def test_a_terminal_is_expected_piece_by_piece(self):
        terminal = self.terminal(["printf", "one two three two"])
        terminal.process.wait(10)       # so that one read has all of it
        terminal.expect("one")
        terminal.expect("two")
        self.assertTrue(terminal.expect("two").endswith("three two"))
        with self.assertRaises(AssertionError):
            terminal.expect("two", timeout=1)
