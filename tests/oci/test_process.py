"""config.md: the process, its terminal, its user and what it may do."""

import ctypes
import json
import os
import re
import resource
import signal
import subprocess

import conformance
import console
from conformance import read

# Capabilities by their numbers.
CAPS = ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID "
        "SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN "
        "NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT "
        "SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE "
        "SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL "
        "SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND "
        "AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()
SETS = {"inheritable": "CapInh", "permitted": "CapPrm", "effective": "CapEff",
        "bounding": "CapBnd", "ambient": "CapAmb"}
SCHED_OTHER, SCHED_FIFO, SCHED_BATCH, SCHED_IDLE = 0, 1, 3, 5
IOPRIO_GET = {"x86_64": 252, "aarch64": 31}
IOPRIO_WHO_PROCESS = 1
PROFILE = "profile mydocker-test { file, signal, ptrace, unix, network, }\n"


def bits(names):
    return sum(1 << CAPS.index(name[len("CAP_"):]) for name in names)


class Terminal(conformance.Conformance):
    def on_a_terminal(self, config):
        config["process"]["terminal"] = True
        there = console.Console(self.scratch())
        self.addCleanup(there.close)
        container = self.create(config, "--console-socket", there.path)
        there.accept()
        return there, container

    def test_it_is_one(self):
        """
        config.md, Process, 2: "`terminal` (bool, OPTIONAL) specifies whether a
        terminal is attached to the process, defaults to false."

        The three streams are one terminal, and the process is controlled by
        it.
        """
        there, container = self.on_a_terminal(self.config(
            "tty; echo ready >/dev/tty; read word; echo got $word"))
        names = {os.readlink("/proc/%d/fd/%d" % (container.pid, number))
                 for number in range(3)}
        self.assertEqual(len(names), 1, names)
        container.start()
        self.assertRegex(there.read("ready\n"),
                         r"^/dev/(pts/\d+|console)\nready\n")
        self.assertNotEqual(read("/proc/%d/stat" % container.pid)
                            .rpartition(")")[2].split()[4], "0")
        os.write(there.master, b"word\n")
        self.assertIn("got word", there.read("got word"))

    def test_a_key_interrupts(self):
        """
        config.md, Process, 2: "`terminal` (bool, OPTIONAL) specifies whether a
        terminal is attached to the process, defaults to false."

        A session of its own, so that ^C reaches it (but for pid 1, which does
        not hear what it has no handler for).
        """
        there, container = self.on_a_terminal(self.config(
            "trap 'echo interrupted; exit 5' INT; echo ready; "
            "while true; do sleep 0.01; done"))
        container.start()
        there.read("ready\n")
        os.write(there.master, b"\x03")
        self.assertIn("interrupted", there.read("interrupted"))
        self.assertEqual(container.wait(), 5)

    def test_size(self):
        """
        config.md, Process, 3: "`consoleSize` (object, OPTIONAL) specifies the
        console size in characters of the terminal."
        """
        config = self.config("stty size")
        config["process"]["consoleSize"] = {"height": 33, "width": 101}
        there, container = self.on_a_terminal(config)
        container.start()
        self.assertEqual(there.read("\n"), "33 101\n")

    def test_half_a_size(self):
        """
        config.md, Process, 11: "`height` (uint, REQUIRED)"
        config.md, Process, 12: "`width` (uint, REQUIRED)"

        Neither crun nor runc looks: the other half is 0.
        """
        there = console.Console(self.scratch())
        self.addCleanup(there.close)
        for size in ({"width": 80}, {"height": 25}):
            config = self.config(terminal=True, consoleSize=size)
            self.refused(config, "--console-socket", there.path,
                         why=str(size))

    def test_size_of_none(self):
        """
        config.md, Process, 4: "Runtimes MUST ignore `consoleSize` if
        `terminal` is `false` or unset."
        """
        config = self.config("tty || echo none")
        config["process"]["consoleSize"] = {"height": 33, "width": 101}
        self.assertIn("none", self.output(config))
        config["process"]["terminal"] = False
        self.assertIn("none", self.output(config))

    def test_none_by_default(self):
        """
        config.md, Process, 2: "`terminal` (bool, OPTIONAL) specifies whether a
        terminal is attached to the process, defaults to false."
        """
        self.assertIn("none", self.output(self.config(
            "[ -t 0 ] || [ -t 1 ] || [ -t 2 ] || echo none")))

    def test_console(self):
        """
        config-linux.md, Default Devices, 2: "`/dev/console` is set up if
        `terminal` is enabled in the config by bind mounting the pseudoterminal
        pty to `/dev/console`."
        """
        there, container = self.on_a_terminal(self.config(
            "echo to the console > /dev/console; sleep 60"))
        container.start()
        self.assertIn("to the console", there.read("console\n"))
        mount = container.mounts()["/dev/console"]
        self.assertEqual(mount.kind, "devpts")
        self.assertEqual(os.stat(container.inside("/dev/console")).st_rdev,
                         os.stat("/proc/%d/fd/0" % container.pid).st_rdev)

    def test_no_console_without(self):
        """
        config-linux.md, Default Devices, 2: "`/dev/console` is set up if
        `terminal` is enabled in the config by bind mounting the pseudoterminal
        pty to `/dev/console`."
        """
        container = self.running()
        self.assertNotIn("/dev/console", container.mounts())

    def test_owner(self):
        """
        config.md, Process, 2: "`terminal` (bool, OPTIONAL) specifies whether a
        terminal is attached to the process, defaults to false."

        An ordinary user may open it again.
        """
        config = self.config("echo again > $(tty)")
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        there, container = self.on_a_terminal(config)
        container.start()
        self.assertEqual(there.read("again\n"), "again\n")

    def test_without_a_socket(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        There is nobody to give the terminal to.
        """
        config = self.config()
        config["process"]["terminal"] = True
        self.refused(config)


class Program(conformance.Conformance):
    def test_cwd(self):
        """
        config.md, Process, 5: "`cwd` (string, REQUIRED) is the working
        directory that will be set for the executable."
        """
        self.assertEqual(self.output(self.config("pwd; readlink /proc/self/cwd",
                                                 cwd="/tmp")), "/tmp\n/tmp\n")

    def test_cwd_that_is_not_absolute(self):
        """
        config.md, Process, 6: "This value MUST be an absolute path."
        """
        for cwd in ("tmp", "./tmp", ""):
            self.refused(self.config(cwd=cwd), why="cwd %r" % cwd)

    def test_no_cwd(self):
        """
        config.md, Process, 5: "`cwd` (string, REQUIRED) is the working
        directory that will be set for the executable."
        """
        config = self.config()
        del config["process"]["cwd"]
        self.refused(config)

    def test_environment(self):
        """
        config.md, Process, 7: "`env` (array of strings, OPTIONAL) with the
        same semantics as IEEE Std 1003.1-2008's `environ`."

        Nothing of the runtime's own comes in.
        """
        env = ["PATH=/bin", "HOME=/somewhere", "A=1=2", "EMPTY=",
               "WITH=two\nlines"]
        config = self.config(args=["/bin/cat", "/proc/self/environ"], env=env)
        out = self.output(config, env=conformance.harness.environment(
            SECRET="of the caller"))
        self.assertEqual(sorted(out.split("\0")[:-1]), sorted(env))

    def test_arguments(self):
        """
        config.md, Process, 8: "`args` (array of strings, OPTIONAL) with
        similar semantics to IEEE Std 1003.1-2008 `execvp`'s *argv*."
        """
        args = ["/bin/cat", "/proc/self/cmdline", "/dev/null"]
        out = self.output(self.config(args=args))
        self.assertEqual(out.split("\0")[:-1], args)
        config = self.config(args=["/bin/sh", "-c", "for i; do echo \"<$i>\"; "
                                   "done", "name", "", "a b", "*", "\u00e9"])
        self.assertEqual(self.lines(config), ["<>", "<a b>", "<*>",
                                              "<\u00e9>"])

    def test_program_is_searched(self):
        """
        config.md, Process, 9: "This specification extends the IEEE standard in
        that at least one entry is REQUIRED (non-Windows), and that entry is
        used with the same semantics as `execvp`'s *file*."

        In the PATH of the process, not the runtime's.
        """
        bundle = self.bundle(self.config(
            args=["findme", "word"], env=["PATH=/nowhere:/opt/own:/bin"]))
        os.makedirs(bundle + "/rootfs/opt/own")
        conformance.write(bundle + "/rootfs/opt/own/findme",
                          "#!/bin/sh\necho found $1\n", 0o755)
        self.assertEqual(self.output(None, bundle=bundle), "found word\n")

    def test_no_arguments(self):
        """
        config.md, Process, 9: "This specification extends the IEEE standard in
        that at least one entry is REQUIRED (non-Windows), and that entry is
        used with the same semantics as `execvp`'s *file*."
        """
        self.refused(self.config(args=[]))
        config = self.config()
        del config["process"]["args"]
        self.refused(config, why="no args")

    def test_no_such_program(self):
        """
        config.md, Process, 9: "This specification extends the IEEE standard in
        that at least one entry is REQUIRED (non-Windows), and that entry is
        used with the same semantics as `execvp`'s *file*."
        """
        for program in ("/bin/nosuch", "nosuch", "/etc"):
            done = self.run_config(self.config(args=[program]))
            self.assertNotEqual(done.status, 0, str(done))

    def test_without_a_process(self):
        """
        config.md, Process, 1: "`process` (object, OPTIONAL) specifies the
        container process."

        It is only start that needs one. Neither crun nor runc creates a
        container without; both read "OPTIONAL" as of the schema only.
        """
        config = self.config()
        del config["process"]
        bundle = self.bundle(config)
        name = self.name()
        self.containers.append(conformance.Container(self, name, bundle))
        self.succeed("create", "--bundle", bundle, name, out=bundle + "/out")


class Limits(conformance.Conformance):
    LIMITS = {"AS": (1 << 40, 1 << 41), "CORE": (1, 2), "CPU": (100, 200),
              "DATA": (1 << 40, 1 << 41), "FSIZE": (1 << 30, 1 << 31),
              "MEMLOCK": (4096, 8192), "MSGQUEUE": (1000, 2000),
              "NOFILE": (200, 300), "NPROC": (1000, 2000),
              "RSS": (1 << 30, 1 << 31), "SIGPENDING": (100, 200),
              "STACK": (1 << 22, 1 << 23)}
    LINES = {"AS": "Max address space", "CORE": "Max core file size",
             "CPU": "Max cpu time", "DATA": "Max data size",
             "FSIZE": "Max file size", "MEMLOCK": "Max locked memory",
             "MSGQUEUE": "Max msgqueue size", "NOFILE": "Max open files",
             "NPROC": "Max processes", "RSS": "Max resident set",
             "SIGPENDING": "Max pending signals", "STACK": "Max stack size",
             "LOCKS": "Max file locks", "NICE": "Max nice priority",
             "RTPRIO": "Max realtime priority", "RTTIME":
             "Max realtime timeout"}

    def limits_of(self, pid):
        text = read("/proc/%d/limits" % pid)
        return {name: tuple(re.search(r"(?m)^%s +(\S+) +(\S+)" % line,
                                      text).groups())
                for name, line in self.LINES.items()}

    def configured(self, *limits):
        config = self.config()
        config["process"]["rlimits"] = [
            {"type": kind, "soft": soft, "hard": hard}
            for kind, soft, hard in limits]
        return config

    def test_each(self):
        """
        config.md, POSIX process, 2: "For each entry in `rlimits`, a
        `getrlimit(3)` on `type` MUST succeed."
        config.md, POSIX process, 3: "`rlim.rlim_cur` MUST match the configured
        value."
        config.md, POSIX process, 4: "`rlim.rlim_max` MUST match the configured
        value."
        """
        def fits(name, hard):
            most = resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1] \
                if hasattr(resource, "RLIMIT_" + name) else 0
            return most == resource.RLIM_INFINITY or hard <= most
        wanted = {name: pair for name, pair in self.LIMITS.items()
                  if fits(name, pair[1])}
        self.assertGreater(len(wanted), 6)
        container = self.running(self.configured(
            *(("RLIMIT_" + name, *pair) for name, pair in wanted.items())))
        found = self.limits_of(container.pid)
        for name, pair in wanted.items():
            self.assertEqual(found[name], tuple(map(str, pair)), name)

    def test_of_names(self):
        """
        config.md, POSIX process, 2: "For each entry in `rlimits`, a
        `getrlimit(3)` on `type` MUST succeed."

        All sixteen, at what the caller has; the kernel takes that from
        everybody.
        """
        before = self.limits_of(os.getpid())

        def number(word):
            return (1 << 64) - 1 if word == "unlimited" else int(word)
        container = self.running(self.configured(
            *(("RLIMIT_" + name, *map(number, pair))
              for name, pair in before.items())))
        self.assertEqual(self.limits_of(container.pid), before)

    def test_unlimited(self):
        """
        config.md, POSIX process, 3: "`rlim.rlim_cur` MUST match the configured
        value."
        """
        if resource.getrlimit(resource.RLIMIT_CORE)[1] != \
                resource.RLIM_INFINITY:
            self.skipTest("this machine allows no core files without limit")
        found = self.limits_of(self.running(self.configured(
            ("RLIMIT_CORE", (1 << 64) - 1, (1 << 64) - 1))).pid)
        self.assertEqual(found["CORE"], ("unlimited", "unlimited"))

    def test_unknown_type(self):
        """
        config.md, POSIX process, 1: "The runtime MUST generate an error for
        any values which cannot be mapped to a relevant kernel interface."
        """
        for name in ("RLIMIT_FOO", "NOFILE", "rlimit_nofile", ""):
            self.refused(self.configured((name, 1, 1)), why="type %r" % name)

    def test_twice(self):
        """
        config.md, POSIX process, 5: "If `rlimits` contains duplicated entries
        with same `type`, the runtime MUST generate an error."

        Neither crun nor runc looks: the last one holds.
        """
        self.refused(self.configured(("RLIMIT_NOFILE", 100, 100),
                                     ("RLIMIT_CORE", 0, 0),
                                     ("RLIMIT_NOFILE", 100, 100)))

    def test_upside_down(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        The kernel takes no soft limit above the hard one.
        """
        self.refused(self.configured(("RLIMIT_NOFILE", 200, 100)))


class Capabilities(conformance.Conformance):
    def sets_of(self, config):
        container = self.running(config)
        return {name: int(container.status_of(line), 16)
                for name, line in SETS.items()}

    def test_of_root(self):
        """
        config.md, Linux Process, 2: "`capabilities` (object, OPTIONAL) is an
        object containing arrays that specifies the sets of capabilities for
        the process."

        execve(2) gives root the bounding and the inheritable set (more than
        the process had only without no_new_privs).
        """
        config = self.config(noNewPrivileges=False)
        some = ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"]
        config["process"]["capabilities"] = {
            "bounding": some, "permitted": some[:2], "effective": some[:1]}
        found = self.sets_of(config)
        self.assertEqual(found, {
            "bounding": bits(some), "permitted": bits(some),
            "effective": bits(some), "inheritable": 0, "ambient": 0})

    def test_five_sets(self):
        """
        config.md, Linux Process, 2: "`capabilities` (object, OPTIONAL) is an
        object containing arrays that specifies the sets of capabilities for
        the process."

        Of a user, who keeps over execve(2) what is ambient.
        """
        config = self.config()
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        some = ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_MKNOD"]
        config["process"]["capabilities"] = {
            "bounding": some, "permitted": some[:3], "effective": some[:3],
            "inheritable": some[:2], "ambient": some[:1]}
        found = self.sets_of(config)
        self.assertEqual(found, {
            "bounding": bits(some), "permitted": bits(some[:1]),
            "effective": bits(some[:1]), "inheritable": bits(some[:2]),
            "ambient": bits(some[:1])})

    def test_of_a_user_without_ambient(self):
        """
        config.md, Linux Process, 2: "`capabilities` (object, OPTIONAL) is an
        object containing arrays that specifies the sets of capabilities for
        the process."
        """
        config = self.config()
        config["process"]["user"] = {"uid": 1000, "gid": 1000}
        found = self.sets_of(config)
        self.assertEqual(found["bounding"], bits(conformance.CAPABILITIES))
        self.assertEqual((found["permitted"], found["effective"]), (0, 0))

    def test_none(self):
        """
        config.md, Linux Process, 2: "`capabilities` (object, OPTIONAL) is an
        object containing arrays that specifies the sets of capabilities for
        the process."
        """
        config = self.config()
        config["process"]["capabilities"] = {name: [] for name in SETS}
        self.assertEqual(self.sets_of(config), dict.fromkeys(SETS, 0))

    def test_what_is_no_capability(self):
        """
        config.md, Linux Process, 3: "Any value which cannot be mapped to a
        relevant kernel interface, or cannot be granted otherwise MUST be
        logged as a warning by the runtime."
        config.md, Linux Process, 4: "Runtimes SHOULD NOT fail if the container
        configuration requests capabilities that cannot be granted, for
        example, if the runtime operates in a restricted environment with a
        limited set of capabilities."
        runtime.md, Warnings, 1: "Unless otherwise stated, logging a warning
        does not change the flow of the operation; it MUST continue as if the
        warning had not been logged."
        """
        config = self.config("echo it runs")
        config["process"]["capabilities"]["bounding"].append("CAP_NO_SUCH")
        done = self.run_config(config)
        self.assertEqual((done.status, done.out), (0, "it runs\n"), str(done))
        self.assertIn("CAP_NO_SUCH", done.err)

    def test_what_cannot_be_granted(self):
        """
        config.md, Linux Process, 3: "Any value which cannot be mapped to a
        relevant kernel interface, or cannot be granted otherwise MUST be
        logged as a warning by the runtime."
        config.md, Linux Process, 4: "Runtimes SHOULD NOT fail if the container
        configuration requests capabilities that cannot be granted, for
        example, if the runtime operates in a restricted environment with a
        limited set of capabilities."
        runtime.md, Warnings, 1: "Unless otherwise stated, logging a warning
        does not change the flow of the operation; it MUST continue as if the
        warning had not been logged."

        By a runtime that has not got it itself.

        Neither crun nor runc in these versions asks what it has got: the
        kernel's error becomes theirs.
        """
        self.need_program("setpriv")
        config = self.config("echo it runs")
        for name in ("bounding", "permitted", "effective"):
            config["process"]["capabilities"][name].append("CAP_SYS_BOOT")
        done = self.run_config(config, prefix=[
            "setpriv", "--bounding-set=-sys_boot", "--inh-caps=-sys_boot"])
        self.assertEqual((done.status, done.out), (0, "it runs\n"), str(done))
        self.assertIn("SYS_BOOT", done.err.upper())


class Attributes(conformance.Conformance):
    def test_no_new_privileges(self):
        """
        config.md, Linux Process, 5: "`noNewPrivileges` (bool, OPTIONAL)
        setting `noNewPrivileges` to true prevents the process from gaining
        additional privileges."
        """
        for value in (True, False):
            container = self.running(self.config(noNewPrivileges=value))
            self.assertEqual(container.status_of("NoNewPrivs"),
                             str(int(value)))

    def test_no_new_privileges_by_default(self):
        """
        config.md, Linux Process, 5: "`noNewPrivileges` (bool, OPTIONAL)
        setting `noNewPrivileges` to true prevents the process from gaining
        additional privileges."
        """
        config = self.config()
        del config["process"]["noNewPrivileges"]
        self.assertEqual(self.running(config).status_of("NoNewPrivs"), "0")

    def adjustment(self, container):
        return int(read("/proc/%d/oom_score_adj" % container.pid))

    def test_oom_score(self):
        """
        config.md, Linux Process, 6: "If `oomScoreAdj` is set, the runtime MUST
        set `oom_score_adj` to the given value."
        """
        for value in (77, 1000):
            self.assertEqual(self.adjustment(self.running(
                self.config(oomScoreAdj=value))), value)

    def test_oom_score_of_the_caller(self):
        """
        config.md, Linux Process, 7: "If `oomScoreAdj` is not set, the runtime
        MUST NOT change the value of `oom_score_adj`."
        """
        def become_a_victim():
            with open("/proc/self/oom_score_adj", "w",
                      encoding="ascii") as file:
                file.write("55")
        container = self.running(preexec_fn=become_a_victim)
        self.assertEqual(self.adjustment(container), 55)

    def test_oom_score_that_is_none(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        self.refused(self.config(oomScoreAdj=1001))

    def scheduled(self, **scheduler):
        pid = self.running(self.config(scheduler=scheduler)).pid
        return (os.sched_getscheduler(pid),
                os.sched_getparam(pid).sched_priority,
                os.getpriority(os.PRIO_PROCESS, pid))

    def test_scheduler(self):
        """
        config.md, Linux Process, 8: "`scheduler` (object, OPTIONAL) is an
        object describing the scheduler properties for the process."

        Neither crun nor runc has it in these versions: it came with version
        1.1.0 of the specification.
        """
        self.assertEqual(self.scheduled(policy="SCHED_BATCH", nice=7),
                         (SCHED_BATCH, 0, 7))
        self.assertEqual(self.scheduled(policy="SCHED_OTHER", nice=-3),
                         (SCHED_OTHER, 0, -3))
        self.assertEqual(self.scheduled(policy="SCHED_IDLE")[0], SCHED_IDLE)

    def test_scheduler_defaults(self):
        """
        config.md, Linux Process, 9: "If not set, the runtime must use the
        value 0."
        """
        self.assertEqual(self.scheduled(policy="SCHED_OTHER"),
                         (SCHED_OTHER, 0, 0))

    def test_scheduler_in_real_time(self):
        """
        config.md, Linux Process, 8: "`scheduler` (object, OPTIONAL) is an
        object describing the scheduler properties for the process."

        Neither crun nor runc has it in these versions.
        """
        if os.path.exists(conformance.HIERARCHIES.get("cpu", "/") +
                          "/cpu.rt_runtime_us"):
            self.skipTest("a cgroup here has no real time of its own")
        self.assertEqual(self.scheduled(policy="SCHED_FIFO", priority=3)[:2],
                         (SCHED_FIFO, 3))

    def test_scheduler_that_is_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."

        Neither crun nor runc looks at it in these versions.
        """
        for bad in ({"policy": "SCHED_SOON"}, {"nice": 3},
                    {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_NO"]},
                    {"policy": "SCHED_OTHER", "nice": 40}):
            self.refused(self.config(scheduler=bad), why=str(bad))

    def io_priority(self, pid):
        number = IOPRIO_GET.get(os.uname().machine)
        if not number:
            self.skipTest("the number of ioprio_get here is not known")
        value = ctypes.CDLL(None).syscall(number, IOPRIO_WHO_PROCESS, pid)
        return value >> 13, value & 7

    def test_io_priority(self):
        """
        config.md, Linux Process, 11: "`ioPriority` (object, OPTIONAL)
        configures the I/O priority settings for the container's processes
        within the process group."

        Neither crun nor runc has it in these versions: it came with version
        1.1.0 of the specification.
        """
        for number, name in enumerate(("RT", "BE", "IDLE"), 1):
            container = self.running(self.config(ioPriority={
                "class": "IOPRIO_CLASS_" + name, "priority": 3}))
            self.assertEqual(self.io_priority(container.pid), (number, 3))

    def test_io_priority_that_is_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."

        Neither crun nor runc looks at it in these versions.
        """
        for bad in ({"class": "IOPRIO_CLASS_SOON", "priority": 3},
                    {"class": "IOPRIO_CLASS_BE", "priority": 8},
                    {"class": "IOPRIO_CLASS_BE", "priority": -1}):
            self.refused(self.config(ioPriority=bad), why=str(bad))

    def execute(self, container, process):
        path = container.bundle + "/process.json"
        conformance.write(path, json.dumps(process))
        return self.succeed("exec", "--process", path, container.name)

    def test_affinity(self):
        """
        config.md, Linux Process, 12: "`execCPUAffinity` (object, OPTIONAL)
        specifies CPU affinity used to execute the process."
        config.md, Linux Process, 13: "This setting is not applicable to the
        container's init process."

        Neither crun nor runc has it in these versions: it came with version
        1.2.1 of the specification.
        """
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            self.skipTest("one CPU is no choice")
        container = self.running()
        self.assertEqual(os.sched_getaffinity(container.pid), set(cpus))
        process = self.config("grep Cpus_allowed_list /proc/self/status")
        process["process"]["execCPUAffinity"] = {
            "initial": str(cpus[0]), "final": str(cpus[1])}
        done = self.execute(container, process["process"])
        self.assertEqual(done.out.split(), ["Cpus_allowed_list:",
                                            str(cpus[1])])

    def test_affinity_is_not_of_the_first(self):
        """
        config.md, Linux Process, 13: "This setting is not applicable to the
        container's init process."
        """
        cpu = str(min(os.sched_getaffinity(0)))
        container = self.running(self.config(
            execCPUAffinity={"initial": cpu, "final": cpu}))
        self.assertEqual(os.sched_getaffinity(container.pid),
                         os.sched_getaffinity(0))

    def test_apparmor(self):
        """
        config.md, Linux Process, 1: "`apparmorProfile` (string, OPTIONAL)
        specifies the name of the AppArmor profile for the process."
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        A profile, where the kernel has none to give.
        """
        if os.path.isdir("/sys/kernel/security/apparmor") or \
                os.path.isdir("/sys/module/apparmor"):
            self.skipTest("this kernel has AppArmor")
        self.refused(self.config(apparmorProfile="some-profile"))

    def test_apparmor_profile(self):
        """
        config.md, Linux Process, 1: "`apparmorProfile` (string, OPTIONAL)
        specifies the name of the AppArmor profile for the process."

        One that the kernel has: for the first process, and for another.
        """
        if not os.path.isdir("/sys/kernel/security/apparmor"):
            self.skipTest("this kernel has no AppArmor, or shows it nowhere")
        parser = self.need_program("apparmor_parser")

        def tell_kernel(how):
            subprocess.run([parser, "--skip-cache", how], check=True,
                           input=PROFILE, text=True)
        tell_kernel("--replace")
        self.addCleanup(tell_kernel, "--remove")
        container = self.running(self.config(apparmorProfile="mydocker-test"))
        self.assertEqual(read("/proc/%d/attr/current" % container.pid),
                         "mydocker-test (enforce)\n")
        config = self.config("cat /proc/self/attr/current",
                             apparmorProfile="mydocker-test")
        self.assertEqual(self.execute(container, config["process"]).out,
                         "mydocker-test (enforce)\n")

    def test_selinux(self):
        """
        config.md, Linux Process, 10: "`selinuxLabel` (string, OPTIONAL)
        specifies the SELinux label for the process."
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."

        A label, where the kernel has none to give.
        """
        if os.path.isdir("/sys/fs/selinux"):
            self.skipTest("this kernel has SELinux")
        self.refused(self.config(selinuxLabel="system_u:system_r:svirt_t:s0"))


class User(conformance.Conformance):
    def test_ids(self):
        """
        config.md, POSIX-platform User, 1: "`uid` (int, REQUIRED) specifies the
        user ID in the container namespace."
        config.md, POSIX-platform User, 2: "`gid` (int, REQUIRED) specifies the
        group ID in the container namespace."
        config.md, POSIX-platform User, 5: "`additionalGids` (array of ints,
        OPTIONAL) specifies additional group IDs in the container namespace to
        be added to the process."
        """
        container = self.running(self.config(user={
            "uid": 1234, "gid": 2345, "additionalGids": [5, 6, 70000]}))
        self.assertEqual(container.status_of("Uid").split(), ["1234"] * 4)
        self.assertEqual(container.status_of("Gid").split(), ["2345"] * 4)
        groups = set(container.status_of("Groups").split())
        self.assertLessEqual({"5", "6", "70000"}, groups)
        self.assertLessEqual(groups, {"5", "6", "70000", "2345"})

    def test_no_group_of_the_caller(self):
        """
        config.md, POSIX-platform User, 5: "`additionalGids` (array of ints,
        OPTIONAL) specifies additional group IDs in the container namespace to
        be added to the process."

        The caller's own supplementary groups are not added.
        """
        container = self.running(extra_groups=[4, 27])
        self.assertLessEqual(set(container.status_of("Groups").split()),
                             {"0"})

    def test_umask(self):
        """
        config.md, POSIX-platform User, 3: "`umask` (int, OPTIONAL) specifies
        the umask of the user."
        """
        for mask in (0o077, 0o002, 0):
            container = self.running(self.config(
                user={"uid": 0, "gid": 0, "umask": mask}))
            self.assertEqual(int(container.status_of("Umask"), 8), mask)

    def test_missing(self):
        """
        config.md, POSIX-platform User, 1: "`uid` (int, REQUIRED) specifies the
        user ID in the container namespace."
        config.md, POSIX-platform User, 2: "`gid` (int, REQUIRED) specifies the
        group ID in the container namespace."

        Neither crun nor runc minds: what is not there is 0, root. Where one
        word is forgotten, that is the worst guess.
        """
        self.refused(self.config(user={"gid": 5}), why="no uid")
        self.refused(self.config(user={"uid": 5}), why="no gid")

    def test_negative(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        self.refused(self.config(user={"uid": -1, "gid": 0}))
        self.refused(self.config(user={"uid": 1 << 33, "gid": 0}))

    def test_signals_are_as_usual(self):
        """
        runtime.md, Start, 3: "This operation MUST run the user-specified
        program as specified by `process`."

        None is blocked or ignored because the runtime did so.
        """
        container = self.running()
        for line in ("SigBlk", "SigIgn"):
            mask = int(container.status_of(line), 16)
            # What glibc keeps for itself has no name; all of 1 to 31 have.
            mask &= (1 << signal.SIGRTMIN) - 1
            self.assertEqual(mask & 0x7fffffff, 0, line)
