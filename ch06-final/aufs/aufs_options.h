/*
 * aufs_options.h - what is written after -o.
 *
 * Each option is a word, and "=" or ":" before its value.  Those of aufs(5)
 * that say something about its inside alone (xino, rdblk, dirwh, ...) are
 * taken and have no effect; what this one does not do (udba=notify, other
 * policies) is refused by name, and so is what it does not know.
 */
#ifndef AUFS_OPTIONS_H
#define AUFS_OPTIONS_H

#include "aufs_state.h"

/* One option of a list: "append=DIR=ro" is "append" with "DIR=ro". */
struct option_word {
	char *name, *value; /* value NULL: there is none */
};

/* The next of a list, which is cut up by that; false at the end. */
bool option_next(char **list, struct option_word *word);

/* Options that hold for the whole of it, now or when it is mounted. */
int option_set(struct aufs *aufs, const struct option_word *word);

/*
 * The list with the paths of branches made absolute, in fresh memory: for a
 * daemon whose working directory is another.  NULL with `failure`.
 */
char *options_make_absolute(const char *options);

#endif
