/*
 * system_boot.c - parent.  `system boot` and `system halt`: what a daemon does
 * with the containers as it starts and as it ends, here for whoever starts and
 * ends the machine (systemd/mydocker.service).
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launching.h"
#include "stop.h"

static const struct option_row none[] = { { 0 } };

/* Those that there are, newest first; the caller frees each and the array. */
static int
begin(const struct verb *verb, int argc, char **argv, struct record **records,
      size_t *count)
{
	int status;
	if (verb_begin(verb, argc, argv, NULL, 0, 0, &status) < 0 ||
	    (status = verb_settle(verb)) != 0)
		return status;
	auto_close int containers = records_open(verb_root());
	if (containers < 0)
		return verb_error(verb);
	*records = records_list(containers, count);
	return 0;
}

static void
end(struct record *records, size_t count)
{
	for (size_t i = 0; i < count; i++)
		record_free(&records[i]);
	free(records);
}

/* Removed meanwhile: so there is nothing to be done with it, which is 0. */
static int
find(struct container *c, const struct record *record)
{
	if (container_find(c, verb_root(), record->id) == 0)
		return 1;
	return failure.code == ENOENT ? 0 : -1;
}

/* ---- boot ---------------------------------------------------------------- */

/* 1: it is up; 0: it is not to be, or was before. */
static int
boot_one(const struct record *record)
{
	auto_container struct container c;
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	int result = find(&c, record);
	if (result <= 0)
		return result;
	if (settings_load(c.dir, &settings) < 0)
		return -1;
	if (!container_is_due_at_boot(&c, &settings))
		return 0;
	result = container_claim(&c);
	return result > 0 && launch_again(&c) < 0 ? -1 : result;
}

/* One that joins another, or is linked to it, is the younger of the two. */
static int
run_boot(const struct verb *verb, int argc, char **argv)
{
	struct record *records = NULL;
	size_t count = 0;
	int status = begin(verb, argc, argv, &records, &count);
	for (size_t i = count; i-- > 0;) {
		int result = boot_one(&records[i]);
		if (result < 0) {
			wrap("start %s", records[i].name);
			status = verb_error(verb);
		} else if (result > 0) {
			printf("%s\n", records[i].name);
		}
		fflush(stdout);
	}
	end(records, count);
	return status;
}

const struct verb verb_system_boot = {
	.name = "system boot",
	.arguments = "",
	.shows = "Start the containers that run whenever the machine does",
	.options = none,
	.failure_status = 1,
	.run = run_boot,
	.starts = true,
};

/* ---- halt ---------------------------------------------------------------- */

static int
halt_one(const struct record *record)
{
	auto_container struct container c;
	static const struct stop_options usual = { .timeout_s = STOP_UNSET };
	int result = find(&c, record);
	if (result > 0 && container_stop(&c, &usual) < 0 &&
	    failure.code != ENOENT)
		result = -1;
	return result < 0 ? wrap("stop %s", record->name) : 0;
}

/* A process of ours for each, so that the machine waits for the slowest and
 * not for their sum. */
static pid_t
halt_aside(const struct verb *verb, const struct record *record)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(halt_one(record) < 0 ? verb_error(verb) : 0);
	return pid < 0 ? fail("stop %s: make a process", record->name) : pid;
}

static bool
has_succeeded(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int
run_halt(const struct verb *verb, int argc, char **argv)
{
	struct record *records = NULL;
	size_t count = 0;
	int status = begin(verb, argc, argv, &records, &count);
	auto_free pid_t *pids = new_bytes((count + 1) * sizeof(*pids));
	for (size_t i = 0; i < count; i++) {
		if (record_is_at_rest(&records[i]))
			continue;
		pids[i] = halt_aside(verb, &records[i]);
		if (pids[i] < 0)
			status = verb_error(verb);
	}
	for (size_t i = 0; i < count; i++) {
		if (pids[i] > 0 && has_succeeded(pids[i]))
			printf("%s\n", records[i].name);
		else if (pids[i] > 0)
			status = verb->failure_status;
	}
	end(records, count);
	return status;
}

const struct verb verb_system_halt = {
	.name = "system halt",
	.arguments = "",
	.shows = "Stop all containers, and none by hand: the machine is to end",
	.options = none,
	.failure_status = 1,
	.run = run_halt,
};
