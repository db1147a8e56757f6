/*
 * build.h - an image built from a Dockerfile, with Docker's build cache.
 *
 * An image is its parent and one instruction: a file images/ID of three lines,
 * the parent, the layer and the instruction.  The ID is made of what went in:
 * the parent's ID, the words of the instruction, the content of a file that it
 * copies.  So the rule of the cache needs no code of its own: what has the
 * same ID is there already, and once one differs so do all that follow.
 * (Docker's IDs are SHA-256; 64 bits of FNV-1a do here.)
 */
#ifndef BUILD_H
#define BUILD_H

#include "base.h"

struct instruction {
	const char *words;	 /* "COPY app.py /app" */
	const char *copies;	 /* a file whose content counts, or NULL */
	int (*run)(const char *root); /* NULL: it makes no layer */
};

/*
 * Layers are made in the working directory (graph.h).  Tells each step, and
 * whether it was in the cache.  `*built` is the number of steps that were not.
 * Returns the ID of the image, which the caller frees, or NULL.
 */
char *build_image(const struct instruction *steps, size_t count,
		  size_t *built);

/* The topmost layer of an image.  The caller frees; NULL: there is none. */
char *build_layer(const char *image);

/* `docker history`, newest first.  `*layers` counts those that made one. */
int build_show_history(const char *image, size_t *layers);

#endif
