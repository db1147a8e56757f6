/*
 * outside.h - the host's side of a container's network, where the network that
 * plays the host is a user's own (rootless.h).
 *
 * The bridge of chapter 5, its addresses and its rules are in the user's
 * network namespace, which root there may do with as he likes.  What is beyond
 * it are the ports of the host, and the way out (holder.h).
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "settings.h"

/*
 * Before net_reserve(): the ports that it shall take, `*count` of them.  For
 * root these are those that were asked for; else those of the host are ours
 * from here on, and in the user's network each is one of any address of IPv4,
 * though two of the host's may lead to it.  The array is the caller's; NULL is
 * a failure.
 */
struct nat_port *outside_take(const char *id, const struct settings *settings,
			      size_t *count);

/* The same for a container without an address of its own. */
int outside_join(const struct settings *settings);

/* Give the host's back. */
int outside_give(const char *id);

/* The reverse: what of the host leads to these `*count`, of which some are
 * asked for by several addresses.  The caller's, and `*count` of them. */
struct nat_port *outside_seen(const struct settings *settings,
			      const struct nat_port *ports, size_t *count);

/* In words for the user: containers have no way out, and why.  The caller's;
 * NULL: they have one. */
char *outside_warning(void);

#endif
