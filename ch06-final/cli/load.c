/* load.c - parent.  `load`: images from an archive that another tool wrote, or
 * a directory. */
#include "verbs.h"

#include <unistd.h>

struct load_options {
	const char *input, *platform;
	bool quiet;
};

static int
take_input(void *data, const char *value)
{
	((struct load_options *)data)->input = value;
	return 0;
}

static int
take_platform(void *data, const char *value)
{
	((struct load_options *)data)->platform = value;
	return 0;
}

static const struct option_row options[] = {
	{ 'i', "input", "FILE", "Read from FILE or directory, not from "
	  "standard input", take_input, 0 },
	{ 0, "platform", "PLATFORM", "Of an image for several, only "
	  "those for os/arch[/variant][,...]", take_platform, 0 },
	SWITCH('q', "quiet", "Suppress the load output", struct load_options,
	       quiet),
	{ 0 },
};

static int
run_load(const struct verb *verb, int argc, char **argv)
{
	struct load_options wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) < 0)
		return status;
	if ((status = verb_settle(verb)) != 0)
		return status;
	const char *words[7] = { "load" };
	size_t count = 1;
	if (wanted.quiet)
		words[count++] = "-q";
	if (wanted.input) {
		words[count++] = "-i";
		words[count++] = wanted.input;
	}
	if (wanted.platform) {
		words[count++] = "-p";
		words[count++] = wanted.platform;
	}
	status = verb_run_image_tool(words, STDOUT_FILENO);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_load = {
	.name = "load",
	.arguments = "",
	.shows = "Load images from an archive, or a directory in OCI's layout",
	.options = options,
	.failure_status = 1,
	.run = run_load,
};
