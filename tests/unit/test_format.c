/* test_format.c - numbers and times for people. */
#include "format.h"

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
		{ 999500, "1MB" },	    { 999999, "1MB" },
		{ 123456789, "123MB" },	    { 1000000000, "1GB" },
		{ 999499999999, "999GB" },  { 999999999999, "1TB" },
		{ 12300000000000, "12.3TB" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *shown = format_size(cases[i].bytes);
		assert_string_equal(shown, cases[i].shown);
	}
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
		{ 2 * HOUR - 1, "About an hour" },
		{ 2 * HOUR, "2 hours" },
		{ 48 * HOUR - 1, "47 hours" },
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
		cmocka_unit_test(ago),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
