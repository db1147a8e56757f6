/*
 * sysctl.h - child: the kernel parameters of a container's namespaces.
 *
 * See config-linux.md, "Sysctl".
 */
#ifndef SYSCTL_H
#define SYSCTL_H

#include "oci_config.h"

/*
 * linux.sysctl, through the descriptor of a procfs (procfs.h): one of a process
 * that is in the container's namespaces, for below /proc/sys/net everybody is
 * shown their own.
 */
int sysctl_write(int procfs, const struct oci_config *config);

#endif
