/*
 * update.h - what a container may have is changed, and when it is restarted;
 * while it runs, too.
 */
#ifndef UPDATE_H
#define UPDATE_H

#include "container.h"

struct update {
	/* Limits that are zero stay as they are; those that are to be none at
	 * all are CGROUP_NONE. */
	struct settings settings;
	bool restart; /* the policy changes, to that of `settings` */
};

/* All of it, or none.  Fails in Docker's words. */
int container_update(struct container *c, const struct update *update);

#endif
