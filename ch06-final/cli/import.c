/* import.c - parent.  `import`: an image of one layer from a plain tar. */
#include "verbs.h"

#include <unistd.h>

static const struct option_row none[] = { { 0 } };

static int
run_import(const struct verb *verb, int argc, char **argv)
{
	int status;
	int first = verb_begin(verb, argc, argv, NULL, 2, 2, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	status = verb_run_image_tool(
		(const char *const[]){ "import", argv[first], argv[first + 1],
				       NULL },
		STDOUT_FILENO);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_import = {
	.name = "import",
	.arguments = "FILE|- NAME",
	.shows = "Make an image of a root file system in a tar",
	.options = none,
	.failure_status = 1,
	.run = run_import,
};
