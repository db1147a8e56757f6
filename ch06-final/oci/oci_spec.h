/*
 * oci_spec.h - parent: a config.json to begin with: the verb `spec`.
 */
#ifndef OCI_SPEC_H
#define OCI_SPEC_H

#include <jansson.h>

#include "base.h"

/*
 * A container that runs a shell in "rootfs", with few privileges.  With
 * `rootless` for the user who calls: in a user namespace in which they are
 * root, on the host's network, and without what takes more.  The caller frees.
 */
char *oci_spec_json(bool rootless);

/* Into the directory `bundle`, as config.json, which must not be there. */
int oci_spec_write(const char *bundle, bool rootless);

/* An array of the texts, up to a NULL; the caller's. */
json_t *oci_spec_strings(const char *const *list);

#endif
