/* pull.c - parent.  `pull`: an image from a registry. */
#include "verbs.h"

#include <string.h>
#include <unistd.h>

#include "words.h"

struct pull_options {
	bool all_tags, quiet, no_trust;
	const char *platform;
};

static int
take_platform(void *data, const char *value)
{
	((struct pull_options *)data)->platform = value;
	return 0;
}

static const struct option_row options[] = {
	SWITCH('a', "all-tags", "Download all tagged images in the repository",
	       struct pull_options, all_tags),
	SWITCH(0, "disable-content-trust", "Skip image verification (of "
	       "signatures, which there is none of)", struct pull_options,
	       no_trust),
	{ 0, "platform", "PLATFORM", "Of an image for several: os/arch or "
	  "os/arch/variant", take_platform, 0 },
	SWITCH('q', "quiet", "Suppress verbose output", struct pull_options,
	       quiet),
	{ 0 },
};

static int
run_tool(const char *name, const struct pull_options *wanted, int output)
{
	auto_words struct words words = { 0 };
	words_add(&words, "pull");
	if (wanted->all_tags)
		words_add(&words, "-a");
	if (wanted->quiet)
		words_add(&words, "-q");
	if (wanted->platform) {
		words_add(&words, "-p");
		words_add(&words, wanted->platform);
	}
	words_add(&words, "--");
	words_add(&words, name);
	return verb_run_image_tool((const char *const *)words.items, output);
}

int
verb_pull_missing(const char *name, const char *platform, bool quiet)
{
	struct pull_options wanted = { .platform = platform, .quiet = quiet };
	int status = run_tool(name, &wanted, STDERR_FILENO);
	return status > 0 ? failx("pull %s: see above", name) : status;
}

static int
run_pull(const struct verb *verb, int argc, char **argv)
{
	struct pull_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, 1, &status);
	if (first < 0 || (status = verb_settle_to_fetch(verb)) != 0)
		return status;
	status = run_tool(argv[first], &wanted, STDOUT_FILENO);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_pull = {
	.name = "pull",
	.arguments = "NAME[:TAG|@DIGEST]",
	.shows = "Download an image from a registry",
	.options = options,
	.failure_status = 1,
	.run = run_pull,
};
