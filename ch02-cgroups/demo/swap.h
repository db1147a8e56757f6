/* swap.h - for experiments that need swap on a host that has none. */
#ifndef SWAP_H
#define SWAP_H

#include "base.h"

/*
 * See that `bytes` of swap are free, and say where: the host's own, or a file
 * made for the purpose.  Swap belongs to the whole host, so it takes root in
 * the first user namespace, and other processes may be swapped to our file,
 * too, should memory get short meanwhile; swapoff(2) then brings them back.
 * -1: there is none, and none can be made.
 */
int swap_need(uint64_t bytes);

/* For tidy(), when what was swapped out is dead: remove the file of this run,
 * and those of dead runs. */
void swap_remove(void);

#endif
