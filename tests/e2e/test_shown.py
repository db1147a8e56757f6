"""What is shown of containers and images, and how: ps, images, inspect, port,
top, stats, diff, events, info, version, system df and prune, the groups of
verbs, help, completion, manual pages.

What can be asked of the kernel is asked of it; Go's templates are compared with
podman's, which are Go's own.
"""

import glob
import json
import os
import re
import shutil
import signal
import socket
import threading
import time
import unittest

import harness
import test_run
from test_run import (BUSYBOX, DEMO, cgroup_files, free_port, monitor_of,
                      read)

CH06 = os.path.join(harness.ROOT, "ch06-final")


def setUpModule():
    test_run.setUpModule()


class ShownTest(test_run.ContainerTest):
    """As ContainerTest; `made` is a container that has ended."""

    def made(self, *words, status=0, options=()):
        name = harness.random_name("test")
        done = self.run_command([DEMO, "run", "--name", name, *options, BUSYBOX,
                                 *words])
        self.assertEqual(done.status, status, str(done))
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        return name, self.records()[name]

    def driver(self):
        """As Docker calls it."""
        return {"overlay": "overlay2", "fuse.aufs": "aufs"}[self.root_kind()]

    def out(self, *words, **more):
        done = self.succeed([DEMO, *words], **more)
        self.assertEqual(done.err, "", str(done))
        return done.out

    def lines(self, *words):
        return self.out(*words).splitlines()

    def refused(self, words, said, status=1):
        done = self.run_command([DEMO, *words])
        self.assertEqual(done.status, status, str(done))
        self.assertIn(said, done.err, str(done))
        return done

    def settle(self, record, **members):
        """More settings, as if it had been asked for that."""
        path = os.path.join(self.store, "containers", record["id"],
                            "settings.json")
        known = {"version": 1}
        if os.path.exists(path):
            known = json.loads(read(path))
        known.update(members)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(known, file)

    def eventually(self, what, timeout=20):
        deadline = time.monotonic() + timeout * harness.SLOWER
        while not what():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def inspect(self, name, *words):
        return json.loads(self.out("inspect", *words, name))[0]


