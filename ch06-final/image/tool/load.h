/*
 * load.h - images from an archive into the store, all of them or none.
 */
#ifndef LOAD_H
#define LOAD_H

#include "store.h"

/*
 * `fd` may be a pipe; `name` is for messages.  On success `loaded` has a line
 * for each, "Loaded image: busybox:latest" as Docker prints it.
 */
int load_images(struct store *store, int fd, const char *name,
		struct words *loaded);

#endif
