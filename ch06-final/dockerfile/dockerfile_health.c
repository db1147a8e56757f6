/* dockerfile_health.c - see dockerfile_part.h: HEALTHCHECK. */
#include "dockerfile_part.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- Go's durations ---------------------------------------------------- */

static const struct {
	const char *name;
	double nanoseconds;
} units[] = {
	{ "ns", 1 },	 { "us", 1e3 }, { "\xc2\xb5s", 1e3 },
	{ "\xce\xbcs", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
	{ "m", 60e9 },	 { "h", 3600e9 },
};

/* "1.5", and no more; `*at` goes behind it. */
static bool
take_decimal(const char **at, double *value)
{
	const char *begin = *at;
	double unit = 1;
	bool has_digit = false;
	for (*value = 0; isdigit((unsigned char)**at); (*at)++) {
		*value = *value * 10 + (**at - '0');
		has_digit = true;
	}
	if (**at == '.')
		(*at)++;
	for (; *at > begin && isdigit((unsigned char)**at); (*at)++) {
		*value += (**at - '0') * (unit /= 10);
		has_digit = true;
	}
	return has_digit;
}

/* "1h30m", "1.5s", "0": nanoseconds. */
static int
parse_duration(const char *string, int64_t *nanoseconds)
{
	double sum = 0;
	const char *at = string + (*string == '+');
	if (strcmp(at, "0") == 0) {
		*nanoseconds = 0;
		return 0;
	}
	do {
		double value;
		if (!take_decimal(&at, &value))
			return failx("time: invalid duration \"%.40s\"",
				     string);
		size_t length = strcspn(at, ".0123456789");
		if (length == 0)
			return failx("time: missing unit in duration "
				     "\"%.40s\"", string);
		size_t i = 0;
		while (i < countof(units) &&
		       (strlen(units[i].name) != length ||
			strncmp(units[i].name, at, length) != 0))
			i++;
		if (i == countof(units))
			return failx("time: unknown unit \"%.*s\" in duration "
				     "\"%.40s\"", (int)length, at, string);
		sum += value * units[i].nanoseconds;
		at += length;
	} while (*at);
	if (sum >= 9.2e18)
		return failx("time: invalid duration \"%.40s\"", string);
	*nanoseconds = sum;
	return 0;
}

/* ---- the instruction --------------------------------------------------- */

static int
take_interval(struct reading *reading, const char *name, const char *value,
	      int64_t *nanoseconds)
{
	if (!value || !*value)
		return 0;
	auto_free char *flag = text("--%s=%s", name, value);
	if (parse_duration(value, nanoseconds) < 0)
		return complain_at(reading->file, reading->made->line,
				   reading->made->last_line, flag);
	if (*nanoseconds != 0 && *nanoseconds < 1000000)
		return complain(reading->file, reading->made, flag,
				"Interval \"%s\" cannot be less than 1ms",
				name);
	return 0;
}

static int
take_retries(struct reading *reading, const char *value)
{
	uint64_t retries = 0;
	if (!value || !*value)
		return 0;
	auto_free char *flag = text("--retries=%s", value);
	if (*value == '-' && parse_number(value + 1, 0, INT32_MAX,
					  &retries) == 0)
		return complain(reading->file, reading->made, flag,
				"--retries cannot be negative (%.20s)", value);
	if (parse_number(value, 0, INT32_MAX, &retries) < 0)
		return complain(reading->file, reading->made, flag,
				"--retries \"%.40s\": invalid syntax", value);
	reading->made->health.retries = retries;
	return 0;
}

static int
take_health_flags(struct reading *reading)
{
	struct health_options *health = &reading->made->health;
	auto_free char *interval = NULL, *timeout = NULL, *period = NULL;
	auto_free char *start = NULL, *retries = NULL;
	const struct flag flags[] = {
		{ "interval", FLAG_TEXT, &interval },
		{ "timeout", FLAG_TEXT, &timeout },
		{ "start-period", FLAG_TEXT, &period },
		{ "start-interval", FLAG_TEXT, &start },
		{ "retries", FLAG_TEXT, &retries },
	};
	if (take_flags(reading, flags, countof(flags)) < 0 ||
	    take_interval(reading, "interval", interval, &health->interval) <
		    0 ||
	    take_interval(reading, "timeout", timeout, &health->timeout) < 0 ||
	    take_interval(reading, "start-period", period,
			  &health->start_period) < 0 ||
	    take_interval(reading, "start-interval", start,
			  &health->start_interval) < 0)
		return -1;
	return take_retries(reading, retries);
}

int
read_health(struct reading *reading)
{
	struct instruction *made = reading->made;
	size_t length = 0;
	while (reading->rest[length] && !is_blank(reading->rest[length]))
		length++;
	auto_free char *type = text("%.*s", (int)length, reading->rest);
	const char *command = skip_blanks(reading->rest + length);
	if (length == 0)
		return complain(reading->file, made, NULL,
				"HEALTHCHECK requires at least one argument");
	if (strcasecmp(type, "NONE") == 0) {
		made->health.is_none = true;
		if (*command)
			return complain(reading->file, made, command,
					"HEALTHCHECK NONE takes no arguments");
		return take_flags(reading, NULL, 0);
	}
	if (take_health_flags(reading) < 0)
		return -1;
	if (strcasecmp(type, "CMD") != 0)
		return complain(reading->file, made, type,
				"Unknown type \"%.40s\" in HEALTHCHECK (try "
				"CMD)", type);
	if (*command && read_command(reading, command) < 0)
		return -1;
	if (made->words.count == 0)
		return complain(reading->file, made, type,
				"Missing command after HEALTHCHECK CMD");
	return 0;
}
