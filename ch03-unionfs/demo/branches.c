/*
 * branches.c - a union whose parts change while it is mounted, the experiment
 * `branches`.
 *
 * aufs takes the list of its branches apart at run time: overlay cannot.  It
 * was how Docker mounted more layers than one page of options could name.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aufs_lab.h"
#include "demo.h"
#include "look.h"

enum { BUSY = 32 }; /* mount(8): "mount failure" */

/* Is the branch, at this place, still the one with this number? */
static bool
is_number(int place, const char *number)
{
	auto_free char *name = text("brid%d", place);
	auto_free char *id = aufs_lab_listing(name);
	return id && number && strcmp(id, number) == 0;
}

static int
remount(const char *options)
{
	int status = aufs_lab_remount(options);
	return status == 0 ? 0 : failx("mount ended with status %d", status);
}

static int
begin(void)
{
	if (look_put("A/a", "from A\n") < 0 ||
	    look_put("C/c", "from C\n") < 0 ||
	    look_put("C/shared", "from C\n") < 0 ||
	    look_put("D/d", "from D\n") < 0 ||
	    look_put("D/.wh.c", "") < 0 || mkdir("E", 0755) < 0)
		return fail("make the branches");
	tour_step("Two branches");
	if (aufs_lab_mount("br=A=rw:C=ro") < 0)
		return -1;
	aufs_lab_show_branches();
	auto_free char *names = look_names("mnt");
	tour_expect(strcmp(names, "a c shared") == 0, "mnt has: %s", names);
	return 0;
}

static int
append(void)
{
	tour_step("A third is put under them, while it is mounted");
	if (remount("append=D") < 0)
		return -1;
	aufs_lab_show_branches();
	auto_free char *names = look_names("mnt");
	tour_expect(strcmp(names, "a c d shared") == 0,
		    "its file is seen at once, in the same mount: %s", names);
	return 0;
}

static int
remove_branch(void)
{
	tour_step("It is taken out again, but not while a file of it is open");
	auto_close int open_file = open("mnt/d", O_RDONLY | O_CLOEXEC);
	if (open_file < 0)
		return fail("open mnt/d");
	tour_expect(aufs_lab_remount("del=D") == BUSY,
		    "refused: mnt/d is open");
	close_scoped(&open_file);
	open_file = -1;
	if (remount("del=D") < 0)
		return -1;
	auto_free char *names = look_names("mnt");
	tour_expect(strcmp(names, "a c shared") == 0,
		    "closed, it goes: %s", names);
	return 0;
}

static int
change_places(void)
{
	auto_free char *first = aufs_lab_listing("brid0");
	auto_free char *second = aufs_lab_listing("brid1");
	tour_step("A new top for what is written; the old one becomes "
		  "read-only");
	if (remount("prepend=E=rw,mod=A=ro") < 0)
		return -1;
	aufs_lab_show_branches();
	tour_expect(is_number(1, first) && is_number(2, second),
		    "the places moved; every branch kept its number");
	if (look_append("mnt/a", "written now\n") < 0)
		return -1;
	auto_free char *left = look_names("A");
	tour_expect(look_holds("E/a", "from A\nwritten now\n") &&
			    look_holds("A/a", "from A\n"),
		    "a write to A's file lands in E");
	tour_expect(strcmp(left, "a") == 0,
		    "and aufs took its own files out of A: nothing but: %s",
		    left);
	return 0;
}

static int
insert(void)
{
	tour_step("Between two: a branch whose whiteouts are obeyed");
	tour_say("D deletes c, and comes before C; the words are read from "
		 "left to right.");
	if (remount("add=1:D=ro+wh") < 0)
		return -1;
	aufs_lab_show_branches();
	auto_free char *names = look_names("mnt");
	tour_expect(strcmp(names, "a d shared") == 0,
		    "D's file is there, and C's is gone: %s", names);
	return 0;
}

static int
run(void)
{
	int refused = aufs_lab_enter();
	if (refused)
		return refused;
	if (begin() < 0 || append() < 0 || remove_branch() < 0 ||
	    change_places() < 0 || insert() < 0)
		return -1;
	if (tour_shell("Try: mount -o remount,mod=D=ro mnt; ls mnt; "
		       "grep . /sys/fs/aufs/si_*/*") < 0)
		return -1;
	return aufs_lab_unmount();
}

const struct experiment demo_branches = {
	.name = "branches",
	.shows = "aufs: a branch added, removed, made read-only, while it is "
		 "mounted",
	.run = run,
	.has_shell = true,
};
