/* load.c - parent.  `load`: images from an archive that another tool wrote. */
#include "verbs.h"

#include <unistd.h>

struct load_options {
	const char *input;
};

static int
take_input(void *data, const char *value)
{
	((struct load_options *)data)->input = value;
	return 0;
}

static const struct option_row options[] = {
	{ 'i', "input", "FILE", "Read from FILE instead of standard input",
	  take_input, 0 },
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
	const char *from_file[] = { "load", "-i", wanted.input, NULL };
	const char *from_input[] = { "load", NULL };
	status = verb_run_image_tool(wanted.input ? from_file : from_input,
				     STDOUT_FILENO);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_load = {
	.name = "load",
	.arguments = "",
	.shows = "Load images from a docker-archive or an OCI archive",
	.options = options,
	.failure_status = 1,
	.run = run_load,
};
