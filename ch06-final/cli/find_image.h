/*
 * find_image.h - the image that a container is to be made of: from the store,
 * made, or pulled.
 */
#ifndef FIND_IMAGE_H
#define FIND_IMAGE_H

#include "run_options.h"
#include "store.h"

struct verb;

/*
 * As `--pull` says: look in the store, and pull what is missing there (with
 * "never" that is a failure, with "always" it is pulled anyhow); busybox is
 * made of this machine's.  The store is locked, shared, before and after; in
 * between, while something is pulled, it is not.
 */
int find_image(struct store *store, const struct run_wanted *wanted,
	       const char *name, struct image *image);
/* And before it, those that are to be mounted (--mount type=image): from when
 * the last was found on the store stays locked. */
int find_images(struct store *store, const struct run_wanted *wanted,
		const char *name, struct image *image);

/*
 * Before verb_settle(): an ordinary user's network leads to no registry on this
 * host, and perhaps nowhere, so what is missing is pulled by the host's.  Does
 * nothing for root.  An exit status; what is wrong has been said.
 */
int fetch_image(const struct verb *verb, struct run_wanted *wanted,
		const char *name);

#endif
