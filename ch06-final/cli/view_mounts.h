/*
 * view_mounts.h - what --mount asked for, as Docker's JSON has it:
 * HostConfig.Mounts.
 */
#ifndef VIEW_MOUNTS_H
#define VIEW_MOUNTS_H

#include <jansson.h>

#include "settings.h"

/* A list, or NULL where there was none; what is "" or false is left out. */
json_t *view_json_wanted_mounts(const struct settings *settings);

#endif
