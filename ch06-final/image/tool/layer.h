/*
 * layer.h - a layer: a tar, perhaps compressed, that becomes a directory for
 * the storage driver, and the digest by which it is known.
 */
#ifndef LAYER_H
#define LAYER_H

#include "marks.h"
#include "stream.h"

struct stage;

struct layer {
	char diff_id[65]; /* digits of the sha256 of the plain tar */
	uint64_t size;	  /* bytes in its files */
	/* Does it end as a tar must?  Some tools leave that out. */
	bool has_end;
};

/*
 * Unpack what `from` gives into the empty directory `dir`, with whiteouts made
 * as `marks`.  `from` is read to its end.  Whether the digest is the right one
 * is for the caller to say.
 */
int layer_unpack(struct stream *from, int dir, enum marks marks,
		 struct layer *layer);

/* The same, onto a stage (stage.h).  When `expected` (digits) is not NULL the
 * layer must have that digest.  The layer is kept only when all is well. */
int layer_stage(struct stage *stage, struct stream *from,
		const char *expected, struct layer *layer);

#endif
