/*
 * bundle_part.h - for the files that make parts of a config.json alone.
 */
#ifndef BUNDLE_PART_H
#define BUNDLE_PART_H

#include <jansson.h>

#include "words.h"

struct bundle_facts;
struct device_wanted;
struct settings;

/* A text; what is no UTF-8 in it becomes "?". */
json_t *bundle_text(const char *string);
json_t *bundle_list(const struct words *words);
/* "a,b" as an array. */
json_t *bundle_split(const char *list);
/* Of words "key=value": an object. */
json_t *bundle_map(const struct words *pairs);

/* The whole "mounts" (bundle_mounts.c); NULL and a failure.  `*spread` is the
 * propagation that the root needs for them, or NULL. */
json_t *bundle_mounts(const struct settings *settings,
		      const struct bundle_facts *facts, const char **spread);

/* Into "linux": "devices", and the rules for them in `resources`
 * (bundle_devices.c). */
int bundle_devices(const struct settings *settings, json_t *kernel,
		   json_t *resources);
/* An ordinary user can make no device.  The runtime mounts the host's of the
 * same name in its place; of one with another name only the host's path says
 * which it is, so it is one of the mounts. */
bool bundle_lends_device(const struct device_wanted *device);

/* Into "resources" (bundle_limits.c). */
int bundle_limits(const struct settings *settings, json_t *resources);

#endif
