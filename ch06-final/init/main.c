/*
 * main.c - child: process 1 of a container with --init.
 *
 *	mydocker-init [--] PROGRAM [ARGUMENT...]
 *
 * A pid namespace gives its process 1 two duties that few programs know of:
 * it must wait for every orphan, and signals that it has no handler for do
 * not reach it at all.  So this is process 1: it runs PROGRAM as a child, sends
 * on to it whatever signal it gets, buries whoever dies, and ends as PROGRAM
 * does, 128+n for signal n.  The kernel then kills all that is left.
 *
 * The child leads a process group of its own, and where there is a terminal,
 * the one in its foreground: the keys' signals are for the child and its own
 * children, and reach each once.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT = 126, NOT_FOUND = 127 };

/* Everything but what a program does to itself by a mistake, and the answers
 * to a background process that uses the terminal. */
static void
choose_signals(sigset_t *set)
{
	static const int ours[] = { SIGFPE,  SIGILL, SIGSEGV, SIGBUS,
				    SIGABRT, SIGTRAP, SIGSYS, SIGTTIN,
				    SIGTTOU };
	sigfillset(set);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		sigdelset(set, ours[i]);
}

static _Noreturn void
become(char **argv, const sigset_t *before)
{
	/* Ours is ignored while we take the terminal; the program's is not. */
	setpgid(0, 0);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	sigprocmask(SIG_SETMASK, before, NULL);
	execvp(argv[0], argv);
	int status = errno == ENOENT ? NOT_FOUND : CANNOT;
	dprintf(STDERR_FILENO, "mydocker-init: run %s: %s\n", argv[0],
		strerror(errno));
	_exit(status);
}

/* Bury whoever has died: the exit status once it was the child, or -1. */
static int
reap(pid_t child)
{
	int status, result = -1;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == child)
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
						       WEXITSTATUS(status);
	return result;
}

int
main(int argc, char **argv)
{
	argv++;
	if (argc > 1 && strcmp(*argv, "--") == 0)
		argv++;
	if (argc < 2 || !*argv) {
		dprintf(STDERR_FILENO, "Usage:  mydocker-init [--] PROGRAM "
				       "[ARGUMENT...]\n");
		return CANNOT;
	}
	sigset_t set, before;
	choose_signals(&set);
	sigprocmask(SIG_SETMASK, &set, &before);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	pid_t child = fork();
	if (child < 0) {
		dprintf(STDERR_FILENO, "mydocker-init: fork: %s\n",
			strerror(errno));
		return CANNOT;
	}
	if (child == 0)
		become(argv, &before);
	for (int status = -1; status < 0;) {
		int number = sigwaitinfo(&set, NULL);
		if (number == SIGCHLD) {
			status = reap(child);
			if (status >= 0)
				return status;
		} else if (number > 0) {
			kill(child, number);
		}
	}
	return CANNOT;
}
