/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_company;
extern const struct experiment demo_layers;
extern const struct experiment demo_copyup;
extern const struct experiment demo_whiteout;
extern const struct experiment demo_rename;
extern const struct experiment demo_limits;
extern const struct experiment demo_aufs;
extern const struct experiment demo_branches;
extern const struct experiment demo_compare;
extern const struct experiment demo_image;
extern const struct experiment demo_oci;
extern const struct experiment demo_diff;

/* demo/dot.c: the overlays that are mounted now, each as its stack of layers,
 * as a Graphviz graph. */
int dot(FILE *out);

#endif
