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
