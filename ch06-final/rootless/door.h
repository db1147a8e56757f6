/*
 * door.h - a port of the host that leads into the user's network.
 *
 * Rules that lead packets on are root's to make, but anybody may listen.  A
 * socket stays in the network where it was made, wherever its process goes: so
 * the holder binds it, on the host, and a child that has it enters the
 * namespaces, takes what comes, and connects to 127.0.0.1 there, byte by byte
 * (relay.h).  From the same port there chapter 5's rules lead on.
 */
#ifndef DOOR_H
#define DOOR_H

#include "nat.h"
#include "relay.h"
#include "spaces.h"

/*
 * host_port 0 is the kernel's choice, filled in, and so is the first that is
 * free of a range.  EADDRINUSE with Docker's words; EACCES: a port below
 * net.ipv4.ip_unprivileged_port_start, with the cure.  It ends with us.
 */
int door_open(struct relay *door, const struct spaces *spaces,
	      struct nat_port *port);

#endif
