/*
 * builder.h - what builds keep, for verbs that count or remove everything.
 */
#ifndef CLI_BUILDER_H
#define CLI_BUILDER_H

#include "base.h"

struct store;

/* How many things, and bytes that nobody else has. */
int builder_size(struct store *store, size_t *count, uint64_t *bytes);
/* All of it goes; `*bytes` grows by what it took.  1: somebody is building,
 * and nothing was removed. */
int builder_prune(uint64_t *bytes);

#endif
