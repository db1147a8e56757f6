/* layers.c - experiment `layers`: where a container's writes go. */
#include "demo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.h"
#include "verbs.h"

/* The upper directory of a container; the caller frees. */
static char *
upper_of(const struct record *record)
{
	return text("%s/containers/%s/upper", getenv("MYDOCKER_ROOT"),
		    record->id);
}

static int
look_at_upper(const char *upper)
{
	auto_close int dir =
		open(upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char written[64] = "";
	if (dir < 0)
		return fail("open %s", upper);
	tour_run((const char *const[]){ "find", upper, "-ls", NULL });
	tour_expect(read_text(dir, "root/note", written,
			      sizeof(written)) > 0 &&
			    strcmp(written, "written inside") == 0,
		    "the new file is in the upper directory");
	auto_close int etc = openat(dir, "etc", O_RDONLY | O_DIRECTORY |
						     O_CLOEXEC);
	auto_free char *whiteout = stage_whiteout_words("group", verb_driver());
	tour_expect(etc >= 0 && stage_is_deleted(etc, "group", verb_driver()),
		    "the deleted one is there as a whiteout: %s", whiteout);
	return 0;
}

static int
run_layers(void)
{
	int not_ready = stage_enter();
	if (not_ready)
		return not_ready;
	tour_step("Write a file, delete another; keep the container.");
	tour_expect(stage_run("run", "--name", "writer", "busybox", "sh", "-c",
			      "echo written inside >/root/note; "
			      "rm /etc/group; ls /root /etc") == 0,
		    "inside, one has come and one has gone");

	auto_record struct record record = { 0 };
	auto_close int dir = -1;
	auto_close int containers = records_open(getenv("MYDOCKER_ROOT"));
	if (containers < 0 ||
	    record_find(containers, "writer", &record, &dir) < 0)
		return -1;
	tour_step("What is left of it on disk is its layer.");
	auto_free char *upper = upper_of(&record);
	if (look_at_upper(upper) < 0)
		return -1;

	tour_step("Another container of the same image knows nothing of it.");
	tour_expect(stage_run("run", "--rm", "busybox", "sh", "-c",
			      "ls /root; test ! -e /root/note && "
			      "test -e /etc/group") == 0,
		    "the image is what it was");

	tour_step("rm takes the layer with it.");
	tour_expect(stage_run("rm", "writer") == 0 &&
			    access(upper, F_OK) < 0 && errno == ENOENT,
		    "its directory is gone");
	return 0;
}

const struct experiment demo_layers = {
	.name = "layers",
	.shows = "where a container writes, and what of it stays",
	.run = run_layers,
	.tidy = stage_tidy,
};
