/* init_fork.c BLOCKED IGNORED [background|limited] - a program's process, made
 * by somebody who blocks one signal and ignores another, and SIGCHLD, and leads
 * the session of a terminal.  background: another group has the terminal.
 * limited: there are no processes left to be had. */
#include "init.h"
#include "stop.h"

#include <pthread.h>
#include <sys/resource.h>

/* SIGWINCH, which we never block ourselves; -1: it was no fork(3). */
static int blocked_at_fork = -1;
static const char *mode = "";

static void
look_at_mask(void)
{
	sigset_t mask;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	blocked_at_fork = sigismember(&mask, SIGWINCH);
}

/* A job in the background; who had the terminal waits for it. */
static void
become_job(void)
{
	int status;
	pid_t pid = fork();
	must(pid >= 0);
	if (pid > 0) {
		must(waitpid(pid, &status, 0) == pid);
		_exit(WEXITSTATUS(status));
	}
	must(setpgid(0, 0) == 0);
}

static void
set_signals(int blocked, int ignored)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, blocked);
	must(sigprocmask(SIG_SETMASK, &set, NULL) == 0);
	signal(ignored, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
}

int
main(int argc, char **argv)
{
	must(argc >= 3);
	if (argc > 3)
		mode = argv[3];
	take_terminal();
	if (strcmp(mode, "background") == 0)
		become_job();
	const struct rlimit none = { 0, 0 };
	if (strcmp(mode, "limited") == 0)
		must(setrlimit(RLIMIT_NPROC, &none) == 0);
	set_signals(atoi(argv[1]), atoi(argv[2]));
	must(pthread_atfork(look_at_mask, NULL, NULL) == 0);
	int alive[2];
	must(pipe(alive) == 0);

	stop("begun", "pid=%d", getpid());
	forget_failure();
	pid_t pid = init_fork();
	if (pid == 0) {
		close(alive[0]);
		stop("child", "pid=%d", getpid());
		_exit(7);
	}
	/* The end of the file is the end of the child. */
	char byte;
	close(alive[1]);
	must(read(alive[0], &byte, 1) == 0);
	int status = -1, waited = waitpid(pid, &status, 0);
	stop("parent", "pid=%d at_fork=%d waited=%d status=%d %s", getpid(),
	     blocked_at_fork, waited == pid, WEXITSTATUS(status), RESULT(pid));
	return 0;
}
