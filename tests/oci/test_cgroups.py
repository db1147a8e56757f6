"""config-linux.md: control groups, read where the kernel shows them.

A row of LIMITS is a setting and where it is to be found: controller and file
of version 1, file of version 2. What this machine has not is skipped, row by
row.
"""

import json
import os
import shutil

import conformance
from conformance import V2, on_v2, read

MIB = 1 << 20
NOTHING = {"allow": False, "access": "rwm"}
# A driver that nobody has: what may be opened fails in another way.
MAJOR = 60
SEEN = {"No such device or address": "allowed",
        "No such device": "allowed", "Operation not permitted": "denied"}


def value_in(pid, controller, name):
    return read("%s/%s" % (conformance.cgroup_of(pid, controller),
                           name)).strip()


class Limits(conformance.Conformance):
    def limited(self, **resources):
        config = self.config()
        config["linux"]["resources"] = resources
        return config

    def found(self, container, controller, v1, v2):
        """The setting's value; skipped where the kernel has no such file."""
        name = v2 if on_v2(controller) else v1
        if name is None:
            self.skipTest("not in this version of cgroups")
        path = conformance.cgroup_of(container.pid, controller) + "/" + name
        if not os.path.exists(path):
            self.skipTest("this kernel has no " + name)
        return read(path).strip()

    def need_file(self, controller, v1, v2):
        """Skip where the kernel has no such file; the root may lack it too."""
        self.need_controller(controller)
        if (v2 if on_v2(controller) else v1) is None:
            self.skipTest("not in this version of cgroups")

    def hold(self, resources, controller, v1, v2, value, value2=None):
        self.need_file(controller, v1, v2)
        found = self.found(self.running(self.limited(**resources)),
                           controller, v1, v2)
        is_other = on_v2(controller) and value2 is not None
        wanted = value2 if is_other else value
        if callable(wanted):
            self.assertTrue(wanted(found), found)
        else:
            self.assertEqual(found, wanted)

    def test_memory_limit(self):
        """
        config-linux.md, Memory, 1: "`limit` (int64, OPTIONAL) - sets limit of
        memory usage"
        """
        self.hold({"memory": {"limit": 64 * MIB}}, "memory",
                  "memory.limit_in_bytes", "memory.max", str(64 * MIB))

    def test_memory_without_limit(self):
        """
        config-linux.md, Memory, 7: "Values for memory specify the limit in
        bytes, or `-1` for unlimited memory."
        """
        self.hold({"memory": {"limit": -1}}, "memory",
                  "memory.limit_in_bytes", "memory.max",
                  lambda found: int(found) > 1 << 60, "max")

    def test_memory_reservation(self):
        """
        config-linux.md, Memory, 2: "`reservation` (int64, OPTIONAL) - sets
        soft limit of memory usage"
        """
        self.hold({"memory": {"reservation": 32 * MIB}}, "memory",
                  "memory.soft_limit_in_bytes", "memory.low", str(32 * MIB))

    def test_memory_and_swap(self):
        """
        config-linux.md, Memory, 3: "`swap` (int64, OPTIONAL) - sets limit of
        memory+Swap usage"

        Version 2 counts swap alone.
        """
        self.hold({"memory": {"limit": 64 * MIB, "swap": 96 * MIB}}, "memory",
                  "memory.memsw.limit_in_bytes", "memory.swap.max",
                  str(96 * MIB), str(32 * MIB))

    def test_swappiness(self):
        """
        config-linux.md, Memory, 4: "`swappiness` (uint64, OPTIONAL) - sets
        swappiness parameter of vmscan (See sysctl's vm.swappiness)"
        """
        self.hold({"memory": {"swappiness": 17}}, "memory",
                  "memory.swappiness", None, "17")

    def test_swappiness_out_of_range(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."

        "The values are from 0 to 100."
        """
        self.need_file("memory", "memory.swappiness", None)
        self.refused(self.limited(memory={"swappiness": 300}))

    def test_oom_killer(self):
        """
        config-linux.md, Memory, 5: "`disableOOMKiller` (bool, OPTIONAL) -
        enables or disables the OOM killer."
        """
        self.hold({"memory": {"limit": 64 * MIB, "disableOOMKiller": True}},
                  "memory", "memory.oom_control", None,
                  lambda found: "oom_kill_disable 1" in found)

    def test_memory_is_limited(self):
        """
        config-linux.md, Memory, 1: "`limit` (int64, OPTIONAL) - sets limit of
        memory usage"

        Who takes more is killed, and only inside.
        """
        self.need_controller("memory")
        config = self.limited(memory={"limit": 16 * MIB, "swap": 16 * MIB})
        config["process"]["args"] = [
            "/bin/sh", "-c", "(echo 1000 >/proc/self/oom_score_adj; "
            "head -c 64000000 /dev/zero | tail >/dev/null); echo $?"]
        self.assertEqual(self.output(config, seconds=30), "137\n")

    def test_pids(self):
        """
        config-linux.md, PIDs, 1: "`limit` (int64, OPTIONAL) - specifies the
        maximum number of tasks in the cgroup, with `-1` indicating no limit
        (`max`)."
        """
        for limit, shown in ((33, "33"), (-1, "max")):
            self.hold({"pids": {"limit": limit}}, "pids", "pids.max",
                      "pids.max", shown)

    def test_cpu_shares(self):
        """
        config-linux.md, CPU, 1: "`shares` (uint64, OPTIONAL) - specifies a
        relative share of CPU time available to the tasks in a cgroup"

        Version 2 has weights; runtimes do not agree how to convert, but 1024
        is the default of one and 100 of the other.
        """
        self.hold({"cpu": {"shares": 1024}}, "cpu", "cpu.shares",
                  "cpu.weight", "1024",
                  lambda found: 39 <= int(found) <= 100)
        self.hold({"cpu": {"shares": 512}}, "cpu", "cpu.shares",
                  "cpu.weight", "512", lambda found: 19 <= int(found) < 100)

    def test_cpu_quota(self):
        """
        config-linux.md, CPU, 2: "`quota` (int64, OPTIONAL) - specifies the
        total amount of time in microseconds for which all tasks in a cgroup
        can run during one period (as defined by `period` below)"
        config-linux.md, CPU, 4: "`period` (uint64, OPTIONAL) - specifies a
        period of time in microseconds for how regularly a cgroup's access to
        CPU resources should be reallocated (CFS scheduler only)"
        """
        self.need_controller("cpu")
        container = self.running(self.limited(
            cpu={"quota": 30000, "period": 60000}))
        if V2:
            self.assertEqual(value_in(container.pid, "cpu", "cpu.max"),
                             "30000 60000")
        else:
            self.assertEqual(value_in(container.pid, "cpu",
                                      "cpu.cfs_quota_us"), "30000")
            self.assertEqual(value_in(container.pid, "cpu",
                                      "cpu.cfs_period_us"), "60000")

    def test_cpu_burst(self):
        """
        config-linux.md, CPU, 8: "`burst` (uint64, OPTIONAL) - specifies the
        maximum amount of accumulated time in microseconds for which all tasks
        in a cgroup can run additionally for burst during one period (as
        defined by `period` below)"

        Neither crun nor runc has it in these versions: it came with version
        1.1.0 of the specification.
        """
        self.hold({"cpu": {"quota": 30000, "period": 60000, "burst": 10000}},
                  "cpu", "cpu.cfs_burst_us", "cpu.max.burst", "10000")

    def test_cpu_burst_above_the_quota(self):
        """
        config-linux.md, CPU, 3: "If specified, this value MUST be no larger
        than any positive `quota` (runtimes MAY generate an error)."
        config-linux.md, CPU, 9: "If specified with any (valid) positive value,
        it MUST be no smaller than `burst` (runtimes MAY generate an error)."
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        The kernel takes none. Neither crun nor runc looks at it in these
        versions.
        """
        self.need_controller("cpu")
        self.refused(self.limited(
            cpu={"quota": 30000, "period": 60000, "burst": 40000}))
        # As large is not larger; and -1, no limit, is not positive.
        for quota in (40000, -1):
            self.hold({"cpu": {"quota": quota, "period": 60000,
                               "burst": 40000}},
                      "cpu", "cpu.cfs_burst_us", "cpu.max.burst", "40000")

    def test_cpu_idle(self):
        """
        config-linux.md, CPU, 7: "`idle` (int64, OPTIONAL) - cgroups are
        configured with minimum weight, 0: default behavior, 1: SCHED_IDLE."
        """
        self.hold({"cpu": {"idle": 1}}, "cpu", "cpu.idle", "cpu.idle", "1")

    def test_cpus_and_mems(self):
        """
        config-linux.md, CPU, 5: "`cpus` (string, OPTIONAL) - list of CPUs the
        container will run on."
        config-linux.md, CPU, 6: "`mems` (string, OPTIONAL) - list of memory
        nodes the container will run on."
        """
        self.need_controller("cpuset")
        container = self.running(self.limited(cpu={"cpus": "0", "mems": "0"}))
        for name in ("cpuset.cpus", "cpuset.mems"):
            self.assertEqual(value_in(container.pid, "cpuset", name), "0")
        self.assertEqual(container.status_of("Cpus_allowed_list"), "0")

    def test_cpus_that_are_not_there(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        self.need_controller("cpuset")
        for cpus in ("4000", "a", "1-0"):
            self.refused(self.limited(cpu={"cpus": cpus}), why=cpus)

    def test_block_rates(self):
        """
        config-linux.md, Block IO, 1: "`throttleReadBpsDevice`,
        `throttleWriteBpsDevice` (array of objects, OPTIONAL) - an array of
        per-device bandwidth rate limits."
        config-linux.md, Block IO, 2: "`throttleReadIOPSDevice`,
        `throttleWriteIOPSDevice` (array of objects, OPTIONAL) - an array of
        per-device IO rate limits."
        """
        self.need_controller("io" if on_v2("io") else "blkio")
        major, minor = self.need_disk()
        names = {"ReadBps": (1 * MIB, "read_bps", "rbps"),
                 "WriteBps": (2 * MIB, "write_bps", "wbps"),
                 "ReadIOPS": (30, "read_iops", "riops"),
                 "WriteIOPS": (40, "write_iops", "wiops")}
        container = self.running(self.limited(blockIO={
            "throttle%sDevice" % name: [
                {"major": major, "minor": minor, "rate": row[0]}]
            for name, row in names.items()}))
        for rate, v1, v2 in names.values():
            if on_v2("io"):
                self.assertIn("%s=%d" % (v2, rate),
                              value_in(container.pid, "io", "io.max").split())
            else:
                self.assertEqual(
                    value_in(container.pid, "blkio",
                             "blkio.throttle.%s_device" % v1),
                    "%d:%d %d" % (major, minor, rate))

    def test_block_weight(self):
        """
        config-linux.md, Block IO, 3: "`weight` (uint16, OPTIONAL) - specifies
        per-cgroup weight."
        """
        controller = "io" if on_v2("io") else "blkio"
        self.need_controller(controller)
        plain = conformance.cgroup_of(self.running().pid, controller)
        names = [name for name in (
            ("io.bfq.weight", "io.weight") if on_v2("io") else
            ("blkio.weight", "blkio.bfq.weight"))
            if os.path.exists("%s/%s" % (plain, name))]
        if not names:
            self.skipTest("this kernel has no weights for blocks")
        container = self.running(self.limited(blockIO={"weight": 250}))
        found = [value_in(container.pid, controller, name) for name in names]
        self.assertTrue(any("250" in value or "2425" in value
                            for value in found), found)

    def test_huge_pages(self):
        """
        config-linux.md, Huge page limits, 1: "`limit` (uint64, REQUIRED) -
        limit in bytes of *hugepagesize* HugeTLB reservations (if supported) or
        usage."
        """
        self.need_controller("hugetlb")
        self.hold({"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]},
                  "hugetlb", "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max",
                  str(4 * MIB))

    def test_network_class(self):
        """
        config-linux.md, Network, 1: "`classID` (uint32, OPTIONAL) - is the
        network class identifier the cgroup's network packets will be tagged
        with"
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        config-linux.md, Unified, 4: "If the conversion is not possible the
        runtime MUST generate an error."

        Where the controller is not mounted, or version 2 has none, it cannot
        be applied.
        """
        config = self.limited(network={"classID": 0x100001})
        if V2 or "net_cls" not in conformance.controllers():
            self.refused(config)
        else:
            self.assertEqual(value_in(self.running(config).pid, "net_cls",
                                      "net_cls.classid"), str(0x100001))

    def test_a_controller_that_is_not_here(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        if "hugetlb" in conformance.controllers():
            self.skipTest("hugetlb is")
        self.refused(self.limited(hugepageLimits=[
            {"pageSize": "2MB", "limit": 4 * MIB}]))

    def test_nothing_is_left_of_a_failure(self):
        """
        runtime.md, Errors, 1: "Unless otherwise stated, generating an error
        MUST leave the state of the environment as if the operation were never
        attempted - modulo any possible trivial ancillary changes such as
        logging."

        A limit that the kernel does not take.
        """
        self.need_controller("pids")
        before = self.cheap_snapshot()
        self.refused(self.limited(cpu={"cpus": "4000"}))
        self.assertEqual(self.cheap_snapshot(), before)

    def test_what_cannot_be_converted(self):
        """
        config-linux.md, Unified, 4: "If the conversion is not possible the
        runtime MUST generate an error."
        """
        if not V2:
            self.skipTest("version 1 needs no conversion")
        self.refused(self.limited(memory={"swappiness": 17}))

    def test_limits_that_are_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        for bad in ({"memory": {"limit": "64M"}}, {"pids": {"limit": "many"}},
                    {"cpu": {"shares": -5}}, {"memory": 5}):
            self.refused(self.limited(**bad), why=str(bad))


class Unified(conformance.Conformance):
    def with_unified(self, **files):
        config = self.config()
        config["linux"]["resources"] = {"unified": {
            name.replace("__", "."): value for name, value in files.items()}}
        return config

    def test_files(self):
        """
        config-linux.md, Unified, 1: "The OCI runtime MUST ensure that the
        needed cgroup controllers are enabled for the cgroup."
        config-linux.md, Unified, 2: "Configuration unknown to the runtime MUST
        still be written to the relevant file."
        """
        if not V2:
            self.skipTest("it is of version 2")
        files = {"memory__high": str(64 * MIB), "pids__max": "44",
                 "cgroup__max__descendants": "7"}
        pid = self.running(self.with_unified(**files)).pid
        for name, value in files.items():
            self.assertEqual(value_in(pid, "", name.replace("__", ".")),
                             value, name)

    def test_a_controller_that_is_not_there(self):
        """
        config-linux.md, Unified, 3: "The runtime MUST generate an error when
        the configuration refers to a cgroup controller that is not present or
        that cannot be enabled."
        """
        self.refused(self.with_unified(mydocker__max="1"))

    def test_on_version_1(self):
        """
        config-linux.md, Unified, 3: "The runtime MUST generate an error when
        the configuration refers to a cgroup controller that is not present or
        that cannot be enabled."
        """
        if on_v2("memory"):
            self.skipTest("this is version 2")
        self.refused(self.with_unified(memory__max=str(64 * MIB)))


class Path(conformance.Conformance):
    def at(self, path, script="true"):
        config = self.config(script)
        config["linux"]["cgroupsPath"] = path
        return config

    def places(self, pid):
        """{controller: path below its mount}."""
        found = {}
        for line in read("/proc/%d/cgroup" % pid).splitlines():
            _, names, path = line.split(":", 2)
            for name in names.split(","):
                if name in conformance.HIERARCHIES and (V2 or name in
                                                        ("memory", "pids",
                                                         "cpu", "devices",
                                                         "freezer")):
                    found[name] = path
        return found

    def remove_parent(self, name):
        for top in set(conformance.HIERARCHIES.values()):
            if os.path.isdir(top + name):
                os.rmdir(top + name)

    def test_absolute(self):
        """
        config-linux.md, Cgroups Path, 2: "In the case of an absolute path
        (starting with `/`), the runtime MUST take the path to be relative to
        the cgroups mount point."
        config-linux.md, Cgroups Path, 5: "The cgroups will be created if they
        don't exist."
        """
        parent = "/" + self.name()
        self.addCleanup(self.remove_parent, parent)
        container = self.running(self.at(parent + "/inner"))
        places = self.places(container.pid)
        self.assertTrue(places)
        for controller, path in places.items():
            # crun may put the process one deeper where the root is shared.
            self.assertEqual(path, parent + "/inner", controller)
        container.kill()
        container.wait()
        container.delete()
        for controller in places:
            self.assertFalse(os.path.exists(
                conformance.HIERARCHIES[controller] + parent + "/inner"))

    def test_the_same_again(self):
        """
        config-linux.md, Cgroups Path, 3: "If the value is specified, the
        runtime MUST consistently attach to the same place in the cgroups
        hierarchy given the same value of `cgroupsPath`."
        """
        for path in ("relative-" + self.name(), "/" + self.name()):
            seen = []
            for _ in range(2):
                container = self.running(self.at(path))
                seen.append(self.places(container.pid))
                container.kill()
                container.wait()
                container.delete()
            self.assertEqual(seen[0], seen[1])
            for place in seen[0].values():
                self.assertIn(path.strip("/"), place)

    def test_not_given(self):
        """
        config-linux.md, Cgroups Path, 5: "The cgroups will be created if they
        don't exist."

        The default is one's own, not the caller's.
        """
        places = self.places(self.running().pid)
        self.assertTrue(places)
        ours = self.places(os.getpid())
        for controller, path in places.items():
            self.assertNotEqual(path, ours[controller])

    def test_out_of_the_mount(self):
        """
        config-linux.md, Cgroups Path, 4: "Runtimes MAY consider certain
        `cgroupsPath` values to be invalid, and MUST generate an error if this
        is the case."
        """
        name = self.name()
        config = self.at("/../../../../var/tmp/" + name)
        self.addCleanup(self.sweep_below, name)
        done = self.run_config(config)
        made = os.path.isdir("/var/tmp/" + name)
        if made:
            shutil.rmtree("/var/tmp/" + name)
        self.assertFalse(made, str(done))

    def sweep_below(self, name):
        """Where it was taken as below the mount, for what is left there."""
        for top in set(conformance.HIERARCHIES.values()):
            for path in ("/var/tmp/" + name, "/var/tmp", "/var"):
                if os.path.isdir(top + path):
                    os.rmdir(top + path)

    def test_all_its_processes_are_there(self):
        """
        config-linux.md, Cgroups Path, 3: "If the value is specified, the
        runtime MUST consistently attach to the same place in the cgroups
        hierarchy given the same value of `cgroupsPath`."
        """
        config = self.config("sleep 60 & sleep 60 & echo ready; wait")
        container = self.started(config)
        conformance.until(container.written, "it is ready")
        place = conformance.cgroup_of(container.pid, "pids")
        conformance.until(lambda: len(read(place + "/cgroup.procs").split())
                          == 3, "three processes")
        self.assertIn(str(container.pid),
                      read(place + "/cgroup.procs").split())

    def test_owner_on_version_1(self):
        """
        config-linux.md, Cgroup ownership, 1: "Runtimes SHOULD NOT change the
        ownership of container cgroups when cgroups v1 is in use."
        """
        if V2:
            self.skipTest("this is version 2")
        config = self.config(user={"uid": 1000, "gid": 1000})
        pid = self.running(config).pid
        for controller in self.places(pid):
            place = conformance.cgroup_of(pid, controller)
            for path in (place, place + "/cgroup.procs"):
                self.assertEqual(os.stat(path).st_uid, 0, path)

    def owned(self, *options):
        """(those files of the container's cgroup that are its user's, and the
        user)."""
        config = self.config()
        config["linux"]["namespaces"] += [{"type": "user"}, {"type": "cgroup"}]
        config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = [
            {"containerID": 0, "hostID": 100000, "size": 65536}]
        config["mounts"].append({"destination": "/sys/fs/cgroup",
                                 "type": "cgroup", "source": "cgroup",
                                 "options": list(options)})
        place = conformance.cgroup_of(self.running(config).pid, "")
        return {name for name in os.listdir(place)
                if os.stat("%s/%s" % (place, name)).st_uid == 100000}, \
            os.stat(place).st_uid

    def test_owner_on_version_2(self):
        """
        config-linux.md, Cgroup ownership, 2: "Runtimes SHOULD change the
        cgroup ownership if and only if the cgroup filesystem is to be mounted
        read/write;"
        config-linux.md, Cgroup ownership, 3: "Runtimes MUST NOT fail in this
        scenario, and SHOULD change the ownership of the listed files that do
        exist in the cgroup."
        """
        if not V2:
            self.skipTest("this is version 1")
        listed = set(read("/sys/kernel/cgroup/delegate").split())
        files, owner = self.owned("rw")
        self.assertEqual(owner, 100000)
        self.assertLessEqual(files, listed)
        self.assertIn("cgroup.procs", files)

    def test_owner_where_it_cannot_write(self):
        """
        config-linux.md, Cgroup ownership, 2: "Runtimes SHOULD change the
        cgroup ownership if and only if the cgroup filesystem is to be mounted
        read/write;"
        """
        if not V2:
            self.skipTest("this is version 1")
        self.assertEqual(self.owned("ro"), (set(), 0))


class Devices(conformance.Conformance):
    def setUp(self):
        super().setUp()
        if not V2:
            self.need_controller("devices")

    def configured(self, rules, script):
        config = self.config(script)
        config["linux"]["resources"] = {"devices": [NOTHING, *rules]}
        config["linux"]["devices"] = [
            {"path": "/dev/x%d" % minor, "type": "c", "major": MAJOR,
             "minor": minor, "fileMode": 0o666} for minor in (7, 8)]
        return config

    OPEN = ("for i in 7 8; do true < /dev/x$i; true > /dev/x$i; done 2>&1; "
            "exit 0")

    def tried(self, rules):
        """What reading and writing of x7 and of x8 gave."""
        done = self.run_config(self.configured(rules, self.OPEN))
        if done.status:
            return None
        return [next((said for words, said in SEEN.items() if words in line),
                     line) for line in done.out.splitlines()]

    @staticmethod
    def rule(allow, minor, access="rwm"):
        rule = {"allow": allow, "type": "c", "major": MAJOR, "access": access}
        if minor is not None:
            rule["minor"] = minor
        return rule

    def test_allowed(self):
        """
        config-linux.md, Allowed Device list, 1: "`devices` (array of objects,
        OPTIONAL) configures the allowed device list."
        """
        self.assertEqual(self.tried([self.rule(True, 7)]),
                         ["allowed", "allowed", "denied", "denied"])

    def test_none(self):
        """
        config-linux.md, Allowed Device list, 1: "`devices` (array of objects,
        OPTIONAL) configures the allowed device list."
        """
        self.assertEqual(self.tried([]), ["denied"] * 4)

    def test_access(self):
        """
        config-linux.md, Allowed Device list, 1: "`devices` (array of objects,
        OPTIONAL) configures the allowed device list."
        """
        self.assertEqual(self.tried([self.rule(True, 7, "r"),
                                     self.rule(True, 8, "w")]),
                         ["allowed", "denied", "denied", "allowed"])

    def test_every_minor(self):
        """
        config-linux.md, Allowed Device list, 1: "`devices` (array of objects,
        OPTIONAL) configures the allowed device list."
        """
        self.assertEqual(self.tried([self.rule(True, None)]), ["allowed"] * 4)

    def test_everything(self):
        """
        config-linux.md, Allowed Device list, 1: "`devices` (array of objects,
        OPTIONAL) configures the allowed device list."

        No type, no numbers: all.
        """
        self.assertEqual(self.tried([{"allow": True, "access": "rwm"}]),
                         ["allowed"] * 4)

    def test_mknod(self):
        """
        config-linux.md, Allowed Device list, 1: "`devices` (array of objects,
        OPTIONAL) configures the allowed device list."

        A node that is not in the list may perhaps be made - all runtimes let
        any be made, and engines count on it -, but it opens nothing.
        """
        config = self.configured([self.rule(True, 7, "m")],
                                 "mknod /tmp/a c 60 7 && echo made; "
                                 "mknod /tmp/b c 60 9; "
                                 "for node in a b; do "
                                 "test ! -e /tmp/$node || "
                                 "cat /tmp/$node 2>&1 | grep -c permitted; "
                                 "done; exit 0")
        self.assertRegex(self.output(config), r"^made\n1\n(1\n)?$")

    def test_order(self):
        """
        config-linux.md, Allowed Device list, 2: "The runtime MUST apply
        entries in the listed order."
        """
        self.assertEqual(self.tried([self.rule(True, 7), self.rule(False, 7)]),
                         ["denied"] * 4)
        self.assertEqual(self.tried([self.rule(False, 7), self.rule(True, 7)]),
                         ["allowed", "allowed", "denied", "denied"])

    def test_part_of_what_was_allowed(self):
        """
        config-linux.md, Allowed Device list, 2: "The runtime MUST apply
        entries in the listed order."
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        Version 1 cannot take one away from many: then it is an error, never
        silence.
        """
        found = self.tried([self.rule(True, None), self.rule(False, 8)])
        self.assertIn(found, (None, ["allowed", "allowed", "denied",
                                     "denied"]))

    def test_defaults_stay(self):
        """
        config-linux.md, Default Devices, 1: "In addition to any devices
        configured with this setting, the runtime MUST also supply:"

        Whatever the list denies.
        """
        config = self.configured([], "echo x > /dev/null && "
                                 "head -c 1 /dev/zero | wc -c")
        self.assertEqual(self.output(config), "1\n")

    def test_type_that_is_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        for kind in ("x", "p", "char"):
            self.refused(self.configured(
                [{**self.rule(True, 7), "type": kind}], "true"), why=kind)

    def test_access_that_is_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."

        "A composition of `r` (read), `w` (write), and `m` (mknod)."
        Neither crun nor runc looks for letters that are none of these; where
        crun seems to, it is version 1's kernel.
        """
        for access in ("rwx", "a", "R"):
            self.refused(self.configured([self.rule(True, 7, access)],
                                         "true"), why=access)


