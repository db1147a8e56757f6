"""What chapter 1's parser reads from the mount table, against findmnt(8)."""

import json

import harness

DEMO = harness.program("ch01-namespaces")
OURS = [DEMO, "mountinfo", "--json"]
THEIRS = ["findmnt", "--kernel", "--list", "--json", "--nocanonicalize",
          "--nofsroot", "--output", "ID,PARENT,MAJ:MIN,FSROOT,TARGET,"
          "VFS-OPTIONS,PROPAGATION,FSTYPE,SOURCE,FS-OPTIONS"]
TRIES = 20              # the table of the host may change between two looks

# A hostile name, an empty source, a lone hyphen as name and as source, a mount
# on a mount, and all kinds of propagation.  PART comes up in field 4.
SCENE = r"""
set -e
mount -t tmpfs "my # source" . && cd "$PWD"
mkdir "$1" - "$2" slave both private unbindable
mount --make-shared .
mount -t tmpfs -o size=1m "" "$1"
mount -t tmpfs - -
mount --bind "$2" -
for place in slave both private unbindable
do mount --bind "$2" $place
done
mount --make-slave slave
mount --make-slave both
mount --make-shared both
mount --make-private private
mount --make-unbindable unbindable
"$3" mountinfo --json
shift 3
echo "$0"
"$@"
"""
BETWEEN = "and now theirs"
NAME = "a \"b\"\t<&\\\n\033#\\040\u00e9-"
PART = "a part"


def propagation(optional):
    """As findmnt puts field 7."""
    words = {field.split(":")[0] for field in optional.split()}
    return ",".join(["shared" if "shared" in words else "private"] +
                    ["slave"] * ("master" in words) +
                    ["unbindable"] * ("unbindable" in words))


def from_ours(mounts):
    return {m["id"]: (m["parent"], "%d:%d" % (m["major"], m["minor"]),
                      m["root"], m["target"], m["options"],
                      propagation(m["optional"]), m["type"], m["source"],
                      m["super"])
            for m in mounts}


def from_theirs(found):
    return {m["id"]: (m["parent"], m["maj:min"].strip(), m["fsroot"],
                      m["target"], m["vfs-options"], m["propagation"],
                      m["fstype"], m["source"] or "", m["fs-options"])
            for m in found["filesystems"]}


class Mountinfo(harness.KernelTest):
    def setUp(self):
        super().setUp()
        self.need("findmnt", "unshare")

    def test_the_hosts_table(self):
        for _ in range(TRIES):
            ours, theirs = (json.loads(self.succeed(command).out)
                            for command in (OURS, THEIRS))
            if from_ours(ours) == from_theirs(theirs):
                break
        self.assertEqual(from_ours(ours), from_theirs(theirs))
        self.assertGreater(len(ours), 3)

    def test_a_hostile_table(self):
        place = self.scratch()
        done = self.succeed(["unshare", "--mount", "sh", "-c", SCENE, BETWEEN,
                             NAME, PART, DEMO, *THEIRS], cwd=place)
        ours, theirs = map(json.loads, done.out.split(BETWEEN))
        self.assertEqual(from_ours(ours), from_theirs(theirs))
        there = [m for m in ours if m["target"].startswith(place)]
        targets = [m["target"] for m in there]
        self.assertIn(place + "/" + NAME, targets)
        self.assertEqual(targets.count(place + "/-"), 2)
        self.assertIn("/" + PART, {m["root"] for m in there})
        self.assertEqual({m["source"] for m in there}, {"", "-", "my # source"})
        self.assertEqual(
            {propagation(m["optional"]) for m in there},
            {"shared", "shared,slave", "private,slave", "private",
             "private,unbindable"})
