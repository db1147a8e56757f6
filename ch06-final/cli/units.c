/* units.c - parent.  See units.h. */
#include "units.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BILLION 1000000000LL

/* Of the digits behind a point, nine: billionths. */
static int
parse_billionths(const char *digits, int64_t *value)
{
	size_t length = strspn(digits, "0123456789");
	if (digits[length])
		return failx("there is more than a number");
	while (length && digits[length - 1] == '0')
		length--;
	if (length > 9)
		return failx("value is too precise");
	*value = 0;
	for (size_t i = 0; i < 9; i++)
		*value = *value * 10 + (i < length ? digits[i] - '0' : 0);
	return 0;
}

int
parse_cpus(const char *string, int64_t *nano_cpus)
{
	size_t digits = strspn(string, "0123456789");
	bool has_point = string[digits] == '.';
	const char *rest = string + digits + has_point;
	auto_free char *whole = text("%.*s", (int)digits, string);
	uint64_t cpus = 0;
	int64_t part;
	if ((digits == 0 && !*rest) || (string[digits] && !has_point) ||
	    (digits && parse_number(whole, 0, 1 << 20, &cpus) < 0) ||
	    rest[strspn(rest, "0123456789")])
		return failx("failed to parse %s as a rational number",
			     string);
	if (parse_billionths(rest, &part) < 0)
		return -1;
	int64_t nano = (int64_t)cpus * BILLION + part;
	long present = sysconf(_SC_NPROCESSORS_ONLN);
	if (nano && (nano < BILLION / 100 || nano > present * BILLION))
		return failx("Range of CPUs is from 0.01 to %ld.00, as there "
			     "are only %ld CPUs available", present, present);
	*nano_cpus = nano;
	return 0;
}

int
parse_integer(const char *string, int64_t min, int64_t max, int64_t *value)
{
	uint64_t number;
	bool negative = string[0] == '-';
	/* The end below zero is one further away, and nobody's. */
	if (parse_number(string + negative, 0, INT64_MAX, &number) < 0)
		return failx("strconv.ParseInt: parsing \"%s\": invalid syntax",
			     string);
	int64_t found = negative ? -(int64_t)number : (int64_t)number;
	if (found < min || found > max)
		return failx("strconv.ParseInt: parsing \"%s\": value out of "
			     "range", string);
	*value = found;
	return 0;
}

/* The longest that match come first. */
static const struct {
	const char *name;
	int64_t ns;
} time_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* the micro sign, and the Greek letter */
	{ "\xce\xbcs", 1000 },
	{ "ms", 1000000 },
	{ "s", BILLION },
	{ "m", 60 * BILLION },
	{ "h", 3600 * BILLION },
};

static int64_t
time_unit(const char **at)
{
	for (size_t i = 0; i < countof(time_units); i++) {
		size_t length = strlen(time_units[i].name);
		if (strncmp(*at, time_units[i].name, length) != 0)
			continue;
		*at += length;
		return time_units[i].ns;
	}
	return 0;
}

int
parse_go_duration(const char *string, int64_t *ns)
{
	bool negative = *string == '-';
	const char *at = string + (negative || *string == '+');
	long double sum = 0;
	bool zero = strcmp(at, "0") == 0;
	for (; *at && !zero;) {
		char *end;
		size_t digits = strspn(at, "0123456789.");
		long double number = strtold(at, &end);
		if (!digits || end != at + digits)
			return failx("time: invalid duration \"%s\"", string);
		at = end;
		int64_t unit = time_unit(&at);
		if (!unit)
			return failx(*at ? "time: unknown unit in duration "
					   "\"%s\"" :
					   "time: missing unit in duration "
					   "\"%s\"", string);
		sum += number * unit;
	}
	if ((at == string + strlen(string) && at - string <= negative) ||
	    sum > (long double)INT64_MAX)
		return failx("time: invalid duration \"%s\"", string);
	*ns = negative ? -(int64_t)sum : (int64_t)sum;
	return 0;
}

int
check_name(const char *string)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = strlen(string);
	if (length < 2 || length > 128)
		return failx("invalid container name (%s): it must have 2 to "
			     "128 characters", string);
	if (!strchr(letters, string[0]))
		return failx("invalid container name (%s), only "
			     "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", string);
	for (const char *c = string; *c; c++)
		if (!strchr(letters, *c) && !strchr("_.-", *c))
			return failx("invalid container name (%s), only "
				     "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
				     string);
	return 0;
}

int
check_hostname(const char *string)
{
	size_t length = strlen(string);
	if (length < 1 || length > 63 || string[0] == '-' ||
	    string[0] == '.' || string[length - 1] == '-')
		return failx("invalid hostname format: %s", string);
	for (const char *c = string; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
			return failx("invalid hostname format: %s", string);
	return 0;
}
