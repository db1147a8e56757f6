/*
 * tell_image.h - events of images (events.h): load, import, pull, push, tag,
 * untag, delete, save.
 */
#ifndef TELL_IMAGE_H
#define TELL_IMAGE_H

#include "store.h"

/* `id` is "sha256:..."; `name` what was asked for: NULL, then it is the id. */
int image_tell(const struct store *store, const char *action, const char *id,
	       const char *name);

#endif
