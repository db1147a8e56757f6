"""An ordinary user for the runtime's tests: with a name, a home, a directory
for what runs, and ids that are lent, all of it in files of a test's own.

    AS_USER=1 ...           every command of chapter 6 is somebody's
    AS_USER=one ...         and no ids are lent to him

The accounts of the host are not touched: /etc/passwd, /etc/subuid and
/etc/subgid are other files in a mount namespace of each command's own.
"""

import atexit
import os
import shutil
import tempfile

FIRST, LENT = 700000, 65536     # of those that are lent
# Is a part of the control groups handed down to him?
HAS_CGROUP = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
SESSION = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "vm", "as-user.sh") if HAS_CGROUP else ""
# What is said where a limit would be kept by nobody, or a pause; and of another
# user than root where there is no other id.  Each with the cure.
REFUSALS = {
    "it takes a control group": r"\Amydocker .*: it takes a control group, "
    r"and .*(run it with sudo|or use sudo)",
    "there is no such id here": r"give \S+ to \d+:\d+ \(there is no such id "
    r"here: /etc/subuid and /etc/subgid lend them\)",
    "in a user namespace what is mounted below it must come along":
    r"in a user namespace what is mounted below it must come along: use a "
    r"recursive bind\)",
    "there is no user but root here": r": there is no user but "
    r"root here, for .*\(a line \"somebody:100000:65536\" would\)",
}
BIND = """
for name in passwd subuid subgid; do
        mount --bind "$1/etc/$name" "/etc/$name" || exit
done
user=$2 session=$3
shift 3
test -z "$session" || exec sh "$session" $user "$@"
exec setpriv --reuid=$user --regid=$user --clear-groups "$@"
"""


class Somebody:
    """`uid`, with ids that are lent or without."""

    def __init__(self, uid, name="somebody", first=FIRST, count=LENT):
        self.uid, self.name = uid, name
        self.first, self.count = first, count
        self.place = tempfile.mkdtemp(
            prefix="mydocker-user-%d-" % os.getpid(), dir="/var/tmp")
        os.chmod(self.place, 0o755)
        for directory in ("etc", "home", "run"):
            os.mkdir(os.path.join(self.place, directory))
        self.home, self.run = (os.path.join(self.place, directory)
                               for directory in ("home", "run"))
        for path in (self.home, self.run):
            os.chown(path, uid, uid)
            os.chmod(path, 0o700)
        self.write("passwd", "root:x:0:0::/root:/bin/sh\n%s:x:%d:%d::%s:"
                   "/bin/sh\n" % (name, uid, uid, self.home))
        self.lend("%s:%d:%d\n" % (name, first, count) if count else "")

    def write(self, name, content):
        with open(os.path.join(self.place, "etc", name), "w",
                  encoding="utf-8") as file:
            file.write(content)

    def lend(self, line):
        for name in ("subuid", "subgid"):
            self.write(name, line)

    def command(self, argv):
        """The same, as this user."""
        return ["unshare", "--mount", "--propagation", "slave", "sh", "-c", BIND, "sh", self.place,
                str(self.uid), SESSION, *argv]

    def environment(self):
        return {"HOME": self.home, "XDG_RUNTIME_DIR": self.run}

    def outside(self, number):
        """What root, or another id of a container's, is on the host."""
        return self.first + number - 1 if number else self.uid

    def remove(self):
        shutil.rmtree(self.place)


def wanted(uid):
    """Whom AS_USER asks for; None: nobody."""
    mode = os.environ.get("AS_USER")
    if not mode:
        return None
    somebody = Somebody(uid, count=0 if mode == "one" else LENT)
    atexit.register(somebody.remove)
    return somebody
