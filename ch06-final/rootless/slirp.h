/*
 * slirp.h - the way out of the user's network namespace, and the way in.
 *
 * A cable from there to the host takes rights on the host.  slirp4netns(1)
 * needs none: it has a tap device inside, and to the host it is a program like
 * any other, that opens a socket for each connection that it sees there.  In
 * the other direction it listens on the host's ports that it is told of, by its
 * API socket, and passes what comes on to 10.0.2.100, the tap's address.
 */
#ifndef SLIRP_H
#define SLIRP_H

#include "nat.h"
#include "spaces.h"

/* What answers for names, in there: it asks the host's own resolver. */
#define SLIRP_NAME_SERVER "10.0.2.3"

/* What it says, in the same directory as its socket. */
#define SLIRP_LOG "slirp4netns.log"

struct slirp {
	pid_t pid;  /* our child; 0: it does not run */
	int leash;  /* it ends when this is closed, or -1 */
	char *api;  /* the path of its socket */
};
#define SLIRP_NONE { .leash = -1 }

/* Have it running.  Its socket is in `place`.  ENOENT: it is not installed;
 * the text names the package. */
int slirp_start(struct slirp *slirp, const struct spaces *spaces,
		const char *place);
void slirp_end(struct slirp *slirp);

/*
 * Lead a port of the host to the same one inside; host_port 0 is the kernel's
 * choice, filled in, and so is the first that is free of a range.  EADDRINUSE
 * with Docker's words; EACCES: a port below
 * net.ipv4.ip_unprivileged_port_start, with the cure.
 */
int slirp_publish(const struct slirp *slirp, struct nat_port *port, int *id);
int slirp_unpublish(const struct slirp *slirp, int id);

#endif
