"""Live figures: book/figures/NAME.dot, drawn by a program from what the kernel
says.  The first line is "// taken from: COMMAND", run by root at the top; a
second, "// needs: COMMAND", is for a figure that not every machine can draw.

What the kernel gives out anew every time (process ids, inodes of namespaces,
ids of containers and of runs) becomes a small number, the same for the same
thing, in order of appearance: two machines draw the same picture.
"""

import glob
import os
import re

import harness
from playing import Place, end_all

TAKEN_FROM = "// taken from: "
NEEDS = "// needs: "
TIMEOUT = 60
# Kinds of names that vary: what they look like (the group varies), what they
# become, counted from where.  Process 1 is itself on every machine.
VARYING = (
    (r"\b([0-9a-f]{64}|(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{12})\b", "id%d", 1),
    (r"\bmydocker-demo[.-](\d+(?:-\d+)+)\b", "run%d", 1),
    (r"\b(402[67]\d{6})\b", "%d", 1),
    (r"(?:\bpids? |\bpid=|/proc/)(?!1\b)(\d+)\b", "%d", 2),
)


def names():
    """Paths within the repository."""
    return sorted(os.path.relpath(path, harness.ROOT) for path in
                  glob.glob(os.path.join(harness.ROOT, "book/figures/*.dot")))


def command_of(path, text):
    first = text.split("\n", 1)[0]
    if not first.startswith(TAKEN_FROM):
        raise AssertionError('%s:1: no "%sCOMMAND"' % (path, TAKEN_FROM))
    return first[len(TAKEN_FROM):]


def needs_of(text):
    """The second line, or nothing."""
    lines = text.split("\n")
    return lines[1] + "\n" if lines[1:] and lines[1].startswith(NEEDS) else ""


def can_be_taken(path):
    command = needs_of(read(path))[len(NEEDS):]
    return harness.run(["sh", "-c", command]).status == 0


def normalised(text):
    for pattern, name, first in VARYING:
        known = {}

        def small(match, known=known, name=name, first=first):
            number = known.setdefault(match.group(1), first + len(known))
            before = match.group()[:match.start(1) - match.start()]
            return before + name % number
        text = re.sub(pattern, small, text)
    return text


def read(path):
    with open(os.path.join(harness.ROOT, path), encoding="utf-8") as file:
        return file.read()


def retaken(path):
    """The figure as it comes out now; as root."""
    text = read(path)
    command = command_of(path, text)
    place = Place(path)
    try:
        done = harness.run(["sh", "-c", command], timeout=TIMEOUT,
                           cwd=place.repository, env=place.environment(0))
    finally:
        end_all()
        place.remove()
    if done.status or done.timed_out or done.err:
        raise AssertionError("%s:1: %s" % (path, done))
    return "%s%s\n%s%s" % (TAKEN_FROM, command, needs_of(text),
                           normalised(done.out))