class Changes(conformance.Conformance):
    """update and pause are no operations of the specification; what they do to
    what it speaks of is tested."""

    def update(self, container, resources):
        path = container.bundle + "/resources.json"
        conformance.write(path, json.dumps(resources))
        return self.call("update", "--resources", path, container.name)

    def test_update(self):
        """
        config-linux.md, Memory, 1: "`limit` (int64, OPTIONAL) - sets limit of
        memory usage"
        config-linux.md, PIDs, 1: "`limit` (int64, OPTIONAL) - specifies the
        maximum number of tasks in the cgroup, with `-1` indicating no limit
        (`max`)."
        """
        self.need_controller("memory", "pids")
        config = self.config()
        config["linux"]["resources"] = {"memory": {"limit": 64 * MIB},
                                        "pids": {"limit": 30}}
        container = self.running(config)
        done = self.update(container, {"memory": {"limit": 32 * MIB},
                                       "pids": {"limit": 20}})
        self.assertEqual(done.status, 0, str(done))
        name = "memory.max" if on_v2("memory") else "memory.limit_in_bytes"
        self.assertEqual(value_in(container.pid, "memory", name),
                         str(32 * MIB))
        self.assertEqual(value_in(container.pid, "pids", "pids.max"), "20")

    def test_update_below_what_is_used(self):
        """
        config-linux.md, Memory, 6: "If enabled (`true`), runtime MAY check if
        a new memory limit is lower than the current usage, and MUST reject the
        new limit."
        """
        self.need_controller("memory")
        config = self.config("head -c 20000000 /dev/zero > /dev/shm/x; "
                             "echo ready; sleep 60")
        config["linux"]["resources"] = {"memory": {"limit": 64 * MIB}}
        container = self.started(config)
        conformance.until(container.written, "it has taken its memory")
        done = self.update(container, {"memory": {
            "limit": 2 * MIB, "swap": 2 * MIB, "checkBeforeUpdate": True}})
        self.assertNotEqual(done.status, 0, str(done))
        self.assertTrue(conformance.exists(container.pid))
        name = "memory.max" if on_v2("memory") else "memory.limit_in_bytes"
        self.assertEqual(value_in(container.pid, "memory", name),
                         str(64 * MIB))

    def test_pause(self):
        """
        runtime.md, State, 5: "Additional values MAY be defined by the runtime,
        however, they MUST be used to represent new runtime states not defined
        above."
        """
        if not V2:
            self.need_controller("freezer")
        config = self.config("while true; do echo x; sleep 0.01; done")
        container = self.started(config)
        conformance.until(container.written, "it writes")
        self.succeed("pause", container.name)
        name = "cgroup.freeze" if V2 else "freezer.state"
        conformance.until(lambda: value_in(container.pid, "freezer", name) in
                          ("1", "FROZEN"), "it is frozen")
        before = len(container.written())
        self.assertNotIn(container.state()["status"], ("running", "stopped"))
        self.assertEqual(len(container.written()), before)
        self.succeed("resume", container.name)
        conformance.until(lambda: len(container.written()) > before,
                          "it writes again")

    def test_kill_while_paused(self):
        """
        runtime.md, Kill, 3: "This operation MUST send the specified signal to
        the container process."
        """
        if not V2:
            self.need_controller("freezer")
        container = self.running()
        self.succeed("pause", container.name)
        self.call("kill", container.name, "KILL")
        self.call("resume", container.name)
        self.assertEqual(container.wait(), 137)
