/*
 * diff.c - what a container has changed, the experiment `diff`: all of it is
 * in the upper directory, and read from there; the layers are only asked
 * whether they have a name.
 */
#include <string.h>
#include <unistd.h>

#include "changes.h"
#include "demo.h"
#include "look.h"
#include "stage.h"

static const char *const layers[] = { "layer2", "layer1" };
static const struct overlay stack = {
	.layers = layers,
	.layer_count = countof(layers),
	.upper = "upper",
	.work = "work",
};

static const char *const files[] = {
	"layer1/etc/hosts",  "layer1/etc/passwd", "layer1/etc/motd",
	"layer1/var/log/boot", "layer1/var/log/kernel", "layer1/usr/bin/tool",
	"layer2/etc/hosts",  "layer2/srv/page",
};

static int
make_layers(void)
{
	for (size_t i = 0; i < countof(files); i++)
		if (look_put(files[i], "as built\n") < 0)
			return -1;
	return make_dirs("upper", 0755) < 0 || make_dirs("work", 0755) < 0 ?
		       -1 :
		       make_dirs("mnt", 0755);
}

static const char *const life[] = {
	"echo mine > mnt/srv/new",
	"echo more >> mnt/etc/hosts",
	"chmod 600 mnt/etc/passwd",
	"rm mnt/etc/motd",
	"rm -r mnt/var/log; mkdir mnt/var/log; echo a > mnt/var/log/app",
};

static int
live(void)
{
	tour_step("A container lives in a union of two layers");
	if (make_layers() < 0 || overlay_mount(&stack, "mnt", 0) < 0)
		return -1;
	for (size_t i = 0; i < countof(life); i++)
		if (tour_run((const char *const[]){ "sh", "-c", life[i],
						    NULL }) != 0)
			return failx("the container could not live");
	return overlay_unmount("mnt");
}

/* "A /srv/new", each on a line. */
static char *
as_text(const struct changes *changes)
{
	char *lines = copy_text("");
	for (size_t i = 0; i < changes->count; i++) {
		char *more = text("%s%c %s\n", lines, changes->list[i].kind,
				  changes->list[i].path);
		free_scoped(&lines);
		lines = more;
	}
	return lines;
}

/* The kernel notes the last listing of a directory in its atime. */
static bool
was_listed(const char *path, const struct timespec *before)
{
	struct stat st;
	return stat(path, &st) < 0 || st.st_atim.tv_sec != before->tv_sec ||
	       st.st_atim.tv_nsec != before->tv_nsec;
}

static const char *const quiet[] = { "layer1", "layer1/etc", "layer1/usr",
				     "layer1/usr/bin", "layer2",
				     "layer2/etc", "layer2/srv" };
static const struct timespec long_ago = { .tv_sec = 1000000000 };

static int
set_clocks(const char *const *paths, size_t count)
{
	const struct timespec times[] = { long_ago, { .tv_nsec = UTIME_OMIT } };
	for (size_t i = 0; i < count; i++)
		if (utimensat(AT_FDCWD, paths[i], times, 0) < 0)
			return fail("set the atime of %s", paths[i]);
	return 0;
}

static int
tell(void)
{
	static const char *const expected = "C /etc\n"
					    "C /etc/hosts\n"
					    "D /etc/motd\n"
					    "C /etc/passwd\n"
					    "C /srv\n"
					    "A /srv/new\n"
					    "C /var\n"
					    "C /var/log\n"
					    "A /var/log/app\n"
					    "D /var/log/boot\n"
					    "D /var/log/kernel\n";
	auto_changes struct changes changes = { 0 };
	tour_step("What it has changed, as `docker diff` prints it: added, "
		  "changed, deleted");
	if (set_clocks(quiet, countof(quiet)) < 0 ||
	    changes_read(&stack, marks_of_overlay(), &changes) < 0)
		return -1;
	for (size_t i = 0; i < changes.count; i++)
		tour_show("", "%c %s", changes.list[i].kind,
			  changes.list[i].path);
	auto_free char *lines = as_text(&changes);
	tour_expect(strcmp(lines, expected) == 0,
		    "these and no others; a directory counts as changed by "
		    "what is in it");
	tour_show("names looked up below", "%zu", changes.lookups);
	tour_show("directories listed below", "%zu: the one that "
			"var/log, opaque now, hides", changes.listings);
	return 0;
}

static int
prove(void)
{
	size_t listed = 0;
	tour_step("Was only the upper read?  The kernel notes who lists a "
		  "directory, in its atime");
	for (size_t i = 0; i < countof(quiet); i++)
		listed += was_listed(quiet[i], &long_ago);
	tour_expect(listed == 0, "no other of the layers' %zu directories has "
		    "been listed", countof(quiet));
	free_scoped(&(char *){ look_names("layer1/usr") });
	if (was_listed("layer1/usr", &long_ago))
		tour_expect(true, "(ls layer1/usr would have shown: its atime "
				  "is new now)");
	else
		tour_say("(This file system keeps no atime: that says "
			 "nothing.)");
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
	if (live() < 0)
		return stage_refused();
	tour_step("Its upper directory is all that is left of it");
	if (look_show_tree("upper") < 0 || tell() < 0)
		return -1;
	return prove();
}

const struct experiment demo_diff = {
	.name = "diff",
	.shows = "what a container changed: added, changed, deleted, read from "
		 "the upper layer alone",
	.run = run,
};
