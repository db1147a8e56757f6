/* stage.c - see stage.h. */
#include "stage.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ns.h"
#include "sys.h"
#include "tour.h"

enum { BODY_FAILED = 255 };

int
stage_enter(void)
{
	if (ns_become_root() < 0)
		return tour_skip("needs root or a user namespace: %s",
				 failure.text);
	if (ns_own_mounts() < 0)
		return failure.code == ENOSPC || failure.code == EPERM ?
			       tour_skip("needs a mount namespace: %s",
					 failure.text) :
			       -1;
	umask(022); /* the stage's own: others look at what it makes */
	return tour_scratch();
}

bool
stage_is_real_root(void)
{
	unsigned int inside, outside, count;
	char map[64];
	return read_text(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) >
		       0 &&
	       sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 &&
	       inside == 0 && outside == 0 && count == UINT32_MAX;
}

/* The end of `alive` is that of whoever wants the child: it may be gone before
 * the child has asked to be killed with it. */
static void
end_with_parent(int alive)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	char nothing;
	ssize_t got = recv(alive, &nothing, 1, MSG_PEEK | MSG_DONTWAIT);
	if (got == 0)
		_exit(BODY_FAILED);
}

static _Noreturn void
live(int sock, int (*body)(void *data), void *data, bool stays)
{
	end_with_parent(sock);
	int result = body(data);
	fflush(stdout);
	if (result < 0)
		send(sock, &failure, sizeof(failure), MSG_NOSIGNAL);
	else if (stays) {
		char nothing = 0;
		send(sock, &nothing, 1, MSG_NOSIGNAL);
		recv(sock, &nothing, 1, 0); /* until we are dismissed */
	}
	_exit(result < 0 ? BODY_FAILED : result);
}

/* The child's pid, or -1; `sock` is our end. */
static pid_t
start(uint64_t kinds, int (*body)(void *data), void *data, bool stays,
      int *sock)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail("make a pair of sockets");
	fflush(stdout);
	int pidfd = -1;
	pid_t pid = kinds ? sys_clone(kinds, -1, &pidfd) : sys_fork();
	if (pid == 0) {
		close(ends[0]);
		live(ends[1], body, data, stays);
	}
	close_scoped(&pidfd);
	close(ends[1]);
	*sock = ends[0];
	if (pid < 0) {
		close_scoped(sock);
		return fail("start a child");
	}
	return pid;
}

int
stage_child(uint64_t kinds, int (*body)(void *data), void *data)
{
	auto_close int sock = -1;
	pid_t pid = start(kinds, body, data, false, &sock);
	if (pid < 0)
		return -1;
	struct failure told;
	ssize_t got = recv(sock, &told, sizeof(told), 0);
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for a child");
	if (got == sizeof(told)) {
		failure = told;
		return -1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) == BODY_FAILED)
		return failx("a child of the experiment died (wait status "
			     "%#x)", status);
	return WEXITSTATUS(status);
}

void *
stage_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory != MAP_FAILED)
		return memory;
	fail("map memory for a child and us");
	return NULL;
}

int
stage_help(struct stage_helper *helper, uint64_t kinds,
	   int (*body)(void *data), void *data)
{
	helper->pid = start(kinds, body, data, true, &helper->end);
	if (helper->pid < 0)
		return -1;
	struct failure told;
	ssize_t got = recv(helper->end, &told, sizeof(told), 0);
	if (got == 1)
		return 0;
	if (got == sizeof(told))
		failure = told;
	else
		failure_set("a helper of the experiment died");
	stage_dismiss(helper);
	return -1;
}

void
stage_dismiss(struct stage_helper *helper)
{
	char word = 0;
	if (helper->pid <= 0)
		return;
	/* A word: other helpers, forked later, have a copy of this end. */
	send(helper->end, &word, 1, MSG_NOSIGNAL);
	close_scoped(&helper->end);
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	helper->pid = 0;
}
