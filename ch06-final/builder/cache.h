/*
 * cache.h - the steps of builds that need not be done again.
 *
 * The rule: a step is what the step before it was, its instruction, and what
 * goes into it (files, variables).  Of all that a digest is made, the key; and
 * if there is something on the shelf by that key, it is what the step would
 * come to.  So after one change everything that follows has another key, and
 * is done again; what stands before is not.
 *
 * On the shelf, ROOT/build/KEY, is the config of the image that the stage
 * would be after the step (build_state.h).  The layers in it stay as long as
 * it is there (shelves.h): `builder prune` takes it away.
 */
#ifndef BUILD_CACHE_H
#define BUILD_CACHE_H

#include "build_state.h"
#include "scratch.h"
#include "store.h"
#include "tool/digest.h"

/* Put together part by part; the first is the key before, or "". */
struct cache_key {
	struct digest digest;
};
int cache_key_begin(struct cache_key *key, const char *before);
void cache_key_add(struct cache_key *key, const char *part);
void cache_key_add_all(struct cache_key *key, const struct words *parts);
int cache_key_end(struct cache_key *key, char hex[65]);

/* Is it there, with all of its layers?  Then it is in `state`, and true. */
bool cache_look(struct store *store, const char key[65],
		struct build_state *state);

/* Put `state`, whose layers the store has, there by its key; it is made in the
 * build's scratch, so that who is killed leaves nothing half-made. */
int cache_keep(struct store *store, const struct scratch *scratch,
	       const struct build_state *state);

#endif
