/*
 * known.h - what a layer is called in registries: its compressed form has
 * another digest than its tar.  The file ROOT/layers/HEX.blobs has a line for
 * each form that was pulled or pushed:
 *
 *	sha256:3f57... 2219949 application/vnd.oci.image.layer.v1.tar+gzip box
 *
 * It saves work and nothing depends on it: whether a registry has such a blob
 * is asked before it is relied on.  Lost lines, and two commands that write at
 * once, cost a push that was not needed.
 */
#ifndef KNOWN_H
#define KNOWN_H

#include "manifest.h"
#include "store.h"

struct known {
	char *digest, *type, *repository;
	uint64_t size;
};

struct knowns {
	struct known *list; /* the newest first */
	size_t count;
};

/* No file, or one that cannot be read, is an empty list. */
void known_read(const struct store *store, const char *hex,
		struct knowns *knowns);
void known_free(struct knowns *knowns);

/* That is not kept when it cannot be.  `scratch` is a directory for the new
 * file, so that a kill leaves nothing (scratch.h). */
void known_add(struct store *store, int scratch, const char *hex,
	       const struct known *known);
/* The same for all layers of a manifest; `hexes` are the digits of theirs. */
void known_add_claim(struct store *store, int scratch,
		     const struct words *hexes, const struct claim *claim,
		     const char *repository);

#endif
