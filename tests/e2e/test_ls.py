"""What chapter 1's `ls` says of this machine, against lsns(8) and the kernel;
and views, which print that and nothing else."""

import json
import os
import shutil
import signal
import time

import harness

DEMO = harness.program("ch01-namespaces")
OURS = [DEMO, "ls", "--json"]
THEIRS = ["lsns", "--json", "--output", "NS,TYPE,NPROCS,PID"]
VIEWS = ("--text", "--each", "--json", "--dot")
PATIENCE = 60           # seconds, on a machine where processes come and go
MANY = 3000
# At most 15 bytes; the one in the middle is no UTF-8.
HOSTILE = b"\"<&\\\n\x1b\xff'x\t>"

# In a pid namespace nobody comes or goes: both see the very same processes,
# and count themselves.
BOX = r"""
start() {
	"$@" sleep 600 &
	until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done
}
start unshare --uts --ipc
start unshare --user --map-root-user --net --cgroup
start unshare --mount
start nsenter --target $! --mount --net
start python3 -c "$2"
"$1" ls --json
shift 2
echo "$0"
"$@"
kill -KILL -1
"""
BETWEEN = "and now theirs"
# A zombie is in some namespaces still.
ZOMBIE = ("import os; pid = os.fork() or os._exit(0); "
          "os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT); "
          "os.execvp('sleep', ['sleep', '600'])")
# A process with a name, or with many children, that says when it is ready.
NAMED = ("import ctypes, sys, time; ctypes.CDLL(None).prctl(15, %r); "
         "print('ready', flush=True); time.sleep(600)")
PARENT = ("import os, signal\n"
          "for _ in range(%d):\n"
          "    if os.fork() == 0:\n"
          "        signal.pause()\n"
          "print('ready', flush=True)\n"
          "signal.pause()\n")


def from_ours(table):
    """{(kind, inode): (processes, lowest pid)}"""
    files = {kind["name"]: kind["file"] for kind in table["kinds"]}
    return {(files[n["kind"]], n["inode"]): (n["processes"], n["pid"])
            for n in table["namespaces"]}


def from_theirs(found):
    """But for those kept alive without a process: lsns 2.38 and later."""
    return {(n["type"], n["ns"]): (n["nprocs"], n["pid"])
            for n in found["namespaces"] if n["nprocs"]}


