/* oci_hooks.c - parent.  See oci_hooks.h. */
#include "oci_hooks.h"

#define NAMES(name)                                                           \
	name(OCI_PRESTART, "prestart")                                        \
	name(OCI_CREATE_RUNTIME, "createRuntime")                             \
	name(OCI_CREATE_CONTAINER, "createContainer")                         \
	name(OCI_START_CONTAINER, "startContainer")                           \
	name(OCI_POSTSTART, "poststart")                                      \
	name(OCI_POSTSTOP, "poststop")

#define NAME(kind, word) [kind] = word,
const char *const oci_hook_names[OCI_HOOK_KINDS] = { NAMES(NAME) };

static const struct oci_field hook_fields[] = {
	{ "path", oci_take_path, .at = offsetof(struct oci_hook, path),
	  .required = true },
	{ "args", oci_take_texts, .at = offsetof(struct oci_hook, args) },
	{ "env", oci_take_texts, .at = offsetof(struct oci_hook, env) },
	{ "timeout", oci_take_int, .at = offsetof(struct oci_hook, timeout),
	  .min = 1, .max = INT32_MAX },
	{ 0 }
};
static const struct oci_shape hook_shape = {
	.size = sizeof(struct oci_hook), hook_fields,
};

#define FIELD(kind, word)                                                     \
	{ word, oci_take_list,                                                \
	  .at = offsetof(struct oci_hooks, of[kind].hooks),                   \
	  .count_at = offsetof(struct oci_hooks, of[kind].count),             \
	  .shape = &hook_shape },
static const struct oci_field hooks_fields[] = { NAMES(FIELD) { 0 } };
const struct oci_shape oci_hooks_shape = {
	.size = sizeof(struct oci_hooks), hooks_fields,
};
