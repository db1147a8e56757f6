/*
 * build_shelf.h - the store's directory ROOT/build, where builds keep what they
 * need not do again, seen from outside: what is there, and how it goes.
 *
 *	ROOT/build/KEY		a step (shelves.h)
 *	ROOT/build/caches/HEX	of RUN --mount=type=cache; HEX.id is what it
 *				is called, HEX.lock is held by who has it
 *
 * The directory itself is locked, flock(2), shared by all that build.
 */
#ifndef BUILD_SHELF_H
#define BUILD_SHELF_H

#include "store.h"

#define BUILD_CACHES "caches"

/* One thing that is kept. */
struct build_kept {
	char *id;	/* a key, or the digits of a cache */
	char *what;	/* what the history says; what the cache is called */
	bool is_cache;
	uint64_t size;	/* bytes of the step's own layer, if no image has it */
	int64_t used_s;	/* when it was last of use: seconds since 1970 */
};
struct build_shelf {
	struct build_kept *list;
	size_t count;
};
/* The caches' sizes are left at 0: to count them takes long. */
int build_shelf_read(struct store *store, struct build_shelf *shelf);
void build_shelf_free(struct build_shelf *shelf);

/* Hold the lock of those that build, as flock(2) does.  A descriptor;
 * failure.code is EWOULDBLOCK when somebody builds who is not waited for. */
int build_shelf_lock(struct store *store, int how);

/* All of it goes, and the layers that nobody else has.  Nobody must be
 * building, as the lock of above, exclusive, says. */
int build_shelf_clear(struct store *store);

#endif
