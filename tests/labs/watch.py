#!/usr/bin/env python3
"""Grades a lab again whenever one of its files is saved (`make watch`).

    watch.py [--lab DIR] [--hidden DIR] CH

Shows what the compiler says or, when it compiles, the first check that fails.
Ctrl-C ends it.
"""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]

import grade                                                    # noqa: E402
import lab                                                      # noqa: E402

POLL = 0.3              # seconds between two looks


def saved(submission):
    """Changes whenever a source does."""
    places = [submission.directory, os.path.join(grade.ROOT,
                                                 submission.labs.chapter)]
    places += [place for place, _ in submission.sets]
    return sorted((entry.path, entry.stat().st_mtime_ns, entry.stat().st_size)
                  for place in places for entry in os.scandir(place)
                  if entry.name.endswith((".c", ".h", ".py")))


def show(report):
    wrong = next((row for row in report["checks"] if not row["passed"]), None)
    if report["compiler"]:
        print(report["compiler"].rstrip())
    if report["built"] and wrong:
        print(grade.why(wrong))
    print("%s  Score: %d/%d" % (time.strftime("%H:%M:%S"), report["score"],
                                report["max"]), flush=True)


def watch(submission):
    before = None
    while True:
        now = saved(submission)
        if now != before:
            before = now
            show(submission.grade(lambda line: None))
            print("(waiting for you to save; Ctrl-C ends this)\n", flush=True)
        time.sleep(POLL)


def main():
    args = grade.arguments(__doc__.split("\n")[0]).parse_args()
    try:
        watch(grade.prepare(args))
    except (lab.Fault, OSError) as fault:
        print("watch: %s" % fault, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print()
        return 0


if __name__ == "__main__":
    sys.exit(main())
