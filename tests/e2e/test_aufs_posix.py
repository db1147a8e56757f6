"""Our aufs does what a plain directory does, call by call (tests/fs/posix_suite.py).

    POSIX_SHARE=1 python3 -B tests/run.py -k '*test_aufs_posix*' e2e

plays all cases; without it, one in twelve.
"""

import aufs_runs

SHARE = aufs_runs.number("POSIX_SHARE", 12)
SECONDS = 120 + 900 // SHARE


class Posix(aufs_runs.Runs):
    def play(self, place, **env):
        return self.run_program("posix_suite.py", "--share", SHARE, place,
                                timeout=SECONDS, **env)

    def test_by_the_kernels_help(self):
        self.play("aufs")

    def test_by_the_daemon_alone(self):
        self.play("aufs-slow")

    def test_three_branches(self):
        self.play("aufs-deep")

    def test_under_the_sanitizers(self):
        self.play("aufs", AUFS=self.build_sanitized())
