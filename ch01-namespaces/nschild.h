/*
 * nschild.h - a child in new namespaces, made and agreed with.
 *
 *	struct ns_child child;
 *	if (ns_child_create(&child, CLONE_NEWUTS, -1, body, data) < 0)
 *		return -1;
 *	if (sync_expect(child.sock, SYNC_READY, "the child") < 0)
 *		return ns_child_give_up(&child);
 *	...
 *	return ns_child_wait(&child, &status);
 *
 * The child is born in its namespaces (clone3(2)) and held by a pidfd, so that
 * its number can never come to mean another process.  In a new user namespace
 * its id maps are written before the first line of `body` runs.  It does not
 * outlive the thread that made it (PR_SET_PDEATHSIG).
 */
#ifndef NSCHILD_H
#define NSCHILD_H

#include "base.h"

struct ns_child {
	pid_t pid; /* as seen from here; for paths below /proc */
	int pidfd;
	int sock; /* our end of a pair of sync.h */
};

/*
 * What runs in the child: `sock` is its end of the pair.  What it returns is
 * the exit status, 0 to 255; with -1 its `failure` is sent to the parent.
 */
typedef int ns_child_body(int sock, void *data);

/*
 * `flags`: CLONE_NEW*, or 0 for a child that shares everything.  `cgroup`: a
 * cgroup v2 directory to be born in, or -1.  Nothing is left after a failure.
 * With CLONE_NEWUSER the caller is uid 0 and gid 0 inside.
 */
int ns_child_create(struct ns_child *child, uint64_t flags, int cgroup,
		    ns_child_body *body, void *data);

/*
 * Wait for its end and let go of it.  `*status` (may be NULL) is its exit
 * status, or 128+n when signal n ended it.  -1 when the child gave up: its
 * failure is then ours.
 */
int ns_child_wait(struct ns_child *child, int *status);

/*
 * Something went wrong on our side: kill it, wait, let go.  Always -1; where
 * the child had given up before, its failure is the cause and becomes ours.
 */
int ns_child_give_up(struct ns_child *child);

/* Kill it where it still lives, wait, let go; `failure` stays.  May be called
 * twice, and on a child that was waited for. */
void ns_child_end(struct ns_child *child);

#endif
