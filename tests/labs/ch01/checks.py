"""The checks of chapter 1's labs.  See checking.py."""

import errno
import fcntl
import glob
import os
import random
import signal
import sys
import time

from checking import (Wrong, check, descriptors, failed, mounts, namespace,
                      read_proc, require, succeeded)

KINDS = ("mnt", "uts", "ipc", "pid", "net", "user", "cgroup", "time")


def map_of(pid, name):
    """The numbers of an id map as it is read from the grader's namespace."""
    return [int(word) for word in read_proc(pid, name).split()]


def root_maps(run, pid):
    for name, outside in (("uid_map", run.uid), ("gid_map", run.gid)):
        found = map_of(pid, name)
        require(found == [0, outside, 1], "%s of process %d is %s, not "
                "0 %d 1", name, pid, found or "empty", outside)


def no_setgroups(pid):
    switch = read_proc(pid, "setgroups").strip()
    require(switch == "deny", "setgroups of process %d still says \"%s\"",
            pid, switch)


def same_descriptors(pid, before):
    after = descriptors(pid)
    require(after == before, "open before: %s; after: %s",
            sorted(before.values()), sorted(after.values()))


# ---- ns_id -----------------------------------------------------------------

def same_as_kernel(at):
    succeeded(at)
    due = namespace(at.pid, at.file)
    require((at.device, at.inode) == due, "%s of process %d: you say device "
            "%d, inode %d; the kernel %d, %d", at.file, at.pid, at.device,
            at.inode, *due)


@check("ns_id/every-kind", 3,
       "stat(2) follows the link /proc/PID/ns/FILE to the namespace; "
       "lstat(2) stays at the link.  PID is the one asked for.")
def every_kind(run):
    "each kind of namespace, of this process and of one that is in others"
    driver = run.start("ns_id")
    for _ in KINDS:
        for who in ("own", "other"):
            at = driver.reach(who)
            if os.path.exists("/proc/self/ns/" + at.file):
                same_as_kernel(at)


@check("ns_id/nobody-there", 2,
       "stat(2) returns -1 when the path is not there: return fail(\"look "
       "at %s\", path);")
def nobody_there(run):
    "a process that has ended has no namespaces, and the caller hears of it"
    driver = run.start("ns_id")
    succeeded(driver.reach("other"))
    failed(driver.reach("gone"), errno.ENOENT, "for a process that is gone")


# ---- ns_same ---------------------------------------------------------------

def asked(run, a, b):
    driver = run.start("ns_same", *a, *b)
    return driver.reach("asked").same == 1


@check("ns_same/inode", 1,
       "true when both numbers are equal.")
def by_inode(run):
    "the grader's own namespaces: each is itself, and none is another"
    uts, net = (namespace(os.getpid(), file) for file in ("uts", "net"))
    require(asked(run, uts, uts), "a namespace is not the same as itself")
    require(not asked(run, uts, net), "inodes %d and %d are the same to you",
            uts[1], net[1])


@check("ns_same/device", 2,
       "an inode number is unique within a device only: compare st_dev, "
       "too.")
def by_device(run):
    "the same inode number on another device is another file"
    device, inode = random.randrange(1, 1 << 20), random.randrange(1, 1 << 31)
    require(asked(run, (device, inode), (device, inode)),
            "device %d, inode %d is not the same as itself", device, inode)
    require(not asked(run, (device, inode), (device + 1, inode)),
            "inode %d of devices %d and %d is the same to you", inode, device,
            device + 1)


# ---- ns_owner --------------------------------------------------------------

NS_GET_OWNER_UID = 0xb704       # linux/nsfs.h


def owner_of(pid):
    """Who made the user namespace of a process, as the kernel has it here."""
    with open("/proc/%d/ns/user" % pid, "rb") as namespace_file:
        answer = fcntl.ioctl(namespace_file, NS_GET_OWNER_UID, bytes(4))
    return int.from_bytes(answer, sys.byteorder)


def owned_by(at, owner):
    succeeded(at)
    require(at.owner == owner, "the user namespace of process %d was made by "
            "user %d; you say %d", at.pid, owner, at.owner)


