/* test_units.c - times, numbers, names: what is taken, what is not. */
#include "units.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

static void
cpus(void **state)
{
	static const char *const bad[] = {
		"", " 1", "-1", "+1", "1e0", "0x1", "nan", "inf", "1.0.0",
		".", "1 ", "1,5", "half", "999999", "0.001", "0.0000000001",
		"99999999999999999999999999999999999999999",
	};
	int64_t nano = 7;
	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		if (parse_cpus(bad[i], &nano) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(nano, 7);
	assert_int_equal(parse_cpus("0.5", &nano), 0);
	assert_int_equal(nano, 500000000);
	assert_int_equal(parse_cpus("1.", &nano), 0);
	assert_int_equal(nano, 1000000000);
	assert_int_equal(parse_cpus(".0100", &nano), 0);
	assert_int_equal(nano, 10000000);
	assert_int_equal(parse_cpus("1.0000000000", &nano), 0);
	assert_int_equal(parse_cpus("0", &nano), 0);
	assert_int_equal(nano, 0);
	/* All there are, and not one more. */
	long present = sysconf(_SC_NPROCESSORS_ONLN);
	auto_free char *all = text("%ld", present);
	auto_free char *more = text("%ld.01", present);
	assert_int_equal(parse_cpus(all, &nano), 0);
	assert_int_equal(nano, present * 1000000000);
	assert_int_equal(parse_cpus(more, &nano), -1);
	assert_non_null(strstr(failure.text, "Range of CPUs is from 0.01 to"));
}

static void
integers(void **state)
{
	static const char *const bad[] = {
		"", "-", "--1", "+1", " 1", "1 ", "1.5", "0x10", "many",
		"9223372036854775808", "-9223372036854775808x",
	};
	int64_t value = 7;
	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		if (parse_integer(bad[i], INT64_MIN, INT64_MAX, &value) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_non_null(strstr(failure.text, "invalid syntax"));
	}
	assert_int_equal(parse_integer("5", 6, 9, &value), -1);
	assert_non_null(strstr(failure.text, "value out of range"));
	assert_int_equal(parse_integer("-5", 0, 9, &value), -1);
	assert_int_equal(value, 7);
	assert_int_equal(parse_integer("-5", -5, 9, &value), 0);
	assert_int_equal(value, -5);
	assert_int_equal(parse_integer("9223372036854775807", 0, INT64_MAX,
				       &value), 0);
	assert_int_equal(value, INT64_MAX);
}

static void
durations(void **state)
{
	static const struct {
		const char *string;
		int64_t ns;
	} good[] = {
		{ "0", 0 }, { "0s", 0 }, { "5s", 5000000000 },
		{ "1m30s", 90000000000 }, { "1.5h", 5400000000000 },
		{ "500ms", 500000000 }, { "3us", 3000 }, { "7ns", 7 },
		{ "2\xc2\xb5s", 2000 }, { "-1s", -1000000000 },
		{ "+1s", 1000000000 }, { ".5s", 500000000 },
		{ "1h1m1s1ms1us1ns", 3661001001001 },
	};
	static const struct {
		const char *string, *why;
	} bad[] = {
		{ "", "invalid duration" }, { "s", "invalid duration" },
		{ "-", "invalid duration" }, { "5", "missing unit" },
		{ "1m5", "missing unit" }, { "5d", "unknown unit" },
		{ "5 s", "unknown unit" }, { " 5s", "invalid duration" },
		{ "1e3s", "invalid duration" }, { "0x1s", "invalid duration" },
		{ "1..5s", "invalid duration" }, { "infs", "invalid duration" },
		{ "99999999h", "invalid duration" },
	};
	(void)state;
	for (size_t i = 0; i < countof(good); i++) {
		int64_t ns = 12345;
		if (parse_go_duration(good[i].string, &ns) < 0)
			fail_msg("%s", failure.text);
		if (ns != good[i].ns)
			fail_msg("%s: %lld", good[i].string, (long long)ns);
	}
	for (size_t i = 0; i < countof(bad); i++) {
		int64_t ns = 12345;
		if (parse_go_duration(bad[i].string, &ns) == 0)
			fail_msg("\"%s\" was taken", bad[i].string);
		if (!strstr(failure.text, bad[i].why))
			fail_msg("%s: %s", bad[i].string, failure.text);
		assert_int_equal(ns, 12345);
	}
}

/* `count` times 'a'; the caller frees. */
static char *
letters(size_t count)
{
	char *string = new_bytes(count + 1);
	memset(string, 'a', count);
	return string;
}

static void
names(void **state)
{
	static const char *const good[] = { "ab", "a1", "0a", "web-1", "A_b.c",
					    "x--", "9.9" };
	static const char *const bad[] = {
		"",	 "a",	"-a",  "_a",	"..",	 ".a",	 "a b",
		"a/b",	 "../x", "a/", "a\n",	"a\tb",	 "a:b",	 "a%s",
		"a\xc3\xa9", "a*", " ab", "ab ", "a\\b", "a\"b",
	};
	(void)state;
	for (size_t i = 0; i < countof(good); i++)
		if (check_name(good[i]) < 0)
			fail_msg("%s", failure.text);
	for (size_t i = 0; i < countof(bad); i++)
		if (check_name(bad[i]) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
	auto_free char *longest = letters(128);
	auto_free char *longer = letters(129);
	assert_int_equal(check_name(longest), 0);
	assert_int_equal(check_name(longer), -1);
}

static void
hostnames(void **state)
{
	static const char *const good[] = { "a", "web", "web-1", "a.b.c",
					    "A1", "x_y", "0" };
	static const char *const bad[] = { "",	  "-a",	 "a-",	".a",
					   "a b", "a/b", "a\n", "a\xc3\xa9",
					   "a:b", "*",	 " a",	"a;b" };
	(void)state;
	for (size_t i = 0; i < countof(good); i++)
		if (check_hostname(good[i]) < 0)
			fail_msg("%s", failure.text);
	for (size_t i = 0; i < countof(bad); i++)
		if (check_hostname(bad[i]) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
	/* The kernel takes 64, hostname(7) allows labels of 63. */
	auto_free char *longest = letters(63);
	auto_free char *longer = letters(64);
	assert_int_equal(check_hostname(longest), 0);
	assert_int_equal(check_hostname(longer), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus),	      cmocka_unit_test(integers),
		cmocka_unit_test(durations),  cmocka_unit_test(names),
		cmocka_unit_test(hostnames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
