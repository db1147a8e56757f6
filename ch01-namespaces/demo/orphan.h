/* orphan.h - a process whose parent dies: who is its parent then? */
#ifndef ORPHAN_H
#define ORPHAN_H

#include "base.h"

/*
 * Make one, show its parent before and after, and check that the latter is
 * `heir`.  It has then said its last word; who inherited it waits for it.
 */
int orphan_make(pid_t heir);

#endif
