/*
 * image_mounts.h - --mount type=image: another image's files, read-only.
 *
 * The image's layers are put together as a container's root is, without one
 * that is written, in a mount namespace that ends at once; what is left of
 * that mount, or of a path in it, is a descriptor.
 */
#ifndef IMAGE_MOUNTS_H
#define IMAGE_MOUNTS_H

#include "container.h"

/* Into c->paths (volumes.h), which volumes_close_paths() closes.  `empty` is a
 * directory in which there is nothing. */
int image_mounts_open(struct container *c, const char *empty);

/* Is an image, by its id, one of those? */
bool image_mounts_have(const struct settings *settings, const char *id);

#endif
