/* nschild.c - see nschild.h. */
#include "nschild.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns.h"
#include "sync.h"
#include "sys.h"

/* In the child, from its first instruction to its last. */
static _Noreturn void
live(int sock, uint64_t flags, ns_child_body *body, void *data)
{
	int status = 0;
	struct pollfd maker = { .fd = sock };
	/* It may be waiting for something else than our messages. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&maker, 1, 0) > 0) /* it died before that */
		_exit(255);
	if (flags & CLONE_NEWUSER)
		status = sync_expect(sock, SYNC_MAPPED, "the parent");
	if (status == 0)
		status = body(sock, data);
	if (status < 0)
		sync_send_failure(sock);
	fflush(stdout);
	_exit(status < 0 ? 255 : status);
}

int
ns_child_create(struct ns_child *child, uint64_t flags, int cgroup,
		ns_child_body *body, void *data)
{
	*child = (struct ns_child){ .pidfd = -1, .sock = -1 };
	int parent_end, child_end;
	if (sync_pair(&parent_end, &child_end) < 0)
		return -1;
	auto_close int ours = parent_end;
	auto_close int theirs = child_end;
	fflush(stdout); /* or both sides would print what is in its buffer */
	child->pid = sys_clone(flags, cgroup, &child->pidfd);
	if (child->pid == 0) {
		close_scoped(&ours);
		live(theirs, flags, body, data);
	}
	if (child->pid < 0 && (flags & CLONE_NEWUSER))
		return ns_fail_userns("make a child in new namespaces");
	if (child->pid < 0)
		return fail("make a child in new namespaces");
	child->sock = take_fd(&ours);
	close_scoped(&theirs);
	if ((flags & CLONE_NEWUSER) &&
	    (ns_map_root(child->pid, geteuid(), getegid()) < 0 ||
	     sync_send(child->sock, SYNC_MAPPED) < 0))
		return ns_child_give_up(child);
	return 0;
}

/* Its wait status, or -1.  Nobody else reaps it, so the number is still its
 * own; then all that we hold of it is let go. */
static int
reap(struct ns_child *child)
{
	int status;
	pid_t pid;
	do
		pid = waitpid(child->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		status = fail("wait for process %d", child->pid);
	close_scoped(&child->pidfd);
	close_scoped(&child->sock);
	return status;
}

int
ns_child_wait(struct ns_child *child, int *status)
{
	/* Its last words may still be unread in our end of the pair. */
	auto_close int sock = take_fd(&child->sock);
	int ended = reap(child);
	if (ended < 0 || sync_take_failure(sock))
		return -1;
	if (status)
		*status = WIFEXITED(ended) ? WEXITSTATUS(ended) :
					     128 + WTERMSIG(ended);
	return 0;
}

int
ns_child_give_up(struct ns_child *child)
{
	sync_take_failure(child->sock);
	ns_child_end(child);
	return -1;
}

void
ns_child_end(struct ns_child *child)
{
	if (child->pidfd < 0)
		return;
	struct failure kept = failure;
	sys_pidfd_send_signal(child->pidfd, SIGKILL);
	reap(child);
	failure = kept;
}
