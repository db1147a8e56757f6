/*
 * nibble.h - a load that eats memory as it is told, 1 MiB after the other, so
 * that an experiment can look at the counters in between.
 */
#ifndef NIBBLE_H
#define NIBBLE_H

#include "load.h"

/* For load_start(): may eat `amount` bytes in all; with one load_go() more it
 * ends, exit status 0. */
load_work nibble;

/* Have it eat `amount` bytes more, in whole MiB.  Returns how much it did eat:
 * less when it was killed. */
uint64_t nibble_more(struct load *nibbler, uint64_t amount);

#endif