@check("ns_owner/who-made-it", 3,
       "ioctl(fd, NS_GET_OWNER_UID, owner), fd being ns/user of the process "
       "asked about, not of your own.")
def who_made_it(run):
    "this process's own user namespace, and one of a process that made a new one"
    driver = run.start("ns_owner", run.uid)
    at = driver.reach("own")
    owned_by(at, owner_of(at.pid))
    owned_by(driver.reach("other"), run.uid)
    # Its ids are others now, and so is the answer.
    number = random.randrange(1, 1 << 31)
    owned_by(run.start("ns_owner", number).reach("other"), number)


@check("ns_owner/nobody-there", 1,
       "openat(2) fails when the process is gone: return fail(\"open "
       "ns/user\");")
def nobody_owns(run):
    "of a process that has ended there is no answer, and the caller hears of it"
    driver = run.start("ns_owner", run.uid)
    succeeded(driver.reach("other"))
    failed(driver.reach("gone"), errno.ESRCH, "for a process that is gone")


@check("ns_owner/descriptors", 1,
       "auto_close int user = openat(...): the scope closes it, on every way "
       "out.")
def owner_is_closed(run):
    "no descriptor stays open, whether it worked or not"
    driver = run.start("ns_owner", run.uid)
    before = descriptors(driver.reach("begun").pid)
    succeeded(driver.reach("other"))
    same_descriptors(driver.pid, before)
    driver.reach("gone")        # where one of them leads is gone, too
    require(set(descriptors(driver.pid)) == set(before),
            "a descriptor stays open when the process is gone")


# ---- expect ----------------------------------------------------------------

def start_expect(run, code=1, words="?"):
    return run.start("expect", code, words)


@check("expect/due", 2,
       "compare message.type with the type that is due, and answer "
       "anything else with failx().")
def only_what_is_due(run):
    "the message that is due is taken, another one is not"
    driver = start_expect(run)
    succeeded(driver.reach("due"))
    at = driver.reach("undue")
    require(at.result == -1, "\"go\" was taken for \"ready\"")
    require(at.text, "no reason is left in `failure`")


@check("expect/failure", 2,
       "a SYNC_FAILURE carries the other side's `failure`: return "
       "adopt(&message);")
def their_failure(run):
    "the other side's failure becomes ours, number and words"
    code, words = random.randrange(1, 100), run.word()
    driver = start_expect(run, code, words)
    succeeded(driver.reach("due"))
    at = driver.reach("failure")
    failed(at, code, "after a failure on the other side")
    require(at.text == words, "the words were \"%s\", failure.text is \"%s\"",
            words, at.text)


@check("expect/descriptors", 2,
       "a descriptor belongs to SYNC_FD and to nothing else: (*fd >= 0) =="
       " (type == SYNC_FD), or close_scoped(fd).")
def descriptors_are_not_lost(run):
    "a descriptor that is due arrives; one that is not is closed"
    driver = start_expect(run)
    before = descriptors(driver.reach("due").pid)
    at = driver.reach("descriptor")
    require(at.result >= 0, "it returned %d: %s", at.result, at.text)
    found = descriptors(at.pid).get(at.result)
    require(found == os.readlink("/proc/%d/ns/uts" % at.pid),
            "descriptor %d leads to %s, not to what was sent", at.result,
            found)
    at = driver.reach("stray")
    require(at.result == -1, "\"ready\" was due; a descriptor was taken for it")
    require(descriptors(at.pid) == before, "the descriptor that was not due is "
            "still open")
    require(driver.reach("bare").result == -1, "a descriptor was due; "
            "a message without one was taken for it")


@check("expect/dead-parent", 4,
       "receive() fails when the other side is gone.  Return that failure:"
       " neither go on nor wait again.")
def dead_parent(run):
    "a parent that dies before its word leaves no child, and nothing done"
    path = os.path.join(run.directory(), run.word())
    driver = run.start("orphan", path)
    driver.reach("after")
    driver.finish()
    require(os.path.exists(path), "told \"mapped\", the child did not go on")

    path = os.path.join(run.directory(), run.word())
    driver = run.start("orphan", path)
    child = driver.reach("before").child
    driver.kill()
    status = ended(run, child)
    require(not os.path.exists(path), "its parent was dead, the maps were not "
            "written, and the child went on")
    require(status == 7, "the child ended with %d; sync_expect() should have "
            "returned -1", status)


