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

/* `netns`: a descriptor of the container's network namespace. */
int netdevices_move(const struct oci_linux *config, int netns);

#endif
