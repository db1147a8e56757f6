/* runc_log.c - parent.  See runc_log.h. */
#include "runc_log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int file = -1;
static enum runc_log_format file_format;

/* RFC 3339, which is what a decoder in Go takes for a time. */
static void
write_time(char *buffer, size_t size)
{
	time_t now = time(NULL);
	struct tm utc;
	strftime(buffer, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

/* JSON is UTF-8, and a path may be anything; what was cut to fit may end in
 * the middle of a character. */
static json_t *
as_string(const char *message)
{
	json_t *string = json_string(message);
	if (string)
		return string;
	auto_free char *plain = copy_text(message);
	for (char *c = plain; *c; c++)
		if (*c & 0x80)
			*c = '?';
	return json_string(plain);
}

static char *
as_json(const char *level, const char *message, const char *when)
{
	json_t *json = json_pack("{s:s, s:o, s:s}", "level", level, "msg",
				 as_string(message), "time", when);
	char *line = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return line;
}

static char *
as_text(const char *level, const char *message, const char *when)
{
	json_t *string = as_string(message);
	auto_free char *quoted = json_dumps(string, JSON_ENCODE_ANY);
	json_decref(string);
	return text("time=\"%s\" level=%s msg=%s", when, level, quoted);
}

/* One write(2): there may be others that append. */
static void
write_line(int fd, const char *line)
{
	auto_free char *whole = text("%s\n", line);
	if (write(fd, whole, strlen(whole)) < 0)
		return; /* there is nobody left to tell */
}

static void
log_line(const char *level, const char *message)
{
	char when[32];
	write_time(when, sizeof(when));
	auto_free char *line = file_format == RUNC_LOG_JSON ?
				       as_json(level, message, when) :
				       as_text(level, message, when);
	write_line(file >= 0 ? file : STDERR_FILENO, line);
}

static void
log_call(const char *line)
{
	log_line("debug", line);
}

int
runc_log_open(const char *path, enum runc_log_format format, bool debug)
{
	file_format = format;
	if (path)
		file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY |
					  O_CLOEXEC, 0644);
	if (path && file < 0)
		return fail("open the log file %s", path);
	if (debug)
		trace_hook = log_call;
	return 0;
}

/* For a person, or an engine that reads what we print. */
static void
say(const char *prefix, const char *message)
{
	auto_free char *line = text("mydocker-oci: %s%s", prefix, message);
	write_line(STDERR_FILENO, line);
}

void
runc_log_warning(const char *message)
{
	if (file >= 0 || file_format == RUNC_LOG_JSON)
		log_line("warning", message);
	else
		say("warning: ", message);
}

void
runc_log_failure(void)
{
	if (file >= 0 || file_format == RUNC_LOG_JSON)
		log_line("error", failure.text);
	if (file >= 0 || file_format == RUNC_LOG_TEXT)
		say("", failure.text);
}