def ended(run, child):
    """The child's status, soon after its parent was killed."""
    patience = time.monotonic() + min(5, run.timeout / 2)
    while time.monotonic() < patience:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    raise Wrong("the parent is dead and the child waits on")


# ---- ns_map_root -----------------------------------------------------------

@check("ns_map_root/one-id", 3,
       "one line a map: the first id inside, the first outside, how many: "
       "\"0 %u 1\".")
def one_id(run):
    "0 inside is the caller outside, in uid_map and gid_map"
    at = run.start("ns_map_root").reach("mapped")
    succeeded(at)
    root_maps(run, at.child)


@check("ns_map_root/setgroups", 2,
       "write \"deny\" into /proc/PID/setgroups before gid_map, or "
       "user_namespaces(7) refuses the latter.")
def setgroups_denied(run):
    "the child may not drop groups that were meant to keep it out"
    at = run.start("ns_map_root").reach("mapped")
    no_setgroups(at.child)


@check("ns_map_root/refusals", 3,
       "every write_text() can fail: look at what it returns, and return "
       "-1 (wrap() adds what you were doing).")
def refusals_are_told(run):
    "a map written twice, a foreign uid, a process that is gone: all failures"
    driver = run.start("ns_map_root")
    root_maps(run, driver.reach("mapped").child)
    failed(driver.reach("again"), errno.EPERM, "for a map that is written")
    at = driver.reach("foreign")
    failed(at, errno.EPERM, "for a uid that is not the caller's")
    require(not map_of(at.child, "uid_map"), "a foreign uid was mapped")
    failed(driver.reach("gone"), errno.ENOENT, "for a process that is gone")


@check("ns_map_root/descriptors", 2,
       "auto_close int dir = open(...): the scope closes it, on every way "
       "out.")
def nothing_stays_open(run):
    "no descriptor stays open, whether it worked or not"
    driver = run.start("ns_map_root")
    before = descriptors(driver.reach("begun").pid)
    succeeded(driver.reach("mapped"))
    driver.reach("foreign")
    same_descriptors(driver.pid, before)


# ---- ns_become_root --------------------------------------------------------

@check("ns_become_root/root-inside", 4,
       "setgroups, uid_map, gid_map of /proc/self, in this order; the ids "
       "are those from before unshare(2).")
def root_inside(run):
    "uid and gid 0 in a user namespace of its own; outside, the same user"
    at = run.start("ns_become_root").reach("asked")
    succeeded(at)
    require(namespace(at.pid, "user") != namespace(os.getpid(), "user"),
            "process %d is in the grader's user namespace", at.pid)
    root_maps(run, at.pid)
    no_setgroups(at.pid)
    outside = os.stat("/proc/%d" % at.pid).st_uid
    require(outside == run.uid, "outside it is uid %d, not %d", outside,
            run.uid)


@check("ns_become_root/refusals", 3,
       "when a write fails: errno = failure.code; return ns_fail_userns(\"map "
       "ids in a user namespace\");")
def refusals_are_told_too(run):
    "no /proc to write the maps in, no user namespace to be had: both failures"
    succeeded(run.start("ns_become_root").reach("asked"))
    at = run.start("ns_become_root", "hidden").reach("asked")
    failed(at, errno.ENOENT, "where /proc is hidden")
    at = run.start("ns_become_root", "limited").reach("asked")
    failed(at, errno.ENOSPC, "where no user namespace may be made")


# ---- ns_own_mounts ---------------------------------------------------------

def take_mounts(run):
    """(directory, the child's mount table, its parent's), when it worked."""
    place = run.directory()
    at = run.start("ns_own_mounts", place).reach("mounted")
    succeeded(at)
    require(namespace(at.child, "mnt") != namespace(at.pid, "mnt"),
            "parent and child are in one mount namespace")
    return place, mounts(at.child), mounts(at.pid)


def points_of(table):
    return [where for where, _ in table]


