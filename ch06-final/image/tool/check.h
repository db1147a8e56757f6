/*
 * check.h - is everything in the store what its name says?
 *
 * Every name leads to a config, every config has the digest that is its name
 * and lists layers that are there, and the tar that comes of every layer again
 * (recipe.h) has the layer's digest: so no byte of any file in it has changed.
 * (That the files still have the owners, modes and times of the tar's headers,
 * and that nothing was put beside them, is not looked at.)
 */
#ifndef CHECK_H
#define CHECK_H

#include "store.h"

struct check {
	size_t images, layers; /* that were looked at */
	struct words problems; /* a line each */
};
void check_free(struct check *check);

/* -1 only when nothing could be found out. */
int check_store(struct store *store, struct check *check);

#endif
