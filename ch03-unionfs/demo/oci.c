/*
 * oci.c - the whiteouts of an image's layer, the experiment `oci`: a tar has
 * no device that means "deleted", so a layer says it by names, as aufs does.
 * Unpacked as it is, overlay takes them for files.
 */
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "look.h"
#include "marks.h"
#include "stage.h"

static const char *const layers[] = { "layer2", "layer1" };
static const struct overlay stack = {
	.layers = layers,
	.layer_count = countof(layers),
	.upper = "upper",
	.work = "work",
};

/* Layer 2 deletes etc/motd and all of var/cache, and puts a file there. */
static int
make_files(void)
{
	static const char *const files[][2] = {
		{ "layer1/etc/hosts", "127.0.0.1 localhost\n" },
		{ "layer1/etc/motd", "welcome\n" },
		{ "layer1/var/cache/old", "stale\n" },
		{ "made/etc/.wh.motd", "" },
		{ "made/var/cache/.wh..wh..opq", "" },
		{ "made/var/cache/new", "fresh\n" },
	};
	static const char *const bare[] = { "layer2", "upper", "work", "mnt" };
	for (size_t i = 0; i < countof(files); i++)
		if (look_put(files[i][0], files[i][1]) < 0)
			return -1;
	for (size_t i = 0; i < countof(bare); i++)
		if (make_dirs(bare[i], 0755) < 0)
			return -1;
	return 0;
}

static int
run_tar(const char *const argv[])
{
	return tour_run(argv) == 0 ? 0 : failx("tar has failed");
}

/* 0, -1, or tour_skip()'s value. */
static int
pack(void)
{
	tour_step("A layer, as registries keep it: a tar");
	if (make_files() < 0)
		return -1;
	if (tour_run((const char *const[]){
		    "tar", "-C", "made", "-cf", "layer.tar", "etc/.wh.motd",
		    "var/cache/.wh..wh..opq", "var/cache/new", NULL }) == 127)
		return tour_skip("needs tar(1)");
	return run_tar((const char *const[]){ "tar", "-tf", "layer.tar",
					      NULL });
}

static int
unpack_as_is(void)
{
	tour_step("Unpacked over layer 1 as if that were all");
	if (run_tar((const char *const[]){ "tar", "-C", "layer2", "-xf",
					   "layer.tar", NULL }) < 0 ||
	    overlay_mount(&stack, "mnt", 0) < 0)
		return -1;
	if (look_show_tree("mnt") < 0)
		return -1;
	tour_expect(look_holds("mnt/etc/motd", "welcome\n") &&
			    look_holds("mnt/var/cache/old", "stale\n") &&
			    look_holds("mnt/etc/.wh.motd", ""),
		    "wrong: nothing is deleted, and the marks lie about as "
		    "files");
	return overlay_unmount("mnt");
}

static int
convert(const char *path, enum marks from, enum marks to)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", path);
	return marks_convert(dir, from, to);
}

static int
turn_into_overlay(void)
{
	tour_step("Every mark turned into overlay's own");
	if (convert("layer2", MARKS_NAMES, marks_of_overlay()) < 0 ||
	    look_show_tree("layer2") < 0)
		return -1;
	tour_expect(look_is_whiteout("layer2/etc/motd") &&
			    look_is_opaque("layer2/var/cache"),
		    "etc/motd is a whiteout, var/cache is opaque");
	if (overlay_mount(&stack, "mnt", 0) < 0 || look_show_tree("mnt") < 0)
		return -1;
	auto_free char *cache = look_names("mnt/var/cache");
	auto_free char *etc = look_names("mnt/etc");
	tour_expect(strcmp(cache, "new") == 0 && strcmp(etc, "hosts") == 0,
		    "now the union is what the image's author saw");
	return 0;
}

static int
turn_back(void)
{
	tour_step("And back: a container deletes a file, its layer becomes a "
		  "tar");
	if (unlink("mnt/etc/hosts") < 0)
		return fail("delete mnt/etc/hosts");
	if (overlay_unmount("mnt") < 0 ||
	    convert("upper", marks_of_overlay(), MARKS_NAMES) < 0 ||
	    run_tar((const char *const[]){ "tar", "-C", "upper", "-cf",
					   "commit.tar", "etc/.wh.hosts",
					   NULL }) < 0 ||
	    run_tar((const char *const[]){ "tar", "-tf", "commit.tar",
					   NULL }) < 0)
		return -1;
	tour_expect(look_holds("upper/etc/.wh.hosts", ""),
		    "the device has become an empty file .wh.hosts");
	if (convert("layer2", marks_of_overlay(), MARKS_NAMES) < 0)
		return -1;
	auto_free char *etc = look_names("layer2/etc");
	auto_free char *cache = look_names("layer2/var/cache");
	tour_expect(strcmp(etc, ".wh.motd") == 0 &&
			    strcmp(cache, ".wh..wh..opq new") == 0,
		    "and layer 2, turned back, is what was in its tar");
	tour_say("aufs needs none of this: a layer unpacked as it is, is its "
		 "branch.");
	return 0;
}

static int
run(void)
{
	int refused = stage_enter();
	if (!refused)
		refused = stage_needs_opaque();
	if (!refused)
		refused = pack();
	if (refused)
		return refused;
	if (unpack_as_is() < 0)
		return stage_refused();
	return turn_into_overlay() < 0 ? -1 : turn_back();
}

const struct experiment demo_oci = {
	.name = "oci",
	.shows = "an image layer's tar whiteouts turned into overlay's own, "
		 "and back",
	.run = run,
};
