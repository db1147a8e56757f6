/*
 * mydocker-systemd - the runtime's word to systemd: a scope is made for a
 * process, changed, and stopped.
 *
 *	mydocker-systemd [--user] start UNIT PID PROPERTY...
 *	mydocker-systemd [--user] set UNIT PROPERTY...
 *	mydocker-systemd [--user] stop UNIT
 *
 * PROPERTY is one argument, "TYPE NAME VALUE", its type in the letters of
 * D-Bus: "t TasksMax 100".  What there is to say goes to stderr as one line;
 * the exit status is 0 when it is done.
 *
 * A program of its own, so that whoever does not ask for systemd does not load
 * libsystemd; and nobody else has to know D-Bus.
 *
 * See org.freedesktop.systemd1(5), systemd.resource-control(5) and sd-bus(3).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "property.h"

#define MANAGER                                                               \
	"org.freedesktop.systemd1", "/org/freedesktop/systemd1",              \
		"org.freedesktop.systemd1.Manager"
#define PATIENCE_US (30 * 1000000ULL)

/* ---- jobs --------------------------------------------------------------- */

/* What systemd has taken on.  Jobs may end before their name is known here. */
struct jobs {
	char *ours, *result;	 /* the path of ours, and how it ended */
	char *ended, *ended_how; /* the last that ended before */
};

static int
note_removed(sd_bus_message *signal, void *data, sd_bus_error *error)
{
	(void)error;
	struct jobs *jobs = data;
	const char *path, *unit, *result;
	uint32_t id;
	if (sd_bus_message_read(signal, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (jobs->ours && strcmp(path, jobs->ours) == 0 && !jobs->result)
		jobs->result = copy_text(result);
	if (jobs->ours)
		return 0;
	free(jobs->ended);
	free(jobs->ended_how);
	jobs->ended = copy_text(path);
	jobs->ended_how = copy_text(result);
	return 0;
}

static uint64_t
now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

/* Until the job that `reply` names has come to its end. */
static int
wait_for(sd_bus *bus, sd_bus_message *reply, struct jobs *jobs)
{
	const char *path;
	if (sd_bus_message_read(reply, "o", &path) < 0)
		return failx("systemd names no job");
	jobs->ours = copy_text(path);
	if (jobs->ended && strcmp(jobs->ended, path) == 0)
		jobs->result = copy_text(jobs->ended_how);
	uint64_t end = now_us() + PATIENCE_US;
	while (!jobs->result) {
		uint64_t now = now_us();
		int more = sd_bus_process(bus, NULL);
		if (more == 0)
			more = now < end ? sd_bus_wait(bus, end - now) : 0;
		if (more < 0 && more != -EINTR) {
			errno = -more;
			return fail("wait for systemd");
		}
		if (!jobs->result && now >= end)
			return failx("systemd has not done it in %llu seconds",
				     PATIENCE_US / 1000000);
	}
	return strcmp(jobs->result, "done") == 0 ?
		       0 : failx("systemd says: %s", jobs->result);
}

static int
watch_jobs(sd_bus *bus, struct jobs *jobs)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int result = sd_bus_match_signal(bus, NULL, MANAGER, "JobRemoved",
					 note_removed, jobs);
	if (result >= 0)
		result = sd_bus_call_method(bus, MANAGER, "Subscribe", &error,
					    NULL, "");
	sd_bus_error_free(&error);
	errno = -result;
	return result < 0 ? fail("listen to systemd") : 0;
}

/* ---- calls -------------------------------------------------------------- */

/* Send it; the failure is in the words of systemd. */
static int
call(sd_bus *bus, sd_bus_message *message, sd_bus_message **reply,
     sd_bus_error *error)
{
	int result = sd_bus_call(bus, message, 0, error, reply);
	if (result >= 0)
		return 0;
	errno = -result;
	return error->message ? failx("systemd: %s", error->message) :
				fail("call systemd");
}

static int
reset_failed(sd_bus *bus, const char *unit)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int result = sd_bus_call_method(bus, MANAGER, "ResetFailedUnit",
					&error, NULL, "s", unit);
	sd_bus_error_free(&error);
	return result;
}

/* StartTransientUnit(name, mode, properties, auxiliary units) */
static sd_bus_message *
start_message(sd_bus *bus, const char *unit, const char *pid,
	      char *const *properties)
{
	sd_bus_message *message = NULL;
	auto_free char *pids = text("au PIDs %s", pid);
	int result = sd_bus_message_new_method_call(bus, &message, MANAGER,
						    "StartTransientUnit");
	if (result >= 0)
		result = sd_bus_message_append(message, "ss", unit, "fail");
	if (result >= 0)
		result = sd_bus_message_open_container(message, 'a', "(sv)");
	if (result >= 0 && property_append(message, pids) < 0)
		return sd_bus_message_unref(message);
	for (; result >= 0 && *properties; properties++)
		if (property_append(message, *properties) < 0)
			return sd_bus_message_unref(message);
	if (result >= 0)
		result = sd_bus_message_close_container(message);
	if (result >= 0)
		result = sd_bus_message_append(message, "a(sa(sv))", 0);
	if (result >= 0)
		return message;
	errno = -result;
	fail("write a message to systemd");
	return sd_bus_message_unref(message);
}

