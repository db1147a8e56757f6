/*
 * forward.h - turn the host into a router, and back.
 *
 * A packet from a container to the world is forwarded by the host, which
 * Linux does only with net.ipv4.ip_forward=1.  One write there changes more
 * than itself: it sets `forwarding` of every interface and turns
 * conf/all/accept_redirects over; writing 0 later sets all of them the other
 * way, whatever they were before.  So what was there is written down first,
 * in the file "forwarding" of a directory that the caller chooses, and put
 * back value by value.  Somebody may empty that directory while containers
 * run; so once the table of nat.h is there it gets a copy, which goes with the
 * network namespace, as the switches do, and at the latest with the power.
 *
 * IPv6 has its own switch, net.ipv6.conf.all.forwarding, with a consequence
 * of its own: an interface that forwards no longer listens to the routers of
 * its network (accept_ra), so that a host that has its default route from one
 * loses it some time later.  Unless accept_ra is 2: so it is made 2 where it
 * was 1, before.
 *
 * The caller holds the lock of that directory (ipam.h).  See ip(7) and the
 * kernel's Documentation/networking/ip-sysctl.rst.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include "base.h"

/* Does nothing where somebody else has turned forwarding on. */
int forward_enable(int directory);
int forward_enable6(int directory);

/* What is noted, for the table (nat.h): in fresh memory, or NULL, where there
 * is no note or it cannot be read. */
char *forward_noted(int directory, bool is_ipv6);
/* Where the directory has lost a note, bring it back from the table, before
 * that goes. */
int forward_recall(int directory);

/*
 * Put back what the first two found, if they changed anything.  Does nothing
 * when forwarding was turned off since, and leaves it on when a bridge has
 * appeared that was not there before: somebody else (Docker, libvirt) found
 * forwarding on, and may count on it now.  May be called twice.
 */
int forward_restore(int directory);
/* Remove the notes: there is no such network namespace any more. */
void forward_forget(int directory);

#endif
