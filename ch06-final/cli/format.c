/* format.c - parent.  See format.h. */
#include "format.h"

#include <string.h>
#include <time.h>

#include "go_value.h"

static char *
scaled(double number, double base, int digits,
       const char *const *units, size_t count)
{
	size_t unit = 0;
	while (number >= base && unit + 1 < count) {
		number /= base;
		unit++;
	}
	/* What rounds up to the next unit stays in its own: 1e+03kB. */
	return text("%.*g%s", digits, number, units[unit]);
}

static const char *const decimal_units[] = { "B",  "kB", "MB", "GB",
					     "TB", "PB", "EB" };

char *
format_size(uint64_t bytes)
{
	return scaled(bytes, 1000, 3, decimal_units, countof(decimal_units));
}

char *
format_fine_size(uint64_t bytes)
{
	return scaled(bytes, 1000, 4, decimal_units, countof(decimal_units));
}

char *
format_binary_size(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB" };
	return scaled(bytes, 1024, 4, units, countof(units));
}

/* Hours are rounded, the others cut: Docker's go-units does so. */
char *
format_duration(int64_t seconds)
{
	static const struct {
		int64_t below, unit; /* in hours */
		const char *name;
	} steps[] = {
		{ 48, 1, "hours" },
		{ 14 * 24, 24, "days" },
		{ 60 * 24, 7 * 24, "weeks" },
		{ 730 * 24, 30 * 24, "months" },
	};
	if (seconds < 1)
		return copy_text("Less than a second");
	if (seconds == 1)
		return copy_text("1 second");
	if (seconds < 60)
		return text("%lld seconds", (long long)seconds);
	if (seconds < 2 * 60)
		return copy_text("About a minute");
	if (seconds < 3600)
		return text("%lld minutes", (long long)seconds / 60);
	int64_t hours = seconds / 3600 + (seconds % 3600 >= 1800);
	if (hours == 1)
		return copy_text("About an hour");
	for (size_t i = 0; i < countof(steps); i++)
		if (hours < steps[i].below)
			return text("%lld %s",
				    (long long)(hours / steps[i].unit),
				    steps[i].name);
	return text("%lld years", (long long)(seconds / 3600 / 24 / 365));
}

char *
format_ago(int64_t when)
{
	if (when == 0)
		return copy_text("N/A");
	auto_free char *duration = format_duration(time(NULL) - when);
	return text("%s ago", duration);
}

char *
format_time(int64_t when)
{
	char room[64] = "";
	time_t seconds = when;
	struct tm tm;
	if (localtime_r(&seconds, &tm))
		strftime(room, sizeof(room), "%Y-%m-%d %H:%M:%S %z %Z", &tm);
	return copy_text(room);
}

char *
format_rfc3339(int64_t when_ns)
{
	char room[64] = "", fraction[16];
	time_t seconds = when_ns / 1000000000;
	struct tm tm;
	if (when_ns == 0)
		return copy_text("0001-01-01T00:00:00Z");
	if (gmtime_r(&seconds, &tm))
		strftime(room, sizeof(room), "%Y-%m-%dT%H:%M:%S", &tm);
	/* Without the zeros at its end, nor the point before nothing. */
	size_t end = snprintf(fraction, sizeof(fraction), ".%09u",
			      (unsigned int)(when_ns % 1000000000));
	while (end > 0 && strchr("0.", fraction[end - 1]))
		fraction[--end] = '\0';
	return text("%s%sZ", room, fraction);
}

char *
format_ellipsis(const char *string, size_t most)
{
	if (count_characters(string) <= most)
		return copy_text(string);
	const char *end = skip_characters(string, most - 1);
	return text("%.*s…", (int)(end - string), string);
}
