/* run.c - parent.  Create, start, and stay with it until it ends. */
#include "runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "console.h"
#include "making.h"
#include "sys.h"

void (*runtime_warning)(void);

void
runtime_warn(void)
{
	if (runtime_warning)
		runtime_warning();
}

int
runtime_exit_status(void)
{
	/* There is more that may not be there, or not be allowed. */
	if (!strstr(failure.text, "exec: "))
		return 1;
	switch (failure.code) {
	case ENOENT:
		return 127;
	case EACCES:
		return 126;
	default:
		return 1;
	}
}

int
runtime_wait(pid_t pid, int pidfd, struct console *console, int signals)
{
	int carried = console_relay(console, pidfd, signals);
	struct failure why = failure;
	console_close(console);
	int status = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for the container's process");
	failure = why;
	if (carried < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* Others may look at it and signal it while we wait; and they may delete it:
 * then there is nothing left to do. */
static int
wait_and_delete(struct making *making, const struct run_options *options,
		int signals)
{
	struct console console = CONSOLE_CLOSED;
	console.terminal = console.interactive = making->master >= 0;
	console.master = take_fd(&making->master);
	state_unlock(making->lock);
	int status = runtime_wait(making->pid, making->pidfd, &console,
				  signals);
	if (status >= 0)
		making->state.pid = 0; /* there is nobody left to kill */
	if (options->keep)
		return status;
	struct failure why = failure;
	int there = state_lock_again(making->lock);
	if ((there < 0 ||
	     (there > 0 && making_delete(making, options->create.root) < 0)) &&
	    status >= 0)
		return -1;
	failure = why;
	return status;
}

int
making_run(const struct run_options *options,
	   int (*begin)(struct making *making,
			const struct run_options *options, void *data),
	   void *data)
{
	struct making making;
	/* A signal while it is being made waits until it can be passed on:
	 * nothing is left half-way. */
	unsigned char mask[128]; /* a sigset_t */
	auto_close int signals = -1;
	if (making_check_names() < 0 || (signals = console_signals(mask)) < 0)
		return -1;
	int status = begin(&making, options, data);
	if (status == 0) {
		if (!options->detach)
			status = wait_and_delete(&making, options, signals);
		struct failure why = failure;
		making_free(&making);
		failure = why;
	}
	console_end_signals(&signals, mask);
	return status;
}

static int
create_and_start(struct making *making, const struct run_options *options,
		 void *data)
{
	(void)data;
	*making = (struct making)MAKING_NOTHING;
	if (making_climb(making, create_steps, &options->create, options) < 0)
		return -1;
	if (making_start(making, options->create.root) == 0)
		return 0;
	struct failure why = failure;
	making_free(making);
	failure = why;
	return -1;
}

int
runtime_run(const struct run_options *options)
{
	return making_run(options, create_and_start, NULL);
}
