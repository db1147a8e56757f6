/* helper.c - monitor.  See helper.h. */
#include "helper.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "monitor.h"
#include "sync.h"

/* In the child: what the client's program is used to find. */
static _Noreturn void
become(struct monitor *m, const char *verb, const int *wanted)
{
	char window[16];
	static const int ours[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE };
	for (size_t i = 0; i < countof(ours); i++)
		signal(ours[i], SIG_DFL);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	char *argv[] = { (char *)m->client_program, (char *)verb,
			 (char *)m->id, window, NULL };
	snprintf(window, sizeof(window), "%u", m->window);
	if (launch_descriptors(wanted) == 0)
		execv(m->client_program, argv);
	_exit(127);
}

pid_t
helper_start(struct monitor *m, const char *verb, int *report,
	     const int *pipes)
{
	auto_close int ours = -1, theirs = -1;
	if (report && sync_pair(&ours, &theirs) < 0)
		return -1;
	const int wanted[] = {
		m->dir, m->lock, theirs, -1, pipes ? pipes[0] : -1,
		pipes ? pipes[1] : -1, pipes ? pipes[2] : -1,
	};
	pid_t pid = fork();
	if (pid < 0)
		return fail("fork for %s", verb);
	if (pid == 0)
		become(m, verb, wanted);
	if (report)
		*report = take_fd(&ours);
	return pid;
}

pid_t
helper_names(struct monitor *m)
{
	const int wanted[] = { m->dir, -1, -1, -1, -1, -1, -1 };
	pid_t pid = fork();
	if (pid == 0)
		become(m, ".monitor-names", wanted);
	return pid < 0 ? fail("fork for the names") : pid;
}

pid_t
helper_relay(struct monitor *m)
{
	const int wanted[] = { m->dir, -1, m->held, -1, -1, -1, -1 };
	pid_t monitor = getpid(), pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != monitor)
			_exit(1);
		become(m, ".monitor-relay", wanted);
	}
	return pid < 0 ? fail("fork for the relay") : pid;
}

pid_t
helper_probe(struct monitor *m, int *output)
{
	const int wanted[] = { m->dir, -1, -1, -1, -1, -1, -1 };
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail("make a pipe for a check");
	pid_t pid = fork();
	if (pid == 0) {
		/* The check itself need not know O_NONBLOCK. */
		fcntl(ends[1], F_SETFL, O_WRONLY);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		become(m, ".monitor-probe", wanted);
	}
	close(ends[1]);
	*output = ends[0];
	return pid < 0 ? fail("fork for a check") : pid;
}
