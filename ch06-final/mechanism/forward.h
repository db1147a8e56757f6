/*
 * forward.h - turn the host into a router, and back.
 *
 * A packet from a container to the world is forwarded by the host, which
 * Linux does only with net.ipv4.ip_forward=1.  One write there changes more
 * than itself: it sets `forwarding` of every interface and turns
 * conf/all/accept_redirects over; writing 0 later sets all of them the other
 * way, whatever they were before.  So what was there is written down first,
 * in the file "forwarding" of a directory that the caller chooses, and put
 * back value by value.
 *
 * The caller holds the lock of that directory (ipam.h).  See ip(7) and the
 * kernel's Documentation/networking/ip-sysctl.rst.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include "base.h"

/* Does nothing where somebody else has turned forwarding on. */
int forward_enable(int directory);

/*
 * Put back what forward_enable() found, if it changed anything.  Does nothing
 * when forwarding was turned off since, and leaves it on when a bridge has
 * appeared that was not there before: somebody else (Docker, libvirt) found
 * forwarding on, and may count on it now.  May be called twice.
 */
int forward_restore(int directory);

#endif
