/*
 * relayed.h - which of a running container's published ports are those of the
 * host's ::1: no rule leads from there to another link (relay.h).
 */
#ifndef RELAYED_H
#define RELAYED_H

#include "container.h"
#include "nat.h"

struct relayed {
	struct nat_port *ports;
	int *sockets; /* that hold them on the host */
	size_t count;
};
void relayed_free(struct relayed *relayed);
#define auto_relayed __attribute__((cleanup(relayed_free), unused))

/* Can it have any? */
bool relayed_is_possible(const struct attachments *all);

/*
 * As its settings and its networks have them.  Waits for the lock of the
 * networks, so nobody may have that who waits for us.  `queue` has what its
 * monitor holds (held.h): of that only the sockets in `relayed` stay open.
 */
int relayed_find(const struct container *c, int queue,
		 struct relayed *relayed);

#endif
