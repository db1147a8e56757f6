/*
 * netdevices.h - parent: network devices of the host's that are given to a
 * container: linux.netDevices.
 *
 * Each is moved into the container's network namespace, under another name
 * where one is wanted, with its global permanent addresses, and set up there.
 * From then on it is the container's: when its namespace ends, the kernel gives
 * a physical device back to the host, and a virtual one ends, too.
 *
 * See config-linux.md, "Network Devices", and rtnetlink(7).
 */
#ifndef NETDEVICES_H
#define NETDEVICES_H

#include "oci_linux.h"

/* Those that were moved are the first `count` of the configuration's. */
struct netdevices {
	int netns; /* the container's network namespace; or -1 */
	struct netdevice {
		unsigned int index; /* there */
		bool was_up;	    /* here */
	} *moved;
	size_t count;
};
#define NETDEVICES_NONE { .netns = -1 }

/* `devices->netns` is set, and the rest nothing. */
int netdevices_move(const struct oci_linux *config, struct netdevices *devices);

/* There will be no container after all: those that were moved are the host's
 * again, under the name and with the addresses that they had. */
int netdevices_return(const struct oci_linux *config,
		      struct netdevices *devices);

/* They stay where they are. */
void netdevices_free(struct netdevices *devices);

#endif
