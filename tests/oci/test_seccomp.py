"""config-linux.md: seccomp, down to the agent that answers for the kernel.

The call that is filtered is mkdir(2), which busybox makes where it is asked to,
or chmod(2), whose second argument is a number of ours.
"""

import errno
import fcntl
import json
import os
import select
import socket
import struct
import threading

import conformance
import harness

MKDIR = ["mkdir", "mkdirat"]
CHMOD = ["chmod", "fchmodat", "fchmodat2"]
SIGSYS = 128 + 31
NOTIF_RECV, NOTIF_SEND, NOTIF_CONTINUE = 0xc0502100, 0xc0182101, 1
MKDIR_CALLS = (34, 83, 258)     # of what architecture it may be
# Enough for a shell and what a runtime does between filter and execve.
USUAL = """access arch_prctl bind brk capget capset chdir clone clone3 close
close_range connect dup dup2 dup3 epoll_create1 epoll_ctl epoll_pwait execve
execveat exit exit_group faccessat faccessat2 fchdir fchmod fchown fcntl fstat
fstatfs futex getcwd getdents getdents64 getegid geteuid getgid getgroups
getpgrp getpid getppid getrandom getrlimit getsockopt gettid gettimeofday
getuid getxattr ioctl kill lseek lstat madvise mmap mprotect mremap munmap
nanosleep clock_nanosleep newfstatat open openat openat2 pipe pipe2 poll ppoll
prctl pread64 prlimit64 pselect6 pwrite64 read readlink readlinkat readv recvmsg
recvfrom restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn
rt_sigsuspend sched_getaffinity sched_yield seccomp select sendmsg sendto
set_robust_list set_tid_address setgid setgroups setpgid setresgid setresuid
setrlimit setsid setuid sigaltstack socket socketpair stat statfs statx
sysinfo tgkill time umask uname unlink vfork wait4 waitid write writev
clock_gettime keyctl pidfd_open pidfd_send_signal setsockopt shutdown
sched_setattr sched_getattr memfd_create""".split()


class Filters(conformance.Conformance):
    def filtered(self, script, *rules, default="SCMP_ACT_ALLOW", **more):
        config = self.config(script)
        config["linux"]["seccomp"] = {"defaultAction": default,
                                      "syscalls": list(rules), **more}
        return config

    @staticmethod
    def rule(action, names=None, **more):
        return {"names": names or MKDIR, "action": action, **more}

    def made(self, *rules, **more):
        """What mkdir(1) says, and its exit status."""
        done = self.run_config(self.filtered(
            "mkdir /tmp/x 2>&1; echo $?", *rules, **more))
        self.assertEqual(done.status, 0, str(done))
        return done.out


