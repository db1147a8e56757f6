/*
 * passfd.h - descriptors that go with a message of a Unix socket: unix(7),
 * SCM_RIGHTS, cmsg(3).  What arrives is another descriptor of the same open
 * file.
 */
#ifndef PASSFD_H
#define PASSFD_H

#include "base.h"

#define PASSFD_MOST 253 /* SCM_MAX_FD of the kernel */

/* sendmsg(2) of these bytes and at most PASSFD_MOST descriptors; a signal that
 * comes in between does not end it, and a peer that is gone does not kill.
 * Sets no `failure`. */
ssize_t passfd_send(int sock, const void *bytes, size_t length,
		    const int *fds, size_t count, int flags);

/* recvmsg(2) in the same way.  `*count` is how many descriptors there is room
 * for, and then how many have come, close-on-exec; more are let go of. */
ssize_t passfd_receive(int sock, void *bytes, size_t length, int *fds,
		       size_t *count, int flags);

#endif
