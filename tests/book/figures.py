"""Live figures: book/figures/NAME.dot, drawn by a program from what the kernel
says.  The first line is "// taken from: COMMAND", run by root at the top.

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
TIMEOUT = 60
# Kinds of names that vary: what they look like (the group varies), what they
# become.  Process 1 is itself on every machine.
VARYING = (
    (r"\b([0-9a-f]{64}|(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{12})\b", "id%d"),
    (r"\bmydocker-demo[.-](\d+-\d+)\b", "run%d"),
    (r"\b(40265[3-9]\d{4}|402[7-9]\d{6}|40[3-9]\d{7}|4[12]\d{8})\b", "%d"),
    (r"(?:\bpids? |\bpid=|/proc/)(?!1\b)(\d+)\b", "%d"),
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


def normalised(text):
    for pattern, name in VARYING:
        known = {}

        def small(match, known=known, name=name):
            whole, varying = match.group(), match.group(1)
            number = known.setdefault(varying, len(known) + 1)
            return whole[:match.start(1) - match.start()] + name % number
        text = re.sub(pattern, small, text)
    return text


def read(path):
    with open(os.path.join(harness.ROOT, path), encoding="utf-8") as file:
        return file.read()


def retaken(path):
    """The figure as it comes out now; as root."""
    command = command_of(path, read(path))
    place = Place(path)
    try:
        done = harness.run(["sh", "-c", command], timeout=TIMEOUT,
                           cwd=place.repository, env=place.environment(0))
    finally:
        end_all()
        place.remove()
    if done.status or done.timed_out or done.err:
        raise AssertionError("%s:1: %s" % (path, done))
    return "%s%s\n%s" % (TAKEN_FROM, command, normalised(done.out))
