/*
 * outcome.h - what becomes of the last stage: an image of the store, an archive
 * of it, or its files.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "build.h"

/* As --output and -t say.  `stdout_fd` is where "-" is.  *id is the image's,
 * for the caller to free; NULL where there is none. */
int outcome_make(struct build *build, struct build_state *state,
		 int stdout_fd, char **id);

#endif
