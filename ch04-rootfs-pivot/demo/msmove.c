/*
 * msmove.c - MS_MOVE and chroot in place of pivot_root, the experiment
 * `msmove`.
 *
 * The kernel's first root file system, in which an initramfs is unpacked, is
 * mounted on nothing: it cannot be put elsewhere, and pivot_root says EINVAL.
 * There the new root is moved on top of it, and entered by chroot.  What that
 * leaves below, and who can still get at it.
 */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "ns.h"
#include "root.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

#define SECRET "of the old root"

/* ---- a root that cannot be put elsewhere ------------------------------- */

static int
expect_no_pivot(int root)
{
	int done = rootfs_pivot(root);
	tour_show("pivot_root", "%s",
		  done < 0 ? strerror(failure.code) : "done");
	tour_expect(done < 0 && failure.code == EINVAL,
		    "refused: the present root is no mount that could be put "
		    "elsewhere");
	return done < 0 ? 0 : failx("pivot_root should have been refused");
}

static int
move_and_look(int root)
{
	struct stat new;
	if (fstat(root, &new) < 0)
		return fail("look at the new root");
	tour_show("mounts before", "%d", look_count_mounts("/"));
	tour_say("mount(\".\", \"/\", MS_MOVE) and chroot(\".\"):");
	if (rootfs_move(root) < 0)
		return -1;
	auto_free char *names = look_names("/");
	tour_show("in /", "%s", names);
	tour_show("mounts now", "%d", look_count_mounts("/"));
	tour_expect(look_is("/", &new) && look_is("/..", &new),
		    "/ is the new root, and \"..\" leads nowhere else");
	tour_expect(look_is_missing("/secret"),
		    "no path leads to the old one");
	return 0;
}

/* chroot(2) from within leads nowhere: above the new root's mount is another
 * mount's top, and above that nothing. */
static int
try_above(void *data)
{
	(void)data;
	if (mkdir("/tmp/below", 0755) < 0 || sys_chroot("/tmp/below") < 0)
		return fail("make another chroot");
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return fail("go up");
	if (sys_chroot(".") < 0)
		return fail("make it the root");
	return look_holds("/secret", SECRET);
}

/* Taken off, the new root no longer covers the old one. */
static int
try_below(void *data)
{
	(void)data;
	auto_close int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (own < 0 || sys_umount2("/", MNT_DETACH) < 0)
		return 0;
	if (sys_setns(own, CLONE_NEWNS) < 0)
		return 0;
	/* The namespace's root: in an initramfs that is the old root. */
	return look_is_missing("/etc/motd") ||
	       !look_holds("/etc/motd", ROOT_MOTD);
}

static int
try_both(void)
{
	int above = stage_child(0, try_above, NULL);
	int below = stage_child(CLONE_NEWNS, try_below, NULL);
	if (above < 0 || below < 0)
		return -1;
	tour_show("chroot again, and \"..\"", "%s", above ? "out" : "inside");
	tour_show("umount /, then setns", "%s", below ? "out" : "inside");
	tour_expect(above == 0, "the old way out of a chroot leads nowhere");
	tour_expect(below == 1, "but who has CAP_SYS_ADMIN takes the new root "
				"off again: it must be dropped");
	return 0;
}

/* ---- played ------------------------------------------------------------ */

/* Whose "/" was entered by chroot cannot be put elsewhere either. */
static int
play(void *data)
{
	(void)data;
	if (ns_own_mounts() < 0)
		return -1;
	if (sys_chroot("first") < 0 || chdir("/") < 0)
		return fail("enter \"first\"");
	auto_close int root = root_bind_onto_itself("/new");
	if (root < 0 || expect_no_pivot(root) < 0)
		return -1;
	tour_step("So the new root is moved on top of the old one");
	if (move_and_look(root) < 0)
		return -1;
	tour_step("Is it as good?");
	if (try_both() < 0)
		return -1;
	return root_shell("Try: ls /; cat /proc/self/mountinfo; cd ..; pwd");
}

