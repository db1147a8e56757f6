"""Chapter 3's aufs, typed: the labs of the notes, and what the kernel's own
aufs answered to the same commands (measured on Linux 6.1 with its patches).

Each test types into the shell of `./demo aufs --shell`, as root and as an
ordinary user in a user namespace.  What that kernel said otherwise, line by
line, and why:

    the type in /proc/mounts    ours is "fuse.aufs": the kernel chooses the name
    si=, create=rr there        options that FUSE does not know are not shown
    statfs's magic number       FUSE's own
    /proc/fs/aufs/plink_maint   no module, no /proc file; plinks need no flush
    dmesg's "A/sub is overlapped", "mount point is busy"    mount's helper says
                                it in its own words, on standard error
    inode numbers in .wh..wh.plnk/11.56, and everywhere     ids, as times
    udba=reval, and ls          the kernel keeps a directory's list for up to
                                ten seconds (rdcache=); ours looks at once
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import experiments
import harness

DEMO = harness.program("ch03-unionfs")
PROMPT = "inside# "
LAYERS = ("dirs=./container-layer:./image-layer4:./image-layer3:"
          "./image-layer2:./image-layer1")
BOOKKEEPING = [".wh..wh.aufs", ".wh..wh.orph", ".wh..wh.plnk"]
# A device of the machine, or of nobody in a user namespace: not to be opened.
CLOSED = ('mount --bind -o nodev /dev/fuse /dev/fuse && '
          'mount -o remount,bind,nodev /dev/fuse && exec "$@"')


class Fuse(harness.KernelTest):
    def setUp(self):
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            self.skipTest("/dev/fuse cannot be opened")
        super().setUp()

    def copied(self, *names):
        """The chapter's programs, where an ordinary user can run them."""
        place = self.scratch(harness.USER)
        for name in names:
            shutil.copy(harness.program("ch03-unionfs", name), place)
        return {"user": harness.USER,
                "env": harness.environment(HOME=place)}, place + "/demo"


class Experiments(experiments.Played, Fuse):
    demo, names = DEMO, ("aufs", "branches", "compare")

    def test_the_chapter_has_its_twelve(self):
        done = self.succeed([DEMO, "list"])
        self.assertEqual([line.split()[0] for line in done.out.splitlines()],
                         "company layers copyup whiteout rename limits aufs "
                         "branches compare image oci diff".split())

    def test_by_an_ordinary_user(self):
        somebody, self.demo = self.copied("demo", "aufs")
        self.many_times(**somebody)

    def test_where_only_the_demo_was_copied(self):
        somebody, demo = self.copied("demo")
        for name in self.names:
            done = self.run_command([demo, name], **somebody)
            self.assertEqual(done.status, 0, str(done))
            self.assertIn("[skipped] needs the program aufs", done.out)

    def test_without_fuse(self):
        for name in self.names:
            done = self.run_command(["unshare", "--mount", "sh", "-c", CLOSED,
                                     "sh", DEMO, name])
            self.assertEqual(done.status, 0, str(done))
            self.assertIn("[skipped] needs FUSE", done.out, str(done))

    def test_no_pid_namespace(self):
        done = self.run_command(
            ["unshare", "--user", "--map-root-user", "sh", "-c",
             'echo 0 > /proc/sys/user/max_pid_namespaces && exec "$@"', "sh",
             DEMO, *self.names])
        self.assertEqual(done.status, 0, str(done))
        self.assertEqual(done.out.count("[skipped]"), 3, str(done))


