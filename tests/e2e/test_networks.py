"""Networks that somebody makes: what Docker prints of them, what the kernel has
of them, who reaches whom, and that all of it is gone in the end, whoever was
killed."""

import concurrent.futures
import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

import harness
import residue
from test_run import BUSYBOX, DEMO, ContainerTest, monitor_of, read

# The bar's size: so many containers on each of the two networks.
SIZE = int(os.environ.get("MYDOCKER_TEST_NETWORK_SIZE") or 6)
STAYS = ("sleep", "600")


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


class NetworksTest(ContainerTest):
    # The name server ends, and goes, a second after its last container.
    leaves = ContainerTest.leaves + (
        "? file /var/tmp/mydocker-state-*/networks/dns.sock",
        "+ file /var/tmp/mydocker-state-*/events.log")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clear)

    def clear(self):
        ids = harness.run([DEMO, "ps", "-aq"]).out.split()
        if ids:
            harness.run([DEMO, "rm", "-f", *ids])
        harness.run([DEMO, "network", "prune", "-f"])

    def net(self, *words, status=0):
        done = self.run_command([DEMO, "network", *words])
        self.assertEqual(done.status, status, str(done))
        return done

    def make(self, *words):
        self.net("create", *words)
        return words[-1]

    def container(self, name, *options, command=STAYS):
        self.succeed([DEMO, "run", "-d", "--name", name, *options, BUSYBOX,
                      *command])
        return name

    def inside(self, name, *words, status=0):
        done = self.run_command([DEMO, "exec", name, *words])
        if status is not None:
            self.assertEqual(done.status, status, str(done))
        return done.out

    def pid(self, name):
        return self.succeed([DEMO, "inspect", "-f", "{{.State.Pid}}",
                             name]).out.strip()

    def links(self, name):
        """What the kernel says of a container's links, but lo."""
        pid = self.pid(name)
        done = self.succeed(["nsenter", "-t", pid, "-n", "ip", "-j",
                             "addr"])
        return {link["ifname"]: link for link in json.loads(done.out)
                if link["ifname"] != "lo"}

    def addresses(self, name):
        """Of each link: its address with the prefix."""
        return {link: "%s/%s" % (one["local"], one["prefixlen"])
                for link, found in self.links(name).items()
                for one in found["addr_info"] if one["family"] == "inet"}

    def routes(self, name):
        pid = self.pid(name)
        return self.succeed(["nsenter", "-t", pid, "-n", "ip", "route",
                             "show", "default"]).out

    def reaches(self, name, target):
        return self.run_command([DEMO, "exec", name, "ping", "-c1", "-W1",
                                 target]).status == 0

    def inspect(self, name):
        return json.loads(self.net("inspect", name).out)[0]


