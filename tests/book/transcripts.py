"""The transcripts of the book: what a console block says, and is it true?

    ```console                      {.console session=NAME needs="TEST"}
    $ echo $HOME                    typed as an ordinary user
    /home[..]                       [..] any text within a line
    # ./demo run -it busybox sh     typed as root
    / # ls                          typed into what the line before started
    ...                             any number of lines, none included
    / # exit 3
    [exit 3]                        the status; without this line it is 0
    ```

read_page() takes the blocks of a page apart, compare() says what is not as the
book has it, and rewritten() gives the block that would be true.  All three know
nothing of terminals: that is playing.py.
"""

import dataclasses
import re
import shlex

FENCE = re.compile(r"( *)(`{3,}|~{3,})(.*)$")
# "$", "#", "/ #", "inside#", "root@web:~$": a prompt, a blank, what is typed.
PROMPT = re.compile(r"((?:[\w@.:~/+-]+ ?)?[$#])(?: (.*))?$")
EXIT = re.compile(r"\[exit (\d+)\]$")
SOME_TEXT, SOME_LINES = "[..]", "..."
ATTRIBUTES = ("session", "needs")
CONTEXT = 3             # lines shown around a difference


class Fault(Exception):
    """Something is wrong with a block itself; says file, line and what."""

    def __init__(self, path, line, what):
        super().__init__("%s:%d: %s" % (path, line, what))


@dataclasses.dataclass
class Command:
    line: int               # its number in the page
    prompt: str
    text: str               # "": a prompt at which nothing is typed
    body: list              # the lines after it: continuations, output
    status: int = 0
    shows_status: bool = False


@dataclasses.dataclass
class Block:
    path: str
    first: int              # numbers of the lines between the fences
    last: int
    indent: str
    commands: list
    session: str = ""
    needs: str = ""


@dataclasses.dataclass
class Played:
    """What came of a command that was typed."""
    command: Command
    typed: int              # how many lines of the body were typed, too
    output: list
    status: int             # None: nobody can know, in a nested shell

    @property
    def expected(self):
        return self.command.body[self.typed:]


def read_page(path, text):
    """The console blocks of a page."""
    blocks, lines = [], text.split("\n")
    number = 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        number += 1
        if not fence:
            continue
        first = number
        while number < len(lines) and not closes(lines[number], fence):
            number += 1
        if number == len(lines):
            raise Fault(path, first, "this block is never closed")
        attributes = read_info(path, first, fence.group(3).strip())
        if attributes is not None:
            blocks.append(read_block(path, first + 1, lines[first:number],
                                     fence.group(1), attributes))
        number += 1
    return blocks


def closes(line, fence):
    line = line.strip()
    return len(line) >= len(fence.group(2)) and not line.strip(line[0]) and \
        line[0] == fence.group(2)[0]


def read_info(path, line, info):
    """The attributes of a console block; None for any other."""
    words = shlex.split(info.strip("{}")) if "console" in info else []
    if not set(words) & {"console", ".console"}:
        return None
    attributes = {}
    for word in words:
        name, is_pair, value = word.partition("=")
        if is_pair and name in ATTRIBUTES:
            attributes[name] = value
        elif word not in ("console", ".console"):
            raise Fault(path, line, "a console block has no attribute " + word)
    return attributes


def read_block(path, first, lines, indent, attributes):
    commands = []
    for number, line in enumerate(lines, first):
        line = line[len(indent):].rstrip().expandtabs()
        prompt = PROMPT.match(line)
        if prompt:
            commands.append(Command(number, prompt.group(1),
                                    prompt.group(2) or "", []))
        elif commands:
            commands[-1].body.append(line)
        else:
            raise Fault(path, number, "output before the first prompt")
    for command in commands:
        status = command.body and EXIT.match(command.body[-1])
        if status:
            command.status = int(status.group(1))
            command.shows_status = True
            command.body.pop()
        if command.body and not command.text:
            raise Fault(path, command.line, "output, and nothing was typed")
    if not any(command.text for command in commands):
        raise Fault(path, first, "a console block without a command")
    return Block(path, first, first + len(lines) - 1, indent, commands,
                 **attributes)


