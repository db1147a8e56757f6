/*
 * oci_state.h - parent: what a runtime tells of a container: to `state`, and
 * to every hook on its standard input.
 *
 * See runtime.md, "State".
 */
#ifndef OCI_STATE_H
#define OCI_STATE_H

#include "oci_field.h"

enum oci_status {
	OCI_CREATING, OCI_CREATED, OCI_RUNNING, OCI_STOPPED,
	OCI_PAUSED, /* not the specification's, but of all runtimes */
	OCI_STATUSES,
};
extern const char *const oci_status_names[OCI_STATUSES];

struct json_t;

struct oci_state {
	const char *id;
	enum oci_status status;
	pid_t pid;	    /* of its first process; 0: there is none */
	const char *bundle; /* absolute */
	struct oci_map annotations;
};

/* As JSON, of several lines with `pretty`; the caller frees.  NULL and a
 * failure when a text is not UTF-8. */
char *oci_state_json(const struct oci_state *state, bool pretty);

/* The same, for who has more to tell. */
struct json_t *oci_state_object(const struct oci_state *state);

/*
 * The same as seccomp's agent is told it, with the descriptor that the filter
 * notifies through: config-linux.md, "The Container Process State".
 * `metadata`: its listenerMetadata, or NULL.
 */
char *oci_seccomp_state_json(const struct oci_state *state,
			     const char *metadata);

/*
 * Can a container be called that?  The name becomes part of paths and of
 * cgroups' names.  The rule is runc's: letters, digits, "_", "+", "-" and ".",
 * at least one and not "." or "..".
 */
int oci_id_check(const char *id);

#endif
