/* test_path.c - paths as text. */
#include "path.h"

#include "test.h"

static void
paths(void **state)
{
	static const struct {
		const char *path, *clean;
		int depth;
	} cases[] = {
		{ "/", "/", 0 },	     { "//./", "/", 0 },
		{ "/a/..", "/", 0 },	     { "/../a", "/a", 1 },
		{ "/a//b/.", "/a/b", 2 },    { "/a/b/../c/d", "/a/c/d", 3 },
		{ "/a/...", "/a/...", 2 },   { "/../..", "/", 0 },
		{ "a/b", "/a/b", 2 },	     { "", "/", 0 },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *clean = path_clean(cases[i].path);
		assert_string_equal(clean, cases[i].clean);
		assert_int_equal(path_depth(cases[i].path), cases[i].depth);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
