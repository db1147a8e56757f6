/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_fork;
extern const struct experiment demo_clone;
extern const struct experiment demo_uts;
extern const struct experiment demo_ipc;
extern const struct experiment demo_pid;
extern const struct experiment demo_pidtree;
extern const struct experiment demo_mount;
extern const struct experiment demo_mountinfo;
extern const struct experiment demo_user;
extern const struct experiment demo_net;
extern const struct experiment demo_cgroup;
extern const struct experiment demo_time;
extern const struct experiment demo_all;
extern const struct experiment demo_unshare;
extern const struct experiment demo_setns;
extern const struct experiment demo_ls;

/* demo/dot.c: which process is in which namespace, as a Graphviz table. */
int dot(FILE *out);

#endif
