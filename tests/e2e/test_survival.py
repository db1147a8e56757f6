"""What containers survive: SIGKILL to whoever is at work on them, many hands at
once, a disk that is full or read-only; and what is never lost by it.

KILLS=500 in the environment is the whole of the first; SEED repeats one.
"""

import collections
import fcntl
import glob
import json
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

import harness
from harness import residue
from test_monitor import Client
from test_run import (BUSYBOX, DEMO, ContainerTest, cgroup_files, free_port,
                      kill_ours, paused, read)

KILLS = int(os.environ.get("KILLS") or 40)
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))
LAST_PID = "/proc/sys/kernel/ns_last_pid"
# A line every 20 ms, so that one that is lost is missed.
COUNTS = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done"


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("needs root")


def has_root_of(pid, container):
    try:
        return any(line.split()[4] == "/" and container in line for line in
                   read("/proc/%d/mountinfo" % pid).splitlines())
    except OSError:
        return False


def processes_in(container):
    """What is alive in its cgroup; of one that has none, in its root."""
    if harness.caller and not harness.somebody.HAS_CGROUP:
        return {str(pid) for pid in residue.descendants()
                if has_root_of(pid, container)}
    pids = set()
    for place, _ in cgroup_files(container):
        for top, _, names in os.walk(place):
            if "cgroup.procs" in names:
                try:
                    pids.update(read(top + "/cgroup.procs").split())
                except OSError:
                    pass                # it goes at this moment
    return pids


def monitors():
    """{pid: id of its container}"""
    found = {}
    for pid, line in residue.descendants().items():
        match = re.match(r"process \d+ \(mydocker-monitor (\S+) ", line)
        if match:
            found[pid] = match.group(1)
    return found


def put(path, words):
    with open(path, "w", encoding="ascii") as file:
        file.write(words)


def bury_strangers():
    """Orphans from a container's pid namespace, dead: as any system's process
    1 would.  While one of them is not buried, the namespace does not end."""
    children = [pid for task in glob.glob("/proc/self/task/*/children")
                for pid in residue.read(task).split() if pid.isdigit()]
    for pid in children:
        status = residue.read("/proc/%s/status" % pid)
        if (re.search(r"^State:\tZ", status, re.M) and
                re.search(r"^NSpid:\t\d+\t", status, re.M)):
            try:
                os.waitpid(int(pid), os.WNOHANG)
            except ChildProcessError:
                pass                    # residue.reap() was faster


class SurvivalTest(ContainerTest):
    def setUp(self):
        super().setUp()
        over = threading.Event()

        def bury():
            while not over.wait(0.02):
                bury_strangers()
        burying = threading.Thread(target=bury)
        burying.start()
        self.addCleanup(burying.join)
        self.addCleanup(over.set)
        self.addCleanup(self.remove_all)

    def remove_all(self):
        words = harness.run([DEMO, "ps", "-aq"]).out.split()
        if words:
            done = harness.run([DEMO, "rm", "-f", "-v", *words])
            self.assertEqual(done.status, 0, str(done))
        residue.reap()

    def demo(self, *words, **more):
        return self.run_command([DEMO, *words], **more)

    def detached(self, *words, command=("sleep", "600")):
        done = self.succeed([DEMO, "run", "-d", "--network", "none", *words,
                             BUSYBOX, *command])
        return done.out.strip()

    def record(self, container):
        return json.loads(read("%s/containers/%s/record.json" %
                               (self.store, container)))

    def state(self, name):
        return self.demo("inspect", "-f", "{{.State.Status}}",
                         name).out.strip()

    def until(self, condition, timeout=20):
        deadline = time.monotonic() + timeout * harness.SLOWER
        while not condition():
            self.assertLess(time.monotonic(), deadline,
                            "this never came to be")
            time.sleep(0.01)

    def states(self):
        """{id: state}, as `ps -a` has them."""
        done = self.succeed([DEMO, "ps", "-a", "--no-trunc", "--format",
                             "{{.ID}} {{.State}}"])
        self.assertEqual(done.err, "")
        return dict(line.split() for line in done.out.splitlines())

    def check_files(self):
        """Whole at every instant, whoever has been killed meanwhile."""
        for path in glob.glob(self.store + "/containers/*/*.json"):
            try:
                text = read(path)
            except FileNotFoundError:
                continue
            try:
                json.loads(text)
            except ValueError as error:
                self.fail("%s: %s\n%r" % (path, error, text))

    def check_states(self):
        """No container is shown as what it is not."""
        residue.reap()
        looked_after = set(monitors().values())
        dead = {os.path.basename(path) for path in
                glob.glob(self.store + "/containers/*")
                if os.path.basename(path) not in looked_after and
                not processes_in(os.path.basename(path))}
        deadline = time.monotonic() + 10 * harness.SLOWER
        while True:
            shown = self.states()
            lies = [(name, state) for name, state in shown.items()
                    if state == "running" and name in dead]
            self.assertEqual(lies, [])
            busy = set(monitors().values())
            wrong = [(name, state, name in busy) for name, state in
                     shown.items()
                     if bool(processes_in(name)) != (state == "running") and
                     not (state == "restarting" and name in busy)]
            if not wrong:
                return shown
            # A start or an end that nobody has stopped is still under way;
            # but only a monitor can be at it.
            self.assertLess(time.monotonic(), deadline, wrong)
            dead = set()
            time.sleep(0.02)

    def change(self, path, **values):
        content = json.loads(read(path))
        self.assertLessEqual(set(values), set(content))
        content.update(values)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)

    def lose(self, *names):
        """Monitors and these containers are gone, and the files say they
        run."""
        pids = [*monitors(), *(int(pid) for name in names
                               for pid in processes_in(name))]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass                    # with its monitor, or its process 1
        self.until(lambda: not monitors() and
                   not any(map(processes_in, names)))

    def logged(self, container):
        """The lines of its log; each was whole."""
        lines = []
        path = "%s/containers/%s/%s-json.log" % (self.store, container,
                                                 container)
        if os.path.exists(path):
            text = read(path)
            self.assertTrue(not text or text.endswith("\n"), text[-200:])
            lines = [json.loads(line)["log"] for line in text.splitlines()]
        return lines

    def check_log(self, container, lines=None):
        """Whatever it has counted is there: from 1 with each life."""
        before = 0
        for line in self.logged(container) if lines is None else lines:
            number = int(line)
            self.assertIn(number, (before + 1, 1), (container, before))
            before = number


