"""What the tests of the labs share: a lab directory, and its grading."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import lab

ROOT = lab.ROOT
USER = 61234
CHAPTERS = [name[:4] for name in lab.with_labs()]


def run(argv, timeout=300, user=0, **more):
    """As a terminal would show it: (exit status, output)."""
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith("MAKE") and key != "MFLAGS"}
    environment.update(more.pop("env", {}))
    if user and os.geteuid() == 0:
        more.update(user=user, group=user, extra_groups=[])
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, env=environment,
                          cwd=more.pop("cwd", ROOT), **more)
    return done.returncode, done.stdout.decode(errors="replace")


def script(name):
    return [sys.executable, "-B", os.path.join(ROOT, "tests", "labs",
                                               name + ".py")]


def grade(directory, *more, **options):
    """(exit status, the JSON report)"""
    status, output = run(script("grade") + ["--json", "--lab", directory,
                                            *more], **options)
    try:
        return status, json.loads(output)
    except ValueError:
        raise AssertionError("no JSON (exit status %d):\n%s" %
                             (status, output)) from None


def wrong_solutions(chapter):
    """(file, region, checks that catch it, body) of each."""
    for path in sorted(glob.glob(os.path.join(lab.HERE, chapter, "wrong",
                                              "*.c"))):
        body = lab.read(path)
        match = re.match(r"/\* lab (\w+): caught by ([\w -]+): ", body)
        if not match:
            raise AssertionError("%s:1: says not what it is" % path)
        region, names = match.groups()
        yield (os.path.basename(path), region,
               {"%s/%s" % (region, name) for name in names.split()}, body)


def files_of(labs, bodies):
    """{name: text} of the reference, but for these regions."""
    return {os.path.basename(path): labs.solution(path, bodies)
            for path in labs.files}


class LabTest(unittest.TestCase):
    longMessage = False

    def place(self, user=0):
        """A new directory that goes with the test, `user`'s where we may."""
        path = tempfile.mkdtemp(prefix="labs-test-")
        self.addCleanup(shutil.rmtree, path)
        os.chmod(path, 0o755)
        if user and os.geteuid() == 0:
            os.chown(path, user, user)
        return path

    def fill(self, directory, contents):
        """Write files, as their owner would have."""
        owner = os.stat(directory)
        for name, text in contents.items():
            path = os.path.join(directory, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chown(path, owner.st_uid, owner.st_gid)
        return directory

    def starter(self, labs, user=0):
        return self.fill(self.place(user), {
            os.path.basename(path): labs.starter(path) for path in labs.files})

    def solution(self, labs, bodies=None, user=0):
        return self.fill(self.place(user), files_of(labs, bodies or {}))
