"""The checks of chapter 6's labs.  See checking.py.

Two are plain data in and out.  The log's files are looked at from here; the
connection's other end is the driver's, which sends what no client would.
"""

import errno
import json
import os

from checking import check, require

NO, ON_FAILURE, ALWAYS, UNLESS_STOPPED = range(4)
HEAD, BYTES = 8, 16384


# ---- is_wanted, restart_is_due ---------------------------------------------

def ends(run, when, most, *ways):
    """Due, wait and count after each end."""
    driver = run.start("due", str(when), str(most), *ways)
    return [driver.reach("asked") for _ in ways]


def dues(run, when, most, *ways):
    return [at.due for at in ends(run, when, most, *ways)]


@check("is_wanted/always", 1, "RESTART_NO never, RESTART_ALWAYS and "
       "RESTART_UNLESS_STOPPED every time.")
def always(run):
    "no: never; always, unless-stopped: whatever the status"
    ways = ("0:50", "1:50", "137:50")
    for when, due in ((NO, 0), (ALWAYS, 1), (UNLESS_STOPPED, 1)):
        for way, at in zip(ways, dues(run, when, 0, *ways)):
            require(at == due, "policy %d, status and time %s: you say %s",
                    when, way, "due" if at else "not due")


@check("is_wanted/failure", 2, "exit_code != 0.")
def failure(run):
    "on-failure: not after status 0"
    seen = dues(run, ON_FAILURE, 0, "0:50", "1:50", "137:50", "0:50")
    require(seen == [0, 1, 1, 0], "after 0, 1, 137, 0 you say %s", seen)


@check("is_wanted/most", 2, "count says how many times it was started again "
       "so far: one more is allowed while that is less than policy.most.")
def most(run):
    "on-failure:3 is three times; on-failure is any number of times"
    seen = dues(run, ON_FAILURE, 3, *["1:50"] * 5)
    require(seen == [1, 1, 1, 0, 0], "with :3, of five ends you say %s", seen)
    seen = dues(run, ON_FAILURE, 0, *["1:50"] * 20)
    require(all(seen), "without a number it ended %d times", seen.count(1))


@check("restart_is_due/twice", 2, "wait_ms is 0 before the first time.")
def twice(run):
    "100 ms, 200, 400, and count goes along"
    for number, at in enumerate(ends(run, ALWAYS, 0, *["0:50"] * 6)):
        require(at.due, "the end number %d is not due", number + 1)
        require(at.wait == 100 << number, "after end %d it waits %d ms",
                number + 1, at.wait)
        require(at.count == number + 1, "after end %d the count is %d",
                number + 1, at.count)


@check("restart_is_due/longest", 1, "after 51200 comes 60000, and again.")
def longest(run):
    "never more than a minute"
    last = ends(run, ALWAYS, 0, *["1:50"] * 80)
    require(last[9].wait == 51200, "the tenth wait is %d ms", last[9].wait)
    for at in last[10:]:
        require(at.wait == 60000, "it waits %d ms", at.wait)


@check("restart_is_due/anew", 2, "10000 ms are long enough, 9999 are not: "
       "then the next wait is the first one.")
def anew(run):
    "after ten seconds of life it begins anew"
    seen = [at.wait for at in ends(run, ALWAYS, 0, "1:50", "1:50", "1:9999",
                                   "1:10000", "1:50")]
    require(seen == [100, 200, 400, 100, 200], "you wait %s ms", seen)


# ---- protocol_receive ------------------------------------------------------

def received(run, what, times=1):
    driver = run.start("received", what)
    return [driver.reach("received") for _ in range(times)]


@check("protocol_receive/messages", 2, "what is returned are the bytes after "
       "the head, of which there may be none.")
def messages(run):
    "a message of no bytes, of five, and of as many as there are"
    for length in (0, 5, BYTES):
        at, = received(run, str(HEAD + length))
        require(at.length == length, "of %d bytes you say %d (%s)", length,
                at.length, os.strerror(at.code))
        require(at.same and at.number == 137, "the content is another")


@check("protocol_receive/none", 3, "recv(2) with MSG_TRUNC says how long the "
       "message was; compare that with HEAD, and with the room.")
