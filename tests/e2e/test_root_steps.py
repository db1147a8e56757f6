"""The small programs of chapter 4's text, each in a tmpfs and a mount namespace
that end with the test."""

import os

import harness

# $STEP is the program; in "root" there is a busybox.
ENTER = ["unshare", "--mount", "sh", "-e", "-c",
         'mount -t tmpfs tmpfs /mnt; cd /mnt; mkdir -p root/bin root/old '
         'root/proc; cp /bin/busybox root/bin; ln -s busybox root/bin/sh; '
         'ln -s busybox root/bin/ls; STEP=$1; eval "$2"', "sh"]


class Steps(harness.KernelTest):
    def setUp(self):
        super().setUp()
        if not os.path.exists("/bin/busybox"):
            self.skipTest("there is no /bin/busybox")

    def step(self, name, script):
        program = harness.program("ch04-rootfs-pivot", "steps/" + name)
        return self.succeed([*ENTER, program, script]).out.splitlines()

    def test_chroot(self):
        self.assertEqual(self.step("01-chroot", """
            $STEP root /bin/ls /; $STEP root /bin/ls ..
            $STEP root /bin/none 2>&1 || echo $?
            $STEP none /bin/ls 2>&1 || echo $?
            $STEP 2> /dev/null || echo $?"""),
            2 * ["bin", "old", "proc"] +
            ["/bin/none: No such file or directory", "127",
             "none: No such file or directory", "1", "2"])

    def test_pivot_root(self):
        self.assertEqual(self.step("02-pivot-root", """
            mount --make-rshared /
            $STEP root /bin/ls / old; ls root/old | wc -l; ls -d /etc
            $STEP root/bin /bin/ls 2>&1 | grep -o 'pivot_root (.*)'"""),
            ["/:", "bin", "old", "proc", "", "old:", "0", "/etc",
             'pivot_root (is there a directory "old"?)'])

    def test_dev(self):
        self.assertEqual(self.step("03-dev", """
            mkdir dev; $STEP dev
            cd dev; ls | xargs; stat -c '%n %F %t:%T %a' null full tty
            readlink fd ptmx; stat -c %a shm; echo x > null; [ -c null ]
            echo x > full 2> /dev/null || echo full
            ls pts"""),
            ["fd full null ptmx pts random shm stderr stdin stdout tty "
             "urandom zero",
             "null character special file 1:3 666",
             "full character special file 1:7 666",
             "tty character special file 5:0 666", "/proc/self/fd",
             "pts/ptmx", "1777", "full", "ptmx"])

    def test_read_only(self):
        self.assertEqual(self.step("04-read-only", """
            mkdir data ro; echo old > data/file
            $STEP data ro sh -c '(echo > ro/file) 2> /dev/null || echo refused
                echo new > data/file; cat ro/file'
            $STEP none ro 2>&1 || echo $?"""),
            ["MS_BIND|MS_RDONLY:                 rw",
             "MS_REMOUNT|MS_BIND|MS_RDONLY:      ro", "refused", "new",
             "ro: No such file or directory", "1"])
