/*
 * told.h - what a build says on the way: BuildKit's plain progress, to standard
 * error; in a terminal it is drawn instead (screen.h).
 *
 *	#5 [2/4] RUN make
 *	#5 0.312 cc -o a a.c
 *	#5 DONE 1.2s
 *
 * Stages are built by several processes at once, and each line says which of
 * the numbered things it belongs to; the numbers are counted in memory that
 * they share.
 */
#ifndef TOLD_H
#define TOLD_H

#include "base.h"

enum told_kind { TOLD_NOTHING, TOLD_PLAIN, TOLD_TERMINAL };

/* Once, before there are other processes. */
int told_begin(enum told_kind kind);

/* The failure, as the last that is said; before it where in the Dockerfile that
 * was, or "". */
void told_complain(const char *excerpt);

/* Of no thing that is done, but to be known: whole lines. */
void told_warn(const char *format, ...) printf_like(1, 2);

/* No more is told.  Once, by whom told_begin() was called. */
void told_end(void);

/* One thing that is done. */
struct telling {
	unsigned int number;
	int64_t began_ns;
	char *name;
	char *last; /* what it said, as far as it is kept: the last lines */
	size_t last_length;
	char *part; /* of a line that has not ended */
	size_t part_length;
};

/* "#5 [2/4] RUN make"; then, in the end, one of the next three. */
void telling_begin(struct telling *telling, const char *name);
void telling_done(struct telling *telling);
void telling_cached(struct telling *telling);
/* The failure; and below it what was last said. */
void telling_failed(struct telling *telling);

/* A line of our own: "#5 extracting ...". */
void telling_note(const struct telling *telling, const char *format, ...)
	printf_like(2, 3);
/* What a program said, in any pieces. */
void telling_output(struct telling *telling, const char *bytes, size_t size);

#endif