def none(run):
    "too short and too long are EPROTO"
    for length in (1, HEAD - 1, HEAD + BYTES + 1, 2 * BYTES):
        at, = received(run, str(length))
        require(at.length == -1 and at.code == errno.EPROTO,
                "%d bytes in all: you return %d, errno %s", length, at.length,
                errno.errorcode.get(at.code, at.code))


@check("protocol_receive/end", 2, "recv(2) returns 0 at the end of the file.")
def end(run):
    "the end is ECONNRESET, after what came before it; nothing yet is EAGAIN"
    first, second = received(run, "ended", 2)
    require(first.length == 0, "the message before the end is lost")
    require(second.length == -1 and second.code == errno.ECONNRESET,
            "at the end you return %d, errno %s", second.length,
            errno.errorcode.get(second.code, second.code))
    at, = received(run, "waiting")
    require(at.length == -1 and at.code == errno.EAGAIN,
            "when nothing has come you return %d, errno %s", at.length,
            errno.errorcode.get(at.code, at.code))


@check("protocol_receive/died", 3, "the kernel says ECONNRESET once, first of "
       "all, when a peer is gone that has not read all: ask again.")
def died(run):
    "what a peer said before it died without reading is heard"
    first, second = received(run, "died", 2)
    require(first.length == 3 and first.same,
            "its last word is lost: %d, errno %s", first.length,
            errno.errorcode.get(first.code, first.code))
    require(second.length == -1 and second.code == errno.ECONNRESET,
            "then comes %d, errno %s", second.length,
            errno.errorcode.get(second.code, second.code))


# ---- rotate ----------------------------------------------------------------

def logged(directory):
    """{suffix: the lines in it}"""
    files = {}
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            files[name.replace("x-json.log", "")] = [
                json.loads(line)["log"].strip() for line in file]
    return files


def rotated(run, files, lines, between=lambda number, directory: None):
    directory = run.directory()
    driver = run.start("rotated", directory, str(files), str(lines))
    for number in range(1, lines + 1):
        at = driver.reach("put")
        require(at.put and at.error == 0, "line %d: %s", number,
                os.strerror(at.error))
        between(number, directory)
    return logged(directory)


@check("rotate/chain", 4, "the oldest first: .1 must be free before the log "
       "becomes .1, so .2 is made before that.")
def chain(run):
    "three files: the log, .1 and .2, the newest in the log"
    seen = rotated(run, 3, 6)
    due = {"": ["line 6"], ".1": ["line 5"], ".2": ["line 4"]}
    require(seen == due, "there is %s, due is %s", seen, due)


@check("rotate/one", 2, "with one file there is nothing to rename: O_TRUNC.")
def one(run):
    "a log of one file is emptied"
    seen = rotated(run, 1, 3)
    require(seen == {"": ["line 3"]}, "there is %s", seen)


@check("rotate/gap", 2, "that a rename finds nothing is no failure.")
def gap(run):
    "a part that somebody has removed stops nothing"
    def remove(number, directory):
        if number == 4:
            os.unlink(os.path.join(directory, "x-json.log.1"))
    seen = rotated(run, 4, 5, remove)
    require(seen.get("") == ["line 5"] and seen.get(".1") == ["line 4"],
            "there is %s", seen)
    require(["line 2"] in seen.values(), "line 2 is lost: %s", seen)


# ---- has_domain ------------------------------------------------------------

def split(run, *names):
    driver = run.start("named", *names)
    for name in names:
        at = driver.reach("split")
        yield name, at.registry, at.text


def asked_at(run, due):
    """{name: (registry, path)}"""
    for name, registry, path in split(run, *due):
        require((registry, path) == due[name], "%s is asked for at %s, as %s",
                name, registry, path)


@check("has_domain/host", 2, "strcspn(3) finds the first of some characters: "
       "is that before the slash?")
def host(run):
    "a dot, a port or a capital makes a registry, and a word does not"
    asked_at(run, {"a.example/x/y": ("a.example", "x/y"),
                   "a:5000/x": ("a:5000", "x"), "Host/x": ("Host", "x"),
                   "team/x": ("docker.io", "team/x"),
                   "team/x.y": ("docker.io", "team/x.y")})


