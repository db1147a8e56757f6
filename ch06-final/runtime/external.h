/*
 * external.h - parent: what a container has that is not its own, and so is not
 * written down with it: directories of the host's, namespaces of others', and
 * the pipes its standard descriptors lead to.
 *
 * In the images each has a name, and when the container is restored what the
 * new bundle has under this name takes its place.
 */
#ifndef EXTERNAL_H
#define EXTERNAL_H

#include "criu.h"
#include "making.h"

/* Is there anything in this config.json that criu cannot save or restore? */
int external_check(const struct oci_config *config);

/* Name what is external of the container's process, and write down in the
 * images where its standard descriptors lead to (descriptors.json, as runc
 * and crun have it). */
int external_dump(struct criu *criu, const struct making *making);

/* Say what takes its place; and, once the cgroup is there, of cgroups that the
 * container sees. */
int external_restore(struct criu *criu, const struct making *making);
void external_cgroups(struct criu *criu, const struct making *making);

#endif
