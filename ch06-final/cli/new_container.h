/*
 * new_container.h - what `run` and `create` have in common: a container on
 * disk, made of an image and a command line.
 */
#ifndef NEW_CONTAINER_H
#define NEW_CONTAINER_H

#include "container.h"
#include "run_options.h"

/* `words` are the image's name and what was typed behind it.  Says what there
 * is to be warned of.  The lock is ours; `wanted` must outlive `c`. */
int new_container(struct container *c, struct run_wanted *wanted,
		  char *const *words);

#endif
