/*
 * save.h - images from the store into an archive, as Docker has written them
 * since version 25: an OCI layout in a tar, and manifest.json beside it for
 * older readers.  What comes of the same images is the same, byte for byte.
 */
#ifndef SAVE_H
#define SAVE_H

#include "store.h"

/* Write the images that `names` mean (names, ids; a repository without a tag
 * means all of its tags) to `fd`, which may be a pipe.  A name that means
 * images for several platforms has an index of them; with `platforms`,
 * "linux/amd64,linux/arm64", of those, and each must be there. */
int save_images(struct store *store, char *const names[],
		const char *platforms, int fd);

/* The one with this id, by these names, which it need not have in the store. */
int save_image(struct store *store, const char *id, const struct words *names,
	       int fd);

#endif
