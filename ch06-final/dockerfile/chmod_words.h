/*
 * chmod_words.h - "u=rwX,go=rX" or "0644": which mode a file is to have, as
 * chmod(1) reads it.  Without u, g, o or a all are meant: there is no umask.
 */
#ifndef CHMOD_WORDS_H
#define CHMOD_WORDS_H

#include "base.h"

#include <sys/types.h>

/* One change: `who` are the bits it is about, 07777 for a number. */
struct chmod_step {
	char operator;	/* '=', '+' or '-' */
	mode_t who, bits;
	bool is_number;
	bool is_x_maybe; /* X: of directories, and where anybody may already */
	char copied;	 /* "g=u": 'u'; or 0 */
};

enum { CHMOD_STEPS = 16 };
struct chmod_words {
	struct chmod_step steps[CHMOD_STEPS];
	size_t count;
};

int chmod_parse(const char *string, struct chmod_words *words);
/* What a file of this mode has then. */
mode_t chmod_apply(const struct chmod_words *words, mode_t mode, bool is_dir);

#endif
