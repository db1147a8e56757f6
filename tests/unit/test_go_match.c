/* test_go_match.c - patterns of COPY, as Go's filepath.Match has them. */
#include "go_match.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"

static void
patterns_match_as_in_go(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *name;
		int matches;
	} cases[] = {
		{ "abc", "abc", 1 },	   { "*", "abc", 1 },
		{ "*c", "abc", 1 },	   { "a*", "a", 1 },
		{ "a*", "abc", 1 },	   { "a*", "ab/c", 0 },
		{ "a*/b", "abc/b", 1 },	   { "a*/b", "a/c/b", 0 },
		{ "a*b*c*d*e*/f", "axbxcxdxe/f", 1 },
		{ "a*b*c*d*e*/f", "axbxcxdxexxx/f", 1 },
		{ "a*b*c*d*e*/f", "axbxcxdxe/xxx/f", 0 },
		{ "a*b*c*d*e*/f", "axbxcxdxexxx/fff", 0 },
		{ "a*b?c*x", "abxbbxdbxebxczzx", 1 },
		{ "a*b?c*x", "abxbbxdbxebxczzy", 0 },
		{ "ab[c]", "abc", 1 },	   { "ab[b-d]", "abc", 1 },
		{ "ab[e-g]", "abc", 0 },   { "ab[^c]", "abc", 0 },
		{ "ab[^b-d]", "abc", 0 },  { "ab[^e-g]", "abc", 1 },
		{ "a\\*b", "a*b", 1 },	   { "a\\*b", "ab", 0 },
		{ "a?b", "a\xe2\x98\xba""b", 1 },
		{ "a[^a]b", "a\xe2\x98\xba""b", 1 },
		{ "a???b", "a\xe2\x98\xba""b", 0 },
		{ "a[^a][^a][^a]b", "a\xe2\x98\xba""b", 0 },
		{ "[a-\xce\xb6]*", "\xce\xb1", 1 }, { "*[a-\xce\xb6]", "A", 0 },
		{ "a?b", "a/b", 0 },	   { "a*b", "a/b", 0 },
		{ "[\\]a]", "]", 1 },	   { "[\\-]", "-", 1 },
		{ "[x\\-]", "x", 1 },	   { "[x\\-]", "-", 1 },
		{ "[x\\-]", "z", 0 },	   { "[\\-x]", "a", 0 },
		{ "*x", "xxx", 1 },	   { "", "", 1 },
		{ "", "a", 0 },		   { "a[^b]c", "a/c", 0 },
		{ "\xff", "\xff", 1 },	   { "\xe9", "\xc3\xa9", 0 },
		{ "?", "\xff", 1 },	   { "**", "a/b", 0 },
		{ "*.go", "main.go", 1 },  { "*.go", ".go", 1 },
	};
	for (size_t i = 0; i < countof(cases); i++)
		if (go_match(cases[i].pattern, cases[i].name) !=
		    cases[i].matches)
			fail_msg("%s: %s", cases[i].pattern, cases[i].name);
}

static void
broken_patterns_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[^bc",
		"a[",	"[]",  "a\\",  "[a-",  "[\\",	  "*[", "x[a-]]",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		failure.text[0] = '\0';
		/* Also when the name is at its end before it matters. */
		if (go_match(bad[i], "a") != -1 || go_match(bad[i], "") != -1)
			fail_msg("%s was taken", bad[i]);
		assert_string_equal(failure.text, "syntax error in pattern");
	}
}

/* What takes others the age of the universe. */
static void
no_pattern_takes_long(void **state)
{
	(void)state;
	auto_free char *pattern = new_bytes(2002), *name = new_bytes(5001);
	for (size_t i = 0; i < 2000; i++)
		pattern[i] = "a*"[i % 2];
	memset(name, 'a', 5000);
	name[4999] = 'b';
	clock_t begin = clock();
	assert_int_equal(go_match(pattern, name), 1);
	pattern[2000] = 'c';
	assert_int_equal(go_match(pattern, name), 0);
	assert_true(clock() - begin < 2 * CLOCKS_PER_SEC);
}

static void
a_pattern_is_known_from_a_name(void **state)
{
	(void)state;
	assert_true(go_match_is_pattern("*.c"));
	assert_true(go_match_is_pattern("a?"));
	assert_true(go_match_is_pattern("a[b]"));
	assert_true(go_match_is_pattern("a\\*"));
	assert_false(go_match_is_pattern("a/b.c"));
	assert_false(go_match_is_pattern(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_in_go),
		cmocka_unit_test(broken_patterns_are_refused),
		cmocka_unit_test(no_pattern_takes_long),
		cmocka_unit_test(a_pattern_is_known_from_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