def line_matches(pattern, line):
    return re.fullmatch(".*".join(map(re.escape, pattern.split(SOME_TEXT))),
                        line) is not None


def align(expected, seen):
    """The cheapest way to make one into the other: a list of (line of the
    book or None, line seen or None).  A pair stands for a match; a line of
    the book alone is wrong, unless it is "..."; a line seen alone is missing
    in the book.  What "..." stands for does not show up."""
    rows, columns = len(expected) + 1, len(seen) + 1
    # cost[i][j]: of the lines of the book from i on, and those seen from j on
    cost = [[0] * columns for _ in range(rows)]
    step = [[None] * columns for _ in range(rows)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            ways = []
            some = i + 1 < rows and expected[i] == SOME_LINES
            if some:
                ways.append((cost[i + 1][j], (1, 0)))
            elif i + 1 < rows:
                ways.append((cost[i + 1][j] + 3, (1, 0)))
            if j + 1 < columns:
                ways.append((cost[i][j + 1] + (0 if some else 2), (0, 1)))
            if i + 1 < rows and j + 1 < columns and not some:
                match = line_matches(expected[i], seen[j])
                ways.append((cost[i + 1][j + 1] + (0 if match else 2), (1, 1)))
            if ways:
                cost[i][j], step[i][j] = min(ways)
    return walk(expected, seen, step)


def walk(expected, seen, step):
    pairs, i, j = [], 0, 0
    while step[i][j]:
        down, right = step[i][j]
        if (down, right) == (1, 1):
            if line_matches(expected[i], seen[j]):
                pairs.append((expected[i], seen[j]))
            else:
                pairs += [(expected[i], None), (None, seen[j])]
        elif down:
            pairs.append((expected[i], None))
        elif i == len(expected) or expected[i] != SOME_LINES:
            pairs.append((None, seen[j]))
        i, j = i + down, j + right
    return pairs


def is_right(pair):
    return pair[0] is not None and (pair[1] is not None
                                    or pair[0] == SOME_LINES)


def matches(expected, seen):
    return all(map(is_right, align(expected, seen)))


def difference(pairs):
    """A small diff, "-" the book, "+" seen; "" when there is none."""
    wrong = [n for n, pair in enumerate(pairs) if not is_right(pair)]
    lines, before = [], 0
    for n, pair in enumerate(pairs):
        if not any(abs(n - w) <= CONTEXT for w in wrong):
            continue
        if n > before:
            lines.append("  (%d lines as in the book)" % (n - before))
        before = n + 1
        sign = " " if is_right(pair) else "+" if pair[0] is None else "-"
        lines.append("%s %s" % (sign, pair[1] if pair[0] is None else pair[0]))
    return "".join(line + "\n" for line in lines)


def compare(path, played):
    """What is not as the book has it: file:line, the command, a diff."""
    command = played.command
    wrong = difference(align(played.expected, played.output))
    if played.status not in (None, command.status):
        wrong += "  it exits with %d; in the book: %d\n" % (played.status,
                                                            command.status)
    elif played.status is None and command.shows_status:
        wrong += ("  the status in a nested shell cannot be seen: let the "
                  "book ask (echo $?)\n")
    return wrong and "%s:%d: %s %s\n%s" % (path, command.line, command.prompt,
                                           command.text, wrong)


def as_output(line):
    """A line seen, so written that it is not taken for anything else."""
    special = PROMPT.match(line) or EXIT.match(line) or line == SOME_LINES
    return SOME_TEXT + line[1:] if special else line


def rewritten(block, plays):
    """The lines of the block that say what was seen, with the author's
    patterns where they hold."""
    lines = []
    for played in plays:
        command = played.command
        lines.append((command.prompt + " " + command.text).rstrip())
        lines += command.body[:played.typed]
        lines += [as_output(saw) if book is None else book
                  for book, saw in align(played.expected, played.output)
                  if is_right((book, saw)) or book is None]
        if played.status or (played.status == 0 and command.shows_status
                             and command.status == 0):
            lines.append("[exit %d]" % played.status)
    return [(block.indent + line).rstrip() for line in lines]
