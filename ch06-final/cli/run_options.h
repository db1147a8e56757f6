/*
 * run_options.h - what `run` takes on its command line, as a table.
 *
 * A row a flag: how it is called, what the help says, and the function that
 * puts its value into what is asked for.  The values themselves are read by
 * units.h.
 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include "container.h"
#include "options.h"
#include "words.h"

/* What the command line says; some of it is the image's if it does not. */
struct run_options {
	struct config config;
	struct words env;
	const char *user, *workdir, *entrypoint; /* NULL: the image's */
};

extern const struct option_row run_option_rows[];

/* What only all of them together show to be wrong, before anything is
 * touched. */
int run_options_check(const struct run_options *wanted);
void run_options_free(struct run_options *wanted);

#endif
