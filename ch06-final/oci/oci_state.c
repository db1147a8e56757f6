/* oci_state.c - parent.  See oci_state.h. */
#include "oci_state.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "oci_config.h"

const char *const oci_status_names[OCI_STATUSES] = {
	[OCI_CREATING] = "creating", [OCI_CREATED] = "created",
	[OCI_RUNNING] = "running",   [OCI_STOPPED] = "stopped",
	[OCI_PAUSED] = "paused",
};

/* NULL: a text is not UTF-8. */
static json_t *
annotations_of(const struct oci_map *map)
{
	json_t *json = json_object();
	for (size_t i = 0; i < map->count; i++) {
		if (json_object_set_new(json, map->pairs[i].key,
					json_string(map->pairs[i].value)) < 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

struct json_t *
oci_state_object(const struct oci_state *state)
{
	json_t *json = json_pack(
		"{s:s, s:s, s:s, s:i, s:s, s:o}", "ociVersion", OCI_VERSION,
		"id", state->id, "status", oci_status_names[state->status],
		"pid", (int)state->pid, "bundle", state->bundle,
		"annotations", annotations_of(&state->annotations));
	if (!json)
		failure_set("state of %s: a text is not UTF-8", state->id);
	return json;
}

/* Takes the JSON, which may be NULL. */
static char *
as_text(json_t *json, size_t flags)
{
	char *result = json ? json_dumps(json, flags) : NULL;
	json_decref(json);
	return result;
}

char *
oci_state_json(const struct oci_state *state, bool pretty)
{
	return as_text(oci_state_object(state),
		       pretty ? JSON_INDENT(2) : JSON_COMPACT);
}

char *
oci_seccomp_state_json(const struct oci_state *state, const char *metadata)
{
	json_t *object = oci_state_object(state);
	if (!object)
		return NULL;
	json_t *json = json_pack("{s:s, s:[s], s:i, s:s*, s:o}", "ociVersion",
				 OCI_VERSION, "fds", "seccompFd", "pid",
				 (int)state->pid, "metadata", metadata,
				 "state", object);
	if (!json)
		failure_set("state of %s: a text is not UTF-8", state->id);
	return as_text(json, JSON_COMPACT);
}

int
oci_id_check(const char *id)
{
	if (!*id)
		return failx("the id of a container must not be empty");
	if (strlen(id) > NAME_MAX)
		return failx("an id of more than %d bytes", NAME_MAX);
	size_t good = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_+-."
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (id[good] || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return failx("\"%.100s\" cannot be the id of a container: it "
			     "is made of letters, digits, _, +, - and .", id);
	return 0;
}
