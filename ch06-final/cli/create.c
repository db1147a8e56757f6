/* create.c - parent.  `create`: a container that `start` starts. */
#include "verbs.h"

#include "find_image.h"
#include "new_container.h"

static int
run_create(const struct verb *verb, int argc, char **argv)
{
	struct run_wanted wanted = RUN_WANTED;
	auto_container struct container c;
	int status;
	container_init(&c, verb_root(), NULL);
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first >= 0) {
		if (run_options_check(&wanted) < 0)
			status = verb_error(verb);
		else if ((status = fetch_image(verb, &wanted,
					       argv[first])) == 0 &&
			 (status = verb_settle(verb)) == 0)
			status = new_container(&c, &wanted, argv + first) < 0 ||
						 container_sync(&c) < 0 ?
					 verb_error(verb) :
					 (printf("%s\n", c.record.id), 0);
	}
	run_options_free(&wanted);
	return status;
}

const struct verb verb_create = {
	.name = "create",
	.arguments = "IMAGE [COMMAND] [ARG...]",
	.shows = "Create a new container",
	.options = create_option_rows,
	.everyday = run_everyday,
	.failure_status = 1,
	.run = run_create,
	.takes_command = true,
};
