/*
 * devices.h - child: /dev of the container: the default devices, those of
 * linux.devices, and the links the specification wants.
 *
 * In a user namespace mknod(2) is refused, and the host's node is bound.
 *
 * See config-linux.md, "Devices" and "Default Devices", and
 * runtime-linux.md, "Dev symbolic links".
 */
#ifndef DEVICES_H
#define DEVICES_H

#include "oci_config.h"

/* After mounts_make().  `root` as there. */
int devices_make(int root, const struct oci_config *config);

#endif
