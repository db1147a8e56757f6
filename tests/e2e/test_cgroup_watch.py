"""Chapter 2's `watch`: as in experiments.py; on a terminal, off it, and as a
picture."""

import fcntl
import re
import signal
import struct
import termios
import time
import xml.etree.ElementTree as ElementTree

import experiments
import harness

DEMO = harness.program("ch02-cgroups")
SECOND_SCREEN, FIRST_SCREEN = "\033[?1049h", "\033[?1049l"
HIDDEN, SHOWN = "\033[?25l", "\033[?25h"
HOME = "\033[H"
SVG = "{http://www.w3.org/2000/svg}"


def frames(screen):
    """What was drawn on the second screen, each a list of its lines."""
    drawn = screen.split(SECOND_SCREEN)[1].split(FIRST_SCREEN)[0]
    return [re.sub(r"\033\[\d*[A-Z]", "", frame).split("\r\n")
            for frame in drawn.split(SHOWN)[0].split(HOME)[1:]]


class Watch(experiments.Played, harness.KernelTest):
    demo, names = DEMO, ("watch",)

    def watch(self, *arguments, **more):
        return self.terminal([DEMO, "watch", *arguments], **more)

    def assert_restored(self, screen):
        for on, off in ((SECOND_SCREEN, FIRST_SCREEN), (HIDDEN, SHOWN)):
            self.assertIn(on, screen)
            self.assertLess(screen.rindex(on), screen.rindex(off))

    # ---- off a terminal ----

    def test_one_frame_off_a_terminal(self):
        out = self.held(self.play("watch"))
        self.assertNotIn("\033", out)
        self.assertEqual(out.count("CPU, %"), 1, out)
        rows = re.findall(r"(?m)^  ( ?)(\w+) +\[[#.]+\] .*$", out)
        self.assertEqual(rows, [("", "watch"), (" ", "busy"),
                                (" ", "hungry")], out)
        for line in out.splitlines():
            if "[#" in line or "[." in line:
                self.assertLessEqual(len(line), 80)

    def test_live_off_a_terminal(self):
        done = self.succeed([DEMO, "watch", "--live"])
        self.assertEqual(done.out.count("CPU, %"), 1, str(done))
        self.assertNotIn("\033", done.out)

    # ---- on a terminal ----

    def test_frames(self):
        terminal = self.watch()
        done = terminal.wait(60)
        self.assertEqual(done.status, 0, str(done))
        self.assert_restored(done.out)
        drawn = frames(done.out)
        self.assertGreater(len(drawn), 5)
        for frame in drawn:
            self.assertEqual(len(frame), 5, frame)
            self.assertIn("hungry", frame[3])
        self.assertNotIn("\033[2J", done.out)     # nothing is cleared

    def test_a_frame_is_one_write(self):
        self.need("strace")
        place = self.scratch()
        terminal = self.terminal(
            ["strace", "-f", "-qq", "-e", "trace=write", "-s", "4096", "-o",
             place + "/trace", DEMO, "watch"])
        done = terminal.wait(60)
        self.assertEqual(done.status, 0, str(done))
        with open(place + "/trace", encoding="utf-8") as trace:
            homes = [line for line in trace if r"\33[H" in line]
        self.assertGreater(len(homes), 5)
        for line in homes:
            self.assertEqual((line.count(r"\33[H"), line.count(r"\33[J\"")),
                             (1, 0), line)
            self.assertIn(r"\33[J", line)

    def test_another_size(self):
        terminal = self.watch()
        terminal.expect(HOME)
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 4, 50, 0, 0))
        done = terminal.wait(60)
        self.assertEqual(done.status, 0, str(done))
        last = frames(done.out)[-1]
        self.assertEqual(len(last), 4, last)     # the last is left empty
        self.assertEqual(len(last[1]), 50, last)

    def end_by(self, arguments, end, status):
        terminal = self.watch(*arguments)
        terminal.expect(HOME)
        terminal.expect("hungry" if not arguments else "cgroup")
        end(terminal)
        done = terminal.wait(60)
        self.assertEqual(done.status, status, str(done))
        self.assert_restored(done.out)

    def test_ctrl_c(self):
        self.end_by([], lambda terminal: terminal.send("\x03"), 130)

    def test_terminated(self):
        self.end_by([], lambda terminal: terminal.process.send_signal(
            signal.SIGTERM), 143)

    def test_live_until_ctrl_c(self):
        self.end_by(["--live"], lambda terminal: terminal.send("\x03"), 130)

    def test_live_sees_another_run(self):
        other = harness.start([DEMO, "watch"])
        try:
            deadline = time.monotonic() + 30
            row, out = r"(?m)^    busy .*\[#+\.*\] +\d+/50", ""
            while not re.search(row, out) and time.monotonic() < deadline:
                out = self.succeed([DEMO, "watch", "--live"]).out
            self.assertRegex(out, row)
        finally:
            harness.finish(other, 60)

    # ---- the picture ----

    def test_the_picture(self):
        done = self.succeed([DEMO, "watch", "--svg"])
        root = ElementTree.fromstring(done.out)
        self.assertEqual(root.tag, SVG + "svg")
        self.assertEqual(root.get("role"), "img")
        for name in root.get("aria-labelledby").split():
            words = [e.text for e in root if e.get("id") == name]
            self.assertTrue(words and words[0], done.out)
        words = [text.text for text in root.iter(SVG + "text")]
        self.assertEqual(words.count("busy"), 4, done.out)
        colours = set(re.findall(r"#[0-9a-f]+", done.out))
        self.assertLessEqual(colours, {"#000", "#888", "#fff"})
        width, height = float(root.get("width")), float(root.get("height"))
        for path in root.iter(SVG + "path"):
            for x, y in re.findall(r"[ML]([\d.]+) ([-\d.]+)", path.get("d")):
                self.assertTrue(0 <= float(x) <= width and
                                0 <= float(y) <= height, path.get("d"))

    def test_the_picture_interrupted(self):
        process = harness.start([DEMO, "watch", "--svg"])
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        done = harness.finish(process, 60)
        self.assertEqual((done.status, done.out), (130, ""), str(done))
