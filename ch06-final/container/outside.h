/*
 * outside.h - the host's side of a container's network, where the network that
 * plays the host is a user's own (rootless.h).
 *
 * The bridge of chapter 5, its addresses and its rules are in the user's
 * network namespace, which root there may do with as he likes.  What is beyond
 * it is slirp4netns's: the ports of the host, and the way out.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "settings.h"

/*
 * Before net_reserve(): the ports that it shall take.  For root these are those
 * that were asked for; else those of the host are ours from here on, and in
 * the user's network each is one of any address.  The array is the caller's;
 * NULL is a failure.
 */
struct nat_port *outside_take(const char *id, const struct settings *settings);

/* The same for a container without an address of its own. */
int outside_join(const struct settings *settings);

/* Give the host's back. */
int outside_give(const char *id);

/* The host's address of a port, as it was asked for. */
uint32_t outside_address(const struct settings *settings,
			 const struct nat_port *port);

/* In words for the user: containers have no way out, and why.  The caller's;
 * NULL: they have one. */
char *outside_warning(void);

#endif
