/*
 * partial.h - what pulls have left in ROOT/partial that ended badly or were
 * killed: the beginnings of blobs, for the next pull to go on with.
 */
#ifndef PARTIAL_H
#define PARTIAL_H

#include "shelves.h"

/* Remove those that nobody is pulling now and nobody has added to for
 * `age_s` seconds.  `*freed` grows by the bytes that they had. */
int partial_sweep(const struct store *store, int64_t age_s, uint64_t *freed);

#endif