@check("ns_own_mounts/nothing-out", 3,
       "MS_PRIVATE on / alone is one mount; MS_REC | MS_PRIVATE is the "
       "whole tree.")
def nothing_goes_out(run):
    "what is mounted inside is not seen outside, although / was shared"
    place, inside, outside = take_mounts(run)
    require(place + "/inside" in points_of(inside), "the mount is not there")
    require(place + "/inside" not in points_of(outside),
            "a mount made inside is in the parent's table")
    shared = [where for where, optional in inside
              if any(field.startswith("shared:") for field in optional)]
    require(not shared, "still shared inside: %s", ", ".join(shared[:4]))


@check("ns_own_mounts/nothing-in", 2,
       "a slave (MS_SLAVE) still receives; a private mount (MS_PRIVATE) "
       "neither sends nor receives.")
def nothing_comes_in(run):
    "what is mounted outside afterwards is not seen inside"
    place, inside, outside = take_mounts(run)
    require(place + "/outside" in points_of(outside), "the mount is not there")
    require(place + "/outside" not in points_of(inside),
            "a mount made outside has come in")


@check("ns_own_mounts/refusal", 2,
       "sys_unshare() returns -1 for a process without CAP_SYS_ADMIN; say "
       "so with fail().")
def not_without_privilege(run):
    "a process without privilege is refused, and hears of it"
    take_mounts(run)
    at = run.start("ns_own_mounts", run.directory(), "plain").reach("plain")
    failed(at, errno.EPERM, "without privilege")


# ---- ns_within -------------------------------------------------------------

def start_visit(run):
    number, words = random.randrange(2, 1 << 30), run.word()
    return run.start("ns_within", number, words), number, words


@check("ns_within/there", 3,
       "sys_setns(fd, kind->flag), then call(data), whose result is yours.")
def there(run):
    "during the call the process is in the other namespace"
    driver, number, _ = start_visit(run)
    begun = driver.reach("begun")
    at = driver.reach("there", "back")
    require(at.where == "there", "it returned without a call: %s",
            at.text)
    require(namespace(driver.pid, "uts") == namespace(begun.other, "uts"),
            "the call is made in another namespace than the one asked for")
    at = driver.reach("back")
    require(at.calls == 1, "it was called %d times", at.calls)
    require(at.result == number, "the call returned %d, you %d", number,
            at.result)


@check("ns_within/back", 2,
       "open /proc/thread-self/ns/FILE before you leave, sys_setns() to it"
       " after the call, whatever came of that.")
def and_back(run):
    "after the call, and after one that failed, it is home, and knows why"
    driver, number, words = start_visit(run)
    driver.reach("begun")
    home = namespace(driver.pid, "uts")
    require(driver.reach("back").result == number, "the first visit failed")
    require(namespace(driver.pid, "uts") == home, "it did not come home")
    at = driver.reach("failed")
    require(namespace(driver.pid, "uts") == home, "it did not come home after "
            "a visit that failed")
    failed(at, errno.ENOTTY, "after a visit that failed")
    require(at.text.startswith(words), "the reason was \"%s\", failure.text is "
            "\"%s\"", words, at.text)


@check("ns_within/no-entry", 2,
       "when sys_setns() fails return fail(...) before you call: the "
       "caller would act in the wrong namespace.")
def no_entry_no_call(run):
    "where the namespace cannot be entered nothing is called"
    driver, number, _ = start_visit(run)
    require(driver.reach("back").result == number, "the first visit failed")
    at = driver.reach("refused")
    require(at.calls == 0, "an ipc namespace is no uts namespace, and the call "
            "was made all the same")
    failed(at, errno.EINVAL, "for a namespace of another kind")


@check("ns_within/descriptors", 1,
       "auto_close int home = open(...);")
def the_way_home_is_closed(run):
    "no descriptor stays open after a visit"
    driver, number, _ = start_visit(run)
    driver.reach("begun")
    before = descriptors(driver.pid)
    require(driver.reach("back").result == number, "the first visit failed")
    driver.reach("refused")
    same_descriptors(driver.pid, before)


# ---- init_fork -------------------------------------------------------------

FAULTS = {signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV,
          signal.SIGSYS, signal.SIGTRAP}
