"""The checks of chapter 5's labs.  See checking.py.

Leases are files, and are looked at, and locked, from here.  Links are made in
a network namespace of the driver's own, and looked at by other means than
netlink; the kernel's answers to a request are made up here.
"""

import errno
import fcntl
import ipaddress
import os
import random
import struct

from checking import check, failed, read_proc, require, succeeded

CLOSE_ON_EXEC = 0o2000000


# ---- ipam_parse_address ----------------------------------------------------

def parse(run, *texts):
    driver = run.start("parse_address", *texts)
    return [driver.reach("parsed") for _ in texts]


@check("ipam_parse_address/numbers", 2,
       "value = value << 8 | number, four times, and the end of the text "
       "after the fourth.")
def numbers(run):
    "the first of four numbers is the highest byte"
    texts = ["0.0.0.0", "255.255.255.255", "10.200.0.1"] + [
        ".".join(str(random.randrange(256)) for _ in range(4))
        for _ in range(4)]
    for text, at in zip(texts, parse(run, *texts)):
        due = int(ipaddress.IPv4Address(text))
        require(at.result == 0, "\"%s\" is refused: %s", text, at.text)
        require(at.address == due, "\"%s\" is %#x, you say %#x", text, due,
                at.address)


def refused(run, texts):
    good = "172.29.0.2"
    for text, at in zip([good, *texts], parse(run, good, *texts)):
        if text == good:
            succeeded(at)
            continue
        require(at.result == -1, "\"%s\" is taken, as %#x", text, at.address)
        require(at.address == 77, "\"%s\" is refused, and *address was "
                "written to", text)


@check("ipam_parse_address/nonsense", 2,
       "at least one digit and at most three, a dot after the first three "
       "numbers and '\\0' after the last, nothing above 255.")
def nonsense(run):
    "what is no address is refused, and *address is left alone"
    refused(run, ["", "1.2.3", "1.2.3.4.5", "1.2.3.", "1..3.4", "256.1.1.1",
                  "1.2.3.999", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/8", "a.b.c.d",
                  "-1.2.3.4", "1.2.3.99999999999", "0x7f.0.0.1", "1,2,3,4"])


@check("ipam_parse_address/zeros", 1,
       "a number that begins with '0' has one digit.")
def zeros(run):
    "10.0.0.010 is refused; 10.0.0.0 is not"
    at, = parse(run, "10.0.0.0")
    succeeded(at)
    refused(run, ["10.0.0.010", "010.0.0.1", "10.00.0.1", "10.0.0.01"])


# ---- ipam_contains6 --------------------------------------------------------

def asks(run, network, prefix, *rows):
    driver = run.start("contains6", network, prefix, *(a for a, _ in rows))
    for address, due in rows:
        at = driver.reach("asked")
        require(at.inside == due, "%s is%s in %s/%d, you say otherwise",
                address, "" if due else " not", network, prefix)


@check("ipam_contains6/whole-bytes", 2,
       "compare the first prefix / 8 bytes.")
def whole_bytes(run):
    "prefixes that end with a byte"
    asks(run, "fd00:1::", 64, ("fd00:1::2", 1), ("fd00:2::2", 0),
         ("fd00:1:0:0:ffff:ffff:ffff:ffff", 1), ("fd00:1:0:1::", 0))
    net = random.randrange(256)
    asks(run, "fd%02x::" % net, 16, ("fd%02x:1::" % net, 1),
         ("fd%02x:1::" % (net ^ 1), 0))


@check("ipam_contains6/bits", 3,
       "of the byte in which the prefix ends the upper prefix % 8 bits count: "
       "0xff << (8 - bits).")
def bits(run):
    "prefixes that end within a byte"
    asks(run, "fd00:0:8000::", 33, ("fd00:0:ffff::1", 1),
         ("fd00:0:7fff::1", 0), ("fd00:0:8000::", 1))
    for _ in range(6):
        prefix = random.choice([p for p in range(9, 127) if p % 8])
        base = random.getrandbits(128) >> (128 - prefix) << (128 - prefix)
        inside = base | random.getrandbits(128 - prefix)
        last = 1 << (128 - prefix)
        asks(run, str(ipaddress.IPv6Address(base)), prefix,
             (str(ipaddress.IPv6Address(inside)), 1),
             (str(ipaddress.IPv6Address(inside ^ last)), 0))


# ---- try_take --------------------------------------------------------------

def give(run, path):
    os.chown(path, run.uid, run.gid)
    return path


def is_locked(path):
    """Does anybody hold it?"""
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(fd)


def lease_path(place, number):
    return os.path.join(place, "10.1.2.%d" % number)


