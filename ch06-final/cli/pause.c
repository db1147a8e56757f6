/* pause.c - parent.  `pause` and `unpause`: nobody in a container runs. */
#include "allowed.h"
#include "core.h"
#include "each.h"
#include "runtime.h"
#include "tell.h"

static const struct option_row options[] = {
	{ 0 },
};

static int
pause_one(struct container *c, const char *word, void *data)
{
	const char *id = c->record.id;
	(void)word;
	(void)data;
	auto_free char *root = core_root(c->root);
	if (c->record.status != STATUS_RUNNING)
		return failx("Container %s is not running", id);
	if (container_is_paused(c->root, id))
		return failx("Container %s is already paused", id);
	auto_free char *why = allowed_why_not("pids");
	if (why)
		return failx("Container %s cannot be paused: %s", id, why);
	if (runtime_pause(root, id) < 0)
		return -1;
	container_tell(c->dir, &c->record, NULL, "pause", NULL);
	return 0;
}

static int
unpause_one(struct container *c, const char *word, void *data)
{
	(void)word;
	(void)data;
	auto_free char *root = core_root(c->root);
	if (!container_is_paused(c->root, c->record.id))
		return failx("Container %s is not paused", c->record.id);
	if (runtime_resume(root, c->record.id) < 0)
		return -1;
	container_tell(c->dir, &c->record, NULL, "unpause", NULL);
	return 0;
}

static int
run_pause(const struct verb *verb, int argc, char **argv)
{
	return each_container(verb, argc, argv, NULL,
			      &(struct each){ .does = verb == &verb_pause ?
				      pause_one : unpause_one });
}

const struct verb verb_pause = {
	.name = "pause",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Pause all processes within one or more containers",
	.options = options,
	.failure_status = 1,
	.run = run_pause,
};

const struct verb verb_unpause = {
	.name = "unpause",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Unpause all processes within one or more containers",
	.options = options,
	.failure_status = 1,
	.run = run_pause,
};
