/*
 * recipe.h - how a layer's tar is made again from the directory that it became.
 *
 * A layer is known by the digest of its tar, and no two programs write the
 * same tar of the same files: the order of the entries, the forms of the
 * headers and the padding all count.  So what cannot be told from the
 * directory is kept beside it, in ROOT/layers/HEX.recipe; the contents of the
 * files, which are nearly all of it, are not.  (Docker does the same, by a
 * library called tar-split.)  The recipe is a gzip file of records:
 *
 *	raw 1536\n		    that many bytes follow: headers
 *	file 0 81920 8\nbin/bash    bytes of a file: from where, how many; the
 *				    length of its name, and its name
 *
 * Writing stands in the way from the digest to libarchive, and takes down what
 * passes:
 *
 *	digest (of the tar) -> ahead -> recipe -> tar
 *
 * Whatever nobody claims by recipe_file() is raw, which is always right, only
 * longer.
 */
#ifndef RECIPE_H
#define RECIPE_H

#include "stream.h"

struct gzFile_s;

struct recipe {
	struct stream stream;
	struct stream *from;
	struct gzFile_s *out;
	uint64_t passed; /* bytes of the tar that were handed on */
	uint64_t done;	 /* up to here they are written down */
	/* Those between the two, if done is less: `count` that are held, then
	 * `left` where they lie, in the last block. */
	char *held;
	size_t count, left;
	const char *block;
	bool is_raw;	 /* claim nothing: files of it may be replaced */
};

/* Write to `name` in `dir`, a new file. */
int recipe_open(struct recipe *recipe, struct stream *from, int dir,
		const char *name);
/* The next `size` bytes that `archive` has not read yet are those of the file
 * `path` in the layer. */
int recipe_file(struct recipe *recipe, struct archive *archive, uint64_t size,
		const char *path);
/* Write down the rest; the tar was read to its end. */
int recipe_finish(struct recipe *recipe);
/* May be called twice. */
void recipe_close(struct recipe *recipe);

/* The tar again, as a stream.  That its digest is right is for the caller to
 * see: a file that somebody changed in the layer makes it another tar. */
struct recipe_reader {
	struct stream stream;
	struct gzFile_s *in;
	int layer; /* the directory; the caller's */
	int file;  /* that is being copied, or -1 */
	uint64_t offset, left;
	char *buffer;
};
/* `layers` is ROOT/layers, `layer` the directory in it that has this digest. */
int recipe_read(struct recipe_reader *reader, int layers, int layer,
		const char *hex);
/* How long the tar will be, by the recipe alone; to be read only after. */
int recipe_size(int layers, const char *hex, uint64_t *size);
/* May be called twice. */
void recipe_reader_close(struct recipe_reader *reader);

#endif
