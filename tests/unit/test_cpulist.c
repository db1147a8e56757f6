/* test_cpulist.c - lists of CPUs, as they are given and as the kernel says
 * them. */
#include "cpulist.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static void
lists_are_said_as_the_kernel_says_them(void **state)
{
	(void)state;
	static const char *const good[][2] = {
		{ "0", "0" },		  { "0-3", "0-3" },
		{ "3,1,2,0", "0-3" },	  { "0,2,4", "0,2,4" },
		{ "1-2,2-5,7", "1-5,7" }, { "4-4", "4" },
		{ "8190-8191", "8190-8191" },
	};
	for (size_t i = 0; i < countof(good); i++) {
		auto_free char *list = cpulist_normalize(good[i][0]);
		assert_non_null(list);
		assert_string_equal(list, good[i][1]);
	}
}

static void
nonsense_is_named(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", ",", "1,", ",1", "1,,2", "a", "1-", "-1", "2-1", "0-3:2/4",
		"1 ", " 1", "+1", "8192", "0-8192", "0x1", "1\n",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		assert_null(cpulist_normalize(bad[i]));
		assert_non_null(strstr(failure.text, "is no list like 0-2,7"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_said_as_the_kernel_says_them),
		cmocka_unit_test(nonsense_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
