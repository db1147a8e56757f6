/* rm.c - parent.  `rm`: containers that have ended, with all they wrote. */
#include "each.h"
#include "tell.h"

#include <errno.h>

struct rm_options {
	bool force, volumes;
};

static const struct option_row options[] = {
	SWITCH('f', "force", "Kill a running container first",
	       struct rm_options, force),
	SWITCH('v', "volumes", "Remove its anonymous volumes, too",
	       struct rm_options, volumes),
	{ 0 },
};

static int
refuse(const struct container *c, const char *word)
{
	bool paused = container_is_paused(c->root, c->record.id);
	return failx("cannot remove container \"%s\": container is %s: stop "
		     "the container before removing or force remove", word,
		     paused ? "paused" :
		     c->record.status == STATUS_RESTARTING ? "restarting" :
							     "running");
}

static int
remove_it(struct container *c, const char *word,
	  const struct rm_options *wanted)
{
	int ours = container_lock(c);
	if (ours == 0 && !wanted->force)
		return refuse(c, word);
	if (ours == 0) {
		container_tell(c->dir, &c->record, NULL, "kill",
			       (const char *const[]){ "signal", "9", NULL });
		ours = container_kill(c);
	}
	if (ours < 0 || container_tidy(c) < 0)
		return -1;
	c->record.remove |= wanted->volumes;
	return container_remove(c);
}

/* With --rm its monitor may have been faster. */
static int
remove_one(struct container *c, const char *word, void *data)
{
	return remove_it(c, word, data) < 0 && failure.code != ENOENT ? -1 : 0;
}

static int
missing(const char *word, void *data)
{
	const struct rm_options *wanted = data;
	(void)word;
	if (!wanted->force)
		return -1;
	verb_error(&verb_rm);
	return 1;
}

static int
run_rm(const struct verb *verb, int argc, char **argv)
{
	struct rm_options wanted = { 0 };
	return each_container(verb, argc, argv, &wanted,
			      &(struct each){ .does = remove_one,
					      .missing = missing });
}

const struct verb verb_rm = {
	.name = "rm",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Remove one or more containers",
	.options = options,
	.failure_status = 1,
	.run = run_rm,
};
