/* update.c - parent.  `update`: a container may have more, or less. */
#include "update.h"

#include "allowed.h"
#include "each.h"
#include "update_options.h"

static int
take_pids_now(void *limits, const char *value)
{
	struct cgroup_limits *to = limits;
	if (take_pids(to, value) < 0)
		return -1;
	to->pids = to->pids ?: CGROUP_NONE;
	return 0;
}

/* Looked at when all flags are known to be good: a bad policy is another
 * exit status than a bad flag. */
static const char *policy;

static int
keep_policy(void *data, const char *value)
{
	(void)data;
	policy = value;
	return 0;
}

static const struct option_row options[] = {
	UPDATE_ROWS(struct update),
	UPDATE_ROW(struct update, 0, "pids-limit", "int", "Processes and "
		   "threads (-1: no limit)", take_pids_now, limits),
	{ 0, "restart", "string", "no, on-failure[:max], always, "
	  "unless-stopped", keep_policy, 0 },
	{ 0 },
};

static int
update_one(struct container *c, const char *word, void *data)
{
	(void)word;
	return container_update(c, data);
}

static int
update(const struct verb *verb, int argc, char **argv, struct update *wanted)
{
	int status;
	int first = verb_begin(verb, argc, argv, wanted, 1, -1, &status);
	if (first < 0)
		return status;
	if (first == 1) {
		failx("you must provide one or more flags when using this "
		      "command");
		return verb_error(verb);
	}
	wanted->restart = policy != NULL; /* "no" is a policy, too */
	if ((policy && take_restart(&wanted->settings, policy) < 0) ||
	    limits_settle(&wanted->settings, true) < 0)
		return verb_error(verb);
	if ((status = verb_settle(verb)) != 0)
		return status;
	if (allowed_check(&wanted->settings) < 0)
		return verb_error(verb);
	return each_of(verb, argv + first, wanted,
		       &(struct each){ .does = update_one });
}

static int
run_update(const struct verb *verb, int argc, char **argv)
{
	struct update wanted = { .settings = SETTINGS_DEFAULT };
	int status = update(verb, argc, argv, &wanted);
	settings_free(&wanted.settings);
	return status;
}

const struct verb verb_update = {
	.name = "update",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Update configuration of one or more containers",
	.options = options,
	.failure_status = 1,
	.run = run_update,
};
