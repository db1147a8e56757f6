/* tag.c - parent.  `tag`: one more name for an image. */
#include "verbs.h"

#include "image.h"
#include "store.h"
#include "tell_image.h"

static const struct option_row none[] = { { 0 } };

static int
run_tag(const struct verb *verb, int argc, char **argv)
{
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 2, 2, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_store struct store store = { 0 };
	auto_image struct image image = { 0 };
	if (verb_open_store(&store) < 0 ||
	    store_tag(&store, argv[first], argv[first + 1]) < 0)
		return verb_error(verb);
	if (store_find_image(&store, argv[first + 1], &image) == 0)
		image_tell(&store, "tag", image.id, image.name);
	return 0;
}

const struct verb verb_tag = {
	.name = "tag",
	.arguments = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
	.shows = "Give an image one more name",
	.options = none,
	.failure_status = 1,
	.run = run_tag,
};
