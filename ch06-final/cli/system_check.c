/* system_check.c - parent.  `system check`: is everything in the store as it
 * should be? */
#include "verbs.h"

#include <unistd.h>

static const struct option_row none[] = { { 0 } };

static int
run_check(const struct verb *verb, int argc, char **argv)
{
	int status;
	if (verb_begin(verb, argc, argv, NULL, 0, 0, &status) < 0 ||
	    (status = verb_settle(verb)) != 0)
		return status;
	status = verb_run_image_tool((const char *const[]){ "check", NULL },
				     STDOUT_FILENO);
	return status < 0 ? verb_error(verb) : status;
}

const struct verb verb_system_check = {
	.name = "system check",
	.arguments = "",
	.shows = "Prove that images and layers are whole",
	.options = none,
	.failure_status = 1,
	.run = run_check,
};
