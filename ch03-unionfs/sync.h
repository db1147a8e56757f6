/*
 * sync.h - how parent and child agree on every step of setting up.
 *
 * A SOCK_SEQPACKET pair carries typed messages, one send a message.  The end
 * of the file is always a failure: whoever waits learns that the other side
 * died, and nobody hangs.  A child that fails sends its `failure` as it is,
 * and the parent's sync_expect() returns it as its own.
 *
 * Why not an eventfd or a pipe whose end means "go": the first leaves the
 * child waiting for ever when the parent dies, and the second lets it run
 * although the parent died before it was done.
 */
#ifndef SYNC_H
#define SYNC_H

#include "base.h"

enum sync_type {
	SYNC_FAILURE = 1, /* the sender gives up; the text says why */
	SYNC_MAPPED,	  /* parent: the id maps are written */
	SYNC_READY,	  /* child: my side is set up */
	SYNC_GO,	  /* parent: so is mine, go on */
	SYNC_EXEC,	  /* child: the next thing I do is execve */
	SYNC_FD,	  /* a descriptor comes with this message */
};

/* Both ends are close-on-exec.  Each side closes the other's end at once. */
int sync_pair(int *parent_end, int *child_end);
int sync_send(int sock, enum sync_type type);
int sync_send_fd(int sock, int fd);
/* Send this side's `failure`; used just before giving up. */
int sync_send_failure(int sock);

/*
 * Wait for this message.  -1 when the other side sent its failure (it becomes
 * ours), when it sent something else, and when it is gone ("`who` died ...").
 */
int sync_expect(int sock, enum sync_type type, const char *who);
/*
 * When something else went wrong: has the other side given up before, and was
 * that the cause?  Takes its failure as ours and returns true; does not wait.
 */
bool sync_take_failure(int sock);
/* Wait for SYNC_FD; returns the descriptor, close-on-exec. */
int sync_expect_fd(int sock, const char *who);
/*
 * Wait for SYNC_EXEC and then for what comes of it: -1 with the child's
 * failure when execve failed, failure.code its errno; 0 when the child's end
 * was closed by an execve that succeeded.  A child killed between the two is
 * not told apart here: its wait status says it.
 */
int sync_expect_exec(int sock, const char *who);

#endif
