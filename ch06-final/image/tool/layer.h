/*
 * layer.h - a layer: a tar, perhaps compressed, that becomes a directory for
 * the storage driver, and the digest by which it is known.
 */
#ifndef LAYER_H
#define LAYER_H

#include "stream.h"

struct stage;
struct unpacking;

struct layer {
	char diff_id[65]; /* digits of the sha256 of the plain tar */
	uint64_t size;	  /* bytes in its files */
	/* Does it end as a tar must?  Some tools leave that out. */
	bool has_end;
	bool is_compressed; /* so what came was not the plain tar itself */
	/* Set by the caller: the recipe shall have all of the tar in it. */
	bool is_raw;
	/* A file of the tar is not in the directory, since a later one took
	 * its place: its recipe (recipe.h) is good only with is_raw. */
	bool has_replaced;
};

/*
 * Unpack what `from` gives into the directory that stage_begin_layer() makes,
 * with whiteouts as the storage driver wants them, and write its recipe beside
 * it.  `from` is read to its end.  When `expected` (digits) is not NULL the
 * layer must have that digest.  stage_keep_layer() then keeps it; but when
 * layer->has_replaced comes back without layer->is_raw, do it once more with
 * that, from the start of the stream.
 */
int layer_stage(struct stage *stage, struct stream *from,
		const char *expected, struct layer *layer);

/* Only the files, of a plain tar; `*bytes` of it were read (NULL: no matter),
 * and what is behind its end was not. */
int layer_read_tar(struct stream *from, struct unpacking *unpacking,
		   uint64_t *bytes);

#endif