DEADLY = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1,
          signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM, signal.SIGTERM]


def signals(pid, line):
    """The set behind a line of /proc/PID/status, such as SigBlk."""
    for row in read_proc(pid, "status").splitlines():
        if row.startswith(line + ":"):
            bits = int(row.split()[1], 16)
            return {n for n in range(1, 65) if bits >> (n - 1) & 1}
    raise Wrong("process %d is gone" % pid)


def name_of(number):
    return signal.Signals(number).name if number < signal.SIGRTMIN else \
        "signal %d" % number


def some_of(numbers):
    names = [name_of(number) for number in numbers]
    more = len(names) - 5
    return ", ".join(names[:5]) + (" and %d more" % more if more > 0 else "")


def same_signals(before, after, what):
    odd = sorted(before ^ after)
    require(not odd, "not %s as before: %s", what, some_of(odd))


def signals_of(pid):
    return signals(pid, "SigBlk"), signals(pid, "SigIgn")


def start_fork(run, *mode):
    """(driver, what its caller blocks and ignores)"""
    blocked, ignored = random.sample(DEADLY, 2)
    driver = run.start("init_fork", int(blocked), int(ignored), *mode)
    return driver, signals_of(driver.reach("begun").pid)


def reach_child(driver):
    at = driver.reach("child", "parent")
    require(at.where == "child", "there is no child: %s",
            getattr(at, "text", "") or "(no reason given)")
    return at.pid


@check("init_fork/signals", 3,
       "keep what sigprocmask() and sigaction() say was there before, and "
       "put it back in the child.")
def child_signals(run):
    "in the child, what was blocked and ignored before is so, and no more"
    driver, before = start_fork(run)
    after = signals_of(reach_child(driver))
    same_signals(before[0], after[0], "blocked")
    same_signals(before[1], after[1], "ignored")


@check("init_fork/nothing-lost", 2,
       "block all_but_faults() before the fork, and give SIGCHLD its "
       "default action, SIG_DFL.")
def nothing_is_lost(run):
    "signals are blocked from before the fork on, and a status can be had"
    driver, _ = start_fork(run)
    reach_child(driver)
    at = driver.reach("parent")
    wanted = set(range(1, 65)) - FAULTS - {signal.SIGKILL, signal.SIGSTOP,
                                           32, 33}    # libc's own
    lost = sorted(wanted - signals(at.pid, "SigBlk"))
    require(not lost, "not blocked in the parent: %s",
            some_of(lost))
    require(at.at_fork, "a signal that comes during the fork is lost: nothing "
            "is blocked then")
    require(at.waited and at.status == 7, "the child ended with 7, and "
            "waitpid() does not know: SIGCHLD is ignored")


def terminal_of(pid):
    """(process group, the one in the foreground), from proc_pid_stat(5)"""
    fields = read_proc(pid, "stat").rpartition(")")[2].split()
    return int(fields[2]), int(fields[5])


@check("init_fork/terminal", 2,
       "group = getpgrp() before; in the child setpgid(0, 0), then "
       "hand_terminal(group, getpid()).")
def terminal_and_group(run):
    "the child leads a group, with the terminal if the caller's had it"
    driver, _ = start_fork(run)
    pid = reach_child(driver)
    group, foreground = terminal_of(pid)
    require(group == pid, "process %d is in process group %d", pid, group)
    require(foreground == pid, "group %d has the terminal, not the child's, "
            "%d", foreground, pid)
    driver, _ = start_fork(run, "background")
    pid = reach_child(driver)
    group, foreground = terminal_of(pid)
    require(group == pid, "process %d is in process group %d", pid, group)
    require(foreground != pid, "the terminal was another group's, and it was "
            "taken away")


@check("init_fork/no-child", 1,
       "where fork() returns -1: mask and SIGCHLD back, and return "
       "fail(\"fork\").")
def no_child_to_be_had(run):
    "where there can be no child the caller hears of it, and is as before"
    reach_child(start_fork(run)[0])
    driver, before = start_fork(run, "limited")
    at = driver.reach("parent")
    failed(at, errno.EAGAIN, "where no process may be made")
    after = signals_of(at.pid)
    same_signals(before[0], after[0], "blocked")
    same_signals(before[1], after[1], "ignored")


