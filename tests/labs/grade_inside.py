"""Process 1 of the container in which grade_all.py has a submission graded.

    grade_inside.py CH [--hidden DIR]       /submission, /repo; works in /work

Unpacks the submission, lets grade.py have it, and ends with it: whatever the
submission has left running ends then, too.  The report goes to the standard
output, the logs of what failed to the other.
"""

import glob
import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE]

import submission                                               # noqa: E402

LAB = "/work/lab"
LOG_LIMIT = 16 << 10


def tool(name, *words):
    return [sys.executable, "-B", os.path.join(HERE, name), "--lab", LAB,
            *words]


def take(chapter):
    """Fill LAB from what grade_all.py has put there: files, or an archive."""
    if os.path.isdir("/submission/files"):
        shutil.copytree("/submission/files", LAB)
    else:
        os.mkdir(LAB)
        submission.unpack("/submission/archive", chapter, LAB)
    # What was not handed in is as it was handed out.
    subprocess.run(tool("lab.py", chapter), check=True,
                   stdout=subprocess.DEVNULL)


def wait_for(process):
    """Its exit status.  Orphans are ours to bury meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == process.pid:
            status = os.waitstatus_to_exitcode(status)
            return 128 - status if status < 0 else status


def show_logs():
    """Unless the submission has removed them."""
    for path in sorted(glob.glob(LAB + "/logs/*.log")):
        with open(path, encoding="utf-8", errors="replace") as log:
            print("\n== %s\n%s" % (os.path.basename(path),
                                   log.read(LOG_LIMIT)), file=sys.stderr)


def main():
    chapter = sys.argv[1]
    try:
        take(chapter)
    except submission.Refused as why:
        print(json.dumps({"refused": str(why)}))
        return 2
    status = wait_for(subprocess.Popen(tool("grade.py", "--json",
                                            *sys.argv[1:])))
    show_logs()
    return status


if __name__ == "__main__":
    sys.exit(main())
