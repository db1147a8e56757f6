/*
 * compare.c - the same done to an overlay and to an aufs, side by side: the
 * experiment `compare`.
 *
 * Each has a lower directory with the same files, and an upper one.  What is
 * done is done through the union; what came of it is looked for behind it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "aufs_lab.h"
#include "demo.h"
#include "look.h"
#include "mountinfo.h"
#include "stage.h"

#define HOLE (64 << 20)

enum { OVERLAY, AUFS, SIDES };
static const char *const sides[SIDES] = { "overlay", "aufs" };

/* ---- the two ----------------------------------------------------------- */

static int
fill(void)
{
	static const char *const files[] = { "lower/text", "lower/first",
					     "lower/hole", "lower/gone",
					     "lower/again/old",
					     "lower/dir/inner" };
	for (size_t i = 0; i < countof(files); i++)
		if (look_put(files[i], "old") < 0)
			return -1;
	if (link("lower/first", "lower/second") < 0)
		return fail("link lower/second");
	if (truncate("lower/hole", HOLE) < 0)
		return fail("make a hole in lower/hole");
	return 0;
}

static int
mount_side(int side)
{
	if (side == AUFS)
		return aufs_lab_mount("br=upper=rw:lower=ro");
	return stage_mount_frame("");
}

static int
enter_side(int side)
{
	return chdir(sides[side]) < 0 ? fail("enter %s", sides[side]) : 0;
}

static int
leave_side(void)
{
	return chdir("..") < 0 ? fail("go back up") : 0;
}

static int
show_side(void)
{
	auto_mounts struct mount_table table = { 0 };
	auto_free char *target = realpath("mnt", NULL);
	if (!target || mountinfo_read(0, &table) < 0)
		return -1;
	const struct mountinfo *mount = mountinfo_find(&table, target);
	if (!mount)
		return failx("nothing is mounted on %s", target);
	tour_show(target, "%s", mount->type);
	return 0;
}

static int
begin(void)
{
	for (int side = 0; side < SIDES; side++) {
		if (mkdir(sides[side], 0755) < 0)
			return fail("make directory %s", sides[side]);
		if (enter_side(side) < 0 || stage_make_frame() < 0 ||
		    fill() < 0 || mount_side(side) < 0 || show_side() < 0 ||
		    leave_side() < 0)
			return -1;
	}
	return 0;
}

/* ---- what is done, and what came of it --------------------------------- */

static char *
refusal(int code)
{
	return copy_text(code == EXDEV ? "EXDEV" :
			 code == EPERM ? "EPERM" :
					 strerror(code));
}

static char *
where(const char *path)
{
	return copy_text(look_is_missing(path) ? "not yet copied" :
						 "copied up");
}

static char *
open_to_write(void)
{
	auto_close int fd = open("mnt/text", O_RDWR | O_CLOEXEC);
	return fd < 0 ? refusal(errno) : where("upper/text");
}

static char *
write_a_byte(void)
{
	struct stat before, after;
	if (stat("mnt/text", &before) < 0 || look_append("mnt/text", "!") < 0 ||
	    stat("mnt/text", &after) < 0)
		return refusal(errno);
	auto_free char *copied = where("upper/text");
	return text("%s, inode %s", copied,
		    before.st_ino == after.st_ino ? "kept" : "changed");
}

static char *
write_to_link(void)
{
	struct stat first, second;
	if (look_put("mnt/first", "new") < 0 || stat("mnt/first", &first) < 0 ||
	    stat("mnt/second", &second) < 0)
		return refusal(errno);
	return text("%s, %s",
		    look_holds("mnt/second", "new") ? "new" : "old",
		    first.st_ino == second.st_ino ? "one file" : "two files");
}

static char *
write_to_hole(void)
{
	struct stat st;
	if (look_append("mnt/hole", "!") < 0 || stat("upper/hole", &st) < 0)
		return refusal(errno);
	return copy_text(st.st_blocks * 512 < HOLE / 8 ? "still a hole" :
							 "filled");
}

static char *
remove_file(void)
{
	if (unlink("mnt/gone") < 0)
		return refusal(errno);
	if (look_is_whiteout("upper/gone"))
		return copy_text("gone, a device 0/0");
	return copy_text(look_holds("upper/.wh.gone", "") ?
				 ".wh.gone, an empty file" : "?");
}

static char *
remake_directory(void)
{
	if (unlink("mnt/again/old") < 0 || rmdir("mnt/again") < 0 ||
	    mkdir("mnt/again", 0755) < 0)
		return refusal(errno);
	if (look_is_opaque("upper/again"))
		return copy_text("overlay.opaque, an attribute");
	return copy_text(look_holds("upper/again/.wh..wh..opq", "") ?
				 ".wh..wh..opq, an empty file" : "?");
}

