/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_limit;

/* demo/dot.c: our cgroups and the one we are in, as a Graphviz tree. */
int dot(FILE *out);

#endif
