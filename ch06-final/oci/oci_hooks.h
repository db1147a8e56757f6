/*
 * oci_hooks.h - parent: programs to be run at points of a container's life:
 * the "hooks" of a config.json.
 *
 * See config.md, "POSIX-platform Hooks": where each kind is looked up and run.
 */
#ifndef OCI_HOOKS_H
#define OCI_HOOKS_H

#include "oci_field.h"

struct oci_hook {
	const char *path;
	const char *const *args, *const *env; /* or NULL */
	struct oci_int timeout;		      /* in seconds, at least 1 */
};

/* In the order in which they are due. */
enum oci_hook_kind {
	OCI_PRESTART, OCI_CREATE_RUNTIME, OCI_CREATE_CONTAINER,
	OCI_START_CONTAINER, OCI_POSTSTART, OCI_POSTSTOP, OCI_HOOK_KINDS,
};
extern const char *const oci_hook_names[OCI_HOOK_KINDS];

struct oci_hook_list {
	struct oci_hook *hooks;
	size_t count;
};

struct oci_hooks {
	struct oci_hook_list of[OCI_HOOK_KINDS];
};

extern const struct oci_shape oci_hooks_shape;

#endif
