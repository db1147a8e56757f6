"""Our aufs under many calls at once, for long (tests/fs/stress.py).

    STRESS_SECONDS=600 python3 -B tests/run.py -k '*test_aufs_stress*' e2e
"""

import os
import subprocess
import time

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

    def test_a_volume_stays(self):
        done = self.run_program("volume.py", timeout=120)
        print("         " + done.out.strip())

    def test_memory_comes_and_goes(self):
        done = self.run_program("memory.py", timeout=120)
        print("         " + done.out.strip())

    def test_under_the_sanitizers(self):
        self.play(AUFS=self.build_sanitized())

    def test_what_is_open_when_it_ends(self):
        """Nobody says any more that it is closed; it is freed all the same."""
        place = self.scratch()
        mount = place + "/mnt"
        os.mkdir(place + "/up")
        os.mkdir(mount)
        daemon = subprocess.Popen(
            [self.build_sanitized(), "-f", "-o", "dirs=%s/up" % place, "none",
             mount], stderr=subprocess.PIPE, text=True)
        self.addCleanup(daemon.stderr.close)
        self.addCleanup(daemon.kill)
        while not os.path.ismount(mount):
            self.assertIsNone(daemon.poll())
            time.sleep(0.01)
        held = [os.open(mount, os.O_RDONLY),
                os.open(mount + "/file", os.O_CREAT)]
        subprocess.run(["umount", "-f", mount], check=False,
                       stderr=subprocess.DEVNULL)
        said = daemon.communicate(timeout=60)[1]
        for descriptor in held:
            os.close(descriptor)
        self.succeed(["umount", mount])
        self.assertEqual((daemon.returncode, said), (0, ""))
