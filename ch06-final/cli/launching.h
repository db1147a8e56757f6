/*
 * launching.h - what verbs that start containers have in common.
 */
#ifndef LAUNCHING_H
#define LAUNCHING_H

#include "container.h"
#include "verbs.h"

/* A container that is locked and at rest, once more: in the background. */
int launch_again(struct container *c);

/* The same, attached (launch.h).  Returns the exit status. */
int launch_attached(const struct verb *verb, struct container *c,
		    struct attach_options *attach);

/* Until it ends, or is let go of; what went wrong is told.  Returns the exit
 * status. */
int launch_follow(const struct verb *verb, int sock,
		  const struct attach_options *attach);

#endif
