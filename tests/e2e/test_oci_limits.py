"""The limits of a container's processes, when its user is another than who
starts it: each is set while that is still allowed, and holds only at the end.
"""

import copy
import json
import os
import shutil
import unittest

import harness
from test_oci_attacks import AttackTest
from test_oci_verbs import OCI

LIMITS = {
    # So few descriptors that the runtime itself could not do with them.
    "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 5, "hard": 6},
                {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}],
    "oomScoreAdj": 321,
    "scheduler": {"policy": "SCHED_BATCH", "nice": 5},
    "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 0},
}
LOOK = ("cat /proc/self/oom_score_adj; cat /proc/self/limits; "
        "cat /proc/self/sched; cat /proc/self/stat")


class Limits(AttackTest):
    def assert_limited(self, said):
        self.assertTrue(said.startswith("321\n"), said)
        self.assertRegex(said, r"\nMax open files +5 +6 ")
        self.assertRegex(said, r"\nMax core file size +0 +0 ")
        stat = said[said.rindex(")"):].split()
        # Fields 19 and 41 of proc(5)'s stat, counted from the third.
        self.assertEqual(stat[17], "5", said)
        self.assertEqual(stat[39], str(os.SCHED_BATCH), said)

    def test_of_another_user(self):
        for number in (0, 1000):
            user = {"uid": number, "gid": number}
            self.make_bundle("sh", "-c", LOOK, user=user, **LIMITS)
            self.assert_limited(self.run_bundle().out)

    def test_of_exec(self):
        self.make_bundle("sleep", "100")
        container = self.started()
        path = os.path.join(self.place, "process.json")
        for number in (0, 1000):
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"args": ["sh", "-c", LOOK], "cwd": "/",
                           "env": ["PATH=/bin"],
                           "user": {"uid": number, "gid": number}, **LIMITS},
                          file)
            self.assert_limited(self.oci("exec", "--process", path,
                                         container).out)

    def rootless(self, edit):
        place = self.scratch(harness.USER)
        shutil.copytree(self.rootfs, os.path.join(place, "rootfs"),
                        symlinks=True)
        for top, _, names in os.walk(place):
            for name in ["."] + names:
                os.lchown(os.path.join(top, name), harness.USER, harness.USER)
        self.succeed([OCI, "spec", "--rootless", "--bundle", place],
                     user=harness.USER)
        path = os.path.join(place, "config.json")
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        config["process"].update(terminal=False, args=["sh", "-c", LOOK],
                                 **copy.deepcopy(LIMITS))
        edit(config["process"])
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        return self.run_command(
            [OCI, "--root", os.path.join(place, "state"), "run", "--bundle",
             place, self.new_id()], user=harness.USER)

    def test_of_an_ordinary_user_in_a_user_namespace(self):
        self.make_bundle("true")
        done = self.rootless(lambda process: None)
        if "user namespace" in done.err:
            self.skipTest(done.err)
        self.assertEqual(done.status, 0, str(done))
        self.assert_limited(done.out)

        def more(process):
            process["rlimits"][0]["hard"] = 1 << 40
        def less(process):
            process["oomScoreAdj"] = -5
        def groups(process):
            process["user"]["additionalGids"] = [5]
        for edit, words in ((more, "raising it takes CAP_SYS_RESOURCE"),
                            (less, "lowering it takes CAP_SYS_RESOURCE"),
                            (groups, "additional groups")):
            done = self.rootless(edit)
            self.assertNotEqual(done.status, 0, str(done))
            self.assertIn(words, done.err)


if __name__ == "__main__":
    unittest.main()
