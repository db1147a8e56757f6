/* test_format.c - numbers and times for people. */
#include "format.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"

static void
sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *shown;
	} cases[] = {
		{ 0, "0B" },		    { 1, "1B" },
		{ 999, "999B" },	    { 1000, "1kB" },
		{ 1500, "1.5kB" },	    { 4260000, "4.26MB" },
		{ 999400, "999kB" },	    { 999499, "999kB" },
		/* Docker rounds within the unit. */
		{ 999500, "1e+03kB" },
		{ 123456789, "123MB" },	    { 1000000000, "1GB" },
		{ 999499999999, "999GB" },  { 12300000000000, "12.3TB" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *shown = format_size(cases[i].bytes);
		assert_string_equal(shown, cases[i].shown);
	}
}

static void
other_sizes(void **state)
{
	(void)state;
	auto_free char *fine = format_fine_size(4263456);
	assert_string_equal(fine, "4.263MB");
	auto_free char *binary = format_binary_size(25282560000);
	assert_string_equal(binary, "23.55GiB");
	auto_free char *small = format_binary_size(1023);
	assert_string_equal(small, "1023B");
}

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

static void
durations(void **state)
{
	static const struct {
		int64_t seconds;
		const char *shown;
	} cases[] = {
		{ INT64_MIN, "Less than a second" },
		{ -1, "Less than a second" },
		{ 0, "Less than a second" },
		{ 1, "1 second" },
		{ 2, "2 seconds" },
		{ 59, "59 seconds" },
		{ 60, "About a minute" },
		{ 119, "About a minute" },
		{ 120, "2 minutes" },
		{ HOUR - 1, "59 minutes" },
		{ HOUR, "About an hour" },
		{ HOUR + 29 * MINUTE, "About an hour" },
		{ HOUR + 30 * MINUTE, "2 hours" },
		{ 2 * HOUR, "2 hours" },
		{ 47 * HOUR + 29 * MINUTE, "47 hours" },
		{ 48 * HOUR - 1, "2 days" },
		{ 2 * DAY, "2 days" },
		{ 13 * DAY, "13 days" },
		{ 14 * DAY, "2 weeks" },
		{ 59 * DAY, "8 weeks" },
		{ 60 * DAY, "2 months" },
		{ 729 * DAY, "24 months" },
		{ 730 * DAY, "2 years" },
		{ (int64_t)36500 * DAY, "100 years" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *shown = format_duration(cases[i].seconds);
		assert_string_equal(shown, cases[i].shown);
	}
}

static void
ago(void **state)
{
	(void)state;
	auto_free char *never = format_ago(0);
	assert_string_equal(never, "N/A");
	auto_free char *days = format_ago(time(NULL) - 3 * DAY - HOUR);
	assert_string_equal(days, "3 days ago");
	/* A clock that was put back. */
	auto_free char *future = format_ago(time(NULL) + DAY);
	assert_string_equal(future, "Less than a second ago");
}

static void
points_in_time(void **state)
{
	(void)state;
	const int64_t second = 1000000000, when = 1700000000 * second;
	auto_free char *date = format_rfc3339(when);
	assert_string_equal(date, "2023-11-14T22:13:20Z");
	auto_free char *half = format_rfc3339(when + second / 2);
	assert_string_equal(half, "2023-11-14T22:13:20.5Z");
	auto_free char *late = format_rfc3339(when + 10);
	assert_string_equal(late, "2023-11-14T22:13:20.00000001Z");
	auto_free char *never = format_rfc3339(0);
	assert_string_equal(never, "0001-01-01T00:00:00Z");
	setenv("TZ", "UTC", 1);
	tzset();
	auto_free char *words = format_time(1700000000);
	assert_string_equal(words, "2023-11-14 22:13:20 +0000 UTC");
}

static void
ellipsis(void **state)
{
	(void)state;
	auto_free char *whole = format_ellipsis("12345678", 8);
	assert_string_equal(whole, "12345678");
	auto_free char *cut = format_ellipsis("123456789", 8);
	assert_string_equal(cut, "1234567…");
	auto_free char *wide = format_ellipsis("ééééé", 4);
	assert_string_equal(wide, "ééé…");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(other_sizes),
		cmocka_unit_test(points_in_time),
		cmocka_unit_test(ellipsis),
		cmocka_unit_test(durations),
		cmocka_unit_test(ago),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
