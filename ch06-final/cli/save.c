/* save.c - parent.  `save`: images into an archive. */
#include "verbs.h"

#include <string.h>
#include <unistd.h>

#include "words.h"

struct save_options {
	const char *output, *platform;
};

static int
take_output(void *data, const char *value)
{
	((struct save_options *)data)->output = value;
	return 0;
}

static int
take_platform(void *data, const char *value)
{
	((struct save_options *)data)->platform = value;
	return 0;
}

static const struct option_row options[] = {
	{ 'o', "output", "FILE", "Write to FILE instead of standard output",
	  take_output, 0 },
	{ 0, "platform", "PLATFORM", "Of an image for several, those for "
	  "os/arch[/variant][,...]", take_platform, 0 },
	{ 0 },
};

static int
run_save(const struct verb *verb, int argc, char **argv)
{
	struct save_options wanted = { 0 };
	auto_words struct words words = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	words_add(&words, "save");
	if (wanted.output) {
		words_add(&words, "-o");
		words_add(&words, wanted.output);
	}
	if (wanted.platform) {
		words_add(&words, "-p");
		words_add(&words, wanted.platform);
	}
	words_add(&words, "--");
	for (int i = first; i < argc; i++)
		words_add(&words, argv[i]);
	status = verb_run_image_tool((const char *const *)words.items,
				     STDOUT_FILENO);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_save = {
	.name = "save",
	.arguments = "IMAGE [IMAGE...]",
	.shows = "Save images to an archive, with their layers",
	.options = options,
	.failure_status = 1,
	.run = run_save,
};
