/* test_runc_values.c - values of runc's options, and those that are none. */
#include "runc_values.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

static void
bytes(void **state)
{
	static const struct {
		const char *written;
		int64_t bytes;
	} good[] = {
		{ "0", 0 },		{ "1024", 1024 },
		{ "-1", -1 },		{ "64m", 64 << 20 },
		{ "64M", 64 << 20 },	{ "64mb", 64 << 20 },
		{ "64MiB", 64 << 20 },	{ "1k", 1024 },
		{ "1g", 1 << 30 },	{ "7b", 7 },
		{ "9223372036854775807", INT64_MAX },
		{ "8191p", 8191LL << 50 },
	};
	static const char *const bad[] = {
		"", "-2", "-1m", "+1", " 1", "1 ", "1x", "1mm", "1.5g", "0x1",
		"m", "9223372036854775808", "99999999999999999999", "8192p",
		"1e3",
	};
	int64_t value;
	(void)state;
	for (size_t i = 0; i < countof(good); i++) {
		if (parse_bytes(good[i].written, &value) < 0)
			fail_msg("%s: %s", good[i].written, failure.text);
		if (value != good[i].bytes)
			fail_msg("%s is %lld", good[i].written,
				 (long long)value);
	}
	for (size_t i = 0; i < countof(bad); i++)
		if (parse_bytes(bad[i], &value) == 0)
			fail_msg("\"%s\" is %lld", bad[i], (long long)value);
}

static void
durations(void **state)
{
	static const struct {
		const char *written;
		uint64_t milliseconds;
	} good[] = {
		{ "5s", 5000 },	   { "100ms", 100 },	{ "1m30s", 90000 },
		{ "1h", 3600000 }, { "1m1ms", 60001 }, { "0h1s", 1000 },
	};
	static const char *const bad[] = {
		"", "5", "s", "0s", "-5s", "5 s", "5S", "5sm", "5d", "1.5s",
		"5s5", "5s ", "99999999999s", "1mss", "1hm",
	};
	uint64_t value;
	(void)state;
	for (size_t i = 0; i < countof(good); i++) {
		if (parse_duration(good[i].written, &value) < 0)
			fail_msg("%s: %s", good[i].written, failure.text);
		if (value != good[i].milliseconds)
			fail_msg("%s is %llu", good[i].written,
				 (unsigned long long)value);
	}
	for (size_t i = 0; i < countof(bad); i++)
		if (parse_duration(bad[i], &value) == 0)
			fail_msg("\"%s\" is %llu", bad[i],
				 (unsigned long long)value);
}

static void
descriptors(void **state)
{
	static const char *const bad[] = {
		"", "-1", "1x", " 1", "1048577", "99999999999", "0x3",
		"18446744073709551617",
	};
	unsigned int count = 7;
	(void)state;
	assert_int_equal(parse_fd_count("3", &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(parse_fd_count("0", &count), 0);
	assert_int_equal(count, 0);
	for (size_t i = 0; i < countof(bad); i++)
		if (parse_fd_count(bad[i], &count) == 0)
			fail_msg("\"%s\" is %u", bad[i], count);
}

/* With these in the environment; -1: refused. */
static int
listen_fds(const char *pid, const char *fds)
{
	unsigned int count = 7;
	if (pid)
		setenv("LISTEN_PID", pid, 1);
	if (fds)
		setenv("LISTEN_FDS", fds, 1);
	int result = find_listen_fds(&count);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	return result < 0 ? -1 : (int)count;
}

static void
from_systemd(void **state)
{
	auto_free char *ours = text("%d", getpid());
	auto_free char *other = text("%d", getppid());
	(void)state;
	assert_int_equal(listen_fds(NULL, NULL), 0);
	assert_int_equal(listen_fds(ours, "3"), 3);
	assert_int_equal(listen_fds(ours, ""), 0);
	assert_int_equal(listen_fds(ours, NULL), 0);
	/* Inherited by mistake: sd_listen_fds(3) compares the pid. */
	assert_int_equal(listen_fds(other, "3"), 0);
	assert_int_equal(listen_fds(NULL, "3"), 0);
	assert_int_equal(listen_fds("nonsense", "3"), 0);
	assert_int_equal(listen_fds(ours, "3x"), -1);
	assert_int_equal(listen_fds(ours, "-1"), -1);
	assert_int_equal(listen_fds(ours, "99999999999"), -1);
}

static void
formats(void **state)
{
	bool is_json;
	(void)state;
	assert_int_equal(parse_format("json", &is_json), 0);
	assert_true(is_json);
	assert_int_equal(parse_format("table", &is_json), 0);
	assert_false(is_json);
	assert_int_equal(parse_format("", &is_json), -1);
	assert_int_equal(parse_format("JSON", &is_json), -1);
	assert_int_equal(parse_format("jsonx", &is_json), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),       cmocka_unit_test(durations),
		cmocka_unit_test(descriptors), cmocka_unit_test(from_systemd),
		cmocka_unit_test(formats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
