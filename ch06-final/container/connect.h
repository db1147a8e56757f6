/*
 * connect.h - a container joins a network, or leaves one, as it goes on: it
 * finds another link in its namespace, or one less.
 *
 * Both change what is asked for (settings.h), so that it is the same at the
 * next start; of a container that does not run nothing else is changed.  Fail
 * in Docker's words.
 */
#ifndef CONNECT_H
#define CONNECT_H

#include "container.h"

/* `wanted` is copied; its name may be an id.  The name that the network has
 * is left in `*record`. */
int container_connect(struct container *c, const struct network_wanted *wanted,
		      struct network_record *record);
int container_disconnect(struct container *c, const char *network,
			 struct network_record *record);

#endif
