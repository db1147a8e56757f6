/* show_bridge.h - the bridges of this network namespace, as `brctl show` has
 * them. */
#ifndef SHOW_BRIDGE_H
#define SHOW_BRIDGE_H

#include <stddef.h>

/* *ports counts the ports of all. */
int show_bridges(size_t *ports);

#endif
