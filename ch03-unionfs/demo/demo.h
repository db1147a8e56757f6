/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_company;

/* demo/dot.c: the overlays that are mounted now, each as its stack of layers,
 * as a Graphviz graph. */
int dot(FILE *out);

#endif
