/* each.c - parent.  See each.h. */
#include "each.h"

#include <errno.h>
#include <stdlib.h>

#include "events.h"
#include "words.h"

static int
one(const struct each *each, const char *word, void *data)
{
	auto_container struct container c;
	if (container_find(&c, verb_root(), word) == 0)
		return each->does(&c, word, data);
	return each->missing && failure.code == ENOENT ?
		       each->missing(word, data) :
		       -1;
}

static void
say_failed(const struct verb *verb, const char *what,
	   const struct words *failed)
{
	fprintf(stderr, "mydocker %s: %s: ", verb->name, what);
	for (size_t i = 0; i < failed->count; i++)
		fprintf(stderr, "%s%s", i ? ", " : "", failed->items[i]);
	fputc('\n', stderr);
}

int
each_of(const struct verb *verb, char **words, void *data,
	const struct each *each)
{
	auto_words struct words failed = { 0 };
	for (; *words; words++) {
		int result = one(each, *words, data);
		if (result < 0) {
			verb_error(verb);
			words_add(&failed, *words);
		} else if (result == 0) {
			printf("%s\n", *words);
		}
		fflush(stdout);
	}
	if (!failed.count)
		return 0;
	if (each->failed)
		say_failed(verb, each->failed, &failed);
	return verb->failure_status;
}

int
each_container(const struct verb *verb, int argc, char **argv, void *data,
	       const struct each *each)
{
	int status;
	int first = verb_begin(verb, argc, argv, data, 1, -1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	return each_of(verb, argv + first, data, each);
}

/* ---- what is no container ------------------------------------------------ */

struct rm_wanted {
	bool force;
};

const struct option_row each_rm_rows[] = {
	SWITCH('f', "force", "Do not mind those that are not there",
	       struct rm_wanted, force),
	{ 0 },
};

int
each_rm(const struct verb *verb, int argc, char **argv,
	int (*rm)(const char *word, bool force))
{
	struct rm_wanted wanted = { 0 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, -1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	for (int i = first; i < argc; i++) {
		failure = (struct failure){ 0 };
		if (rm(argv[i], wanted.force) < 0)
			status = verb_error(verb);
	}
	return status;
}

int
each_ls(const struct verb *verb, int argc, char **argv,
	int (*ls)(const struct ls_wanted *wanted))
{
	struct ls_wanted wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) >= 0 &&
	    (status = verb_settle(verb)) == 0 && ls(&wanted) < 0)
		status = verb_error(verb);
	filters_free(&wanted.filters);
	free(wanted.format);
	return status;
}

static int
prune_all(const struct each_prune *prune, struct prune_wanted *wanted)
{
	if (filters_check(&wanted->filters, prune->known) < 0 ||
	    filters_get_time(&wanted->filters, "until", &wanted->until_ns) < 0)
		return -1;
	bool is_agreed = wanted->force ||
			 verb_is_agreed(wanted->all ? prune->question_all :
						      prune->question);
	return is_agreed ? prune->prune(wanted) : 0;
}

int
each_prune(const struct verb *verb, int argc, char **argv,
	   const struct each_prune *prune)
{
	struct prune_wanted wanted = { .until_ns = INT64_MAX };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) >= 0 &&
	    (status = verb_settle(verb)) == 0 && prune_all(prune, &wanted) < 0)
		status = verb_error(verb);
	filters_free(&wanted.filters);
	return status;
}

void
each_tell_prune(const char *type, uint64_t bytes)
{
	struct failure kept = failure;
	auto_free char *digits = text("%llu", (unsigned long long)bytes);
	events_tell(verb_root(), &(struct event){
		.type = type, .action = "prune", .id = "",
		.attributes = (const char *const[]){ "reclaimed", digits,
						     NULL } });
	failure = kept;
}
