"""What an image, a config.json or a container's own processes try against the
runtime: the attacks that got out of other runtimes, named by their numbers.

An attack that was not even made withstands nothing: each test also has what
would be seen if it had got through, or a neighbour that is allowed the same.
"""

import ctypes
import errno
import hashlib
import os
import shutil
import struct
import unittest

from test_oci_verbs import OCI, OciTest

# More than the runtime has open at any time.
DESCRIPTORS = range(3, 25)
EVERYTHING = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH",
              "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
              "CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_CHROOT"]
ALL_CAPABILITIES = {"bounding": EVERYTHING, "effective": EVERYTHING,
                    "permitted": EVERYTHING}
# For what is as powerful as a container can be that is not the host.
POWERFUL = {"capabilities": ALL_CAPABILITIES, "noNewPrivileges": False}

def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class AttackTest(OciTest):
    def setUp(self):
        super().setUp()
        self.digest = digest(OCI)
        self.addCleanup(self.compare_runtime)

    def compare_runtime(self):
        self.assertEqual(digest(OCI), self.digest,
                         "the runtime's own file was changed")

    def run_bundle(self, status=0, **more):
        return self.oci("run", "--bundle", self.bundle, self.new_id(),
                        status=status, **more)

    def exec(self, container, *words, status=0, **more):
        return self.oci("exec", container, *words, status=status, **more)

    def put(self, name, text, mode=0o755):
        path = os.path.join(self.rootfs, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)


class RuntimesFile(AttackTest):
    """CVE-2019-5736: the runtime's program, reached by /proc/self/exe."""

    def test_what_waits_for_start_is_out_of_reach(self):
        self.make_bundle("sleep", "100")
        # The name that the copy goes by is no secret: it is no protection.
        for env in ({}, {"MYDOCKER_SELF": OCI}):
            container = self.create(env=dict(os.environ, **env))
            pid = self.state(container)["pid"]
            self.assertNotEqual(os.readlink("/proc/%d/exe" % pid), OCI)
            with self.assertRaises(OSError):
                os.close(os.open("/proc/%d/exe" % pid, os.O_WRONLY))
            # What the exploit keeps, until nobody runs it any more.
            kept = os.open("/proc/%d/exe" % pid, os.O_RDONLY)
            self.addCleanup(os.close, kept)
            self.oci("delete", "--force", container)
            with self.assertRaises(OSError) as caught:
                os.close(os.open("/proc/self/fd/%d" % kept, os.O_WRONLY))
            self.assertIn(caught.exception.errno, (errno.EROFS, errno.EPERM))

    def test_even_the_hosts_root_cannot_make_it_writable(self):
        self.make_bundle("sleep", "100")
        container = self.create()
        pid = self.state(container)["pid"]
        kept = os.open("/proc/%d/exe" % pid, os.O_PATH)
        self.addCleanup(os.close, kept)
        libc = ctypes.CDLL(None, use_errno=True)
        path = b"/proc/self/fd/%d" % kept
        target = os.path.join(self.place, "target").encode()
        open(target, "wb").close()
        clear = struct.pack("4Q", 0, 1, 0, 0)   # MOUNT_ATTR_RDONLY
        remount, bind = 32 | 4096, 4096
        for name, result in (
                ("mount_setattr", libc.syscall(442, kept, b"", 0x1000, clear,
                                               len(clear))),
                ("open_tree", libc.syscall(428, kept, b"", 0x1000 | 1)),
                ("remount", libc.mount(None, path, None, remount, None)),
                ("bind", libc.mount(path, target, None, bind, None))):
            self.assertEqual(result, -1, name)
        self.oci("delete", "--force", container)

    def test_a_process_in_the_container_cannot_write_to_it(self):
        self.make_bundle("sleep", "100", **POWERFUL)
        container = self.create()
        said = self.exec(
            container, "sh", "-c", "readlink /proc/1/exe; "
            "echo overwritten >/proc/1/exe; echo $?; "
            "exec 3</proc/1/exe && echo overwritten >/proc/self/fd/3; "
            "echo $?").out.split()
        self.assertNotEqual(said[0], OCI)
        self.assertNotIn("0", said[2:], said)

    def test_a_payload_that_is_proc_self_exe(self):
        self.make_bundle("/proc/self/exe", "--version", **POWERFUL)
        self.assertIn("mydocker-oci version", self.run_bundle().out)

    def test_a_script_whose_interpreter_is_proc_self_exe(self):
        self.make_bundle("/script", **POWERFUL)
        self.put("script", "#!/proc/self/exe --version\n")
        self.assertIn("mydocker-oci version", self.run_bundle().out)

    def test_writers_that_wait_for_exec_to_come_by(self):
        """As the exploit does it: whatever runs the runtime's program in here
        is opened for writing, while `exec` makes more of them."""
        self.make_bundle(
            "sh", "-c", "echo ready; while :; do for p in /proc/[0-9]*; do "
            "case $(readlink $p/exe) in /|*mydocker*) echo seen >>/seen; "
            "(echo overwritten >$p/exe) && echo written >>/written;; esac; "
            "done; done", **POWERFUL)
        os.symlink("busybox", os.path.join(self.rootfs, "bin/readlink"))
        container = self.started()
        for _ in range(200):
            self.exec(container, "/proc/self/exe", "spec", "--bundle", "/",
                      status=None)
            if self.inside("seen").count("seen") > 20:
                break
        self.assertIn("seen", self.inside("seen"))
        self.assertEqual(self.inside("written"), "")


