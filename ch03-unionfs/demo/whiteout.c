/*
 * whiteout.c - how a deletion is written down, the experiment `whiteout`: a
 * file, a directory, and a directory made again; how overlay marks them, and
 * how aufs and the layers of an image do.
 */
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "marks.h"
#include "stage.h"

static int
delete_file(void)
{
	tour_step("A file of the lower directory is deleted");
	if (unlink("mnt/file") < 0)
		return fail("delete mnt/file");
	if (look_show_tree("upper") < 0)
		return -1;
	tour_expect(look_is_missing("mnt/file") &&
			    look_holds("lower/file", "kept below\n"),
		    "it is gone from mnt and not from lower");
	tour_expect(look_is_whiteout("upper/file"),
		    "upper has a whiteout: a device that no driver has");
	return 0;
}

static int
delete_directory(void)
{
	tour_step("A directory of two files is deleted");
	tour_run((const char *const[]){ "rm", "-r", "mnt/dir", NULL });
	if (look_show_tree("upper") < 0)
		return -1;
	tour_expect(look_is_missing("mnt/dir") &&
			    look_is_whiteout("upper/dir"),
		    "one whiteout for all of it");
	return 0;
}

static int
make_again(void)
{
	tour_step("The directory is made again: must the old files come back?");
	if (mkdir("mnt/dir", 0755) < 0)
		return fail("make mnt/dir");
	if (look_show_tree("upper") < 0)
		return -1;
	auto_free char *seen = look_names("mnt/dir");
	auto_free char *below = look_names("lower/dir");
	tour_expect(*seen == '\0' && strcmp(below, "a b") == 0,
		    "mnt/dir is empty, lower/dir still holds: %s", below);
	tour_expect(look_is_opaque("upper/dir"),
		    "the new one is opaque: nothing below it shows through");
	return 0;
}

static int
remove_the_marks(void)
{
	tour_step("The marks are all there is to it: without them all is back");
	if (overlay_unmount("mnt") < 0)
		return -1;
	if (unlink("upper/file") < 0 || rmdir("upper/dir") < 0)
		return fail("clean the upper directory");
	if (overlay_mount(&stage_frame, "mnt", 0) < 0)
		return -1;
	auto_free char *seen = look_names("mnt");
	auto_free char *below = look_names("mnt/dir");
	tour_show("mnt", "%s", seen);
	tour_expect(look_holds("mnt/file", "kept below\n") &&
			    strcmp(below, "a b") == 0,
		    "file is back, and in dir: %s", below);
	return 0;
}

/* The same two deletions, then the upper in the other spelling. */
static int
spell_otherwise(void)
{
	tour_step("The same deletions as aufs writes them, and the tar of an "
		  "image's layer");
	if (unlink("mnt/file") < 0 || unlink("mnt/dir/a") < 0 ||
	    unlink("mnt/dir/b") < 0 || rmdir("mnt/dir") < 0 ||
	    mkdir("mnt/dir", 0755) < 0)
		return fail("delete once more");
	if (overlay_unmount("mnt") < 0)
		return -1;
	auto_close int upper =
		open("upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0)
		return fail("open upper");
	if (marks_convert(upper, marks_of_overlay(), MARKS_NAMES) < 0 ||
	    look_show_tree("upper") < 0)
		return -1;
	auto_free char *top = look_names("upper");
	auto_free char *in_dir = look_names("upper/dir");
	tour_expect(strcmp(top, ".wh.file dir") == 0 &&
			    strcmp(in_dir, ".wh..wh..opq") == 0,
		    "by names, in empty files: every file system and every "
		    "tar can keep those");
	return 0;
}

static int
run(void)
{
	int refused = stage_enter();
	if (!refused)
		refused = stage_needs_opaque();
	if (refused)
		return refused;
	if (stage_make_frame() < 0 ||
	    look_put("lower/file", "kept below\n") < 0 ||
	    look_put("lower/dir/a", "a\n") < 0 ||
	    look_put("lower/dir/b", "b\n") < 0)
		return -1;
	if (overlay_mount(&stage_frame, "mnt", 0) < 0)
		return stage_refused();
	if (delete_file() < 0 || delete_directory() < 0 || make_again() < 0 ||
	    remove_the_marks() < 0)
		return -1;
	return spell_otherwise();
}

const struct experiment demo_whiteout = {
	.name = "whiteout",
	.shows = "delete a lower file; delete a directory and make it again; "
		 "how that is written down",
	.run = run,
};
