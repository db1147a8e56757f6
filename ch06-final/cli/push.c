/* push.c - parent.  `push`: an image into a registry. */
#include "verbs.h"

#include <unistd.h>

#include "words.h"

struct push_options {
	bool all_tags, quiet, no_trust;
	const char *platform;
};

static int
take_platform(void *data, const char *value)
{
	((struct push_options *)data)->platform = value;
	return 0;
}

static const struct option_row options[] = {
	SWITCH('a', "all-tags", "Push all tags of an image to the repository",
	       struct push_options, all_tags),
	SWITCH(0, "disable-content-trust", "Skip image signing",
	       struct push_options, no_trust),
	{ 0, "platform", "PLATFORM", "Of an image for several, the one for "
	  "os/arch or os/arch/variant", take_platform, 0 },
	SWITCH('q', "quiet", "Suppress verbose output", struct push_options,
	       quiet),
	{ 0 },
};

static int
run_push(const struct verb *verb, int argc, char **argv)
{
	struct push_options wanted = { 0 };
	auto_words struct words words = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, 1, &status);
	if (first < 0 || (status = verb_settle_to_fetch(verb)) != 0)
		return status;
	words_add(&words, "push");
	if (wanted.all_tags)
		words_add(&words, "-a");
	if (wanted.quiet)
		words_add(&words, "-q");
	if (wanted.platform) {
		words_add(&words, "-p");
		words_add(&words, wanted.platform);
	}
	words_add(&words, "--");
	words_add(&words, argv[first]);
	status = verb_run_image_tool((const char *const *)words.items,
				     STDOUT_FILENO);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_push = {
	.name = "push",
	.arguments = "NAME[:TAG]",
	.shows = "Upload an image to a registry",
	.options = options,
	.failure_status = 1,
	.run = run_push,
};
