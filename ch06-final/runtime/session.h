/*
 * session.h - child: nothing of the runtime's and its caller's stays with a
 * process that is about to be a container's.
 */
#ifndef SESSION_H
#define SESSION_H

#include "base.h"

/*
 * A session of our own, every signal as by default and none blocked, and no
 * descriptor but the standard ones and the `preserve_fds` after them survives
 * the execve.
 */
int session_begin(unsigned int preserve_fds);

/* Close all but the standard descriptors, the `preserve_fds` after them, and
 * `*fd`, which gets another number: between `create` and `start` we hold
 * nothing of our caller's.  Nothing is traced any more. */
int session_keep_only(int *fd, unsigned int preserve_fds);

/* One that names a place (O_PATH), and is in nobody's way: after
 * session_begin() it is closed by that, in the same call.  One with a high
 * number goes at once: so there are enough, however many mounts there are. */
void session_close_later(int *fd);
#define auto_close_later __attribute__((cleanup(session_close_later), unused))

/* Our memory and /proc/self are not for others of the same user: not to be
 * traced, and nothing is reached through us (ptrace(2), PR_SET_DUMPABLE). */
int session_hide(void);

/* In a user namespace: its root, if it has one. */
int session_become_root(void);

/* Tie our life to our parent's, or (false) do no longer.  To be repeated after
 * the user has changed: that unties (prctl(2), PR_SET_PDEATHSIG). */
int session_tie(bool tied);

#endif
