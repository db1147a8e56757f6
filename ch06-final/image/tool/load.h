/*
 * load.h - images from an archive into the store, all of them or none.
 */
#ifndef LOAD_H
#define LOAD_H

#include "store.h"

/*
 * `fd` may be a pipe; `name` is for messages.  Of an image for several
 * platforms those for `platform` ("linux/arm64,linux/amd64") are taken, and an
 * image for others only is refused; with NULL, all that are there: the name
 * means this machine's, or else the first.  On success `loaded` has a line for
 * each, "Loaded image: busybox:latest" as Docker prints it.
 */
int load_images(struct store *store, int fd, const char *name,
		const char *platform, struct words *loaded);

#endif
