"""`make doctor` on hosts with firewalls: network namespaces of their own, with
the rules that other programs make."""

import os
import re

import harness
from harness import ROOT

DOCTOR = "sh %s/tests/doctor.sh firewalls" % ROOT
NOBODY = "nobody drops what containers send"

DOCKER = """
table ip filter {
	chain DOCKER-USER { counter return; }
	chain DOCKER { iifname != "docker0" oifname "docker0" counter drop; }
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		counter jump DOCKER-USER
		oifname "docker0" ct state established,related counter accept
	}
}"""
UFW = """
table ip filter {
	chain ufw-before-forward { ct state established,related accept; }
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		counter jump ufw-before-forward
	}
}"""
FIREWALLD = """
table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		jump filter_FORWARD_ZONES
		ct state invalid drop
		reject with icmpx admin-prohibited
	}
	chain filter_FORWARD_ZONES { iifname "eth0" accept; }
}"""
PODMAN = """
table ip filter {
	chain NETAVARK_FORWARD {
		ct state invalid counter drop
		ip saddr 10.88.0.0/16 counter accept
	}
	chain FORWARD {
		type filter hook forward priority filter; policy accept;
		counter jump NETAVARK_FORWARD
	}
}"""
OWN = """
table inet mine {
	chain forward {
		type filter hook forward priority 0; policy accept;
		iifname "lan0" accept
		log prefix "stray " counter drop
	}
}"""
# What drops, but nothing that we forward.
HARMLESS = """
table ip filter {
	chain INPUT { type filter hook input priority 0; policy drop; }
	chain FORWARD {
		type filter hook forward priority 0; policy accept;
		ip saddr 192.0.2.1 drop
	}
	chain aside { drop; }
}
table bridge filter {
	chain FORWARD { type filter hook forward priority 0; policy drop; }
}
table ip mydocker {
	chain forward {
		type filter hook forward priority 0; policy accept;
		iifname "mydocker0" accept
		drop
	}
}"""


class Firewalls(harness.KernelTest):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.need("nft", "unshare")
        super().setUp()

    def look(self, rules="", script=""):
        """What it says of such a host, and that the rules are the same then;
        `script` comes after it, and then it looks again."""
        done = self.succeed(
            ["unshare", "-n", "sh", "-c",
             "set -e; nft -f -; nft list ruleset >$1/before; %s; "
             "nft list ruleset >$1/after; cmp $1/before $1/after; %s" %
             (DOCTOR, script and "%s; %s" % (script, DOCTOR)),
             "-", self.scratch()], data=rules)
        self.assertEqual(done.err, "", str(done))
        return done.out

    def cures(self, said):
        return re.findall(r"cure: (.*)", said)

    def blocked(self, rules, chain, cure, name):
        """It is found, and what it says to do about it helps."""
        said = self.look(rules)
        self.assertIn("%s drops what nobody told it" % chain, said)
        self.assertNotIn(NOBODY, said)
        self.assertIn(cure, self.cures(said)[0])
        if name:
            self.assertIn(name, said)
        return said

    def cured(self, rules, said):
        again = self.look(rules, self.cures(said)[0])
        self.assertEqual(again.count("drops what nobody"), 1, again)
        self.assertEqual(again.count(NOBODY), 1, again)

    def test_a_host_without(self):
        said = self.look()
        self.assertIn(NOBODY, said)
        self.assertEqual(self.cures(said), [])
        self.assertNotRegex(said, "Docker|podman|ufw|firewalld is")

    def test_docker(self):
        self.need("iptables")
        said = self.blocked(DOCKER, "nftables chain ip filter FORWARD",
                            "iptables -I DOCKER-USER -i mydocker+ -j ACCEPT; "
                            "iptables -I DOCKER-USER -o mydocker+ -j ACCEPT",
                            "Docker's rules are there")
        self.cured(DOCKER, said)

    def test_ufw(self):
        self.need("iptables")
        said = self.blocked(UFW, "nftables chain ip filter FORWARD",
                            "iptables -I FORWARD -i mydocker+ -j ACCEPT",
                            "-A ufw-before-forward -i mydocker+ -j ACCEPT")
        self.cured(UFW, said)

    def test_firewalld(self):
        self.blocked(FIREWALLD, "inet firewalld filter_FORWARD",
                     "firewall-cmd --permanent --zone=trusted "
                     "--add-interface=mydocker+", "firewalld is there")
        # As that leaves it.
        told = FIREWALLD.replace('iifname "eth0" accept',
                                 'iifname "mydocker*" accept')
        self.assertIn(NOBODY, self.look(told))

    def test_podman_and_what_is_harmless(self):
        said = self.look(PODMAN)
        self.assertIn(NOBODY, said)
        self.assertIn("podman's rules are there", said)
        said = self.look(HARMLESS)
        self.assertIn(NOBODY, said)
        self.assertIn("our own table is there", said)

    def test_somebodys_own(self):
        said = self.blocked(OWN, "nftables chain inet mine forward",
                            "nft 'insert rule inet mine forward iifname "
                            "mydocker* accept", None)
        self.cured(OWN, said)

    def test_both_are_told(self):
        said = self.look(DOCKER + FIREWALLD)
        self.assertEqual(said.count("drops what nobody"), 2, said)

    def test_iptables_legacy(self):
        self.need("iptables-legacy")
        done = self.run_command(["unshare", "-n", "iptables-legacy", "-S"])
        if done.status != 0:
            self.skipTest("this kernel has no tables of iptables-legacy")
        said = self.succeed(
            ["unshare", "-n", "sh", "-ec", "iptables-legacy -P FORWARD DROP; "
             + DOCTOR]).out
        self.assertIn("iptables-legacy's chain FORWARD drops", said)
        # One that was never asked about is not there afterwards.
        done = self.succeed(["unshare", "-n", "sh", "-ec", DOCTOR +
                             "; cat /proc/net/ip_tables_names"])
        self.assertNotIn("filter", done.out)

    def test_bridged_packets(self):
        switch = "/proc/sys/net/bridge/bridge-nf-call-iptables"
        if not os.path.exists(switch):
            self.skipTest("br_netfilter is not loaded")
        on = "echo 1 >%s; " % switch
        for rules, said in ((DOCKER, "keeps even"), ("", "they accept")):
            done = self.succeed(
                ["unshare", "-n", "sh", "-ec", "nft -f -; " + on + DOCTOR],
                data=rules)
            self.assertIn("bridge-nf-call-iptables = 1", done.out)
            self.assertIn(said, done.out)
        done = self.succeed(["unshare", "-n", "sh", "-ec",
                             on.replace("1", "0", 1) + DOCTOR])
        self.assertNotIn("bridge-nf-call", done.out)

    def test_an_ordinary_user_is_told_to_be_root(self):
        done = self.run_command(["sh", ROOT + "/tests/doctor.sh",
                                 "firewalls"], user=harness.USER)
        self.assertEqual(done.status, 0, str(done))
        self.assertIn("sudo sh tests/doctor.sh firewalls", done.out)

    def test_it_is_part_of_the_whole(self):
        with open(ROOT + "/tests/doctor.sh", encoding="utf-8") as file:
            self.assertEqual(file.read().count("\n. tests/firewalls.sh\n"), 1)
