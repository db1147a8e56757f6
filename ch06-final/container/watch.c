/* watch.c - parent.  While a container lives: container_init() to
 * container_watch().  See container.h. */
#include "container.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "cgroup_stat.h"
#include "sys.h"

int
container_init(struct container *c, const char *root,
	       const struct config *config)
{
	*c = (struct container){
		.root = root,
		.config = config,
		.containers = -1,
		.dir = -1,
		.lock = -1,
		.endpoint = NET_ENDPOINT(NULL),
		.union_mount = -1,
		.daemon_pidfd = -1,
		.console = CONSOLE_CLOSED,
		.sync = -1,
		.child_sync = -1,
		.signals = -1,
		.pidfd = -1,
	};
	if (config) {
		c->console.terminal = config->terminal;
		c->console.interactive = config->interactive;
	}
	return net_default(&c->network);
}

void
container_free(struct container *c)
{
	net_close(&c->network);
	free_scoped(&c->hostname);
	/* Last of all: a signal that came while things were undone must not
	 * end us half-way, and has nobody to go to any more. */
	if (c->signals >= 0)
		console_end_signals(&c->signals, c->old_mask);
}

int
container_watch(struct container *c)
{
	int carried = console_relay(&c->console, c->pidfd, c->signals);
	if (carried < 0) /* whatever went wrong, it ends here */
		sys_pidfd_send_signal(c->pidfd, SIGKILL);
	struct failure why = failure;
	int status;
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for the container");
	c->pid = 0;
	c->record.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
						    WEXITSTATUS(status);
	struct cgroup_usage usage;
	if (c->config->limits.memory &&
	    cgroup_read_usage(&c->cgroup, &usage) == 0)
		c->oom_killed = usage.oom_kills != CGROUP_NONE &&
				usage.oom_kills > 0;
	failure = why;
	return carried < 0 ? -1 : c->record.exit_code;
}
