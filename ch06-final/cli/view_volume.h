/*
 * view_volume.h - a volume as `docker volume inspect` has it.
 */
#ifndef VIEW_VOLUME_H
#define VIEW_VOLUME_H

#include <jansson.h>

#include "base.h"

/* A new reference; NULL with the code ENOENT when there is no such volume. */
json_t *view_volume(const char *root, const char *name);

#endif