class Verbs(NetworksTest):
    def test_made_listed_and_removed(self):
        made = self.net("create", "--subnet", "10.177.0.0/24", "--gateway",
                        "10.177.0.254", "--ip-range", "10.177.0.128/25",
                        "--label", "a=b", "-o",
                        "com.docker.network.driver.mtu=1400", "blue").out
        self.assertRegex(made, "^[0-9a-f]{64}\n$")
        self.net("create", "--internal", "--ipv6", "--attachable", "vault")
        rows = self.net("ls").out.splitlines()
        self.assertEqual(rows[0], "NETWORK ID     NAME      DRIVER    SCOPE")
        self.assertEqual([row.split()[1:] for row in rows[1:]], [
            ["blue", "bridge", "local"], ["bridge", "bridge", "local"],
            ["host", "host", "local"], ["none", "null", "local"],
            ["vault", "bridge", "local"]])
        for filters, names in (
                (["type=custom"], "blue vault"), (["label=a"], "blue"),
                (["driver=null"], "none"), (["name=ault"], "vault"),
                (["name=^.*u.t?$"], "blue vault"), (["name=^b", "type="
                 "custom"], "blue"), (["id=%s$" % made[-9:-1]], "blue"),
                (["dangling=true"], "blue vault"), (["id=" + made[:9]],
                                                    "blue")):
            words = [word for one in filters for word in ("-f", one)]
            self.assertEqual(
                self.net("ls", *words, "--format", "{{.Name}}").out.split(),
                names.split(), filters)
        self.assertEqual(self.net("ls", "-q", "--no-trunc", "-f",
                                  "name=blue").out, made)
        shown = self.inspect("blue")
        self.assertEqual(shown["IPAM"]["Config"], [
            {"Subnet": "10.177.0.0/24", "IPRange": "10.177.0.128/25",
             "Gateway": "10.177.0.254"}])
        self.assertEqual(shown["Labels"], {"a": "b"})
        self.assertEqual(shown["Containers"], {})
        made_at = datetime.datetime.fromisoformat(
            shown["Created"].split(".")[0] + "+00:00").timestamp()
        self.assertLess(abs(time.time() - made_at), 600, shown["Created"])
        vault = self.inspect("vault")
        self.assertEqual((vault["Internal"], vault["EnableIPv6"],
                          vault["Attachable"]), (True, True, True))
        # A network is its record: nothing of the host has changed yet.
        self.assertNotIn("mydocker", self.succeed(["ip", "link"]).out)
        self.assertEqual(self.net("rm", made[:12]).out, made[:12] + "\n")
        self.assertEqual(self.net("prune", "-f").out,
                         "Deleted Networks:\nvault\n\n")
        self.assertEqual(self.net("prune", "-f").out, "")

    def test_addresses_of_other_hosts(self):
        self.make("--subnet", "10.177.0.0/29", "--aux-address",
                  "router=10.177.0.2", "--aux-address", "disk=10.177.0.4",
                  "blue")
        self.assertEqual(self.inspect("blue")["IPAM"]["Config"], [
            {"Subnet": "10.177.0.0/29", "Gateway": "10.177.0.1",
             "AuxiliaryAddresses": {"router": "10.177.0.2",
                                    "disk": "10.177.0.4"}}])
        for name in ("one", "two"):
            self.container(name, "--network", "blue")
        found = self.inspect("blue")["Containers"].values()
        self.assertEqual(sorted(one["IPv4Address"] for one in found),
                         ["10.177.0.3/29", "10.177.0.5/29"])
        done = self.run_in("--network", "blue", "--ip", "10.177.0.4", BUSYBOX,
                           "true")
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("address 10.177.0.4 is already in use", done.err)
        for aux, said in (("a=10.178.0.1", "10.178.0.1 is already in use"),
                          ("a=10.9.0.1", "10.9.0.1 is none of its subnet"),
                          ("10.178.0.9", "is not NAME=ADDRESS"),
                          ("a=fd00::9", "numbers of those of IPv4")):
            done = self.net("create", "--subnet", "10.178.0.0/24",
                            "--aux-address", aux, "x", status=1)
            self.assertIn(said, done.err)
        done = self.net("create", "--aux-address", "a=10.178.0.1", "x",
                        status=1)
        self.assertIn("no matching subnet for aux-address", done.err)

    def test_drawn(self):
        self.need("dot")
        self.make("red")
        self.container("web", "--network", "red", "-v", "data:/data")
        self.addCleanup(harness.run, [DEMO, "volume", "rm", "data"])
        for words, parts in (
                (["graph", "--dot"], ["web", "red", "busybox", "data",
                                      "172."]),
                (["network", "inspect", "--dot", "red"], ["web", "red"])):
            graph = self.succeed([DEMO, *words]).out
            drawn = self.succeed(["dot", "-Tplain"], data=graph)
            self.assertEqual(drawn.err, "")
            for part in parts:
                self.assertIn(part, drawn.out)
        self.succeed([DEMO, "rm", "-f", "web"])

    def test_refusals(self):
        self.make("--subnet", "10.177.0.0/24", "blue")
        self.make("red")
        for words, said in (
                (["create", "blue"], "network with name blue already exists"),
                (["create", "bridge"], "already exists"),
                (["create", "a/b"], "is no name for a network"),
                (["create", "-d", "overlay", "x"], 'plugin "overlay" not '
                 "found"),
                (["create", "-d", "host", "x"], 'only one instance of "host"'),
                (["create", "-d", "macvlan", "x"], "-o parent="),
                (["create", "-d", "macvlan", "-o", "parent=gone0", "x"],
                 "gone0"),
                (["create", "-d", "macvlan", "-o", "parent=gone0.5", "x"],
                 "(make it: ip link add link gone0 name gone0.5 type vlan id "
                 "5)"),
                (["create", "--subnet", "10.177.0.128/25", "x"],
                 "Pool overlaps with other one on this address space"),
                (["create", "--subnet", "10.177.1.1/24", "x"],
                 "did you mean 10.177.1.0/24"),
                (["create", "--subnet", "10.178.0.0/24", "--gateway",
                  "10.9.0.1", "x"], "no matching subnet for gateway"),
                (["create", "--ip-range", "10.9.0.0/25", "x"],
                 "no matching subnet for range"),
                (["create", "-o", "colour=red", "x"], "option colour"),
                (["create", "-o", "mtu=12", "x"], "no size"),
                (["create", "--ingress", "x"], "a swarm's"),
                (["create", "--config-only", "x"], "--config-only: there are"),
                (["create", "--config-from", "red", "x"], "give these again"),
                (["create", "--ipam-opt", "a=b", "x"], "has no options"),
                (["create", "--ipv4=false", "x"], "counted by those of IPv4"),
                (["create", "--subnet", "fd00:9::/64", "x"], "wants --ipv6"),
                (["rm", "bridge"], "pre-defined network and cannot be "
                 "removed"),
                (["rm", "gone"], "network gone not found"),
                (["inspect", "gone"], "No such network: gone"),
                (["connect", "gone", "gone"], "No such container: gone"),
                (["ls", "-f", "colour=red"], "invalid filter")):
            done = self.net(*words, status=1)
            self.assertIn(said, done.err, words)
        for words, said in (
                (["--network", "gone"], "network gone not found"),
                (["--network", "red", "--ip", "172.30.0.9"],
                 "user configured subnets"),
                (["--network", "blue", "--ip", "10.177.9.9"],
                 "is not in 10.177.0.0/24"),
                (["--network", "blue", "--ip", "10.177.0.1"],
                 "network's own"),
                (["--network", "blue", "--network", "bridge"],
                 "cannot attach both user-defined and non-user-defined")):
            done = self.run_in(*words, BUSYBOX, "true")
            self.assertEqual(done.status, 125, str(done))
            self.assertIn(said, done.err, words)
        self.assertEqual(list(self.records()), [])

    def test_in_use(self):
        self.make("red")
        self.container("web", "--network", "red")
        done = self.net("rm", "red", status=1)
        self.assertIn('network red has active endpoints (name:"web" id:"',
                      done.err)
        self.assertEqual(self.net("prune", "-f").out, "")
        for words, said in (
                (["connect", "red", "web"], "endpoint with name web already "
                 "exists in network red"),
                (["connect", "host", "web"], "host network"),
                (["disconnect", "bridge", "web"], "is not connected to "
                 "network bridge")):
            self.assertIn(said, self.net(*words, status=1).err)


