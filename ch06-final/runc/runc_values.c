/* runc_values.c - parent.  See runc_values.h. */
#include "runc_values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FDS_MAX 1048576 /* fs.nr_open, unless somebody has changed it */

int
parse_fd_count(const char *string, unsigned int *count)
{
	uint64_t value;
	if (parse_number(string, 0, FDS_MAX, &value) < 0)
		return failx("it is a number up to %d", FDS_MAX);
	*count = value;
	return 0;
}

int
find_listen_fds(unsigned int *count)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t value;
	*count = 0;
	if (!fds || !*fds || !pid ||
	    parse_number(pid, 1, INT32_MAX, &value) < 0 ||
	    (pid_t)value != getpid())
		return 0; /* they are somebody else's */
	if (parse_fd_count(fds, count) < 0)
		return wrap("LISTEN_FDS=%.32s", fds);
	return 0;
}

int
parse_format(const char *string, bool *is_json)
{
	*is_json = strcmp(string, "json") == 0;
	if (!*is_json && strcmp(string, "table") != 0)
		return failx("it is table or json");
	return 0;
}

/* Digits at the beginning, and what follows them; NULL: there are none, or
 * too many. */
static const char *
leading_number(const char *string, uint64_t max, uint64_t *value)
{
	size_t digits = strspn(string, "0123456789");
	auto_free char *number = text("%.*s", (int)digits, string);
	return parse_number(number, 0, max, value) < 0 ? NULL :
							 string + digits;
}

int
parse_bytes(const char *string, int64_t *bytes)
{
	static const char units[] = "kmgtp";
	uint64_t value;
	if (strcmp(string, "-1") == 0) {
		*bytes = -1;
		return 0;
	}
	const char *at = leading_number(string, INT64_MAX, &value);
	if (!at)
		return failx("it is a size in bytes: 64m, 1g, or -1");
	const char *unit = *at ? strchr(units, tolower(*at)) : NULL;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;
	at += unit != NULL;
	if (unit && tolower(*at) == 'i' && tolower(at[1]) == 'b')
		at++;
	if (tolower(*at) == 'b')
		at++;
	if (*at || value > (uint64_t)INT64_MAX >> shift)
		return failx("it is a size in bytes: 64m, 1g, or -1");
	*bytes = value << shift;
	return 0;
}

static const struct {
	const char *name;
	uint64_t milliseconds;
} duration_units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
};

/* The length of the unit, or 0. */
static size_t
take_unit(const char *at, uint64_t *milliseconds)
{
	size_t length = strspn(at, "hms");
	for (size_t i = 0; i < countof(duration_units); i++) {
		if (strlen(duration_units[i].name) == length &&
		    memcmp(at, duration_units[i].name, length) == 0) {
			*milliseconds = duration_units[i].milliseconds;
			return length;
		}
	}
	return 0;
}

int
parse_duration(const char *string, uint64_t *milliseconds)
{
	*milliseconds = 0;
	for (const char *at = string; at == string || *at;) {
		uint64_t value, unit = 0;
		at = leading_number(at, 1000000, &value);
		size_t length = at ? take_unit(at, &unit) : 0;
		if (length == 0)
			return failx("it is a time such as 500ms, 5s, 1m30s");
		at += length;
		*milliseconds += value * unit;
	}
	if (*milliseconds == 0)
		return failx("it is more than nothing");
	return 0;
}