@check("try_take/held", 2,
       "openat(leases, name, ...O_CLOEXEC...), flock_whole(fd, LOCK_EX | "
       "LOCK_NB), lease->fd = take_fd(&fd).")
def held(run):
    "a file with the name of the address, locked, and close-on-exec"
    place, number = run.directory(), random.randrange(3, 250)
    driver = run.start("take", place, number, 0)
    driver.reach("begin")
    at = driver.reach("taken")
    succeeded(at)
    require(os.path.exists(lease_path(place, number)),
            "there is no file 10.1.2.%d", number)
    require(at.fd >= 0, "lease->fd is %d", at.fd)
    require(os.readlink("/proc/%d/fd/%d" % (at.pid, at.fd)) ==
            lease_path(place, number), "lease->fd is another file")
    require(is_locked(lease_path(place, number)), "it is not locked")
    flags = int(read_proc(at.pid, "fdinfo/%d" % at.fd)
                .split("flags:")[1].split()[0], 8)
    require(flags & CLOSE_ON_EXEC, "it survives execve: not close-on-exec")
    at = driver.reach("taken")
    succeeded(at)
    require(at.number == 2, "the lowest free one is 2, you took %d", at.number)


@check("try_take/taken", 2,
       "EEXIST of open(2) is no failure here: return 1, and nothing else.")
def taken(run):
    "who has an address keeps it; the next one is found"
    place = run.directory()
    for number in 2, 3, 5:
        with open(lease_path(place, number), "w", encoding="utf-8") as file:
            file.write("note %d" % number)
        give(run, lease_path(place, number))
    os.symlink("nowhere", lease_path(place, 4))
    driver = run.start("take", place, 3, 0)
    driver.reach("begin")
    at = driver.reach("taken")
    failed(at, errno.EADDRINUSE, "for an address that has a file")
    at = driver.reach("taken")
    succeeded(at)
    require(at.number == 6, "6 is free, you took %d", at.number)
    with open(lease_path(place, 3), encoding="utf-8") as file:
        require(file.read() == "note 3", "somebody's note was changed")
    require(not os.path.lexists(os.path.join(place, "nowhere")),
            "a link was followed")


@check("try_take/crowd", 3,
       "to look first and to make it then are two calls, between which others "
       "come: O_CREAT | O_EXCL is one.")
def crowd(run):
    "six processes at once, and no address twice"
    place = run.directory()
    drivers = [run.start("crowd", place, 30) for _ in range(6)]
    for driver in drivers:
        driver.reach("begin")
    for driver in drivers:
        driver.go()             # all of them, before any is waited for
    numbers = []
    for driver in drivers:
        at = driver.reach("taken")
        succeeded(at)
        numbers += [int(n) for n in str(at.numbers).split(",") if n]
    require(len(numbers) == len(set(numbers)) == 180,
            "%d leases, of %d addresses", len(numbers), len(set(numbers)))


@check("try_take/refused", 1,
       "every other errno: return fail(\"make lease %s\", name);")
def no_room(run):
    "a directory that cannot be written to is a failure, with its reason"
    place = run.directory()
    driver = run.start("take", place, 9, 10)
    driver.reach("begin")
    succeeded(driver.reach("taken"))
    os.chmod(place, 0o555)
    at = driver.reach("taken")
    failed(at, errno.EACCES, "where nobody may write")
    require("no address is left" not in at.text, "it was taken for one that "
            "somebody has")
    os.chmod(place, 0o755)


# ---- recover_lease ---------------------------------------------------------

def put(run, place, number, note):
    path = lease_path(place, number)
    with open(path, "w", encoding="utf-8") as file:
        file.write(note)
    return give(run, path)


def recover(run, place, undo="good"):
    """({note: what undo was told}, how it ended)"""
    driver = run.start("recover", place, undo)
    undone = {}
    while True:
        at = driver.reach("undone", "recovered")
        if at.where == "recovered":
            return undone, at
        note = at.text.strip()
        require(note not in undone, "\"%.20s\" was undone twice", note)
        undone[note] = at


@check("recover_lease/dead", 2,
       "pread() into IPAM_NOTE_MAX + 1 bytes, '\\0' after it, undo(), "
       "unlinkat().")
def dead(run):
    "what the dead have left is undone, by their notes, and removed"
    place, words = run.directory(), "veth " + run.word()
    put(run, place, 7, words + "\n")
    put(run, place, 8, "")
    put(run, place, 9, "x" * 65535)
    undone, at = recover(run, place)
    succeeded(at)
    require(words in undone, "a note is \"%s\", undo was told %s", words,
            [note[:20] for note in undone])
    require("" in undone, "an empty note was not undone")
    long = [one.length for note, one in undone.items() if note[:1] == "x"]
    require(long == [65535], "of a note of 65535 bytes undo was told %s", long)
    require(os.listdir(place) == [], "left: %s", os.listdir(place))
    require(at.living == 0, "%d are counted as living", at.living)
    # Nothing to undo is no reason to keep it.
    put(run, place, 7, "x")
    undone, at = recover(run, place, "none")
    succeeded(at)
    require(os.listdir(place) == [], "without an undo it stays")


