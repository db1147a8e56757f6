/* test_size.c - sizes: what is taken, what is not. */
#include "size.h"

#include <string.h>

#include "test.h"

static void
good(void **state)
{
	static const struct {
		const char *string;
		uint64_t bytes, decimal;
	} cases[] = {
		{ "0", 0, 0 },
		{ "1", 1, 1 },
		{ "1024", 1024, 1024 },
		{ "64m", 64ULL << 20, 64000000 },
		{ "64M", 64ULL << 20, 64000000 },
		{ "64mb", 64ULL << 20, 64000000 },
		{ "64MiB", 64ULL << 20, 64000000 },
		{ "64 m", 64ULL << 20, 64000000 },
		{ "512kb", 512 << 10, 512000 },
		{ "7b", 7, 7 },
		{ "1.5g", 3ULL << 29, 1500000000 },
		{ ".5g", 1ULL << 29, 500000000 },
		{ "4097m", 4097ULL << 20, 4097000000 },
		{ "2t", 2ULL << 40, 2000000000000 },
		{ "1p", 1ULL << 50, 1000000000000000 },
		{ "010", 10, 10 },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint64_t bytes = 12345;
		if (size_parse(cases[i].string, SIZE_BINARY, &bytes) < 0)
			fail_msg("%s", failure.text);
		if (bytes != cases[i].bytes)
			fail_msg("%s: %llu", cases[i].string,
				 (unsigned long long)bytes);
		assert_int_equal(size_parse(cases[i].string, SIZE_DECIMAL,
					    &bytes), 0);
		if (bytes != cases[i].decimal)
			fail_msg("%s: %llu", cases[i].string,
				 (unsigned long long)bytes);
	}
}

static void
bad(void **state)
{
	static const char *const cases[] = {
		"", " ", " 1", "\t1", "-5", "+5", "-0", "1e3", "1e", "0x10",
		"0x", "inf", "nan", "12x", "1.5.2", "..", ".", ".g", "g", "m1",
		"1mm", "1mg", "1bb", "1b k", "1m ", "1m\n", "1,5g", "1_000",
		"64ki", "64ib", "1\xc3\xa9", "\xff", "99999999999g",
		"9223372036854775808", "18446744073709551616", "9000p",
		"1000000000000000000000000000000000000000000000000000000000",
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		uint64_t bytes = 12345;
		if (size_parse(cases[i], SIZE_BINARY, &bytes) == 0)
			fail_msg("\"%s\" was taken as %llu", cases[i],
				 (unsigned long long)bytes);
		assert_non_null(strstr(failure.text, "invalid size"));
		assert_int_equal(bytes, 12345);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good), cmocka_unit_test(bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
