/* runc_events.c - parent.  `events`: what a container uses, as it goes on. */
#include "runc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "cgroups.h"
#include "runc_oom.h"
#include "runc_values.h"

struct wanted {
	uint64_t interval_ms; /* 0: not said */
	bool stats;
};

#define INTERVAL_MS 5000

static int
take_interval(void *data, const char *value)
{
	return parse_duration(value, &((struct wanted *)data)->interval_ms);
}

static const struct option_row rows[] = {
	{ 0, "interval", "TIME", "From one to the next: 500ms, 5s (the "
	  "default), 1m", take_interval, 0 },
	SWITCH(0, "stats", "Just one, now", struct wanted, stats),
	{ 0 },
};

/* One line, which somebody waits for. */
static int
print(const char *line)
{
	return printf("%s\n", line) < 0 || fflush(stdout) != 0 ?
		       fail("write the output") : 0;
}

static int
print_stats(const struct cgroup *cgroup, const char *id)
{
	auto_free char *line = cgroups_stats_json(cgroup, id);
	return line ? print(line) : -1;
}

static int
print_ooms(struct oom_watch *watch, const char *id)
{
	auto_free char *line = text("{\"type\":\"oom\",\"id\":\"%s\"}", id);
	for (uint64_t left = oom_watch_take(watch); left > 0; left--)
		if (print(line) < 0)
			return -1;
	return 0;
}

static int64_t
now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Until the first process has ended. */
static int
follow(const struct cgroup *cgroup, const char *id, int pidfd,
       struct oom_watch *watch, int64_t interval_ms)
{
	struct pollfd polled[] = {
		{ .fd = pidfd, .events = POLLIN },
		{ .fd = watch->fd, .events = POLLIN },
	};
	int64_t next = now_ms() + interval_ms;
	for (;;) {
		int64_t left = next - now_ms();
		int ready = poll(polled, countof(polled), left > 0 ? left : 0);
		if (ready < 0 && errno != EINTR)
			return fail("wait for events");
		if (ready > 0 && polled[1].revents && print_ooms(watch, id) < 0)
			return -1;
		if (ready > 0 && polled[0].revents)
			return 0;
		if (now_ms() < next)
			continue;
		if (print_stats(cgroup, id) < 0)
			return -1;
		next += interval_ms;
	}
}

static int
run_in(const struct cgroup *cgroup, const struct state *state,
       const struct wanted *wanted)
{
	if (wanted->stats)
		return print_stats(cgroup, state->id);
	auto_close int pidfd = state_pidfd(state);
	struct oom_watch watch;
	if (pidfd < 0 || oom_watch_open(&watch, cgroup) < 0)
		return -1;
	int result = follow(cgroup, state->id, pidfd, &watch,
			    wanted->interval_ms ? wanted->interval_ms :
						  INTERVAL_MS);
	oom_watch_close(&watch);
	return result;
}

static int
run(const struct runc *runc, void *data, char **words)
{
	auto_state struct state state = { 0 };
	enum oci_status status;
	if (runtime_look(runc->root, words[0], &state, NULL, &status) < 0)
		return -1;
	if (status == OCI_STOPPED)
		return failx("container %s is not running", words[0]);
	if (!state.cgroup)
		return failx("container %s has no cgroup of its own, which "
			     "would count", words[0]);
	struct cgroup cgroup = { 0 };
	if (cgroup_open(&cgroup, state.cgroup) < 0)
		return -1;
	int result = run_in(&cgroup, &state, data);
	cgroup_close(&cgroup);
	return result;
}

const struct runc_verb runc_events = {
	.name = "events",
	.arguments = "ID",
	.shows = "print what a container uses, and when memory ran out",
	.more = "A JSON object a line, of type \"stats\" or \"oom\", until the "
		"container ends.\n",
	.options = rows,
	.wanted_size = sizeof(struct wanted),
	.least = 1,
	.most = 1,
	.run = run,
};