@check("has_domain/localhost", 2, "nine characters, no more and no fewer.")
def localhost(run):
    "localhost is a registry, and local and localhosts are none"
    asked_at(run, {"localhost/x": ("localhost", "x"),
                   "local/x": ("docker.io", "local/x"),
                   "localhosts/x": ("docker.io", "localhosts/x")})


@check("has_domain/none", 1, "without a slash there is nothing before it.")
def no_slash(run):
    "a name without a slash is Docker's, whatever is in it"
    asked_at(run, {"x": ("docker.io", "library/x"),
                   "x.y": ("docker.io", "library/x.y"),
                   "localhost": ("docker.io", "library/localhost"),
                   "x.y/z": ("x.y", "z")})


# ---- ignorefile_excludes ---------------------------------------------------

def left_out(run, rules, due):
    """{path: whether}"""
    driver = run.start("ignored", rules, *due)
    for path in due:
        out = driver.reach("asked").out
        require(out == due[path], "by the rules %s the path %s is %s",
                rules.split(), path, "left out" if out else "taken in")


@check("ignorefile_excludes/last", 3, "from the last to the first: the first "
       "that fits then is the last of the file.")
def last(run):
    "the last rule that fits decides, with ! or without"
    left_out(run, "*.txt\n!a.txt\n", {"a.txt": 0, "b.txt": 1, "c": 0})
    left_out(run, "!a.txt\n*.txt\n", {"a.txt": 1, "b.txt": 1})
    left_out(run, "a*\n!ab*\nabc*\n", {"a": 1, "ab": 0, "abc": 1})


@check("ignorefile_excludes/above", 1, "matches() knows of directories: what "
       "it says is enough.")
def above(run):
    "what is below a directory goes with it, unless it is taken in again"
    left_out(run, "d\n!d/keep\n", {"d": 1, "d/x/y": 1, "d/keep": 0,
                                   "d/keep/z": 0, "e/d": 0})


@check("ignorefile_excludes/context", 1, "\".\" comes before all rules.")
def context(run):
    "the context itself is never left out, though all that is in it may be"
    left_out(run, "**\n", {".": 0, "a": 1, ".a": 1})


# ---- join_lines ------------------------------------------------------------

def joined(run, *lines):
    """(the instructions: text, first and last line), warnings"""
    driver = run.start("joined", "FROM scratch\n" + "\n".join(lines))
    parsed = driver.reach("parsed")
    require(parsed.result == 0, "of %s you make: %s", list(lines), parsed.text)
    found = []
    while True:
        at = driver.reach("instruction", "over")
        if at.where == "over":
            return found, parsed.warnings
        found.append((at.text, at.first, at.last))


def becomes(run, lines, *due, warnings=0):
    seen = joined(run, *lines)
    require(seen[0] == list(due), "of %s you make %s, due is %s", lines,
            seen[0], list(due))
    require(seen[1] == warnings, "of %s there are %d warnings, due %d", lines,
            seen[1], warnings)


@check("join_lines/continued", 3, "the first line alone leaves out the blanks "
       "that it begins with (skip_blanks), and *next stands behind the last.")
def continued(run):
    "lines that go on are one, with their blanks, and the next is another"
    becomes(run, ["  RUN a \\", "  b\\", "c", "USER d"],
            ("RUN a   bc", 2, 4), ("USER d", 5, 5))


@check("join_lines/comments", 3, "is_comment(), but not for the first line.")
def comments(run):
    "comments in between are left out, and end nothing"
    becomes(run, ["RUN a \\", "# one \\", "   # two", "#", "  b # no", "USER d"],
            ("RUN a   b # no", 2, 6), ("USER d", 7, 7))


@check("join_lines/empty", 2, "dockerfile_warn(file, *next, "
       "\"NoEmptyContinuation\", ...), once, behind the loop.")
def empty(run):
    "empty lines in between are left out, end nothing, and are warned of once"
    becomes(run, ["RUN a \\", "", " \t ", "  b", "USER d"],
            ("RUN a   b", 2, 5), ("USER d", 6, 6), warnings=1)


@check("join_lines/end", 1, "*next < file->lines.count, each time.")
def end_of_file(run):
    "the file may end while the line goes on"
    becomes(run, ["RUN a \\"], ("RUN a", 2, 2))
    becomes(run, ["RUN a \\", "b \\", "# c"], ("RUN a b", 2, 4))


