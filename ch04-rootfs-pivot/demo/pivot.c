/*
 * pivot.c - a new root directory, by pivot_root(2), the experiment `pivot`.
 *
 * A root is made from nothing, entered with the old one kept at /old, and the
 * old one let go.  Then the same in the form that needs no /old.  On the way
 * the two mistakes that everybody makes first, and what the kernel says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "mountinfo.h"
#include "root.h"
#include "rootfs.h"
#include "stage.h"
#include "sys.h"

/* ---- looking at "/" ---------------------------------------------------- */

struct view {
	dev_t device;
	ino_t inode;
	struct mount_table mounts;
};
#define auto_view __attribute__((cleanup(view_free)))

static void
view_free(struct view *view)
{
	mountinfo_free(&view->mounts);
}

static int
view_take(struct view *view)
{
	struct stat st;
	if (stat("/", &st) < 0)
		return fail("look at /");
	view->device = st.st_dev;
	view->inode = st.st_ino;
	return mountinfo_read(0, &view->mounts);
}

#define LINES_SHOWN 6

/* The mount of "/" first: the kernel lists in the order of mounting. */
static void
view_show(const struct view *view)
{
	const struct mountinfo *root = mountinfo_find(&view->mounts, "/");
	tour_show("/ is", "inode %llu of device %u:%u",
		  (unsigned long long)view->inode, major(view->device),
		  minor(view->device));
	tour_show("mounts", "%zu", view->mounts.count);
	if (root)
		tour_show("", "%d on / (%s)", root->id, root->type);
	size_t shown = 1;
	for (size_t i = 0; i < view->mounts.count; i++) {
		const struct mountinfo *mount = &view->mounts.mounts[i];
		if (mount != root && shown++ < LINES_SHOWN)
			tour_show("", "%d on %s (%s)", mount->id,
				  mount->target, mount->type);
	}
	if (shown > LINES_SHOWN)
		tour_show("", "and %zu more", shown - LINES_SHOWN);
}

static bool
has_mount(const struct view *view, int id)
{
	for (size_t i = 0; i < view->mounts.count; i++)
		if (view->mounts.mounts[i].id == id)
			return true;
	return false;
}

/* Mounts of the earlier view that can still be seen. */
static size_t
count_survivors(const struct view *before, const struct view *now)
{
	size_t count = 0;
	for (size_t i = 0; i < before->mounts.count; i++)
		count += has_mount(now, before->mounts.mounts[i].id);
	return count;
}

static void
show_names(const char *what, const char *path)
{
	auto_free char *names = look_names(path);
	tour_show(what, "%s", names);
}

/* ---- a root from nothing ----------------------------------------------- */

/* The root, a place for the old one, and the /proc we have: without it no
 * mount table could be read inside. */
static int
make_root(const char *path)
{
	static const struct rootfs_mount proc = {
		.type = "proc",
		.source = "/proc",
		.target = "/proc",
		.flags = MS_BIND | MS_REC,
	};
	if (root_make(path) < 0)
		return -1;
	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail("open %s", path);
	if (mkdirat(root, "old", 0755) < 0)
		return fail("make directory %s/old", path);
	return rootfs_mount(root, &proc);
}

/* ---- the two mistakes -------------------------------------------------- */

static int
expect_invalid(const char *path, const char *mistake)
{
	struct stat before, after;
	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || stat("/", &before) < 0)
		return fail("look at %s and /", path);
	int done = rootfs_pivot(root);
	bool refused = done < 0 && failure.code == EINVAL;
	tour_show("the kernel says", "%s",
		  done < 0 ? strerror(failure.code) : "nothing: it did it");
	look_show("and it means", done < 0 ? failure.text : "-");
	if (stat("/", &after) < 0)
		return fail("look at /");
	tour_expect(refused && before.st_ino == after.st_ino &&
			    before.st_dev == after.st_dev,
		    "EINVAL, and / is where it was: %s", mistake);
	return done < 0 ? 0 : failx("pivot_root should have been refused");
}

static int
make_mistakes(void)
{
	tour_step("The first mistake: a new root that is no mount point");
	if (expect_invalid("new", "\"new\" is a mere directory") < 0)
		return -1;
	tour_say("The cure: bind it onto itself.");
	auto_close int root = root_bind_onto_itself("new");
	if (root < 0)
		return -1;

	tour_step("The second: the mount it is on is shared, as under systemd");
	if (sys_mount(NULL, ".", NULL, MS_SHARED, NULL) < 0)
		return fail("make the scratch mount shared");
	if (expect_invalid("new", "the pivot would spread to other mount "
				  "namespaces") < 0)
		return -1;
	tour_say("The cure: make it private.");
	if (sys_mount(NULL, ".", NULL, MS_PRIVATE, NULL) < 0)
		return fail("make the scratch mount private");
	return 0;
}

