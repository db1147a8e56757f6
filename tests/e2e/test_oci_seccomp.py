"""Seccomp, from a config.json to a payload that is refused, asked about by an
agent, or killed.  What a filter says of each system call is test_filter.c's.
"""

import array
import errno
import fcntl
import json
import os
import signal
import socket
import struct
import threading
import unittest

from test_oci_attacks import AttackTest

# ioctls of a listener: seccomp_unotify(2).
RECEIVE, SEND, CONTINUE = 0xc0502100, 0xc0182101, 1
MKDIR, SENDMSG, EXECVE = (34, 83, 258), (46, 211), (59, 221)
# What busybox itself calls to say a word and end, and the execve before.
FEW_CALLS = ["execve", "write", "writev", "exit_group", "exit", "brk", "mmap",
             "munmap", "mprotect", "arch_prctl", "set_tid_address",
             "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat",
             "getrandom", "getuid", "geteuid", "getgid", "getegid", "ioctl",
             "newfstatat", "fstat", "uname", "rt_sigaction",
             "rt_sigprocmask", "close"]


class Filters(AttackTest):
    """Seccomp is last: a filter need not allow what the runtime does."""

    def few_calls(self, config):
        config["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
                {"names": FEW_CALLS, "action": "SCMP_ACT_ALLOW"}]}

    def test_a_filter_of_what_the_payload_needs(self):
        for new in (True, False):
            self.make_bundle("/bin/echo", "said", edit=self.few_calls,
                             noNewPrivileges=new)
            self.assertEqual(self.run_bundle().out, "said\n")
            self.make_bundle("/bin/ls", "/", edit=self.few_calls,
                             noNewPrivileges=new)
            done = self.run_bundle(status=None)
            self.assertNotEqual(done.status, 0, str(done))
            self.assertIn("Operation not permitted", done.err)

    def test_the_same_for_exec(self):
        def no_list(config):
            config["linux"]["seccomp"] = {
                "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                    {"names": ["getdents64", "capset", "prctl", "setresuid",
                               "setgroups", "chdir", "getcwd", "connect"],
                     "action": "SCMP_ACT_ERRNO"}]}
        for new in (True, False):
            self.make_bundle("sleep", "100", edit=no_list,
                             noNewPrivileges=new)
            container = self.started()
            self.assertEqual(self.exec(container, "echo", "said").out,
                             "said\n")
            self.assertEqual(self.exec(container, "ls", "/",
                                       status=None).out, "")

    def test_the_payload_has_not_got_what_a_filter_took_to_load(self):
        for seccomp in ({}, {"defaultAction": "SCMP_ACT_ALLOW"}):
            def edit(config, seccomp=seccomp):
                config["linux"]["seccomp"] = seccomp or None
            self.make_bundle("cat", "/proc/self/status", edit=edit,
                             noNewPrivileges=False)
            said = self.run_bundle().out
            self.assertIn("Seccomp:\t%d" % (2 if seccomp else 0), said)
            for name in ("CapPrm", "CapEff", "CapBnd"):
                # AUDIT_WRITE, NET_BIND_SERVICE, KILL.
                self.assertIn(name + ":\t0000000020000420", said)

    def test_killed(self):
        def edit(config):
            config["linux"]["seccomp"] = {
                "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                    {"names": ["getdents64"],
                     "action": "SCMP_ACT_KILL_PROCESS"}]}
        self.make_bundle("ls", "/", edit=edit)
        self.run_bundle(status=128 + signal.SIGSYS)

    def test_what_the_kernel_or_we_do_not_know_is_refused(self):
        for seccomp, words in (
                ({"defaultAction": "SCMP_ACT_NONE"}, "SCMP_ACT_NONE"),
                ({"defaultAction": "SCMP_ACT_ALLOW", "architectures":
                  ["SCMP_ARCH_PPC64"]}, "SCMP_ARCH_PPC64"),
                ({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["NONE"]},
                 "NONE")):
            def edit(config, seccomp=seccomp):
                config["linux"]["seccomp"] = seccomp
            self.make_bundle("true", edit=edit)
            done = self.run_bundle(status=1)
            self.assertIn("linux.seccomp", done.err)
            self.assertIn(words, done.err)


