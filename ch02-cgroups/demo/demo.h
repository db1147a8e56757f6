/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_where;
extern const struct experiment demo_hierarchy;
extern const struct experiment demo_unified;
extern const struct experiment demo_move;
extern const struct experiment demo_release;
extern const struct experiment demo_memory;
extern const struct experiment demo_memswap;
extern const struct experiment demo_memsoft;
extern const struct experiment demo_shares;
extern const struct experiment demo_quota;
extern const struct experiment demo_cpuset;
extern const struct experiment demo_pids;
extern const struct experiment demo_freezer;
extern const struct experiment demo_devices;
extern const struct experiment demo_io;
extern const struct experiment demo_docker;
extern const struct experiment demo_limit;
extern const struct experiment demo_watch;

/* demo/dot.c: our cgroups and the one we are in, as a Graphviz tree. */
int dot(FILE *out);

#endif
