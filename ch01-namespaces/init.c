/* init.c - see init.h. */
#include "init.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys.h"

/* What init waits for, and so keeps blocked.  A fault is about the process
 * itself; what happens when it is blocked is undefined (sigprocmask(2)). */
static sigset_t
all_but_faults(void)
{
	static const int faults[] = { SIGBUS,  SIGFPE, SIGILL,
				      SIGSEGV, SIGSYS, SIGTRAP };
	sigset_t set;
	sigfillset(&set);
	for (size_t i = 0; i < countof(faults); i++)
		sigdelset(&set, faults[i]);
	return set;
}

/*
 * If process group `from` has the terminal, `to` gets it.  SIGTTOU must be
 * blocked, or it would stop a caller in the background (tcsetpgrp(3)).  A group
 * outside our pid namespace is 0 here, all of them: no way to know which.
 */
static void
hand_terminal(pid_t from, pid_t to)
{
	auto_close int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty >= 0 && from > 0 && tcgetpgrp(tty) == from)
		tcsetpgrp(tty, to);
}

pid_t
init_fork(void)
{
	/* lab init_fork: Signals are blocked before the fork, so that none is
	 * lost between it and init_run(); the child takes them as the caller
	 * did.  SIGCHLD needs a second look: whoever ignores it, perhaps since
	 * before an exec, never hears how a child ended (waitpid(2)).  Then
	 * the child leaves for a process group of its own, and takes the
	 * terminal along if the caller's group had it: all_but_faults() and
	 * hand_terminal() are for you. */
	sigset_t set = all_but_faults(), mask;
	struct sigaction standard = { .sa_handler = SIG_DFL }, on_child;
	pid_t group = getpgrp();
	sigprocmask(SIG_BLOCK, &set, &mask);
	sigaction(SIGCHLD, &standard, &on_child);
	pid_t pid = sys_fork();
	if (pid == 0) {
		setpgid(0, 0);
		hand_terminal(group, getpid());
	}
	if (pid <= 0) {
		sigaction(SIGCHLD, &on_child, NULL);
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	return pid < 0 ? fail("fork") : pid;
	/* lab end: (void)all_but_faults;
	 * (void)hand_terminal;
	 * return failx("init_fork: not written yet"); */
}

int
init_run(pid_t pid)
{
	/* lab init_run: First look, then wait: the child may have ended before
	 * you began.  waitpid(2) for whoever has ended, all of them, since one
	 * SIGCHLD may stand for many; if `pid` was among them, take the
	 * terminal back and return how it ended.  Then sigwaitinfo(2), and pass
	 * on what is not for us. */
	sigset_t set = all_but_faults();
	for (;;) {
		int status;
		pid_t ended;
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended != pid)
				continue;
			hand_terminal(pid, getpgrp());
			return WIFEXITED(status) ? WEXITSTATUS(status) :
						   128 + WTERMSIG(status);
		}
		if (ended < 0)
			return fail("wait for process %d", pid);
		int signal = sigwaitinfo(&set, NULL);
		if (signal > 0 && signal != SIGCHLD && signal != SIGTTIN &&
		    signal != SIGTTOU)
			sys_kill(pid, signal);
	}
	/* lab end: (void)all_but_faults;
	 * (void)hand_terminal;
	 * return failx("init_run(%d): not written yet", pid); */
}
