"""The checks of chapter 4's labs.  See checking.py.

The drivers build small roots in a user namespace.  Of paths the kernel is the
oracle: the reader's walk is compared with openat2(2).
"""

import errno
import os
import random

from checking import check, descriptors, failed, mounts, require, succeeded


# ---- refuse_link -----------------------------------------------------------

def ask(run, kind):
    return run.start("refuse_link", run.directory(), kind).reach("asked")


@check("refuse_link/directories", 2,
       "a directory, and ENOENT in failure.code, are 0.")
def directories(run):
    "a directory is accepted, and nothing at all"
    for kind in ("directory", "nothing"):
        at = ask(run, kind)
        require(at.mounted, "%s at /proc: refused, %s", kind, at.text)


@check("refuse_link/links", 2,
       "without O_NOFOLLOW you look at what the link leads to; with it, "
       "fstat() tells a link from a directory.")
def links(run):
    "a link is refused, also one to a directory, also one that leads nowhere"
    require(ask(run, "directory").mounted, "a directory is refused")
    for kind in ("link", "dangling"):
        at = ask(run, kind)
        require(not at.mounted, "a %s is accepted", kind)
        require(not at.elsewhere, "what the link leads to was made")


@check("refuse_link/others", 1,
       "nothing but S_ISDIR will do; and of failures only ENOENT is none.")
def others(run):
    "a file is refused, and what cannot be opened"
    require(ask(run, "directory").mounted, "a directory is refused")
    at = ask(run, "file")
    require(not at.mounted and at.code != errno.ENOTDIR,
            "a file is accepted, and only the mount fails")
    at = ask(run, "below")
    require(at.code == errno.ENOTDIR and ": open " in at.text,
            "a path through a file is passed over: %s", at.text)


# ---- make_readonly ---------------------------------------------------------

def made(run, path):
    at = run.start("make_readonly", run.directory(), path).reach("made")
    succeeded(at)
    return at


@check("make_readonly/all", 2,
       "MS_RDONLY is for the mount; MS_REC takes those below along.")
def read_only(run):
    "a directory with what is mounted below it; a file"
    at = made(run, "/dir")
    require(not at.dir and not at.plain, "the directory can still be written")
    require(at.mark, "what was mounted below it cannot be seen any more")
    require(not at.sub, "what is mounted below it can still be written")
    at = made(run, "/file")
    require(not at.file, "the file can still be written")
    require(at.dir and at.sub, "a directory that was not asked for is "
            "read-only, too")


@check("make_readonly/nothing-else", 1,
       "bind it onto itself, and make that mount read-only: not the one that "
       "it is on.")
def nothing_else(run):
    "the root around it stays writable"
    at = made(run, "/dir")
    require(not at.dir, "the directory can still be written")
    require(at.root and at.beside and at.file,
            "what is beside it can no longer be written")


@check("make_readonly/links", 1,
       "safepath_open() follows links, and inside the root; open() of a path "
       "you put together does not stay there.")
def through_links(run):
    "links lead to directories of the root, never outside"
    for path in ("/link", "/up"):
        at = made(run, path)
        require(at.outside, "%s led to the host's directory", path)
        require(not at.dir, "%s: the directory in the root can still be "
                "written", path)


@check("make_readonly/missing", 1,
       "failure.code after safepath_open(): ENOENT is no failure here, every "
       "other errno is.")
def missing(run):
    "what is not there is passed over; what fails otherwise is not"
    at = made(run, "/dir")
    require(not at.dir, "the directory can still be written")
    made(run, "/none/at/all")
    at = run.start("make_readonly", run.directory(),
                   "/file/below").reach("made")
    failed(at, errno.ENOTDIR, "for a path through a file")


# ---- rootfs_pivot ----------------------------------------------------------

def pivoted(run, mode):
    at = run.start("rootfs_pivot", run.directory(), mode).reach("pivoted")
    succeeded(at)
    return at


@check("rootfs_pivot/inside", 3,
       "fchdir(root), sys_pivot_root(\".\", \".\"), and at the end chdir(\"/\").")
def inside(run):
    "/ and the working directory are the new root"
    at = pivoted(run, "plain")
    require(at.root, "/ is not the new root")
    require(at.above, "\"..\" of / leads somewhere else")
    require(at.cwd, "the working directory is not the new root")


@check("rootfs_pivot/old-gone", 3,
       "the old root lies on top of the new one: fchdir() to your descriptor "
       "of it, sys_umount2(\".\", MNT_DETACH).")
