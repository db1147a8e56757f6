/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_bridge;

/* demo/dot.c: network namespaces and the links between them, as they are. */
int dot(FILE *out);

#endif
