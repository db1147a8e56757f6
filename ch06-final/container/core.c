/* core.c - parent.  See core.h. */
#include "core.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "making.h"
#include "sys.h"

/* From `create` to `start`. */
struct core {
	struct run_options options;
	struct making making;
	char *root, *bundle;
};

char *
core_root(const char *root)
{
	return text("%s/run", root);
}

static void
core_free(struct container *c)
{
	struct core *core = c->core;
	if (!core)
		return;
	making_free(&core->making);
	free(core->root);
	free(core->bundle);
	free_scoped(&c->core);
}

/* ---- a start that is interrupted ---------------------------------------- */

/* The child that is being made; a handler kills it, and who waits for its
 * word hears that it died. */
static const struct making *volatile in_the_making;
static volatile sig_atomic_t interrupted;

static void
interrupt(int number)
{
	interrupted = number;
	if (in_the_making && in_the_making->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, in_the_making->pidfd, SIGKILL,
			NULL, 0);
}

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* They are blocked else, and read from a descriptor (console.h). */
static void
let_interrupt(const struct making *making, struct sigaction *before)
{
	struct sigaction action = { .sa_handler = interrupt };
	sigset_t set;
	sigemptyset(&set);
	interrupted = 0;
	in_the_making = making;
	for (size_t i = 0; i < countof(ending); i++) {
		sigaction(ending[i], &action, &before[i]);
		/* What our caller ignores, we do, too. */
		if (before[i].sa_handler == SIG_IGN)
			sigaction(ending[i], &before[i], NULL);
		sigaddset(&set, ending[i]);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void
end_interrupt(const struct sigaction *before)
{
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < countof(ending); i++)
		sigaddset(&set, ending[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < countof(ending); i++)
		sigaction(ending[i], &before[i], NULL);
	in_the_making = NULL;
}

static int
create_interruptibly(struct core *core)
{
	struct sigaction before[countof(ending)];
	let_interrupt(&core->making, before);
	int result = making_climb(&core->making, create_steps,
				  &core->options.create, &core->options);
	end_interrupt(before);
	return result;
}

/* ---- the steps ---------------------------------------------------------- */

static struct core *
core_new(struct container *c)
{
	struct core *core = new_bytes(sizeof(*core));
	core->making = (struct making)MAKING_NOTHING;
	core->root = core_root(c->root);
	core->bundle = text("%s/containers/%s", c->root, c->record.id);
	core->options = (struct run_options){
		.create = {
			.root = core->root,
			.id = c->record.id,
			.bundle = core->bundle,
			.config = c->config,
			.args = (const char *const *)c->args.items,
			.env = (const char *const *)c->env.items,
			.root_mount = &c->union_mount,
			.stdio = c->console->theirs,
		},
	};
	return core;
}

int
core_create(struct container *c)
{
	struct core *core = c->core = core_new(c);
	int result = create_interruptibly(core);
	if (result == 0) {
		c->pid = core->making.pid;
		c->pidfd = take_fd(&core->making.pidfd);
	}
	if (interrupted)
		return failx("interrupted");
	if (result < 0)
		return -1;
	c->master = take_fd(&core->making.master);
	console_close_theirs(c->console);
	return 0;
}

int
core_start(struct container *c)
{
	struct core *core = c->core;
	int result = making_start(&core->making, core->root);
	/* From here on it belongs to whoever asks: its lock is free. */
	struct failure why = failure;
	core_free(c);
	failure = why;
	return result;
}

int
core_delete(struct container *c)
{
	core_free(c);
	if (c->pid > 0) {
		sys_pidfd_send_signal(c->pidfd, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	c->pid = 0;
	close_scoped(&c->pidfd);
	auto_free char *root = core_root(c->root);
	return runtime_delete(root, c->record.id, true);
}
