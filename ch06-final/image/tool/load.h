/*
 * load.h - images from an archive into the store, all of them or none.
 */
#ifndef LOAD_H
#define LOAD_H

#include "store.h"

/*
 * `fd` may be a pipe; `name` is for messages.  Of an image for several
 * platforms it is the one for `platform` ("linux/arm64"; NULL: this machine's),
 * and another is refused.  On success `loaded` has a line
 * for each, "Loaded image: busybox:latest" as Docker prints it.
 */
int load_images(struct store *store, int fd, const char *name,
		const char *platform, struct words *loaded);

#endif
