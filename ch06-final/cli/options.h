/*
 * options.h - command lines as a table, understood the way Docker does.
 *
 * "--name web", "--name=web", "-m64m", "-it" (two switches), "--" (the end).
 * Where what follows the first plain word is the command line of a container,
 * it is left alone: options come before.  A switch may have a value, too:
 * "--rm=false".
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "base.h"

struct option_row {
	char letter;	   /* 'm', or 0 */
	const char *name;  /* "memory", or NULL */
	const char *value; /* what the help calls its value; NULL: a switch */
	const char *help;  /* NULL: an old name, which no help shows */
	/* Take the value into `data`, or what of it is at the offset `flag`.
	 * On failure the text says what is wrong with it. */
	int (*take)(void *data, const char *value);
	size_t flag; /* a switch has none: the offset in `data` of its bool */
};

/* A row for a switch: SWITCH('t', "tty", "Allocate ...", struct x, tty). */
#define SWITCH(letter, name, help, type, member)                              \
	{                                                                     \
		letter, name, NULL, help, NULL, offsetof(type, member)        \
	}

/* A row for a value that goes into one member, all that `take` is given. */
#define MEMBER(letter, name, value, help, take, type, member)                 \
	{                                                                     \
		letter, name, value, help, take, offsetof(type, member)       \
	}

/* Into such a member: the text in place of an earlier one (char *), which is
 * freed; or one more of them (struct words), which may have to be a label. */
int option_take_text(void *member, const char *value);
int option_take_word(void *member, const char *value);
int option_take_label(void *member, const char *value);

/*
 * Parse argv[1..] by the table, which ends with a row without any name.
 * Returns the index of the first plain word (argc when there is none);
 * OPTIONS_HELP for --help or -h, OPTIONS_HELP_ALL for --help=all; -1 with a
 * message in Docker's words.
 */
#define OPTIONS_HELP (-2)
#define OPTIONS_HELP_ALL (-3)
int options_parse(const struct option_row *table, int argc, char **argv,
		  void *data);
/* The same, where options may also come after plain words, up to a "--"; the
 * plain words are then moved behind them: `rm NAME -f`. */
int options_parse_anywhere(const struct option_row *table, int argc,
			   char **argv, void *data);

/*
 * The same as runc understands it, which uses Go's flag package: one "-" is as
 * good as two, "-no-pivot".
 */
int options_parse_go(const struct option_row *table, int argc, char **argv,
		     void *data, bool anywhere);

/*
 * The table as the lines of a --help, in the order of the alphabet, 80 columns
 * wide.  With `everyday`, names up to a NULL, only those: then all others
 * follow by name alone, and the whole is at `--help=all`.
 */
void options_print(const struct option_row *table,
		   const char *const *everyday, FILE *out);

#endif