class Agent(threading.Thread):
    """Answers each mkdir that it is asked about with an errno of its own, lets
    all else go on, and keeps what it was told of the container."""

    def __init__(self, path, answer):
        super().__init__(daemon=True)
        self.answer, self.states, self.asked = answer, [], 0
        self.calls = set()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(5)
        self.start()

    def take(self, sock):
        data, fds = b"", array.array("i")
        while True:
            part, control, _, _ = sock.recvmsg(65536, 64)
            for _, _, rights in control:
                fds.frombytes(rights)
            if not part:
                return json.loads(data), list(fds)
            data += part

    def run(self):
        while True:
            sock, _ = self.server.accept()
            with sock:
                state, fds = self.take(sock)
            self.states.append((state, len(fds)))
            threading.Thread(target=self.serve, args=fds, daemon=True).start()

    def serve(self, listener):
        try:
            while True:
                request = bytearray(80)
                fcntl.ioctl(listener, RECEIVE, request)
                self.asked += 1
                identity, _, _, call = struct.unpack_from("QIIi", request)
                self.calls.add(call)
                fcntl.ioctl(listener, SEND, struct.pack(
                    "QqiI", identity, 0, -self.answer, 0) if call in MKDIR
                    else struct.pack("QqiI", identity, 0, 0, CONTINUE))
        except OSError:         # the last of them has ended
            os.close(listener)


class Notified(AttackTest):
    def asking(self, config):
        config["annotations"] = {"org.example": "x"}
        config["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ALLOW",
            "listenerPath": os.path.join(self.place, "agent"),
            "listenerMetadata": "for the agent", "syscalls": [
                {"names": ["mkdir", "mkdirat"],
                 "action": "SCMP_ACT_NOTIFY"}]}

    def test_an_agent_is_asked(self):
        agent = Agent(os.path.join(self.place, "agent"), errno.EXDEV)
        for new in (True, False):
            self.make_bundle("sh", "-c", "busybox mkdir /made; exec sleep 100",
                             edit=self.asking, noNewPrivileges=new)
            container = self.create()
            told = len(agent.states)
            self.oci("start", container)
            # It hears of the end of the message after we have gone on.
            self.wait_for(lambda told=told: len(agent.states) == told + 1,
                          "the agent is told")
            state, fds = agent.states[-1]
            self.assertEqual(fds, 1)
            self.assertEqual(state["fds"], ["seccompFd"])
            self.assertEqual(state["metadata"], "for the agent")
            self.assertEqual(state["pid"], self.state(container)["pid"])
            self.assertEqual(state["state"]["id"], container)
            self.assertEqual(state["state"]["annotations"],
                             {"org.example": "x"})
            done = self.exec(container, "busybox", "mkdir", "/made",
                             status=None)
            self.assertIn("Invalid cross-device link", done.err)
            self.wait_for(lambda told=told: len(agent.states) == told + 2,
                          "the agent is told again")
        self.assertFalse(os.path.exists(os.path.join(self.rootfs, "made")))
        self.wait_for(lambda: agent.asked == 4, "four are asked about")

    def test_of_what_the_runtime_does_itself(self):
        """The listener cannot be sent then; NOTIFY may be the default, too."""
        agent = Agent(os.path.join(self.place, "agent"), errno.EXDEV)
        for seccomp in (
                {"defaultAction": "SCMP_ACT_NOTIFY"},
                {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                    {"names": ["sendmsg", "recvmsg", "execve", "mkdir",
                               "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]},
                {"defaultAction": "SCMP_ACT_NOTIFY", "syscalls": [
                    {"names": ["sendmsg"], "action": "SCMP_ACT_ALLOW"}]}):
            def edit(config, seccomp=seccomp):
                config["linux"]["seccomp"] = {
                    "listenerPath": os.path.join(self.place, "agent"),
                    **seccomp}
            with self.subTest(seccomp=seccomp):
                agent.calls.clear()
                told = len(agent.states)
                self.make_bundle("sh", "-c", "busybox mkdir /made; exec sleep "
                                 "100", edit=edit)
                container = self.started()
                done = self.exec(container, "busybox", "mkdir", "/made",
                                 status=None)
                self.assertIn("Invalid cross-device link", done.err)
                self.assertEqual([fds for _, fds in agent.states[told:]],
                                 [1, 1])
                self.assertTrue(agent.calls.intersection(EXECVE))
                self.assertEqual(
                    bool(agent.calls.intersection(SENDMSG)),
                    "sendmsg" not in str(seccomp) or
                    "ALLOW" not in str(seccomp["syscalls"]))
        self.assertFalse(os.path.exists(os.path.join(self.rootfs, "made")))

    def test_without_an_agent_it_does_not_start(self):
        self.make_bundle("sh", "-c", "echo ran >/ran", edit=self.asking)
        container = self.create()
        done = self.oci("start", container, status=1)
        self.assertIn("seccomp agent: connect to", done.err)
        done = self.oci("state", container, status=None)
        self.assertNotIn("running", done.out)
        self.assertEqual(self.inside("ran"), "")


if __name__ == "__main__":
    unittest.main()
