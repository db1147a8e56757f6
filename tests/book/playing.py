"""Types the transcripts of a page on terminals and collects what comes.

    with Player("book/01-namespaces.md") as player:
        for block in player.blocks:
            result = player.result(block)   # plays, skip, fault

Every page has a place of its own: a copy of the repository, built, for the
ordinary user to write in; homes; a directory for images and containers.  A
shell is bash as a reader would have it, but for its prompt: that holds a random
token and the status, so that nobody has to guess when a command has ended.  In
a shell within it (a container's, say) the prompt is what the book shows.
"""

import dataclasses
import glob
import os
import re
import secrets
import shutil
import tempfile
import time

import harness
import residue
import rules
import transcripts
from transcripts import Fault, Played

ROOT = harness.ROOT
COLUMNS = 100           # no line of the book is wider
TIMEOUT = 120           # seconds for a block
PRESS_AFTER = 15        # seconds for what the book shows before a ^C
QUIET = 0.1             # seconds without output that make a prompt a prompt
HIDDEN = 0.5            # and that mean: a program runs where we cannot look
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)"
                     r"|[()][A-Z0-9]|[=>78cM])|[\x00\x07\x0e\x0f]")
KEYS = {"^C": "\x03"}
# Other builds than the one a reader has after `make all`.
OTHER_BUILDS = shutil.ignore_patterns("asan", "gcc", "clang")


def plain(text):
    """The text that stays on the screen: without colours and the like, and of
    a line that is written over again and again the last state."""
    lines = ESCAPES.sub("", text).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def output_lines(text):
    return [line.rstrip().expandtabs()
            for line in text.removesuffix("\n").split("\n")] if text else []


def pages():
    """Paths within the repository of all that may have console blocks."""
    return sorted(os.path.relpath(path, ROOT) for pattern in ("*", "labs/*")
                  for path in glob.glob("%s/book/%s.md" % (ROOT, pattern)))


class Place:
    """The directories a page is played in."""

    def __init__(self, page):
        self.is_root = os.geteuid() == 0
        self.user = harness.USER if self.is_root else 0
        self.top = tempfile.mkdtemp(prefix="book-", dir="/var/tmp")
        os.chmod(self.top, 0o755)
        self.repository = os.path.join(self.top, "write-docker")
        self.copy_repository(page)
        self.home = os.path.join(self.top, "home")
        for name in ("home", "root"):
            os.mkdir(os.path.join(self.top, name))
        self.give(self.repository)
        self.give(self.home)

    def copy_repository(self, page):
        for name in rules.Tree(ROOT).files:
            to = os.path.join(self.repository, name)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), to, follow_symlinks=False)
        for chapter in harness.CHAPTERS:
            built = os.path.join(ROOT, chapter, "build")
            if os.path.isdir(built):
                shutil.copytree(built, os.path.join(self.repository, chapter,
                                                    "build"),
                                symlinks=True, ignore=OTHER_BUILDS)
        # ./demo is the program of the page's chapter, as after `make chNN`; the
        # pages from 06 on are all of the last.
        number = re.match(r"(?:ch)?(\d\d)", os.path.basename(page))
        for chapter in harness.CHAPTERS:
            if number and chapter.startswith("ch%02d" % min(
                    int(number.group(1)), len(harness.CHAPTERS))):
                os.symlink(chapter + "/build/demo",
                           os.path.join(self.repository, "demo"))

    def give(self, top):
        """To the ordinary user."""
        if self.user:
            for path, directories, names in os.walk(top):
                for name in [".", *names]:
                    os.chown(os.path.join(path, name), self.user, self.user,
                             follow_symlinks=False)

    def environment(self, user):
        return harness.environment(
            HOME=self.home if user or not self.is_root else self.top + "/root",
            MYDOCKER_ROOT=self.top + "/mydocker", TERM="dumb", NO_COLOR="1",
            PAGER="cat", MANPAGER="cat", GIT_PAGER="cat", SYSTEMD_PAGER="cat")

    def remove(self):
        harness.remove_tree(self.top)


