/* events_show.c - parent.  `events`: what happened, and what happens. */
#include "verbs.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "filters.h"
#include "table.h"
#include "times.h"
#include "view.h"

struct events_options {
	const char *format;
	struct times_between said;
	int64_t since, until; /* nanoseconds since 1970; 0: not said */
	struct filters filters;
};

static int
take_format(void *data, const char *value)
{
	((struct events_options *)data)->format = value;
	return 0;
}

static const struct option_row options[] = {
	MEMBER('f', "filter", "FILTER", "Filter output based on conditions "
	       "provided", filters_add, struct events_options, filters),
	{ 0, "format", "STRING", "\"json\", or a Go template", take_format,
	  0 },
	MEMBER(0, "since", "TIME", "Show all events created since timestamp",
	       times_keep, struct events_options, said.since),
	MEMBER(0, "until", "TIME", "Stream events until this timestamp",
	       times_keep, struct events_options, said.until),
	{ 0 },
};

static const char *const known_filters[] = {
	"config", "container", "daemon", "event", "image", "label", "network",
	"node", "plugin", "scope", "secret", "service", "type", "volume", NULL,
};

/* ---- one event ----------------------------------------------------------- */

static const char *
member(json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));
	return string ? string : "";
}

static json_t *
attributes_of(json_t *event)
{
	return json_object_get(json_object_get(event, "Actor"), "Attributes");
}

/* "exec_create" fits "exec_create: sh" as well. */
static bool
is_action(const void *data, const char *value)
{
	const char *action = member((json_t *)data, "Action");
	size_t length = strlen(value);
	return strncmp(action, value, length) == 0 &&
	       (!action[length] || action[length] == ':');
}

/* Is it of the thing with this name, or of this beginning of an id? */
static bool
is_of(json_t *event, const char *type, const char *value)
{
	const char *id = member(json_object_get(event, "Actor"), "ID");
	const char *name = member(attributes_of(event), "name");
	bool is_type = strcmp(member(event, "Type"), type) == 0;
	return is_type && *value && (strcmp(name, value) == 0 ||
				     strncmp(id, value, strlen(value)) == 0);
}

static bool
is_of_container(const void *data, const char *value)
{
	return is_of((json_t *)data, "container", value);
}

static bool
is_of_volume(const void *data, const char *value)
{
	return is_of((json_t *)data, "volume", value);
}

static bool
is_of_network(const void *data, const char *value)
{
	return is_of((json_t *)data, "network", value);
}

/* An image's own events, and those of containers made from it; "busybox" is
 * all of its tags. */
static bool
is_of_image(const void *data, const char *value)
{
	json_t *event = (json_t *)data;
	bool is_image = strcmp(member(event, "Type"), "image") == 0;
	const char *image = is_image ?
		member(json_object_get(event, "Actor"), "ID") :
		member(attributes_of(event), "image");
	size_t length = strlen(value);
	return strncmp(image, value, length) == 0 &&
	       (!image[length] || image[length] == ':');
}