def old_gone(run):
    "of the old root nothing is left in the mount table"
    at = pivoted(run, "plain")
    require(at.root, "/ is not the new root")
    require(at.namespace, "the mount namespace still begins at the old root: "
            "this is a chroot")
    left = [where for where, _ in mounts(at.child)
            if where != "/" and not where.startswith("/proc")]
    require(not left, "still mounted: %s", " ".join(left[:4]))
    tops = [where for where, _ in mounts(at.child) if where == "/"]
    require(len(tops) == 1, "on / there are %d mounts: the old root is still "
            "one of them", len(tops))


@check("rootfs_pivot/host", 3,
       "a shared mount of the old tree would be unmounted for all its peers: "
       "sys_mount(NULL, \".\", NULL, MS_REC | MS_SLAVE, NULL) before.")
def host(run):
    "what the host has mounted stays mounted there"
    at = pivoted(run, "shared")
    require(at.root, "/ is not the new root")
    require(at.shared, "a mount that was shared with the host is gone there")


@check("rootfs_pivot/no-directory", 1,
       "pivot_root(\".\", \".\") needs no directory for the old root.")
def no_directory(run):
    "a read-only root can be entered, and gets no new directory"
    at = pivoted(run, "readonly")
    require(at.root, "/ is not the new root")
    names = sorted(os.listdir("/proc/%d/root" % at.child))
    require(names == ["inside", "proc"], "in / there is now %s",
            " ".join(names))


@check("rootfs_pivot/refused", 2,
       "struct failure reason = failure; then fchdir() back, and put it back.")
def refused(run):
    "refused, it says why, and the process is where it was"
    require(pivoted(run, "plain").root, "/ is not the new root")
    at = run.start("rootfs_pivot", run.directory(),
                   "refused").reach("refused")
    failed(at, errno.EINVAL, "for what is no mount point")
    require("not a mount point" in at.text, "the reason is not given: %s",
            at.text)
    require(at.root and at.cwd, "the working directory is another one now")


@check("rootfs_pivot/closed", 1,
       "auto_close for every descriptor: one of the old root is a way out.")
def closed(run):
    "no descriptor of the old root is left open"
    at = pivoted(run, "plain")
    require(at.root, "/ is not the new root")
    left = [path for fd, path in descriptors(at.child).items()
            if fd > 2 and not path.startswith(("pipe:", "socket:"))]
    # The driver's own descriptor of the new root is one.
    require(len(left) == 1, "open are %s", " ".join(left))


# ---- paths: step_dots and follow -------------------------------------------

class Tree:
    """A root with directories, files and links: {"a/b": None, "l": "a/b"}; a
    name that ends with a slash is a directory."""

    def __init__(self, run, *rows):
        self.run, self.path = run, run.directory()
        for row in rows:
            name, _, target = row.partition(" -> ")
            path = os.path.join(self.path, name)
            os.makedirs(os.path.dirname(path.rstrip("/")), exist_ok=True)
            if target:
                os.symlink(target, path)
            elif name.endswith("/"):
                os.makedirs(path, exist_ok=True)
            else:
                open(path, "w", encoding="utf-8").close()
        for top, directories, files in os.walk(self.path):
            for name in [".", *directories, *files]:
                os.lchown(os.path.join(top, name), run.uid, run.gid)

    def agree(self, *paths, flags="-"):
        """The walk finds what openat2 finds, and fails as it fails."""
        driver = self.run.start("walk", self.path, flags, *paths)
        for path in paths:
            at = driver.reach("walked")
            require(at.kernel != errno.ENOSYS, "this kernel has no openat2")
            require((at.code, at.found) == (at.kernel, at.inode),
                    "%s: the kernel says %s, you %s", path,
                    said(at.kernel), said(at.code, at.found == at.inode))
        at = driver.reach("over")
        require(at.after == at.before, "%d descriptors are left open",
                at.after - at.before)


def said(code, same=True):
    if code:
        return errno.errorcode.get(code, str(code))
    return "found" if same else "found another file"


@check("step_dots/up", 2,
       "pop() for \"..\", which has two dots; at the root it does nothing.")
def up(run):
    "up to where we came from, at the root no further"
    a, b, c = (run.word() for _ in range(3))
    tree = Tree(run, "%s/%s/%s" % (a, b, c), c)
    tree.agree("%s/%s/../%s/%s" % (a, b, b, c), "%s/../%s" % (a, c),
               "../../../%s" % c, "%s/../../../../%s" % (a, c), "..", "/..",
               "%s/%s/.." % (a, b))


