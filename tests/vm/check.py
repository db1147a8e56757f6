#!/usr/bin/env python3
"""Runs in the guest (make check-vm): every experiment of every chapter, as
root and as an ordinary user, and those tests for which it matters of which
version the control groups are, who hands them out (systemd, or nobody), how old
the kernel is (criu), or that the clock is nobody else's.  It closes as run.py
does.
"""

import os
import re
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)

import run                                                      # noqa: E402
import harness                                                  # noqa: E402

SECONDS = 300           # for one experiment: the guest is slow
AS_USER = ["sh", os.path.join(TESTS, "vm", "as-user.sh"), str(harness.USER)]
PLAYED_BY = {"": [], ", as a user": AS_USER}
SKIPPED = re.compile(r"\[skipped\] *(.*)")
RUN_TESTS = ("test_run.Isolation.", "test_run.Options.test_pids_limit",
             "test_shown.Others.test_stats", "test_shown.Others.test_top",
             "test_shown.Ps.test_paused", "test_verbs.Update.",
             "test_oci_verbs.Exec.", "test_oci_verbs.Limits.",
             "test_oci_steps.Steps.", "test_oci_rootless.",
             "test_oci_checkpoint.Real.", "test_systemd.", "test_clock.")


def play(tally, name, argv):
    done = harness.run(argv, SECONDS)
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
        demo = harness.program(chapter)
        listed = harness.run([demo, "list"]).out
        if not listed:
            tally.failed(chapter, "it is not built")
        for line in listed.splitlines():
            experiment = line.split()[0]
            for who, prefix in PLAYED_BY.items():
                play(tally, "%s %s%s" % (chapter, experiment, who),
                     prefix + [demo, experiment])
    for pattern in RUN_TESTS:
        run.run_unittests(tally, "e2e", pattern)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