# ---- init_run --------------------------------------------------------------

def loop_ends(run, what, number):
    at = run.start("init_run", what, number).reach("ended")
    require(at.result >= 0, "it returned %d: %s", at.result, at.text)
    return at


@check("init_run/status", 3,
       "WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), "
       "for `pid` and nobody else.")
def status_is_the_programs(run):
    "it ends with the program, and as the program did"
    number = random.randrange(2, 120)
    for what in ("exit", "late"):
        found = loop_ends(run, what, number).result
        require(found == number, "the program exits with %d, you return %d",
                number, found)
    number = random.choice(DEADLY + [signal.SIGKILL])
    found = loop_ends(run, "die", int(number)).result
    require(found == 128 + number, "%s ended the program, you return %d",
            name_of(number), found)


def running(driver, place):
    at = driver.reach(place, "ended")
    require(at.where == place, "it returned %s while the program ran: %s",
            getattr(at, "result", ""), getattr(at, "text", ""))
    return at


def zombies_of(parent):
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        fields = read_proc(int(path.split("/")[2]), "stat").rpartition(")")[2]
        if fields.split()[:2] == ["Z", str(parent)]:
            found.append(path)
    return found


@check("init_run/orphans", 3,
       "waitpid(-1, &status, WNOHANG) until it returns 0: one SIGCHLD may "
       "stand for many who ended.")
def orphans_are_reaped(run):
    "orphans that all end at once leave no zombie, and the program runs on"
    count = random.randrange(5, 30)
    driver = run.start("init_run", "lose", count)
    running(driver, "born")
    # It may not run while they end: one SIGCHLD is all it will get.
    os.kill(driver.pid, signal.SIGSTOP)
    running(driver, "orphaned")
    os.kill(driver.pid, signal.SIGCONT)
    patience = time.monotonic() + min(3, run.timeout / 3)
    while zombies_of(driver.pid) and time.monotonic() < patience:
        time.sleep(0.01)
    left = len(zombies_of(driver.pid))
    require(not left, "%d orphans ended, and %d of them are zombies", count,
            left)
    at = driver.reach("ended")
    require(at.result == 0, "the program exits with 0, you return %d",
            at.result)


@check("init_run/signals", 3,
       "sigwaitinfo(&set, NULL) returns the number; sys_kill(pid, number).")
def signals_arrive(run):
    "signals reach the program, one like the other, and it runs on"
    chosen = random.sample(DEADLY + [signal.SIGTSTP, signal.SIGCONT,
                                     signal.SIGWINCH, signal.SIGABRT], 5)
    chosen.append(random.randrange(signal.SIGRTMIN, signal.SIGRTMAX))
    driver = run.start("init_run", "listen", len(chosen))
    running(driver, "listening")
    for number in chosen:
        os.kill(driver.pid, number)
        heard = running(driver, "heard").signal
        require(heard == number, "you were sent %s; the program got %s",
                name_of(number), name_of(heard) if heard else "nothing")


@check("init_run/not-for-it", 1,
       "SIGCHLD is about your children, SIGTTIN and SIGTTOU about a group "
       "the program has left.")
def not_for_it(run):
    "SIGCHLD, SIGTTIN and SIGTTOU are not passed on"
    driver = run.start("init_run", "listen", 1)
    running(driver, "listening")
    # Of several that wait, the highest is fetched last.
    for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGCHLD,
                   signal.SIGRTMAX):
        os.kill(driver.pid, number)
    heard = running(driver, "heard").signal
    require(heard == signal.SIGRTMAX, "the program got %s",
            name_of(heard) if heard else "nothing, not even signal %d" %
            signal.SIGRTMAX)


@check("init_run/terminal", 2,
       "hand_terminal(pid, getpgrp()) when the program has ended.")
def terminal_comes_back(run):
    "the terminal that the program had is the caller's when it has ended"
    number = random.randrange(2, 120)
    at = loop_ends(run, "hold", number)
    require(at.result == number, "the program exits with %d, you return %d",
            number, at.result)
    require(at.foreground, "the terminal is a dead process group's: whoever "
            "reads from it now is stopped")
