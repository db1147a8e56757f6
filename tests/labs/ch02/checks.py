"""The checks of chapter 2's labs.  See checking.py.

The kernel is played: in a directory laid out as a host's, by
tests/unit/cgroupfs.h, which the drivers include.  What the reader's code has
done is read there.
"""

import errno
import os
import random

from checking import check, descriptors, failed, read_proc, require, succeeded

# Where the hierarchies of each host are mounted that have controllers.
MOUNTS = {"v1": ["sys/fs/cgroup/" + name
                 for name in ("cpu", "memory", "pids")],
          "v2": ["sys/fs/cgroup"],
          "hybrid": ["sys/fs/cgroup/cpu", "sys/fs/cgroup/unified"]}
CPUSETS = "sys/fs/cgroup/cpu"
MARK = ".xattr.user.mydocker"
CLOSE_ON_EXEC = 0o2000000
NOTHING = ("-", 0)          # is refused


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read().strip()


def put(text, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        file.write(text)


# ---- take_range ------------------------------------------------------------

def is_list(run, text, due):
    at = run.start("take_range", text).reach("list")
    require(at.result == 0, "\"%s\" is refused: %s", text, at.text)
    require(at.text == due, "\"%s\" is \"%s\", you say \"%s\"", text, due,
            at.text)


def is_none(run, *lists):
    driver = run.start("take_range", *lists)
    for text in lists:
        at = driver.reach("list")
        require(at.result == -1, "\"%s\" is taken, as \"%s\"", text, at.text)


@check("take_range/ranges", 2,
       "without a dash the first is the last, too.")
def ranges(run):
    "single numbers and ranges, in any order"
    a = random.randrange(1, 50)
    is_list(run, "%d" % a, "%d" % a)
    is_list(run, "%d-%d" % (a, a + 3), "%d-%d" % (a, a + 3))
    is_list(run, "%d,%d-%d,0" % (a + 7, a + 2, a + 3),
            "0,%d-%d,%d" % (a + 2, a + 3, a + 7))
    is_list(run, "%d-%d" % (a, a), "%d" % a)


@check("take_range/nonsense", 2,
       "parse_number() takes nothing but digits, and at least one; then "
       "compare the two.")
def nonsense(run):
    "what is no range is refused: 1-, -3, 1-x, a blank; and 2-1"
    is_list(run, "1-2", "1-2")
    is_none(run, "1-", "-3", "1-x", "x", "", " 1", "1-2-3", "2-1")


@check("take_range/bounds", 1,
       "the greatest is CPULIST_MAX - 1, for both ends.")
def bounds(run):
    "CPU 8191 there may be, 8192 not"
    is_list(run, "8190-8191", "8190-8191")
    is_none(run, "8192", "8190-8192", "4294967296")


# ---- read_stall ------------------------------------------------------------

def pressure(run, text):
    place = run.directory()
    put(text, place, "memory.pressure")
    return run.start("read_stall", place).reach("read")


def stall(word, hundredths, total):
    return "%s avg10=%d.%02d avg60=7.77 avg300=8.88 total=%d\n" % (
        word, hundredths // 100, hundredths % 100, total)


@check("read_stall/numbers", 3,
       "two numbers with a dot between them: \"%u.%2u\" of sscanf(3), and "
       "hundredths are 1/100.")
def stall_numbers(run):
    "per cent and microseconds, of each line its own"
    for fraction in (5, 50, random.randrange(100)):
        some = 100 * random.randrange(50, 90) + fraction
        full = 100 * random.randrange(40) + 99 - fraction
        totals = random.sample(range(1 << 33, 1 << 40), 2)
        at = pressure(run, stall("some", some, totals[0]) +
                      stall("full", full, totals[1]))
        succeeded(at)
        for what, found, due in (("some avg10", float(at.some), some / 100),
                                 ("full avg10", float(at.full), full / 100),
                                 ("some total", at.some_us, totals[0]),
                                 ("full total", at.full_us, totals[1])):
            require(abs(found - due) < 0.001, "%s is %s, you say %s", what,
                    due, found)


@check("read_stall/other-words", 2,
       "strstr() returns NULL where there is no such word, sscanf() how "
       "many numbers it has found.")
def stall_words(run):
    "a line without one of the two words, or without a number, is a failure"
    succeeded(pressure(run, stall("some", 150, 7)))
    for text in ("", "some avg60=1.00 total=5\n", "some avg10=1.00\n",
                 "some avg10=much total=5\n"):
        at = pressure(run, text)
        require(at.result == -1, "\"%s\" is taken, as %s %%", text.strip(),
                at.some)


# ---- make_path -------------------------------------------------------------

class Host:
    """A host and its cgroups, made by the reader's code."""

    def __init__(self, run, kind, *names, refused=NOTHING):
        self.kind = kind
        self.driver = run.start("create", kind, *refused, *names)
        at = self.driver.reach("before")
        self.pid, self.where = at.pid, at.host

    def create(self):
        return self.driver.reach("created")

    def next(self):
        self.driver.reach("before")

    def directories(self, name):
        return [os.path.join(self.where, mount, name)
                for mount in MOUNTS[self.kind]]

    def short(self, path):
        return os.path.relpath(path, self.where)


def made(host, name):
    for path in host.directories(name):
        require(os.path.isdir(path), "there is no %s", host.short(path))
        require(os.path.exists(os.path.join(path, MARK)),
                "%s is not marked as ours", host.short(path))


@check("make_path/places", 3,
       "make_or_enter(above, above_path, part, must_be_new) makes it and "
       "returns its descriptor, which dir->fd keeps.")
def places(run):
    "a directory in every hierarchy: v1, v2, and both"
    for kind in MOUNTS:
        for name in (run.word(), "theirs/" + run.word()):
            host = Host(run, kind, name)
            succeeded(host.create())
            made(host, name)
            for path in host.directories("theirs"):
                require(not os.path.exists(os.path.join(path, MARK)),
                        "%s was there before, and is marked as ours",
                        host.short(path))


@check("make_path/levels", 3,
       "prepare(dir, above, above_path, below, is_first) for each part, "
       "before the next is made.")
def levels(run):
    "on v2 every level hands its controllers down to the next"
    names = [run.word() for _ in range(3)]
    host = Host(run, "v2", "/".join(names))
    succeeded(host.create())
    path = os.path.join(host.where, MOUNTS["v2"][0])
    for name in names:
        handed = read(path, "cgroup.subtree_control").split()
        path = os.path.join(path, name)
        have = read(path, "cgroup.controllers").split()
        for controller in ("cpu", "cpuset", "io", "memory", "pids"):
            require(controller in handed and controller in have,
                    "%s has the controllers %s", host.short(path),
                    have or "of nobody")
    # What the base handed down for us alone is noted, to be taken back.
    marks = [read(host.directories("/".join(names[:count]))[0], MARK).split()
             for count in (1, 2)]
    require("io" in marks[0] and "memory" not in marks[0] and
            marks[1] == ["made"], "the first two levels are marked \"%s\" and "
            "\"%s\": is_first is for the first", *map(" ".join, marks))


@check("make_path/new", 2,
       "must_be_new is true for the part that has none behind it.")
def never_shared(run):
    "a cgroup that is there already is not made a second time"
    for name in (run.word(), "theirs/" + run.word()):
        host = Host(run, "v1", name, name)
        succeeded(host.create())
        host.next()
        at = host.create()
        require(at.result == -1, "the second of the same name succeeds")
        made(host, name)


@check("make_path/undone", 2,
       "what make_or_enter() says of the last part is returned: the caller "
       "undoes what has been made.")
def undone(run):
    "where the last hierarchy refuses, nothing is left in the others"
    name = run.word()
    host = Host(run, "hybrid", name, name + "/x/y")
    first, last = host.directories(name)
    os.mkdir(last)
    at = host.create()
    require(at.result == -1, "it is there already in one, and you succeed")
    require(not os.path.exists(first), "%s is left behind", host.short(first))
    require(os.path.isdir(last), "%s was not ours to remove", host.short(last))
    os.rmdir(last)
    host.next()
    succeeded(host.create())
    made(host, name + "/x/y")


@check("make_path/descriptors", 2,
       "close_scoped(&above) before above = take_fd(&below); "
       "fcntl(below, F_DUPFD_CLOEXEC, 3) for the one that stays.")
def kept_open(run):
    "one descriptor in each hierarchy stays open, and not through an execve"
    name = "/".join(run.word() for _ in range(3))
    host = Host(run, "v1", name)
    before = descriptors(host.pid)
    succeeded(host.create())
    after = descriptors(host.pid)
    new = sorted(after[fd] for fd in set(after) - set(before))
    due = sorted(host.directories(name))
    require(new == due, "open now, and not before: %s",
            ", ".join(map(host.short, new)) or "nothing")
    for fd in set(after) - set(before):
        flags = int(read_proc(host.pid, "fdinfo/%d" % fd).split()[3], 8)
        require(flags & CLOSE_ON_EXEC, "%s is open in every program that is "
                "executed", host.short(after[fd]))


# ---- fill_cpuset -----------------------------------------------------------

def set_of(*path):
    return tuple(read(*path, "cpuset." + name) for name in ("cpus", "mems"))


def fill_base(host):
    """What the base has, which nobody can know before."""
    due = "0-%d" % random.randrange(10, 90), "0-%d" % random.randrange(1, 9)
    for name, text in zip(("cpus", "mems"), due):
        put(text + "\n", host.where, CPUSETS, "cpuset." + name)
    return due


def has_set(host, name, due):
    found = set_of(host.where, CPUSETS, name)
    require(found == due, "%s has the CPUs \"%s\" and the memory nodes \"%s\","
            " not \"%s\" and \"%s\"", name, *found, *due)


@check("fill_cpuset/both", 3,
       "two files, each from the file of the same name above.")
def both_lists(run):
    "a new cpuset of v1 has the CPUs and the memory nodes of the one above"
    name = run.word()
    host = Host(run, "v1", name)
    due = fill_base(host)
    succeeded(host.create())
    has_set(host, name, due)


@check("fill_cpuset/levels", 2,
       "`above` is the directory right above, not the base.")
def each_level(run):
    "and so has each on the way, from the one right above it"
    names = [run.word() for _ in range(3)]
    host = Host(run, "v1", names[0] + "/" + run.word(), "/".join(names))
    fill_base(host)
    succeeded(host.create())
    narrow = "%d" % random.randrange(1, 9), "0"
    for kind, text in zip(("cpus", "mems"), narrow):
        put(text + "\n", host.where, CPUSETS, names[0], "cpuset." + kind)
    host.next()
    succeeded(host.create())
    for count in (2, 3):
        has_set(host, "/".join(names[:count]), narrow)


@check("fill_cpuset/kept", 2,
       "read the directory's own file first: \"\\n\" is an empty one.")
def what_is_set_stays(run):
    "a set that somebody has narrowed stays as it is"
    top = run.word()
    host = Host(run, "v1", top + "/a", top + "/b")
    due = fill_base(host)
    succeeded(host.create())
    put("1\n", host.where, CPUSETS, top, "cpuset.cpus")
    host.next()
    succeeded(host.create())
    has_set(host, top, ("1", due[1]))
    has_set(host, top + "/b", ("1", due[1]))


@check("fill_cpuset/refused", 1,
       "write_text() returns -1 and has said why: return it.")
def a_refusal_counts(run):
    "where the kernel refuses the list, there is no cgroup"
    name = run.word()
    host = Host(run, "v1", name, refused=("cpuset.mems", errno.EACCES))
    fill_base(host)
    failed(host.create(), errno.EACCES, "where cpuset.mems is refused")
    for path in host.directories(name):
        require(not os.path.exists(path), "%s is left behind",
                host.short(path))


# ---- join ------------------------------------------------------------------

def join(run, *kinds, born=0, refused=NOTHING):
    return run.start("join", born, *refused, *kinds).reach("joined")


def written(at, number, tasks, procs):
    """What was written to v1's tasks, and to cgroup.procs."""
    place = os.path.join(at.host, str(number))
    for name, due in (("tasks", tasks), ("cgroup.procs", procs)):
        if due is not None:
            found = read(place, name)
            require(found == due, "to %s of directory %d you wrote \"%s\", "
                    "not \"%s\"", name, number, found, due)


@check("join/v1", 3,
       "write_text(dir->fd, \"tasks\", \"0\") in each: 0 is whoever writes.")
def join_v1(run):
    "on v1 a 0 into tasks of every hierarchy"
    at = join(run, 1, 1, 1)
    succeeded(at)
    for number in range(3):
        written(at, number, "0", "")


@check("join/v2", 3,
       "cgroup.procs, and no write at all when it was born there.")
def join_v2(run):
    "on v2 a 0 into cgroup.procs, unless it was born there"
    at = join(run, 1, 2)
    succeeded(at)
    written(at, 0, "0", "")
    written(at, 1, None, "0")
    at = join(run, 1, 2, 1, born=1)
    succeeded(at)
    written(at, 0, "0", "")
    written(at, 1, None, "")
    written(at, 2, "0", "")


@check("join/not-there", 1,
       "where dir->fd is -1 there is nothing to go into: continue.")
def join_what_is_there(run):
    "a hierarchy without the directory is passed over"
    at = join(run, "-", 1, "-", 1)
    succeeded(at)
    for number in (1, 3):
        written(at, number, "0", "")
    for number in (0, 2):
        written(at, number, "", "")


@check("join/refused", 3,
       "const char *why = why_not_joined(failure.code), and wrap() it.")
def join_refused(run):
    "a refusal is returned, with the directory and the reason in words"
    for refused, kinds in (("tasks", (1, 2)), ("cgroup.procs", (1, 2, 1))):
        at = join(run, *kinds, refused=(refused, errno.ENOSPC))
        failed(at, errno.ENOSPC, "where %s is refused" % refused)
        where = os.path.join(at.host, "01"[refused != "tasks"])
        require(where in at.text, "the reader cannot see which: %s", at.text)
        require("cpuset" in at.text, "it says no more than the kernel: %s",
                at.text)
