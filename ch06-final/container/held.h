/*
 * held.h - descriptors that somebody is to keep open for us, as one.
 *
 * They wait in the queue of a socket that nobody ever reads: so they are open
 * as long as the socket is, however many they are, and who has it need not
 * know of them.  (The lease of an address and the ports of a container end
 * with the last descriptor of them; see net.h.)
 */
#ifndef HELD_H
#define HELD_H

#include "base.h"

/* Returns the socket, close-on-exec.  The caller's own stay open, too. */
int held_open(const int *fds, size_t count);

/*
 * What the monitor of the container whose directory is `dir` holds, as
 * descriptors of ours, too; and that it holds these from now on, and no others.
 * Between the two nothing is let go of, whoever dies.  The caller has the
 * lock `change` (record.h).
 */
struct held {
	int *fds;
	size_t count;
};
void held_free(struct held *held);
#define auto_held __attribute__((cleanup(held_free), unused))
int held_take(int dir, struct held *held);
/* Of such a socket: what is in its queue, and stays there. */
int held_look(int queue, struct held *held);
int held_give(int dir, const struct held *held);
/* One more, which is copied. */
void held_add(struct held *held, int fd);

#endif
