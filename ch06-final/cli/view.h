/*
 * view.h - a container as it is seen from outside: its record, what was asked
 * for, and what the kernel says of it now; and all that as Docker's JSON.
 *
 * Every verb that shows containers goes by this one view, so that `ps`,
 * `inspect`, `port` and the filters never tell different things.
 */
#ifndef VIEW_H
#define VIEW_H

#include <jansson.h>

#include "record.h"
#include "settings.h"

struct view {
	char *root;
	int dir; /* of the container */
	struct record record;
	struct settings settings; /* zeroed where there is no file of them */
	const char *status; /* "created", "running", "paused", "restarting",
			       "exited" or "dead" */
};
void view_free(struct view *view);
#define auto_view __attribute__((cleanup(view_free), unused))

/* Find one by name or id.  A failure has the code ENOENT when there is none. */
int view_open(const char *root, const char *word, struct view *view);
/* All, newest first; those that go meanwhile are left out. */
int view_list(const char *root, struct view **views, size_t *count);
void view_free_list(struct view *views, size_t count);

/* Has it a process?  Paused and restarting ones count for Docker as running;
 * a restarting one has none just now. */
bool view_is_running(const struct view *view);

/* "Up 5 seconds (Paused)", "Exited (137) 2 minutes ago": fresh memory. */
char *view_words(const struct view *view);
/* "healthy", "unhealthy", "starting"; "none" where nobody looks. */
const char *view_health(const struct view *view);
/* "0.0.0.0:8080->80/tcp, 9000/tcp": what leads to it now.  Fresh memory. */
char *view_ports(const struct view *view);

/* Bytes that it wrote: of the files in its own layer. */
uint64_t view_written(const struct view *view);
/* The layers below it, the top one first, and what all their files take. */
int view_layers(const struct view *view, struct words *layers,
		uint64_t *bytes);

/* As `docker inspect` has it; a new reference.  With `sizes` SizeRw and
 * SizeRootFs are in it. */
json_t *view_json(const struct view *view, bool sizes);

/* The parts of it, and of theirs (view_config.c, view_network.c). */
json_t *view_json_config(const struct view *view);
json_t *view_json_host_config(const struct view *view);
json_t *view_json_mounts(const struct view *view);
json_t *view_json_network(const struct view *view);
/* NetworkSettings.Ports: {"80/tcp": [{"HostIp": ..., "HostPort": ...}]}. */
json_t *view_json_ports(const struct view *view);

/* ---- JSON of plain values ------------------------------------------------ */

/* "" for NULL; what is not UTF-8 has "?" in its places. */
json_t *json_words(const char *string);
/* An object of {name, json_words(value)}. */
json_t *json_members(const char *const (*members)[2], size_t count);
/* A list; null for an empty one, as Go has it. */
json_t *json_list(const struct words *words);
/* {"key": "value"} of "key=value". */
json_t *json_map(const struct words *words);

#endif
