/*
 * oci_sysctl.h - parent: which namespace a kernel parameter belongs to.
 *
 * Most of /proc/sys is the host's: no namespace has its own.  A container may
 * set only what is part of a namespace that it has.
 */
#ifndef OCI_SYSCTL_H
#define OCI_SYSCTL_H

#include "base.h"

/* The kind of namespace ("network") that has the parameter, or NULL: it is the
 * host's, or no name at all.  `name` is as for sysctl(8): "net.core.somaxconn",
 * or "net/ipv4/conf/eth0.1/forwarding". */
const char *oci_sysctl_kind(const char *name);

/* Where it is below /proc/sys; the caller frees. */
char *oci_sysctl_path(const char *name);

#endif
