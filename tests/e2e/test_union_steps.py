"""The small programs of chapter 3's text, in directories and a mount namespace
that end with each test."""

import os

import harness

# In a tmpfs, with the program as $STEP.
ENTER = ["unshare", "--mount", "sh", "-e", "-c",
         'mount -t tmpfs tmpfs /mnt; cd /mnt; mkdir lower upper work mnt; '
         'STEP=$1; eval "$2"', "sh"]


class Steps(harness.KernelTest):
    def step(self, name, script):
        program = harness.program("ch03-unionfs", "steps/" + name)
        return self.succeed([*ENTER, program, script]).out.splitlines()

    def test_two_directories(self):
        self.assertEqual(self.step("01-two-directories", """
            echo low > lower/a; echo up > upper/b
            echo 'cat a b; echo new > a; exit 3' |
                $STEP lower upper work mnt || echo $?
            cat lower/a upper/a; ls mnt"""),
            ["low", "up", "3", "low", "new"])

    def test_whiteout_by_hand(self):
        self.assertEqual(self.step("02-whiteout-by-hand", """
            echo low > lower/a; mkdir lower/d upper/d; echo > lower/d/hidden
            $STEP upper a; $STEP upper/d
            mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work \
                none mnt
            ls -R mnt"""),
            ["upper/a: device 0, 0", "upper/d is opaque now",
             "mnt:", "d", "", "mnt/d:"])

    def test_union_by_fuse(self):
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            self.skipTest("/dev/fuse cannot be opened")
        self.assertEqual(self.step("03-union-by-fuse", """
            echo low > lower/a; echo low > lower/b; echo up > upper/b
            mkdir -p lower/d/e upper/d; echo deep > lower/d/e/f
            for i in $(seq 2000); do : > upper/d/the-upper-has-this-$i; done
            for i in $(seq 2000); do echo $i > lower/d/$i; done
            echo up > upper/d/7; mkdir upper/u lower/t
            : > lower/u; echo file > upper/t
            head -c 1000000 /dev/urandom > lower/big
            $STEP upper lower /mnt/mnt
            cat mnt/a mnt/b mnt/d/e/f mnt/d/7
            ls mnt/d | wc -l; ls mnt/d | sort | uniq -d
            ls mnt/u; cat mnt/t mnt/u/none 2>&1 | sed s/.*none/none/
            cmp mnt/big lower/big
            echo new > lower/a; cat mnt/a
            (echo > mnt/new) 2>&1 | grep -o 'Read-only file system'
            (echo >> mnt/a) 2>&1 | grep -o 'Read-only file system'
            cat mnt/none 2> /dev/null || echo none
            umount mnt; ls mnt
            while pgrep -f "$STEP upper lower" > /dev/null; do :; done"""),
            ["low", "up", "deep", "up", "4001", "file",
             "none: No such file or directory", "new",
             "Read-only file system", "Read-only file system", "none"])

    def test_copy_up(self):
        self.assertEqual(self.step("04-copy-up", """
            mkdir -m 1770 -p lower/d/e; chown 7:8 lower/d
            truncate -s 20M lower/d/e/f; echo end >> lower/d/e/f
            chown 9:10 lower/d/e/f; chmod 4751 lower/d/e/f
            touch -d 2001-02-03 lower/d/e/f
            $STEP lower upper d/e/f
            cmp lower/d/e/f upper/d/e/f
            cd upper; stat -c '%n %a %u:%g' d d/e d/e/f
            stat -c %Y d/e/f ../lower/d/e/f | uniq | wc -l
            [ $(du -k d/e/f | cut -f 1) -lt 100 ] && ls d/e
            echo mine | dd conv=nocreat of=d/e/f status=none
            cd ..; $STEP lower upper d/e/f; cat upper/d/e/f
            $STEP lower upper d/none || echo $?
            : > lower/empty; $STEP lower upper empty; ls -A upper"""),
            ["d 755 7:8", "d/e 1770 0:0", "d/e/f 4751 9:10", "1", "f", "mine",
             "1", "d", "empty"])
