"""Our aufs under many calls at once, for long (tests/fs/stress.py).

    STRESS_SECONDS=600 python3 -B tests/run.py -k '*test_aufs_stress*' e2e
"""

import aufs_runs

SECONDS = aufs_runs.number("STRESS_SECONDS", 6)


class Stress(aufs_runs.Runs):
    def play(self, *arguments, **env):
        done = self.run_program("stress.py", "--seconds", SECONDS, *arguments,
                                timeout=SECONDS + 180, **env)
        print("         " + done.out.strip().split("\n")[-1])

    def test_by_the_kernels_help(self):
        self.play()

    def test_by_the_daemon_alone(self):
        self.play("--options", "nopassthrough,nosplice")

    def test_branches_come_and_go(self):
        done = self.run_program("remounts.py", timeout=120,
                                AUFS=self.build_sanitized())
        print("         " + done.out.strip())

    def test_memory_comes_and_goes(self):
        done = self.run_program("memory.py", timeout=120)
        print("         " + done.out.strip())

    def test_under_the_sanitizers(self):
        self.play(AUFS=self.build_sanitized())
