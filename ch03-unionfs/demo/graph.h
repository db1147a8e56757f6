/*
 * graph.h - layers on disk as Docker's driver overlay2 lays them out, in the
 * working directory.  (A graph driver: the layers of many images are a tree.)
 *
 *	ID/diff		what the layer holds
 *	ID/link		a short name, for...
 *	l/SHORT		...a symbolic link to ../ID/diff
 *	ID/lower	the layers below, topmost first: "l/SHORT:l/SHORT"
 *	ID/work		overlay's own
 *	ID/merged	where the layer and all below it are mounted as one
 */
#ifndef GRAPH_H
#define GRAPH_H

#include "base.h"

/* An empty layer over `parent`, or over nothing (NULL). */
int graph_create(const char *id, const char *parent);

/* Mount it on its merged/, writable, or unmount that.  The lowest layer is no
 * union: it is written by its diff/. */
int graph_mount(const char *id);
int graph_unmount(const char *id);

/* The bytes in its files. */
int graph_size(const char *id, uint64_t *bytes);

#endif
