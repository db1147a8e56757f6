/*
 * mount_options.h - -v, --tmpfs and --mount: what is mounted in a container.
 *
 * Each function refuses what is not wholly understood, in Docker's words, and
 * has touched nothing: a source that must be there is looked for, one that may
 * be missing is made when the container is created (volumes.h).  `volume` is
 * zeroed by a failure; otherwise it is for volume_release().
 *
 * See Docker's "run" reference, and docs.docker.com/engine/storage.
 */
#ifndef MOUNT_OPTIONS_H
#define MOUNT_OPTIONS_H

#include "settings.h"

/* "[SOURCE:]TARGET[:MODE,...]".  A source with a "/" or "." in front is of the
 * host, relative to where we are; another is a volume's name; none is a volume
 * without a name. */
int parse_volume(const char *string, struct volume *volume);

/* "TARGET[:OPTION,...]": what mount(8) calls them, size=64m or exec.  Unless
 * they say otherwise nothing in it is executed, set-user-ID or a device. */
int parse_tmpfs(const char *string, struct volume *volume);

/* "type=bind,src=...,dst=...": comma-separated, and what has a comma within is
 * quoted as in CSV (RFC 4180). */
int parse_mount(const char *string, struct volume *volume);

/* Put it among the others, so that what lies deeper is mounted later, in
 * whatever order it was asked for.  Takes what `volume` has. */
void volume_add(struct settings *settings, const struct volume *volume);
void volume_release(struct volume *volume);

#endif