static int
start_once(sd_bus *bus, char *const *argv, struct jobs *jobs,
	   sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	sd_bus_message *message = start_message(bus, argv[0], argv[1],
						argv + 2);
	int result = message ? call(bus, message, &reply, error) : -1;
	if (result == 0)
		result = wait_for(bus, reply, jobs);
	sd_bus_message_unref(message);
	sd_bus_message_unref(reply);
	return result;
}

/* One of the same name that has failed is remembered until it is reset. */
static int
start(sd_bus *bus, char *const *argv, struct jobs *jobs)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int result = start_once(bus, argv, jobs, &error);
	if (result < 0 &&
	    sd_bus_error_has_name(&error,
				  "org.freedesktop.systemd1.UnitExists")) {
		sd_bus_error_free(&error);
		reset_failed(bus, argv[0]);
		result = start_once(bus, argv, jobs, &error);
	}
	sd_bus_error_free(&error);
	return result < 0 ? wrap("start %s", argv[0]) : 0;
}

/* SetUnitProperties(name, only until the next boot, properties) */
static int
set(sd_bus *bus, char *const *argv, struct jobs *jobs)
{
	(void)jobs;
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	int result = sd_bus_message_new_method_call(bus, &message, MANAGER,
						    "SetUnitProperties");
	if (result >= 0)
		result = sd_bus_message_append(message, "sb", argv[0], true);
	if (result >= 0)
		result = sd_bus_message_open_container(message, 'a', "(sv)");
	errno = -result;
	result = result < 0 ? fail("write a message to systemd") : 0;
	for (int i = 1; result == 0 && argv[i]; i++)
		result = property_append(message, argv[i]);
	if (result == 0) {
		sd_bus_message_close_container(message);
		result = call(bus, message, NULL, &error);
	}
	sd_bus_message_unref(message);
	sd_bus_error_free(&error);
	return result < 0 ? wrap("change %s", argv[0]) : 0;
}

/* What is not there any more has been stopped. */
static int
stop(sd_bus *bus, char *const *argv, struct jobs *jobs)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL, *reply = NULL;
	int result = sd_bus_message_new_method_call(bus, &message, MANAGER,
						    "StopUnit");
	if (result >= 0)
		result = sd_bus_message_append(message, "ss", argv[0],
					       "replace");
	errno = -result;
	result = result < 0 ? fail("write a message to systemd") :
			      call(bus, message, &reply, &error);
	if (sd_bus_error_has_name(&error,
				  "org.freedesktop.systemd1.NoSuchUnit"))
		result = 0;
	else if (result == 0)
		result = wait_for(bus, reply, jobs);
	reset_failed(bus, argv[0]);
	sd_bus_message_unref(message);
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return result < 0 ? wrap("stop %s", argv[0]) : 0;
}

/* ---- main --------------------------------------------------------------- */

static const struct verb {
	const char *name;
	int arguments; /* at least */
	int (*run)(sd_bus *bus, char *const *argv, struct jobs *jobs);
} verbs[] = {
	{ "start", 2, start },
	{ "set", 1, set },
	{ "stop", 1, stop },
};

static int
run(bool user, const struct verb *verb, char *const *argv)
{
	sd_bus *bus = NULL;
	struct jobs jobs = { 0 };
	int result = user ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
	errno = -result;
	if (result < 0)
		return fail("reach systemd by the %s bus",
			    user ? "user's" : "system's");
	result = watch_jobs(bus, &jobs);
	if (result == 0)
		result = verb->run(bus, argv, &jobs);
	sd_bus_flush_close_unref(bus);
	free(jobs.ours);
	free(jobs.result);
	free(jobs.ended);
	free(jobs.ended_how);
	return result;
}

int
main(int argc, char **argv)
{
	bool user = argc > 1 && strcmp(argv[1], "--user") == 0;
	argv += 1 + user;
	argc -= 1 + user;
	for (size_t i = 0; i < countof(verbs); i++) {
		if (argc <= verbs[i].arguments ||
		    strcmp(argv[0], verbs[i].name) != 0)
			continue;
		if (run(user, &verbs[i], argv + 1) == 0)
			return EXIT_SUCCESS;
		fprintf(stderr, "%s\n", failure.text);
		return EXIT_FAILURE;
	}
	fprintf(stderr, "mydocker-systemd: not to be started by hand: "
			"mydocker-oci --systemd-cgroup does\n");
	return 2;
}
