/*
 * pack.h - a layer of the store as registries want it: its tar, compressed.
 * The same layer gives the same bytes each time.
 */
#ifndef PACK_H
#define PACK_H

#include "store.h"

#define PACK_TYPE "application/vnd.oci.image.layer.v1.tar+gzip"

struct pack {
	int fd;		/* an unnamed file: gzip */
	char *digest;	/* "sha256:...", of its bytes */
	uint64_t size;
};

/* That the tar still has the digest `hex` is verified. */
int pack_layer(struct store *store, int scratch, const char *hex,
	       struct pack *pack);
/* May be called twice. */
void pack_free(struct pack *pack);

#endif
