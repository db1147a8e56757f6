/*
 * rename.c - names changed in a union, the experiment `rename`: a file of a
 * lower layer, a directory of one (EXDEV), and what redirect_dir=on writes
 * down so that it can be done.
 */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "stage.h"

static int
rename_file(void)
{
	tour_step("A file of the lower directory gets another name");
	if (rename("mnt/file", "mnt/renamed") < 0)
		return fail("rename mnt/file");
	if (look_show_tree("upper") < 0)
		return -1;
	tour_expect(look_holds("upper/renamed", "text\n") &&
			    look_is_whiteout("upper/file"),
		    "upper has a copy under the new name and a whiteout under "
		    "the old one");
	return 0;
}

static int
rename_directory(void)
{
	tour_step("A directory of the lower directory does not");
	int result = rename("mnt/dir", "mnt/moved");
	int code = errno;
	tour_show("rename(\"mnt/dir\", \"mnt/moved\")", "%s",
		  result < 0 ? strerror(code) : "done");
	tour_expect(result < 0 && code == EXDEV,
		    "EXDEV, as between two file systems: all below it would "
		    "have to be copied");
	tour_say("mv(1) knows that answer and does so: it copies, and "
		 "deletes what was there.");
	tour_run((const char *const[]){ "mv", "mnt/dir", "mnt/moved", NULL });
	if (look_show_tree("upper") < 0)
		return -1;
	tour_expect(look_holds("upper/moved/in/deep", "deep\n") &&
			    look_is_whiteout("upper/dir"),
		    "upper has a copy of the tree, and a whiteout");
	return 0;
}

static int
rename_own(void)
{
	tour_step("A directory that only the upper has: nothing is in the way");
	if (look_put("mnt/own/file", "mine\n") < 0)
		return -1;
	int result = rename("mnt/own", "mnt/still-own");
	tour_expect(result == 0 &&
			    look_holds("upper/still-own/file", "mine\n"),
		    "renamed, in place");
	return 0;
}

/* With another upper: this one is full. */
static int
redirect(void)
{
	char value[64] = "";
	tour_step("The same by redirect_dir=on: written down, not copied");
	if (overlay_unmount("mnt") < 0)
		return -1;
	if (rename("upper", "old-upper") < 0 || mkdir("upper", 0755) < 0)
		return fail("make a new upper directory");
	if (stage_mount_frame(",redirect_dir=on") < 0) {
		tour_show("mount", "%s", strerror(failure.code));
		tour_say("Not in a user namespace: whoever can write the "
			 "upper's attributes could send");
		tour_say("the kernel anywhere.  This step takes real root.");
		return 0;
	}
	if (rename("mnt/dir", "mnt/moved") < 0)
		return fail("rename mnt/dir with redirect_dir=on");
	if (look_show_tree("upper") < 0)
		return -1;
	getxattr("upper/moved", "trusted.overlay.redirect", value,
		 sizeof(value) - 1);
	auto_free char *names = look_names("upper/moved");
	tour_expect(strcmp(value, "dir") == 0 && *names == '\0' &&
			    look_holds("mnt/moved/in/deep", "deep\n"),
		    "upper/moved is empty and says where its content is");
	return overlay_unmount("mnt");
}

static int
run(void)
{
	int refused = stage_enter();
	if (!refused) /* mv(1) removes a directory of both halves */
		refused = stage_needs_opaque();
	if (refused)
		return refused;
	if (stage_make_frame() < 0 || look_put("lower/file", "text\n") < 0 ||
	    look_put("lower/dir/in/deep", "deep\n") < 0 ||
	    look_put("lower/dir/flat", "flat\n") < 0)
		return -1;
	if (stage_mount_frame(overlay_needs_userxattr() ?
				      "" :
				      ",redirect_dir=off") < 0)
		return stage_refused();
	if (rename_file() < 0 || rename_directory() < 0 || rename_own() < 0)
		return -1;
	return redirect();
}

const struct experiment demo_rename = {
	.name = "rename",
	.shows = "lower files and directories renamed: EXDEV, and "
		 "redirect_dir",
	.run = run,
};