class Shell:
    """bash on a terminal of its own."""

    def __init__(self, place, user):
        self.token = secrets.token_hex(8)
        self.prompts = re.compile(r"%s(?:(\d+):|\+)" % self.token)
        rc = os.path.join(place.top, self.token)
        with open(rc, "w", encoding="ascii") as file:
            file.write("PS1='%s$?:'\nPS2='%s+'\n" % (self.token, self.token))
        self.terminal = harness.Terminal(
            ["bash", "--noprofile", "--rcfile", rc, "--noediting", "-i"],
            columns=COLUMNS, user=user, env=place.environment(user),
            cwd=place.repository)
        self.mark = 0           # what is before it was read and dealt with
        self.nested = ""        # the prompt of the shell within, where we are
        self.idle = 0           # the process group in front when it waited

    @property
    def pid(self):
        return self.terminal.process.pid

    @property
    def text(self):
        return self.terminal.screen[self.mark:]

    def wait(self, nested, deadline):
        """Read until something waits for a line.  Returns the text before the
        prompt, the prompt ("" for the shell's own, ">" when it wants more of a
        command) and the status (None where it cannot be known)."""
        while True:
            own = self.prompts.search(self.text)
            if own:
                before = self.text[:own.start()]
                self.mark += own.end()
                if own.group(1):
                    return before, "", int(own.group(1))
                return before, ">", None
            text = plain(self.text)
            before, newline, last = text.rpartition("\n")
            if newline and last.rstrip() in nested and \
                    not self.terminal.read(QUIET):
                self.mark = len(self.terminal.screen)
                return before + "\n", last.rstrip(), None
            self.read_more(deadline, nested)

    def read_more(self, deadline, nested=()):
        if self.terminal.read(0.2):
            return
        if self.terminal.process.poll() is not None and \
                not self.terminal.read(0):
            raise Stopped("the shell has ended", self.text)
        if time.monotonic() > deadline:
            prompts = ['"%s "' % prompt for prompt in sorted({"$", *nested})]
            raise Stopped("it did not end in time: no prompt " +
                          " or ".join(prompts), self.text)

    def foreground(self):
        return os.tcgetpgrp(self.terminal.master)

    def is_running(self):
        """Is there a program in the foreground that a signal would reach?  A
        child of a shell that has not executed it yet would swallow one."""
        if self.foreground() == self.idle:
            # A container has a terminal of its own: we see no groups there.
            return bool(self.nested) and not self.terminal.read(HIDDEN) and \
                self.foreground() == self.idle
        members = [process.groups() for process in map(
            stat_of, residue.descendants()) if process
                   and int(process.group(4)) == self.foreground()]
        return bool(members) and all(
            state in "SZ" or executable(pid) != executable(parent)
            for pid, state, parent, _ in members)

    def press(self, key, expected, typed, deadline):
        """Once the command is running and has said what the book shows."""
        deadline = min(deadline, time.monotonic() + PRESS_AFTER)
        while time.monotonic() < deadline:
            text = without_echo(plain(self.text), typed)
            if self.is_running() and \
                    transcripts.matches(expected, output_lines(text)):
                break
            self.terminal.read(0.05)
        self.terminal.send(KEYS[key])


def stat_of(pid):
    """Matches pid, state, parent and process group."""
    return re.match(r"(\d+) \(.*\) (\S) (\d+) (\d+) ",
                    residue.read("/proc/%d/stat" % pid), re.S)


def executable(pid):
    try:
        return os.readlink("/proc/%s/exe" % pid)
    except OSError:
        return None


class Stopped(Exception):
    """A transcript that cannot be played on."""

    def __init__(self, what, text):
        lines = output_lines(plain(text))[-12:]
        super().__init__(what + "".join("\n+ " + line for line in lines))


def without_echo(text, typed):
    """A terminal shows what is typed into it.  What is before that, a command
    in the background has said meanwhile."""
    before, found, after = text.partition(typed + "\n")
    return before + after if found else text.partition("\n")[2]


