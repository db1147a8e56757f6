/* demo.h - the experiments of this chapter, one a file in this directory. */
#ifndef DEMO_H
#define DEMO_H

#include "tour.h"

extern const struct experiment demo_veth;
extern const struct experiment demo_bridge;
extern const struct experiment demo_modes;
extern const struct experiment demo_ipam;
extern const struct experiment demo_nat;
extern const struct experiment demo_publish;
extern const struct experiment demo_packet;
extern const struct experiment demo_dns;
extern const struct experiment demo_cnm;
extern const struct experiment demo_isolate;

/* demo/dot.c: network namespaces and the links between them, as they are. */
int dot(FILE *out);

#endif
