/*
 * options.h - command lines as a table, understood the way Docker does.
 *
 * "--name web", "--name=web", "-m64m", "-it" (two switches), "--" (the end).
 * Options come before the first plain word; what follows that word is left
 * alone, since it is the command line of the container.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "base.h"

struct option_row {
	char letter;	   /* 'm', or 0 */
	const char *name;  /* "memory", or NULL */
	const char *value; /* what the help calls its value; NULL: a switch */
	const char *help;
	/* Take the value into `data`.  On failure the text says what is wrong
	 * with it. */
	int (*take)(void *data, const char *value);
	size_t flag; /* a switch has none: the offset in `data` of its bool */
};

/* A row for a switch: SWITCH('t', "tty", "Allocate ...", struct x, tty). */
#define SWITCH(letter, name, help, type, member)                              \
	{                                                                     \
		letter, name, NULL, help, NULL, offsetof(type, member)        \
	}

/*
 * Parse argv[1..] by the table, which ends with a row without any name.
 * Returns the index of the first plain word (argc when there is none);
 * OPTIONS_HELP for --help or -h; -1 with a message in Docker's words.
 */
#define OPTIONS_HELP (-2)
int options_parse(const struct option_row *table, int argc, char **argv,
		  void *data);

/* The table as the lines of a --help. */
void options_print(const struct option_row *table, FILE *out);

#endif
