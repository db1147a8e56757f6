/* test_times.c - points in time, as they are typed. */
#include "times.h"

#include <stdlib.h>
#include <time.h>

#include "test.h"

#define SECOND 1000000000LL
#define THEN (1700000000 * SECOND) /* 2023-11-14 22:13:20 UTC */

static void
points(void **state)
{
	static const struct {
		const char *string;
		int64_t expected;
	} cases[] = {
		{ "1700000000", THEN },
		{ "1700000000.25", THEN + SECOND / 4 },
		{ "2023-11-14T22:13:20Z", THEN },
		{ "2023-11-14T22:13:20.5Z", THEN + SECOND / 2 },
		{ "2023-11-14T23:13:20+01:00", THEN },
		{ "2023-11-14T16:43:20-05:30", THEN },
		{ "2023-11-14T19:13:20", THEN }, /* in our zone */
		{ "2023-11-14T19:13", THEN - 20 * SECOND },
		{ "2023-11-14", THEN - (19 * 3600 + 13 * 60 + 20) * SECOND },
	};
	(void)state;
	setenv("TZ", "XXX3", 1); /* three hours behind */
	tzset();
	for (size_t i = 0; i < countof(cases); i++) {
		int64_t when = 0;
		assert_int_equal(times_parse(cases[i].string, &when), 0);
		assert_int_equal(when, cases[i].expected);
	}
	int64_t when;
	assert_int_equal(times_parse("90m", &when), 0);
	int64_t ago = times_now() - when;
	assert_true(ago >= 5400 * SECOND && ago < 5410 * SECOND);
}

static void
durations(void **state)
{
	static const struct {
		const char *string;
		int64_t expected;
	} cases[] = {
		{ "0", 0 },
		{ "10s", 10 * SECOND },
		{ "1h30m", 5400 * SECOND },
		{ "1.5h", 5400 * SECOND },
		{ "300ms", 300000000 },
		{ "2us3ns", 2003 },
		{ "-1m", -60 * SECOND },
	};
	static const char *const wrong[] = { "", "10", "s", "1x", "1h30",
					     "h1", "1 h", "99999999999999h" };
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		int64_t duration = 1;
		assert_int_equal(times_parse_duration(cases[i].string,
						      &duration), 0);
		assert_int_equal(duration, cases[i].expected);
	}
	for (size_t i = 0; i < countof(wrong); i++) {
		int64_t duration;
		assert_int_equal(times_parse_duration(wrong[i], &duration),
				 -1);
	}
}

static void
nonsense(void **state)
{
	static const char *const wrong[] = { "", "yesterday", "2023-13-01",
					     "2023-11-14T", "1700000000x",
					     "2023-11-14T22:13:20+1" };
	int64_t when;
	(void)state;
	for (size_t i = 0; i < countof(wrong); i++)
		assert_int_equal(times_parse(wrong[i], &when), -1);
	assert_string_equal(failure.text,
			    "failed to parse value as time or duration: "
			    "\"2023-11-14T22:13:20+1\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points),
		cmocka_unit_test(durations),
		cmocka_unit_test(nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
