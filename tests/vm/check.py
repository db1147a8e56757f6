#!/usr/bin/env python3
"""Runs in the guest (make check-vm): every experiment of every chapter, as
root and as an ordinary user, and the tests of `./demo run` that are about
control groups and namespaces.  It closes as run.py does.
"""

import os
import re
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)

import run                                                      # noqa: E402
import harness                                                  # noqa: E402

SECONDS = 300           # for one experiment: the guest is slow
USERS = {0: "", harness.USER: ", as a user"}
SKIPPED = re.compile(r"\[skipped\] *(.*)")
RUN_TESTS = ("test_run.Isolation.", "test_run.Options.test_pids_limit")


def play(tally, chapter, experiment, user):
    name = "%s %s%s" % (chapter, experiment, USERS[user])
    done = harness.run([harness.program(chapter), experiment], SECONDS,
                       user=user)
    skipped = SKIPPED.search(done.out)
    if done.status:
        tally.failed(name, str(done))
    elif skipped:
        tally.skipped(name, skipped.group(1))
    else:
        tally.ok(name)


def main():
    tally = run.Tally(verbose=True)
    for chapter in harness.CHAPTERS:
        listed = harness.run([harness.program(chapter), "list"]).out
        if not listed:
            tally.failed(chapter, "it is not built")
        for line in listed.splitlines():
            for user in USERS:
                play(tally, chapter, line.split()[0], user)
    for pattern in RUN_TESTS:
        run.run_unittests(tally, "e2e", pattern)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