static char *
rename_directory(void)
{
	int result = rename("mnt/dir", "mnt/renamed");
	return result < 0 ? refusal(errno) : copy_text("renamed");
}

static char *
take_a_reserved_name(void)
{
	int made = look_put("mnt/.wh.mine", "");
	return made < 0 ? refusal(failure.code) : copy_text("allowed");
}

static char *
ask_for_longest(void)
{
	struct statvfs st;
	if (statvfs("mnt", &st) < 0)
		return refusal(errno);
	return text("%lu bytes", st.f_namemax);
}

/* ---- side by side ------------------------------------------------------ */

struct row {
	const char *what;
	char *(*observe)(void); /* in the directory of a side */
	const char *expected[SIDES];
	const char *claim;
};

static const struct row copying[] = {
	{ "opened for writing", open_to_write,
	  { "copied up", "not yet copied" },
	  "overlay copies at open, aufs at the first write" },
	{ "a byte written", write_a_byte,
	  { "copied up, inode kept", "copied up, inode kept" },
	  "seen from above, the copy is the same inode" },
	{ "a 64 MiB hole, a byte more", write_to_hole,
	  { "still a hole", "still a hole" },
	  "both keep holes" },
	{ "first written; second says", write_to_link,
	  { "old, two files", "new, one file" },
	  "overlay breaks a hard link, aufs does not" },
};

static const struct row removing[] = {
	{ "rm gone", remove_file,
	  { "gone, a device 0/0", ".wh.gone, an empty file" },
	  "a whiteout is a device for the one, a name for the other" },
	{ "rm -r again; mkdir again", remake_directory,
	  { "overlay.opaque, an attribute", ".wh..wh..opq, an empty file" },
	  "so is the mark of an opaque directory" },
	{ "dir renamed", rename_directory,
	  { "EXDEV", "EXDEV" },
	  "neither renames a lower directory; mv copies it then" },
};

static const struct row naming[] = {
	{ "touch .wh.mine", take_a_reserved_name,
	  { "allowed", "EPERM" },
	  "what marks by names has to keep names for itself" },
	{ "the longest name", ask_for_longest,
	  { "255 bytes", "242 bytes" },
	  "and room for them: 13 bytes" },
};

static int
play_row(const struct row *row)
{
	char *found[SIDES] = { NULL };
	for (int side = 0; side < SIDES; side++)
		if (enter_side(side) < 0 || !(found[side] = row->observe()) ||
		    leave_side() < 0)
			return -1;
	tour_show(row->what, "%-30s %s", found[OVERLAY], found[AUFS]);
	tour_expect(strcmp(found[OVERLAY], row->expected[OVERLAY]) == 0 &&
			    strcmp(found[AUFS], row->expected[AUFS]) == 0,
		    "%s", row->claim);
	for (int side = 0; side < SIDES; side++)
		free_scoped(&found[side]);
	return 0;
}

static int
play_rows(const char *title, const struct row *rows, size_t count)
{
	tour_step("%s", title);
	tour_show("", "%-30s %s", "OVERLAY", "AUFS");
	for (size_t i = 0; i < count; i++)
		if (play_row(&rows[i]) < 0)
			return -1;
	return 0;
}

static int
look_behind(void)
{
	tour_step("What each left in its upper directory");
	tour_run((const char *const[]){ "ls", "-A", "overlay/upper",
					"aufs/upper", NULL });
	auto_free char *overlay = look_names("overlay/upper");
	auto_free char *aufs = look_names("aufs/upper");
	tour_expect(!strstr(overlay, ".wh.gone") && strstr(aufs, ".wh.gone"),
		    "aufs's marks are those of a layer in an OCI image");
	return 0;
}

static int
run(void)
{
	int refused = aufs_lab_enter();
	if (refused || (refused = stage_needs_opaque()))
		return refused;
	tour_step("The same files below an overlay and below an aufs");
	if (begin() < 0)
		return stage_refused();
	if (play_rows("Copied when, and how", copying, countof(copying)) < 0 ||
	    play_rows("Removed, made anew, renamed", removing,
		      countof(removing)) < 0 ||
	    play_rows("Names", naming, countof(naming)) < 0 ||
	    look_behind() < 0 ||
	    tour_shell("Try: echo x > overlay/mnt/text; "
		       "mount -t tmpfs; ls -lA aufs/upper overlay/upper") < 0)
		return -1;
	return 0;
}

const struct experiment demo_compare = {
	.name = "compare",
	.shows = "the same done to an overlay and to an aufs: what each left "
		 "on disk",
	.run = run,
	.has_shell = true,
};