# ---- scratch_discard -------------------------------------------------------

def hexes(letter):
    return letter * 64


class Store:
    """As a command may have left it: layers a, b, c; images 1, 2, by name
    "one:1", "two:1" where they have one; a list in tmp/dead."""

    def __init__(self, run, images, names, listed):
        self.root = run.directory()
        for place in ("blobs/sha256", "layers", "tmp/dead"):
            os.makedirs(self.path(place))
        for number, layers in images.items():
            self.write("blobs/sha256/" + hexes(number), json.dumps(
                {"architecture": "amd64", "os": "linux", "rootfs": {
                    "type": "layers", "diff_ids":
                    ["sha256:" + hexes(layer) for layer in layers]}}))
        for layer in "abc":
            os.mkdir(self.path("layers/" + hexes(layer)))
            self.write("layers/%s.size" % hexes(layer), "1")
        self.write("images.json", json.dumps({"images": {
            name: "sha256:" + hexes(number)
            for name, number in names.items()}}))
        self.write("tmp/dead/discard", "".join(
            "%s %s\n" % (kind, hexes(letter)) for kind, letter in listed))
        for place, _, files in os.walk(self.root):
            for path in [place] + [os.path.join(place, f) for f in files]:
                os.chown(path, run.uid, run.gid)
        self.run, self.driver = run, None

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def sweep(self):
        # From its start on it is at work; later it waits for us.
        self.driver = self.driver or self.run.start("swept", self.root, 2)
        at = self.driver.reach("swept")
        require(at.result == 0, "it returned -1: %s", at.text)

    def has(self, images, layers, is_listed=False):
        there = "".join(sorted(n[0] for n in os.listdir(
            self.path("blobs/sha256"))))
        require(there == images, "the images %s are there, due are %s",
                list(there), list(images))
        for suffix in ("", ".size"):
            there = "".join(sorted(
                n[0] for n in os.listdir(self.path("layers"))
                if n == hexes(n[0]) + suffix))
            require(there == layers, "the layers%s %s are there, due are %s",
                    suffix and "' " + suffix, list(there), list(layers))
        left = os.listdir(self.path("tmp"))
        require(bool(left) == is_listed, "of the list there is %s afterwards",
                "something" if left else "nothing")


@check("scratch_discard/gone", 3, "the images first: who needs a layer shows "
       "in those that are left.")
def gone(run):
    "an image without a name goes, its layers too, and in the end the list"
    store = Store(run, {"1": "ab", "2": "c"}, {"two:1": "2"},
                  [("image", "1"), ("layer", "a"), ("layer", "b")])
    store.sweep()
    store.has("2", "c")


@check("scratch_discard/kept", 2, "discard_image() asks `tags`: read them.")
def kept(run):
    "an image with a name stays, and what it has; the rest of the list goes"
    store = Store(run, {"1": "ab", "2": "c"}, {"one:1": "1", "two:1": "2"},
                  [("image", "1"), ("layer", "a"), ("layer", "b"),
                   ("layer", "9")])
    nobodys = store.path("layers/" + hexes("9"))
    os.mkdir(nobodys)
    os.chown(nobodys, run.uid, run.gid)
    store.sweep()
    store.has("12", "abc")


@check("scratch_discard/shared", 2, "shelves_layers_in_use(store, NULL, ...) "
       "says what is not to go.")
def shared(run):
    "a layer that another image has stays"
    store = Store(run, {"1": "ab", "2": "bc"}, {"two:1": "2"},
                  [("image", "1"), ("layer", "a"), ("layer", "b")])
    store.sweep()
    store.has("2", "bc")


@check("scratch_discard/unreadable", 2, "whatever fails, return -1, and leave "
       "the list to the next.")
def unreadable(run):
    "while a config cannot be read no layer goes; once it can, they do"
    store = Store(run, {"1": "ab", "2": "bc"}, {"two:1": "2"},
                  [("image", "1"), ("layer", "a"), ("layer", "b")])
    place = "blobs/sha256/" + hexes("2")
    whole = open(store.path(place), encoding="utf-8").read()
    store.write(place, "{")
    store.sweep()
    store.has("2", "abc", is_listed=True)
    store.write(place, whole)
    store.sweep()
    store.has("2", "bc")
