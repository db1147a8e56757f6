"""The name server of networks, without networks: ordinary processes in network
namespaces of their own take the part of containers."""

import contextlib
import fcntl
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import harness
import names
from harness import ROOT, SLOWER, program
from names import A, AAAA, ANY, MX, PTR, inside

HERE = os.path.dirname(os.path.abspath(__file__))
CHAPTER = os.path.join(ROOT, "ch06-final")
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914


def build(place):
    path = os.path.join(place, "serve_names")
    objects = os.path.join(CHAPTER, "build")
    libraries = subprocess.run(
        ["pkg-config", "--libs", "libmnl", "libnftables"],
        check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(
        ["gcc", "-O1", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Werror",
         "-I%s/network" % CHAPTER, "-I%s/mechanism" % CHAPTER, "-o", path,
         os.path.join(HERE, "serve_names.c"),
         objects + "/obj/network/dns_serve.o", objects + "/common.a",
         *libraries], check=True)
    shutil.copy2(program("ch06-final", "mydocker-dns"), place)
    return path


def turn_loopback_on():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16xH14x", fcntl.ioctl(sock, SIOCGIFFLAGS,
                                                     request))[0]
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo",
                                                    flags | 1))


class Box:
    """A process with a network namespace of its own: a container, or (which
    has no need of one) the host."""

    def __init__(self, number=0):
        self.id = "%012x%052x" % (number * 0x111, number)
        self.process = subprocess.Popen(["unshare", "-n", "sleep", "600"])
        ours = os.stat("/proc/self/ns/net").st_ino
        path = "/proc/%d/ns/net" % self.process.pid
        deadline = time.monotonic() + 10 * SLOWER
        while os.stat(path).st_ino == ours:
            assert time.monotonic() < deadline, "it has no namespace"
            time.sleep(0.002)
        self.netns = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        with inside(self.netns):
            turn_loopback_on()

    @property
    def pid(self):
        return self.process.pid

    def end(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.end()
        os.close(self.netns)

    def socket(self, kind=socket.SOCK_DGRAM, to=("127.0.0.11", 53), timeout=5):
        with inside(self.netns):
            sock = socket.socket(socket.AF_INET, kind)
        sock.settimeout(timeout * SLOWER)
        sock.connect(to)
        return sock

    def ask(self, name, kind=A, **more):
        with self.socket(timeout=8) as sock:
            sent = names.question(name, kind, **more)
            sock.send(sent)
            answer = names.Answer(sock.recv(65535))
        assert answer.packet[:2] == sent[:2] and answer.name == name, answer
        return answer

    def ask_tcp(self, name, kind=A):
        with self.socket(socket.SOCK_STREAM, timeout=8) as sock:
            sock.sendall(names.with_length(names.question(name, kind)))
            return names.Answer(names.receive_tcp(sock))


class Names(harness.KernelTest):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        place = "/tmp/mydocker-names-%d" % os.getpid()
        os.mkdir(place)
        cls.stack.callback(shutil.rmtree, place)
        cls.program = build(place)

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def setUp(self):
        super().setUp()
        self.root = self.scratch()
        os.chmod(self.root, 0o700)
        self.networks = os.path.join(self.root, "networks")
        os.mkdir(self.networks)
        self.resolv_conf = os.path.join(self.root, "resolv.conf")
        self.write(self.resolv_conf, "nameserver 127.0.0.53\n")
        os.chmod(self.root, 0o711)
        self.boxes = {}
        self.host = self.box()
        self.addCleanup(self.wait_for_the_end)

    def write(self, path, content):
        with open(path + ".new", "w") as file:
            file.write(content)
        os.rename(path + ".new", path)

    def box(self, number=0):
        box = Box(number)
        self.addCleanup(box.close)
        return box

    def network(self, name, *lines, internal=False):
        """Each line: (box, address, address6, names)."""
        directory = os.path.join(self.networks, name + "-id")
        os.makedirs(directory, exist_ok=True)
        self.write(os.path.join(directory, "names"), "network %s%s\n%s" % (
            name, " internal" * internal, "".join(
                "%s %d %s %s %s\n" % (box.id, box.pid, address, address6 or
                                      "-", words)
                for box, address, address6, words in lines)))

    def call(self, *arguments):
        return self.run_command(
            [self.program, *arguments], preexec_fn=lambda: inside.enter(
                self.host.netns),
            env=harness.environment(MYDOCKER_RESOLV_CONF=self.resolv_conf))

    def serve(self, *boxes):
        for box in boxes:
            done = self.call("serve", self.networks, box.id, str(box.pid))
            self.assertEqual(done.status, 0, str(done))

    def upstream(self, address="127.0.0.53"):
        with inside(self.host.netns):
            upstream = names.Upstream(address)
        self.addCleanup(upstream.close)
        return upstream

    def servers(self):
        return names.servers(self.networks)

    def wait_until(self, condition, timeout=10):
        deadline = time.monotonic() + timeout * SLOWER
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it never was so")
            time.sleep(0.01)

    def wait_for_the_end(self):
        """The server goes when the last box has gone."""
        for box in self.boxes.values():
            box.end()
        harness.residue.reap()
        self.wait_until(lambda: harness.residue.reap() or not self.servers())

    def two(self):
        """Two containers in "red", the second in "blue" as well."""
        one, two, three = (self.box(number) for number in (1, 2, 3))
        self.boxes = {1: one, 2: two, 3: three}
        self.network("red", (one, "172.30.0.2", "fd00::2", "web www api"),
                     (two, "172.30.0.3", None, "db www"))
        self.network("blue", (two, "10.9.0.2", None, "db"),
                     (three, "10.9.0.3", None, "cache"), internal=True)
        self.serve(one, two, three)
        return one, two, three


class Asking(Names):
    def test_names_have_addresses_and_addresses_names(self):
        one, two, three = self.two()
        for name in ("db", "DB", "db.red", "dB.ReD", two.id[:12]):
            self.assertEqual(one.ask(name).data, ["172.30.0.3"], name)
        self.assertEqual(two.ask("web", AAAA).data, ["fd00::2"])
        nothing = two.ask("db", AAAA)
        self.assertEqual((nothing.code, nothing.data), (0, []))
        self.assertEqual(one.ask("db", MX).code, 0)
        self.assertEqual(one.ask("web", ANY).data, ["172.30.0.2", "fd00::2"])
        self.assertEqual(one.ask("3.0.30.172.in-addr.arpa", PTR).data,
                         ["db.red"])
        self.assertEqual(
            one.ask("2." + "0." * 29 + "d.f.ip6.arpa", PTR).data, ["web.red"])
        self.assertEqual(two.ask_tcp("cache").data, ["10.9.0.3"])
        self.assertEqual(three.ask("db").data, ["10.9.0.2"])

    def test_containers_that_share_a_name_take_turns(self):
        one, two, _ = self.two()
        firsts = [one.ask("www").data[0] for _ in range(10)]
        self.assertEqual(firsts.count("172.30.0.2"), 5)
        self.assertEqual(sorted(one.ask("www").data),
                         ["172.30.0.2", "172.30.0.3"])

    def test_a_change_is_known_at_once(self):
        one, two, three = self.two()
        with one.socket() as sock:
            for turn in range(200):
                address = "172.30.1.%d" % turn
                self.network("red", (one, "172.30.0.2", None, "web"),
                             (two, address, None, "db"))
                sock.send(names.question("db"))
                self.assertEqual(names.Answer(sock.recv(512)).data, [address])
        self.assertEqual(one.ask("web").data, ["172.30.0.2"])
        # Another network comes, and goes again.
        self.network("green", (one, "10.3.0.1", None, "web"),
                     (three, "10.3.0.2", None, "cache"))
        self.assertEqual(one.ask("cache").data, ["10.3.0.2"])
        shutil.rmtree(os.path.join(self.networks, "green-id"))
        self.assertEqual(one.ask("cache").code, names.FAILURE)

    def test_what_networks_do_not_share_is_not_seen(self):
        upstream = self.upstream()
        one, two, three = self.two()
        self.assertEqual(one.ask("nobody.cache").code, names.NO_NAME)
        self.assertEqual(upstream.names(), ["nobody.cache"])
        # An internal network has no way out, not even for questions.
        for name in ("web", "web.red", "example.org"):
            self.assertEqual(three.ask(name).code, names.NO_NAME, name)
            self.assertEqual(three.ask_tcp(name).code, names.NO_NAME, name)
        self.assertEqual(len(upstream.seen), 1)
        # Who is in another one as well may ask.
        self.assertEqual(two.ask("example.org").data, ["192.0.2.1"])
        # And who has been taken out of all networks has nothing left.
        self.network("red", (two, "172.30.0.3", None, "db"))
        self.assertEqual(one.ask("example.org").code, names.NO_NAME)

    def test_long_answers(self):
        one, two = self.box(1), self.box(2)
        self.boxes = {1: one, 2: two}
        self.network("red", (one, "172.30.0.1", None, "web"), *(
            (two, "172.30.1.%d" % i, None, "all") for i in range(200)))
        self.serve(one)
        cut = one.ask("all")
        self.assertTrue(cut.is_cut and len(cut.packet) <= 512, cut)
        # musl's resolver before 1.2.4 has no TCP: it takes what is there.
        self.assertGreater(len(cut.data), 25)
        more = one.ask("all", edns=1232)
        self.assertTrue(more.is_cut and 1200 < len(more.packet) <= 1232, more)
        whole = one.ask("all", edns=4096)
        self.assertFalse(whole.is_cut)
        for answer in (whole, one.ask_tcp("all")):
            self.assertEqual(len(set(answer.data)), 200)
        self.assertEqual(self.resolve(one, "all"), 200)

    def resolve(self, box, name):
        """How many addresses the C library finds, which goes on by TCP."""
        conf = os.path.join(self.root, "inside.conf")
        self.write(conf, "nameserver 127.0.0.11\noptions ndots:0\n")
        done = self.succeed(
            ["nsenter", "--net=/proc/%d/ns/net" % box.pid, "unshare", "-m",
             "sh", "-c", "mount --bind %s /etc/resolv.conf && "
             "exec getent -s dns hosts %s" % (conf, name)])
        return len(set(line.split()[0] for line in done.out.splitlines()))


class Forwarding(Names):
    def begin(self, *servers):
        self.write(self.resolv_conf, "".join(
            "nameserver %s\n" % server for server in servers or
            ("127.0.0.53",)))
        one = self.box(1)
        self.boxes = {1: one}
        self.network("red", (one, "172.30.0.2", None, "web"))
        self.serve(one)
        return one

    def test_others_are_asked(self):
        upstream = self.upstream()
        one = self.begin()
        answer = one.ask("Some.Example.ORG")
        self.assertEqual(answer.data, ["192.0.2.1"])
        self.assertEqual(one.ask_tcp("big.org").data, ["192.0.2.1"] * 100)
        self.assertTrue(one.ask("big.org").is_cut)
        self.assertEqual(one.ask("nobody.org").code, names.NO_NAME)
        # Letters that are not ours: once more, by what cannot be forged.
        self.assertEqual(one.ask("letters.example.org").data, ["192.0.2.1"])
        self.assertEqual([by_tcp for packet, _, by_tcp in upstream.seen
                          if b"letters" in packet.lower()], [False, True])

    def test_who_guesses_has_much_to_guess(self):
        upstream = self.upstream()
        one = self.begin()
        for number in range(40):
            one.ask("a-rather-long-name.org", number=number)
        packets = [packet for packet, _, _ in upstream.seen]
        self.assertGreater(len({packet[:2] for packet in packets}), 36)
        self.assertGreater(len({port for _, port, _ in upstream.seen}), 30)
        self.assertGreater(len({packet[12:] for packet in packets}), 36)

    def test_a_server_that_says_nothing_makes_way(self):
        first, second = self.upstream(), self.upstream("127.0.0.54")
        first.answer = lambda packet, by_tcp: None
        one = self.begin("127.0.0.53", "127.0.0.54")
        began = time.monotonic()
        self.assertEqual(one.ask("example.org").data, ["192.0.2.1"])
        self.assertGreater(time.monotonic() - began, 1.4)
        self.assertEqual(second.names(), ["example.org"])
        began = time.monotonic()
        self.assertEqual(one.ask_tcp("example.org").data, ["192.0.2.1"])
        self.assertGreater(time.monotonic() - began, 1.4)

    def test_one_that_fails_makes_way_at_once(self):
        self.upstream()
        second = self.upstream("127.0.0.54")
        one = self.begin("127.0.0.52", "127.0.0.53", "127.0.0.54")
        began = time.monotonic()
        self.assertEqual(one.ask("example.org").data, ["192.0.2.1"])
        for what, code in (("fail", names.FAILURE), ("refused", names.REFUSED),
                           ("short", names.FAILURE)):
            self.assertEqual(one.ask(what + ".org").code, code, what)
            self.assertEqual(one.ask_tcp(what + ".org").code, code, what)
        self.assertEqual(len(second.seen), 6)
        self.assertLess(time.monotonic() - began, 1.4 * SLOWER)
        # Nobody is there at all.
        self.write(self.resolv_conf, "nameserver 127.0.0.52\n")
        self.assertEqual(one.ask("example.org").code, names.FAILURE)
        self.assertEqual(one.ask_tcp("example.org").code, names.FAILURE)

    def test_in_the_end_the_client_is_told(self):
        upstream = self.upstream()
        one = self.begin()
        began = time.monotonic()
        asked = ("slow.org", "forged.org", "noise.org")
        socks = [one.socket() for _ in asked]
        for sock, name in zip(socks, asked):
            sock.send(names.question(name))
        # Meanwhile all the others are answered.
        for _ in range(200):
            self.assertEqual(one.ask("web").data, ["172.30.0.2"])
        self.assertLess(time.monotonic() - began, 1.4 * SLOWER)
        for sock in socks:
            with sock:
                self.assertEqual(names.Answer(sock.recv(512)).code,
                                 names.FAILURE)
        self.assertTrue(1.4 < time.monotonic() - began < 3 * SLOWER)
        self.assertEqual(len(upstream.seen), 3)

    def test_a_container_has_its_own_servers(self):
        self.upstream().answer = lambda packet, by_tcp: None
        upstream = self.upstream("127.0.0.54")
        one = self.box(1)
        self.boxes = {1: one}
        os.makedirs(os.path.join(self.root, "containers", one.id))
        self.write(os.path.join(self.root, "containers", one.id, "dns"),
                   "127.0.0.54\n127.0.0.55\n")
        self.network("red", (one, "172.30.0.2", None, "web"))
        self.serve(one)
        self.assertEqual(one.ask("example.org").data, ["192.0.2.1"])
        self.assertEqual(upstream.names(), ["example.org"])

    def test_one_container_cannot_use_up_all(self):
        self.upstream()
        one, two = self.box(1), self.box(2)
        self.boxes = {1: one, 2: two}
        self.network("red", (one, "172.30.0.2", None, "web"),
                     (two, "172.30.0.3", None, "db"))
        self.serve(one, two)
        with one.socket() as sock:
            for number in range(400):
                sock.send(names.question("slow.org", number=number))
            refused = names.Answer(sock.recv(512))
            self.assertEqual(refused.code, names.FAILURE)
            self.assertEqual(two.ask("example.org").data, ["192.0.2.1"])
            self.assertEqual(one.ask("db").data, ["172.30.0.3"])


class Clients(Names):
    def begin(self):
        one, two = self.box(1), self.box(2)
        self.boxes = {1: one, 2: two}
        self.network("red", (one, "172.30.0.2", None, "web"),
                     (two, "172.30.0.3", None, "db"))
        self.serve(one, two)
        return one, two

    def test_a_connection_takes_many_questions(self):
        one, _ = self.begin()
        with one.socket(socket.SOCK_STREAM) as sock:
            sock.sendall(b"".join(names.with_length(
                names.question("db", number=number))
                for number in range(500)))
            for number in range(500):
                answer = names.Answer(names.receive_tcp(sock))
                self.assertEqual((answer.id, answer.data),
                                 (number, ["172.30.0.3"]))
            for byte in names.with_length(names.question("web")):
                sock.sendall(bytes([byte]))
            self.assertEqual(names.Answer(names.receive_tcp(sock)).data,
                             ["172.30.0.2"])
            sock.sendall(names.with_length(names.question("db")))
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(names.Answer(names.receive_tcp(sock)).data,
                             ["172.30.0.3"])
            self.assertEqual(sock.recv(1), b"")

    def test_connections_that_say_nothing_are_in_nobodys_way(self):
        one, _ = self.begin()
        with contextlib.ExitStack() as stack:
            idle = [stack.enter_context(one.socket(socket.SOCK_STREAM))
                    for _ in range(100)]
            self.assertEqual(one.ask_tcp("db").data, ["172.30.0.3"])
            # The oldest have made place.
            self.assertEqual(idle[0].recv(1), b"")
            # One that says too much at once has it closed as well.
            talker = stack.enter_context(one.socket(socket.SOCK_STREAM))
            talker.sendall(b"\xff\xff" + b"x" * 100)
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(talker.recv(1), b"")

    def test_malformed_packets_do_no_harm(self):
        self.upstream()
        one, _ = self.begin()
        good = names.question("example.org", edns=1232)
        chance = random.Random(11)
        with one.socket() as sock:
            for turn in range(3000):
                packet = bytearray(good)
                for _ in range(chance.randrange(1, 6)):
                    packet[chance.randrange(len(packet))] = \
                        chance.randrange(256)
                cut = chance.randrange(len(packet)) if turn % 3 == 0 else None
                sock.send(packet[:cut])
                sock.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        sock.recv(65535)
                sock.settimeout(5)
            for packet in (b"", b"\0", b"\xff" * 5000, b"\xff" * 65000):
                sock.send(packet)
        with one.socket() as sock:
            # What has no header or is an answer has none.
            sock.send(b"\0" * 11)
            sock.send(names.question("db", flags=0x8180))
            sock.send(names.question("db", number=7))
            self.assertEqual(names.Answer(sock.recv(512)).id, 7)
            # What is no question is called that.
            for packet, code in (
                    (b"\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", names.FORMAT),
                    (b"\0\1\1\0\0\0\0\0\0\0\0\0", names.FORMAT),
                    (names.question("db", flags=0x2900),
                     names.NOT_IMPLEMENTED)):
                sock.send(packet)
                self.assertEqual(names.Answer(sock.recv(512)).code, code)
        self.assertEqual(len(self.servers()), 1)

    def test_a_thousand_lookups_a_second_for_each_container(self):
        boxes = self.begin()
        rates = {}

        def lookups(box):
            with box.socket() as sock:
                began, count = time.monotonic(), 3000
                for number in range(count):
                    sock.send(names.question("db", number=number))
                    if sock.recv(512)[-4:] != bytes([172, 30, 0, 3]):
                        return
                rates[box] = count / (time.monotonic() - began)

        threads = [threading.Thread(target=lookups, args=(box,))
                   for box in boxes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(rates), 2)
        for rate in rates.values():
            self.assertGreater(rate, 1000 / SLOWER)

    def test_a_container_may_have_a_name_server_of_its_own(self):
        one, _ = self.begin()
        with inside(one.netns):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            tcp = socket.create_server(("0.0.0.0", 53))
        with udp, tcp:
            udp.bind(("0.0.0.0", 53))
            udp.settimeout(5)
            with one.socket(to=("127.0.0.1", 53)) as sock:
                sock.send(b"for you")
                self.assertEqual(udp.recv(100), b"for you")
            self.assertEqual(one.ask("db").data, ["172.30.0.3"])
            self.assertEqual(one.ask_tcp("db").data, ["172.30.0.3"])


class Living(Names):
    def test_it_has_no_rights(self):
        self.two()
        pid, = self.servers()
        with open("/proc/%d/status" % pid) as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        self.assertEqual(set(status["Uid"].split()), {"65534"})
        self.assertEqual(set(status["Gid"].split()), {"65534"})
        self.assertEqual(status["Groups"].strip(), "")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[kind], 16), 0, kind)
        self.assertEqual(status["NoNewPrivs"].strip(), "1")
        self.assertEqual(status["Seccomp"].strip(), "2")
        # Nothing of who started it has come with it.
        with open("/proc/%d/environ" % pid) as file:
            self.assertEqual(file.read(), "")
        # Whoever has asked may not have been let go of yet.
        self.wait_until(lambda: len(os.listdir("/proc/%d/fd" % pid)) ==
                        3 + 4 + 3 * 3)
        with open("/proc/%d/smaps_rollup" % pid) as file:
            private = sum(int(line.split()[1]) for line in file
                          if line.startswith("Private"))
        self.assertLess(private, 1000)

    def test_it_ends_after_the_last_container(self):
        one, two, three = self.two()
        self.assertEqual(len(self.servers()), 1)
        one.end()
        two.end()
        self.assertEqual(three.ask("cache").data, ["10.9.0.3"])
        time.sleep(1.5)
        self.assertEqual(len(self.servers()), 1)
        pid, = self.servers()
        three.end()
        # It is ours to bury: then all that it had is closed.
        self.wait_until(lambda: harness.residue.reap() or
                        not os.path.exists("/proc/%d" % pid))
        for name in ("red-id", "blue-id"):
            shutil.rmtree(os.path.join(self.networks, name))
        self.assertEqual(self.call("tidy", self.networks).status, 0)
        self.assertNotIn("dns.sock", os.listdir(self.networks))
        self.assertEqual(self.call("tidy", self.networks).status, 0)

    def test_one_that_was_killed_is_replaced(self):
        one, two, three = self.two()
        pid, = self.servers()
        os.kill(pid, signal.SIGKILL)
        self.wait_until(lambda: harness.residue.reap() or not self.servers())
        # The dead in the files of names are nobody's business.
        three.end()
        four = self.box(4)
        self.boxes[4] = four
        self.network("red", (one, "172.30.0.2", None, "web"),
                     (two, "172.30.0.3", None, "db"),
                     (four, "172.30.0.4", None, "new"))
        # Nor are lines that are none: whose would the process be?
        self.network("odd")
        with open(self.networks + "/odd-id/names", "a") as file:
            file.write("%s%d %d 10.0.0.1 - x\n" % (one.id, self.host.pid,
                                                  self.host.pid))
            file.write("%s 0 10.0.0.1 - x\n" % ("5" * 64))
        self.serve(four)
        for box in (one, two, four):
            self.assertEqual(box.ask("new").data, ["172.30.0.4"])
        pid, = self.servers()
        self.assertEqual(len(os.listdir("/proc/%d/fd" % pid)), 7 + 3 * 3)
        # A living one is left alone.
        self.assertEqual(self.call("tidy", self.networks).status, 0)
        self.assertEqual(one.ask("new").data, ["172.30.0.4"])
        self.serve(four)
        self.assertEqual(four.ask("new").data, ["172.30.0.4"])
        # Who tidies up while it is wanted has it back.
        os.kill(pid, signal.SIGKILL)
        self.wait_until(lambda: harness.residue.reap() or
                        not os.path.exists("/proc/%d" % pid))
        self.assertEqual(self.call("tidy", self.networks).status, 0)
        self.assertEqual(one.ask("new").data, ["172.30.0.4"])

    def test_of_many_that_come_at_once_one_starts_it(self):
        boxes = [self.box(number) for number in range(1, 9)]
        self.boxes = dict(enumerate(boxes))
        self.network("red", *((box, "172.30.0.%d" % number, None,
                               "c%d" % number)
                              for number, box in enumerate(boxes)))
        started = [harness.start(
            [self.program, "serve", self.networks, box.id, str(box.pid)],
            preexec_fn=lambda: inside.enter(self.host.netns))
            for box in boxes]
        for process in started:
            done = harness.finish(process, 30)
            self.assertEqual(done.status, 0, str(done))
        self.assertEqual(len(self.servers()), 1)
        for box in boxes:
            self.assertEqual(box.ask("c3").data, ["172.30.0.3"])

    def test_bad_calls_are_refused_in_words(self):
        one, _, _ = self.two()
        for arguments, words in (
                (("serve", self.networks, one.id, str(self.host.pid)),
                 "has no network of its own"),
                (("serve", self.networks, "x", str(one.pid)),
                 "\"x\" is no id of a container"),
                (("serve", self.networks, one.id, "99999999"),
                 "hold process 99999999"),
                (("serve", self.root + "/nothing", one.id, str(one.pid)),
                 "lock %s/nothing: No such file" % self.root)):
            done = self.call(*arguments)
            self.assertEqual(done.status, 1, str(done))
            self.assertIn(words, done.err)
        self.assertEqual(one.ask("db").data, ["172.30.0.3"])
        done = self.run_command([program("ch06-final", "mydocker-dns")])
        self.assertEqual((done.status, done.err), (
            125, "mydocker-dns is run by mydocker, for itself\n"))
