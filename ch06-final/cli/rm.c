/* rm.c - parent.  `rm`: containers that have ended, with all they wrote. */
#include "verbs.h"

#include <errno.h>

#include "container.h"

struct rm_options {
	bool force;
};

static const struct option_row options[] = {
	SWITCH('f', "force", "Kill a running container first",
	       struct rm_options, force),
	{ 0 },
};

/* Its runtime may have been killed a moment ago: then there is more of it than
 * the record. */
static int
remove_locked(int containers, struct record *record, int *dir, int *lock)
{
	record_free(record);
	if (record_load(*dir, record) < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (record->status == STATUS_EXITED)
		return record_remove(containers, record->id);
	record->remove = true;
	return container_undo(verb_root(), containers, record, dir, lock);
}

/* 1: there was none, which with -f is as good (as it is for Docker). */
static int
remove_one(int containers, const char *word, bool force)
{
	auto_record struct record record = { 0 };
	auto_close int dir = -1;
	if (record_find(containers, word, &record, &dir) < 0)
		return force && failure.code == ENOENT ? 1 : -1;
	auto_close int lock = -1;
	int ours = record_lock(dir, &lock);
	if (ours == 0 && !force)
		return failx("container %s is running: end it first, or use "
			     "-f", word);
	if (ours == 0) {
		if (container_kill(verb_root(), &record, dir) < 0)
			return -1;
		ours = record_lock(dir, &lock);
	}
	if (ours == 0)
		return failx("container %s is in use again", word);
	/* With --rm its own runtime may have been faster. */
	if (ours < 0)
		return failure.code == ENOENT ? 0 : -1;
	return remove_locked(containers, &record, &dir, &lock);
}

static int
run_rm(const struct verb *verb, int argc, char **argv)
{
	struct rm_options wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_close int containers = records_open(verb_root());
	if (containers < 0)
		return verb_error(verb);
	for (int i = first; i < argc; i++) {
		int result = remove_one(containers, argv[i], wanted.force);
		if (result < 0)
			status = verb_error(verb);
		else if (result == 0)
			printf("%s\n", argv[i]);
	}
	return status;
}

const struct verb verb_rm = {
	.name = "rm",
	.arguments = "CONTAINER [CONTAINER...]",
	.shows = "Remove containers",
	.options = options,
	.failure_status = 1,
	.run = run_rm,
};