class Typed:
    """A shell in the lab; lines are typed, and what they say is compared."""
    somebody, demo = {}, DEMO

    def setUp(self):
        super().setUp()
        self.enter()

    def enter(self):
        self.shell = self.terminal([self.demo, "aufs", "--shell"],
                                   **self.somebody)
        self.begin()

    def begin(self):
        self.shell.expect(PROMPT, experiments.SECONDS)
        self.say("stty -echo; umask 022; alias ls='ls -1'")

    def say(self, line):
        """Type a line: what it printed."""
        self.shell.send(line + "\n")
        said = self.shell.expect(PROMPT).split(PROMPT)[0]
        return said.replace("\r\n", "\n")

    def says(self, line, *expected):
        said = self.say(line)
        if len(expected) == 1 and hasattr(expected[0], "search"):
            self.assertRegex(said, expected[0], line)
        else:
            self.assertEqual(said.split("\n")[:-1], list(expected), line)

    def mount(self, options, *more):
        self.says("mount -t aufs -o %s none ./mnt" % options, *more)

    def unmount(self):
        self.says("umount ./mnt")
        self.says("ls /sys/fs/aufs")

    def branches(self, *expected):
        """br0, br1...: "A=rw 64", with paths from here."""
        said = self.say("for br in /sys/fs/aufs/si_*/br[0-9]*; do "
                        "n=${br##*/br}; echo $(cat $br ${br%/*}/brid$n); "
                        'done | sed "s#^$PWD/##"')
        self.assertEqual(said.split("\n")[:-1], list(expected))

    def leave(self):
        self.shell.send("exit\n")
        done = self.shell.wait()
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(": 1 passed, 0 failed, 0 skipped", done.out)

    # ---- the notes' labs ---------------------------------------------------

    def test_company_and_home(self):
        self.say("mkdir -p company/code company/meeting home/eat home/sleep")
        self.say("mkdir mnt")
        self.says("stat -c %h company home mnt", "4", "4", "2")
        self.mount("dirs=./home:./company")
        self.says("stat -c %h company home mnt", "4", "6", "8")
        self.says("find ./mnt | sort", "./mnt", "./mnt/code", "./mnt/eat",
                  "./mnt/meeting", "./mnt/sleep")
        self.unmount()
        self.leave()

    def test_an_apple(self):
        self.say("mkdir company home mnt")
        self.say("touch company/code company/meeting home/eat home/sleep")
        self.mount("dirs=./home:./company")
        self.says("echo apple > ./mnt/code")
        self.says("cat company/code")
        self.says("cat home/code", "apple")
        self.unmount()
        self.says("ls -A home", *BOOKKEEPING, "code", "eat", "sleep")
        self.leave()

    def make_layers(self):
        self.say("mkdir mnt container-layer")
        self.say('echo "I am container layer" > '
                 "container-layer/container-layer.txt")
        for i in range(1, 5):
            self.say("mkdir image-layer%d" % i)
            self.say('echo "I am image layer %d" > '
                     "image-layer%d/image-layer%d.txt" % (i, i, i))

    def test_the_layers(self):
        self.make_layers()
        self.says("sudo mount -t aufs -o %s none ./mnt" % LAYERS)
        self.says("ls mnt", "container-layer.txt", "image-layer1.txt",
                  "image-layer2.txt", "image-layer3.txt", "image-layer4.txt")
        self.says("ls /sys/fs/aufs", re.compile(r"\Asi_[0-9a-f]{16}\n\Z"))
        self.says("ls /sys/fs/aufs/si_*", "br0", "br1", "br2", "br3", "br4",
                  "brid0", "brid1", "brid2", "brid3", "brid4", "xi_path")
        self.branches("container-layer=rw 64", "image-layer4=ro 65",
                      "image-layer3=ro 66", "image-layer2=ro 67",
                      "image-layer1=ro 68")
        self.says('sed "s#^$PWD/##" /sys/fs/aufs/si_*/xi_path',
                  "container-layer/.aufs.xino")
        self.says("findmnt -n -o SOURCE,FSTYPE ./mnt",
                  re.compile(r"\Anone +(fuse\.)?aufs\n\Z"))
        self.says('echo "write to mnt" >> ./mnt/image-layer4.txt')
        self.says("cat mnt/image-layer4.txt", "I am image layer 4",
                  "write to mnt")
        self.says("cat image-layer4/image-layer4.txt", "I am image layer 4")
        self.says("cat container-layer/image-layer4.txt",
                  "I am image layer 4", "write to mnt")
        self.says("rm mnt/image-layer1.txt")
        self.says("ls -A mnt", "container-layer.txt", "image-layer2.txt",
                  "image-layer3.txt", "image-layer4.txt")
        self.says("ls -A image-layer1", "image-layer1.txt")
        self.says("stat -c '%n %F %a %h' container-layer/.wh*",
                  "container-layer/.wh..wh.aufs regular empty file 444 2",
                  "container-layer/.wh..wh.orph directory 700 2",
                  "container-layer/.wh..wh.plnk directory 700 2",
                  "container-layer/.wh.image-layer1.txt regular empty file "
                  "444 2")
        self.unmount()
        self.says("ls -A container-layer", *BOOKKEEPING,
                  ".wh.image-layer1.txt", "container-layer.txt",
                  "image-layer4.txt")
        self.leave()

    # ---- the kernel's aufs, section by section -----------------------------

    def make(self, *lines):
        """Directories, with mnt; then files: "C/f content"."""
        self.say("mkdir -p mnt " + " ".join(line for line in lines
                                            if " " not in line))
        for line in lines:
            if " " in line:
                name, content = line.split(" ", 1)
                self.say("echo %s > %s" % (content, name))

    def test_opaque(self):
        self.make("top", "low/d", "low/d/a 1", "low/d/b 2")
        self.mount("br=./top=rw:./low=ro")
        self.says("rm -r mnt/d")
        self.says("find top | sort", "top", *("top/" + name for name in
                                              BOOKKEEPING + [".wh.d"]))
        self.says("mkdir mnt/d")
        self.says("find top -printf '%p %y %m %n\\n' | sort", "top d 755 5",
                  "top/.wh..wh.aufs f 444 2", "top/.wh..wh.orph d 700 2",
                  "top/.wh..wh.plnk d 700 2", "top/d d 755 2",
                  "top/d/.wh..wh..opq f 444 2")
        self.says("ls -A mnt/d")
        self.unmount()
        self.leave()

    def make_middle(self):
        self.make("A", "B", "C", "C/f x", "C/g y")
        self.say("touch B/.wh.f B/.wh..wh.strange")

    def test_ro_against_ro_wh(self):
        self.make_middle()
        self.mount("br=A=rw:B=ro:C=ro")
        self.says("ls -A mnt", "f", "g")
        self.says("stat mnt/.wh.f; echo $?",
                  re.compile("mnt/.wh.f.*Operation not permitted\n1\n"))
        self.unmount()
        self.mount("br=A=rw:B=ro+wh:C=ro")
        self.says("ls -A mnt", "g")
        self.branches("A=rw 64", "B=ro+wh 65", "C=ro 66")
        self.unmount()
        self.leave()

    def test_permissions(self):
        """Unknown ones are ro; without any, all but the first are."""
        self.make_middle()
        self.mount("br=A=rw:B=bogus:C=rr")
        self.branches("A=rw 64", "B=ro 65", "C=rr 66")
        self.unmount()
        self.mount("br=A:B:C")
        self.branches("A=rw 64", "B=ro 65", "C=ro 66")
        self.unmount()
        self.leave()

    def test_remount(self):
        self.make_middle()
        self.make("D", "E", "D/fromD d")
        self.mount("br=A=rw:C=ro")
        self.says("mount -o remount,append=$PWD/D mnt")
        self.says("ls mnt", "f", "fromD", "g")
        self.says("mount -o remount,append:$PWD/B mnt")
        self.branches("A=rw 64", "C=ro 65", "D=ro 66", "B=ro 67")
        self.says("mount -o remount,del=$PWD/D mnt")
        self.says("ls mnt", "f", "g")
        self.says("mount -o remount,prepend=$PWD/E=rw,mod=$PWD/A=ro mnt")
        self.branches("E=rw 68", "A=ro 64", "C=ro 65", "B=ro 67")
        self.says("mount -o remount,add=1:$PWD/D=ro+wh mnt")
        self.branches("E=rw 68", "D=ro+wh 69", "A=ro 64", "C=ro 65",
                      "B=ro 67")
        self.says("exec 9< mnt/f")
        self.says("mount -o remount,del=$PWD/C mnt; echo $?",
                  re.compile("busy(.*\n)+32\n"))
        self.branches("E=rw 68", "D=ro+wh 69", "A=ro 64", "C=ro 65",
                      "B=ro 67")
        self.says("exec 9<&-")
        self.says("mount -o remount,del=$PWD/C mnt")
        self.branches("E=rw 68", "D=ro+wh 69", "A=ro 64", "B=ro 67")
        self.unmount()
        self.says("ls -A A")
        self.says("ls -A E", *BOOKKEEPING)
        self.leave()

    def test_refused(self):
        self.make("A/sub")
        for branches in ("A:A/sub", "A:nope"):
            self.says("mount -t aufs -o br=%s none mnt; echo $?" % branches,
                      re.compile("(.*\n)+32\n"))
            self.says("findmnt ./mnt")
        self.leave()

    def test_pseudo_links(self):
        self.make("P", "Q", "Q/a old")
        self.say("ln Q/a Q/b")
        self.mount("br=P=rw:Q=ro")
        self.says("echo new > mnt/a")
        self.says("cat mnt/b", "new")
        self.says("stat -c '%n %h' mnt/a mnt/b P/a P/b P/.wh..wh.plnk/* | "
                  "sed 's/[0-9]*[.][0-9]* /N.N /'", "mnt/a 2", "mnt/b 2",
                  "P/a 3", "P/b 3", "P/.wh..wh.plnk/N.N 3")
        self.says("[ mnt/a -ef mnt/b ] && [ P/a -ef P/b ] && echo one",
                  "one")
        self.unmount()
        self.mount("br=P=rw:Q=ro")
        self.says("cat mnt/a mnt/b", "new", "new")
        self.unmount()
        self.leave()

    def test_when_a_file_is_copied_up(self):
        self.make("P", "Q", "Q/a old")
        self.mount("br=P=rw:Q=ro")
        self.says("exec 9<> mnt/a")
        self.says("ls P")
        self.says("echo q >&9")
        self.says("ls P", "a")
        self.says("exec 9>&-")
        self.unmount()
        self.leave()

    def test_names(self):
        self.make("P", "Q")
        self.mount("br=P=rw:Q=ro")
        self.says("stat -f -c %l mnt", "242")
        self.says("touch mnt/%s" % ("n" * 242))
        for length in (243, 255):
            self.says("touch mnt/%s" % ("n" * length),
                      re.compile("File name too long"))
        self.says("touch mnt/.wh.x", re.compile("Operation not permitted"))
        self.unmount()
        self.leave()

    def test_several_writable(self):
        self.make("P", "Q/d", "R", "Q/d/f low")
        self.mount("br=P=rw:Q=rw:R=ro")
        self.says("touch mnt/d/new mnt/top; echo x >> mnt/d/f")
        self.says("find P Q -type f | grep -v '[.]wh[.]' | sort", "P/top",
                  "Q/d/f", "Q/d/new")
        self.unmount()
        self.mount("br=P=rw:Q=rw,create=rr")
        self.says("for i in 1 2 3 4; do touch mnt/rr$i; done")
        self.says("ls P", "rr1", "rr3", "top")
        self.says("ls Q", "d", "rr2", "rr4")
        self.unmount()
        self.leave()

    def test_the_other_type(self):
        """As it is in /proc/mounts, which is how mount(8) calls it again."""
        self.make("A", "B", "B/f x")
        self.says("mount -t fuse.aufs -o dirs=A:B none mnt")
        self.branches("A=rw 64", "B=ro 65")
        self.says("cat mnt/f", "x")
        self.unmount()
        self.leave()

    def test_read_only(self):
        self.make("A", "B", "B/f x")
        self.mount("dirs=A:B")
        self.says("mount -o remount,ro mnt")
        for line in ("touch mnt/new", "rm mnt/f", "echo y >> mnt/f"):
            self.says(line, re.compile("Read-only file system"))
        self.says("ls -A A", *BOOKKEEPING)
        self.says("mount -o remount,rw mnt")
        self.says("rm mnt/f; ls mnt; ls -A A", *BOOKKEEPING, ".wh.f")
        self.unmount()
        self.leave()

    def test_whiteouts_shown(self):
        self.make_middle()
        self.says("mount -t aufs -o shwh,br=A:B=ro+wh:C none mnt; echo $?",
                  re.compile("mount with -o ro,shwh\n32\n"))
        self.mount("ro,shwh,br=A:B=ro+wh:C")
        self.says("ls -A mnt | grep f$", ".wh.f")
        self.unmount()
        self.leave()

    def test_whiteouts_that_are_no_links(self):
        self.make("A", "B", "B/f x")
        self.mount("br=A=rw+nolwh:B=ro")
        self.says("rm mnt/f; stat -c '%h %a' A/.wh.f", "1 444")
        self.unmount()
        self.leave()

    def test_always_opaque(self):
        for how, marked in (("w", []), ("a", ["A/d/.wh..wh..opq"])):
            self.say("rm -rf A")
            self.make("A", "B")
            self.mount("diropq=%s,br=A:B" % how)
            self.says("mkdir mnt/d; find A/d -name .wh..wh..opq", *marked)
            self.unmount()
        self.leave()

    def test_no_pseudo_links(self):
        self.make("P", "Q", "Q/a old")
        self.say("ln Q/a Q/b")
        self.mount("noplink,br=P=rw:Q=ro")
        self.says("echo new > mnt/a; cat mnt/a mnt/b", "new", "old")
        self.says("ls -A P/.wh..wh.plnk")
        self.unmount()
        self.leave()

    def test_copied_up_when_it_is_opened(self):
        for options in ("coo_all,br=P=rw:Q=ro", "br=P=rw:Q=ro+coo_reg"):
            self.say("rm -rf P")
            self.make("P", "Q", "Q/a old")
            self.mount(options)
            self.says("cat mnt/a; ls P", "old")
            self.says("exec 9<> mnt/a; ls P", "a")
            self.says("exec 9>&-")
            self.unmount()
        self.leave()

    def test_options_that_it_has_not(self):
        self.make("A", "B")
        for option in ("udba=notify", "create=mfs", "bogus"):
            self.says("mount -t aufs -o %s,br=A:B none mnt; echo $?" % option,
                      re.compile("option %s.*\n32\n" % option))
        self.says("findmnt ./mnt")
        self.leave()

    def test_udba(self):
        """What is done in a branch, behind the union's back."""
        for udba, listed in (("none", ("a",)), ("reval", ("a", "new"))):
            self.say("rm -rf P Q")
            self.make("P", "Q", "Q/a 1")
            self.mount("br=P=rw:Q=ro,udba=" + udba)
            self.says("cat mnt/a", "1")
            self.says("ls mnt", "a")
            self.says("echo 2 > Q/a; echo n > Q/new")
            self.says("cat mnt/a", "2")
            self.says("ls mnt", *listed)
            self.says("stat -c %s mnt/new", "2")
            self.says("rm Q/a")
            self.says("cat mnt/a", re.compile("No such file or directory"))
            self.unmount()
        self.leave()

    # ---- a daemon's end ----------------------------------------------------

    def change_layers(self):
        self.need("pkill")
        self.make_layers()
        self.mount(LAYERS)
        self.says("echo more >> mnt/image-layer4.txt; rm mnt/image-layer1.txt")

    def assert_changed(self):
        self.says("ls mnt", "container-layer.txt", "image-layer2.txt",
                  "image-layer3.txt", "image-layer4.txt")
        self.says("cat mnt/image-layer4.txt", "I am image layer 4", "more")

    def test_a_killed_daemon(self):
        self.change_layers()
        self.says("pkill -KILL -x mount.aufs")
        self.says("while ls mnt > /dev/null 2>&1; do sleep 0.01; done")
        self.says("ls mnt", re.compile("Transport endpoint is not connected"))
        self.says("ls -A container-layer", *BOOKKEEPING,
                  ".wh.image-layer1.txt", "container-layer.txt",
                  "image-layer4.txt")
        self.says("cat container-layer/image-layer4.txt",
                  "I am image layer 4", "more")
        self.says("ls /sys/fs/aufs", re.compile(r"\Asi_"))
        self.says("umount -l ./mnt")
        self.says("ls -A mnt")
        self.mount(LAYERS)
        self.says("ls /sys/fs/aufs | wc -l", "1")
        self.assert_changed()
        self.unmount()
        self.leave()

    def test_a_daemon_asked_to_end(self):
        self.change_layers()
        self.says("pkill -TERM -x mount.aufs")
        self.says('while [ "$(ls /sys/fs/aufs)" ]; do sleep 0.01; done')
        self.says("ls -A mnt")
        self.mount(LAYERS)
        self.assert_changed()
        self.unmount()
        self.leave()

    def test_a_daemon_ends_with_the_terminal(self):
        self.change_layers()
        self.shell.hang_up()
        self.shell.wait()           # and the host is looked over


