/* exec_keep.c - parent: the client, and the keeper.  See exec_keep.h. */
#include "exec_keep.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "execs.h"
#include "sys.h"
#include "tell.h"

/* What the client hears, once. */
struct outcome {
	int status;
	struct failure failure;
};

struct keeping {
	const struct exec_keep *wanted;
	struct console console; /* without -t: the pipes */
	int report[2];
	pid_t keeper;
	int pidfd; /* of it */
	char id[ID_LENGTH + 1];
};

/* ---- the keeper --------------------------------------------------------- */

static void
tell(const struct keeping *k, const char *action, const char *code)
{
	container_tell(k->wanted->c->dir, &k->wanted->c->record, NULL, action,
		       (const char *const[]){ "execID", k->id,
					      code ? "exitCode" : NULL, code,
					      NULL });
}

/* "exec_start: sh -c ls" */
static void
tell_command(const struct keeping *k, const char *what)
{
	auto_free char *action = text("%s:", what);
	for (char *const *word = k->wanted->argv; *word; word++) {
		char *longer = text("%s %s", action, *word);
		free(action);
		action = longer;
	}
	tell(k, action, NULL);
}

static void
report(struct keeping *k, int status)
{
	struct outcome outcome = { .status = status, .failure = failure };
	(void)!write(k->report[1], &outcome, sizeof(outcome));
	close_scoped(&k->report[1]);
}

/* From here on there is nobody but us. */
static void
let_go(void *data)
{
	struct keeping *k = data;
	prctl(PR_SET_PDEATHSIG, 0);
	if (!k->wanted->detach)
		tell(k, "exec_detach", NULL);
	report(k, k->wanted->detach ? 0 : EXEC_DETACHED);
}

/*
 * With the user's terminal we stay in the client's job, and hang up when he
 * is killed.  Otherwise a process of the container's never holds a descriptor
 * of that terminal, into which it could type, and signals of it are for the
 * client, who passes them on.
 */
static int
settle(struct keeping *k, pid_t client)
{
	bool is_detached = k->wanted->detach;
	if (k->wanted->terminal && !is_detached) {
		prctl(PR_SET_PDEATHSIG, SIGHUP);
		if (getppid() != client)
			return failx("the client has gone");
		return 0;
	}
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	setsid();
	for (int i = 0; i < 3; i++)
		if (dup2(is_detached ? null : k->console.theirs[i], i) < 0)
			return fail("set standard descriptor %d", i);
	console_close(&k->console);
	return 0;
}

_Noreturn static void
keep(struct keeping *k, pid_t client)
{
	int lock = -1, status = -EXIT_RUNTIME;
	close_scoped(&k->report[0]);
	if (settle(k, client) == 0)
		lock = execs_begin(k->wanted->c->dir, k->id);
	if (lock >= 0) {
		tell_command(k, "exec_create");
		tell_command(k, "exec_start");
		status = k->wanted->run(k->wanted, let_go, k);
		auto_free char *code = text("%d", abs(status));
		tell(k, "exec_die", code);
		execs_end(k->wanted->c->dir, k->id);
	}
	report(k, status);
	_exit(0);
}

/* ---- the client --------------------------------------------------------- */

/* The keeper has the terminal, and what is typed into it; signals that others
 * send are sent to us. */
static int
pass_signals(const struct keeping *k, int signals)
{
	struct pollfd polls[] = { { k->report[0], POLLIN, 0 },
				  { signals, POLLIN, 0 } };
	while (!polls[0].revents) {
		if (poll(polls, countof(polls), -1) < 0 || !polls[1].revents)
			continue;
		int number = console_next_sent(signals);
		if (number != 0 && number != SIGPIPE)
			sys_pidfd_send_signal(k->pidfd, number);
	}
	return 0;
}

static int
take_outcome(struct keeping *k, const struct termios *before)
{
	struct outcome outcome;
	if (read(k->report[0], &outcome, sizeof(outcome)) ==
	    sizeof(outcome)) {
		failure = outcome.failure;
	} else {
		if (before)
			console_restore(before);
		failx("what should run it died");
		outcome.status = -EXIT_RUNTIME;
	}
	bool stays = outcome.status == EXEC_DETACHED ||
		     (k->wanted->detach && outcome.status == 0);
	while (!stays && waitpid(k->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	return outcome.status;
}

static int
follow(struct keeping *k, int signals)
{
	bool by_pipes = !k->wanted->terminal && !k->wanted->detach;
	struct termios before;
	bool is_terminal = !by_pipes && tcgetattr(STDIN_FILENO, &before) == 0;
	close_scoped(&k->report[1]);
	console_close_theirs(&k->console);
	int carried = by_pipes ?
			      console_relay(&k->console, k->pidfd, signals) :
			      pass_signals(k, signals);
	struct failure why = failure;
	console_close(&k->console);
	int status = take_outcome(k, is_terminal ? &before : NULL);
	if (carried == 0)
		return status;
	failure = why;
	return -EXIT_RUNTIME;
}

static int
begin(struct keeping *k, int signals)
{
	pid_t client = getpid();
	if (!k->wanted->terminal && !k->wanted->detach &&
	    console_open(&k->console) < 0)
		return -EXIT_RUNTIME;
	if (pipe2(k->report, O_CLOEXEC) < 0)
		return fail("make a pipe"), -EXIT_RUNTIME;
	fflush(NULL);
	k->keeper = sys_clone(0, -1, &k->pidfd);
	if (k->keeper == 0)
		keep(k, client);
	if (k->keeper < 0)
		return fail("start a process"), -EXIT_RUNTIME;
	return follow(k, signals);
}

int
exec_keep(const struct exec_keep *wanted)
{
	struct keeping k = { .wanted = wanted, .report = { -1, -1 },
			     .console = CONSOLE_CLOSED, .pidfd = -1 };
	unsigned char mask[128]; /* a sigset_t */
	k.console.interactive = wanted->interactive;
	auto_close int signals = console_signals(mask);
	if (signals < 0)
		return -EXIT_RUNTIME;
	int status = begin(&k, signals);
	struct failure why = failure;
	console_close(&k.console);
	close_scoped(&k.report[0]);
	close_scoped(&k.report[1]);
	close_scoped(&k.pidfd);
	console_end_signals(&signals, mask);
	failure = why;
	return status;
}