@check("step_dots/stay", 1, "\".\" is one dot: nothing is to be popped.")
def stay(run):
    "a dot is a step on the spot"
    a, b = run.word(), run.word()
    tree = Tree(run, "%s/%s" % (a, b))
    tree.agree("./%s" % a, "%s/./%s" % (a, b), "%s/././." % a, ".", "/./.")


@check("step_dots/search", 1,
       "open \".\" of here(walk) with O_PATH | O_DIRECTORY, to see whether "
       "one may.")
def search(run):
    "neither is possible in a directory that may not be searched"
    a, b = run.word(), run.word()
    tree = Tree(run, a + "/", b)
    tree.agree(a + "/./../" + b)
    os.chmod(os.path.join(tree.path, a), 0o600)
    tree.agree(a + "/.", a + "/..", a + "/../" + b)


@check("follow/relative", 2,
       "the text of the link, a slash if there was one, the rest: in this "
       "order, by text().")
def relative(run):
    "a link goes on from the directory it is in, with what came after it"
    a, b, c, d = (run.word() for _ in range(4))
    tree = Tree(run, "%s/%s/%s" % (a, b, c), "%s/%s -> %s" % (a, d, b),
                "%s -> %s/%s" % (d, a, d), "%s -> %s" % (c, a))
    tree.agree(d, "%s/%s" % (d, c), "%s/%s/%s" % (a, d, c),
               "%s/%s/%s" % (c, d, c), "%s/%s/none" % (a, d))


@check("follow/absolute", 2,
       "*target == '/': pop() until walk->depth is 0.")
def absolute(run):
    "an absolute link begins at the root, not where the walk is"
    a, b, c = (run.word() for _ in range(3))
    tree = Tree(run, "%s/%s/%s" % (a, b, c), c, "%s/l -> /%s" % (a, c),
                "%s/m -> /" % a, "%s/%s/n -> /%s/m/%s" % (a, b, a, c))
    tree.agree("%s/l" % a, "%s/m" % a, "%s/m/%s" % (a, a),
               "%s/%s/n" % (a, b), "%s/m/%s/%s/%s" % (a, a, b, c))


@check("follow/slash", 1,
       "walk->has_slash: put \"/\" between the two.")
def slash(run):
    "a slash after a link asks for a directory"
    a, b = run.word(), run.word()
    tree = Tree(run, a + "/", b, "d -> " + a, "f -> " + b, "g -> none")
    tree.agree("d", "d/", "f", "f/", "g/", "d//", "f//")
    tree.agree("d", "d/", "f", "f/", flags="n")


@check("follow/depth", 2,
       "what the link was found with stays walk->rest until it is copied; "
       "then free it.")
def depth(run):
    "links that lead to links, forty and no more; a random tree"
    rows = ["l0 -> a", "a/"] + ["l%d -> l%d" % (i, i - 1)
                                for i in range(1, 45)]
    tree = Tree(run, *rows)
    tree.agree("l5", "l38/", "l39", "l40", "l44")
    names = [run.word()[-6:] for _ in range(6)]
    first = names[:3]
    rows = ["%s/%s/%s/" % (a, b, c) for a in first for b in first
            for c in first]
    links = ["%s/%s" % (a, name) for a in first for name in names[3:]]
    rows += ["%s -> %s%s" % (link, ("", "/")[i % 2], random.choice(first))
             for i, link in enumerate(links)]
    tree = Tree(run, *rows)
    tree.agree(*links, *(link + "/" + first[0] for link in links),
               *("/".join(random.choice(names)
                          for _ in range(random.randrange(1, 6)))
                 for _ in range(60)))


@check("follow/too-long", 1,
       "strlen(rest) >= PATH_BYTES_MAX: fail_with(ENAMETOOLONG).")
def too_long(run):
    "a path that grows by a link beyond 4095 bytes is refused"
    part = 245 * "x" + "/"
    tree = Tree(run, 14 * part, "l -> " + 14 * part)
    tree.agree("l/", "l")
    at = run.start("walk", tree.path, "-", "l/" + 3 * part).reach("walked")
    require(at.code == errno.ENAMETOOLONG, "17 components of 246 bytes are "
            "walked: %s", said(at.code))