class AsRoot(Typed, Fuse):
    def test_a_daemon_ends_with_its_guide(self):
        """Killed: nobody is left who could unmount anything."""
        self.leave()
        self.shell = self.terminal(
            ["sh", "-c", DEMO + " aufs --shell < /dev/tty & "
             "echo guide=$!.; wait; echo over"])
        self.shell.expect("guide=")
        guide = self.shell.expect(".").split(".")[0]
        self.begin()
        self.change_layers()
        os.kill(int(guide), signal.SIGKILL)
        self.shell.expect("over")
        self.succeed([DEMO, "branches"])        # removes the bare directory


class AsUser(Typed, Fuse):
    def enter(self):
        self.somebody, self.demo = self.copied("demo", "aufs")
        super().enter()


class Near(Fuse):
    """The thread that answers comes to the one that asks (fuse_near.h)."""

    # An answer that the kernel does not keep.
    ASK = "import os, sys\nwhile True: os.path.exists(sys.argv[1])"
    SECONDS = 60

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("who cannot be nicer to himself does not come")
        if len(os.sched_getaffinity(0)) < 2:
            self.skipTest("there is one CPU")

    def mount(self, options=""):
        place = self.scratch()
        os.mkdir(place + "/up")
        os.mkdir(place + "/mnt")
        self.daemon = subprocess.Popen(
            [harness.program("ch03-unionfs", "aufs"), "-f", "-o",
             "dirs=%s/up%s" % (place, options), "none", place + "/mnt"])
        self.addCleanup(self.daemon.wait)
        self.addCleanup(subprocess.run, ["umount", place + "/mnt"],
                        check=True)
        self.wait_for(lambda: os.path.ismount(place + "/mnt"))
        return place + "/mnt/missing"

    def wait_for(self, condition):
        end = time.monotonic() + self.SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.0005)

    def threads(self):
        """Of the daemon: how each is scheduled, and on how many CPUs."""
        return {(os.sched_getscheduler(int(thread)),
                 len(os.sched_getaffinity(int(thread))))
                for thread in os.listdir("/proc/%d/task" % self.daemon.pid)}

    def ask(self, name):
        asks = subprocess.Popen([sys.executable, "-c", self.ASK, name])
        self.addCleanup(asks.wait)
        self.addCleanup(asks.kill)
        return asks

    def test_it_comes_and_leaves(self):
        asks = self.ask(self.mount())
        usual = {(os.SCHED_OTHER, len(os.sched_getaffinity(0)))}
        self.wait_for(lambda: (os.SCHED_IDLE, 1) in self.threads())
        asks.kill()
        asks.wait()
        self.wait_for(lambda: self.threads() == usual)
        self.ask(os.path.dirname(asks.args[-1]) + "/another")
        self.wait_for(lambda: (os.SCHED_IDLE, 1) in self.threads())

    def test_nonear(self):
        self.ask(self.mount(",nonear"))
        end = time.monotonic() + 2
        while time.monotonic() < end:
            self.assertNotIn(os.SCHED_IDLE, {how for how, _ in self.threads()})
