/* times.c - parent.  See times.h. */
#include "times.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000LL

int64_t
times_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

int
times_parse_duration(const char *string, int64_t *duration_ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "µs", 1e3 }, { "ms", 1e6 },
		{ "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
	};
	const char *at = string + (*string == '-' || *string == '+');
	double sum = 0;
	if (strcmp(at, "0") == 0) {
		*duration_ns = 0;
		return 0;
	}
	do {
		char *unit;
		if (!isdigit((unsigned char)*at) && *at != '.')
			return failx("invalid duration \"%s\"", string);
		double number = strtod(at, &unit);
		size_t length = strcspn(unit, "0123456789."), i = 0;
		while (i < countof(units) &&
		       (strlen(units[i].name) != length ||
			strncmp(units[i].name, unit, length) != 0))
			i++;
		if (i == countof(units) || number > 1e12)
			return failx("invalid duration \"%s\"", string);
		sum += number * units[i].ns;
		at = unit + length;
	} while (*at);
	if (sum > 9e18)
		return failx("invalid duration \"%s\"", string);
	*duration_ns = *string == '-' ? -(int64_t)sum : (int64_t)sum;
	return 0;
}

/* Digits after a point, as nanoseconds. */
static int64_t
fraction(const char **at)
{
	int64_t ns = 0, unit = SECOND / 10;
	if (**at != '.')
		return 0;
	for (++*at; isdigit((unsigned char)**at); ++*at, unit /= 10)
		ns += (**at - '0') * unit;
	return ns;
}

/* "", "Z", "+02:00": where the time is; our own zone when nothing is said. */
static int
place(const char *zone, struct tm *tm, int64_t *seconds)
{
	unsigned int hours, minutes;
	char sign;
	int length = 0;
	if (!*zone) {
		tm->tm_isdst = -1;
		*seconds = mktime(tm);
		return 0;
	}
	*seconds = timegm(tm);
	if (strcmp(zone, "Z") == 0)
		return 0;
	if (sscanf(zone, "%c%2u:%2u%n", &sign, &hours, &minutes, &length) !=
		    3 || zone[length] || (sign != '+' && sign != '-'))
		return -1;
	*seconds -= (sign == '+' ? 1 : -1) *
		    (int64_t)(hours * 3600 + minutes * 60);
	return 0;
}

static int
parse_date(const char *string, int64_t *time_ns)
{
	static const char *const formats[] = { "%Y-%m-%dT%H:%M:%S",
					       "%Y-%m-%dT%H:%M",
					       "%Y-%m-%dT%H", "%Y-%m-%d" };
	for (size_t i = 0; i < countof(formats); i++) {
		struct tm tm = { 0 };
		int64_t seconds;
		const char *rest = strptime(string, formats[i], &tm);
		if (!rest)
			continue;
		int64_t ns = fraction(&rest);
		if (place(rest, &tm, &seconds) < 0)
			continue;
		*time_ns = seconds * SECOND + ns;
		return 0;
	}
	return failx("failed to parse value as time or duration: \"%s\"",
		     string);
}

int
times_parse(const char *string, int64_t *time_ns)
{
	size_t digits = strspn(string, "0123456789");
	const char *rest = string + digits;
	int64_t ns = fraction(&rest);
	if (digits && digits < 12 && !*rest) {
		*time_ns = strtoll(string, NULL, 10) * SECOND + ns;
		return 0;
	}
	int64_t duration;
	if (times_parse_duration(string, &duration) == 0) {
		*time_ns = times_now() - duration;
		return 0;
	}
	return parse_date(string, time_ns);
}

int
times_keep(void *member, const char *value)
{
	*(const char **)member = value;
	return 0;
}

int
times_settle(const struct times_between *said, int64_t *since_ns,
	     int64_t *until_ns)
{
	if (said->since && *said->since &&
	    times_parse(said->since, since_ns) < 0)
		return wrap("invalid value for \"since\"");
	if (said->until && *said->until &&
	    times_parse(said->until, until_ns) < 0)
		return wrap("invalid value for \"until\"");
	return 0;
}
