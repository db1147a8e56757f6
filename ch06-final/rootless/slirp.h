/*
 * slirp.h - the way out of the user's network namespace.
 *
 * A cable from there to the host takes rights on the host.  slirp4netns(1)
 * needs none: it has a tap device inside, and to the host it is a program like
 * any other, that opens a socket for each connection that it sees there.  The
 * other direction is ours (door.h).
 */
#ifndef SLIRP_H
#define SLIRP_H

#include "spaces.h"

/* What answers for names, in there: it asks the host's own resolver. */
#define SLIRP_NAME_SERVER "10.0.2.3"

/* What it says, in the directory `place`. */
#define SLIRP_LOG "slirp4netns.log"

/* Does a route of the host's lead out by IPv6, too?  (The unreachable one that
 * the kernel keeps is lo's.) */
bool slirp_has_ipv6(void);

struct slirp {
	pid_t pid;  /* our child; 0: it does not run */
	int leash;  /* it ends when this is closed, or -1 */
};
#define SLIRP_NONE { .leash = -1 }

/* Have it running.  ENOENT: it is not installed; the text names the
 * package. */
int slirp_start(struct slirp *slirp, const struct spaces *spaces,
		const char *place);
void slirp_end(struct slirp *slirp);

#endif
