/*
 * restore.h - parent: the steps of a restore that no `create` has; the table
 * of all is in create.c, beside that of `create`.
 *
 * criu makes the container's process, as a child of ours, of the images: so
 * there is no child of our own that would set itself up.  What the child of
 * `create` does, criu finds in the images.
 */
#ifndef RESTORE_H
#define RESTORE_H

#include "criu.h"
#include "making.h"

struct restoring {
	const struct restore_options *options;
	struct criu criu;
};

/* Once the config.json is read, and nothing has been made: what cannot be is
 * refused; and a stopped container that has the id is deleted. */
int restore_make_way(struct making *making);

/* Start criu, in the container's cgroup and with its root in sight; end it. */
int restore_criu_up(struct making *making);
int restore_criu_down(struct making *making);

/* Have it restore the images; `pid` is the container's then. */
int restore_images_up(struct making *making);

#endif