/* ---- and on the real one ----------------------------------------------- */

static int
clone_tree(const char *path)
{
	return trace(syscall(SYS_open_tree, AT_FDCWD, path,
			     OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC),
		     "open_tree(AT_FDCWD, \"%s\", OPEN_TREE_CLONE|"
		     "AT_RECURSIVE)", path);
}

/* What the kernel began with lies below everything, in every namespace.  Take
 * the rest off, in a namespace of our own, and begin there. */
static int
uncover_first_root(void)
{
	struct statfs fs;
	auto_close int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return fail("open our mount namespace");
	if (sys_umount2("/", MNT_DETACH) < 0)
		return 0;
	if (sys_setns(own, CLONE_NEWNS) < 0 || statfs("/", &fs) < 0)
		return fail("begin at the namespace's root");
	return fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC;
}

static int
attach_and_enter(int tree)
{
	if (trace(syscall(SYS_move_mount, tree, "", AT_FDCWD, "/",
			  MOVE_MOUNT_F_EMPTY_PATH),
		  "move_mount(%d, \"\", AT_FDCWD, \"/\")", tree) < 0)
		return fail("attach the new root");
	if (fchdir(tree) < 0)
		return fail("enter the new root");
	int done = sys_pivot_root(".", ".");
	tour_show("pivot_root there", "%s",
		  done < 0 ? strerror(errno) : "done");
	tour_expect(done < 0 && errno == EINVAL,
		    "refused on the kernel's own first root");
	if (sys_chroot(".") < 0 || chdir("/") < 0)
		return fail("enter the new root");
	return 0;
}

/* 1: it was not to be had. */
static int
play_on_first_root(void *data)
{
	(void)data;
	struct stat new;
	if (ns_own_mounts() < 0)
		return -1;
	auto_close int tree = clone_tree("first/new");
	if (tree < 0)
		return 1;
	int uncovered = uncover_first_root();
	if (uncovered <= 0)
		return uncovered < 0 ? -1 : 1;
	auto_free char *names = look_names("/");
	tour_show("in the first root", "%s", *names ? names : "(nothing)");
	if (fstat(tree, &new) < 0)
		return fail("look at the new root");
	if (attach_and_enter(tree) < 0)
		return -1;
	tour_expect(look_is("/", &new) && look_is("/..", &new) &&
			    look_holds("/etc/motd", ROOT_MOTD),
		    "moved on top of it and entered by chroot: / is the new "
		    "root");
	return 0;
}

/* ------------------------------------------------------------------------ */

static int
run(void)
{
	static const struct rootfs_mount procs[] = {
		{ .type = "proc",
		  .source = "/proc",
		  .target = "/proc",
		  .flags = MS_BIND | MS_REC },
		{ .type = "proc",
		  .source = "/proc",
		  .target = "/new/proc",
		  .flags = MS_BIND | MS_REC },
		{ .target = NULL },
	};
	int refused = stage_enter();
	if (refused)
		return refused;
	tour_step("A root that cannot be put elsewhere");
	tour_say("As in an initramfs; here it is a directory entered by "
		 "chroot, \"first\".");
	if (mkdir("first", 0755) < 0)
		return fail("make directory first");
	if (root_make("first/new") < 0 ||
	    look_put("first/secret", SECRET) < 0)
		return -1;
	auto_close int first = open("first", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (first < 0)
		return fail("open first");
	if (rootfs_mount_all(first, procs) < 0 ||
	    stage_child(0, play, NULL) < 0)
		return -1;
	tour_step("On the kernel's own first root");
	int done = stage_child(0, play_on_first_root, NULL);
	if (done == 1)
		tour_say("This takes real root, and a machine that has it "
			 "below \"/\".");
	return done < 0 ? -1 : 0;
}

const struct experiment demo_msmove = {
	.name = "msmove",
	.shows = "MS_MOVE and chroot, where pivot_root cannot work "
		 "(initramfs)",
	.run = run,
	.has_shell = true,
};
