/* version.c - parent.  `version`: what this is. */
#include "verbs.h"

#include <sys/utsname.h>

#define VERSION "0.1"

static const struct option_row none[] = { { 0 } };

static int
run_version(const struct verb *verb, int argc, char **argv)
{
	int status;
	if (verb_begin(verb, argc, argv, NULL, 0, 0, &status) < 0)
		return status;
	struct utsname kernel;
	printf("mydocker %s\n", VERSION);
	if (uname(&kernel) == 0)
		printf("kernel   %s %s %s\n", kernel.sysname, kernel.release,
		       kernel.machine);
	return 0;
}

const struct verb verb_version = {
	.name = "version",
	.arguments = "",
	.shows = "Show what this is and what it runs on",
	.options = none,
	.failure_status = 1,
	.run = run_version,
};
