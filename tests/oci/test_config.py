"""config.md: versions, annotations, what a runtime must ignore and what it must
not; features.md: what a runtime says of itself."""

import json

import conformance

VERSIONS = ("1.0.0", "1.0.1", "1.0.2", "1.0.2-dev")
TOP = {"ociVersionMin", "ociVersionMax", "hooks", "mountOptions", "linux",
       "annotations", "potentiallyUnsafeConfigAnnotations"}
LINUX = {"namespaces", "capabilities", "cgroup", "seccomp", "apparmor",
         "selinux", "memoryPolicy", "intelRdt", "mountExtensions",
         "netDevices"}
HOOKS = {"prestart", "createRuntime", "createContainer", "startContainer",
         "poststart", "poststop"}
KINDS = {"cgroup", "ipc", "mount", "network", "pid", "user", "uts", "time"}
# Of the options of a tmpfs: those that need something else, or that a kernel
# may not have any more.
NOT_ALONE = {"bind", "rbind", "remount", "idmap", "ridmap", "tmpcopyup",
             "mand", "nomand", "acl", "noacl", "nosymfollow", "symfollow"}
# Architectures of the other byte order than most machines': libseccomp puts no
# two orders into one filter.
BIG = {"MIPS", "MIPS64", "MIPS64N32", "PARISC", "PARISC64", "PPC", "PPC64",
       "S390", "S390X", "M68K", "SHEB"}


