/* logs.c - parent.  `logs`: what a container has written, and goes on to. */
#include "verbs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "logfile.h"
#include "protocol.h"
#include "record.h"
#include "settings.h"
#include "times.h"

struct logs_options {
	bool follow, timestamps, details;
	int64_t tail; /* -1: all */
	struct times_between said;
	int64_t since, until; /* nanoseconds since 1970; 0: any */
};

/* As Docker has it: what is no number, or a negative one, is "all". */
static int
take_tail(void *data, const char *value)
{
	struct logs_options *wanted = data;
	uint64_t number;
	wanted->tail = parse_number(value, 0, INT64_MAX, &number) < 0 ?
			       -1 : (int64_t)number;
	return 0;
}

static const struct option_row options[] = {
	SWITCH(0, "details", "Show extra details provided to logs",
	       struct logs_options, details),
	SWITCH('f', "follow", "Follow log output", struct logs_options,
	       follow),
	MEMBER(0, "since", "string", "Show logs since timestamp (e.g. "
	       "\"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 "
	       "minutes)", times_keep, struct logs_options, said.since),
	{ 'n', "tail", "string", "Number of lines to show from the end of the "
	  "logs (default \"all\")", take_tail, 0 },
	SWITCH('t', "timestamps", "Show timestamps", struct logs_options,
	       timestamps),
	MEMBER(0, "until", "string", "Show logs before a timestamp (e.g. "
	       "\"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 "
	       "minutes)", times_keep, struct logs_options, said.until),
	{ 0 },
};

/* {"a":"1","b":"2"} as a=1,b=2, and a blank. */
static void
print_details(const struct jsonlog_entry *entry, FILE *out)
{
	const char *s = entry->attributes;
	for (size_t i = 1; s && i + 1 < entry->attributes_length; i++)
		if (s[i] != '"')
			putc(s[i] == ':' ? '=' : s[i], out);
	putc(' ', out);
}

static void
print_entry(const struct logs_options *wanted,
	    const struct jsonlog_entry *entry)
{
	FILE *out = entry->is_errors ? stderr : stdout;
	/* Both may go to one place, and are to keep their order. */
	if (out == stderr)
		fflush(stdout);
	if (wanted->timestamps) {
		char stamp[JSONLOG_TIME];
		jsonlog_time(stamp, &entry->time, false);
		fprintf(out, "%s ", stamp);
	}
	if (wanted->details)
		print_details(entry, out);
	fwrite(entry->log, 1, entry->length, out);
}

/*
 * All there is: 1, or 0 when time is up and there may be no end of it.  A clock
 * may be set back: what is later than --until may come before what is not, so
 * each line is looked at for itself.
 */
static int
print_more(struct logfile *log, const struct logs_options *wanted)
{
	struct jsonlog_entry entry;
	int got;
	while ((got = logfile_next(log, &entry)) > 0) {
		int64_t when = entry.time.tv_sec * INT64_C(1000000000) +
			       entry.time.tv_nsec;
		bool is_late = wanted->until && when > wanted->until;
		if (is_late && wanted->follow && times_now() > wanted->until)
			return 0;
		if (!is_late && when >= wanted->since)
			print_entry(wanted, &entry);
	}
	if (fflush(stdout) != 0)
		return fail("write the log");
	return got < 0 ? -1 : 1;
}

/* Has it ended?  Its monitor says so, or is gone; -1: we are not welcome. */
static int
has_ended(int sock)
{
	struct protocol_message message;
	ssize_t got;
	while ((got = protocol_receive(sock, &message, MSG_DONTWAIT)) >= 0) {
		if (message.type == PROTOCOL_EXITED)
			return true;
		if (message.type == PROTOCOL_REFUSED)
			return attach_refused(&message, got);
	}
	return errno != EAGAIN;
}

/* It is to be started once more, or has been: then we are with it again. */
static bool
goes_on_again(int dir, int *sock)
{
	static const struct attach_options nothing;
	auto_record struct record record = { 0 };
	close_scoped(sock);
	if (record_load(dir, &record) < 0 ||
	    (record.status != STATUS_RESTARTING &&
	     record.status != STATUS_RUNNING))
		return false;
	*sock = attach_connect(dir, &nothing);
	return *sock >= 0;
}

/* Until something happens: in the directory, with the container, or that time
 * is up.  0 when nothing more will; -1: a failure. */
static int
wait_for_more(int dir, int notices, int *sock, int64_t until)
{
	int timeout_ms = -1;
	if (until) {
		int64_t left = (until - times_now()) / 1000000;
		if (left < 0)
			return false;
		timeout_ms = left < 60000 ? left + 1 : 60000;
	}
	struct pollfd polls[] = { { notices, POLLIN, 0 },
				  { *sock, POLLIN, 0 } };
	char drained[4096];
	if (poll(polls, countof(polls), timeout_ms) < 0)
		return errno == EINTR;
	if (polls[0].revents)
		(void)!read(notices, drained, sizeof(drained));
	int ended = polls[1].revents ? has_ended(*sock) : 0;
	if (ended < 0)
		return -1;
	return !ended || goes_on_again(dir, sock);
}

static int
print_log(int dir, const char *id, struct logs_options *wanted)
{
	static const struct attach_options nothing;
	struct logfile log;
	auto_close int sock = -1, notices = -1;
	if (wanted->follow) {
		/* Both are asked before the first look, so that what happens
		 * in between is not missed. */
		auto_free char *path = text("/proc/self/fd/%d", dir);
		notices = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (notices < 0 ||
		    inotify_add_watch(notices, path, IN_MODIFY | IN_CREATE |
					       IN_MOVED_TO) < 0)
			return fail("watch the log");
		sock = attach_connect(dir, &nothing);
	}
	setvbuf(stdout, NULL, _IOFBF, 65536);
	if (logfile_open(&log, dir, id, wanted->tail) < 0)
		return -1;
	int result = print_more(&log, wanted);
	/* What comes from here on comes now, whatever the clock says then. */
	if (wanted->since <= times_now())
		wanted->since = 0;
	int goes_on = sock >= 0;
	while (result > 0 && goes_on > 0) {
		goes_on = wait_for_more(dir, notices, &sock,
					wanted->until);
		if (goes_on >= 0)
			result = print_more(&log, wanted);
	}
	logfile_close(&log);
	return goes_on < 0 ? -1 : result;
}

static int
check_driver(int dir)
{
	auto_settings struct settings settings = SETTINGS_DEFAULT;
	/* A log that is there is shown, also of one that lost its settings. */
	if (settings_load(dir, &settings) < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (settings.log_driver && strcmp(settings.log_driver, "none") == 0)
		return failx("configured logging driver does not support "
			     "reading");
	return 0;
}

static int
run_logs(const struct verb *verb, int argc, char **argv)
{
	struct logs_options wanted = { .tail = -1 };
	int status;
	int first = verb_begin(verb, argc, argv, &wanted, 1, 1, &status);
	if (first < 0 || (status = verb_settle(verb)) != 0)
		return status;
	auto_record struct record record = { 0 };
	auto_close int dir = -1, containers = records_open(verb_root());
	if (containers < 0 ||
	    record_find(containers, argv[first], &record, &dir) < 0 ||
	    times_settle(&wanted.said, &wanted.since, &wanted.until) < 0 ||
	    check_driver(dir) < 0 || print_log(dir, record.id, &wanted) < 0)
		return verb_error(verb);
	return 0;
}

const struct verb verb_logs = {
	.name = "logs",
	.arguments = "CONTAINER",
	.shows = "Fetch the logs of a container",
	.options = options,
	.failure_status = 1,
	.run = run_logs,
};
