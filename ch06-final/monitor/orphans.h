/*
 * orphans.h - what a container's first process leaves behind.
 *
 * It goes with its pid namespace, or its control group.  A container that has
 * neither, --pid host of an ordinary user whom no group was handed down, has
 * only this: whoever lost his parent is now ours (PR_SET_CHILD_SUBREAPER).
 */
#ifndef ORPHANS_H
#define ORPHANS_H

#include "base.h"

/* End all children of this process that are in the container, and whoever they
 * leave behind. */
void orphans_end(void);

#endif
