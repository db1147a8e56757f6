/* format.c - parent.  See format.h. */
#include "format.h"

#include <time.h>

char *
format_size(uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double number = bytes;
	size_t unit = 0;
	while (number >= 999.5 && unit + 1 < countof(units)) {
		number /= 1000;
		unit++;
	}
	return text("%.3g%s", number, units[unit]);
}

char *
format_duration(int64_t seconds)
{
	static const struct {
		int64_t below, unit;
		const char *name;
	} steps[] = {
		{ 60, 1, "seconds" },
		{ 2 * 60, 0, "About a minute" },
		{ 60 * 60, 60, "minutes" },
		{ 2 * 3600, 0, "About an hour" },
		{ 48 * 3600, 3600, "hours" },
		{ 14 * 86400, 86400, "days" },
		{ 60 * 86400, 7 * 86400, "weeks" },
		{ 730 * 86400, 30 * 86400, "months" },
		{ INT64_MAX, 365 * 86400, "years" },
	};
	if (seconds < 1)
		return copy_text("Less than a second");
	if (seconds == 1)
		return copy_text("1 second");
	size_t i = 0;
	while (i + 1 < countof(steps) && seconds >= steps[i].below)
		i++;
	if (!steps[i].unit)
		return copy_text(steps[i].name);
	return text("%lld %s", (long long)(seconds / steps[i].unit),
		    steps[i].name);
}

char *
format_ago(int64_t when)
{
	if (when == 0)
		return copy_text("N/A");
	auto_free char *duration = format_duration(time(NULL) - when);
	return text("%s ago", duration);
}