class Ps(ShownTest):
    def test_columns(self):
        port = free_port()
        process, record = self.background("-p", "%d:80" % port, BUSYBOX,
                                          "sleep", "600")
        name, ended = self.made("sh", "-c", "exit 3 # and so on", status=3)
        lines = self.lines("ps", "-a")
        heads = re.findall(r"\S+(?: \S+)*", lines[0])
        self.assertEqual(heads, ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED",
                                 "STATUS", "PORTS", "NAMES"])
        # Every cell begins where its heading does.
        rows = {}
        starts = [lines[0].index(head) for head in heads] + [None]
        for line in lines[1:]:
            cells = [line[a:b] for a, b in zip(starts, starts[1:])]
            for cell in cells[:-1]:
                self.assertTrue(cell.endswith("   "), line)
            rows[cells[-1]] = [cell.rstrip() for cell in cells]
        self.assertEqual(len(rows), 2)
        first = rows[record["name"]]
        self.assertEqual(first[:3], [record["id"][:12], BUSYBOX,
                                     '"sleep 600"'])
        self.assertRegex(first[3], r"^(Less than a|1|\d+) seconds? ago$")
        self.assertRegex(first[4], r"^Up (Less than a|1|\d+) seconds?$")
        self.assertEqual(first[5], "0.0.0.0:%d->80/tcp" % port)
        second = rows[name]
        self.assertEqual(second[2], "\"sh -c 'exit 3 # and…\"")
        self.assertRegex(second[4], r"^Exited \(3\) .* ago$")
        self.assertEqual(second[5], "")

    def test_a_label_as_a_column(self):
        name = self.succeed([
            DEMO, "create", "-l", "com.example.my-part_a=x", BUSYBOX,
            "true"]).out.strip()
        self.addCleanup(harness.run, [DEMO, "rm", name])
        self.assertEqual(self.out(
            "ps", "-a", "--format", 'table {{.ID}}\t{{.Label '
            '"com.example.my-part_a"}}'), "CONTAINER ID   my part a\n"
            "%.12s   x\n" % name)

    def test_which_are_listed(self):
        process, running = self.background(BUSYBOX, "sleep", "600")
        older, _ = self.made("true")
        time.sleep(1.1)         # a record's time is in seconds
        newer, record = self.made("false", status=1)
        names = lambda *words: self.lines(                      # noqa: E731
            "ps", "--format", "{{.Names}}", *words)
        self.assertEqual(names(), [running["name"]])
        self.assertEqual(sorted(names("-a")),
                         sorted([running["name"], older, newer]))
        self.assertEqual(names("-l"), [newer])
        self.assertEqual(names("-n", "1"), [newer])
        self.assertEqual(len(names("-n", "2")), 2)
        self.assertEqual(self.lines("ps", "-q", "-l"), [record["id"][:12]])
        self.assertEqual(self.lines("ps", "-ql", "--no-trunc"),
                         [record["id"]])
        for filters, expected in (
                (["status=exited"], [newer, older]),
                (["status=running"], [running["name"]]),
                (["status=running", "status=exited"],
                 [newer, older, running["name"]]),
                (["exited=1"], [newer]), (["exited=0", "exited=1"],
                                          [newer, older]),
                (["name=^/%s$" % running["name"]], [running["name"]]),
                (["name=^%s$" % running["name"]], [running["name"]]),
                (["name=^/x" + running["name"]], []),
                (["name=" + newer], []),        # it does not run
                (["name=" + newer, "status=exited"], [newer]),
                (["name=^" + older + "$", "status=exited"], [older]),
                (["id=" + record["id"][:5], "exited=1"], [newer]),
                (["id=" + record["id"][:5], "exited=0"], []),
                (["ancestor=busybox:latest", "exited=1"], [newer]),
                (["ancestor=nothing", "exited=1"], []),
                (["since=" + older, "status=exited"], [newer]),
                (["before=" + newer, "exited=0"], [older])):
            words = [w for f in filters for w in ("--filter", f)]
            with self.subTest(filters=filters):
                self.assertEqual(sorted(names(*words)), sorted(expected))

    def test_labels_and_networks(self):
        name, record = self.made("true")
        self.settle(record, labels=["a=1", "b=two words"],
                    networks=[{"name": "own"}])
        rows = lambda *words: self.lines(                       # noqa: E731
            "ps", "-a", "--format", "{{.Names}}", *words)
        for value, found in (("label=a", 1), ("label=a=1", 1),
                             ("label=a=2", 0), ("label=c", 0),
                             ("label!=c", 1), ("network=own", 1),
                             ("network=bridge", 0)):
            with self.subTest(value=value):
                self.assertEqual(len(rows("-f", value)), found)
        self.assertEqual(self.out(
            "ps", "-a", "--format", '{{.Labels}}|{{.Label "b"}}|'
            '{{.Label "c"}}|{{.Networks}}'), "a=1,b=two words|two words||own\n")

    def test_formats(self):
        name, record = self.made("true")
        row = json.loads(self.out("ps", "-a", "--format", "json"))
        self.assertEqual(list(row), sorted(row))
        self.assertEqual(
            set(row), {"Command", "CreatedAt", "ID", "Image", "Labels",
                       "LocalVolumes", "Mounts", "Names", "Networks", "Ports",
                       "RunningFor", "Size", "State", "Status"})
        self.assertEqual((row["Names"], row["State"], row["ID"]),
                         (name, "exited", record["id"][:12]))
        self.assertEqual(
            self.out("ps", "-a", "--format",
                     r"table {{.State}}\t{{upper .State}}\t{{.ID}}"),
            "STATE     STATE     CONTAINER ID\nexited    EXITED    %s\n" %
            record["id"][:12])
        self.assertRegex(self.out("ps", "-a", "--format", "{{.CreatedAt}}"),
                         r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \S+\n$")
        done = self.succeed([DEMO, "ps", "-aq", "--format", "{{.Names}}"])
        self.assertEqual(done.out, record["id"][:12] + "\n")
        self.assertIn("WARNING: Ignoring custom format", done.err)
        done = self.refused(["ps", "-a", "--format", "{{.Nope}}"],
                            "template parsing error: template: :1:2: "
                            'executing "" at <.Nope>: can\'t evaluate field '
                            "Nope in type *formatter.ContainerContext")
        self.assertEqual(done.out, "")
        self.refused(["ps", "--format", "{{"], "unclosed action")

    def test_what_is_refused(self):
        self.refused(["ps", "--filter", "foo=bar"], "invalid filter 'foo'")
        self.refused(["ps", "--filter", "foo"], "invalid filter 'foo'",
                     status=125)
        self.refused(["ps", "-f", "status=sleeping"],
                     "invalid filter 'status=sleeping'")
        self.refused(["ps", "-f", "since=nobody"],
                     "No such container: nobody")

    def test_size(self):
        name, _ = self.made("dd", "if=/dev/zero", "of=/x", "bs=1000",
                            "count=1500")
        line = self.lines("ps", "-as")[1]
        self.assertRegex(line, r"   1\.5MB \(virtual \d\.\d\dMB\)$")

    def test_a_dead_one_is_never_shown_as_running(self):
        """Its runtime cannot put down that it has ended."""
        process, record = self.background(BUSYBOX, "sleep", "600")
        holder = monitor_of(record["pid"])
        os.kill(holder, signal.SIGSTOP)
        try:
            os.kill(record["pid"], signal.SIGKILL)
            stat = "/proc/%d/stat" % record["pid"]
            self.eventually(lambda: ") Z " in read(stat))
            self.assertEqual(self.out("ps", "-q"), "")
            self.assertEqual(self.out("ps", "-a", "--format",
                                      "{{.State}} {{.Status}}"),
                             "dead Dead\n")
            self.assertEqual(self.out(
                "inspect", "-f", "{{.State.Running}} {{.State.Dead}} "
                "{{.State.Pid}}", record["name"]), "false true 0\n")
        finally:
            os.kill(holder, signal.SIGCONT)
        harness.finish(process, 10)

    def test_paused(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        files = [os.path.join(place, name)
                 for place, names in cgroup_files(record["id"])
                 for name in names if name in ("freezer.state",
                                               "cgroup.freeze")]
        if not files:           # then it cannot be paused at all
            self.succeed([DEMO, "pause", record["name"]])
        path = sorted(files, key=lambda p: "freezer.state" not in p)[0]
        words = ("FROZEN", "THAWED") if "state" in path else ("1", "0")
        with open(path, "w", encoding="ascii") as file:
            file.write(words[0])
        try:
            self.assertRegex(self.out("ps", "--format",
                                      "{{.State}}: {{.Status}}"),
                             r"^paused: Up .* seconds? \(Paused\)\n$")
            self.assertEqual(self.lines("ps", "-q", "-f", "status=paused"),
                             [record["id"][:12]])
            self.assertEqual(self.lines("ps", "-q", "-f", "status=running"), [])
            self.assertEqual(self.out(
                "inspect", "-f", "{{.State.Status}} {{.State.Running}} "
                "{{.State.Paused}}", record["name"]), "paused true true\n")
            self.assertIn("Paused: 1\n", self.out("info"))
        finally:
            with open(path, "w", encoding="ascii") as file:
                file.write(words[1])


class Inspect(ShownTest):
    def test_a_container(self):
        port = free_port()
        process, record = self.background(
            "-p", "%d:80" % port, BUSYBOX, "sleep", "600")
        shown = self.inspect(record["name"])
        self.assertEqual(list(shown)[:6], ["Id", "Created", "Path", "Args",
                                           "State", "Image"])
        self.assertEqual(shown["Id"], record["id"])
        self.assertEqual(shown["Name"], "/" + record["name"])
        self.assertEqual(shown["Path"], "sleep")
        state = shown["State"]
        self.assertEqual((state["Status"], state["Running"], state["Pid"]),
                         ("running", True, record["pid"]))
        self.assertRegex(state["StartedAt"], r"^\d{4}-.*T.*Z$")
        self.assertEqual(state["FinishedAt"], "0001-01-01T00:00:00Z")
        self.assertEqual(shown["Driver"], self.driver())
        data = shown["GraphDriver"]["Data"]
        self.assertTrue(os.path.isdir(data["UpperDir"]))
        self.assertTrue(all(map(os.path.isdir, data["LowerDir"].split(":"))))
        self.assertEqual(shown["NetworkSettings"]["Ports"], {
            "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(port)}]})
        self.assertTrue(os.path.exists(shown["HostsPath"]))
        self.assertEqual(shown["HostConfig"]["NetworkMode"], "bridge")

    def test_addresses_are_the_kernels(self):
        self.need("nsenter", "ip")
        process, record = self.background(BUSYBOX, "sleep", "600")
        inside = ["nsenter", "-t", str(record["pid"]), "-n", "ip", "-j"]
        link = json.loads(harness.run([*inside, "addr", "show", "eth0"]).out)[0]
        address = next(a for a in link["addr_info"] if a["family"] == "inet")
        route = json.loads(harness.run([*inside, "route", "show",
                                        "default"]).out)[0]
        network = self.inspect(record["name"])["NetworkSettings"]
        self.assertEqual(
            (network["IPAddress"], network["IPPrefixLen"],
             network["MacAddress"], network["Gateway"]),
            (address["local"], address["prefixlen"], link["address"],
             route["gateway"]))
        bridge = network["Networks"]["bridge"]
        self.assertEqual((bridge["IPAddress"], bridge["Gateway"]),
                         (address["local"], route["gateway"]))
        self.assertEqual(self.out(
            "inspect", "-f", "{{range .NetworkSettings.Networks}}"
            "{{.IPAddress}}{{end}}", record["name"]), address["local"] + "\n")

    def test_one_that_ended(self):
        name, record = self.made("sh", "-c", "exit 5", status=5)
        shown = self.inspect(name, "-s")
        self.assertEqual(
            (shown["State"]["Status"], shown["State"]["ExitCode"],
             shown["State"]["Pid"]), ("exited", 5, 0))
        self.assertEqual(shown["NetworkSettings"]["IPAddress"], "")
        self.assertEqual(shown["NetworkSettings"]["Ports"], {})
        self.assertGreater(shown["SizeRootFs"], 1000000)
        self.assertEqual(shown["SizeRw"], 0)
        self.assertNotIn("SizeRw", self.inspect(name))

    def test_what_was_asked_for(self):
        name, record = self.made("true")
        self.settle(
            record, labels=["com.x=y"], hostname="host", cwd="/tmp",
            env=["A=b"], cmd=["sleep", "5"], entrypoint=["/init"],
            argv=["/init", "sleep", "5"], restart="on-failure", restartMax=3,
            capAdd=["NET_ADMIN"], limits={"memory": 64 << 20, "pids": 20},
            nanoCpus=500000000, readOnly=True, init=True,
            noNewPrivileges=True, shmSize=1 << 20,
            ulimits=[{"name": "nofile", "soft": 10, "hard": 20}],
            volumes=[{"type": "bind", "source": "/srv", "target": "/data",
                      "flags": 1, "mode": "ro"},
                     {"type": "volume", "source": "vol", "target": "/v"},
                     {"type": "tmpfs", "target": "/run", "mode": "size=1m"}],
            devices=[{"host": "/dev/null", "target": "/dev/n",
                      "access": "rwm"}],
            health={"test": ["CMD", "true"], "intervalNs": 5000000000})
        shown = self.inspect(name)
        self.assertEqual((shown["Path"], shown["Args"]),
                         ("/init", ["sleep", "5"]))
        config = shown["Config"]
        self.assertEqual(
            (config["Hostname"], config["Env"], config["Cmd"],
             config["Entrypoint"], config["WorkingDir"], config["Labels"]),
            ("host", ["A=b"], ["sleep", "5"], ["/init"], "/tmp",
             {"com.x": "y"}))
        self.assertEqual(config["Healthcheck"],
                         {"Test": ["CMD", "true"], "Interval": 5000000000})
        host = shown["HostConfig"]
        self.assertEqual(host["RestartPolicy"], {
            "Name": "on-failure", "MaximumRetryCount": 3})
        self.assertEqual(
            (host["Memory"], host["MemorySwap"], host["NanoCpus"],
             host["PidsLimit"], host["ShmSize"], host["ReadonlyRootfs"]),
            (64 << 20, 128 << 20, 500000000, 20, 1 << 20, True))
        self.assertEqual((host["CapAdd"], host["CapDrop"], host["Init"],
                          host["SecurityOpt"], host["Binds"]),
                         (["NET_ADMIN"], None, True, ["no-new-privileges"],
                          ["/srv:/data:ro", "vol:/v"]))
        self.assertEqual(host["Ulimits"],
                         [{"Name": "nofile", "Hard": 20, "Soft": 10}])
        self.assertEqual(host["Tmpfs"], {"/run": "size=1m"})
        self.assertEqual(host["Devices"], [{
            "PathOnHost": "/dev/null", "PathInContainer": "/dev/n",
            "CgroupPermissions": "rwm"}])
        self.assertIn("/proc/kcore", host["MaskedPaths"])
        self.assertIn("/proc/sys", host["ReadonlyPaths"])
        bind, volume = shown["Mounts"]
        self.assertEqual(bind, {
            "Type": "bind", "Source": "/srv", "Destination": "/data",
            "Mode": "ro", "RW": False, "Propagation": "rprivate"})
        self.assertEqual(volume["Name"], "vol")
        self.assertTrue(volume["Source"].endswith("/volumes/vol/_data"))
        self.assertEqual(self.out(
            "inspect", "-f", '{{index .Config.Labels "com.x"}} '
            "{{.HostConfig.CapDrop}} {{.HostConfig.PidsLimit}} "
            "{{.Config.Cmd}} {{json .Config.Cmd}}", name),
            'y [] 20 [sleep 5] ["sleep","5"]\n')

    def test_health_before_the_first_check(self):
        """Scripts ask for it at once, and wait until it is healthy."""
        name = harness.random_name("test")
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        self.out("run", "-d", "--name", name, "--network", "none",
                 "--health-cmd", "true", "--health-interval",
                 "%gs" % harness.SLOWER, BUSYBOX, "sleep", "600")
        look = ["inspect", "-f", "{{json .State.Health}}", name]
        self.assertEqual(json.loads(self.out(*look)), {
            "Status": "starting", "FailingStreak": 0, "Log": []})
        end = time.time() + 30 * harness.SLOWER
        while json.loads(self.out(*look))["Status"] != "healthy":
            self.assertLess(time.time(), end)
            time.sleep(0.1)
        # The next life begins anew; the log goes on, as Docker's does.
        self.out("restart", "-t", "0", name)
        again = json.loads(self.out(*look))
        self.assertEqual((again["Status"], again["FailingStreak"]),
                         ("starting", 0))

    def test_health(self):
        name, record = self.made("true")
        self.assertEqual(self.out(
            "inspect", "-f", "{{if .State.Health}}{{.State.Health.Status}}"
            "{{else}}none{{end}}", name), "none\n")
        self.refused(["inspect", "-f", "{{.State.Health.Status}}", name],
                     "<.State.Health.Status>: nil pointer evaluating")
        path = os.path.join(self.store, "containers", record["id"],
                            "health.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"Status":"healthy","FailingStreak":0,"Log":[]}')
        self.assertEqual(self.out("inspect", "-f",
                                  "{{.State.Health.Status}}", name),
                         "healthy\n")

    def test_an_image(self):
        shown = self.inspect(BUSYBOX)
        self.assertEqual(shown["RepoTags"], ["busybox:latest"])
        self.assertEqual(shown["RootFS"]["Type"], "layers")
        self.assertEqual(shown["Os"], "linux")
        self.assertEqual(self.lines("images", "-q", "--no-trunc"),
                         [shown["Id"]])
        config = json.loads(read(os.path.join(
            self.store, "aufs" if self.driver() == "aufs" else "",
            "blobs/sha256", shown["Id"][7:])))
        self.assertEqual(shown["RootFS"]["Layers"],
                         config["rootfs"]["diff_ids"])
        self.assertEqual(shown["Config"]["Cmd"], config["config"].get("Cmd"))
        self.assertTrue(os.path.isdir(shown["GraphDriver"]["Data"]["UpperDir"]))

    def test_several_and_missing(self):
        name, record = self.made("true")
        done = self.run_command([DEMO, "inspect", name, "nobody", BUSYBOX])
        self.assertEqual(done.status, 1)
        self.assertEqual([len(json.loads(done.out)), done.err],
                         [2, "Error: No such object: nobody\n"])
        done = self.run_command([DEMO, "inspect", "nobody"])
        self.assertEqual((done.out, done.status), ("[]\n", 1))
        done = self.run_command([DEMO, "inspect", "-f", "{{.Id}}", "nobody"])
        self.assertEqual((done.out, done.status), ("\n", 1))
        self.assertEqual(self.out("inspect", "-f", "{{.Id}}", name,
                                  record["id"][:6]),
                         (record["id"] + "\n") * 2)
        self.refused(["inspect", "--type", "image", name],
                     "Error: No such image: " + name)
        self.refused(["inspect", "--type", "container", BUSYBOX],
                     "Error: No such container: busybox")
        self.refused(["inspect", "--type", "thing", name],
                     '"thing" is not a valid value for --type')
        self.refused(["inspect", "-f", "{{.Nope}}", name],
                     'template parsing error: template: :1:2: executing "" at '
                     '<.Nope>: map has no entry for key "Nope"')

    def test_a_volume(self):
        self.refused(["inspect", "--type", "volume", "data"],
                     "No such volume: data")
        self.out("volume", "create", "--label", "a=1", "data")
        try:
            shown = self.inspect("data")
            self.assertEqual((shown["Name"], shown["Labels"], shown["Scope"]),
                             ("data", {"a": "1"}, "local"))
            self.assertTrue(os.path.isdir(shown["Mountpoint"]))
        finally:
            self.out("volume", "rm", "data")


class Others(ShownTest):
    def test_port(self):
        port, other = free_port(), free_port()
        process, record = self.background(
            "-p", "%d:80" % port, "-p", "127.0.0.1:%d:53/udp" % other,
            BUSYBOX, "sleep", "600")
        name = record["name"]
        self.assertEqual(self.lines("port", name), [
            "53/udp -> 127.0.0.1:%d" % other, "80/tcp -> 0.0.0.0:%d" % port])
        self.assertEqual(self.out("port", name, "80"), "0.0.0.0:%d\n" % port)
        self.assertEqual(self.out("port", name, "53/udp"),
                         "127.0.0.1:%d\n" % other)
        self.refused(["port", name, "53"],
                     "no public port '53/tcp' published for " + name)
        self.refused(["port", name, "x"], "invalid port 'x'")
        self.refused(["port", "nobody"], "No such container: nobody")

    def test_top(self):
        process, record = self.background(
            BUSYBOX, "sh", "-c", "sleep 601 & sleep 602 & wait")
        self.eventually(lambda: re.search(
            "sleep 601\n.*sleep 602\n", self.out("top", record["name"])))
        lines = self.lines("top", record["name"])
        self.assertEqual(lines[0].split(), ["UID", "PID", "PPID", "C", "STIME",
                                            "TTY", "TIME", "CMD"])
        self.assertEqual(lines[0].index("PID"), 20)
        pids = {int(line.split()[1]) for line in lines[1:]}
        self.assertIn(record["pid"], pids)
        self.assertEqual(len(pids), 3)
        for pid in pids:
            self.assertEqual(*(os.readlink("/proc/%d/ns/pid" % one)
                               for one in (pid, record["pid"])))
            if not harness.caller or harness.somebody.HAS_CGROUP:
                self.assertIn(record["id"], read("/proc/%d/cgroup" % pid))
        shown = self.lines("top", record["name"], "-o", "pid,args")
        self.assertEqual(shown[0].split(), ["PID", "COMMAND"])
        self.assertEqual(len(shown), 4)
        self.assertTrue(any(line.endswith("sleep 601") for line in shown))
        self.refused(["top", record["name"], "-o", "comm"],
                     "Couldn't find PID field in ps output")
        name, ended = self.made("true")
        self.refused(["top", name],
                     "container %s is not running" % ended["id"])

    def test_stats(self):
        process, record = self.background(
            "-m", "64m", BUSYBOX, "sh", "-c",
            "dd if=/dev/zero of=/tmp/x bs=1M count=8; while :; do :; done")
        time.sleep(0.5)
        lines = self.lines("stats", "--no-stream", "--no-trunc")
        self.assertEqual(
            re.findall(r"\S+(?: \S+)*", lines[0]),
            ["CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %",
             "NET I/O", "BLOCK I/O", "PIDS"])
        row = json.loads(self.out("stats", "--no-stream", "--format", "json",
                                  record["name"]))
        self.assertEqual((row["Name"], row["PIDs"], row["Container"]),
                         (record["name"], "1", record["name"]))
        self.assertGreater(float(row["CPUPerc"].rstrip("%")), 10)
        self.assertLess(float(row["CPUPerc"].rstrip("%")), 130)
        used, limit = row["MemUsage"].split(" / ")
        self.assertEqual(limit, "64MiB")
        # The eight megabytes in the page cache are not counted.
        place = next(place for place, names in cgroup_files(record["id"])
                     if "memory.stat" in names)
        stat = dict(line.split() for line in
                    read(place + "/memory.stat").splitlines())
        usage = int(read(place + "/" + (
            "memory.usage_in_bytes" if "total_cache" in stat
            else "memory.current")))
        idle = int(stat.get("total_inactive_file", stat["inactive_file"]))
        self.assertGreater(idle, 4 << 20)
        number, unit = re.match(r"([\d.]+)(\w+)", used).groups()
        shown = float(number) * {"B": 1, "KiB": 1024, "MiB": 1 << 20}[unit]
        self.assertLess(abs(shown - (usage - idle)), 1 << 20)
        received = row["NetIO"].split(" / ")[0]
        self.assertRegex(received, r"^[\d.e+]+k?B$")

    def io_of(self, name, what):
        """Two numbers of bytes, as far as they are shown."""
        row = json.loads(self.out("stats", "--no-stream", "--format", "json",
                                  name))
        units = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
        return tuple(float(number) * units[unit] for number, unit in re.findall(
            r"([\d.]+)([kMG]?B)", row[what]))

    def test_stats_of_the_network(self):
        """5 MB in and 3 MB out, and what the kernel counts of packets."""
        process, record = self.background(
            "-p", "127.0.0.1::5000", BUSYBOX, "sh", "-c", "dd if=/dev/zero "
            "of=/tmp/x bs=1000 count=3000; nc -l -p 5000 </tmp/x >/dev/null; "
            "sleep 600")
        # A user's container can be called from the host by a port alone.
        address = (record["address"], 5000) if not harness.caller else (
            "127.0.0.1", int(self.out("port", record["name"], "5000")
                             .strip().split(":")[1]))
        self.eventually(lambda: any(
            re.search(r":1388 \S+ 0A ", read("/proc/%d/net/%s" % (
                record["pid"], kind))) for kind in ("tcp", "tcp6")))

        def link():
            rows = read("/proc/%d/net/dev" % record["pid"]).splitlines()
            row = next(row for row in rows if "eth0:" in row).split()
            return int(row[1]), int(row[9])

        before = link()
        with socket.create_connection(address, 5) as client:
            writer = threading.Thread(target=client.sendall,
                                      args=(bytes(5000000),))
            writer.start()
            left = 3000000
            while left:
                got = len(client.recv(65536))
                self.assertGreater(got, 0)
                left -= got
            writer.join()
        self.eventually(lambda: link()[0] - before[0] > 5000000)
        shown = self.io_of(record["name"], "NetIO")
        for i, moved in enumerate((5000000, 3000000)):
            self.assertGreater(link()[i] - before[i], moved)
            self.assertLess(link()[i] - before[i], moved * 1.1)
            # Three digits are shown.
            self.assertAlmostEqual(shown[i], link()[i], delta=10000)
        # Others' packets are not its own.
        process, other = self.background(BUSYBOX, "sleep", "600")
        self.assertLess(max(self.io_of(other["name"], "NetIO")), 100000)
        process, host = self.background("--network", "host", BUSYBOX, "sleep",
                                        "600")
        self.assertEqual(self.io_of(host["name"], "NetIO"), (0, 0))

    @unittest.skipIf(harness.caller, "a disk is root's to read and write")
    def test_stats_of_a_disk(self):
        """Written and read past the page cache, on a disk of its own."""
        self.need("losetup")
        image = "/dev/shm/%s" % harness.random_name()
        with open(image, "wb") as file:
            file.truncate(32 << 20)
        self.addCleanup(os.unlink, image)
        done = self.run_command(["losetup", "-f", "--show", image])
        if done.status:
            self.skipTest("no loop device: " + done.err)
        disk = done.out.strip()
        self.addCleanup(self.succeed, ["losetup", "-d", disk])
        process, record = self.background(
            "--device", disk, BUSYBOX, "sh", "-c",
            "dd if=/dev/zero of=%s oflag=direct bs=1M count=7; dd if=%s "
            "of=/dev/null iflag=direct bs=1M count=3; touch /tmp/done; "
            "sleep 600" % (disk, disk))
        self.eventually(lambda: os.path.exists(
            "/proc/%d/root/tmp/done" % record["pid"]))
        self.assertEqual(self.io_of(record["name"], "BlockIO"),
                         (3.15e6, 7.34e6))      # 3 and 7 MiB
        process, other = self.background("--device", disk, BUSYBOX, "sleep",
                                         "600")
        self.assertEqual(self.io_of(other["name"], "BlockIO"), (0, 0))
        self.end(process, other["name"])

    def test_stats_of_which(self):
        name, record = self.made("true")
        self.assertEqual(len(self.lines("stats", "--no-stream")), 1)
        lines = self.lines("stats", "--no-stream", "-a")
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines[1].split(), [
            record["id"][:12], name, "0.00%", *"0B / 0B".split(), "0.00%",
            *"0B / 0B 0B / 0B".split(), "0"])
        self.refused(["stats", "--no-stream", "nobody"],
                     "No such container: nobody")

    def test_live_stats(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        self.succeed([DEMO, "stats", "--no-stream"])
        terminal = self.terminal([DEMO, "stats"])
        for _ in range(3):      # drawn anew, from the top
            terminal.expect("\x1b[2J\x1b[HCONTAINER ID")
            terminal.expect(record["name"])
        terminal.process.send_signal(signal.SIGINT)
        self.assertEqual(terminal.wait().status, 130)

    def test_diff(self):
        name, _ = self.made("sh", "-c", "echo x > /etc/new; rm /bin/ls; "
                            "mkdir -p /a/b; echo y > /a/b/c; rm -r /tmp; "
                            "chmod 700 /root")
        self.assertEqual(self.lines("diff", name), [
            "A /a", "A /a/b", "A /a/b/c", "C /bin", "D /bin/ls", "C /etc",
            "A /etc/new", "C /root", "D /tmp"])
        name, _ = self.made("true")
        self.assertEqual(self.out("diff", name), "")
        self.refused(["diff", "nobody"], "No such container: nobody")

    def test_info(self):
        process, record = self.background(BUSYBOX, "sleep", "600")
        self.made("true")
        info = json.loads(self.out("info", "-f", "json"))
        self.assertEqual(
            (info["Containers"], info["ContainersRunning"],
             info["ContainersStopped"], info["Images"]), (2, 1, 1, 1))
        self.assertEqual(info["NCPU"], os.cpu_count())
        self.assertEqual(info["KernelVersion"], os.uname().release)
        self.assertEqual(info["DockerRootDir"], self.store)
        memory = int(re.search(r"MemTotal:\s+(\d+)",
                               read("/proc/meminfo")).group(1))
        self.assertEqual(info["MemTotal"], memory * 1024)
        driver = self.driver()
        self.assertIn("\n Storage Driver: %s\n" % driver, self.out("info"))
        self.assertEqual(self.out("info", "-f", "{{.Driver}}"), driver + "\n")

    def test_version(self):
        version = json.loads(self.out("version", "-f", "json"))
        self.assertEqual(version["Server"]["KernelVersion"],
                         os.uname().release)
        self.assertEqual(self.out("version", "-f", "{{.Server.Version}}"),
                         version["Client"]["Version"] + "\n")
        text = self.out("version")
        self.assertIn("Client:\n Version:           ", text)
        # As `docker --version` does: one line, and the third word is it.
        self.assertRegex(self.out("--version"),
                         r"^mydocker version \d\S*\n$")


class Images(ShownTest):
    def test_lists(self):
        lines = self.lines("images")
        self.assertEqual(re.findall(r"\S+(?: \S+)*", lines[0]),
                         ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"])
        self.assertRegex(lines[1], r"^busybox +latest +[0-9a-f]{12} +\d+ "
                         r"\w+ ago +\d\.\d+MB$")
        self.assertEqual(lines[0].index("TAG"), 13)
        long_id = self.lines("images", "-q", "--no-trunc")[0]
        self.assertRegex(long_id, r"^sha256:[0-9a-f]{64}$")
        self.assertEqual(self.lines("images", "-q"), [long_id[7:19]])
        self.assertIn("DIGEST", self.lines("images", "--digests")[0])
        row = json.loads(self.out("images", "--format", "json"))
        self.assertEqual((row["Repository"], row["Tag"], row["ID"]),
                         ("busybox", "latest", long_id[7:19]))
        for words, count in (
                (["busybox"], 1), (["busybox:latest"], 1), (["busy*"], 1),
                (["nothing"], 0), (["busybox:1"], 0),
                (["-f", "reference=busy*"], 1), (["-f", "reference=x"], 0),
                (["-f", "dangling=true"], 0), (["-f", "dangling=false"], 1),
                (["-f", "label=none"], 0), (["-f", "until=10s"], 1),
                (["-f", "until=1970-01-02"], 0),
                (["-f", "before=busybox"], 0)):
            with self.subTest(words=words):
                self.assertEqual(len(self.lines("images", "-q", *words)), count)
        self.refused(["images", "-f", "x=y"], "invalid filter 'x'")
        self.refused(["images", "-f", "dangling=maybe"],
                     "invalid filter 'dangling=maybe'")
        self.refused(["images", "--format", "{{.Nope}}"],
                     "can't evaluate field Nope in type *formatter.imageContext")


class Groups(ShownTest):
    def test_other_names(self):
        name, record = self.made("true")
        self.assertEqual(self.lines("container", "ls", "-aq"),
                         [record["id"][:12]])
        self.assertEqual(self.out("image", "ls", "-q"),
                         self.out("images", "-q"))
        self.assertEqual(self.out("system", "info", "-f", "{{.Driver}}"),
                         self.driver() + "\n")
        self.assertEqual(self.out("container", "inspect", "-f", "{{.Name}}",
                                  name), "/%s\n" % name)
        self.refused(["image", "inspect", name], "No such image: " + name)
        self.refused(["container", "inspect", BUSYBOX],
                     "No such container: busybox")
        done = self.run_command([DEMO, "container", "nonsense"])
        self.assertEqual(done.status, 1)
        self.assertIn("Usage:  ./demo container COMMAND", done.out)

    def test_help(self):
        text = self.out("help")
        self.assertEqual(self.out("--help"), text)
        verbs = re.findall(r"^  ([a-z]+)  +\S", text.split("Groups")[0], re.M)
        self.assertIn("inspect", verbs)
        self.assertNotIn(".man", text)
        for verb in verbs:
            if verb == "oci":   # another program's
                continue
            with self.subTest(verb=verb):
                shown = self.out(verb, "--help")
                self.assertIn("Usage:  ./demo " + verb, shown)
                self.assertEqual(self.out("help", verb), shown)
        for group in self.groups():
            shown = self.out(group, "--help")
            self.assertEqual(self.out("help", group), shown)
            self.assertIn("Usage:  ./demo %s COMMAND" % group, shown)

    def groups(self):
        """As the help names them."""
        text = self.out("help")
        return text.split("Groups of verbs")[1].split("\n")[1].split()

    def words_of(self, group):
        return re.findall(r"^  ([a-z]+) ", self.out(group, "--help"), re.M)

    def test_every_help_is_on_one_screen(self):
        """50 lines of 80 columns; that of all verbs may be longer."""
        text = self.out("help")
        self.assertEqual([x for x in text.split("\n")
                          if len(x) > 80 and self.store not in x], [])
        asked = [[verb] for verb in re.findall(
            r"^  ([a-z]+)  +\S", text.split("Groups")[0], re.M)]
        self.assertGreater(len(asked), 30)
        self.assertLessEqual({"network", "volume", "system", "image",
                              "builder", "container"}, set(self.groups()))
        for group in self.groups():
            asked.append([group])
            asked += [[group, word] for word in self.words_of(group)]
        self.assertIn(["network", "create"], asked)
        for words in asked:
            with self.subTest(words=words):
                shown = self.out(*words, "--help")
                if words != ["oci"]:    # another program's
                    self.assertEqual(self.out("help", *words), shown)
                lines = shown.rstrip("\n").split("\n")
                self.assertLessEqual(len(lines), 50)
                # A user's directory may be a long one.
                self.assertEqual([x for x in lines if len(x) > 80 and not (
                    harness.caller and harness.caller.run in x)], [])


class Disk(ShownTest):
    def test_df(self):
        name, _ = self.made("dd", "if=/dev/zero", "of=/x", "bs=1000",
                            "count=2000")
        lines = self.lines("system", "df")
        self.assertEqual(re.findall(r"\S+", lines[0]), [
            "TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"])
        self.assertRegex(lines[1], r"^Images +1 +1 +\d\.\d+MB +0B \(0%\)$")
        self.assertRegex(lines[2], r"^Containers +1 +0 +2MB +2MB \(100%\)$")
        self.assertRegex(lines[3], r"^Local Volumes +0 +0 +0B +0B$")
        self.assertRegex(lines[4], r"^Build Cache +0 +0 +0B +0B$")
        shown = self.out("system", "df", "-v")
        for words in ("Images space usage:", "Containers space usage:",
                      "Local Volumes space usage:", "Build cache usage: 0B"):
            self.assertIn(words, shown)
        self.assertRegex(shown, r"busybox +latest .* 0B +\d\.\d+MB +1\n")
        self.assertRegex(shown, r"0 +2MB +\S.* ago +Exited .* %s\n" % name)
        self.assertEqual(self.lines("system", "df", "--format",
                                    "{{.Type}}={{.TotalCount}}")[:2],
                         ["Images=1", "Containers=1"])
        self.refused(["system", "df", "-v", "--format", "json"],
                     "can not be used together")

    def test_prune(self):
        process, running = self.background(BUSYBOX, "sleep", "600")
        name, record = self.made("dd", "if=/dev/zero", "of=/x", "bs=1000",
                                 "count=3")
        for answer in ("n\n", "\n", "", "yes\n"):
            done = self.succeed([DEMO, "container", "prune"], data=answer)
            self.assertEqual(
                done.out, "WARNING! This will remove all stopped containers.\n"
                "Are you sure you want to continue? [y/N] ")
            self.assertIn(name, self.records())
        self.assertEqual(self.out("container", "prune", "-f", "--filter",
                                  "label=x"), "Total reclaimed space: 0B\n")
        self.assertEqual(self.out("container", "prune", "-f", "--filter",
                                  "until=1h"), "Total reclaimed space: 0B\n")
        self.refused(["container", "prune", "-f", "--filter", "x=y"],
                     "invalid filter 'x'")
        done = self.succeed([DEMO, "container", "prune"], data="y\n")
        self.assertTrue(done.out.endswith(
            "Deleted Containers:\n%s\n\nTotal reclaimed space: 3kB\n" %
            record["id"]), done.out)
        self.assertEqual(list(self.records()), [running["name"]])
        self.assertTrue(os.path.exists("/proc/%d" % running["pid"]))

    def test_system_prune(self):
        name, record = self.made("true")
        done = self.succeed([DEMO, "system", "prune"], data="n\n")
        self.assertIn("  - all stopped containers\n  - all networks not used by "
                      "at least one container\n  - all dangling images\n",
                      done.out)
        self.out("network", "create", "idle")
        self.assertIn("\nDeleted Networks:\nidle\n\nTotal reclaimed space: "
                      "0B\n", self.out("system", "prune", "-f"))
        self.assertEqual(self.records(), {})
        self.assertEqual(len(self.lines("images", "-q")), 1, "it has a name")
        process, running = self.background(BUSYBOX, "sleep", "600")
        self.assertEqual(self.out("image", "prune", "-af"),
                         "Total reclaimed space: 0B\n")
        self.end(process, running["name"])
        out = self.out("image", "prune", "-af")
        self.assertRegex(out, r"^Deleted Images:\nuntagged: busybox:latest\n"
                         r"deleted: sha256:[0-9a-f]{64}\n"
                         r"deleted: sha256:[0-9a-f]{64}\n\n"
                         r"Total reclaimed space: \d\.\d+MB\n$")
        self.assertEqual(self.lines("images", "-q"), [])
        self.run_in(BUSYBOX, "true")    # it is made anew, for the others


class Events(ShownTest):
    def test_what_is_told(self):
        began = time.time()
        name, record = self.made("true")
        self.succeed([DEMO, "container", "prune", "-f"])
        lines = self.lines("events", "--since", str(began), "--until", "0s",
                           "--filter", "event=destroy")
        self.assertEqual(len(lines), 1)
        self.assertRegex(
            lines[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d)"
            r" container destroy %s \(image=busybox, name=%s\)$" %
            (record["id"], name))
        event = json.loads(self.out(
            "events", "--since", str(began), "--until", "0s", "--filter",
            "event=destroy", "--format", "json"))
        self.assertEqual((event["Type"], event["Action"], event["status"],
                          event["from"], event["id"]),
                         ("container", "destroy", "destroy", "busybox",
                          record["id"]))
        self.assertEqual(event["Actor"], {
            "ID": record["id"],
            "Attributes": {"image": "busybox", "name": name}})
        self.assertAlmostEqual(event["timeNano"] / 1e9, time.time(), delta=60)
        self.assertEqual(self.out(
            "events", "--since", str(began), "--until", "0s", "-f",
            "event=destroy", "--format", "{{.Type}} {{.Status}} {{.From}} "
            "{{.Actor.Attributes.name}}"),
            "container destroy busybox %s\n" % name)

    def test_of_images(self):
        began = time.time()
        archive = os.path.join(self.scratch(), "saved.tar")
        self.out("tag", BUSYBOX, "other:1")
        self.out("save", "-o", archive, "other:1")
        self.out("rmi", "other:1")
        self.out("load", "-i", archive)
        self.out("rmi", "other:1")
        told = [json.loads(line) for line in self.lines(
            "events", "--since", str(began), "--until", "0s", "-f",
            "type=image", "--format", "json")]
        self.assertEqual([event["Action"] for event in told],
                         ["tag", "save", "untag", "load", "untag"])
        self.assertEqual(len({event["Actor"]["ID"] for event in told}), 1)
        self.assertEqual(told[0]["Actor"]["Attributes"]["name"], "other:1")

    def test_a_life(self):
        """Every verb tells, and the monitor what happens by itself."""
        name = harness.random_name("test")
        began = time.time()
        self.addCleanup(harness.run, [DEMO, "rm", "-f", name])
        self.out("run", "-d", "--name", name, "-l", "x=1", BUSYBOX, "sleep",
                 "600")
        there = os.path.join(self.scratch(), "issue")
        for words in (["exec", name, "true"], ["top", name],
                      ["cp", name + ":/etc/passwd", there],
                      ["cp", there, name + ":/"], ["pause", name],
                      ["unpause", name], ["rename", name, name + "-2"],
                      ["rename", name + "-2", name],
                      ["kill", "-s", "USR1", name], ["stop", "-t", "0", name],
                      ["start", name], ["restart", "-t", "0", name],
                      ["rm", "-f", name]):
            self.out(*words)
        lines = self.lines("events", "--since", str(began), "--until", "0s",
                           "--format", "{{.Action}}")
        self.assertEqual(lines, [
            "create", "connect", "start", "exec_create: true",
            "exec_start: true", "exec_die", "top", "archive-path",
            "extract-to-dir", "pause", "unpause", "rename", "rename", "kill", "kill", "kill", "die", "disconnect", "stop",
            "connect", "start", "kill", "kill", "die", "disconnect", "stop",
            "connect", "start", "restart", "kill", "die", "disconnect",
            "destroy"])
        told = [json.loads(line) for line in self.lines(
            "events", "--since", str(began), "--until", "0s", "-f",
            "type=network", "--format", "json")]
        ids = self.lines("events", "--since", str(began), "--until", "0s",
                         "-f", "event=create", "--format", "{{.Actor.ID}}")
        self.assertEqual([event["Actor"]["Attributes"] for event in told], [{
            "container": ids[0], "name": "bridge", "type": "bridge"}] * 6)
        self.assertEqual({event["Actor"]["ID"] for event in told}, set(
            self.lines("network", "ls", "-q", "--no-trunc", "-f",
                       "name=bridge")))
        for seconds in self.lines(
                "events", "--since", str(began), "--until", "0s", "-f",
                "event=die", "--format",
                "{{.Actor.Attributes.execDuration}}"):
            self.assertLess(int(seconds), time.time() - began + 1)
        self.assertEqual(self.out(
            "events", "--since", str(began), "--until", "0s", "--format",
            "{{.Actor.Attributes.exitCode}} {{.Actor.Attributes.name}} "
            "{{.Actor.Attributes.x}}", "-f", "event=die"),
            ("137 %s 1\n" % name) * 3)
        self.assertEqual(len(self.lines(
            "events", "--since", str(began), "--until", "0s", "-f",
            "label=x=1", "-f", "event=destroy")), 1)

    def test_what_failed_is_not_told(self):
        began = time.time()
        name, _ = self.made("true")
        self.refused(["top", name], "is not running")
        self.refused(["cp", name + ":/none", self.scratch()],
                     "Could not find the file")
        self.refused(["cp", "/etc/passwd", name + ":/none/none/"],
                     "no such directory")
        self.assertEqual(self.lines(
            "events", "--since", str(began), "--until", "0s", "-f",
            "event=top", "-f", "event=archive-path", "-f",
            "event=extract-to-dir"), [])

    def test_of_pruning(self):
        """Each kind for itself, also where there was nothing to remove."""
        began = time.time()
        self.made("dd", "if=/dev/zero", "of=/x", "bs=1000", "count=3")
        for words in (["container"], ["network"], ["volume"], ["builder"],
                      ["image"], ["system", "--volumes"]):
            self.out(words[0], "prune", "-f", *words[1:])
        told = self.lines("events", "--since", str(began), "--until", "0s",
                          "-f", "event=prune", "--format", "{{.Type}} "
                          "{{.Actor.ID}}{{.Actor.Attributes.reclaimed}}")
        self.assertEqual(told, [
            "container 3000", "network 0", "volume 0", "builder 0", "image 0",
            "container 0", "network 0", "volume 0", "image 0", "builder 0"])

    def tell(self, *events, late=0):
        """Lines of the file, as whoever does something appends them; on a
        clock that is so many seconds late."""
        with open(self.store + "/events.log", "a", encoding="utf-8") as file:
            os.fchown(file.fileno(), harness.outside(0), harness.outside(0))
            for kind, action, thing, attributes in events:
                ns = time.time_ns() - int(late * 10 ** 9)
                file.write(json.dumps({
                    "status": action, "id": thing, "Type": kind,
                    "Action": action, "Actor": {
                        "ID": thing, "Attributes": attributes},
                    "scope": "local", "time": ns // 10 ** 9,
                    "timeNano": ns}) + "\n")
                file.flush()

    def test_filters(self):
        began = time.time()
        self.tell(("container", "start", "aaaa", {"name": "web", "image":
                                                  "busybox", "l": "1"}),
                  ("container", "exec_create: sh", "aaaa",
                   {"name": "web", "image": "busybox"}),
                  ("image", "pull", "alpine:3", {"name": "alpine"}),
                  ("volume", "create", "data", {"driver": "local"}),
                  ("network", "connect", "nnnn", {"name": "net"}))
        for filters, count in (
                ([], 5), (["type=container"], 2),
                (["type=container", "type=image"], 3),
                (["event=start"], 1), (["event=exec_create"], 1),
                (["container=web"], 2), (["container=aa"], 2),
                (["container=w"], 0), (["image=busybox"], 2),
                (["image=alpine"], 1), (["volume=data"], 1),
                (["network=net"], 1), (["label=l=1"], 1), (["label=l=2"], 0),
                (["type=container", "event=pull"], 0), (["scope=local"], 5),
                (["scope=swarm"], 0)):
            words = [w for f in filters for w in ("--filter", f)]
            with self.subTest(filters=filters):
                self.assertEqual(len(self.lines(
                    "events", "--since", str(began), "--until", "0s",
                    *words)), count)
        self.refused(["events", "--until", "0s", "-f", "x=y"],
                     "invalid filter 'x'")
        self.refused(["events", "--since", "yesterday"],
                     "failed to parse value as time or duration", status=1)

    def test_as_they_happen(self):
        """Also when the file is moved away meanwhile, and until the time."""
        self.tell(("volume", "create", "before", {}))
        process = harness.start(
            [DEMO, "events", "--until", str(time.time() + 4 * harness.SLOWER),
             "--format", "{{.Actor.ID}}"], env=harness.environment())
        # It takes what comes after its start.
        time.sleep(harness.SLOWER)
        self.tell(("volume", "create", "one", {}))
        self.assertEqual(process.stdout.readline(), b"one\n")
        log = self.store + "/events.log"
        self.tell(("volume", "create", "two", {}))
        os.rename(log, log + ".1")
        self.tell(("volume", "create", "three", {}))
        self.assertEqual(process.stdout.readline(), b"two\n")
        self.assertEqual(process.stdout.readline(), b"three\n")
        done = harness.finish(process, 10)
        self.assertEqual((done.status, done.out), (0, ""))

    def test_a_clock_that_is_set_back(self):
        """What happens is told, whatever its time; and a later time does not
        hide an earlier one behind it."""
        began, late = time.time(), 100 * harness.SLOWER
        self.tell(("volume", "create", "before", {}))
        for since, told in (([], []), (["--since", str(began)],
                                       [b"before\n", b"now\n"])):
            with self.subTest(since=since):
                process = harness.start(
                    [DEMO, "events", *since, "--until",
                     str(time.time() + 4 * harness.SLOWER), "--format",
                     "{{.Actor.ID}}"], env=harness.environment())
                for line in told:
                    self.assertEqual(process.stdout.readline(), line)
                time.sleep(harness.SLOWER)
                self.tell(("volume", "create", "past", {}), late=late)
                self.assertEqual(process.stdout.readline(), b"past\n")
                self.tell(("volume", "create", "future", {}), late=-late)
                self.tell(("volume", "create", "now", {}))
                self.assertEqual(process.stdout.readline(), b"now\n")
                done = harness.finish(process, 10)
                self.assertEqual((done.status, done.out), (0, ""))
        self.assertEqual(self.lines(
            "events", "--since", str(began), "--until", "0s", "--format",
            "{{.Actor.ID}}"), ["before", "now", "now"])

    def test_nothing_happened(self):
        self.assertEqual(self.out("events", "--since", "0s", "--until", "0s"),
                         "")


@unittest.skipIf(harness.caller, "the shell that completes is root's")
class Completion(ShownTest):
    SHELLS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"],
              "fish": ["fish", "-n"]}

    def complete(self, *words):
        """What bash offers for the last of the words."""
        script = """
source <("$0" completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_mydocker
printf '%s\\n' "${COMPREPLY[@]}"
"""
        done = self.succeed(["bash", "-c", script, DEMO, DEMO, *words])
        self.assertEqual(done.err, "")
        return done.out.split()

    def test_syntax(self):
        tried = 0
        for shell, command in self.SHELLS.items():
            if not shutil.which(shell):
                continue
            path = os.path.join(self.scratch(), "completion")
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.out("completion", shell))
            self.succeed([*command, path])
            tried += 1
        self.assertGreater(tried, 0)
        self.refused(["completion", "csh"], "there is none for csh")

    def test_words(self):
        self.need("bash")
        name, _ = self.made("true")
        self.assertEqual(self.complete("insp"), ["inspect"])
        self.assertEqual(self.complete("-v", "insp"), ["inspect"])
        self.assertEqual(self.complete("ps", "--no"), ["--no-trunc"])
        self.assertLessEqual({"ls", "list"},
                             set(self.complete("container", "l")))
        self.assertIn("--format", self.complete("container", "ls", "--f"))
        self.assertEqual(self.complete("network", "cr"), ["create"])
        self.assertEqual(self.complete("network", "create", "--sub"),
                         ["--subnet"])
        self.assertEqual(self.complete("rm", name[:-2]), [name])
        self.assertEqual(self.complete("run", "busyb"), ["busybox:latest"])
        self.assertEqual(self.complete("run", "busybox:l"), ["latest"])
        self.assertIn(name, self.complete("inspect", ""))
        self.assertEqual(self.complete("ps", "--format", "{{"), [])

    def test_fish(self):
        self.need("fish")
        name, _ = self.made("true")
        env = harness.environment(HOME=self.scratch(), PATH="%s:%s" % (
            os.path.dirname(DEMO), os.environ["PATH"]))

        def complete(line):
            done = self.succeed(["fish", "-c", "demo completion fish | source; "
                                 "complete -C '%s'" % line], env=env)
            self.assertEqual(done.err, "")
            return [word.split("\t")[0] for word in done.out.splitlines()]
        self.assertEqual(complete("demo insp"), ["inspect"])
        self.assertEqual(complete("demo ps --no-t"), ["--no-trunc"])
        self.assertIn("ls", complete("demo container l"))
        self.assertEqual(complete("demo container ls --form"), ["--format"])
        self.assertEqual(complete("demo rm " + name[:-2]), [name])
        self.assertEqual(complete("demo rmi busyb"), ["busybox:latest"])

    def test_zsh(self):
        """On a terminal, for only there zsh completes."""
        self.need("zsh")
        home = self.scratch()
        with open(home + "/.zshrc", "w", encoding="utf-8") as file:
            file.write("PS1='ready> '\nautoload -U compinit\ncompinit -u\n"
                       "source <(demo completion zsh)\n")
        terminal = self.terminal(["zsh"], env=harness.environment(
            HOME=home, ZDOTDIR=home, PATH="%s:%s" % (
                os.path.dirname(DEMO), os.environ["PATH"])))
        terminal.expect("ready> ")
        for typed, rest in (("demo inspe\t", "ct"), ("demo ps --no-t\t",
                                                     "runc"),
                            ("demo container ls --form\t", "at"),
                            ("demo rmi busyb\t", "latest")):
            terminal.send(typed)
            terminal.expect(rest)
            terminal.send("\x15")       # the line away
        terminal.send("exit\n")
        terminal.wait()


class Manual(ShownTest):
    def test_pages(self):
        self.need("groff")
        place = self.scratch() + "/man"
        self.out(".man", place)
        pages = glob.glob(place + "/*.1")
        text = self.out("help")
        verbs = re.findall(r"^  ([a-z]+)  +\S", text.split("Groups")[0], re.M)
        names = {os.path.basename(page)[:-2] for page in pages}
        self.assertLessEqual({"mydocker"} | {"mydocker-" + v for v in verbs},
                             names)
        self.assertLessEqual({"mydocker-network", "mydocker-network-create",
                              "mydocker-system-df", "mydocker-volume-ls"},
                             names)
        for page in pages:
            done = self.succeed(["groff", "-man", "-Tutf8", "-ww", page])
            self.assertEqual(done.err, "", page)
        done = self.succeed(["groff", "-man", "-Tascii", "-P-c",
                             place + "/mydocker-ps.1"])
        plain = re.sub(".\b", "", done.out)
        self.assertIn("mydocker-ps - List containers", plain)
        self.assertRegex(plain, r"-f, --filter FILTER\n +Filter output")
        done = self.succeed(["groff", "-man", "-Tascii", "-P-c",
                             place + "/mydocker-container.1"])
        plain = re.sub(".\b", "", done.out)
        self.assertRegex(plain, r"\n +ls +List containers\.\s+See mydocker-ps")

    def test_docs(self):
        """`make docs` puts them where they are installed from."""
        self.succeed(["make", "-s", "-C", CH06, "docs"], timeout=200)
        self.assertTrue(os.path.exists(CH06 + "/build/man/mydocker-run.1"))
        unit = read(CH06 + "/build/mydocker.service")
        self.assertIn("\nExecStart=%s system boot\n" % DEMO, unit)
        self.assertIn("\nExecStop=%s system halt\n" % DEMO, unit)
        self.assertEqual(self.out("completion", "bash"),
                         read(CH06 + "/build/completion/mydocker"))


class AsPodman(harness.KernelTest):
    """Both without a container: Go's own templates are in podman."""

    TEMPLATES = (
        '{{printf "%5.1f|%-6s|%06d|%+d|%x|%q|%v" 3.14159 "ab" 42 5 255 "a\\"b" '
        'true}}', '{{printf "%d" "x"}}', '{{printf "%s"}}', '{{printf "a" 1}}',
        "{{1e6}} {{0.1}} {{100000.0}} {{1234567.5}} {{1e21}} {{1e-7}} {{2.50}}",
        '{{len "héllo"}} {{slice "hello" 1 3}}', '{{print 1 2 "a" 3 4}}',
        '{{println 1 "a" 2}}', '{{if and 1 0}}a{{else if or 0 "x"}}b{{end}}',
        '{{eq 1 1}} {{ne "a" "b"}} {{lt 1 2}} {{ge "b" "a"}}', "{{gt 3 1.5}}",
        '{{not 0}} {{not "x"}}', '{{index "abc" 1}}',
        '{{"a" | printf "%s%s" "b"}}', "{{$x := 1}}{{$x}}{{$x = 2}}{{$x}}",
        "a {{- 1 -}} b", "{{/* c */}}x", "{{- /* c */ -}} x",
        "{{with 0}}a{{else}}b{{end}}", '{{with "z"}}{{.}}{{end}}',
        '{{join (split "a,b,c" ",") "-"}}',
        '{{upper "abc"}}{{lower "ABC"}}{{title "abc def"}}', '{{json "a<b"}}',
        '{{pad "a" 1 2}}|', '{{truncate "hello" 2}}', "{{", "{{end}}",
        "{{if 1}}", "{{foo}}", "{{}}", "{{.S", '{{"a" | 3}}', "{{$y}}",
        "{{break}}", "{{%}}", '{{"abc}}', "{{else}}",
        "{{if 1}}a{{else}}b{{else}}c{{end}}", '{{lt 1 "a"}}', "{{index 1 1}}",
        "{{len 3}}", "{{range 3}}x{{end}}", '{{slice "abc" 5}}', "{{printf}}",
        "{{len}}", "{{nil}}", "{{(1}}", "{{range}}x{{end}}", "{{1 2}}",
        "{{true}} {{false}}", "{{/* x }}", "{{with $x := 5}}{{$x}}{{end}}{{$x}}",
        '{{printf "%v %v" (printf "%s" "a") 2}}',
        '{{printf "%5d|%-5d|%05.1f" 3 4 2.55}}',
        '{{printf "%t %c %o %b %X %e" true 65 8 5 255 12345.678}}',
        '{{printf "%10.3s|" "abcdef"}}', '{{printf "%s" 3}}',
        '{{printf "%s" true}}', '{{printf "%z" 3}}', '{{printf "%"}}',
        '{{"x"}}{{"y" -}}   z', "{{a.b}}", "{{if}}x{{end}}",
        "{{$x, $y := 1}}",
        '{{range $i, $e := split "a,b" ","}}{{$i}}{{$e}}{{end}}',
        '{{range split "a,b,c" ","}}{{if eq . "b"}}{{continue}}{{end}}{{.}}'
        "{{end}}",
        '{{range split "a,b,c" ","}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}',
        '{{printf "%q %03d" (split "a b" " ") 7}}', '{{split "a b" " "}}',
        "{{and}}", "{{not}}", "{{json 3}} {{json (split \"a b\" \" \")}}",
        "{{-1}}", "{{- 1}}", "{{ -1}}", "{{1}}}", "}}", "{", '{{"}}"}}',
        '{{"a" "b"}}', "{{print nil}}", "{{if nil}}x{{end}}")

    def setUp(self):
        self.need("podman")
        super().setUp()
        place = self.scratch()
        # A store of its own: that of the machine may have something to say.
        self.podman = ["podman", "--log-level", "error",
                       "--storage-driver", "vfs", "--root", place + "/root",
                       "--runroot", place + "/run",
                       "--tmpdir", place + "/tmp"]
        self.env = harness.environment(HOME=place)

    @staticmethod
    def told(done):
        text = done.text
        for word in ("mydocker version: ", "template parsing error: ",
                     "Error: "):
            text = text.replace(word, "", 1)
        text = text.replace("template: version:", "template: :")
        return text.replace('executing "version"', 'executing ""').strip("\n")

    def test_templates(self):
        for template in self.TEMPLATES:
            with self.subTest(template=template):
                ours = self.run_command([DEMO, "version", "-f", template])
                theirs = self.run_command([*self.podman, "version", "-f", template],
                                          env=self.env)
                self.assertEqual(self.told(ours), self.told(theirs))
                self.assertEqual(ours.status != 0, theirs.status != 0)


if __name__ == "__main__":
    unittest.main()