class Places(NetworksTest):
    def test_addresses(self):
        self.need("nsenter", "ip")
        self.make("--subnet", "10.177.0.0/24", "--gateway", "10.177.0.254",
                  "--ip-range", "10.177.0.128/25", "-o", "mtu=1400", "blue")
        self.make("--ipv6", "--subnet", "10.178.0.0/24", "--subnet",
                  "fd00:178::/64", "six")
        self.container("own", "--network", "blue", "--ip", "10.177.0.1",
                       "--mac-address", "02:00:00:00:00:77")
        self.container("next", "--network", "blue")
        self.container("both", "--network", "six", "--ip6", "fd00:178::77")
        self.assertEqual(self.addresses("own"), {"eth0": "10.177.0.1/24"})
        self.assertEqual(self.addresses("next"), {"eth0": "10.177.0.128/24"})
        link = self.links("own")["eth0"]
        self.assertEqual((link["mtu"], link["address"]),
                         (1400, "02:00:00:00:00:77"))
        self.assertIn("via 10.177.0.254 ", self.routes("own"))
        six = [one["local"] for one in self.links("both")["eth0"]["addr_info"]
               if one["scope"] == "global"]
        self.assertEqual(sorted(six), ["10.178.0.119", "fd00:178::77"])
        shown = self.inspect("blue")["Containers"]
        self.assertEqual(
            {(one["Name"], one["IPv4Address"], one["MacAddress"])
             for one in shown.values()},
            {("own", "10.177.0.1/24", "02:00:00:00:00:77"),
             ("next", "10.177.0.128/24", "02:42:0a:b1:00:80")})
        done = self.run_in("--network", "blue", "--ip", "10.177.0.1", BUSYBOX,
                           "true")
        self.assertIn("address 10.177.0.1 is already in use", done.err)
        told = json.loads(self.succeed([DEMO, "inspect", "own"]).out)[0]
        told = told["NetworkSettings"]["Networks"]["blue"]
        self.assertEqual(
            (told["IPAddress"], told["Gateway"], told["IPAMConfig"]),
            ("10.177.0.1", "10.177.0.254", {"IPv4Address": "10.177.0.1"}))

    def test_who_reaches_whom(self):
        for name in ("red", "blue"):
            self.make(name)
        self.make("--internal", "vault")
        self.container("one", "--network", "red")
        self.container("two", "--network", "name=red,alias=second",
                       "--network", "vault")
        self.container("far", "--network", "blue")
        self.container("safe", "--network", "vault")
        far = self.addresses("far")["eth0"].split("/")[0]
        self.assertTrue(self.reaches("one", "two"))
        self.assertTrue(self.reaches("one", "second"))
        self.assertTrue(self.reaches("two", "safe"))
        self.assertTrue(self.reaches("safe", "two"))
        self.assertFalse(self.reaches("one", far))
        self.assertFalse(self.reaches("one", "far"))
        self.assertFalse(self.reaches("one", "safe"))
        # Not out of an internal network, not even by a route of its own.
        self.assertEqual(self.routes("safe"), "")
        gateway = self.inspect("vault")["IPAM"]["Config"][0]["Gateway"]
        self.succeed(["nsenter", "-t", self.pid("safe"),
                      "-n", "ip", "route", "add", "default", "via", gateway])
        self.assertFalse(self.reaches("safe", far))

    def link(self, name, *words):
        """One of the host's own, up; skips where the kernel has no such."""
        done = self.run_command(["ip", "link", "add", *words])
        if "Unknown device type" in done.err:
            self.skipTest("this kernel has none: " + " ".join(words))
        self.assertEqual(done.status, 0, str(done))
        self.addCleanup(subprocess.run, ["ip", "link", "del", name],
                        check=False, stderr=subprocess.DEVNULL)
        self.succeed(["ip", "link", "set", name, "up"])

    def cable(self):
        """Both ends of it."""
        self.need("nsenter", "ip")
        self.link("mydockertest0", "mydockertest0", "type", "veth", "peer",
                  "name", "mydockertest1")
        self.succeed(["ip", "link", "set", "mydockertest1", "up"])

    def vlan(self, parent, number):
        name = "%s.%d" % (parent, number)
        self.link(name, "link", parent, "name", name, "type", "vlan", "id",
                  str(number))
        return name

    def two_on(self, parent):
        """Two containers see each other by it, and one no more after."""
        self.make("-d", "macvlan", "--subnet", "10.179.0.0/24", "-o",
                  "parent=" + parent, "cable")
        self.container("one", "--network", "cable")
        self.container("two", "--network", "cable")
        self.assertEqual(self.addresses("one"), {"eth0": "10.179.0.2/24"})
        self.assertTrue(self.reaches("one", "two"))
        self.net("disconnect", "cable", "two")
        self.assertEqual(self.links("two"), {})

    def test_macvlan(self):
        self.cable()
        if harness.caller:
            done = self.net("create", "-d", "macvlan", "-o",
                            "parent=mydockertest0", "cable", status=1)
            self.assertIn("mydockertest0: No such device (the host's links "
                          "are root's: use sudo)", done.err)
            return
        self.two_on("mydockertest0")

    @unittest.skipIf(harness.caller, "the host's links are root's")
    def test_macvlan_on_a_dummy(self):
        """A cable that leads nowhere: containers see each other alone."""
        self.need("nsenter", "ip")
        self.link("mydockertest0", "mydockertest0", "type", "dummy")
        self.two_on("mydockertest0")

    @unittest.skipIf(harness.caller, "the host's links are root's")
    def test_macvlan_on_a_vlan(self):
        """What has the same number at the other end is seen, and it alone."""
        self.cable()
        for number in (5, 6):
            self.vlan("mydockertest0", number)
        far = self.vlan("mydockertest1", 5)
        self.two_on("mydockertest0.5")
        self.make("-d", "macvlan", "--subnet", "10.180.0.0/24", "-o",
                  "parent=mydockertest0.6", "other")
        self.container("three", "--network", "other")
        for address in ("10.179.0.254", "10.180.0.254"):
            self.succeed(["ip", "addr", "add", address + "/24", "dev", far])
        self.assertTrue(self.reaches("one", "10.179.0.254"))
        self.assertFalse(self.reaches("three", "10.180.0.254"))

    def test_published(self):
        self.make("red")
        listen = "nc -l -p 80 -e echo hello"
        self.container("web", "--network", "red", "-p", "127.0.0.1:8177:80",
                       command=("sh", "-c", "while true; do %s; done" %
                                listen))
        script = "exec 3<>/dev/tcp/127.0.0.1/8177 && cat <&3"
        for _ in range(50):
            done = harness.run(["bash", "-c", script])
            if done.out:
                break
            time.sleep(0.1)
        self.assertEqual(done.out, "hello\n", str(done))
        done = self.run_in("--network", "red", "-p", "127.0.0.1:8177:80",
                           BUSYBOX, "true")
        self.assertEqual(done.status, 125)
        self.assertIn("port is already allocated", done.err)
        # Any free one of a range; none is free in the end.
        for number in (8178, 8179):
            self.container("n%d" % number, "-p", "127.0.0.1:8177-8179:80")
            self.assertEqual(
                self.succeed([DEMO, "port", "n%d" % number, "80"]).out,
                "127.0.0.1:%d\n" % number)
        done = self.run_in("-p", "127.0.0.1:8177-8179:80", BUSYBOX, "true")
        self.assertIn("port is already allocated", done.err)

    @unittest.skipIf(harness.caller, "a user's are the holder's (test_rootless)")
    def test_published_by_every_way(self):
        """What chapter 5 promises of a published port."""
        self.need("nft", "unshare", "ip", "ss")
        done = self.succeed(["unshare", "-n", "-m", "-p", "--fork",
                             "--kill-child", "--mount-proc", sys.executable,
                             "-B", os.path.join(os.path.dirname(__file__),
                                                "published.py"), DEMO],
                            timeout=300)
        self.assertIn("162 ways, and 200 at once\n", done.out)

    def test_another_firewall_is_named(self):
        """On a host of its own, where a chain drops what is forwarded."""
        self.need("nft", "unshare", "ip")
        drops = ("table %s filter { chain FORWARD { type filter hook forward "
                 "priority 0; policy drop; %s }; }; ")
        told = 'iifname "mydocker*" accept; oifname "mydocker*" accept;'
        bridges = {name: "mydocker" + self.net("create", *options, name)
                   .out[:7] for name, *options in
                   (["red"], ["vault", "--internal"], ["six", "--ipv6"])}
        # An ordinary user's packets are forwarded by nobody: slirp4netns is
        # a program of the host's.
        line = harness.called(DEMO, "run", "--rm", "--network")
        for rules, network, family in (
                (drops % ("ip", ""), "red", "ip"),
                (drops % ("ip", told), "red", None),
                (drops % ("ip", ""), "vault", None),
                (drops % ("ip6", ""), "red", None),
                (drops % ("ip", told) + drops % ("ip6", ""), "six", "ip6")):
            done = self.succeed(
                ["unshare", "-n", "sh", "-ec", 'nft -f -; ip link set lo up; '
                 'exec "$@"', "-", *line, network, BUSYBOX, "true"],
                data=rules)
            says = bool(family) and not harness.caller
            self.assertEqual("another firewall" in done.err, says, str(done))
            if says:
                self.assertIn("nftables chain %s filter FORWARD" % family,
                              done.err)
                self.assertIn("%stables -I FORWARD -i %s -j" % (
                    family, bridges[network]), done.err)


