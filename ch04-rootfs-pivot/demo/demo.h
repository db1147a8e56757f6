/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_rootfs;
extern const struct experiment demo_chroot;
extern const struct experiment demo_escape;
extern const struct experiment demo_pivot;
extern const struct experiment demo_msmove;
extern const struct experiment demo_einval;
extern const struct experiment demo_mounts;
extern const struct experiment demo_volume;
extern const struct experiment demo_readonly;
extern const struct experiment demo_busy;
extern const struct experiment demo_save;
extern const struct experiment demo_idmap;

/* demo/dot.c: the tree of mounts, as a Graphviz graph. */
int dot(FILE *out);

#endif
