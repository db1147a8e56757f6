/*
 * view_image.h - an image as `docker inspect` has it.
 */
#ifndef VIEW_IMAGE_H
#define VIEW_IMAGE_H

#include <jansson.h>

#include "store.h"

/* A new reference; NULL with the code ENOENT when there is no such image. */
json_t *view_image(struct store *store, const char *word);

#endif