class Live(NetworksTest):
    def test_connected_and_disconnected(self):
        self.need("nsenter", "ip")
        for name in ("red", "blue"):
            self.make(name)
        self.container("web", "--network", "red", "-p", "127.0.0.1:8178:80")
        self.container("db")
        hosts = self.inside("db", "cat", "/etc/hosts")
        self.net("connect", "--alias", "store", "red", "db")
        self.assertEqual(sorted(self.links("db")), ["eth0", "eth1"])
        self.assertTrue(self.reaches("web", "store"))
        self.assertTrue(self.reaches("db", "web"))
        self.assertIn("nameserver 127.0.0.11",
                      self.inside("db", "cat", "/etc/resolv.conf"))
        self.succeed([DEMO, "rename", "web", "shop"])
        self.assertTrue(self.reaches("db", "shop"))
        self.assertFalse(self.reaches("db", "web"))
        self.net("disconnect", "red", "db")
        self.assertEqual(sorted(self.links("db")), ["eth0"])
        self.assertFalse(self.reaches("shop", "store"))
        self.assertEqual(self.inside("db", "cat", "/etc/hosts"), hosts)
        # The way out follows to another network, and its ports with it.
        self.net("connect", "blue", "shop")
        self.net("disconnect", "red", "shop")
        gateway = self.inspect("blue")["IPAM"]["Config"][0]["Gateway"]
        self.assertIn("via " + gateway, self.routes("shop"))
        self.assertIn(":8178 ", self.succeed(["ss", "-Hltn"]).out)
        self.net("rm", "red")

    def test_which_leads_out(self):
        """The highest priority; of several the first, whoever comes later."""
        for number, name in enumerate(("red", "blue", "green")):
            self.make("--subnet", "10.177.%d.0/24" % number, name)
        self.make("--internal", "vault")
        self.container("web", "--network", "red", "--network",
                       "name=blue,gw-priority=1", "--network",
                       "name=vault,gw-priority=9")
        self.assertIn("via 10.177.1.1", self.routes("web"))
        self.net("connect", "green", "web")
        self.assertIn("via 10.177.1.1", self.routes("web"))
        self.net("disconnect", "green", "web")
        self.net("connect", "--gw-priority", "2", "green", "web")
        self.assertIn("via 10.177.2.1", self.routes("web"))
        self.assertEqual(self.routes("web").count("default"), 1)
        self.assertEqual(self.succeed(
            [DEMO, "inspect", "-f", "{{range $k, $v := .NetworkSettings."
             "Networks}}{{$k}}={{$v.GwPriority}} {{end}}", "web"]).out.split(),
            ["blue=1", "green=2", "red=0", "vault=9"])
        self.net("disconnect", "blue", "web")
        self.net("disconnect", "green", "web")
        self.assertIn("via 10.177.0.1", self.routes("web"))
        self.net("connect", "--gw-priority", "-1", "blue", "web")
        self.assertIn("via 10.177.0.1", self.routes("web"))
        self.assertIn("x is no priority", self.net(
            "connect", "--gw-priority", "x", "green", "web",
            status=125).err)

    def test_a_link_with_a_name(self):
        option = "com.docker.network.endpoint.ifname="
        for name in ("red", "blue"):
            self.make(name)
        self.container("web", "--network",
                       "name=red,driver-opt=%sup0" % option)
        self.assertEqual(sorted(self.links("web")), ["up0"])
        self.net("connect", "--driver-opt", option + "side0", "blue", "web")
        self.assertEqual(sorted(self.links("web")), ["side0", "up0"])
        self.net("disconnect", "red", "web")
        self.assertEqual(sorted(self.links("web")), ["side0"])
        for wrong, said in ((option + "a/b", "is no name for a link"),
                            (option + 16 * "x", "is no name for a link"),
                            ("colour=red", "driver option colour: an "
                             "endpoint has none of this name"),
                            ("colour", "invalid key value pair format")):
            done = self.net("connect", "--driver-opt", wrong, "red", "web",
                            status=125)
            self.assertIn(said, done.err)

    def web(self, *options):
        """One that says hello at its port 80, by either family."""
        self.container("web", *options, command=(
            "sh", "-c", "echo hello >/tmp/index.html; "
            "exec httpd -f -p 80 -h /tmp"))

    def says(self, url):
        done = self.run_command(
            ["python3", "-c", "import sys, urllib.request as r\n"
             "print(r.urlopen(sys.argv[1], timeout=2).read().decode())", url])
        return done.out.strip() or "nothing"

    def says_at_last(self, url):
        for _ in range(50):
            if self.says(url) == "hello":
                return
            time.sleep(0.1)
        self.fail("%s: %s" % (url, self.says(url)))

    def map(self, family="ip"):
        return self.succeed(["nft", "list", "table", family,
                             "mydocker"]).out

    def listening(self):
        return self.succeed(["ss", "-Hltn"]).out

    def test_published_ports_follow(self):
        self.need("nft", "ss")
        for name in ("red", "blue"):
            self.make(name)
        self.make("--internal", "vault")
        here, port = "http://127.0.0.1:8178/", "80/tcp -> 127.0.0.1:8178\n"
        self.web("--network", "red", "-p", "127.0.0.1:8178:80")
        self.says_at_last(here)
        for name in ("vault", "blue"):
            self.net("connect", name, "web")
        self.net("disconnect", "red", "web")
        self.assertEqual(self.says(here), "hello")
        self.assertEqual(self.succeed([DEMO, "port", "web"]).out, port)
        own = self.addresses("web")["eth2"].split("/")[0]
        if not harness.caller:  # whose rules are elsewhere
            self.assertIn("127.0.0.1 . tcp . 8178 : %s . 80" % own,
                          self.map())
        # By nothing of what is left.
        self.net("disconnect", "blue", "web")
        self.assertEqual(self.says(here), "nothing")
        self.assertNotIn(":8178 ", self.listening())
        self.assertEqual(self.succeed([DEMO, "port", "web"]).out, "")
        self.assertEqual(json.loads(self.succeed(
            [DEMO, "inspect", "-f", "{{json .NetworkSettings.Ports}}",
             "web"]).out).get("80/tcp") or [], [])
        # And again; unless somebody has taken it meanwhile.
        self.container("thief", "-p", "127.0.0.1:8178:80")
        done = self.net("connect", "red", "web", status=1)
        self.assertIn("port is already allocated", done.err)
        self.assertEqual(list(self.links("web")), ["eth1"])
        self.succeed([DEMO, "rm", "-f", "thief"])
        self.net("connect", "red", "web")
        self.assertEqual(self.says(here), "hello")
        self.assertEqual(self.succeed([DEMO, "port", "web"]).out, port)
        # Of what has been moved nothing stays, whoever was killed.
        self.net("connect", "blue", "web")
        self.net("disconnect", "red", "web")
        monitor, = (pid for pid, line in residue.descendants().items()
                    if "mydocker-monitor" in line)
        os.kill(monitor, signal.SIGKILL)
        while monitor in residue.descendants():
            residue.reap()
            time.sleep(0.01)
        self.succeed([DEMO, "ps", "-q"])
        self.assertNotIn(":8178 ", self.listening())
        self.assertNotIn("8178", self.succeed(["nft", "list", "ruleset"]).out)

    def test_published_ports_follow_by_both_families(self):
        self.need("nft", "ss")
        self.make("red")
        self.make("--ipv6", "six")
        if harness.caller:
            # A relay of ours, whatever the network has.
            self.web("--network", "six", "-p", "[::1]:8179:80")
            self.says_at_last("http://[::1]:8179/")
            self.assertEqual(self.succeed([DEMO, "port", "web"]).out,
                             "80/tcp -> [::1]:8179\n")
            return
        self.web("--network", "red", "-p", "8179:80")
        self.says_at_last("http://127.0.0.1:8179/")
        self.assertNotIn("[::]:8179", self.listening())
        self.net("connect", "six", "web")
        for _ in range(2):
            self.net("disconnect", "red", "web")
            self.assertEqual(self.says("http://127.0.0.1:8179/"), "hello")
            self.assertIn("[::]:8179", self.listening())
            self.assertIn("tcp . 8179 : fd", self.map("ip6"))
            self.assertIn("[::]:8179",
                          self.succeed([DEMO, "port", "web"]).out)
            self.net("connect", "red", "web")
            self.net("disconnect", "six", "web")
            self.assertEqual(self.says("http://127.0.0.1:8179/"), "hello")
            self.assertNotIn("[::]:8179", self.listening())
            self.assertEqual(self.succeed([DEMO, "port", "web"]).out,
                             "80/tcp -> 0.0.0.0:8179\n")
            self.net("connect", "six", "web")
        # As if it had been started so.
        self.succeed([DEMO, "restart", "-t", "0", "web"])
        self.says_at_last("http://127.0.0.1:8179/")

    def relays(self):
        """Of the container's monitor."""
        children = read("/proc/%d/task/%d/children" % (2 * (
            monitor_of(int(self.pid("web"))),)))
        return [int(pid) for pid in children.split()
                if read("/proc/%s/comm" % pid) == "relay\n"]

    def wait_until(self, condition):
        deadline = time.monotonic() + 10 * harness.SLOWER
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it never was so")
            time.sleep(0.02)

    @unittest.skipIf(harness.caller, "the host's ::1 is the holder's to serve")
    def test_published_ports_by_the_loopback_of_ipv6(self):
        """No rule leads there: a relay, for as long as the port is there."""
        self.need("ss")
        self.make("red")
        self.make("--ipv6", "six")
        here = "http://[::1]:8181/"
        self.web("--network", "six", "-p", "8181:80", "-p", "[::1]:8182:80",
                 "-p", "8181:53/udp")
        self.says_at_last(here)
        self.says_at_last("http://[::1]:8182/")
        self.assertEqual(self.says("http://127.0.0.1:8181/"), "hello")
        self.assertEqual(self.answer_by_udp("::1", 8181), b"hello")
        relay, = self.relays()
        os.kill(relay, signal.SIGKILL)
        self.says_at_last(here)
        self.assertNotIn(relay, self.relays())
        # A network without IPv6, and back.
        self.net("connect", "red", "web")
        self.says_at_last(here)
        self.net("disconnect", "six", "web")
        self.assertEqual(self.says(here), "nothing")
        self.assertNotIn("[::]:8181 ", self.listening())
        self.assertEqual(self.says("http://127.0.0.1:8181/"), "hello")
        self.wait_until(lambda: not self.relays())
        # From one by which nothing leads in.
        self.make("--internal", "vault")
        self.net("connect", "vault", "web")
        self.net("disconnect", "red", "web")
        self.assertEqual(self.says("http://127.0.0.1:8181/"), "nothing")
        self.net("connect", "six", "web")
        self.says_at_last(here)
        self.succeed([DEMO, "restart", "-t", "0", "web"])
        self.says_at_last(here)
        relay, = self.relays()
        self.succeed([DEMO, "stop", "-t", "0", "web"])
        self.assertFalse(os.path.exists("/proc/%d" % relay))
        self.assertNotIn(":8181 ", self.listening())
        # With a monitor that is killed it goes, too.
        self.succeed([DEMO, "start", "web"])
        self.says_at_last(here)
        relay, = self.relays()
        os.kill(monitor_of(int(self.pid("web"))), signal.SIGKILL)
        self.wait_until(lambda: not os.path.exists("/proc/%d/exe" % relay))
        self.succeed([DEMO, "ps"])
        self.assertNotIn(":8181 ", self.listening())

    @unittest.skipIf(harness.caller, "the host's ::1 is the holder's to serve")
    def test_many_published_ports(self):
        """More than one message holds: by ::1, and from network to network."""
        self.need("ss")
        self.make("red")
        self.make("--ipv6", "six")
        self.web("--network", "six", "-p", "8200-8399:80-279")
        self.says_at_last("http://[::1]:8200/")
        self.net("connect", "red", "web")
        self.net("disconnect", "six", "web")
        self.assertEqual(self.says("http://127.0.0.1:8200/"), "hello")
        self.assertNotIn("[::]:8200 ", self.listening())
        self.assertIn("0.0.0.0:8399 ", self.listening())

    def answer_by_udp(self, host, port):
        """What comes back from port 53 of the container, where somebody says
        hello."""
        with harness.start(
                ["nsenter", "-t", self.pid("web"), "-n", sys.executable,
                 "-c", "import socket\n"
                 "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
                 "s.bind(('::', 53))\n"
                 "s.sendto(b'hello', s.recvfrom(99)[1])"]), \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.1)
            for _ in range(100):
                sock.sendto(b"?", (host, port))
                try:
                    return sock.recv(99)
                except (socket.timeout, ConnectionError):
                    pass
        return None

    def test_of_one_that_does_not_run(self):
        self.make("red")
        self.succeed([DEMO, "create", "--name", "later", BUSYBOX, *STAYS])
        self.net("connect", "red", "later")
        self.net("disconnect", "bridge", "later")
        self.succeed([DEMO, "start", "later"])
        shown = self.inspect("red")["Containers"]
        self.assertEqual([one["Name"] for one in shown.values()], ["later"])
        self.assertEqual(len(self.links("later")), 1)
        self.succeed([DEMO, "stop", "-t", "0", "later"])
        self.assertEqual(self.inspect("red")["Containers"], {})
        self.net("rm", "red")
        done = self.run_command([DEMO, "start", "later"])
        self.assertNotEqual(done.status, 0)
        self.assertIn("network red not found", done.err)