class Actions(Filters):
    def test_errno(self):
        """
        config-linux.md, Seccomp, 4: "The default is `EPERM`."
        config-linux.md, Seccomp, 16: "`action` (string, REQUIRED) - the action
        for seccomp rules."
        """
        self.assertIn(os.strerror(errno.EPERM),
                      self.made(self.rule("SCMP_ACT_ERRNO")))

    def test_errno_of_a_rule(self):
        """
        config-linux.md, Seccomp, 17: "`errnoRet` (uint, OPTIONAL) - the errno
        return code to use."
        """
        self.assertIn(os.strerror(errno.EDOM), self.made(
            self.rule("SCMP_ACT_ERRNO", errnoRet=errno.EDOM)))

    def test_errno_of_the_default(self):
        """
        config-linux.md, Seccomp, 1: "`defaultAction` (string, REQUIRED) - the
        default action for seccomp."
        config-linux.md, Seccomp, 2: "`defaultErrnoRet` (uint, OPTIONAL) - the
        errno return code to use."
        config-linux.md, Seccomp, 4: "The default is `EPERM`."
        """
        usual = self.rule("SCMP_ACT_ALLOW", USUAL)
        self.assertIn(os.strerror(errno.EPERM), self.made(
            usual, default="SCMP_ACT_ERRNO"))
        self.assertIn(os.strerror(errno.EDOM), self.made(
            usual, default="SCMP_ACT_ERRNO", defaultErrnoRet=errno.EDOM))

    def test_that_kill(self):
        """
        config-linux.md, Seccomp, 16: "`action` (string, REQUIRED) - the action
        for seccomp rules."
        """
        for name in ("KILL", "KILL_PROCESS", "KILL_THREAD", "TRAP"):
            self.assertEqual(self.made(self.rule("SCMP_ACT_" + name))
                             .split("\n")[-2], str(SIGSYS), name)

    def test_that_allow(self):
        """
        config-linux.md, Seccomp, 16: "`action` (string, REQUIRED) - the action
        for seccomp rules."
        """
        for name in ("ALLOW", "LOG"):
            self.assertEqual(self.made(
                self.rule("SCMP_ACT_ERRNO", CHMOD),
                self.rule("SCMP_ACT_" + name)), "0\n", name)

    def test_trace(self):
        """
        config-linux.md, Seccomp, 16: "`action` (string, REQUIRED) - the action
        for seccomp rules."

        Nobody traces: the kernel says ENOSYS.
        """
        self.assertIn(os.strerror(errno.ENOSYS),
                      self.made(self.rule("SCMP_ACT_TRACE")))

    def test_errno_where_there_is_none(self):
        """
        config-linux.md, Seccomp, 3: "When the action doesn't support an errno,
        the runtime MUST print and error and fail."
        """
        for name in ("ALLOW", "KILL", "TRAP", "LOG"):
            self.refused(self.filtered("true", self.rule(
                "SCMP_ACT_" + name, errnoRet=5),
                default="SCMP_ACT_ERRNO" if name == "ALLOW" else
                "SCMP_ACT_ALLOW"), why="an errno with " + name)
        self.refused(self.filtered("true", defaultErrnoRet=5),
                     why="an errno for the default ALLOW")

    def test_it_is_on(self):
        """
        config-linux.md, Seccomp, 1: "`defaultAction` (string, REQUIRED) - the
        default action for seccomp."

        Also without no_new_privs.
        """
        for value in (True, False):
            config = self.filtered("true", self.rule("SCMP_ACT_ERRNO"))
            config["process"]["noNewPrivileges"] = value
            self.assertEqual(self.running(config).status_of("Seccomp"), "2")

    def test_it_is_off(self):
        """
        config-linux.md, Seccomp, 1: "`defaultAction` (string, REQUIRED) - the
        default action for seccomp."
        """
        self.assertEqual(self.running().status_of("Seccomp"), "0")

    def test_no_names(self):
        """
        config-linux.md, Seccomp, 15: "`names` MUST contain at least one
        entry."

        Neither crun nor runc looks: such a rule is one of nothing, where its
        author meant something.
        """
        self.refused(self.filtered("true", {"names": [],
                                            "action": "SCMP_ACT_ERRNO"}))
        self.refused(self.filtered("true", {"action": "SCMP_ACT_ERRNO"}))

    def test_no_default(self):
        """
        config-linux.md, Seccomp, 1: "`defaultAction` (string, REQUIRED) - the
        default action for seccomp."
        """
        config = self.filtered("true", self.rule("SCMP_ACT_ERRNO"))
        del config["linux"]["seccomp"]["defaultAction"]
        self.refused(config)

    def test_no_action(self):
        """
        config-linux.md, Seccomp, 16: "`action` (string, REQUIRED) - the action
        for seccomp rules."
        """
        self.refused(self.filtered("true", {"names": MKDIR}))

    def test_words_that_are_none(self):
        """
        config.md, Valid values, 1: "Runtimes MUST generate an error when
        invalid or unsupported values are encountered."
        """
        rule = self.rule("SCMP_ACT_ERRNO")
        argument = {"index": 1, "value": 1, "op": "SCMP_CMP_LIKE"}
        for config in (
                self.filtered("true", self.rule("SCMP_ACT_SCOLD")),
                self.filtered("true", rule, default="ALLOW"),
                self.filtered("true", rule, architectures=["SCMP_ARCH_PDP11"]),
                self.filtered("true", rule, flags=["SECCOMP_FILTER_FLAG_NO"]),
                self.filtered("true", {**rule, "args": [argument]}),
                self.filtered("true", {**rule, "args": [
                    {**argument, "op": "SCMP_CMP_EQ", "index": 6}]})):
            self.refused(config, why=json.dumps(config["linux"]["seccomp"]))

    def test_architectures(self):
        """
        config-linux.md, Seccomp, 5: "`architectures` (array of strings,
        OPTIONAL) - the architecture used for system calls."

        More than the machine's own.
        """
        self.assertIn(os.strerror(errno.EPERM), self.made(
            self.rule("SCMP_ACT_ERRNO"), architectures=[
                "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32",
                "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]))

    def test_flags(self):
        """
        config-linux.md, Seccomp, 6: "`flags` (array of strings, OPTIONAL) -
        list of flags to use with seccomp(2)."
        """
        for name in ("TSYNC", "LOG", "SPEC_ALLOW"):
            self.assertIn(os.strerror(errno.EPERM), self.made(
                self.rule("SCMP_ACT_ERRNO"),
                flags=["SECCOMP_FILTER_FLAG_" + name]), name)

    def test_no_flags(self):
        """
        config-linux.md, Seccomp, 6: "`flags` (array of strings, OPTIONAL) -
        list of flags to use with seccomp(2)."
        """
        self.assertIn(os.strerror(errno.EPERM), self.made(
            self.rule("SCMP_ACT_ERRNO"), flags=[]))


class Arguments(Filters):
    MODES = (0o600, 0o640, 0o700)
    # Which of them 0640 is compared with, in this way, refuses.
    OPERATORS = {
        "SCMP_CMP_NE": (0o640, None, [0o600, 0o700]),
        "SCMP_CMP_LT": (0o640, None, [0o600]),
        "SCMP_CMP_LE": (0o640, None, [0o600, 0o640]),
        "SCMP_CMP_EQ": (0o640, None, [0o640]),
        "SCMP_CMP_GE": (0o640, None, [0o640, 0o700]),
        "SCMP_CMP_GT": (0o640, None, [0o700]),
        # (mode & 0100) == 0100
        "SCMP_CMP_MASKED_EQ": (0o100, 0o100, [0o700]),
    }

    def refused_modes(self, *arguments):
        config = self.filtered(
            "touch /tmp/x; for i in 600 640 700; do chmod $i /tmp/x "
            "2>/dev/null || echo $i; done",
            {"names": ["chmod"], "action": "SCMP_ACT_ERRNO",
             "args": list(arguments)})
        return [int(mode, 8) for mode in self.lines(config)]

    def test_operators(self):
        """
        config-linux.md, Seccomp, 18: "`args` (array of objects, OPTIONAL) -
        the specific syscall in seccomp."
        config-linux.md, Seccomp, 19: "`op` (string, REQUIRED) - the operator
        for syscall arguments in seccomp."
        """
        for name, (value, second, refused) in self.OPERATORS.items():
            argument = {"index": 1, "value": value, "op": name}
            if second is not None:
                argument["valueTwo"] = second
            self.assertEqual(self.refused_modes(argument), refused, name)

    def test_two_of_them(self):
        """
        config-linux.md, Seccomp, 18: "`args` (array of objects, OPTIONAL) -
        the specific syscall in seccomp."

        Of two arguments both must match. (Of one argument twice, runtimes make
        two rules; that is left alone here.)
        """
        mode = {"index": 1, "value": 0o640, "op": "SCMP_CMP_EQ"}
        path = {"index": 0, "value": 0, "op": "SCMP_CMP_NE"}
        self.assertEqual(self.refused_modes(mode, path), [0o640])
        path["op"] = "SCMP_CMP_EQ"
        self.assertEqual(self.refused_modes(mode, path), [])


class Agent(threading.Thread):
    """Who listens at listenerPath: takes one connection, answers mkdir."""

    def __init__(self, place, kind=socket.SOCK_STREAM):
        super().__init__(daemon=True)
        self.path = place + "/agent"
        self.listener = socket.socket(socket.AF_UNIX, kind)
        self.listener.bind(self.path)
        self.listener.listen(4)
        self.listener.settimeout(10 * harness.SLOWER)
        self.payload, self.numbers, self.later = b"", [], 0
        self.closed, self.calls, self.problem = False, [], None

    def run(self):
        try:
            connection = self.listener.accept()[0]
            with connection:
                connection.settimeout(5 * harness.SLOWER)
                data, self.numbers, _, _ = socket.recv_fds(
                    connection, 1 << 16, 8)
                while data:
                    self.payload += data
                    data, more, _, _ = socket.recv_fds(connection, 1 << 16, 8)
                    self.later += len(more)
                self.closed = True
            while self.numbers and self.is_asked(self.numbers[0]):
                self.answer(self.numbers[0])
        except OSError as error:
            # ENOENT: nobody has the filter any more.
            if error.errno != errno.ENOENT:
                self.problem = error

    @staticmethod
    def is_asked(notify):
        """Or has nobody the filter any more?  Older kernels (6.1) say so here
        only, and would have NOTIF_RECV wait for ever."""
        poll = select.poll()
        poll.register(notify, select.POLLIN)
        return poll.poll()[0][1] & select.POLLIN

    def answer(self, notify):
        """The next call: mkdir fails, with an errno nobody else would think
        of, and what else it may be goes on."""
        data = bytearray(80)
        fcntl.ioctl(notify, NOTIF_RECV, data)
        number, pid, _, call = struct.unpack_from("=QIIi", data)
        self.calls.append((pid, call))
        fcntl.ioctl(notify, NOTIF_SEND, bytearray(struct.pack(
            "=QqiI", number, 0, *((-errno.EDOM, 0) if call in MKDIR_CALLS
                                  else (0, NOTIF_CONTINUE)))))

    def close(self):
        self.listener.close()
        for number in self.numbers:
            os.close(number)
        self.numbers = []


class Notify(Filters):
    def notifying(self, script, agent, **more):
        config = self.filtered(script, self.rule("SCMP_ACT_NOTIFY"),
                               listenerPath=agent.path, **more)
        config["annotations"] = {"a": "b"}
        return config

    def agent(self, **more):
        agent = Agent(self.scratch(), **more)
        self.addCleanup(agent.close)
        return agent

    def played(self, **more):
        """(the agent, the container) when a mkdir has been answered."""
        agent = self.agent()
        agent.start()
        container = self.started(self.notifying(
            "mkdir /tmp/x 2>&1; echo $?", agent, **more))
        container.wait()
        self.addCleanup(agent.join, 5 * harness.SLOWER)
        self.assertIsNone(agent.problem)
        return agent, container

    def test_state(self):
        """
        config-linux.md, The Container Process State, 1: "The container runtime
        MUST send the container process state over the UNIX socket as regular
        payload serialized in JSON and file descriptors MUST be sent using
        `SCM_RIGHTS`."
        config-linux.md, The Container Process State, 3: "`ociVersion` (string,
        REQUIRED) is version of the Open Container Initiative Runtime
        Specification with which the container process state complies."
        config-linux.md, The Container Process State, 4: "`fds` (array,
        OPTIONAL) is a string array containing the names of the file
        descriptors passed."
        config-linux.md, The Container Process State, 5: "`pid` (int, REQUIRED)
        is the container process ID, as seen by the runtime."
        config-linux.md, The Container Process State, 6: "`state` (state,
        REQUIRED) is the state of the container."
        config-linux.md, Seccomp, 13: "This string will be sent as the
        `metadata` field in the container process state."
        """
        agent, container = self.played(listenerMetadata="opaque: \"data\"")
        state = json.loads(agent.payload)
        self.assertRegex(state["ociVersion"], r"^\d+\.\d+\.\d+")
        self.assertEqual(state["fds"], ["seccompFd"])
        self.assertEqual(state["pid"], container.pid)
        self.assertEqual(state["metadata"], "opaque: \"data\"")
        self.assertEqual(state["state"]["id"], container.name)
        self.assertEqual(state["state"]["bundle"], container.bundle)
        self.assertEqual(state["state"]["pid"], container.pid)
        self.assertEqual(state["state"]["annotations"]["a"], "b")
        self.assertIn(state["state"]["status"], ("creating", "created",
                                                 "running"))

    def test_descriptor(self):
        """
        config-linux.md, Seccomp, 12: "`seccompFd` (string, REQUIRED) is the
        seccomp file descriptor returned by the seccomp syscall."
        config-linux.md, The Container Process State, 2: "If more than one
        `sendmsg(2)` is used, the file descriptors MUST be sent only in the
        first call."

        It is one that works: the call is answered here.
        """
        agent, container = self.played()
        self.assertEqual(len(agent.numbers), 1)
        self.assertEqual(agent.later, 0)
        self.assertIn("seccomp", os.readlink("/proc/self/fd/%d" %
                                             agent.numbers[0]))
        self.assertIn(os.strerror(errno.EDOM), container.written())
        self.assertEqual(len(agent.calls), 1)

    def test_one_a_connection(self):
        """
        config-linux.md, Seccomp, 8: "The runtime MUST send exactly one
        container process state per connection."
        config-linux.md, Seccomp, 9: "The connection MUST NOT be reused and it
        MUST be closed after sending a seccomp state."
        """
        agent, _ = self.played()
        json.loads(agent.payload)       # no more than one
        self.assertTrue(agent.closed)

    def test_without_metadata(self):
        """
        config-linux.md, Seccomp, 13: "This string will be sent as the
        `metadata` field in the container process state."
        """
        agent, _ = self.played()
        self.assertFalse(json.loads(agent.payload).get("metadata"))

    def assert_does_not_run(self, config):
        """Nothing of the program; create may be too early to know."""
        done = self.run_config(config)
        self.assertNotEqual(done.status, 0, str(done))
        self.assertEqual(done.out, "")

    def test_nobody_listens(self):
        """
        config-linux.md, Seccomp, 10: "If sending to this socket fails, the
        runtime MUST generate an error."
        """
        agent = self.agent()
        config = self.notifying("echo it ran", agent)
        agent.listener.close()
        self.assert_does_not_run(config)
        os.unlink(agent.path)
        self.assert_does_not_run(config)

    def test_a_socket_of_another_type(self):
        """
        config-linux.md, Seccomp, 7: "This socket MUST use `AF_UNIX` domain and
        `SOCK_STREAM` type."
        """
        agent = self.agent(kind=socket.SOCK_SEQPACKET)
        self.assert_does_not_run(self.notifying("echo it ran", agent))

    def test_no_path(self):
        """
        runtime.md, Create, 6: "If the runtime cannot apply a property as
        specified in the configuration, it MUST generate an error and a new
        container MUST NOT be created."
        """
        self.assert_does_not_run(self.filtered(
            "echo it ran", self.rule("SCMP_ACT_NOTIFY")))

    def test_not_needed(self):
        """
        config-linux.md, Seccomp, 11: "If the `SCMP_ACT_NOTIFY` action is not
        used this value is ignored."
        """
        config = self.filtered("mkdir /tmp/x 2>&1; echo $?",
                               self.rule("SCMP_ACT_ERRNO"),
                               listenerPath="/nonexistent/agent")
        self.assertIn(os.strerror(errno.EPERM), self.output(config))

    def test_of_all_calls(self):
        """
        config-linux.md, Seccomp, 1: "`defaultAction` (string, REQUIRED) - the
        default action for seccomp."

        The agent is asked about all, also about what a runtime does last.

        Neither crun nor runc can do it for an agent that reads to the end of
        what it is sent: runc refuses, and with crun the end does not come. But
        the table of actions has no exception.
        """
        agent = self.agent()
        agent.start()
        config = self.filtered("mkdir /tmp/x 2>&1; echo $?",
                               default="SCMP_ACT_NOTIFY",
                               listenerPath=agent.path)
        self.assertIn(os.strerror(errno.EDOM), self.output(config))
        agent.join(5 * harness.SLOWER)
        self.assertIsNone(agent.problem)

    def test_metadata_without_a_path(self):
        """
        config-linux.md, Seccomp, 14: "This field MUST NOT be set if
        `listenerPath` is not set."

        Neither crun nor runc minds: it is lost. Whoever set it has forgotten
        the path, and would want to know.
        """
        self.refused(self.filtered("true", self.rule("SCMP_ACT_ERRNO"),
                                   listenerMetadata="data"))
