/* test_log_limits.c - --log-opt: what Docker's json-file driver makes of it. */
#include "log_limits.h"

#include <string.h>

#include "test.h"

static void
taken(void **state)
{
	static const struct {
		const char *option;
		uint64_t size;
		uint32_t files;
	} cases[] = {
		{ "max-size=10m", 10000000, 0 },
		{ "max-size=1.5m", 1500000, 0 },
		{ "max-size=1 MB", 1000000, 0 },
		{ "max-size=1KiB", 1000, 0 },
		{ "max-size=0.5g", 500000000, 0 },
		{ "max-size=1t", 1000000000000, 0 },
		{ "max-size=7b", 7, 0 },
		{ "max-size=1000", 1000, 0 },
		{ "max-file=1", 0, 1 },
		{ "max-file=30", 0, 30 },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct log_limits limits = { 0 };
		if (log_limits_take(&limits, cases[i].option) < 0)
			fail_msg("%s", failure.text);
		if (limits.size != cases[i].size ||
		    limits.files != cases[i].files)
			fail_msg("%s: %llu, %u", cases[i].option,
				 (unsigned long long)limits.size,
				 limits.files);
	}
}

static void
the_last_one_counts(void **state)
{
	struct log_limits limits = { 0 };
	(void)state;
	assert_int_equal(log_limits_take(&limits, "max-size=1k"), 0);
	assert_int_equal(log_limits_take(&limits, "max-file=2"), 0);
	assert_int_equal(log_limits_take(&limits, "max-size=2k"), 0);
	assert_int_equal(limits.size, 2000);
	assert_int_equal(limits.files, 2);
}

static void
refused(void **state)
{
	static const char *const cases[][2] = {
		{ "max-size=", "invalid size: ''" },
		{ "max-size=-1", "invalid size: '-1'" },
		{ "max-size=x", "invalid size: 'x'" },
		{ "max-size=0", "max-size must be a positive number" },
		{ "max-size=0.1", "max-size must be a positive number" },
		{ "max-file=0", "max-file cannot be less than 1" },
		{ "max-file=1.5", "max-file cannot be less than 1" },
		{ "max-size", "unknown log opt 'max-size' for json-file log "
			      "driver" },
		{ "max=1", "unknown log opt 'max' for json-file log driver" },
		{ "max-sizes=1", "unknown log opt 'max-sizes' for json-file "
				 "log driver" },
		{ "=1", "unknown log opt '' for json-file log driver" },
		{ "", "unknown log opt '' for json-file log driver" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct log_limits limits;
		if (log_limits_take(&limits, cases[i][0]) == 0)
			fail_msg("\"%s\" was taken", cases[i][0]);
		assert_string_equal(failure.text, cases[i][1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
