/*
 * files.h - the three files that every container gets from its runtime:
 * hostname, hosts and resolv.conf.
 */
#ifndef FILES_H
#define FILES_H

#include "base.h"

/*
 * Write them into `dir`.  `address` is the container's ("" without a network).
 * resolv.conf is the host's; a name server on the host's loopback would be
 * the container's own loopback in there, so those are left out, and
 * systemd-resolved's list of the real ones is used where there is one.
 */
int files_write(int dir, const char *hostname, const char *address);

/* The content of the container's resolv.conf, made of the host's. */
char *files_resolv_conf(const char *host);

#endif
