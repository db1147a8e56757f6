/*
 * pattern.h - shell patterns, compiled and then fed with a text character by
 * character.  All states a pattern can be in are followed at once, so that no
 * pattern takes longer than its length times that of the text.
 *
 * Three dialects are spoken in and around a Dockerfile:
 *
 *	PATTERN_PATH	sources of COPY: Go's path/filepath.Match.  * and ?
 *			stop at slashes, [a-z] and [^a] are one character
 *	PATTERN_IGNORE	.dockerignore: that, and ** is any number of
 *			directories
 *	PATTERN_VALUE	${x#pattern}: * and ? alone, slashes like any other
 *
 * In all three a backslash takes the next character as it is.
 */
#ifndef PATTERN_H
#define PATTERN_H

#include "base.h"

enum pattern_dialect {
	PATTERN_PATH,
	PATTERN_IGNORE,
	PATTERN_VALUE,
};

struct pattern_element;

struct pattern {
	struct pattern_element *elements;
	size_t count;
	bool has_star;
};

/* -1: "syntax error in pattern". */
int pattern_compile(const char *string, enum pattern_dialect dialect,
		    struct pattern *pattern);
/* From its end to its beginning: to be fed with a text backwards. */
void pattern_reverse(struct pattern *pattern);
void pattern_free(struct pattern *pattern); /* may be called twice */
#define auto_pattern __attribute__((cleanup(pattern_free)))

struct pattern_run {
	const struct pattern *pattern;
	bool *now, *next;    /* which elements may come next */
	size_t first, last;  /* of those in `now`; first > last: none */
	bool matches; /* what was fed so far is matched, all of it */
	bool is_alive; /* with more it may match yet */
	bool met_star; /* a star was reached */
};

void pattern_start(const struct pattern *pattern, struct pattern_run *run);
/* Again from the beginning. */
void pattern_restart(struct pattern_run *run);
void pattern_feed(struct pattern_run *run, uint32_t character);
void pattern_end(struct pattern_run *run);
#define auto_pattern_run __attribute__((cleanup(pattern_end)))

/* The character at `string`, and how many bytes it has: 0 at the end.  A byte
 * that is not UTF-8 is a character of its own. */
size_t pattern_character(const char *string, uint32_t *character);

#endif