MAPPING = {"containerID": 0, "hostID": 100000, "size": 65536}
RATE = {"rate": 1 << 20}        # and the numbers of a disk
RULE = {"names": ["chmod"], "action": "SCMP_ACT_ERRNO",
        "args": [{"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]}
# Where, what is set there, and which of its properties are REQUIRED. A number
# in a path is of a list.
PROCESS = (
    ("root", {"path": "rootfs"}, "path"),
    ("mounts.0", {"destination": "/proc", "type": "proc", "source": "proc"},
     "destination"),
    ("process.rlimits", [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}],
     "0.type 0.soft 0.hard"),
    ("process.scheduler", {"policy": "SCHED_OTHER"}, "policy"),
    ("process.ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 4},
     "class priority"),
)
LINUX_ONLY = (
    ("linux.namespaces.0", {"type": "mount"}, "type"),
    ("linux.uidMappings", [MAPPING], "0.containerID 0.hostID 0.size"),
    ("linux.gidMappings", [MAPPING], "0.containerID 0.hostID 0.size"),
    ("linux.devices", [{"path": "/dev/another", "type": "c", "major": 1,
                        "minor": 3}], "0.path 0.type"),
    ("linux.resources.devices", [{"allow": False, "access": "rwm"}],
     "0.allow"),
    ("linux.resources.blockIO.throttleReadBpsDevice", [RATE],
     "0.rate 0.major 0.minor"),
    ("linux.resources.blockIO.throttleWriteIOPSDevice", [RATE],
     "0.rate 0.major 0.minor"),
    ("linux.resources.hugepageLimits", [{"pageSize": "2MB", "limit": 1 << 30}],
     "0.pageSize 0.limit"),
    ("linux.resources.network.priorities", [{"name": "lo", "priority": 1}],
     "0.name 0.priority"),
    ("linux.seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [RULE]},
     "defaultAction syscalls.0.names syscalls.0.action syscalls.0.args.0.index "
     "syscalls.0.args.0.value syscalls.0.args.0.op"),
)


def place_in(config, path):
    """(what holds the last step of a path, that step); made on the way."""
    *steps, last = [int(step) if step.isdigit() else step
                    for step in path.split(".")]
    for step in steps:
        config = config[step] if isinstance(step, int) else \
            config.setdefault(step, {})
    return config, last


def number(version):
    return tuple(map(int, version.partition("-")[0].split(".")))


class Versions(conformance.Conformance):
    def with_version(self, version):
        config = self.config("echo it runs")
        if version is None:
            del config["ociVersion"]
        else:
            config["ociVersion"] = version
        return config

    def test_those_before(self):
        """
        config.md, Specification version, 2: "For example, if a configuration
        is compliant with version 1.1 of this specification, it is compatible
        with all runtimes that support any 1.1 or later release of this
        specification, but is not compatible with a runtime that supports 1.0
        and not 1.1."
        """
        for version in VERSIONS:
            self.assertEqual(self.output(self.with_version(version)),
                             "it runs\n", version)

    def test_missing(self):
        """
        config.md, Specification version, 1: "`ociVersion` (string, REQUIRED)
        MUST be in SemVer v2.0.0 format and specifies the version of the Open
        Container Initiative Runtime Specification with which the bundle
        complies."
        """
        self.refused(self.with_version(None))

    def test_that_are_none(self):
        """
        config.md, Specification version, 1: "`ociVersion` (string, REQUIRED)
        MUST be in SemVer v2.0.0 format and specifies the version of the Open
        Container Initiative Runtime Specification with which the bundle
        complies."
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."

        Neither crun nor runc refuses all of these: crun looks at the first two
        characters, runc at none.
        """
        for version in ("", "1", "1.0", "v1.0.0", "one", "1.0.0.0", "01.0.0",
                        "1.0.0-", 1):
            self.refused(self.with_version(version), why="%r" % version)

    def test_another_major(self):
        """
        config.md, Specification version, 2: "For example, if a configuration
        is compliant with version 1.1 of this specification, it is compatible
        with all runtimes that support any 1.1 or later release of this
        specification, but is not compatible with a runtime that supports 1.0
        and not 1.1."
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        self.refused(self.with_version("2.0.0"))


class Unknown(conformance.Conformance):
    def test_properties(self):
        """
        config.md, Extensibility, 1: "Runtimes MAY log unknown properties but
        MUST otherwise ignore them."
        """
        config = self.config("echo it runs")
        new = {"deep": [1, {"a": None}, "b"]}
        config["linux"]["resources"] = {"memory": {}, "mydockerNew": new}
        for place in (config, config["process"], config["process"]["user"],
                      config["root"], config["linux"], config["mounts"][0],
                      config["linux"]["namespaces"][0],
                      config["linux"]["resources"],
                      config["linux"]["resources"]["memory"],
                      config["process"]["capabilities"]):
            place["mydockerNew"] = new
        self.assertEqual(self.output(config), "it runs\n")

    def test_other_platforms(self):
        """
        config.md, Extensibility, 1: "Runtimes MAY log unknown properties but
        MUST otherwise ignore them."

        To a runtime for Linux they are unknown.
        """
        config = self.config("echo it runs")
        config["mydocker"] = {"windows": 5}
        config["zos"] = {"namespaces": [{"type": "uts"}]}
        self.assertEqual(self.output(config), "it runs\n")

    def test_annotations(self):
        """
        config.md, Annotations, 5: "Runtimes MUST handle unknown annotation
        keys like any other unknown property."
        """
        config = self.config("echo it runs")
        config["annotations"] = {"org.mydocker.unknown": "x",
                                 "org.opencontainers.unknown": "y"}
        self.assertEqual(self.output(config), "it runs\n")


class Invalid(conformance.Conformance):
    def test_no_json(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        good = json.dumps(self.config())
        for bad in ("", "{", good[:-1], good + "}", "[]", "null", "5",
                    good.replace('"ociVersion"', "ociVersion")):
            self.refused(bad, why=bad[:20])

    def change(self, path, value):
        config = self.config()
        place = config
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        return config

    def test_of_another_type(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        for path, value in (
                (("root",), "rootfs"), (("root", "path"), 5),
                (("root", "readonly"), "yes"), (("mounts",), {"a": "b"}),
                (("process", "args"), "/bin/true"),
                (("process", "args"), ["/bin/true", 5]),
                (("process", "env"), {"A": "B"}),
                (("process", "cwd"), ["/"]),
                (("process", "user", "uid"), "root"),
                (("process", "user", "uid"), 1.5),
                (("process", "noNewPrivileges"), 1),
                (("process", "capabilities"), ["CAP_KILL"]),
                (("hostname",), 5), (("linux",), []),
                (("linux", "namespaces"), "pid"),
                (("linux", "maskedPaths"), "/proc/kcore"),
                (("linux", "sysctl"), {"net.ipv4.ip_forward": 1}),
                (("hooks",), [])):
            self.refused(self.change(path, value), why="%s = %r" %
                         (".".join(path), value))

    def test_annotations(self):
        """
        config.md, Annotations, 1: "Annotations MUST be a key-value map."
        config.md, Annotations, 4: "Values MUST be strings."

        Neither crun nor runc refuses all of these: crun takes any, runc takes
        null for "".
        """
        for value in ([], "a", {"a": 5}, {"a": None}, {"a": {}}):
            self.refused(self.change(("annotations",), value),
                         why="%r" % (value,))

    def is_created(self, config):
        bundle = self.bundle(config)
        name = self.name()
        self.containers.append(conformance.Container(self, name, bundle))
        done = self.call("create", "--bundle", bundle, name,
                         out=bundle + "/out")
        if done.status == 0:
            self.call("delete", "--force", name)
        return done.status == 0

    def hold_required(self, rows):
        """None of these is a configuration without each of its properties;
        with all of them, it must be one, or nothing is shown."""
        accepted = []
        for where, value, names in rows:
            config = self.config()
            if "Mappings" in where:
                config["linux"]["namespaces"].append({"type": "user"})
                config["linux"]["uidMappings"] = \
                    config["linux"]["gidMappings"] = [MAPPING]
            place, last = place_in(config, where)
            place[last] = value
            good = json.dumps(config)
            if not self.is_created(json.loads(good)):
                continue
            for name in names.split():
                config = json.loads(good)
                place, last = place_in(config, "%s.%s" % (where, name))
                del place[last]
                if self.is_created(config):
                    accepted.append("%s.%s" % (where, name))
        self.assertEqual(accepted, [])

    def test_required(self):
        """
        config.md, Root, 5: "`path` (string, REQUIRED) Specifies the path to
        the root filesystem for the container."
        config.md, POSIX process, 6: "`type` (string, REQUIRED) the platform
        resource being limited."
        config.md, POSIX process, 7: "`soft` (uint64, REQUIRED) the value of
        the limit enforced for the corresponding resource."
        config.md, POSIX process, 8: "`hard` (uint64, REQUIRED) the ceiling for
        the soft limit that could be set by an unprivileged process."
        config.md, Linux Process, 14: "`policy` (string, REQUIRED) represents
        the scheduling policy."
        config.md, Linux Process, 15: "`class` (string, REQUIRED) specifies the
        I/O scheduling class."
        config.md, Linux Process, 16: "`priority` (int, REQUIRED) specifies the
        priority level within the class."

        Neither crun nor runc looks: both take 0 or "" for what is not there.
        """
        self.hold_required(PROCESS)

    def test_required_on_linux(self):
        """
        config-linux.md, Namespaces, 15: "`type` (string, REQUIRED) - namespace
        type."
        config-linux.md, User namespace mappings, 4: "`containerID` (uint32,
        REQUIRED) - is the starting uid/gid in the container."
        config-linux.md, User namespace mappings, 5: "`hostID` (uint32,
        REQUIRED) - is the starting uid/gid on the host to be mapped to
        *containerID*."
        config-linux.md, User namespace mappings, 6: "`size` (uint32, REQUIRED)
        - is the number of ids to be mapped."
        config-linux.md, Devices, 8: "`type` (string, REQUIRED) - type of
        device: `c`, `b`, `u` or `p`."
        config-linux.md, Devices, 9: "`path` (string, REQUIRED) - full path to
        device inside container."
        config-linux.md, Allowed Device list, 3: "`allow` (boolean, REQUIRED) -
        whether the entry is allowed or denied."
        config-linux.md, Block IO, 5: "`rate` (uint64, REQUIRED) - bandwidth
        rate limit in bytes per second for the device"
        config-linux.md, Block IO, 6: "`major, minor` (int64, REQUIRED) -
        major, minor numbers for device."
        config-linux.md, Block IO, 7: "`rate` (uint64, REQUIRED) - IO rate
        limit for the device"
        config-linux.md, Huge page limits, 1: "`limit` (uint64, REQUIRED) -
        limit in bytes of *hugepagesize* HugeTLB reservations (if supported) or
        usage."
        config-linux.md, Huge page limits, 2: "`pageSize` (string, REQUIRED) -
        hugepage size."
        config-linux.md, Network, 2: "`name` (string, REQUIRED) - interface
        name in runtime network namespace"
        config-linux.md, Network, 3: "`priority` (uint32, REQUIRED) - priority
        applied to the interface"
        config-linux.md, Seccomp, 20: "`index` (uint, REQUIRED) - the index for
        syscall arguments in seccomp."
        config-linux.md, Seccomp, 21: "`value` (uint64, REQUIRED) - the value
        for syscall arguments in seccomp."
        config-linux.md, Seccomp, 22: "`names` (array of strings, REQUIRED) -
        the names of the syscalls."

        Neither crun nor runc looks: both take 0 or "" for what is not there.
        """
        RATE["major"], RATE["minor"] = self.need_disk()
        self.hold_required(LINUX_ONLY)

    def test_annotation_without_a_key(self):
        """
        config.md, Annotations, 3: "Keys MUST NOT be an empty string."

        Neither crun nor runc minds. It binds who writes the configuration, and
        so "invalid values" binds the runtime.
        """
        self.refused(self.change(("annotations",), {"": "x"}))


class Features(conformance.Conformance):
    def setUp(self):
        super().setUp()
        done = self.call("features")
        if done.status:
            self.skipTest("it has no features document, as it MAY")
        self.features = json.loads(done.out)
        self.linux = self.features.get("linux") or {}
        self.seccomp = self.linux.get("seccomp") or {}

    def need(self, value, name):
        if not value:
            self.skipTest("it says nothing of " + name)
        return value

    def test_versions(self):
        """
        features.md, Specification version, 1: "`ociVersionMin` (string,
        REQUIRED) The minimum recognized version of the Open Container
        Initiative Runtime Specification."
        features.md, Specification version, 2: "The runtime MUST accept this
        value as the `ociVersion` property of `config.json`."
        features.md, Specification version, 3: "`ociVersionMax` (string,
        REQUIRED) The maximum recognized version of the Open Container
        Initiative Runtime Specification."
        features.md, Specification version, 4: "The value MUST NOT be less than
        the value of the `ociVersionMin` property."
        """
        lowest = self.features["ociVersionMin"]
        highest = self.features["ociVersionMax"]
        self.assertLessEqual(number(lowest), number(highest))
        for version in (lowest, highest):
            config = self.config("echo it runs")
            config["ociVersion"] = version
            self.assertEqual(self.output(config), "it runs\n", version)

    def test_all_versions_between(self):
        """
        config.md, Specification version, 2: "For example, if a configuration
        is compliant with version 1.1 of this specification, it is compatible
        with all runtimes that support any 1.1 or later release of this
        specification, but is not compatible with a runtime that supports 1.0
        and not 1.1."
        """
        highest = number(self.features["ociVersionMax"])
        for version in ("1.0.0", "1.1.0", "1.2.0", "1.2.1", "1.3.0"):
            if number(version) <= highest:
                config = self.config("echo it runs")
                config["ociVersion"] = version
                self.assertEqual(self.output(config), "it runs\n", version)

    def test_properties(self):
        """
        features.md, Specification version, 5: "The feature document MUST NOT
        contain properties that are not defined in this version of the Open
        Container Initiative Runtime Specification."
        features.md, Features Document, 1: "All properties in the features
        document except `ociVersionMin` and `ociVersionMax` MAY either be
        absent or have the `null` value."
        """
        self.assertLessEqual(set(self.features), TOP)
        self.assertLessEqual(set(self.linux), LINUX)
        self.assertIsInstance(self.features["ociVersionMin"], str)

    def test_annotations(self):
        """
        features.md, Annotations, 1: "Annotations MUST be a key-value map that
        follows the same convention as the Key and Values of the `annotations`
        property of `config.json`."
        """
        found = self.features.get("annotations") or {}
        self.assertIsInstance(found, dict)
        for key, value in found.items():
            self.assertTrue(key)
            self.assertIsInstance(value, str)

    def test_hooks(self):
        """
        features.md, Hooks, 1: "The runtime MUST support the elements in this
        array as the `hooks` property of `config.json`."
        """
        hooks = self.need(self.features.get("hooks"), "hooks")
        self.assertLessEqual(set(hooks), HOOKS)
        log = self.scratch() + "/log"
        conformance.write(log, "")
        config = self.config()
        config["mounts"].append({"destination": "/log", "source": log,
                                 "options": ["bind"]})
        config["hooks"] = {kind: [{"path": "/bin/sh", "args": [
            "sh", "-c", "cat >/dev/null; echo %s >> %s" % (
                kind, "/log" if kind == "startContainer" else log)]}]
            for kind in hooks}
        container = self.started(config)
        container.wait()
        container.delete()
        self.assertEqual(sorted(conformance.read(log).split()), sorted(hooks))

    def test_mount_options(self):
        """
        features.md, Mount Options, 1: "The runtime MUST recognize the elements
        in this array as the `options` of `mounts` objects in `config.json`."

        One that is not known would be an option of tmpfs, which has none of
        the kind.
        """
        options = self.need(self.features.get("mountOptions"), "mounts")
        failed = []
        for option in sorted(set(options) - NOT_ALONE):
            config = self.config()
            config["mounts"].append({
                "destination": "/mnt", "type": "tmpfs", "source": "tmpfs",
                "options": [option]})
            if self.run_config(config).status:
                failed.append(option)
        self.assertEqual(failed, [])

    def test_namespaces(self):
        """
        features-linux.md, Namespaces, 1: "The runtime MUST recognize the
        elements in this array as the `type` of `linux.namespaces` objects in
        `config.json`."
        """
        kinds = self.need(self.linux.get("namespaces"), "namespaces")
        self.assertLessEqual(set(kinds), KINDS)
        for kind in kinds:
            config = self.config()
            config["linux"]["namespaces"] = [
                {"type": one} for one in {"mount", "network", "pid", kind}]
            if kind == "user":
                config["linux"]["uidMappings"] = \
                    config["linux"]["gidMappings"] = [
                        {"containerID": 0, "hostID": 100000, "size": 65536}]
            self.output(config)

    def test_capabilities(self):
        """
        features-linux.md, Capabilities, 1: "The runtime MUST recognize the
        elements in this array in the `process.capabilities` object of
        `config.json`."

        What is known is not warned of as unknown, though it may be that it
        cannot be granted; so each is asked for in the bounding set only.
        """
        names = self.need(self.linux.get("capabilities"), "capabilities")
        have = int(conformance.re.search(
            r"CapBnd:\s*(\S+)", conformance.read("/proc/self/status"))[1], 16)
        config = self.config("grep CapBnd /proc/self/status")
        config["process"]["capabilities"] = {"bounding": names}
        done = self.run_config(config)
        self.assertEqual(done.status, 0, str(done))
        self.assertNotIn("unknown", done.err.lower())
        self.assertEqual(int(done.out.split()[1], 16),
                         have & ((1 << len(names)) - 1))

    def filtered(self, **more):
        config = self.config("echo it runs")
        config["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                                      **more}
        return config

    def test_seccomp_actions(self):
        """
        features-linux.md, Seccomp, 1: "The runtime MUST recognize the elements
        in this array in the `syscalls[].action` property of the
        `linux.seccomp` object in `config.json`."
        """
        for action in self.need(self.seccomp.get("actions"), "actions"):
            if action == "SCMP_ACT_NOTIFY":
                continue        # test_seccomp.py has it: it takes an agent
            self.assertEqual(self.output(self.filtered(syscalls=[
                {"names": ["mkdir"], "action": action}])), "it runs\n",
                action)

    def test_seccomp_operators(self):
        """
        features-linux.md, Seccomp, 2: "The runtime MUST recognize the elements
        in this array in the `syscalls[].args[].op` property of the
        `linux.seccomp` object in `config.json`."
        """
        for operator in self.need(self.seccomp.get("operators"), "operators"):
            self.assertEqual(self.output(self.filtered(syscalls=[
                {"names": ["chmod"], "action": "SCMP_ACT_ERRNO",
                 "args": [{"index": 1, "value": 7, "valueTwo": 7,
                           "op": operator}]}])), "it runs\n", operator)

    def test_seccomp_architectures(self):
        """
        features-linux.md, Seccomp, 3: "The runtime MUST recognize the elements
        in this array in the `architectures` property of the `linux.seccomp`
        object in `config.json`."
        """
        archs = self.need(self.seccomp.get("archs"), "architectures")
        for arch in archs:
            if arch[len("SCMP_ARCH_"):] in BIG:
                continue
            self.assertEqual(self.output(self.filtered(
                architectures=[arch], syscalls=[
                    {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}])),
                "it runs\n", arch)

    def test_seccomp_flags(self):
        """
        features-linux.md, Seccomp, 4: "The runtime MUST recognize the elements
        in this array in the `flags` property of the `linux.seccomp` object in
        `config.json`."
        features-linux.md, Seccomp, 5: "The runtime MUST recognize and support
        the elements in this array in the `flags` property of the
        `linux.seccomp` object in `config.json`."
        """
        flags = self.need(self.seccomp.get("supportedFlags"), "flags")
        self.assertLessEqual(set(flags), set(self.seccomp["knownFlags"]))
        for flag in flags:
            if flag.endswith("_WAIT_KILLABLE_RECV"):
                continue        # of SCMP_ACT_NOTIFY only
            self.assertEqual(self.output(self.filtered(
                flags=[flag], syscalls=[
                    {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}])),
                "it runs\n", flag)

    def test_memory_policies(self):
        """
        features-linux.md, MemoryPolicy, 1: "The runtime MUST recognize the
        elements in this array as the `mode` of `linux.memoryPolicy` objects in
        `config.json`."
        """
        policy = self.need(self.linux.get("memoryPolicy"), "memoryPolicy")
        for mode in policy["modes"]:
            if mode == "MPOL_WEIGHTED_INTERLEAVE" and \
                    tuple(map(int, conformance.os.uname().release.split(
                        ".")[:2])) < (6, 9):
                continue
            config = self.config("echo it runs")
            config["linux"]["memoryPolicy"] = {"mode": mode}
            if mode not in ("MPOL_DEFAULT", "MPOL_LOCAL"):
                config["linux"]["memoryPolicy"]["nodes"] = "0"
            self.assertEqual(self.output(config), "it runs\n", mode)

    def test_memory_policy_flags(self):
        """
        features-linux.md, MemoryPolicy, 2: "The runtime MUST recognize the
        elements in this in the `flags` property of the `linux.memoryPolicy`
        object in `config.json`"
        """
        policy = self.need(self.linux.get("memoryPolicy"), "memoryPolicy")
        for flag in policy["flags"]:
            config = self.config("echo it runs")
            config["linux"]["memoryPolicy"] = {
                "mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
            self.assertEqual(self.output(config), "it runs\n", flag)

    def test_id_mapped_mounts(self):
        """
        features-linux.md, MountExtensions, 1: "In such cases, runtimes MUST
        still set this value to `true`, to indicate that the runtime recognises
        the `uidMappings` and `gidMappings` properties."
        """
        options = self.features.get("mountOptions") or []
        found = (self.linux.get("mountExtensions") or {}).get("idmap") or {}
        if "idmap" not in options and not found:
            self.skipTest("it does not know them")
        self.assertIs(found.get("enabled"), True)
