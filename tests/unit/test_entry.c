/* test_entry.c - the paths of a tar's entries. */
#include "entry.h"

#include <string.h>

#include "test.h"

#define FIFTY "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define LONGEST FIFTY FIFTY FIFTY FIFTY FIFTY "nnnnn"
#define PATH205 FIFTY "/" FIFTY "/" FIFTY "/" FIFTY "/" FIFTY "/"
#define PATH1K PATH205 PATH205 PATH205 PATH205 PATH205
#define DEEP PATH1K PATH1K PATH1K PATH1K

static void
clean_paths(void **state)
{
	static const char *const paths[][2] = {
		{ "a", "a" }, { "./a", "a" }, { "a/", "a" }, { "a//b", "a/b" },
		{ "./././a/./b/.", "a/b" }, { ".", "" }, { "./", "" },
		{ "", "" }, { "...", "..." }, { "..a", "..a" },
		{ "a..", "a.." }, { "a/.../b", "a/.../b" },
		{ ".wh.a", ".wh.a" }, { "\xff\n", "\xff\n" },
		{ LONGEST "/" LONGEST, LONGEST "/" LONGEST },
	};
	(void)state;
	for (size_t i = 0; i < countof(paths); i++) {
		auto_free char *clean = entry_clean_path(paths[i][0]);
		assert_non_null(clean);
		assert_string_equal(clean, paths[i][1]);
	}
}

static void
refused_paths(void **state)
{
	static const char *const paths[][2] = {
		{ "/", "absolute" }, { "/a", "absolute" },
		{ "//a", "absolute" }, { "..", ".." }, { "../a", ".." },
		{ "a/..", ".." }, { "a/../b", ".." }, { "./..", ".." },
		{ "a/..//b", ".." }, { LONGEST "n", "255" },
		{ "a/" LONGEST "n/b", "255" },
		{ DEEP DEEP DEEP DEEP DEEP DEEP DEEP DEEP "a", "32768 bytes" },
	};
	(void)state;
	for (size_t i = 0; i < countof(paths); i++) {
		if (entry_clean_path(paths[i][0]))
			fail_msg("taken: %s", paths[i][0]);
		assert_non_null(strstr(failure.text, paths[i][1]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_paths),
		cmocka_unit_test(refused_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
