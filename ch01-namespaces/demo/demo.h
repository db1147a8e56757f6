/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_all;

/* demo/dot.c: which process is in which namespace, as a Graphviz table. */
int dot(FILE *out);

#endif
