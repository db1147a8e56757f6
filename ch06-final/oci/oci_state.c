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

char *
oci_state_json(const struct oci_state *state, bool pretty)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:s}", "ociVersion",
				 OCI_VERSION, "id", state->id, "status",
				 oci_status_names[state->status], "pid",
				 (int)state->pid, "bundle", state->bundle);
	json_t *annotations = json_object();
	bool good = json != NULL;
	for (size_t i = 0; good && i < state->annotations.count; i++) {
		const struct oci_pair *pair = &state->annotations.pairs[i];
		good = json_object_set_new(annotations, pair->key,
					   json_string(pair->value)) == 0;
	}
	if (good && state->annotations.count)
		json_object_set(json, "annotations", annotations);
	char *result = good ? json_dumps(json, pretty ? JSON_INDENT(2) :
							JSON_COMPACT) :
			      NULL;
	json_decref(annotations);
	json_decref(json);
	if (!result)
		failure_set("state of %s: a text is not UTF-8", state->id);
	return result;
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