class Many(NetworksTest):
    """Two networks of many: who was killed is cleaned up after."""

    def monitors(self):
        return [pid for pid, line in residue.descendants().items()
                if "mydocker-monitor" in line]

    def start(self, network, number):
        self.container("%s-%d" % (network, number), "--network", network)

    def test_names_walls_and_the_killed(self):
        self.need("nsenter", "ip", "nft")
        for name in ("left", "right"):
            self.make(name)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda job: self.start(*job),
                          [(name, number) for number in range(SIZE)
                           for name in ("left", "right")]))
        own = {one["Name"]: one["IPv4Address"].split("/")[0]
               for one in self.inspect("left")["Containers"].values()}
        far = self.inspect("right")["Containers"].values()
        self.assertEqual((len(own), len(far)), (SIZE, SIZE))
        self.assertEqual(len(set(own.values())), SIZE)
        names = " ".join(own)
        script = ("for n in %s; do nslookup $n 2>/dev/null | grep -q "
                  "'^Name' || echo no $n; done" % names)
        self.assertEqual(self.inside("left-0", "sh", "-c", script), "")
        self.assertTrue(self.reaches("left-0", "left-%d" % (SIZE - 1)))
        self.assertFalse(self.reaches("left-0", "right-0"))
        for one in list(far)[:2]:
            self.assertFalse(self.reaches(
                "left-0", one["IPv4Address"].split("/")[0]))
        self.net("connect", "right", "left-0")
        self.assertTrue(self.reaches("left-0", "right-0"))
        self.net("disconnect", "right", "left-0")
        self.assertFalse(self.reaches("left-0", "right-0"))
        self.kill_and_go_on()

    def kill_and_go_on(self):
        # The name server: whoever sees it first starts it again.
        servers = [pid for pid, line in residue.descendants().items()
                   if "mydocker-dns" in line]
        self.assertEqual(len(servers), 1, servers)
        os.kill(servers[0], signal.SIGKILL)
        self.bury(servers)
        self.assertTrue(self.reaches("left-0", "left-1"))
        # Half of the monitors: what is left of theirs goes.
        killed = self.monitors()[::2]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        self.bury(killed)
        lives = self.succeed([DEMO, "ps", "-q"]).out.split()
        self.assertEqual(len(lives), 2 * SIZE - len(killed))
        there = [name for network in ("left", "right")
                 for name in self.inspect(network)["Containers"]]
        self.assertEqual(len(there), len(lives))
        ports = self.succeed([*self.where_bridges_are(), "ip", "-o", "link",
                              "show", "type", "veth"]).out
        self.assertEqual(ports.count(": myd"), len(lives))
        self.succeed([DEMO, "rm", "-f",
                      *self.succeed([DEMO, "ps", "-aq"]).out.split()])
        self.assertEqual(self.net("rm", "left", "right").out, "left\nright\n")
        self.assertNotIn("myd", self.succeed(["ip", "link"]).out)
        self.assertNotIn("mydocker",
                         self.succeed(["nft", "list", "tables"]).out)
        self.assertEqual([name for name in os.listdir(
            os.path.join(self.store, "networks")) if name != "dns.sock"], [])

    def where_bridges_are(self):
        """An ordinary user's are where the monitors are."""
        return (["nsenter", "-n", "-t", str(self.monitors()[0])]
                if harness.caller else [])

    def bury(self, pids):
        deadline = time.monotonic() + 20
        while set(pids) & set(residue.descendants()):
            self.assertLess(time.monotonic(), deadline)
            residue.reap()
            time.sleep(0.01)

    def test_a_client_killed_at_any_time(self):
        self.make("red")
        self.container("web")
        for number in range(12):
            verb = ("connect", "disconnect")[number % 2]
            client = harness.start([DEMO, "network", verb, "red", "web"])
            time.sleep(0.004 * (number + 1))
            harness.signal_group(client, signal.SIGKILL)
            harness.finish(client, 10)
        # However it stands now, it can be said what is wanted.
        harness.run([DEMO, "network", "disconnect", "red", "web"])
        harness.run([DEMO, "network", "connect", "red", "web"])
        self.assertEqual(self.inspect("red")["Containers"].popitem()[1]
                         ["Name"], "web")
        self.assertEqual(len(self.links("web")), 2, self.links("web"))
        self.net("disconnect", "red", "web")
        self.assertEqual(len(self.links("web")), 1)
