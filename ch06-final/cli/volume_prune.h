/*
 * volume_prune.h - volumes that nobody uses go: `volume prune`, and `system
 * prune --volumes`.
 */
#ifndef VOLUME_PRUNE_H
#define VOLUME_PRUNE_H

#include "filters.h"

/* Those without a name, or `all`; what goes is printed, and its size added to
 * `*bytes`. */
int volume_prune(const struct filters *filters, bool all, uint64_t *bytes);

#endif