class Kills(SurvivalTest):
    """SIGKILL at random moments."""

    def test_whoever_is_killed_nothing_is_lost(self):
        print("   SEED=%d KILLS=%d" % (SEED, KILLS))
        self.chance = random.Random(SEED)
        self.took = collections.defaultdict(lambda: 0.15)
        self.pool = []
        self.kinds = collections.Counter()
        for number in range(KILLS):
            with self.subTest(number=number, seed=SEED):
                self.one(number)
        print("   " + ", ".join("%s %d" % kind for kind in
                                sorted(self.kinds.items())))

    def command(self):
        """(verb, whom it is for, the whole)"""
        chance = self.chance
        verb = chance.choice(("run", "run", "exec", "stop", "start", "rm",
                              "restart", "wait", "logs"))
        if len(self.pool) < 2 or (verb == "run" and len(self.pool) < 5):
            network = ["--network", "none"]
            if chance.random() < 0.4:
                network = ["-p", "127.0.0.1:%d:80" % free_port()]
            return "run", None, ["run", "-d", *network, BUSYBOX, "sh", "-c",
                                 COUNTS]
        whom = chance.choice(self.pool)
        options = {"stop": ["-t", "0"], "restart": ["-t", "0"],
                   "logs": ["-f"]}.get(verb, [])
        verb = "rm" if verb == "run" else verb
        options = ["-f"] if verb == "rm" else options
        command = ["sh", "-c", "echo in; sleep 0.02"] if verb == "exec" else []
        return verb, whom, [verb, *options, whom, *command]

    def kill(self, process, whom):
        target = self.chance.choice(("client", "client", "monitor", "monitor",
                                     "starter", "all"))
        if target == "client":
            process.kill()
        elif target == "all":
            kill_ours(process)
        else:
            target += " (nobody)"
            for pid, line in residue.descendants().items():
                is_monitor = "(mydocker-monitor" in line
                is_his = whom is None or whom in line
                if (target.startswith("monitor") == is_monitor and
                        pid != process.pid and
                        (is_his if is_monitor else DEMO in line)):
                    try:
                        os.kill(pid, signal.SIGKILL)
                        target = target.split()[0]
                    except ProcessLookupError:
                        pass
        self.kinds[target] += 1
        return target

    def one(self, number):
        verb, whom, words = self.command()
        before = set(self.pool)
        written = {name: len(self.logged(name)) for name in before}
        began = time.monotonic()
        process = harness.start([DEMO, *words])
        time.sleep(self.chance.uniform(0, self.took[verb]))
        target = self.kill(process, whom)
        if verb in ("wait", "logs") and target.endswith("(nobody)"):
            process.kill()              # it runs, and they are with it
        done = harness.finish(process, 30)
        told = "%d: %s killed: %s" % (number, target, done)
        self.assertFalse(done.timed_out, told)
        if done.status != 137:
            # Who is not killed says what went wrong.
            self.assertIn(done.status, (0, 1, 125, 126), told)
            self.assertEqual(done.status == 0, not done.err, told)
            self.took[verb] = (self.took[verb] +
                               min(1, time.monotonic() - began)) / 2
        self.check_files()
        shown = self.check_states()
        if verb == "rm":
            before.discard(whom)
            if done.status == 0:
                self.assertNotIn(whom, shown, told)
        self.assertEqual(before - set(shown), set(), told)
        if verb == "run" and done.status == 0:
            self.assertIn(done.out.strip(), shown, told)
        if verb == "wait" and done.status == 0:
            self.assertEqual(done.out, "%d\n" % self.record(whom)["exitCode"],
                             told)
        if verb == "logs" and done.status == 0:
            self.assertEqual(done.out, "".join(self.logged(whom)), told)
        for name in before:
            self.assertGreaterEqual(len(self.logged(name)), written[name])
        for name in set(self.pool) & set(shown):
            self.check_log(name)
        self.pool = list(shown)


    def test_who_undoes_it_is_killed(self):
        """Its line in the network's list is not the first that goes."""
        hits = 0
        for _ in range(20):
            done = self.succeed([DEMO, "run", "-d", BUSYBOX, "sleep", "600"])
            name = done.out.strip()
            monitor, = monitors()
            pid = self.record(name)["pid"]
            os.kill(pid, signal.SIGKILL)
            hits += self.kill_child(monitor, pid, random.random() / 100)
            self.until(lambda: not monitors())
            self.assertEqual(self.check_states(), {name: "exited"})
            for path in glob.glob(self.store + "/networks/*/endpoints"):
                self.assertNotIn(name, read(path))
            self.succeed([DEMO, "rm", name])
        self.assertGreater(hits, 0)

    @staticmethod
    def kill_child(monitor, other, delay):
        """The one that is not `other` and undoes; was it still there?"""
        children = "/proc/%d/task/%d/children" % (monitor, monitor)
        try:
            while not (pids := set(read(children).split()) - {str(other)}):
                pass
            time.sleep(delay)
            os.kill(int(pids.pop()), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            return False
        return True


class Hands(SurvivalTest):
    """Many at once."""

    SHELLS, ROUNDS = 8, max(2, KILLS // 38)
    HONEST = ("No such container", "is not running", "container is running",
              "cannot exec in a container that is", "is already in use",
              "removal of container", "container is restarting",
              # Another has stopped it while it was being started.
              "the container died without a word")

    def setUp(self):
        super().setUp()
        self.wrong = []

    def together(self, *functions):
        threads = [threading.Thread(target=function)
                   for function in functions]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.check_files()
            time.sleep(0.01)
        self.assertEqual(self.wrong, [])

    def honest(self, *words):
        """0, or an error that may be: somebody else was faster."""
        done = harness.run([DEMO, *words], 60)
        fine = done.status in (0, 137, 143) and not done.err
        if done.timed_out or not (fine or any(
                said in done.err for said in self.HONEST)):
            self.wrong.append(str(done))
        return done

    def test_from_eight_shells(self):
        """Each has a container of its own, and all have one in common."""
        common = self.detached("--name", "common")

        def shell(number):
            for count in range(self.ROUNDS):
                name = "shell-%d-%d" % (number, count)
                network = ["--network", "none"] if number % 4 else []
                made = self.honest("run", "-d", *network, "--name", name,
                                   BUSYBOX, "sleep", "600")
                for words in (["exec", name, "true"], ["exec", common, "true"],
                              ["stop", "-t", "0", name], ["start", name]):
                    if made.status == 0 and self.honest(
                            *words).status and common not in words:
                        self.wrong.append("its own: %s" % words)
                self.honest(*(["restart", "-t", "0", common],
                              ["stop", "-t", "0", common],
                              ["start", common])[number % 3])
                if self.honest("rm", "-f", name).status:
                    self.wrong.append("rm")
        self.together(*[lambda n=number: shell(n)
                        for number in range(self.SHELLS)])
        self.assertEqual(list(self.check_states()), [common])

    def test_one_name_for_two(self):
        for first in range(3):
            names = [self.detached("--name", "a%d" % i) for i in range(2)]
            done = []
            self.together(*[lambda n=name: done.append(
                self.honest("rename", n, "wanted")) for name in names])
            self.assertEqual(sorted(d.status for d in done), [0, 1], first)
            self.assertEqual(self.demo("ps", "-a", "-f", "name=^wanted$",
                                       "-q").out.count("\n"), 1)
            self.succeed([DEMO, "rm", "-f", *names])

    def test_started_twice_it_runs_once(self):
        name = self.succeed([DEMO, "create", "--network", "none", BUSYBOX,
                             "sleep", "600"]).out.strip()
        for _ in range(4):
            done = []
            self.together(*[lambda: done.append(self.honest("start", name))
                            for _ in range(4)])
            self.assertEqual({d.status for d in done}, {0})
            self.until(lambda: self.state(name) == "running")
            self.assertEqual(len(processes_in(name)), 1)
            self.assertEqual(list(monitors().values()), [name])
            self.succeed([DEMO, "stop", "-t", "0", name])

    def test_renamed_while_it_is_restarted(self):
        name = self.detached("--name", "n0", "--restart", "always",
                             command=("sleep", "0.01"))

        def rename():
            for i in range(10):
                self.honest("rename", name, "n%d" % (i + 1))

        def restart():
            for _ in range(3):
                self.honest("restart", "-t", "0", name)
        self.together(rename, restart)
        self.assertEqual(self.demo("inspect", "-f", "{{.Name}}",
                                   name).out, "/n10\n")
        self.succeed([DEMO, "rm", "-f", "n10"])

    def paused_start(self, step, *words):
        process = harness.start([DEMO, *words],
                                env=harness.environment(PAUSE_AT=step))
        self.assertTrue(paused())
        return process

    def test_removed_while_it_is_started(self):
        for step in ("union", "address", "cgroup", "start"):
            with self.subTest(step=step):
                name = harness.random_name("test")
                start = self.paused_start(step, "run", "-d", "--name", name,
                                          BUSYBOX, "sleep", "600")
                done = self.demo("rm", name)
                self.assertEqual(done.status, 1, str(done))
                self.assertIn("cannot remove container", done.err)
                removal = harness.start([DEMO, "rm", "-f", name])
                time.sleep(0.3)
                self.interrupt()
                done = harness.finish(removal, 20)
                self.assertEqual(done.status, 0, str(done))
                self.assertFalse(harness.finish(start, 20).timed_out)
                self.assertEqual(self.states(), {})
                self.bury_orphans()     # or one is taken for the next

    @staticmethod
    def interrupt():
        for pid in residue.descendants():
            try:
                if read("/proc/%d/comm" % pid) == "paused\n":
                    os.kill(pid, signal.SIGTERM)
            except OSError:
                pass

    def test_stopped_between_two_lives(self):
        for number in range(8):
            name = self.detached("--restart", "always", command=("false",))
            self.until(lambda: self.record(name)["restarts"] >= number % 3)
            time.sleep(random.random() / 5)
            began = time.monotonic()
            self.succeed([DEMO, "stop", "-t", "1", name])
            self.assertLess(time.monotonic() - began, 8 * harness.SLOWER)
            self.assertEqual(self.state(name), "exited")
            restarts = self.record(name)["restarts"]
            time.sleep(0.3)
            self.assertEqual(self.record(name)["restarts"], restarts)
            self.succeed([DEMO, "rm", name])


class Ends(SurvivalTest):
    """`stop` and `wait`, also when all does not go as it should."""

    DEAF = ("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done")
    CIVIL = ("sh", "-c", "trap 'exit 33' TERM; trap 'exit 44' USR1; echo up; "
                         "while :; do sleep 0.05; done")

    def up(self, *words, command):
        """One that has said so, and so has its traps."""
        name = self.detached(*words, command=command)
        self.until(lambda: self.logged(name))
        return name

    def kill_monitor(self, name):
        pid, = (pid for pid, whose in monitors().items() if whose == name)
        os.kill(pid, signal.SIGKILL)

    def waiting(self, name):
        process = harness.start([DEMO, "wait", name])
        time.sleep(0.5 * harness.SLOWER)
        self.assertIsNone(process.poll())
        return process

    def test_wait_when_the_monitor_is_killed(self):
        for words in ([], ["--rm"]):
            with self.subTest(words=words):
                name = self.detached(*words)
                process = self.waiting(name)
                self.kill_monitor(name)
                done = harness.finish(process, 20)
                self.assertEqual((done.status, done.out, done.err),
                                 (0, "137\n", ""), str(done))
                self.assertEqual(processes_in(name), set())

    def test_wait_while_somebody_mends(self):
        name = self.detached()
        process = self.waiting(name)
        process.send_signal(signal.SIGSTOP)
        self.kill_monitor(name)
        with open("%s/containers/%s/lock" % (self.store, name),
                  encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.3)
            self.assertIsNone(process.poll(), "it took what is not true yet")
        done = harness.finish(process, 20)
        self.assertEqual((done.status, done.out), (0, "137\n"), str(done))

    def test_a_monitor_that_dies_while_another_is_stopped(self):
        deaf, other = self.up(command=self.DEAF), self.detached()
        process = harness.start([DEMO, "stop", "-t", "2", deaf, other])
        time.sleep(0.7)
        self.kill_monitor(other)
        done = harness.finish(process, 20)
        self.assertEqual((done.status, done.out), (0, "%s\n%s\n" %
                                                   (deaf, other)), str(done))
        self.assertEqual(processes_in(other), set())
        record = self.record(other)
        self.assertEqual((record["status"], record["exitCode"]),
                         ("exited", 137))

    def test_a_monitor_that_dies_while_another_is_started(self):
        """Then it is started anew, and nothing of its first life is left."""
        first, second = self.detached(), self.detached()
        self.succeed([DEMO, "stop", "-t", "0", first])
        before = processes_in(second)
        with open("%s/containers/%s/lock" % (self.store, first),
                  encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)    # it waits for that, a while
            process = harness.start([DEMO, "start", first, second])
            time.sleep(0.7)
            self.kill_monitor(second)
            done = harness.finish(process, 20)
        self.assertEqual((done.status, done.out), (0, "%s\n%s\n" %
                                                   (first, second)), str(done))
        now = processes_in(second)
        self.assertEqual((len(now), now & before), (1, set()))

    def test_a_full_house(self):
        """64 clients do not keep `stop` from being a gentle one."""
        name = self.up("--restart", "always", command=self.CIVIL)
        place = "%s/containers/%s" % (self.store, name)
        guests = [Client(place, 0) for _ in range(64)]
        for guest in guests:
            self.addCleanup(guest.sock.close)
            guest.receive()
        done = self.demo("wait", name)
        self.assertEqual((done.status, done.out), (1, ""), str(done))
        self.assertIn("it has 64 clients already", done.err)
        self.succeed([DEMO, "stop", name])
        record = self.record(name)
        self.assertEqual((record["status"], record["exitCode"],
                          record["restarts"]), ("exited", 33, 0))
        self.until(lambda: not monitors())

    def test_the_whole_cgroup(self):
        """Also where no pid namespace takes the rest along."""
        name = self.detached("--pid", "host", command=(
            "sh", "-c", "(trap '' TERM; sleep 600) & exec sleep 600"))
        self.until(lambda: len(processes_in(name)) == 2)
        pids = processes_in(name)
        self.succeed([DEMO, "stop", "-t", "0", name])
        self.assertEqual(processes_in(name), set())
        self.assertEqual([pid for pid in pids if residue.read(
            "/proc/%s/cgroup" % pid).count(name)], [])

    def test_which_signal(self):
        for created, said, status in (
                ([], [], 33), (["--stop-signal", "USR1"], [], 44),
                ([], ["-s", "USR1"], 44),
                (["--stop-signal", "USR1"], ["--signal", "SIGTERM"], 33)):
            with self.subTest(created=created, said=said):
                name = self.up(*created, command=self.CIVIL)
                self.succeed([DEMO, "stop", *said, name])
                self.assertEqual(self.record(name)["exitCode"], status)

    def test_how_long(self):
        for created, said in ((["--stop-timeout", "1"], []),
                              (["--stop-timeout", "60"], ["-t", "1"])):
            with self.subTest(created=created, said=said):
                name = self.up(*created, command=self.DEAF)
                began = time.monotonic()
                self.succeed([DEMO, "stop", *said, name])
                took = time.monotonic() - began
                self.assertGreaterEqual(took, 1)
                self.assertLess(took, 8 * harness.SLOWER)
                self.assertEqual(self.record(name)["exitCode"], 137)


class Power(SurvivalTest):
    """What a verb has said it did outlives a power cut: the directories that
    it changed are synced afterwards.  Seen from the calls: that a disk is slow
    to write what it was not asked for cannot be had here (test_vm.py cuts)."""

    CALL = re.compile(r"\b(fsync|renameat2?|unlinkat|mkdirat|openat)\(\d+<([^>]*)>"
                      r"(?:, \"([^\"]*)\")?(.*)")

    def unsynced(self, *words):
        """Directories of the store that were changed and not synced since, and
        those that were synced at last."""
        log = self.scratch() + "/calls"
        self.succeed(["strace", "-f", "-y", "-e", "trace=fsync,renameat,"
                      "renameat2,unlinkat,mkdirat,openat", "-o", log,
                      *harness.called(DEMO, *words)])
        changed, synced = set(), set()
        for line in read(log).splitlines():
            found = self.CALL.search(line)
            if not found or " = -1 " in line:
                continue
            call, place, name, rest = found.groups()
            if call == "fsync":
                changed.discard(place)
                synced.add(place)
                continue
            if call == "openat" and "O_CREAT" not in rest:
                continue
            place = os.path.dirname(os.path.join(place, name))
            changed.add(place)
            synced.discard(place)
        return changed, synced

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_what_is_done_is_on_the_disk(self):
        name, network = self.detached("--restart", "unless-stopped"), "front"
        other = harness.random_name()
        containers, mine = (self.store + "/containers",
                            "%s/containers/%s" % (self.store, name))
        networks, volumes = self.store + "/networks", self.store + "/volumes"
        self.addCleanup(self.demo, "network", "rm", "-f", network)
        self.succeed([DEMO, "create", "--name", other, BUSYBOX, "true"])
        its = "%s/containers/%s" % (self.store, self.succeed(
            [DEMO, "inspect", "-f", "{{.Id}}", other]).out.strip())
        for words, places in (
                (["create", BUSYBOX], [containers]),
                (["rename", name, "renamed"], [mine]),
                (["update", "--restart", "always", name], [mine]),
                (["stop", "-t", "0", name], [mine]),
                (["rm", name], [containers]),
                (["network", "create", network], [networks]),
                (["network", "connect", network, other], [its]),
                (["network", "disconnect", network, other], [its]),
                (["network", "rm", network], [networks]),
                (["volume", "create", "kept"], [volumes, volumes + "/kept"]),
                (["volume", "rm", "kept"], [volumes])):
            with self.subTest(words=words):
                changed, synced = self.unsynced(*words)
                for place in places:
                    self.assertNotIn(place, changed)
                    self.assertIn(place, synced)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_what_goes_with_its_end_waits_for_no_disk(self):
        self.assertEqual(self.unsynced("run", "--rm", "--network", "none",
                                       BUSYBOX, "true")[1], set())


class Places(SurvivalTest):
    """A disk that is full or read-only, a /run that is none."""

    def small_root(self, *mount):
        place = self.scratch()
        mount = mount or ("-t", "tmpfs", "-o", "size=16m", "small")
        self.succeed(["mount", *mount, place])
        if harness.caller:
            os.chown(place, harness.USER, harness.USER)
        harness.everywhere["MYDOCKER_ROOT"] = self.store = place

        def unmount():
            self.remount("rw")
            self.remove_all()
            self.until(lambda: not monitors())
            harness.everywhere["MYDOCKER_ROOT"] = type(self).store
            del self.store
            self.succeed(["umount", place])
        self.addCleanup(unmount)
        self.succeed([DEMO, "run", "--rm", "--network", "none", BUSYBOX,
                      "true"])
        return place

    def remount(self, how):
        self.succeed(["mount", "-o", "remount," + how, self.store])

    def refused(self, why, *words):
        """Done, or refused in these words."""
        done = self.demo(*words)
        self.check_files()
        if done.status != 0:
            self.assertIn(done.status, (1, 125), str(done))
            self.assertIn(why, done.err, str(done))
        return done

    def test_a_full_disk(self):
        place = self.small_root()
        why = "No space left on device"
        up = self.detached(command=("sh", "-c", COUNTS))
        down = self.detached(command=("true",))
        self.until(lambda: self.state(down) == "exited")
        with open(place + "/ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(1 << 12))
            except OSError:
                pass
        time.sleep(0.2)
        statuses = [self.refused(why, *words).status for words in (
            ["run", "-d", "--network", "none", BUSYBOX, "true"],
            ["create", BUSYBOX, "true"], ["start", down],
            ["rename", down, "other"], ["volume", "create", "vol"],
            ["exec", up, "true"])]
        self.assertIn(125, statuses)
        self.assertEqual(statuses[-1], 0)
        self.assertEqual(self.check_states()[up], "running")
        self.succeed([DEMO, "stop", "-t", "0", up])
        self.assertEqual(self.check_states()[up], "exited")
        os.unlink(place + "/ballast")
        self.assertLessEqual({up, down}, set(self.states()))
        self.succeed([DEMO, "start", up, down])
        self.assertEqual(self.check_states()[up], "running")

    def test_a_read_only_disk(self):
        self.small_root()
        name = self.detached("--name", "kept", command=("true",))
        self.until(lambda: self.state(name) == "exited" and not monitors())
        before = self.record(name)
        self.remount("ro")
        self.assertEqual(self.states(), {name: "exited"})
        for words in (["run", "-d", BUSYBOX, "true"], ["create", BUSYBOX],
                      ["start", name], ["rename", name, "xyz"], ["rm", name],
                      ["rm", "-f", name]):
            done = self.refused("Read-only file system", *words)
            self.assertNotEqual(done.status, 0, str(done))
        self.remount("rw")
        self.assertEqual(self.record(name), before)
        self.succeed([DEMO, "start", "kept"])

    def test_a_disk_that_becomes_read_only(self):
        """As ext4 does when it has found an error; while containers run.  They
        can be stopped, and none is lost."""
        self.need("mkfs.ext4", "losetup")
        image = self.scratch() + "/image"
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        self.succeed(["mkfs.ext4", "-q", "-F", image])
        if harness.run(["losetup", "-f"]).status != 0:
            self.skipTest("there are no loop devices here")
        self.small_root("-o", "loop", image)
        names = [self.detached(command=("sh", "-c", COUNTS)) for _ in range(3)]
        names.append(self.detached("--rm"))
        self.until(lambda: all(self.logged(name) for name in names[:3]))
        # What is not on the disk by then will not have happened.
        self.succeed(["sync", "-f", self.store])
        self.remount("abort")
        why = "Read-only file system"
        self.assertEqual(set(self.states().values()), {"running"})
        self.succeed([DEMO, "logs", names[0]])
        for words in (["stop", "-t", "0", names[0]], ["kill", names[1]],
                      ["rm", "-f", names[3]]):
            done = self.demo(*words)
            self.assertEqual(done.status, 1, str(done))
            self.assertIn(why, done.err)
            self.until(lambda: not processes_in(words[-1]))
        self.until(lambda: len(monitors()) == 1)
        done = self.demo("ps", "-a", "--no-trunc", "--format",
                         "{{.ID}} {{.State}}")
        self.assertEqual(done.status, 0, str(done))
        self.assertIn(why, done.err)
        self.assertEqual(dict(map(str.split, done.out.splitlines())), {
            names[0]: "dead", names[1]: "dead", names[2]: "running",
            names[3]: "dead"})
        self.assertEqual(self.demo("stop", "-t", "0", names[2]).status, 1)
        self.until(lambda: not monitors())
        # It is repaired, and the machine goes on.
        self.succeed(["umount", self.store])
        self.succeed(["mount", "-o", "loop", image, self.store])
        self.assertEqual(self.states(), dict.fromkeys(names[:3], "exited"))
        # Where the disk had not written what it had room for there are NULs:
        # that is no line, and the next life begins a new one.
        self.succeed([DEMO, "start", names[0]])
        self.until(lambda: "1" in self.lines_shown(names[0])[1:])
        for name in names[:3]:
            self.check_log(name, self.lines_shown(name))
        self.check_states()

    def lines_shown(self, name):
        return self.succeed([DEMO, "logs", name]).out.split()

    def test_a_run_directory_that_is_missing(self):
        place = self.scratch()
        self.addCleanup(harness.everywhere.pop, "MYDOCKER_RUN", None)
        harness.everywhere["MYDOCKER_RUN"] = place + "/none/run"
        name = self.succeed([DEMO, "run", "-d", BUSYBOX, "sleep",
                             "600"]).out.strip()
        self.assertTrue(os.path.isdir(place + "/none/run"))
        self.succeed([DEMO, "rm", "-f", name])
        # Emptied while somebody lives: nobody gets the same address, and the
        # network stays as it is until he has gone; then the host forwards what
        # it did before.
        forwards = "/proc/sys/net/ipv4/ip_forward"
        before = read(forwards)
        name = self.succeed([DEMO, "run", "-d", BUSYBOX, "sleep",
                             "600"]).out.strip()
        shutil.rmtree(place + "/none/run")
        for _ in range(2):
            done = self.demo("run", "--rm", BUSYBOX, "true")
            self.assertEqual(done.status, 125, str(done))
            self.assertIn("mydocker0 is in use, and what was kept of its "
                          "addresses in %s/none/run/" % place, done.err)
        self.succeed([DEMO, "exec", name, "ping", "-c", "1", "172.29.0.1"])
        self.succeed([DEMO, "restart", "-t", "0", name])
        self.succeed([DEMO, "exec", name, "ping", "-c", "1", "172.29.0.1"])
        self.succeed([DEMO, "run", "--rm", BUSYBOX, "true"])
        self.succeed([DEMO, "rm", "-f", name])
        self.assertEqual(read(forwards), before)
        # Emptied, and he goes before anybody else comes: the next command,
        # whichever it is, tidies up.
        name = self.succeed([DEMO, "run", "-d", BUSYBOX, "sleep",
                             "600"]).out.strip()
        shutil.rmtree(place + "/none/run")
        self.succeed([DEMO, "rm", "-f", name])
        self.succeed([DEMO, "ps"])
        self.assertFalse(os.path.exists("/sys/class/net/mydocker0"))
        self.assertFalse(os.path.exists(place + "/none/run/network"))
        self.assertEqual(read(forwards), before)
        harness.everywhere["MYDOCKER_RUN"] = "/sys/none"
        done = self.demo("run", "--rm", BUSYBOX, "true")
        self.assertEqual(done.status, 125, str(done))
        self.assertIn("create directory /sys/none", done.err)
        self.assertEqual(self.states(), {})
        # What has no network of ours needs none.
        self.succeed([DEMO, "run", "--rm", "--network", "none", BUSYBOX,
                      "true"])


class Strangers(SurvivalTest):
    """A number, or a clock, that says something else than it did."""

    def stranger(self, after=0):
        # No number is given out again in the same tick of the clock.
        time.sleep(0.05)
        if after:
            put(LAST_PID, str(after))
        process = subprocess.Popen(["sleep", "600"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_a_pid_that_is_anothers_by_now(self):
        name, stranger = self.detached(), self.stranger()
        self.lose(name)
        self.change("%s/containers/%s/record.json" % (self.store, name),
                    pid=stranger.pid)
        self.change("%s/run/%s/state.json" % (self.store, name),
                    pid=stranger.pid)
        self.assertEqual(self.states(), {name: "exited"})
        for words in (["exec", name, "true"], ["kill", name]):
            done = self.demo(*words)
            self.assertEqual(done.status, 1, str(done))
            self.assertIn("is not running", done.err)
        self.succeed([DEMO, "stop", name])
        self.succeed([DEMO, "rm", "-f", name])
        self.assertIsNone(stranger.poll())

    def test_a_pid_that_is_given_out_again(self):
        """Really so: all numbers have been used, and it is that one's turn."""
        name = self.detached("--restart", "always")
        pid = self.record(name)["pid"]
        self.lose(name)
        residue.reap()
        self.until(lambda: not os.path.exists("/proc/%d" % pid))
        stranger = self.with_pid(pid)
        self.assertEqual(self.states(), {name: "exited"})
        for words in (["exec", name, "true"], ["kill", name],
                      ["pause", name], ["top", name]):
            done = self.demo(*words)
            self.assertEqual(done.status, 1, str(done))
            self.assertIn("is not running", done.err)
        self.succeed([DEMO, "stop", name])
        self.succeed([DEMO, "start", name])
        self.assertEqual(self.check_states(), {name: "running"})
        self.assertNotEqual(self.record(name)["pid"], pid)
        self.succeed([DEMO, "rm", "-f", name])
        self.assertIsNone(stranger.poll())

    def with_pid(self, pid):
        """A process that has this number, unless others are always faster."""
        if not os.path.exists(LAST_PID):
            self.skipTest("there is no %s here" % LAST_PID)
        for _ in range(100):
            process = self.stranger(after=pid - 1)
            if process.pid == pid:
                return process
            process.kill()
        self.skipTest("somebody else always gets the pid %d" % pid)

    def test_another_boot(self):
        """All of its state is as it was, but the machine was off between."""
        name, stranger = self.detached("--restart", "always"), self.stranger()
        self.lose(name)
        start = read("/proc/%d/stat" % stranger.pid).split()[21]
        self.change("%s/run/%s/state.json" % (self.store, name),
                    pid=stranger.pid, startTime=int(start),
                    boot="11111111-2222-3333-4444-555555555555")
        self.assertEqual(self.states(), {name: "exited"})
        self.assertEqual(self.record(name)["exitCode"], 137)
        self.assertIsNone(stranger.poll())
        self.succeed([DEMO, "start", name])
        self.assertEqual(self.check_states(), {name: "running"})

    def test_a_clock_that_was_set_back(self):
        """What is on record is later than now."""
        name = self.detached(command=("sh", "-c", COUNTS))
        later = time.time_ns() + 100000 * 10 ** 9
        self.change("%s/containers/%s/record.json" % (self.store, name),
                    createdNs=later, startedNs=later)
        done = self.succeed([DEMO, "ps", "--format",
                             "{{.Status}}|{{.RunningFor}}"])
        self.assertEqual(done.out, "Up Less than a second|"
                                   "Less than a second ago\n")
        self.succeed([DEMO, "restart", "-t", "0", name])
        self.assertEqual(self.check_states(), {name: "running"})
        self.succeed([DEMO, "stop", "-t", "0", name])
        self.change("%s/containers/%s/record.json" % (self.store, name),
                    finishedNs=later)
        self.assertRegex(self.succeed([DEMO, "ps", "-a"]).out,
                         r"Exited \(137\) Less than a second ago")
        self.check_log(name)


class Machine(SurvivalTest):
    """What comes back with the machine: `system boot` and `system halt`."""

    def up(self, name, *words, **more):
        self.detached("--name", name, *words, **more)
        return name

    def power_cut(self):
        """Nothing lives, and the boot that everything is noted of is over."""
        running = [name for name, state in self.states().items()
                   if state == "running"]
        self.lose(*running)
        for name in running:
            self.change("%s/run/%s/state.json" % (self.store, name),
                        boot="11111111-2222-3333-4444-555555555555")

    def running(self):
        done = self.succeed([DEMO, "ps", "--format", "{{.Names}}"])
        return set(done.out.split())

    def test_which_come_back(self):
        """By Docker's letter, in the order in which they were made."""
        always, unless = ("--restart", "always"), ("--restart",
                                                   "unless-stopped")
        self.up("again", *unless)
        self.up("always", *always)
        self.up("unless", *unless)
        self.up("always-stopped", *always)
        self.up("stopped", *unless)
        self.up("killed", *unless)
        self.up("no")
        self.up("failure", "--restart", "on-failure")
        self.up("later", "--restart", "no")
        self.up("gone", "--rm")
        self.succeed([DEMO, "create", "--name", "never", *always, BUSYBOX])
        self.succeed([DEMO, "update", *unless, "later"])
        self.succeed([DEMO, "stop", "-t", "0", "always-stopped", "stopped",
                      "again"])
        self.succeed([DEMO, "kill", "killed"])
        self.until(lambda: self.state("killed") == "exited")
        self.succeed([DEMO, "start", "again"])
        # It is the machine's to say, too, while they run: nothing is due.
        self.assertEqual(self.succeed([DEMO, "system", "boot"]).out,
                         "always-stopped\n")
        self.succeed([DEMO, "stop", "-t", "0", "always-stopped"])
        self.power_cut()
        self.assertEqual(self.running(), set())
        self.assertEqual(self.succeed([DEMO, "system", "boot"]).out,
                         "again\nalways\nunless\nalways-stopped\nlater\n")
        self.check_states()
        self.assertEqual(self.running(), {"again", "always", "unless",
                                          "always-stopped", "later"})
        self.assertEqual(self.state("never"), "created")
        self.assertEqual(self.state("killed"), "exited")
        self.assertNotIn("gone", self.records())
        self.assertEqual(self.succeed([DEMO, "system", "boot"]).out, "")

    def test_cut_off_in_the_midst(self):
        """Of `stop` the container was not to run any more, of `restart` it
        was: it has had the signal, and has not ended."""
        deaf = ("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; "
                "done")
        for verb, back in (("stop", ""), ("restart", "restart\n")):
            self.up(verb, "--restart", "unless-stopped", command=deaf)
            self.until(lambda: "up" in self.demo("logs", verb).out)
            client = harness.start([DEMO, verb, "-t", "60", verb])
            self.until(lambda: self.demo(
                "events", "--since", "1m", "--until", "0s", "-f",
                "event=kill", "-f", "container=" + verb).out)
            client.kill()
            harness.finish(client, 10)
            self.power_cut()
            self.assertEqual(self.succeed([DEMO, "system", "boot"]).out, back)

    def test_halt(self):
        """All at once; and none has been stopped by hand."""
        deaf = ("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
        for name in ("one", "two", "three"):
            self.up(name, "--restart", "unless-stopped", "--stop-timeout",
                    "3", command=deaf)
        self.up("no", command=("sh", "-c",
                               "trap 'exit 7' TERM; sleep 600 & wait"))
        self.up("done", command=("true",))
        self.until(lambda: self.state("done") == "exited")
        began = time.monotonic()
        done = self.succeed([DEMO, "system", "halt"])
        took = time.monotonic() - began
        self.assertEqual(sorted(done.out.split()),
                         ["no", "one", "three", "two"])
        self.assertGreaterEqual(took, 3)
        if harness.SLOWER == 1:
            self.assertLess(took, 8)
        self.assertEqual(set(self.check_states().values()), {"exited"})
        self.assertEqual(self.records()["no"]["exitCode"], 7)
        self.assertEqual(self.records()["two"]["exitCode"], 137)
        self.assertEqual(self.succeed([DEMO, "system", "halt"]).out, "")
        self.assertEqual(self.succeed([DEMO, "system", "boot"]).out,
                         "one\ntwo\nthree\n")

    def test_half_made(self):
        """Whoever made it was cut off: nobody was told of it, and it goes."""
        self.up("whole", command=("true",))
        self.succeed([DEMO, "create", "--name", "half", BUSYBOX])
        place = "%s/containers/%s" % (self.store, self.records()["half"]["id"])
        os.unlink(place + "/settings.json")
        done = self.succeed([DEMO, "ps", "-a", "--format", "{{.Names}}"])
        self.assertEqual((done.out, done.err), ("whole\n", ""))
        self.assertFalse(os.path.exists(place))
        self.succeed([DEMO, "create", "--name", "half", BUSYBOX])

    def test_one_that_cannot(self):
        """The others have their turn; what joins another comes after it."""
        always = ("--restart", "always")
        place = self.scratch() + "/source"
        os.mkdir(place)
        self.up("poor", *always, "--mount",
                "type=bind,source=%s,target=/there" % place)
        self.up("first", *always)
        self.succeed([DEMO, "run", "-d", "--name", "second", *always,
                      "--network", "container:first", BUSYBOX, "sleep",
                      "600"])
        self.power_cut()
        os.rmdir(place)
        done = self.demo("system", "boot")
        self.assertEqual((done.status, done.out), (1, "first\nsecond\n"))
        self.assertIn("mydocker system boot: start poor: ", done.err)
        self.assertIn(place, done.err)
        self.check_states()


class Policies(SurvivalTest):
    """--restart and --health-*, from the option to the end."""

    def ends(self, name):
        self.until(lambda: self.state(name) == "exited")
        return self.record(name)

    def test_always(self):
        name = self.detached("--restart", "always", command=(
            "sh", "-c", "echo life; sleep 0.05"))
        self.until(lambda: self.record(name)["restarts"] >= 2)
        self.assertGreaterEqual(self.logged(name).count("life\n"), 2)
        self.succeed([DEMO, "stop", "-t", "0", name])
        self.ends(name)

    def test_on_failure_counts(self):
        name = self.detached("--restart", "on-failure:2",
                             command=("sh", "-c", "echo life; exit 3"))
        record = self.ends(name)
        self.assertEqual((record["restarts"], record["exitCode"]), (2, 3))
        self.assertEqual(self.logged(name), ["life\n"] * 3)
        self.assertEqual(self.demo("inspect", "-f", "{{.RestartCount}}",
                                   name).out, "2\n")
        fine = self.detached("--restart", "on-failure", command=("true",))
        self.assertEqual(self.ends(fine)["restarts"], 0)

    def test_unless_stopped(self):
        name = self.detached("--restart", "unless-stopped", command=(
            "sleep", "0.1"))
        self.until(lambda: self.record(name)["restarts"] >= 1)
        self.succeed([DEMO, "stop", "-t", "0", name])
        restarts = self.ends(name)["restarts"]
        time.sleep(0.5)
        self.assertEqual(self.record(name)["restarts"], restarts)
        self.succeed([DEMO, "start", name])
        self.until(lambda: self.record(name)["restarts"] >= 1)

    def test_the_log_is_turned_over(self):
        """By Docker's kilobytes, which are a thousand; what is said last
        counts."""
        name = self.detached(
            "--log-opt", "max-size=1g", "--log-opt", "max-size=1.5k",
            "--log-opt", "max-file=3", command=("seq", "100"))
        self.ends(name)
        log = "%s/containers/%s/%s-json.log" % (self.store, name, name)
        self.assertEqual(sorted(glob.glob(log + "*")),
                         [log, log + ".1", log + ".2"])
        for path in (log + ".1", log + ".2"):
            self.assertIn(os.path.getsize(path), range(1500, 1600))
        self.assertEqual(self.logged(name)[-1], "100\n")

    def test_the_wait_doubles(self):
        name = self.detached("--restart", "always", command=("false",))
        self.until(lambda: self.record(name)["restarts"] >= 4)
        self.until(lambda: self.state(name) == "restarting")
        self.assertRegex(self.succeed([DEMO, "ps"]).out,
                         r"Restarting \(1\) (Less than a|1) second ago")
        self.succeed([DEMO, "rm", "-f", name])
        with open(self.store + "/events.log", encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
        starts = [event["timeNano"] / 1e9 for event in events
                  if event["Actor"]["ID"] == name and event["Action"] == "start"]
        waits = [b - a for a, b in zip(starts, starts[1:])]
        for wait, least in zip(waits, (0.1, 0.2, 0.4)):
            self.assertGreaterEqual(wait, least)

    def health(self, name):
        try:
            return json.loads(read("%s/containers/%s/health.json" %
                                   (self.store, name)))
        except FileNotFoundError:
            return {"Status": "starting", "Log": []}

    def test_health(self):
        name = self.detached("--health-cmd", "cat /healthy",
                             "--health-interval", "100ms",
                             "--health-retries", "2")
        self.until(lambda: self.health(name)["Status"] == "unhealthy")
        self.assertIn("(unhealthy)", self.succeed([DEMO, "ps"]).out)
        self.succeed([DEMO, "exec", name, "sh", "-c", "echo ok >/healthy"])
        self.until(lambda: self.health(name)["Status"] == "healthy")
        self.assertIn("(healthy)", self.succeed([DEMO, "ps"]).out)
        self.assertEqual(self.health(name)["Log"][-1]["Output"], "ok\n")

    def test_health_while_it_starts(self):
        """It is looked at more often, and failures do not count."""
        name = self.detached("--health-cmd", "cat /healthy",
                             "--health-start-period", "1h",
                             "--health-start-interval", "100ms",
                             "--health-interval", "1h",
                             "--health-retries", "1")
        self.until(lambda: len(self.health(name)["Log"]) >= 3)
        self.assertEqual(self.health(name)["Status"], "starting")
        self.succeed([DEMO, "exec", name, "sh", "-c", "echo ok >/healthy"])
        self.until(lambda: self.health(name)["Status"] == "healthy")
        checks = self.health(name)["Log"]
        time.sleep(0.5)
        self.assertEqual(self.health(name)["Log"], checks)

    def test_a_check_ends_with_its_time(self):
        """Whether it minds SIGTERM or not, with all that it has started."""
        for script in ("sleep 611", "sleep 611; true",
                       "trap '' TERM; sleep 611; true"):
            with self.subTest(script=script):
                name = self.detached("--health-cmd", script,
                                     "--health-interval", "100ms",
                                     "--health-timeout", "300ms",
                                     "--health-retries", "1")
                self.until(lambda: len(processes_in(name)) > 1)
                self.until(lambda: self.health(name)["Log"])
                result = self.health(name)["Log"][0]
                self.assertEqual(result["ExitCode"], -1)
                self.assertEqual(result["Output"],
                                 "Health check exceeded timeout (0.3s)")
                most = 0
                for _ in range(50):
                    most = max(most, len(processes_in(name)))
                    time.sleep(0.02)
                # Process 1, one check, and what is about to be one.
                self.assertLessEqual(most, 3)
                self.succeed([DEMO, "rm", "-f", name])
