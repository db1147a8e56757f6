/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_hello, demo_inside, demo_layers,
	demo_storage, demo_limits, demo_network, demo_undo;

/* demo/dot.c: images, containers and what they share, as a graph. */
int dot(FILE *out);

#endif
