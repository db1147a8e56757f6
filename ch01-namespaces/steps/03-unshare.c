/*
 * 03-unshare.c - a command in new namespaces: the caller itself moves.
 *
 *	sudo build/steps/03-unshare --uts sh -c 'hostname inside; hostname'
 *	sudo build/steps/03-unshare --pid sh -c 'echo $$; sh -c "echo \$\$"'
 *	sudo build/steps/03-unshare --pid --fork sh -c 'echo $$'
 *
 * No child is needed and no stack: unshare(2), then exec.  Only a pid (and a
 * time) namespace takes the next child instead of the caller, hence --fork.
 */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
enum { FORK = 'f' };

/* getopt_long() returns the last column: the flag itself. */
static const struct option options[] = {
	{ "mount", no_argument, NULL, CLONE_NEWNS },
	{ "uts", no_argument, NULL, CLONE_NEWUTS },
	{ "ipc", no_argument, NULL, CLONE_NEWIPC },
	{ "pid", no_argument, NULL, CLONE_NEWPID },
	{ "net", no_argument, NULL, CLONE_NEWNET },
	{ "user", no_argument, NULL, CLONE_NEWUSER },
	{ "cgroup", no_argument, NULL, CLONE_NEWCGROUP },
	{ "time", no_argument, NULL, CLONE_NEWTIME },
	{ "fork", no_argument, NULL, FORK },
	{ NULL, 0, NULL, 0 },
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

int
main(int argc, char **argv)
{
	int option, flags = 0, forks = 0, status;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == '?')
			return 2;
		if (option == FORK)
			forks = 1;
		else
			flags |= option;
	}
	if (optind == argc)
		return fprintf(stderr, "usage: 03-unshare [--mount|--uts|--ipc|"
			       "--pid|--net|--user|--cgroup|--time]... "
			       "[--fork] COMMAND...\n"), 2;
	if (unshare(flags) < 0)
		die("unshare (all kinds but --user need root)");

	pid_t pid = forks ? fork() : 0;
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		execvp(argv[optind], argv + optind);
		status = errno == ENOENT ? 127 : 126;
		perror(argv[optind]);
		return status;
	}
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
