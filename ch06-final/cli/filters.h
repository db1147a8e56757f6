/*
 * filters.h - what --filter takes: Docker's KEY=VALUE.
 *
 * Several values of one key: any of them will do.  Several keys: each must be
 * met.  Of labels, and of what is said with "!=", every one must be met.
 */
#ifndef FILTERS_H
#define FILTERS_H

#include "words.h"

struct filters {
	struct words list; /* "key=value", the key in lower case */
};

/* For an option's `take`, into a struct filters: "status=running", or the
 * failure in Docker's words. */
int filters_add(void *filters, const char *value);
void filters_free(struct filters *filters);
#define auto_filters __attribute__((cleanup(filters_free), unused))

/* Refuse a key that `known`, which ends with NULL, does not have. */
int filters_check(const struct filters *filters, const char *const *known);

bool filters_have(const struct filters *filters, const char *key);

/*
 * Does it fit, where `matches` says whether one value does?  True where nothing
 * is asked for by this key.
 */
bool filters_fit(const struct filters *filters, const char *key,
		 bool (*matches)(const void *data, const char *value),
		 const void *data);
/* Is `string` one of the values? */
bool filters_fit_text(const struct filters *filters, const char *key,
		      const char *string);
/* Does one of the values, a regular expression (of Go; here of regex(7),
 * extended), fit a part of `string`?  As names of containers are filtered. */
bool filters_fit_pattern(const struct filters *filters, const char *key,
			 const char *string);
/* Is one of the values the beginning of `string`? */
bool filters_fit_beginning(const struct filters *filters, const char *key,
			   const char *string);
/* Has `labels`, "key=value", all that is asked for by label=KEY and
 * label=KEY=VALUE, and nothing of label!=...? */
bool filters_fit_labels(const struct filters *filters, char *const *labels);

/* "1", "true", "0", "false" of a key that is either; `*is_set` says whether
 * there is one. */
int filters_get_bool(const struct filters *filters, const char *key,
		     bool *is_set, bool *value);
/* A time (times.h); left as it is where there is no such key. */
int filters_get_time(const struct filters *filters, const char *key,
		     int64_t *time_ns);

#endif
