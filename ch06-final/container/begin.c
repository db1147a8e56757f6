/* begin.c - parent: the client.  A container is launched: see container.h. */
#include "container.h"

#include <limits.h>
#include <string.h>

#include "log_limits.h"
#include "self.h"
#include "steps.h"
#include "stop.h"

/* ---- what the monitor is told ------------------------------------------- */

struct restart_policy
container_restart_policy(const struct settings *settings)
{
	static const struct {
		const char *name;
		enum restart_when when;
	} names[] = {
		{ "on-failure", RESTART_ON_FAILURE },
		{ "always", RESTART_ALWAYS },
		{ "unless-stopped", RESTART_UNLESS_STOPPED },
	};
	struct restart_policy policy = { .when = RESTART_NO };
	for (size_t i = 0; settings->restart && i < countof(names); i++)
		if (strcmp(settings->restart, names[i].name) == 0)
			policy.when = names[i].when;
	policy.most = settings->restart_max;
	return policy;
}

static int64_t
milliseconds(int64_t ns)
{
	return ns / 1000000;
}

static struct health_plan
health_plan(const struct health_wanted *wanted)
{
	bool is_wanted = wanted->test.count > 0 &&
			 strcmp(wanted->test.items[0], "NONE") != 0;
	return (struct health_plan){
		.is_wanted = is_wanted,
		.interval_ms = milliseconds(wanted->interval_ns),
		.timeout_ms = milliseconds(wanted->timeout_ns),
		.start_period_ms = milliseconds(wanted->start_period_ns),
		.start_interval_ms = milliseconds(wanted->start_interval_ns),
		.retries = wanted->retries,
	};
}

/* Where one is said twice the last counts; what is wrong has been refused with
 * the options. */
static struct log_limits
log_limits(const struct words *options)
{
	struct log_limits limits = { 0 };
	for (size_t i = 0; i < options->count; i++)
		log_limits_take(&limits, options->items[i]);
	return limits;
}

static struct launch_plan
launch_plan(const struct container *c, bool is_attached)
{
	const struct settings *settings = c->settings;
	struct log_limits limits = log_limits(&settings->log_options);
	struct launch_plan plan = {
		.restart = container_restart_policy(settings),
		.health = health_plan(&settings->health),
		.log_size = limits.size,
		.log_files = limits.files,
		.terminal = settings->terminal,
		.interactive = settings->interactive,
		.no_log = settings->log_driver &&
			  strcmp(settings->log_driver, "none") == 0,
		.input_once = settings->interactive && is_attached,
	};
	auto_free char *cgroup = container_cgroup_name(
		c->record.id, settings->cgroup_parent);
	snprintf(plan.cgroup, sizeof(plan.cgroup), "%s", cgroup);
	return plan;
}

/* ---- the launch --------------------------------------------------------- */

static int
start(void *data, struct console *console, struct launched *made)
{
	return container_start(data, console, made);
}

static int
launch_with(struct container *c, struct launch *launch,
	    const struct attach_options *attach, int *sock)
{
	auto_close int its = -1;
	struct console console = CONSOLE_CLOSED;
	console.terminal = c->settings->terminal;
	console.interactive = c->settings->interactive;
	if ((attach && attach_pair(attach, sock, &its) < 0) ||
	    console_open(&console) < 0) {
		console_close(&console);
		return -EXIT_RUNTIME;
	}
	launch->attached = &its;
	launch->console = &console;
	int status = monitor_launch(launch);
	struct failure why = failure;
	console_close(&console);
	failure = why;
	return status;
}

int
container_launch(struct container *c, const struct attach_options *attach,
		 int *sock)
{
	auto_free char *monitor = self_beside("mydocker-monitor");
	*sock = -1;
	if (!monitor || steps_check_names() < 0)
		return -EXIT_RUNTIME;
	container_forget_stopped(c);
	struct launch launch = {
		.id = c->record.id,
		.monitor = monitor,
		.client = self_path(),
		.dir = c->dir,
		.lock = &c->lock,
		.started_ns = c->record.started_ns,
		.plan = launch_plan(c, attach != NULL),
		.start = start,
		.data = c,
	};
	int status = launch_with(c, &launch, attach, sock);
	if (status == 0)
		return 0;
	/* A starter that was killed has undone nothing. */
	struct failure why = failure;
	close_scoped(sock);
	if (container_tidy(c) < 0)
		failx("%s (and then: %.100s)", why.text, failure.text);
	else
		failure = why;
	return status;
}
