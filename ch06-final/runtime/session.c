/* session.c - child.  See session.h. */
#include "session.h"

#include <errno.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "signals.h"
#include "sys.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* Before Linux 5.11: one by one. */
static int
close_on_exec_each(unsigned int first)
{
	auto_dir DIR *listing = opendir("/proc/self/fd");
	struct dirent *entry;
	if (!listing)
		return fail("list our descriptors");
	while ((entry = readdir(listing))) {
		uint64_t fd;
		if (parse_number(entry->d_name, 0, INT32_MAX, &fd) == 0 &&
		    fd >= first && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			return fail("close our descriptors on exec");
	}
	return 0;
}

static int
close_on_exec(unsigned int first)
{
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return close_on_exec_each(first);
}

#define HIGH 64

static bool has_begun;

void
session_close_later(int *fd)
{
	if (!has_begun || *fd >= HIGH)
		close_scoped(fd);
	*fd = -1;
}

int
session_keep_only(int *fd, unsigned int preserve_fds)
{
	unsigned int first = STDERR_FILENO + 1 + preserve_fds;
	trace_hook = NULL; /* the log's descriptor is among them */
	if (*fd != (int)first && dup3(*fd, first, O_CLOEXEC) < 0)
		return fail("keep a descriptor");
	*fd = first;
	/* Before Linux 5.9 they stay, close-on-exec. */
	sys_close_range(first + 1, ~0U);
	return 0;
}

/* Signals that our caller ignores ("nohup", a shell's "&") or blocks are not
 * the payload's affair.  (A handler of ours would end with the execve.)  Set by
 * the kernel's call, as libc does not let go of the two signals it uses
 * itself. */
static int
default_signals(void)
{
	static const unsigned long usual[8]; /* SIG_DFL and no flags */
	uint64_t ignored;
	sigset_t none;
	sigemptyset(&none);
	if (signals_ignored(&ignored) < 0)
		ignored = ~UINT64_C(0); /* no /proc: all that may be */
	for (int number = 1; number < _NSIG; number++)
		if (ignored >> (number - 1) & 1)
			syscall(SYS_rt_sigaction, number, usual, NULL,
				_NSIG / 8);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return fail("unblock signals");
	return 0;
}

int
session_begin(unsigned int preserve_fds)
{
	if (close_on_exec(STDERR_FILENO + 1 + preserve_fds) < 0)
		return -1;
	if (setsid() < 0)
		return fail("lead a session");
	if (default_signals() < 0)
		return -1;
	umask(0022);
	has_begun = true;
	return 0;
}

int
session_hide(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail("hide our memory");
	return 0;
}

/* EINVAL: it has no such user. */
int
session_become_root(void)
{
	if (setresgid(0, 0, 0) < 0 && errno != EINVAL)
		return fail("become group 0 of the user namespace");
	/* Those of our caller are nobody's in there. */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return fail("drop additional groups");
	if (setresuid(0, 0, 0) < 0 && errno != EINVAL)
		return fail("become root of the user namespace");
	return 0;
}

int
session_tie(bool tied)
{
	if (prctl(PR_SET_PDEATHSIG, tied ? SIGKILL : 0) < 0)
		return fail("tie our life to the runtime's");
	return 0;
}
