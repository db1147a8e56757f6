/* runc_state.c - parent.  `state`: one container, as JSON. */
#include "runc.h"

#include <jansson.h>
#include <stdlib.h>

#include "runc_look.h"

static int
run(const struct runc *runc, void *wanted, char **words)
{
	(void)wanted;
	auto_look struct runc_look look;
	if (runc_look_open(&look, runc->root, words[0]) < 0)
		return -1;
	json_t *json = runc_look_json(&look);
	if (!json)
		return -1;
	auto_free char *printed = json_dumps(json, JSON_INDENT(2));
	json_decref(json);
	puts(printed);
	return 0;
}

const struct runc_verb runc_state = {
	.name = "state",
	.arguments = "ID",
	.shows = "print the state of a container, as JSON",
	.least = 1,
	.most = 1,
	.run = run,
};