@check("recover_lease/living", 3,
       "flock_whole(fd, LOCK_EX | LOCK_NB) fails with EWOULDBLOCK where "
       "somebody holds it: return 1.")
def living(run):
    "who lives is not touched, and is counted"
    place = run.directory()
    path = put(run, place, 7, "veth seven\n")
    put(run, place, 8, "veth eight\n")
    with open(path, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        undone, at = recover(run, place)
        succeeded(at)
        require(list(undone) == ["veth eight"], "undone were %s",
                sorted(undone))
        require(at.living == 1, "1 lives, you say %d", at.living)
        require(file.read() == "veth seven\n" and os.path.exists(path),
                "the lease of one who lives was changed")


@check("recover_lease/not-undone", 2,
       "if (undo && undo(...) < 0) return wrap(...): before the file is "
       "removed.")
def not_undone(run):
    "what could not be undone stays, to be tried again"
    place = run.directory()
    path = put(run, place, 7, "veth seven\n")
    undone, at = recover(run, place, "bad")
    require(at.result == -1, "it returned %d", at.result)
    require("cannot undo" in at.text, "the reason is lost: %s", at.text)
    require(os.path.exists(path), "its file is gone")
    with open(path, encoding="utf-8") as file:
        require(file.read() == "veth seven\n", "its note was changed")
    undone, at = recover(run, place)
    succeeded(at)
    require(list(undone) == ["veth seven"], "it is not tried again")


@check("recover_lease/link", 1,
       "O_NOFOLLOW; and ELOOP is a failure.")
def a_link(run):
    "a link is not followed, and neither is what it leads to removed"
    place, aim = run.directory(), os.path.join(run.directory(), run.word())
    put(run, place, 8, "veth eight\n")
    with open(aim, "w", encoding="utf-8") as file:
        file.write("veth nine\n")
    give(run, aim)
    os.symlink(aim, lease_path(place, 9))
    undone, at = recover(run, place)
    require("veth eight" in undone, "what is no link was not undone")
    require("veth nine" not in undone, "undone by what stands somewhere else")
    require(at.result == -1, "it returned %d", at.result)
    require(os.path.exists(aim), "what it leads to is gone")


# ---- read_error ------------------------------------------------------------

NLMSG_ERROR, REQUEST = 2, 0x10
F_CAPPED, F_ACK_TLVS = 0x100, 0x200


def attribute(kind, data):
    padded = data + b"\0" * (-len(data) % 4)
    return struct.pack("=HH", 4 + len(data), kind) + padded


def message(payload, flags=0):
    return struct.pack("=IHHII", 16 + len(payload), NLMSG_ERROR, flags, 7,
                       0) + payload


def answer(code, flags=F_CAPPED, echo=b"", words=None):
    """An error, the request's header, its echo unless capped, and words."""
    payload = struct.pack("=i", code)
    payload += struct.pack("=IHHII", 16 + len(echo), REQUEST, 5, 7, 0)
    if not flags & F_CAPPED:
        payload += echo + b"\0" * (-len(echo) % 4)
    if words is not None:
        flags |= F_ACK_TLVS
        payload += attribute(1, words.encode() + b"\0")
    return message(payload, flags)


def read(run, *datagrams):
    driver = run.start("reply", *(d.hex() for d in datagrams))
    return [driver.reach("read") for _ in datagrams]


@check("read_error/code", 2,
       "error->error == 0: return 1; else fail_refused(-error->error, ...).")
def code(run):
    "0 is an acknowledgement, anything else the errno, negated"
    number = random.choice([errno.EEXIST, errno.ENODEV, errno.EPERM,
                            errno.EBUSY, errno.EOPNOTSUPP])
    good, bad = read(run, answer(0), answer(-number))
    require(good.result == 1, "for an acknowledgement it returned %d (%s)",
            good.result, good.text)
    failed(bad, number, "for error %d" % -number)
    require("the kernel says" not in bad.text, "it said nothing: %s",
            bad.text)


@check("read_error/words", 1,
       "error_text(message, sizeof(int) + echoed), where echoed is "
       "MNL_ALIGN(error->msg.nlmsg_len), or with NLM_F_CAPPED "
       "sizeof(error->msg).")
def words(run):
    "the kernel's own words, after a header alone or after a whole request"
    said = "no " + run.word()
    for echo in b"", os.urandom(4 * random.randrange(3, 20)), os.urandom(13):
        for flags in F_CAPPED, 0:
            at, = read(run, answer(-errno.EINVAL, flags, echo, said))
            failed(at, errno.EINVAL, "for EINVAL")
            require(said in at.text, "it said \"%s\", you say \"%s\"", said,
                    at.text)


@check("read_error/short", 1,
       "mnl_nlmsg_get_payload_len(message) < sizeof(struct nlmsgerr), before "
       "anything of it is looked at.")
def short(run):
    "an error message that is too short is no acknowledgement"
    whole, *short_ones = read(run, answer(0), *(
        message(b"\0" * size) for size in (0, 3, 4, 16, 19)))
    require(whole.result == 1, "a whole one is refused: %s", whole.text)
    for at in short_ones:
        require(at.result == -1, "an answer that makes no sense was taken "
                "(%d)", at.result)
        require("no sense" in at.text, "the reason is \"%s\"", at.text)


# ---- netlink_create_bridge -------------------------------------------------

def a_mac():
    return "02:42:" + ":".join("%02x" % random.randrange(256)
                               for _ in range(4))


def link_name():
    return "lab%06x" % random.getrandbits(24)


@check("netlink_create_bridge/kind", 2,
       "begin_link(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name), "
       "IFLA_LINKINFO { IFLA_INFO_KIND \"bridge\" }, netlink_request().")
def kind(run):
    "there is a link of this name, and it is a bridge"
    name = link_name()
    at = run.start("bridge", name, "-").reach("made")
    succeeded(at)
    require(at.kind == "bridge", "link %s is of the kind \"%s\" (\"-\": it is "
            "not there)", name, at.kind)


@check("netlink_create_bridge/mac", 1,
       "if (mac) mnl_attr_put(message, IFLA_ADDRESS, 6, mac), before the "
       "nest.")
def mac_of_its_own(run):
    "a MAC that is asked for, and none that is not"
    due = a_mac()
    at = run.start("bridge", link_name(), due).reach("made")
    succeeded(at)
    require(at.mac == due, "its MAC is %s, not %s", at.mac, due)
    at = run.start("bridge", link_name(), "-").reach("made")
    succeeded(at)
    require(at.mac != "00:00:00:00:00:00", "without one it has none at all")


@check("netlink_create_bridge/twice", 2,
       "NLM_F_EXCL; and without it the kernel changes the one that is there.")
def twice(run):
    "a second one of the same name is refused, and the first stays as it is"
    first = a_mac()
    driver = run.start("bridge", link_name(), first, a_mac())
    succeeded(driver.reach("made"))
    at = driver.reach("made")
    failed(at, errno.EEXIST, "for a name that is taken")
    require(at.mac == first, "the first one has another MAC now")


# ---- put_peer --------------------------------------------------------------

def pair(run, where, mac="-"):
    near, far = link_name(), link_name()
    driver = run.start("veth", near, far, where, mac)
    succeeded(driver.reach("made"))
    looks = {place: driver.reach(place)
             for place in ("near", "far-here", "far-there")}
    require(looks["near"].kind == "veth", "the near end is \"%s\"",
            looks["near"].kind)
    return looks


@check("put_peer/name", 2,
       "the nest of VETH_INFO_PEER begins with a struct ifinfomsg; after it "
       "IFLA_IFNAME.")
def peer_name(run):
    "the far end has its name, and is turned off"
    looks = pair(run, "here")
    require(looks["far-here"].kind == "veth", "there is no link of the name "
            "that the far end should have")
    require(looks["far-here"].up == 0, "it is turned on")


@check("put_peer/elsewhere", 2,
       "if (veth->peer_netns >= 0) mnl_attr_put_u32(message, IFLA_NET_NS_FD, "
       "...): within the nest of the peer.")
def elsewhere(run):
    "the far end is born in the other namespace, and never seen here"
    looks = pair(run, "there")
    require(looks["far-there"].kind == "veth", "it is not there")
    require(looks["far-here"].kind == "-", "it is here")


@check("put_peer/mac", 1,
       "if (veth->peer_mac) mnl_attr_put(message, IFLA_ADDRESS, 6, ...): "
       "within the nest of the peer.")
def peer_mac(run):
    "with the MAC that was asked for, and the near end with another"
    due = a_mac()
    looks = pair(run, "there", due)
    require(looks["far-there"].mac == due, "the far end's MAC is %s, not %s",
            looks["far-there"].mac, due)
    require(looks["near"].mac != due, "the near end has it, too")
