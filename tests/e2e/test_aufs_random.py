"""Random operations on our aufs and on a plain directory leave the same
(tests/fs/differ.py).

    RANDOM_OPERATIONS=100000 python3 -B tests/run.py -k '*test_aufs_random*' e2e
"""

import aufs_runs

OPERATIONS = aufs_runs.number("RANDOM_OPERATIONS", 4000)
A_RUN = 500


class Random(aufs_runs.Runs):
    def play(self, *arguments, **env):
        return self.run_program("differ.py", "--operations", A_RUN,
                                *arguments, timeout=120 + OPERATIONS // 20,
                                **env)

    def test_any_seed(self):
        done = self.play("--runs", max(4, OPERATIONS // A_RUN))
        print("         " + done.out.strip().split("\n")[-1])

    def test_under_the_sanitizers(self):
        self.play("--runs", 4, AUFS=self.build_sanitized())
