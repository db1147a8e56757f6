/*
 * substitute.h - the variables in a word of a Dockerfile, by the rules of its
 * reference: $x ${x} ${x:-y} ${x:+y} ${x:?y} ${x#y} ${x%y} ${x/y/z} and what is
 * between them; quotes and escapes taken away.
 */
#ifndef SUBSTITUTE_H
#define SUBSTITUTE_H

#include "base.h"

struct substitution {
	char escape; /* '\\', or '`' of "# escape=`" */
	/* A here-document: its quotes are characters like any other. */
	bool keeps_quotes;
	/* The value of a variable, or NULL when it is not set. */
	const char *(*get)(const void *context, const char *name);
	const void *context;
};

/* The result is the caller's to free; NULL: "failed to process "WORD": ...". */
char *substitute(const struct substitution *rules, const char *word);

#endif
