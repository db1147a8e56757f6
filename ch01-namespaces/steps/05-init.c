/*
 * 05-init.c - a process 1 that does its duties, and a program below it.
 *
 *	sudo build/steps/05-init sh -c 'echo $$; exit 3'; echo $?	2, 3
 *
 * One process stays outside, its child is process 1, the program is process 2.
 * Process 1 passes signals on, for the kernel drops those that it does not
 * handle, and waits for every orphan, for it is the parent of them all.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static sigset_t all, before;

static pid_t
fork_or_die(void)
{
	pid_t pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	return pid;
}

/* Until `pid` ends.  All signals are blocked: they are fetched here. */
static int
attend(pid_t pid)
{
	for (;;) {
		int status, signal;
		pid_t ended;
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
			if (ended == pid)
				return WIFEXITED(status) ?
					       WEXITSTATUS(status) :
					       128 + WTERMSIG(status);
		signal = sigwaitinfo(&all, NULL);
		if (signal > 0 && signal != SIGCHLD)
			kill(pid, signal);
	}
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return fprintf(stderr, "usage: 05-init COMMAND...\n"), 2;
	/* Before there is a child, or the end of a quick one is missed. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	signal(SIGCHLD, SIG_DFL); /* ignored, there would be no status */
	int foreground = tcgetpgrp(STDIN_FILENO) == getpgrp();
	if (unshare(CLONE_NEWPID) < 0)
		return perror("unshare (needs root: try sudo)"), 1;
	pid_t pid = fork_or_die();
	if (pid > 0) {
		int status = attend(pid);
		if (foreground) /* SIGTTOU is blocked, or it would stop us */
			tcsetpgrp(STDIN_FILENO, getpgrp());
		return status;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* not without the one outside */
	pid = fork_or_die();
	if (pid > 0)
		return attend(pid);
	/* The program: Ctrl-C is for its process group alone. */
	setpgid(0, 0);
	if (foreground)
		tcsetpgrp(STDIN_FILENO, getpid());
	sigprocmask(SIG_SETMASK, &before, NULL);
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
