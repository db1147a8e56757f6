"""The domain name system by hand: questions, answers, and a server to forward
to that misbehaves as it is told by the names it is asked for."""

import ctypes
import os
import random
import socket
import struct
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
A, PTR, MX, AAAA, ANY = 1, 12, 15, 28, 255
NO_ERROR, FORMAT, FAILURE, NO_NAME, NOT_IMPLEMENTED, REFUSED = range(6)


class inside:
    """with inside(netns): sockets belong to that network namespace."""

    def __init__(self, netns):
        self.netns = netns

    def __enter__(self):
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.enter(self.netns)

    def __exit__(self, *what):
        self.enter(self.before)
        os.close(self.before)

    @staticmethod
    def enter(fd):
        if LIBC.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def servers(directory):
    """Pids of the name servers for `directory`, or below it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if words[0] == b"mydocker-dns" and \
                words[1].startswith(directory.encode()):
            found.append(int(pid))
    return found


def labels(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".") if label) + b"\0"


def question(name, kind=A, number=None, edns=0, flags=0x0100):
    number = random.randrange(65536) if number is None else number
    packet = struct.pack(">HH4H", number, flags, 1, 0, 0, 1 if edns else 0)
    packet += labels(name) + struct.pack(">HH", kind, 1)
    if edns:
        packet += b"\0" + struct.pack(">HHIH", 41, edns, 0, 0)
    return packet


def read_name(packet, at):
    name, end = [], None
    while packet[at]:
        if packet[at] >= 0xc0:
            end = end or at + 2
            at = struct.unpack_from(">H", packet, at)[0] & 0x3fff
            continue
        name.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    return ".".join(name), end or at + 1


class Answer:
    def __init__(self, packet):
        self.packet = packet
        self.id, self.flags, questions, count = struct.unpack_from(">4H",
                                                                   packet)
        self.code, self.is_cut = self.flags & 15, bool(self.flags & 0x200)
        self.name, at = read_name(packet, 12) if questions else ("", 12)
        self.data, at = [], at + 4 if questions else at
        for _ in range(count):
            _, at = read_name(packet, at)
            kind, _, _, length = struct.unpack_from(">HHIH", packet, at)
            data = packet[at + 10:at + 10 + length]
            family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
            self.data.append(socket.inet_ntop(family, data) if family else
                             read_name(packet, at + 10)[0])
            at += 10 + length

    def __repr__(self):
        return "<%s: code %d%s %s>" % (self.name, self.code,
                                       " cut" * self.is_cut, self.data)


def receive_all(sock, length):
    got = b""
    while len(got) < length:
        more = sock.recv(length - len(got))
        if not more:
            raise EOFError("%d of %d bytes" % (len(got), length))
        got += more
    return got


def receive_tcp(sock):
    return receive_all(sock, struct.unpack(">H", receive_all(sock, 2))[0])


def with_length(packet):
    return struct.pack(">H", len(packet)) + packet


class Upstream:
    """At `address`, in this thread's network namespace.  The first label says
    what it does; what it was asked is in `seen`: (packet, port, by TCP)."""

    def __init__(self, address="127.0.0.53"):
        self.seen, self.over = [], False
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # A burst of hundreds must wait here, not be dropped, while the
        # machine has no time for this thread.
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.udp.bind((address, 53))
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((address, 53))
        self.tcp.listen(64)
        for sock, work in ((self.udp, self.serve_udp),
                           (self.tcp, self.serve_tcp)):
            sock.settimeout(0.1)
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        self.over = True
        time.sleep(0.15)
        self.udp.close()
        self.tcp.close()

    def names(self):
        return [read_name(packet, 12)[0].lower()
                for packet, _, _ in list(self.seen)]

    def answer(self, packet, by_tcp):
        name, at = read_name(packet, 12)
        end, what = at + 4, name.lower().split(".")[0]
        number, body, flags = packet[:2], packet[12:end], 0x8180
        record = b"\xc0\x0c" + struct.pack(">HHIH4s", A, 1, 60, 4,
                                           socket.inet_aton("192.0.2.1"))
        if what == "slow" or (what == "mute" and by_tcp):
            return None
        if what == "big":
            count = 100 if by_tcp else 0
            return number + struct.pack(
                ">5H", flags | (0 if by_tcp else 0x200), 1, count, 0, 0) + \
                body + record * count
        if what == "letters":
            body = body if by_tcp else body.lower()
        if what == "forged":
            number = bytes([number[0] ^ 1, number[1]])
        code = {"fail": FAILURE, "refused": REFUSED,
                "nobody": NO_NAME}.get(what, 0)
        if what == "short":
            return number + struct.pack(">5H", flags | FORMAT, 0, 0, 0, 0)
        if what == "noise":
            return random.randbytes(random.randrange(40))
        return number + struct.pack(">5H", flags | code, 1, int(not code),
                                    0, 0) + body + (b"" if code else record)

    def serve_udp(self):
        while not self.over:
            try:
                packet, sender = self.udp.recvfrom(65535)
            except TimeoutError:
                continue
            except OSError:
                return
            self.seen.append((packet, sender[1], False))
            reply = self.answer(packet, False)
            if reply is not None:
                self.udp.sendto(reply, sender)

    def serve_tcp(self):
        while not self.over:
            try:
                sock, sender = self.tcp.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            threading.Thread(target=self.serve_one, args=(sock, sender[1]),
                             daemon=True).start()

    def serve_one(self, sock, port):
        with sock:
            sock.settimeout(10)
            try:
                packet = receive_tcp(sock)
                self.seen.append((packet, port, True))
                reply = self.answer(packet, True)
                if reply is None:
                    time.sleep(5)
                else:
                    # In pieces.
                    for byte in with_length(reply)[:3]:
                        sock.sendall(bytes([byte]))
                    sock.sendall(with_length(reply)[3:])
            except (EOFError, OSError):
                pass
