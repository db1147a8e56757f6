/*
 * graph.h - what there is, drawn: text for dot(1).
 */
#ifndef GRAPH_H
#define GRAPH_H

#include "words.h"

/* The networks of these names, or all there are of `root` when it is NULL, who
 * is on them, and, with all, the images and volumes of every container. */
int graph_print(const char *root, const struct words *networks, FILE *out);

#endif
