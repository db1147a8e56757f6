/*
 * reach.h - the files of a container, whether it runs or not.
 *
 *	struct reach reach;
 *	if (reach_open(&reach, &c) < 0)
 *		...
 *	int fd = safepath_open(reach.root, "/etc/passwd", O_RDONLY);
 *	...
 *	reach_close(&reach);
 *
 * Of one that runs it is what its processes see: volumes, too.  That of one at
 * rest is put together for us alone, and mounted nowhere; its lock is ours
 * meanwhile, so that nobody starts or removes it.
 */
#ifndef REACH_H
#define REACH_H

#include "container.h"

struct reach {
	int root;	/* its root directory, O_PATH or a mount */
	bool read_only; /* it has asked that nobody writes to it */
	struct container *container;
	struct settings settings;
};

/* `c` was found (container_find), and must outlive it. */
int reach_open(struct reach *reach, struct container *c);
void reach_close(struct reach *reach);

/*
 * Where `path`, from the root, really is: of one at rest, that has volumes
 * which are not mounted, in one of those; `*rest` is the way from there, the
 * caller's.  Returns a descriptor of the directory, for the caller to close.
 */
int reach_place(const struct reach *reach, const char *path, char **rest,
		bool *read_only);

#endif