class Session:
    """One terminal of the reader's, with a shell of theirs and one of root's:
    `sudo -i` would take the place of the other."""

    def __init__(self, place):
        self.place = place
        self.shells = {}
        self.known = set()      # prompts of nested shells
        self.current = None

    def shell(self, prompt):
        """The shell that shows this prompt."""
        current = self.current
        if current and current.nested:
            if current.nested != prompt:
                raise Stopped('the prompt here is "%s "' % current.nested, "")
            return current
        if prompt not in ("$", "#"):
            raise Stopped('no shell shows the prompt "%s " here' % prompt, "")
        if prompt not in self.shells:
            if prompt == "#" and not self.place.is_root:
                raise Skipped("a command of root's, and this is not root")
            shell = Shell(self.place, self.place.user if prompt == "$" else 0)
            self.shells[prompt] = shell
            shell.wait((), time.monotonic() + TIMEOUT)
        self.current = self.shells[prompt]
        return self.current

    def play(self, command, next_prompt, deadline):
        shell = self.shell(command.prompt)
        if not command.text:
            return Played(command, 0, [], None)
        nested = self.known | ({next_prompt} if next_prompt else set())
        lines, typed, prompt = [command.text], 0, ">"
        output = ""
        while prompt == ">":
            body = command.body[typed:]
            more = bool(body) and re.match(r">( |$)", body[0])
            shell.idle = shell.foreground()
            shell.terminal.send(lines[-1] + "\n")
            self.press_keys(shell, body, lines[-1], deadline)
            before, prompt, status = shell.wait(
                nested | ({">"} if more and shell.nested else set()), deadline)
            output += without_echo(plain(before), lines[-1])
            if prompt == ">":
                if not more:
                    raise Stopped("the shell waits for more of this command; "
                                  "in the book, such a line begins with \"> \"",
                                  "")
                lines.append(body[0][2:])
                typed += 1
        if prompt:
            self.known.add(prompt)
        shell.nested = prompt
        return Played(command, typed, output_lines(output), status)

    @staticmethod
    def press_keys(shell, body, typed, deadline):
        for number, line in enumerate(body):
            for key in KEYS:
                if line.endswith(key):
                    before = line[:-len(key)]
                    shell.press(key, body[:number] + [before] * bool(before),
                                typed, deadline)

    def close(self, but=()):
        """End the shells and whatever was left running, but for these."""
        for shell in self.shells.values():
            shell.terminal.hang_up()
        end_all(but)
        for shell in self.shells.values():
            shell.terminal.process.poll()       # it is known to have ended


def end_all(but=()):
    """What a hang-up does not end is killed."""
    deadline = time.monotonic() + 1
    while residue.descendants(but) and time.monotonic() < deadline:
        residue.reap()
        time.sleep(0.01)
    residue.end_descendants(but)


class Skipped(Exception):
    """A block that cannot be played here; says why."""


@dataclasses.dataclass
class Result:
    block: transcripts.Block
    plays: list = dataclasses.field(default_factory=list)
    skip: str = ""
    fault: str = ""

    @property
    def differences(self):
        found = [transcripts.compare(self.block.path, played)
                 for played in self.plays]
        return [text for text in found if text] + [self.fault] * bool(
            self.fault)


class Player:
    """The blocks of one page, each played once, in their order; in the place
    given, or else in one made for it and removed at the end."""

    def __init__(self, path, text=None, timeout=TIMEOUT, place=None):
        if text is None:
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                text = file.read()
        self.path, self.timeout = path, timeout
        self.blocks = transcripts.read_page(path, text)
        self.place, self.own_place = place, place is None
        self.sessions = {}      # those with a name
        self.results = {}       # by the line of the block

    def result(self, block):
        """Of this block; the others with a session come before it."""
        if self.place is None:
            self.place = Place(self.path)
        for other in self.blocks:
            if other.first in self.results or other.first > block.first:
                continue
            if other is block or (block.session and other.session):
                self.results[other.first] = self.play(other)
        return self.results[block.first]

    def play(self, block):
        result = Result(block)
        if block.needs and harness.run(
                ["sh", "-c", block.needs], cwd=self.place.repository,
                env=self.place.environment(0)).status != 0:
            result.skip = "it needs: " + block.needs
            return result
        shells = [shell.pid for session in self.sessions.values()
                  for shell in session.shells.values()]
        others = [*shells, *residue.descendants(but=shells)]
        session = Session(self.place)
        if block.session:
            session = self.sessions.setdefault(block.session, session)
        self.play_commands(block, session, result)
        if not block.session:
            session.close(but=others)
        return result

    def play_commands(self, block, session, result):
        deadline = time.monotonic() + self.timeout
        following = [c.prompt for c in block.commands[1:]] + [""]
        for command, next_prompt in zip(block.commands, following):
            try:
                result.plays.append(session.play(command, next_prompt,
                                                 deadline))
            except Skipped as why:
                result.skip = str(why)
                return
            except Stopped as why:
                result.fault = str(Fault(block.path, command.line, "%s %s\n%s" %
                                         (command.prompt, command.text, why)))
                return

    def close(self):
        for session in self.sessions.values():
            session.close()
        if self.place and self.own_place:
            self.place.remove()
            self.place = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