class HostsDirectories(AttackTest):
    """CVE-2024-21626: a descriptor of the host's, by its number."""

    def outside(self):
        """A program that is on the host alone, and how to name it from a
        directory there."""
        os.chmod(self.place, 0o755)
        path = os.path.join(self.place, "busybox")
        shutil.copy(shutil.which("busybox"), path)
        self.assertEqual(self.succeed([path, "echo", "got out"]).out,
                         "got out\n")
        return "/.." * 12 + path

    def assert_inside(self, done):
        """It was refused, or did not see the host."""
        if done.status == 0:
            self.assertNotIn("sbin", done.out, str(done))
            self.assertNotIn(self.place, done.out, str(done))

    def test_a_working_directory(self):
        # Of the host's top, bundle, or root there would be more to list.
        for number in DESCRIPTORS:
            self.make_bundle("sh", "-c", "cd ../../../../../../..; ls; pwd",
                             cwd="/proc/self/fd/%d" % number)
            done = self.run_bundle(status=None)
            self.assertNotEqual(done.status, 0, str(done))
            self.assert_inside(done)

    def test_a_working_directory_behind_an_images_link(self):
        self.make_bundle("true")
        link = os.path.join(self.rootfs, "work")
        for number in DESCRIPTORS:
            self.make_bundle("ls", "../../../../../../..", cwd="/work")
            os.symlink("/proc/self/fd/%d" % number, link)
            done = self.run_bundle(status=None)
            self.assertNotEqual(done.status, 0, str(done))
            if os.path.islink(link):
                os.unlink(link)

    def test_a_working_directory_of_exec(self):
        self.make_bundle("sleep", "100")
        container = self.started()
        self.exec(container, "true")
        for number in DESCRIPTORS:
            done = self.oci("exec", "--cwd", "/proc/self/fd/%d" % number,
                            container, "ls", status=None)
            self.assertNotEqual(done.status, 0, str(done))

    def test_a_program(self):
        outside = self.outside()
        for number in DESCRIPTORS:
            self.make_bundle("/proc/self/fd/%d%s" % (number, outside), "echo",
                             "got out")
            done = self.run_bundle(status=None)
            self.assertNotEqual(done.status, 0, str(done))
            self.assertNotIn("got out", done.out)

    def test_a_program_of_exec(self):
        outside = self.outside()
        self.make_bundle("sleep", "100")
        container = self.started()
        for number in DESCRIPTORS:
            done = self.exec(container, "/proc/self/fd/%d%s" %
                             (number, outside), "echo", "got out",
                             status=None)
            self.assertNotEqual(done.status, 0, str(done))
            self.assertNotIn("got out", done.out)

    def test_an_interpreter(self):
        """Which the kernel opens when all descriptors are still there."""
        outside = self.outside()
        self.make_bundle("sleep", "100")
        container = self.started()
        for number in DESCRIPTORS:
            self.put("script", "#!/proc/self/fd/%d%s sh\necho got out\n" %
                     (number, outside))
            done = self.exec(container, "/script", status=None)
            self.assertNotIn("got out", done.out)
            self.make_bundle("/script")
            self.assertNotIn("got out", self.run_bundle(status=None).out)


class HostsMounts(AttackTest):
    def test_without_a_mount_namespace_there_are_no_mounts(self):
        def edit(config):
            config["linux"]["namespaces"] = [
                n for n in config["linux"]["namespaces"]
                if n["type"] != "mount"]
        self.make_bundle("true", edit=edit)
        # Should it mount after all, then here.
        done = self.run_command(
            ["unshare", "--mount", "sh", "-c", "\"$@\"; "
             "grep -c \"$0\" /proc/self/mountinfo", self.rootfs, OCI, "--root",
             self.root, "run", "--bundle", self.bundle, self.new_id()])
        self.assertIn("without a mount namespace", done.err, str(done))
        self.assertEqual(done.out, "0\n", str(done))


