/*
 * pull.h - images from a registry into the store.
 *
 * On the wire it is three kinds of requests (distribution-spec, "Pull"):
 *
 *	GET /v2/NAME/manifests/TAG	   what there is, perhaps an index of
 *					   manifests for several machines
 *	GET /v2/NAME/manifests/sha256:...  the manifest for this one
 *	GET /v2/NAME/blobs/sha256:...	   its config, and each layer
 *
 * From the first digest on all is checked: the manifest by the digest in the
 * index, config and layers by those in the manifest, and what the layers are
 * when unpacked by those in the config.
 */
#ifndef PULL_H
#define PULL_H

#include "store.h"

struct pull_options {
	bool all_tags, is_quiet;
	const char *platform; /* "linux/arm64"; NULL: this machine's */
};

/* Says on standard output what Docker says. */
int pull_image(struct store *store, const char *name,
	       const struct pull_options *options);

#endif
