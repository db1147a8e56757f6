/*
 * push.h - an image of the store into a registry (distribution-spec, "Push").
 *
 *	HEAD /v2/NAME/blobs/sha256:...		has it this layer already?
 *	POST /v2/NAME/blobs/uploads/?mount=...	or another repository of it?
 *	POST, then PUT to where it says		otherwise: the layer
 *	PUT  /v2/NAME/manifests/TAG		last, when all is there
 *
 * Where the name means images for several platforms, that comes for each, with
 * its manifest under its digest, and the index of them has the tag.
 */
#ifndef PUSH_H
#define PUSH_H

#include "store.h"

struct push_options {
	bool all_tags, is_quiet;
	const char *platform; /* this one alone; NULL: all that there are */
};

/* Says on standard output what Docker says. */
int push_image(struct store *store, const char *name,
	       const struct push_options *options);

#endif
