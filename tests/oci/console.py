"""A console socket: where a runtime sends a terminal's other end."""

import fcntl
import os
import select
import socket
import struct
import termios

import harness

SECONDS = 5 * harness.SLOWER


class Console:
    def __init__(self, place):
        self.path = place + "/console"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.listener.settimeout(SECONDS)
        self.master = -1

    def accept(self):
        """The descriptor, once create has sent it."""
        connection = self.listener.accept()[0]
        with connection:
            connection.settimeout(SECONDS)
            _, numbers, _, _ = socket.recv_fds(connection, 4096, 4)
        self.master = numbers[0]
        for number in numbers[1:]:
            os.close(number)
        return numbers

    def size(self):
        """(height, width)."""
        data = fcntl.ioctl(self.master, termios.TIOCGWINSZ, bytes(8))
        return struct.unpack("HHHH", data)[:2]

    def read(self, until, seconds=SECONDS):
        """What is written there, up to and with `until`."""
        screen = b""
        # A terminal puts a carriage return before each line's end.
        while until.encode() not in screen.replace(b"\r\n", b"\n"):
            if not select.select([self.master], [], [], seconds)[0]:
                break
            try:
                data = os.read(self.master, 4096)
            except OSError:         # EIO: nobody has the other side open
                break
            screen += data
        return screen.decode().replace("\r\n", "\n")

    def close(self):
        self.listener.close()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