class Ls(harness.KernelTest):
    def view(self, *arguments, **more):
        done = self.succeed([DEMO, "ls", *arguments], **more)
        self.assertEqual(done.err, "", str(done))
        return done.out

    def python(self, program, prefix=(), **more):
        """A program that is ready, and ends with the test."""
        process = harness.start([*prefix, "python3", "-c", program], **more)
        self.addCleanup(harness.finish, process, 20)
        self.addCleanup(harness.signal_group, process, signal.SIGKILL)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def lsns(self):
        """Version 2.38 gives up when a process ends while it looks."""
        deadline = time.monotonic() + PATIENCE
        done = self.run_command(THEIRS)
        while done.status and time.monotonic() < deadline:
            done = self.run_command(THEIRS)
        self.assertEqual(done.status, 0, str(done))
        return json.loads(done.out)

    def ours(self):
        return json.loads(self.view("--json"))

    # ---- against lsns ----

    def test_the_same_as_lsns_in_a_box(self):
        self.need("lsns", "nsenter")
        done = self.run_command(
            ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", BOX,
             BETWEEN, DEMO, ZOMBIE, *THEIRS])
        ours, theirs = map(json.loads, done.out.split(BETWEEN))
        self.assertEqual(from_ours(ours), from_theirs(theirs), str(done))
        self.assertEqual(ours["unseen"], 0)
        self.assertEqual([p["namespaces"] for p in ours["processes"]
                          if "mount" not in p["namespaces"]],
                         [{"pid": "A", "user": "A"}], str(done))
        letters = [sorted(n["letter"] for n in ours["namespaces"]
                          if n["kind"] == kind)
                   for kind in ("mount", "uts", "network", "user", "time")]
        self.assertEqual(letters, [["A", "B"], ["A", "B"], ["A", "B"],
                                   ["A", "B"], ["A"]], str(done))

    def test_the_same_as_lsns_on_this_machine(self):
        """Each namespace that lsns lists: what it counts is between what we
        counted before and what we count after; with luck all three agree."""
        self.need("lsns")
        self.python(NAMED % b"contained", ["unshare", "--uts", "--net"])
        agreed, deadline = set(), time.monotonic() + PATIENCE
        while True:
            before, theirs, after = (
                from_ours(self.ours()), from_theirs(self.lsns()),
                from_ours(self.ours()))
            for key in theirs.keys() & before.keys() & after.keys():
                counts, pids = zip(before[key], theirs[key], after[key])
                # The middle one of three is in the middle when sorted, too.
                if counts[1] == sorted(counts)[1] and len(set(pids)) == 1:
                    agreed.add(key)
            if set(theirs) <= agreed:
                return
            if time.monotonic() > deadline:
                self.fail("; ".join(
                    "%s: lsns has %s, we %s and then %s" %
                    (key, theirs[key], before.get(key), after.get(key))
                    for key in set(theirs) - agreed))

    def test_thousands_of_processes(self):
        """What it takes, in terms of what lsns takes."""
        self.need("lsns")
        self.python(PARENT % MANY)
        seconds = {self.ours: 1000, self.lsns: 1000}
        for look in (self.ours, self.lsns) * 3:
            began = time.monotonic()
            look()
            seconds[look] = min(seconds[look], time.monotonic() - began)
        self.assertGreater(len(self.ours()["processes"]), MANY)
        ratio = seconds[self.ours] / seconds[self.lsns]
        print("   %d processes: %.2f times as long as lsns" % (MANY, ratio))
        self.assertLess(ratio, 2)

    # ---- the views ----

    def test_the_views_agree(self):
        """In a box again, where each of them is one more process, the same."""
        out = self.succeed(
            ["unshare", "--pid", "--fork", "--mount-proc", "--uts", "sh", "-c",
             'sleep 600 & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done;'
             ' for view in --text --each --json; do "$1" ls $view; echo; done;'
             ' kill -KILL -1', "sh", DEMO]).out
        text, each, whole = out.rstrip().split("\n\n")
        table = json.loads(whole)
        self.assertEqual([p["name"] for p in table["processes"]],
                         ["sh", "sleep", "demo"])
        rows = [line.split() for line in text.split("\n")]
        self.assertEqual(rows[0], ["PID", "NSPID", "PROCS", "mount", "uts",
                                   "ipc", "pid", "network", "user", "cgroup",
                                   "time", "OWNER", "NAME"])
        letters = ["A"] * len(table["kinds"])
        self.assertEqual(rows[1:], [["1", "1", "3", *letters, "0", "sh"]])
        rows = [line.split() for line in each.split("\n")]
        self.assertEqual(rows[0][:3], ["PID", "NSPID", "PPID"])
        self.assertEqual([row[:3] + row[-1:] for row in rows[1:]],
                         [["1", "1", "0", "sh"], ["2", "2", "1", "sleep"],
                          [rows[3][0], rows[3][0], "1", "demo"]])

    def test_a_hostile_name(self):
        self.need("dot")
        process = self.python(NAMED % HOSTILE)
        self.assertEqual([p["name"] for p in self.ours()["processes"]
                          if p["pid"] == process.pid],
                         [HOSTILE.decode(errors="replace")])
        seen = HOSTILE.decode(errors="replace")
        for control in "\n\x1b\t":
            seen = seen.replace(control, "\ufffd")
        lines = [line for line in self.view("--each").split("\n")
                 if line.split()[:1] == [str(process.pid)]]
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].endswith(" " + seen), lines)

        # A row of its own, so that its name is in the graph.
        shown = self.succeed(
            ["unshare", "--uts", "python3", "-c",
             "import ctypes, subprocess; ctypes.CDLL(None).prctl(15, %r); "
             "subprocess.run([%r, 'ls', '--dot'])" % (HOSTILE, DEMO)]).out
        self.assertIn("&quot;&lt;&amp;\\", shown)
        drawn = self.succeed(["dot", "-Tsvg"], data=shown)
        self.assertIn("<svg", drawn.out)
        self.assertEqual(drawn.err, "", "graphviz complains\n%s" % shown)

    def test_an_ordinary_user(self):
        """What is shown is right, what is not to be seen is counted."""
        place = self.scratch(harness.USER)
        own = self.python(NAMED % b"mine", user=harness.USER)
        roots = self.python(NAMED % b"root's")
        done = self.succeed([shutil.copy(DEMO, place), "ls", "--json"],
                            user=harness.USER)
        table = json.loads(done.out)
        pids = {p["pid"]: p for p in table["processes"]}
        self.assertIn(own.pid, pids)
        self.assertNotIn(roots.pid, pids)
        self.assertGreater(table["unseen"], 0)
        files = {k["name"]: k["file"] for k in table["kinds"]}
        letters = {(n["kind"], n["letter"]): (n["device"], n["inode"])
                   for n in table["namespaces"]}
        self.assertEqual(set(pids[own.pid]["namespaces"]), set(files))
        for kind, letter in pids[own.pid]["namespaces"].items():
            st = os.stat("/proc/%d/ns/%s" % (own.pid, files[kind]))
            self.assertEqual(letters[kind, letter], (st.st_dev, st.st_ino))

    def test_who_owns_what(self):
        """An ordinary user's user namespace is that user's."""
        out = self.succeed(
            ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c",
             'setpriv --reuid=%d --regid=%d --clear-groups unshare --user '
             'sleep 600 & until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done;'
             ' "$1" ls --json; kill -KILL -1' % (harness.USER, harness.USER),
             "sh", DEMO]).out
        owners = {n["letter"]: n["owner"] for n in json.loads(out)["namespaces"]
                  if n["kind"] == "user"}
        self.assertEqual(owners, {"A": 0, "B": harness.USER})

    # ---- views as such ----

    def test_what_cannot_be_written_is_an_error(self):
        for view in VIEWS:
            with self.subTest(view), open("/dev/full", "wb") as full:
                done = self.run_command([DEMO, "ls", view], stdout=full)
                self.assertEqual(done.status, 2, str(done))
                self.assertIn("No space left on device", done.err)

    def test_a_view_goes_alone(self):
        for arguments in (["--text"], ["ls", "--text", "--json"],
                          ["ls", "--text", "--text"], ["ls", "--shell",
                          "--json"], ["uts", "--json"], ["ls", "ls", "--each"],
                          ["ls", "uts", "--dot"], ["uts", "--dot"],
                          ["ls", "--tex"], ["ls", "--text", "--nothing"]):
            with self.subTest(arguments):
                done = self.run_command([DEMO, *arguments])
                self.assertEqual(done.status, 2, str(done))
                self.assertEqual(done.out, "")
                self.assertIn(arguments[-1], done.err, str(done))
                self.assertEqual(done.err.count("\n"), 1, str(done))

    def test_a_view_is_that_and_nothing_else(self):
        for arguments in (["-v", "ls", "--json"], ["--json", "ls"]):
            json.loads(self.succeed([DEMO, *arguments]).out)

    def test_help_names_the_views(self):
        done = self.succeed([DEMO, "--help"])
        for view in VIEWS:
            self.assertRegex(done.out, r"(?m)^  \./demo ls +%s  +\w" % view)
