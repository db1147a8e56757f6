"""config-linux.md: namespaces, devices and what else is Linux's own."""

import os
import re
import secrets
import stat
import time

import conformance
from conformance import PROC_NAMES, read

KINDS = ("mount", "pid", "network", "ipc", "uts", "cgroup", "user")
MAPS = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def proc_name(kind):
    return PROC_NAMES.get(kind, kind)


def namespace(pid, kind):
    return os.readlink("/proc/%s/ns/%s" % (pid, proc_name(kind)))


class Namespaces(conformance.Conformance):
    def with_namespace(self, kind, path=None, **process):
        """A configuration that has this one, new or joined."""
        config = self.config(**process)
        spaces = [one for one in config["linux"]["namespaces"]
                  if one["type"] != kind]
        new = {"type": kind}
        if path is not None:
            new["path"] = path
        config["linux"]["namespaces"] = spaces + [new]
        if kind == "user" and path is None:
            config["linux"]["uidMappings"] = MAPS
            config["linux"]["gidMappings"] = MAPS
        return config

    def test_new_ones(self):
        """
        config-linux.md, Namespaces, 12: "If `path` is not specified, the
        runtime MUST create a new container namespace of type `type`."
        """
        for kind in KINDS:
            self.need_namespace(proc_name(kind))
            pid = self.running(self.with_namespace(kind)).pid
            self.assertNotEqual(namespace(pid, kind), namespace("self", kind),
                                kind)

    def test_a_new_time(self):
        """
        config-linux.md, Namespaces, 8: "`time` the container will be able to
        have its own clocks."
        config-linux.md, Namespaces, 12: "If `path` is not specified, the
        runtime MUST create a new container namespace of type `type`."

        Neither crun nor runc can in these versions: crun's process dies, runc
        knows no such type.
        """
        self.need_namespace("time")
        pid = self.running(self.with_namespace("time")).pid
        self.assertNotEqual(namespace(pid, "time"), namespace("self", "time"))

    def test_those_of_the_caller(self):
        """
        config-linux.md, Namespaces, 13: "If a namespace type is not specified
        in the `namespaces` array, the container MUST inherit the runtime
        namespace of that type."
        """
        config = self.config()
        config["linux"]["namespaces"] = [{"type": "mount"}]
        # A sysfs that is new needs a network that is.
        config["mounts"] = [mount for mount in config["mounts"]
                            if mount["destination"] != "/sys"]
        pid = self.running(config).pid
        for kind in KINDS[1:]:
            self.assertEqual(namespace(pid, kind), namespace("self", kind),
                             kind)

    def test_joined_ones(self):
        """
        config-linux.md, Namespaces, 10: "The runtime MUST place the container
        process in the namespace associated with that `path`."
        """
        other = self.running()
        for kind in ("network", "ipc", "uts", "pid"):
            pid = self.running(self.with_namespace(
                kind, "/proc/%d/ns/%s" % (other.pid, proc_name(kind)))).pid
            self.assertEqual(namespace(pid, kind), namespace(other.pid, kind),
                             kind)
            for own in ("mount", "ipc", "uts"):
                if own != kind:
                    self.assertNotEqual(namespace(pid, own),
                                        namespace(other.pid, own))

    def test_a_joined_cgroup(self):
        """
        config-linux.md, Namespaces, 10: "The runtime MUST place the container
        process in the namespace associated with that `path`."
        """
        other = self.running(self.with_namespace("cgroup"))
        pid = self.running(self.with_namespace(
            "cgroup", "/proc/%d/ns/cgroup" % other.pid)).pid
        self.assertEqual(namespace(pid, "cgroup"),
                         namespace(other.pid, "cgroup"))

    def test_a_joined_user(self):
        """
        config-linux.md, Namespaces, 10: "The runtime MUST place the container
        process in the namespace associated with that `path`."
        """
        other = self.running(self.with_namespace("user"))
        config = self.with_namespace("user", "/proc/%d/ns/user" % other.pid)
        for one in config["linux"]["namespaces"]:
            if one["type"] in ("network", "ipc", "uts"):
                one["path"] = "/proc/%d/ns/%s" % (other.pid,
                                                  proc_name(one["type"]))
        pid = self.running(config).pid
        for kind in ("user", "network", "ipc", "uts"):
            self.assertEqual(namespace(pid, kind), namespace(other.pid, kind))

    def test_a_joined_time(self):
        """
        config-linux.md, Namespaces, 10: "The runtime MUST place the container
        process in the namespace associated with that `path`."

        Neither crun nor runc can in these versions; see above.
        """
        self.need_namespace("time")
        other = self.running(self.with_namespace("time"))
        pid = self.running(self.with_namespace(
            "time", "/proc/%d/ns/time" % other.pid)).pid
        self.assertEqual(namespace(pid, "time"), namespace(other.pid, "time"))

    def test_twice(self):
        """
        config-linux.md, Namespaces, 14: "If a `namespaces` field contains
        duplicated namespaces with same `type`, the runtime MUST generate an
        error."
        """
        for kind in ("pid", "uts", "mount"):
            config = self.config()
            config["linux"]["namespaces"].append({"type": kind})
            self.refused(config, why="two of " + kind)

    def test_path_of_another_type(self):
        """
        config-linux.md, Namespaces, 11: "The runtime MUST generate an error if
        `path` is not associated with a namespace of type `type`."
        """
        other = "/proc/%d/ns/" % self.running().pid
        for kind, path in (("network", other + "uts"), ("uts", other + "ipc"),
                           ("pid", other + "net"), ("ipc", "/dev/null"),
                           ("uts", "/etc/passwd"),
                           ("network", "/nonexistent")):
            self.refused(self.with_namespace(kind, path), why="%s as %s" %
                         (path, kind))

    def test_relative_path(self):
        """
        config-linux.md, Namespaces, 9: "This value MUST be an absolute path in
        the runtime mount namespace."
        """
        self.refused(self.with_namespace(
            "uts", "../../../../proc/%d/ns/uts" % self.running().pid))

    def test_type_that_is_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        for kind in ("net", "mnt", "users", ""):
            config = self.config()
            config["linux"]["namespaces"].append({"type": kind})
            self.refused(config, why="type %r" % kind)

    def test_pid(self):
        """
        config-linux.md, Namespaces, 1: "`pid` processes inside the container
        will only be able to see other processes inside the same container or
        inside the same pid namespace."
        """
        out = self.output(self.config("echo $$; cd /proc; "
                                      "for i in [0-9]*; do "
                                      "[ -e $i/exe ] && cat $i/comm; done"))
        self.assertEqual(out.split()[0], "1")
        self.assertLessEqual(set(out.split()[1:]), {"sh", "cat"})

    def test_network(self):
        """
        config-linux.md, Namespaces, 2: "`network` the container will have its
        own network stack."
        """
        lines = self.lines(self.config("tail -n +3 /proc/net/dev"))
        self.assertEqual([line.split(":")[0].strip() for line in lines],
                         ["lo"])

    def test_mount(self):
        """
        config-linux.md, Namespaces, 3: "`mount` the container will have an
        isolated mount table."
        """
        before = self.cheap_snapshot()
        config = self.config("mount -t tmpfs none /mnt && echo done; sleep 60")
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind].append("CAP_SYS_ADMIN")
        container = self.started(config)
        conformance.until(container.written, "it has mounted")
        self.assertIn("/mnt", container.mounts())
        container.kill()
        container.wait()
        container.delete()
        self.assertEqual(self.cheap_snapshot(), before)

    def test_ipc(self):
        """
        config-linux.md, Namespaces, 4: "`ipc` processes inside the container
        will only be able to communicate to other processes inside the same
        container via system level IPC."
        """
        lines = self.lines(self.config("cat /proc/sysvipc/shm "
                                       "/proc/sysvipc/sem /proc/sysvipc/msg"))
        self.assertEqual(len(lines), 3)

    def test_cgroup(self):
        """
        config-linux.md, Namespaces, 7: "`cgroup` the container will have an
        isolated view of the cgroup hierarchy."
        """
        for line in self.lines(self.with_namespace(
                "cgroup", args=["/bin/cat", "/proc/self/cgroup"])):
            self.assertEqual(line.split(":")[2].strip("/"), "", line)

    def test_uts(self):
        """
        config-linux.md, Namespaces, 5: "`uts` the container will be able to
        have its own hostname and domain name."
        config.md, Hostname, 1: "`hostname` (string, OPTIONAL) specifies the
        container's hostname as seen by processes running inside the
        container."
        config.md, Domainname, 1: "`domainname` (string, OPTIONAL) specifies
        the container's domainname as seen by processes running inside the
        container."
        """
        before = os.uname().nodename
        config = self.config("uname -n; cat /proc/sys/kernel/domainname")
        config["hostname"] = "inner-host"
        config["domainname"] = "inner.example"
        self.assertEqual(self.lines(config), ["inner-host", "inner.example"])
        self.assertEqual(os.uname().nodename, before)

    def test_hostname(self):
        """
        config.md, Hostname, 1: "`hostname` (string, OPTIONAL) specifies the
        container's hostname as seen by processes running inside the
        container."
        """
        config = self.config("hostname")
        config["hostname"] = "h" * 64
        self.assertEqual(self.lines(config), ["h" * 64])

    def test_hostname_of_the_host(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        Without a namespace to set it in, it would be the host's.
        """
        config = self.config()
        config["linux"]["namespaces"] = [
            one for one in config["linux"]["namespaces"]
            if one["type"] != "uts"]
        config["hostname"] = os.uname().nodename
        self.refused(config)

    def test_hostname_that_is_too_long(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        config = self.config()
        config["hostname"] = "h" * 65
        self.refused(config)

    def test_time_offsets(self):
        """
        config-linux.md, Offset for Time Namespace, 1: "`timeOffsets` (object,
        OPTIONAL) sets the offset for Time Namespace."

        Neither crun nor runc can in these versions; see above.
        """
        self.need_namespace("time")
        config = self.with_namespace("time", args=["/bin/cat", "/proc/uptime"])
        config["linux"]["timeOffsets"] = {
            "boottime": {"secs": 1000000, "nanosecs": 5},
            "monotonic": {"secs": -1}}
        self.hold_offset(config)

    def hold_offset(self, config):
        here = time.clock_gettime(time.CLOCK_BOOTTIME)
        there = float(self.output(config).split()[0])
        self.assertLess(abs(there - here - 1000000), 60)

    def test_time_offsets_of_other_users(self):
        """
        config-linux.md, Offset for Time Namespace, 1: "`timeOffsets` (object,
        OPTIONAL) sets the offset for Time Namespace."

        Neither crun nor runc can in these versions; see above.
        """
        self.need_namespace("time")
        config = self.with_namespace("user", args=["/bin/cat", "/proc/uptime"])
        config["linux"]["namespaces"].append({"type": "time"})
        config["linux"]["timeOffsets"] = {"boottime": {"secs": 1000000}}
        self.hold_offset(config)

    def test_time_offsets_without_a_namespace(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        Neither crun nor runc minds in these versions: the offsets are lost.
        """
        self.need_namespace("time")
        config = self.config()
        config["linux"]["timeOffsets"] = {"boottime": {"secs": 1000}}
        self.refused(config)

    def test_time_offsets_of_no_clock(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        self.need_namespace("time")
        config = self.with_namespace("time")
        config["linux"]["timeOffsets"] = {"realtime": {"secs": 1000}}
        self.refused(config)

    def test_mappings(self):
        """
        config-linux.md, Namespaces, 6: "`user` the container will be able to
        remap user and group IDs from the host to local users and groups within
        the container."
        config-linux.md, User namespace mappings, 1: "`uidMappings` (array of
        objects, OPTIONAL) describes the user namespace uid mappings from the
        host to the container."
        config-linux.md, User namespace mappings, 2: "`gidMappings` (array of
        objects, OPTIONAL) describes the user namespace gid mappings from the
        host to the container."
        """
        config = self.with_namespace("user")
        config["linux"]["uidMappings"] = [
            {"containerID": 0, "hostID": 100000, "size": 1000},
            {"containerID": 2000, "hostID": 300000, "size": 10}]
        config["linux"]["gidMappings"] = [
            {"containerID": 0, "hostID": 200000, "size": 1000}]
        container = self.running(config)

        def table(name):
            return [line.split() for line in read(
                "/proc/%d/%s" % (container.pid, name)).splitlines()]
        self.assertEqual(table("uid_map"), [["0", "100000", "1000"],
                                            ["2000", "300000", "10"]])
        self.assertEqual(table("gid_map"), [["0", "200000", "1000"]])
        self.assertEqual(container.status_of("Uid").split(), ["100000"] * 4)
        self.assertEqual(container.status_of("Gid").split(), ["200000"] * 4)

    def test_user_inside_mappings(self):
        """
        config.md, POSIX-platform User, 1: "`uid` (int, REQUIRED) specifies the
        user ID in the container namespace."
        config.md, POSIX-platform User, 5: "`additionalGids` (array of ints,
        OPTIONAL) specifies additional group IDs in the container namespace to
        be added to the process."
        """
        config = self.with_namespace("user", user={
            "uid": 5, "gid": 6, "additionalGids": [7]})
        container = self.running(config)
        self.assertEqual(container.status_of("Uid").split()[0], "100005")
        self.assertEqual(container.status_of("Gid").split()[0], "100006")
        self.assertIn("100007", container.status_of("Groups").split())

    def test_ownership_is_left(self):
        """
        config-linux.md, User namespace mappings, 3: "The runtime SHOULD NOT
        modify the ownership of referenced filesystems to realize the mapping."
        """
        config = self.with_namespace("user")
        bundle = self.bundle(config)
        self.running(config, bundle=bundle)
        for name in ("", "/bin", "/bin/busybox", "/etc"):
            found = os.lstat(bundle + "/rootfs" + name)
            self.assertEqual((found.st_uid, found.st_gid), (0, 0), name)

    def test_user_that_is_not_mapped(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        done = self.run_config(self.with_namespace("user", user={
            "uid": 70000, "gid": 0}))
        self.assertNotEqual(done.status, 0, str(done))

    def test_mappings_without_a_namespace(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        Neither crun nor runc minds in these versions (runc does since 1.2):
        the container runs as the host's root, which is the worst guess.
        """
        config = self.config()
        config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = MAPS
        self.refused(config)


class Devices(conformance.Conformance):
    NULL = {"path": "/dev/another", "type": "c", "major": 1, "minor": 3}

    def test_each_type(self):
        """
        config-linux.md, Devices, 1: "`devices` (array of objects, OPTIONAL)
        lists devices that MUST be available in the container."
        config-linux.md, Devices, 3: "The path MAY be anywhere in the container
        filesystem, notably outside of `/dev`."
        config-linux.md, Devices, 4: "`major, minor` (int64, REQUIRED unless
        `type` is `p`) - major, minor numbers for the device."
        config-linux.md, Devices, 5: "`fileMode` (uint32, OPTIONAL) - file mode
        for the device."
        config-linux.md, Devices, 6: "`uid` (uint32, OPTIONAL) - id of device
        owner in the container namespace."
        config-linux.md, Devices, 7: "`gid` (uint32, OPTIONAL) - id of device
        group in the container namespace."
        """
        config = self.config()
        config["linux"]["devices"] = [
            {**self.NULL, "fileMode": 0o640, "uid": 3, "gid": 4},
            {"path": "/dev/pipe", "type": "p", "fileMode": 0o600},
            {"path": "/dev/disk", "type": "b", "major": 7, "minor": 99},
            {"path": "/etc/below/zero", "type": "u", "major": 1, "minor": 5}]
        container = self.running(config)
        found = {path: os.lstat(container.inside(path)) for path in (
            "/dev/another", "/dev/pipe", "/dev/disk", "/etc/below/zero")}
        one = found["/dev/another"]
        self.assertTrue(stat.S_ISCHR(one.st_mode))
        self.assertEqual((one.st_rdev, stat.S_IMODE(one.st_mode), one.st_uid,
                          one.st_gid), (os.makedev(1, 3), 0o640, 3, 4))
        self.assertTrue(stat.S_ISFIFO(found["/dev/pipe"].st_mode))
        self.assertEqual(stat.S_IMODE(found["/dev/pipe"].st_mode), 0o600)
        self.assertTrue(stat.S_ISBLK(found["/dev/disk"].st_mode))
        self.assertEqual(found["/dev/disk"].st_rdev, os.makedev(7, 99))
        self.assertTrue(stat.S_ISCHR(found["/etc/below/zero"].st_mode))
        self.assertEqual(found["/etc/below/zero"].st_rdev, os.makedev(1, 5))

    def test_whatever_the_umask(self):
        """
        config-linux.md, Devices, 5: "`fileMode` (uint32, OPTIONAL) - file mode
        for the device."
        """
        config = self.config()
        config["linux"]["devices"] = [{**self.NULL, "fileMode": 0o666}]
        container = self.running(config, preexec_fn=lambda: os.umask(0o77))
        self.assertEqual(stat.S_IMODE(os.stat(
            container.inside("/dev/another")).st_mode), 0o666)

    def test_another_file_is_there(self):
        """
        config-linux.md, Devices, 2: "If a file already exists at `path` that
        does not match the requested device, the runtime MUST generate an
        error."

        Neither crun nor runc minds: both take what is there for it. The
        sentence is of 2016 and has stood since.
        """
        config = self.config()
        config["linux"]["devices"] = [{**self.NULL, "path": "/etc/device"}]
        bundle = self.bundle(config)
        conformance.write(bundle + "/rootfs/etc/device", "a plain file\n")
        self.refused(config, bundle=bundle)

    def test_the_same_is_there(self):
        """
        config-linux.md, Devices, 2: "If a file already exists at `path` that
        does not match the requested device, the runtime MUST generate an
        error."

        One that matches is no error.
        """
        config = self.config("echo x > /etc/device && echo written")
        config["linux"]["devices"] = [{**self.NULL, "path": "/etc/device",
                                       "fileMode": 0o666}]
        bundle = self.bundle(config)
        os.mknod(bundle + "/rootfs/etc/device", stat.S_IFCHR | 0o666,
                 os.makedev(1, 3))
        self.assertEqual(self.output(config, bundle=bundle), "written\n")

    def test_without_numbers(self):
        """
        config-linux.md, Devices, 4: "`major, minor` (int64, REQUIRED unless
        `type` is `p`) - major, minor numbers for the device."

        Neither crun nor runc minds: what is not there is 0.
        """
        config = self.config()
        for missing in ("major", "minor"):
            device = dict(self.NULL)
            del device[missing]
            config["linux"]["devices"] = [device]
            self.refused(config, why="no " + missing)

    def test_type_that_is_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        config = self.config()
        for kind in ("a", "x", "", "cc"):
            config["linux"]["devices"] = [{**self.NULL, "type": kind}]
            self.refused(config, why="type %r" % kind)

    def test_default_ones(self):
        """
        config-linux.md, Default Devices, 1: "In addition to any devices
        configured with this setting, the runtime MUST also supply:"
        """
        container = self.running()
        for name, minor in (("null", 3), ("zero", 5), ("full", 7),
                            ("random", 8), ("urandom", 9)):
            found = os.stat(container.inside("/dev/" + name))
            self.assertEqual(found.st_rdev, os.makedev(1, minor), name)
            self.assertEqual(stat.S_IMODE(found.st_mode), 0o666, name)
        self.assertEqual(os.stat(container.inside("/dev/tty")).st_rdev,
                         os.makedev(5, 0))

    def test_default_ones_work(self):
        """
        config-linux.md, Default Devices, 1: "In addition to any devices
        configured with this setting, the runtime MUST also supply:"

        For an ordinary user, in a user namespace as well.
        """
        script = ("echo x > /dev/null && head -c 2 /dev/zero | wc -c && "
                  "head -c 2 /dev/urandom | wc -c && "
                  "! echo x 2>/dev/null > /dev/full && echo all")
        config = self.config(script)
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        self.assertEqual(self.output(config), "2\n2\nall\n")
        config["linux"]["namespaces"].append({"type": "user"})
        config["linux"]["uidMappings"] = config["linux"]["gidMappings"] = MAPS
        self.assertEqual(self.output(config), "2\n2\nall\n")

    def test_ptmx(self):
        """
        config-linux.md, Default Devices, 3: "A bind-mount or symlink of the
        container's `/dev/pts/ptmx`."
        """
        container = self.running()
        path = container.inside("/dev/ptmx")
        if os.path.islink(path):
            self.assertIn(os.readlink(path), ("pts/ptmx", "/dev/pts/ptmx"))
        else:
            self.assertEqual(container.mounts()["/dev/ptmx"].kind, "devpts")

    def test_listed_as_well(self):
        """
        config-linux.md, Default Devices, 1: "In addition to any devices
        configured with this setting, the runtime MUST also supply:"

        "In addition": one that is configured is no error.
        """
        config = self.config("echo x > /dev/null && echo written")
        config["linux"]["devices"] = [{**self.NULL, "path": "/dev/null",
                                       "fileMode": 0o666}]
        self.assertEqual(self.output(config), "written\n")


class Paths(conformance.Conformance):
    def test_masked(self):
        """
        config-linux.md, Masked Paths, 1: "`maskedPaths` (array of strings,
        OPTIONAL) will mask over the provided paths inside the container so
        that they cannot be read."

        A file, a directory, and one that is not there.
        """
        config = self.config("wc -c < /etc/secret; ls -A /etc/secrets | wc -l; "
                             "head -c 5 /proc/kcore | wc -c; ls /sys/firmware")
        config["linux"]["maskedPaths"] = [
            "/etc/secret", "/etc/secrets", "/proc/kcore", "/nonexistent",
            "/sys/firmware"]
        bundle = self.bundle(config)
        conformance.write(bundle + "/rootfs/etc/secret", "a secret\n")
        os.mkdir(bundle + "/rootfs/etc/secrets")
        conformance.write(bundle + "/rootfs/etc/secrets/one", "a secret\n")
        self.assertEqual(self.output(config, bundle=bundle), "0\n0\n0\n")

    def test_masked_cannot_be_written(self):
        """
        config-linux.md, Masked Paths, 1: "`maskedPaths` (array of strings,
        OPTIONAL) will mask over the provided paths inside the container so
        that they cannot be read."

        Nothing can be put into a directory that is masked.
        """
        config = self.config("echo x 2>/dev/null > /etc/secrets/new; "
                             "ls -A /etc/secrets | wc -l")
        config["linux"]["maskedPaths"] = ["/etc/secrets"]
        bundle = self.bundle(config)
        os.mkdir(bundle + "/rootfs/etc/secrets")
        self.assertEqual(self.output(config, bundle=bundle), "0\n")

    def test_readonly(self):
        """
        config-linux.md, Readonly Paths, 1: "`readonlyPaths` (array of strings,
        OPTIONAL) will set the provided paths as readonly inside the
        container."
        """
        config = self.config(
            "for i in /etc/fixed /etc/fixed-dir/new /proc/sys/kernel/hostname;"
            " do echo x 2>/dev/null > $i && echo written; done; cat /etc/fixed")
        config["linux"]["readonlyPaths"] = ["/etc/fixed", "/etc/fixed-dir",
                                            "/proc/sys", "/nonexistent"]
        bundle = self.bundle(config)
        conformance.write(bundle + "/rootfs/etc/fixed", "as it was\n", 0o666)
        os.mkdir(bundle + "/rootfs/etc/fixed-dir")
        self.assertEqual(self.output(config, bundle=bundle), "as it was\n")

    def test_relative(self):
        """
        config-linux.md, Masked Paths, 2: "The values MUST be absolute paths in
        the container namespace."
        config-linux.md, Readonly Paths, 2: "The values MUST be absolute paths
        in the container namespace."

        Neither crun nor runc minds: both take them from the root. What is
        meant by one that is not absolute is anybody's guess.
        """
        for name in ("maskedPaths", "readonlyPaths"):
            config = self.config()
            config["linux"][name] = ["etc"]
            self.refused(config, why="%s of etc" % name)


class RootPropagation(conformance.Conformance):
    TAGS = {"shared": "shared", "slave": "master", "private": "",
            "unbindable": "unbindable"}

    def tags(self, value, shared_host, before=""):
        config = self.config("cat /proc/self/mountinfo")
        if value:
            config["linux"]["rootfsPropagation"] = value
        prefix = ["unshare", "--mount", "sh", "-e", "-c", before +
                  "mount --make-%s /\nexec \"$@\"" %
                  ("rshared" if shared_host else "rprivate"), "sh"]
        root = conformance.mounts(self.output(config, prefix=prefix))["/"]
        return set(root.propagation) - {"propagate_from"}

    def test_shared(self):
        """
        config-linux.md, Rootfs Mount Propagation, 1: "`shared`: the rootfs
        mount belongs to a new peer group."
        """
        for host in (True, False):
            self.assertIn("shared", self.tags("shared", host))

    def test_slave(self):
        """
        config-linux.md, Rootfs Mount Propagation, 2: "`slave`: the rootfs
        mount receives propagation events from the host (e.g. if something is
        mounted on the host it will also appear in the container) but not the
        other way around."

        Where the host's are shared, or there is nothing to be the slave of.
        """
        if os.stat(self.place).st_dev != os.stat("/").st_dev:
            self.skipTest("the bundle is on a mount of its own here")
        self.assertEqual(self.tags("slave", True), {"master"})

    def test_slave_of_another_mount(self):
        """
        config-linux.md, Rootfs Mount Propagation, 2: "`slave`: the rootfs
        mount receives propagation events from the host (e.g. if something is
        mounted on the host it will also appear in the container) but not the
        other way around."

        The bundle is on a mount of its own, which is as shared. Neither crun
        nor runc makes this root a slave: crun's is private, and runc turns the
        mount of the host's root alone, and all that is below it private.
        """
        before = "mount --bind {0} {0}\n".format(self.place)
        self.assertEqual(self.tags("slave", True, before), {"master"})

    def test_private(self):
        """
        config-linux.md, Rootfs Mount Propagation, 3: "`private`: the rootfs
        mount doesn't receive mount propagation events from the host and
        further mounts in nested containers will be isolated from the host and
        from the rootfs (even if the nested container `rootfsPropagation`
        option is shared)."
        """
        for host in (True, False):
            self.assertEqual(self.tags("private", host), set())

    def test_unbindable(self):
        """
        config-linux.md, Rootfs Mount Propagation, 4: "`unbindable`: the rootfs
        mount is a private mount that cannot be bind-mounted."
        """
        for host in (True, False):
            self.assertEqual(self.tags("unbindable", host), {"unbindable"})

    def test_value_that_is_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        config = self.config()
        config["linux"]["rootfsPropagation"] = "mine"
        self.refused(config)

    def test_host_is_not_reached(self):
        """
        config-linux.md, Rootfs Mount Propagation, 1: "`shared`: the rootfs
        mount belongs to a new peer group."

        "Note this does not mean that it's shared with the host."
        """
        config = self.config("mount -t tmpfs none /mnt; echo $?")
        config["linux"]["rootfsPropagation"] = "shared"
        for kind in ("bounding", "effective", "permitted"):
            config["process"]["capabilities"][kind].append("CAP_SYS_ADMIN")
        script = ("mount --make-rshared / && sort /proc/self/mountinfo >$0/a "
                  "&& \"$@\" && sort /proc/self/mountinfo > $0/b && "
                  "cmp $0/a $0/b")
        self.assertEqual(self.output(config, prefix=[
            "unshare", "--mount", "sh", "-c", script, self.scratch()]), "0\n")


class Kernel(conformance.Conformance):
    def test_sysctl(self):
        """
        config-linux.md, Sysctl, 1: "`sysctl` (object, OPTIONAL) allows kernel
        parameters to be modified at runtime for the container."
        """
        before = read("/proc/sys/kernel/msgmax")
        config = self.config("cat /proc/sys/kernel/msgmax "
                             "/proc/sys/net/ipv4/ip_forward "
                             "/proc/sys/fs/mqueue/msg_max")
        config["linux"]["sysctl"] = {"kernel.msgmax": "12345",
                                     "net.ipv4.ip_forward": "1",
                                     "fs.mqueue.msg_max": "17"}
        self.assertEqual(self.lines(config), ["12345", "1", "17"])
        self.assertEqual(read("/proc/sys/kernel/msgmax"), before)

    def test_sysctl_with_slashes(self):
        """
        config-linux.md, Sysctl, 1: "`sysctl` (object, OPTIONAL) allows kernel
        parameters to be modified at runtime for the container."

        sysctl(8) takes either, which matters where a name has a dot.
        """
        config = self.config("cat /proc/sys/net/ipv4/conf/lo/forwarding")
        config["linux"]["sysctl"] = {"net/ipv4/conf/lo/forwarding": "1"}
        self.assertEqual(self.lines(config), ["1"])

    def test_sysctl_of_the_host(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        What no namespace of the container's has would be everybody's.
        """
        value = read("/proc/sys/vm/swappiness").strip()
        config = self.config()
        config["linux"]["sysctl"] = {"vm.swappiness": value}
        self.refused(config)
        config = self.config()
        config["linux"]["namespaces"] = [
            one for one in config["linux"]["namespaces"]
            if one["type"] not in ("ipc", "network")]
        config["mounts"] = config["mounts"][:-1]    # no sysfs
        for name in ("kernel.msgmax", "net.ipv4.ip_forward"):
            value = read("/proc/sys/" + name.replace(".", "/")).strip()
            config["linux"]["sysctl"] = {name: value}
            self.refused(config, why=name)

    def test_sysctl_that_is_none(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        config = self.config()
        for name, value in (("net.ipv4.no_such_thing", "1"),
                            ("net.ipv4.ip_forward", "a word"),
                            ("net.../../vm/swappiness", "60")):
            config["linux"]["sysctl"] = {name: value}
            self.refused(config, why=name)

    def test_personality(self):
        """
        config-linux.md, Personality, 1: "`domain` (string, REQUIRED) - the
        execution domain."
        config-linux.md, Personality, 2: "`LINUX32` will set the `uname` system
        call to show a 32 bit CPU type, such as `i686`."
        """
        if os.uname().machine != "x86_64":
            self.skipTest("there is no other name for this machine")
        for domain, machine in (("LINUX32", "i686"), ("LINUX", "x86_64")):
            config = self.config("uname -m")
            config["linux"]["personality"] = {"domain": domain}
            self.assertEqual(self.lines(config), [machine])

    def test_personality_that_is_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        config-linux.md, Personality, 1: "`domain` (string, REQUIRED) - the
        execution domain."
        """
        for bad in ({"domain": "LINUX64"}, {}):
            config = self.config()
            config["linux"]["personality"] = bad
            self.refused(config, why=str(bad))

    def test_personality_has_no_flags(self):
        """
        config-linux.md, Personality, 3: "`flags` (array of strings, OPTIONAL)
        - the additional flags to apply."
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."

        "Currently no flag values are supported." Neither crun nor runc looks.
        """
        config = self.config()
        config["linux"]["personality"] = {"domain": "LINUX",
                                          "flags": ["ADDR_NO_RANDOMIZE"]}
        self.refused(config)

    def test_memory_policy(self):
        """
        config-linux.md, Memory policy, 1: "`memoryPolicy` (object, OPTIONAL)
        sets the NUMA memory policy for the container."

        Neither crun nor runc has it in these versions: it came with version
        1.3.0 of the specification.
        """
        if not os.path.exists("/proc/self/numa_maps"):
            self.skipTest("this kernel has no memory policies")
        config = self.config()
        config["linux"]["memoryPolicy"] = {"mode": "MPOL_INTERLEAVE",
                                           "nodes": "0"}
        pid = self.running(config).pid
        self.assertIn("interleave:0", read("/proc/%d/numa_maps" % pid))

    def test_memory_policy_that_is_none(self):
        """
        config-linux.md, Memory policy, 2: "`mode` (string, REQUIRED)"
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."

        Neither crun nor runc looks at it in these versions.
        """
        for bad in ({"nodes": "0"}, {"mode": "MPOL_MINE"},
                    {"mode": "MPOL_BIND", "nodes": "0",
                     "flags": ["MPOL_F_MINE"]}):
            config = self.config()
            config["linux"]["memoryPolicy"] = bad
            self.refused(config, why=str(bad))

    def test_intel_rdt(self):
        """
        config-linux.md, IntelRdt, 2: "If no mounted `resctrl`
        pseudo-filesystem is available in the runtime mount namespace, the
        runtime MUST generate an error."
        """
        if " resctrl " in read("/proc/self/mountinfo"):
            self.skipTest("resctrl is mounted here")
        config = self.config()
        config["linux"]["intelRdt"] = {"closID": "mydocker-oci",
                                       "l3CacheSchema": "L3:0=1"}
        self.refused(config)

    def test_mount_label(self):
        """
        config-linux.md, Mount Label, 1: "`mountLabel` (string, OPTIONAL) will
        set the Selinux context for the mounts in the container."
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        if os.path.isdir("/sys/fs/selinux"):
            self.skipTest("this kernel has SELinux")
        config = self.config()
        config["linux"]["mountLabel"] = "system_u:object_r:svirt_t:s0"
        self.refused(config)


class NetDevices(conformance.Conformance):
    """Neither crun nor runc has them in these versions: they came with version
    1.3.0 of the specification. A device is one end of a cable, in a network
    namespace that plays the host; the runtime is called there."""

    def setUp(self):
        super().setUp()
        self.need_program("ip")
        if conformance.harness.run(
                ["unshare", "--net", "ip", "link", "add", "d0", "type",
                 "veth", "peer", "name", "d1"]).status:
            self.skipTest("this kernel has no veth devices")
        self.device = "oci" + secrets.token_hex(3)

    def prefix(self, more=""):
        return ["unshare", "--net", "sh", "-e", "-c", (
            "ip link add {0} type veth peer name peer; ip link set peer up; "
            "ip link set {0} mtu 1400; "
            "ip addr add 192.0.2.7/24 dev {0}; "
            "ip addr add 2001:db8::7/64 dev {0}; {1}\n").format(
                self.device, more) + '"$@"', "sh"]

    def configured(self, devices, script="true"):
        config = self.config(script)
        config["linux"]["netDevices"] = devices
        return config

    def test_it_is_moved(self):
        """
        config-linux.md, Network Devices, 1: "`netDevices` (object, OPTIONAL) -
        A set of network devices that MUST be made available in the container."
        config-linux.md, Network Devices, 5: "The runtime MUST preserve
        existing network interface attributes, including all permanent IP
        addresses (IFA_F_PERMANENT flag) of any family with global scope
        (RT_SCOPE_UNIVERSE value) as defined in RFC 3549 Section 2.3.3.2."
        config-linux.md, Network Devices, 6: "The runtime MUST set the network
        device state to "up" after moving it to the network namespace to allow
        the container to send and receive network traffic through that device."

        Neither crun nor runc has them in these versions.
        """
        out = self.output(self.configured(
            {self.device: {}}, "ip addr show " + self.device),
            prefix=self.prefix())
        for words in ("mtu 1400", "192.0.2.7/24", "2001:db8::7/64"):
            self.assertIn(words, out)
        self.assertRegex(out, r"<[^>]*\bUP\b")

    def test_it_is_renamed(self):
        """
        config-linux.md, Network Devices, 1: "`netDevices` (object, OPTIONAL) -
        A set of network devices that MUST be made available in the container."

        Neither crun nor runc has them in these versions.
        """
        out = self.output(self.configured(
            {self.device: {"name": "inner0"}}, "ip link"),
            prefix=self.prefix())
        self.assertIn("inner0", out)
        self.assertNotIn(self.device, out)

    def test_a_name_that_is_taken(self):
        """
        config-linux.md, Network Devices, 2: "The runtime MUST check if moving
        the network interface to the container namespace is possible."
        config-linux.md, Network Devices, 3: "If a network device with the
        specified name already exists in the container namespace, the runtime
        MUST generate an error, unless the user has provided a template by
        appending `%d` to the new name."

        "lo" is in every namespace. Neither crun nor runc has them in these
        versions.
        """
        done = self.run_config(self.configured({self.device: {"name": "lo"}}),
                               prefix=self.prefix())
        self.assertNotEqual(done.status, 0, str(done))

    def test_a_template(self):
        """
        config-linux.md, Network Devices, 4: "In that case, the runtime MUST
        allow the move, and the kernel will generate a unique name for the
        interface within the container's network namespace."

        Neither crun nor runc has them in these versions.
        """
        out = self.output(self.configured(
            {self.device: {"name": "eth%d"}}, "ip link"),
            prefix=self.prefix())
        self.assertRegex(out, r"\beth\d\b")

    def test_one_that_is_not_there(self):
        """
        config-linux.md, Network Devices, 2: "The runtime MUST check if moving
        the network interface to the container namespace is possible."

        Neither crun nor runc has them in these versions.
        """
        self.refused(self.configured({"no" + self.device: {}}))

    def test_without_a_namespace(self):
        """
        config-linux.md, Network Devices, 2: "The runtime MUST check if moving
        the network interface to the container namespace is possible."

        There is none to move it to. Neither crun nor runc has them in these
        versions.
        """
        config = self.configured({self.device: {}})
        config["linux"]["namespaces"] = [
            one for one in config["linux"]["namespaces"]
            if one["type"] != "network"]
        config["mounts"] = config["mounts"][:-1]    # no sysfs
        done = self.run_config(config, prefix=self.prefix())
        self.assertNotEqual(done.status, 0, str(done))

    def test_it_is_the_hosts_again(self):
        """
        runtime.md, Errors, 1: "Unless otherwise stated, generating an error
        MUST leave the state of the environment as if the operation were never
        attempted - modulo any possible trivial ancillary changes such as
        logging."

        With its name, its addresses, and up or not. Neither crun nor runc has
        them in these versions.
        """
        for up in ("", "ip link set %s up" % self.device):
            config = self.configured({self.device: {"name": "eth%d"},
                                      "no" + self.device: {}})
            prefix = self.prefix(up)
            prefix[5] += " || ip addr show " + self.device
            out = self.run_config(config, prefix=prefix).out
            for words in ("mtu 1400", "192.0.2.7/24", "2001:db8::7/64"):
                self.assertIn(words, out)
            self.assertEqual(bool(re.search(r"<[^>]*\bUP\b", out)), bool(up))

    def test_it_is_not_moved_back(self):
        """
        config-linux.md, Namespace Lifecycle and Container Termination, 2: "The
        runtime MUST NOT attempt to move the interface out of the namespace
        before deletion."

        A virtual one goes with its namespace. Neither crun nor runc has them
        in these versions.
        """
        prefix = self.prefix()
        prefix[5] += "; ip link show " + self.device
        done = self.run_config(self.configured(
            {self.device: {}}, "ip link show " + self.device), prefix=prefix)
        self.assertIn(self.device, done.out)
        self.assertNotEqual(done.status, 0, str(done))
