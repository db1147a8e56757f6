"""Chapter 5's experiments many times over, and killed at any moment; and what
the host's own network looks like before and after all of it."""

import os
import time

import experiments
import harness

CHAPTER = "ch05-network"
DEMO = harness.program(CHAPTER)
NAMES = ("veth", "bridge", "modes", "ipam", "nat", "publish", "packet", "dns",
         "cnm", "isolate")
# Counters, and what others on this machine change by being there.
RESTLESS = ("nf_conntrack_count", "/ipv4/route/", "/neigh/", "nr_",
            "bpf_stats", "fs/", "rmem", "wmem")


class NetworkTest(harness.KernelTest):
    def setUp(self):
        if not os.access(DEMO, os.X_OK):
            self.skipTest("%s is not built" % DEMO)
        super().setUp()


class Each(experiments.Played, NetworkTest):
    demo, names = DEMO, NAMES


def switches():
    """Every switch of the host's network (sysctl -a), by its path."""
    found = {}
    for top, _, names in os.walk("/proc/sys/net"):
        for name in names:
            path = os.path.join(top, name)
            if any(word in path for word in RESTLESS):
                continue
            try:
                with open(path, encoding="ascii", errors="replace") as file:
                    found[path] = file.read()
            except OSError:
                pass
    # A link that somebody else has made or removed meanwhile has its own.
    return {path: value for path, value in found.items()
            if "mydocker" not in path and "/myd" not in path and
            "/veth" not in path}


class Whole(NetworkTest):
    def test_list_names_all_ten(self):
        listed = self.succeed([DEMO, "list"]).out
        self.assertEqual([line.split()[0] for line in listed.splitlines()],
                         list(NAMES))

    def test_every_switch_of_the_host_is_as_before(self):
        before = switches()
        self.assertGreater(len(before), 300)
        self.assertIn("/proc/sys/net/ipv4/ip_forward", before)
        done = self.succeed([DEMO], 120)
        self.assertIn("10 passed, 0 failed, 0 skipped", done.out, str(done))
        deadline = time.monotonic() + harness.residue.SETTLE_SECONDS
        while True:
            after = switches()
            changed = {path: (before.get(path), after.get(path))
                       for path in before.keys() | after.keys()
                       if before.get(path) != after.get(path)}
            if not changed or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        self.assertEqual(changed, {})

    def test_an_ordinary_user_sees_all_ten(self):
        place = self.scratch(harness.USER)
        copy = os.path.join(place, "demo")
        with open(DEMO, "rb") as source, open(copy, "wb") as target:
            target.write(source.read())
        os.chmod(copy, 0o755)
        done = self.run_command([copy], 120, user=harness.USER)
        if "[skipped]" in done.out:
            self.skipTest("no user namespaces here")
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("10 passed, 0 failed, 0 skipped", done.out, str(done))

    def test_v_shows_the_messages(self):
        done = self.succeed([DEMO, "veth", "-v"])
        for words in ('netlink(RTM_NEWLINK veth "near") = 0',
                      'netlink(RTM_NEWLINK netns "far") = 0',
                      'netlink(RTM_NEWADDR "near") = 0',
                      'netlink(RTM_NEWLINK macvlan "mv0")'):
            self.assertIn(words, done.out, str(done))
        done = self.succeed([DEMO, "publish", "-v"])
        self.assertIn("bind(tcp port 8080)", done.out)
        self.assertRegex(done.out, r'nft\("add element ip mydocker ports')
