/*
 * monitor_verbs.c - what a container's monitor has us do (monitor/helper.h):
 * `demo .monitor-start ID WINDOW` starts the container again, with a terminal
 * of that size (settings.h; 0: as it began), `.monitor-end` undoes what there
 * was of its life, `.monitor-probe` is one health check,
 * `.monitor-names` makes a name server that was killed again, `.monitor-relay`
 * stays, for what comes to ::1.  They find their descriptors by number
 * (launch.h), and are of no use to people.
 */
#include "exec_in.h"
#include "relay.h"
#include "relayed.h"
#include "runtime.h"
#include "sync.h"
#include "units.h"
#include "verbs.h"

#include <unistd.h>

static const struct option_row options[] = {
	{ 0 },
};

/* The monitor's own directory and lock, which are ours as well. */
static int
open_container(struct container *c, struct settings *settings)
{
	container_init(c, verb_root(), settings);
	c->dir = fcntl(LAUNCH_DIR, F_DUPFD_CLOEXEC, LAUNCH_END);
	c->containers = records_open(c->root);
	if (c->dir < 0 || c->containers < 0)
		return fail("find the container");
	if (record_load(c->dir, &c->record) < 0)
		return -1;
	return settings ? settings_load(c->dir, settings) : 0;
}

static int
run_start(const struct verb *verb, int argc, char **argv)
{
	auto_container struct container c;
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	struct console console = CONSOLE_CLOSED;
	struct launched made = LAUNCHED_NOTHING;
	int64_t window = 0;
	for (int i = LAUNCH_DIR; i < LAUNCH_END; i++)
		fcntl(i, F_SETFD, FD_CLOEXEC);
	int status = -EXIT_RUNTIME;
	if (open_container(&c, &settings) == 0 &&
	    (argc < 3 || parse_integer(argv[2], 0, UINT32_MAX, &window) == 0)) {
		if (window)
			settings.window = window;
		console.terminal = settings.terminal;
		/* With a terminal there are none: the numbers are others'. */
		for (int i = 0; i < 3 && !settings.terminal; i++)
			console.theirs[i] = LAUNCH_STDIN + i;
		status = container_start(&c, &console, &made);
	}
	return launch_tell(LAUNCH_REPORT, status, &made) < 0 ?
		       verb->failure_status : 0;
}

/* The monitor passes it on to who is attached. */
static void
tell_monitor(void)
{
	sync_send_failure(LAUNCH_REPORT);
}

static int
run_end(const struct verb *verb, int argc, char **argv)
{
	auto_container struct container c;
	(void)argc;
	(void)argv;
	fcntl(LAUNCH_REPORT, F_SETFD, FD_CLOEXEC);
	runtime_warning = tell_monitor;
	if (open_container(&c, NULL) == 0 && container_end(&c) == 0)
		return 0;
	tell_monitor();
	return verb->failure_status;
}

static int
run_probe(const struct verb *verb, int argc, char **argv)
{
	auto_container struct container c;
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	(void)argc;
	(void)argv;
	if (open_container(&c, &settings) < 0)
		return verb->failure_status;
	int status = exec_probe(&c, &settings);
	if (status >= 0)
		return status;
	fprintf(stderr, "%s\n", failure.text);
	return verb->failure_status;
}

/* The name server was killed. */
static int
run_names(const struct verb *verb, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return attachments_mend(verb_root()) < 0 ? verb->failure_status : 0;
}

static int
run_relay(const struct verb *verb, int argc, char **argv)
{
	auto_container struct container c;
	auto_relayed struct relayed relayed = { 0 };
	(void)argc;
	(void)argv;
	if (open_container(&c, NULL) < 0 ||
	    relayed_find(&c, LAUNCH_REPORT, &relayed) < 0)
		return verb->failure_status;
	close(LAUNCH_REPORT);
	relay_serve(relayed.sockets, relayed.ports, relayed.count);
	return 0;
}

#define HIDDEN(variable, word, function, is_start)                            \
	const struct verb variable = {                                        \
		.name = word,                                                 \
		.arguments = "ID",                                            \
		.options = options,                                           \
		.failure_status = 1,                                          \
		.run = function,                                              \
		.starts = is_start,                                           \
	}

HIDDEN(verb_monitor_start, ".monitor-start", run_start, true);
HIDDEN(verb_monitor_end, ".monitor-end", run_end, false);
HIDDEN(verb_monitor_probe, ".monitor-probe", run_probe, true);
HIDDEN(verb_monitor_names, ".monitor-names", run_names, false);
HIDDEN(verb_monitor_relay, ".monitor-relay", run_relay, false);
