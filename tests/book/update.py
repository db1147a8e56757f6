#!/usr/bin/env python3
"""Makes the transcripts and the live figures of the book true.

    python3 -B tests/book/update.py [PAGE or FIGURE...]

What is right is not touched, and patterns of the author's stay where they
hold.  Whatever was rewritten is for somebody to read: git diff book.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [HERE, TESTS, os.path.join(TESTS, "repo"),
                os.path.join(TESTS, "e2e")]

import figures                                                  # noqa: E402
import harness                                                  # noqa: E402
import playing                                                  # noqa: E402
import transcripts                                              # noqa: E402


def new_page(player, text, say):
    """The text of a page with its wrong blocks rewritten."""
    lines = text.split("\n")
    results = [player.result(block) for block in player.blocks]
    for result in reversed(results):        # so that line numbers hold
        block = result.block
        where = "%s:%d: " % (block.path, block.first)
        if result.fault:
            say(result.fault)
        elif result.skip:
            say(where + "left alone: " + result.skip)
        elif result.differences:
            lines[block.first - 1:block.last] = transcripts.rewritten(
                block, result.plays)
            print(where + "rewritten", flush=True)
    return "\n".join(lines)


def write(path, text):
    with open(os.path.join(harness.ROOT, path), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    problems = []
    if os.geteuid() != 0:
        problems.append("blocks and figures that need root are left alone")
    chosen = sys.argv[1:]
    for path in chosen or playing.pages():
        if path.endswith(".md"):
            text = figures.read(path)
            with playing.Player(path, text) as player:
                new = new_page(player, text, problems.append)
            if new != text:
                write(path, new)
    for path in chosen or figures.names():
        if path.endswith(".dot") and os.geteuid() == 0:
            new = figures.retaken(path)
            if new != figures.read(path):
                write(path, new)
                print(path + ": taken anew", flush=True)
    print("\n".join(problems), file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