class Descriptors(AttackTest):
    """Nothing of the runtime's or its caller's is in the container."""

    def listed(self, done):
        return sorted(int(n) for n in done.out.split())

    def callers(self):
        """A directory of the host that our caller forgot to close."""
        top = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, top)
        return {"pass_fds": [top]}

    def test_none_but_the_standard_ones(self):
        # `ls` has the directory itself open.
        self.make_bundle("ls", "/proc/self/fd")
        more = self.callers()
        self.assertEqual(self.listed(self.run_bundle(**more)), [0, 1, 2, 3])
        self.make_bundle("sleep", "100")
        container = self.started(**more)
        self.assertEqual(self.listed(self.exec(
            container, "ls", "/proc/self/fd", **more)), [0, 1, 2, 3])
        self.assertEqual(self.listed(self.exec(
            container, "ls", "/proc/1/fd")), [0, 1, 2])

    def test_none_while_it_waits_for_start(self):
        self.make_bundle("sleep", "100", **POWERFUL)
        container = self.create(**self.callers())
        pid = self.state(container)["pid"]
        links = [os.readlink("/proc/%d/fd/%s" % (pid, n))
                 for n in os.listdir("/proc/%d/fd" % pid)]
        # The standard ones, and the socket where `start` will call.
        self.assertEqual(len(links), 4, links)
        self.assertEqual(sum(link.startswith("socket:") for link in links), 1,
                         links)

    def test_those_that_are_to_be_kept_are(self):
        self.make_bundle("ls", "/proc/self/fd")
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        # The first after the standard ones is what is kept.
        done = self.run_command(
            ["sh", "-c", "exec 3<&%d; exec \"$@\"" % reader, "sh", OCI,
             "--root", self.root, "run", "--preserve-fds", "1", "--bundle",
             self.bundle, self.new_id()], pass_fds=[reader])
        self.assertEqual(self.listed(done), [0, 1, 2, 3, 4], str(done))


class FirstProcess(AttackTest):
    """While it is ours it is nobody else's, though it has their user."""

    def test_it_cannot_be_looked_into_before_start(self):
        look = ("for n in environ maps; do head -c 1 /proc/1/$n >/dev/null "
                "&& echo $n; done; ls /proc/1/root/ >/dev/null && echo root; "
                "true")
        for number in (0, 1000):
            self.make_bundle("sleep", "100", capabilities={},
                             user={"uid": number, "gid": number})
            container = self.create()
            done = self.exec(container, "sh", "-c", look)
            self.assertEqual(done.out, "", str(done))
            self.oci("start", container)
            done = self.exec(container, "sh", "-c", look)
            self.assertEqual(done.out.split(), ["environ", "maps", "root"],
                             str(done))

    def test_nothing_is_inheritable_that_was_not_asked_for(self):
        """CVE-2022-24769."""
        self.make_bundle("cat", "/proc/self/status")
        self.assertIn("CapInh:\t0000000000000000", self.run_bundle().out)
        self.make_bundle("sleep", "100")
        container = self.started()
        said = self.exec(container, "cat", "/proc/self/status").out
        self.assertRegex(said, "CapEff:\t0*[1-9a-f]")
        self.assertIn("CapInh:\t0000000000000000", said)

    def test_what_the_runtime_has_not_got_it_cannot_give(self):
        """Nor does it fail for it ("Linux Process" of config.md)."""
        few = {name: ["CAP_KILL", "CAP_CHOWN", "CAP_NONE"]
               for name in ("bounding", "effective", "permitted")}
        self.make_bundle("cat", "/proc/self/status", capabilities=few)
        done = self.run_command(
            ["setpriv", "--bounding-set", "-chown", OCI, "--root", self.root,
             "run", "--bundle", self.bundle, self.new_id()])
        self.assertIn("CapEff:\t0000000000000020", done.out, str(done))
        self.assertIn("unknown capability CAP_NONE", done.err)
        self.assertIn("has not got them: CAP_CHOWN", done.err)

    def test_who_comes_by_exec_cannot_be_looked_into(self):
        """CVE-2016-9962: root of a user namespace may trace who joins it."""
        self.make_bundle(
            "sh", "-c", "echo ready >/ready; while :; do "
            "for p in /proc/[2-9]*; do case $(readlink $p/exe 2>/dev/null) "
            "in *mydocker*) echo $p >>/seen; esac; done; done",
            edit=self.map_users, capabilities=ALL_CAPABILITIES)
        os.symlink("busybox", os.path.join(self.rootfs, "bin/readlink"))
        os.chmod(self.place, 0o755)
        os.chmod(self.rootfs, 0o777)
        container = self.started()
        self.wait_inside("ready", "ready")
        for _ in range(100):
            self.exec(container, "true")
        self.assertEqual(self.inside("seen"), "")

    def map_users(self, config):
        config["linux"]["namespaces"].append({"type": "user"})
        for name in ("uidMappings", "gidMappings"):
            config["linux"][name] = [
                {"containerID": 0, "hostID": 100000, "size": 1000}]

    def test_the_keys_of_the_host_are_not_its(self):
        """But a keyring that it shares with what `exec` starts in it."""
        def edit(config, mapped):
            config["linux"]["maskedPaths"] = []
            if mapped:
                self.map_users(config)
        for mapped in (False, True):
            self.make_bundle("sh", "-c", "cat /proc/keys >/keys; "
                             "exec sleep 100",
                             edit=lambda c, m=mapped: edit(c, m))
            os.chmod(self.place, 0o755)
            self.put("keys", "", 0o666)
            container = self.started()
            self.wait_inside("keys", "_ses." + container)
            of_exec = self.exec(container, "cat", "/proc/keys").out
            ours, its = [[line.split()[0] for line in said.splitlines()
                          if "_ses." + container in line]
                         for said in (self.inside("keys"), of_exec)]
            self.assertEqual(len(ours), 1)
            self.assertEqual(its, ours)


if __name__ == "__main__":
    unittest.main()