/* ---- with put_old ------------------------------------------------------ */

static int
pivot_with_put_old(const struct view *before)
{
	struct stat new;
	auto_view struct view after = { 0 };
	tour_step("pivot_root(\"new\", \"new/old\")");
	if (stat("new", &new) < 0)
		return fail("look at new");
	if (sys_pivot_root("new", "new/old") < 0)
		return fail("pivot_root");
	if (chdir("/") < 0)
		return fail("enter the new root");
	if (view_take(&after) < 0)
		return -1;
	view_show(&after);
	show_names("in /", "/");
	show_names("in /old", "/old");
	tour_expect(after.inode == new.st_ino && after.device == new.st_dev,
		    "/ is now the directory that was \"new\"");
	struct stat old;
	tour_expect(stat("/old", &old) == 0 && old.st_ino == before->inode &&
			    old.st_dev == before->device,
		    "/old is the directory that was /");
	return 0;
}

/* No name leads back, and no mount of before is left to have one. */
static int
expect_unreachable(const struct view *before, const char *old_path)
{
	struct stat top, above;
	auto_view struct view now = { 0 };
	if (view_take(&now) < 0)
		return -1;
	view_show(&now);
	show_names("in /", "/");
	tour_expect(access(old_path, F_OK) < 0 && errno == ENOENT,
		    "%s, where we began, is no path any more", old_path);
	tour_expect(stat("/", &top) == 0 && stat("/../..", &above) == 0 &&
			    top.st_ino == above.st_ino &&
			    top.st_dev == above.st_dev,
		    "\"..\" of / is / itself");
	tour_expect(count_survivors(before, &now) == 0,
		    "of the %zu mounts of before none is left in the table",
		    before->mounts.count);
	return 0;
}

static int
let_go(const struct view *before, const char *old_path)
{
	tour_step("The old root is unmounted");
	tour_say("Lazily (MNT_DETACH): it has been in use since the machine "
		 "booted.  Only this");
	tour_say("mount namespace loses it; the host's own never knew of any "
		 "of this.");
	if (sys_umount2("/old", MNT_DETACH) < 0)
		return fail("unmount /old");
	if (rmdir("/old") < 0)
		return fail("remove the directory /old");
	return expect_unreachable(before, old_path);
}

/* ---- without ----------------------------------------------------------- */

static int
pivot_in_place(void)
{
	auto_view struct view before = { 0 };
	struct stat new, now;
	tour_step("The same without a directory for the old root");
	tour_say("pivot_root(\".\", \".\") puts the old root on top of the new "
		 "one; umount2(\".\") takes it off.");
	tour_say("Nothing has to be made in the image for it: this is what "
		 "the runtime does.");
	if (make_root("/again") < 0)
		return -1;
	auto_close int root = root_bind_onto_itself("/again");
	if (root < 0 || fstat(root, &new) < 0 || view_take(&before) < 0)
		return -1;
	/* The new root was among the mounts of before: only the others go. */
	size_t others = 0;
	if (rootfs_pivot(root) < 0)
		return -1;
	auto_view struct view after = { 0 };
	if (stat("/", &now) < 0 || view_take(&after) < 0)
		return -1;
	view_show(&after);
	show_names("in /", "/");
	for (size_t i = 0; i < before.mounts.count; i++)
		others += strncmp(before.mounts.mounts[i].target, "/again",
				  strlen("/again")) != 0 &&
			  has_mount(&after, before.mounts.mounts[i].id);
	tour_expect(now.st_ino == new.st_ino && now.st_dev == new.st_dev,
		    "/ is now the directory that was /again");
	tour_expect(others == 0, "no mount of the root before is left");
	return 0;
}

static int
run(void)
{
	auto_view struct view before = { 0 };
	int refused = stage_enter();
	if (refused)
		return refused;
	if (view_take(&before) < 0)
		return -1;
	auto_free char *here = realpath(".", NULL);
	if (!here)
		return fail("name the scratch directory");

	tour_step("A root file system made from nothing");
	view_show(&before);
	if (make_root("new") < 0)
		return -1;
	show_names("in new", "new");
	show_names("in new/bin", "new/bin");
	if (make_mistakes() < 0 || pivot_with_put_old(&before) < 0 ||
	    let_go(&before, here) < 0 || pivot_in_place() < 0)
		return -1;
	return root_shell("Try: ls /; cat /proc/self/mountinfo; cd ..; pwd");
}

const struct experiment demo_pivot = {
	.name = "pivot",
	.shows = "pivot_root into a root made from nothing; the old one is "
		 "let go",
	.run = run,
	.has_shell = true,
};
