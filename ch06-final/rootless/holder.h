/*
 * holder.h - the process that stays on the host for a user's containers.
 *
 * Whoever enters a user namespace cannot come back.  So one process of the
 * user's, on the host, has the namespaces open, hands them to each command
 * that comes, and does on the host what those inside cannot: it starts
 * slirp4netns(1), and takes the host's ports.  There is one for each user, for
 * volumes, networks and ids to be the same for all commands.
 *
 * It listens on the socket "holder" in the user's run directory (places.h).
 * It ends with the last process inside, be that a command or a monitor of a
 * container: nothing stays when nothing runs.  When it is killed, the
 * containers run on (without ports and without way out), and the next command
 * starts another, which finds their namespaces again (spaces.h).
 */
#ifndef HOLDER_H
#define HOLDER_H

#include "nat.h"

/* The descriptors that it is started with: where it listens, and to whom it
 * says that it does. */
enum { HOLDER_LISTENS = 3, HOLDER_TELLS = 4 };

/* In the user's run directory: where it listens, and what is locked by who
 * starts it. */
#define HOLDER_SOCKET "holder"
#define HOLDER_LOCK "lock"

enum holder_wish {
	HOLDER_WAY_OUT = 1, /* slirp4netns runs */
	HOLDER_PUBLISH,	    /* and this port of the host leads inside */
	HOLDER_UNPUBLISH,   /* all ports of a container, no more */
};

#define HOLDER_ID 64
struct holder_request {
	enum holder_wish wish;
	char id[HOLDER_ID + 1]; /* of the container */
	struct nat_port port;
};

struct holder_answer {
	struct failure failure; /* none: no text */
	struct nat_port port;	/* with the host's port that was chosen */
};

/* All of its main().  Returns an exit status. */
int holder_main(void);

#endif
