/*
 * each.h - verbs that do the same with each of the containers they are given,
 * and say its name when it is done.
 */
#ifndef EACH_H
#define EACH_H

#include "container.h"
#include "filters.h"
#include "verbs.h"

/* What is done with one.  0: its name is to be printed; 1: it is not; -1: the
 * failure is.  `missing` (or NULL) is asked the same where there is none.  In
 * the end `failed` (or NULL) is said, with the names of those that did. */
struct each {
	int (*does)(struct container *c, const char *word, void *data);
	int (*missing)(const char *word, void *data);
	const char *failed;
};

/*
 * All of such a verb: its options into `data`, then each container.  After a
 * failure the next one has its turn; the exit status is then the verb's
 * failure_status.
 */
int each_container(const struct verb *verb, int argc, char **argv, void *data,
		   const struct each *each);
/* The second half of it. */
int each_of(const struct verb *verb, char **words, void *data,
	    const struct each *each);

/*
 * `rm` of what is no container: its one option, and all of the verb.  It is
 * `rm` that prints the word; with `force` it does not mind one that is not
 * there.
 */
extern const struct option_row each_rm_rows[];
int each_rm(const struct verb *verb, int argc, char **argv,
	    int (*rm)(const char *word, bool force));

/* `ls` of the same: what its options say, and all of the verb. */
struct ls_wanted {
	bool quiet, whole;
	char *format;
	struct filters filters;
};
int each_ls(const struct verb *verb, int argc, char **argv,
	    int (*ls)(const struct ls_wanted *wanted));

/* `prune`: the same; which filters it knows, up to a NULL, what is asked
 * first, with --all and without, and what is done then. */
struct prune_wanted {
	bool all, force;
	int64_t until_ns; /* what is younger stays */
	struct filters filters;
};
struct each_prune {
	const char *const *known;
	const char *question, *question_all;
	int (*prune)(const struct prune_wanted *wanted);
};
int each_prune(const struct verb *verb, int argc, char **argv,
	       const struct each_prune *prune);
/* The event of it: "container", "image", "network", "volume" or "builder", and
 * how many bytes are free now that were not; also where not all could be
 * removed.  `failure` is kept. */
void each_tell_prune(const char *type, uint64_t bytes);

#endif