static bool
fits(json_t *event, const struct filters *filters)
{
	auto_words struct words labels = { 0 };
	const char *key;
	json_t *value;
	json_object_foreach(attributes_of(event), key, value) {
		auto_free char *pair = text("%s=%s", key,
					    member(attributes_of(event), key));
		words_add(&labels, pair);
	}
	return filters_fit(filters, "event", is_action, event) &&
	       filters_fit_text(filters, "type", member(event, "Type")) &&
	       filters_fit_text(filters, "scope", member(event, "scope")) &&
	       filters_fit(filters, "container", is_of_container, event) &&
	       filters_fit(filters, "image", is_of_image, event) &&
	       filters_fit(filters, "volume", is_of_volume, event) &&
	       filters_fit(filters, "network", is_of_network, event) &&
	       filters_fit_labels(filters, labels.items);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* " (image=busybox, name=web)" */
static void
print_attributes(json_t *attributes)
{
	size_t count = 0, size = json_object_size(attributes);
	auto_free const char **keys = new_bytes((size + 1) * sizeof(*keys));
	const char *key;
	json_t *value;
	json_object_foreach(attributes, key, value)
		keys[count++] = key;
	qsort(keys, count, sizeof(*keys), by_name);
	for (size_t i = 0; i < count; i++)
		printf("%s%s=%s", i ? ", " : " (", keys[i],
		       member(attributes, keys[i]));
	if (count)
		printf(")");
}

/* "2026-11-27T10:00:00.123456789+00:00 container start ID (...)" */
static void
print_line(json_t *event)
{
	int64_t ns = json_integer_value(json_object_get(event, "timeNano"));
	time_t seconds = ns / 1000000000;
	struct tm tm = { 0 };
	char date[32], zone[8];
	localtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	if (tm.tm_gmtoff == 0)
		printf("%s.%09lldZ", date, (long long)(ns % 1000000000));
	else
		printf("%s.%09lld%.3s:%s", date, (long long)(ns % 1000000000),
		       zone, zone + 3);
	printf(" %s %s %s", member(event, "Type"), member(event, "Action"),
	       member(json_object_get(event, "Actor"), "ID"));
	print_attributes(attributes_of(event));
	printf("\n");
}

/* In Go the members have other names than in JSON. */
static int
print_event(json_t *event, const char *format)
{
	static const char *const names[][2] = {
		{ ".Status", "status" }, { ".ID", "id" }, { ".From", "from" },
		{ ".Scope", "scope" },	 { ".Time", "time" },
		{ ".TimeNano", "timeNano" },
	};
	if (!format) {
		print_line(event);
		return 0;
	}
	if (strcmp(format, "json") == 0)
		format = "{{json .}}";
	for (size_t i = 0; i < countof(names); i++) {
		json_t *value = json_object_get(event, names[i][1]);
		if (value)
			json_object_set(event, names[i][0], value);
		else
			json_object_set_new(event, names[i][0],
					    json_string(""));
	}
	return format_print(format, event, "*events.Message", stdout);
}

/* ---- the file ------------------------------------------------------------ */

/* A clock may be set back: what is later than --until may come before what is
 * not, so each line is looked at for itself. */
static int
take_line(const char *line, const struct events_options *wanted)
{
	json_t *event = json_loads(line, 0, NULL);
	int64_t ns = json_integer_value(json_object_get(event, "timeNano"));
	bool is_late = wanted->until && ns > wanted->until;
	int result = 0;
	if (event && ns >= wanted->since && !is_late &&
	    fits(event, &wanted->filters))
		result = print_event(event, wanted->format);
	json_decref(event);
	return result;
}

/* To the end of the file; a line without its newline is not there yet. */
static int
read_lines(FILE *log, const struct events_options *wanted)
{
	auto_free char *line = NULL;
	size_t size = 0;
	int result = 0;
	long at = ftell(log);
	while (result == 0 && getline(&line, &size, log) > 0) {
		if (!strchr(line, '\n')) {
			fseek(log, at, SEEK_SET);
			break;
		}
		at = ftell(log);
		result = take_line(line, wanted);
	}
	clearerr(log);
	fflush(stdout);
	return result;
}

static FILE *
open_log(const char *name)
{
	auto_free char *path = text("%s/%s", verb_root(), name);
	return fopen(path, "re");
}

static bool
is_moved(FILE *log)
{
	struct stat ours, there;
	auto_free char *path = text("%s/" EVENTS_FILE, verb_root());
	return fstat(fileno(log), &ours) < 0 || stat(path, &there) < 0 ||
	       ours.st_ino != there.st_ino;
}

/* Until something changes in the directory, or --until is there. */
static void
await(int watch, const struct events_options *wanted)
{
	char room[4096];
	struct pollfd poll_watch = { watch, POLLIN, 0 };
	int64_t rest_ms = (wanted->until - times_now()) / 1000000 + 1;
	int timeout = !wanted->until ? -1 : rest_ms < 0 ? 0 :
		      rest_ms > 60000 ? 60000 : (int)rest_ms;
	if (poll(&poll_watch, 1, timeout) > 0 &&
	    read(watch, room, sizeof(room)) < 0)
		return;
}

/* What there is, from --since on.  Without it that is nothing. */
static int
print_past(FILE *old, FILE *log, const struct events_options *wanted)
{
	if (wanted->since)
		return (old && read_lines(old, wanted) < 0) ||
				       (log && read_lines(log, wanted) < 0) ?
			       -1 : 0;
	return log && fseek(log, 0, SEEK_END) < 0 ?
		       fail("look for the end of the events") : 0;
}

/* What comes.  `*log` is the file that it is written to, or NULL. */
static int
follow(int watch, FILE **log, const struct events_options *wanted)
{
	for (;;) {
		if (!*log)
			*log = open_log(EVENTS_FILE);
		if (*log && read_lines(*log, wanted) < 0)
			return -1;
		if (*log && is_moved(*log)) {
			/* What was written to it before it was moved. */
			if (read_lines(*log, wanted) < 0)
				return -1;
			fclose(*log);
			*log = NULL;
			continue;
		}
		if (wanted->until && times_now() > wanted->until)
			return 0;
		await(watch, wanted);
	}
}

static int
print_events(struct events_options *wanted)
{
	if (times_settle(&wanted->said, &wanted->since, &wanted->until) < 0 ||
	    filters_check(&wanted->filters, known_filters) < 0)
		return -1;
	auto_close int watch = inotify_init1(IN_CLOEXEC);
	if (watch < 0 || inotify_add_watch(watch, verb_root(),
					   IN_MODIFY | IN_CREATE |
						   IN_MOVED_TO) < 0)
		return fail("watch %s", verb_root());
	auto_file FILE *old = open_log(EVENTS_OLD);
	auto_file FILE *log = open_log(EVENTS_FILE);
	if (print_past(old, log, wanted) < 0)
		return -1;
	/* From here on it is now, whatever the clock says. */
	wanted->since = 0;
	return follow(watch, &log, wanted);
}

static int
run_events(const struct verb *verb, int argc, char **argv)
{
	struct events_options wanted = { 0 };
	int status;
	if (verb_begin(verb, argc, argv, &wanted, 0, 0, &status) >= 0 &&
	    (status = verb_settle(verb)) == 0 && print_events(&wanted) < 0)
		status = verb_error(verb);
	filters_free(&wanted.filters);
	return status;
}

const struct verb verb_events = {
	.name = "events",
	.arguments = "",
	.shows = "Get real time events",
	.options = options,
	.failure_status = 1,
	.run = run_events,
};
