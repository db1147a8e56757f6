/* test_substitute.c - variables, quotes and escapes of a Dockerfile. */
#include "substitute.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test.h"

static const char *
get(const void *context, const char *name)
{
	static const char *const variables[][2] = {
		{ "HOME", "/root" }, { "empty", "" },
		{ "x", "foobarfoobar" }, { "path", "/usr/local/bin" },
		{ "file", "archive.tar.gz" }, { "q", "a\"b" },
		{ "sp", "a  b" }, { "A_1", "one" },
		{ "u", "\xc3\xbc-\xc3\xbc" },
		{ "star", "a*b" }, { "aaaa", "aaaa" },
	};
	(void)context;
	for (size_t i = 0; i < countof(variables); i++)
		if (strcmp(variables[i][0], name) == 0)
			return variables[i][1];
	return NULL;
}

static char *
substituted(const char *word, char escape, bool keeps_quotes)
{
	struct substitution rules = { .escape = escape, .get = get,
				      .keeps_quotes = keeps_quotes };
	return substitute(&rules, word);
}

static void
check(const char *word, const char *expected, char escape, bool keeps_quotes)
{
	auto_free char *result = substituted(word, escape, keeps_quotes);
	if (!result)
		fail_msg("%s: %s", word, failure.text);
	else if (strcmp(result, expected) != 0)
		fail_msg("%s: \"%s\" and not \"%s\"", word, result, expected);
}

static const char *const cases[][2] = {
	{ "plain", "plain" },
	{ "", "" },
	{ "$HOME/x", "/root/x" },
	{ "${HOME}x", "/rootx" },
	{ "$HOMEx", "" },
	{ "$A_1", "one" },
	{ "a$", "a$" },
	{ "$ a", "$ a" },
	{ "$/", "$/" },
	{ "$1x", "x" },
	{ "$123", "" },
	{ "$@$*$#$?$-$$$!x", "x" },
	{ "$unset", "" },
	{ "${unset}", "" },
	/* quotes */
	{ "'$HOME'", "$HOME" },
	{ "\"$HOME\"", "/root" },
	{ "'a\"b'", "a\"b" },
	{ "\"a'b\"", "a'b" },
	{ "\"a\\\"b\"", "a\"b" },
	{ "\"a\\nb\"", "a\\nb" },
	{ "a\\nb", "anb" },
	{ "\\$HOME", "$HOME" },
	{ "\"\\$HOME\"", "$HOME" },
	{ "'\\'", "\\" },
	{ "\\\\", "\\" },
	{ "\"\\\\\"", "\\" },
	{ "a\\", "a" },
	{ "\\ ", " " },
	{ "$q", "a\"b" },
	{ "\"$sp\"", "a  b" },
	{ "a'b'\"c\"d", "abcd" },
	/* defaults */
	{ "${HOME:-d}", "/root" },
	{ "${unset:-d}", "d" },
	{ "${empty:-d}", "d" },
	{ "${empty-d}", "" },
	{ "${unset-d}", "d" },
	{ "${HOME:+y}", "y" },
	{ "${unset:+y}", "" },
	{ "${empty:+y}", "" },
	{ "${empty+y}", "y" },
	{ "${unset+y}", "" },
	{ "${HOME:?no}", "/root" },
	{ "${empty?no}", "" },
	{ "${unset:-$HOME}", "/root" },
	{ "${unset:-${HOME}}", "/root" },
	{ "${unset:-${no:-${HOME}}}", "/root" },
	{ "${unset:-a\\}b}", "a}b" },
	{ "${unset:-\"}\"}", "}" },
	{ "${unset:-'$HOME'}", "$HOME" },
	{ "${unset:-}", "" },
	{ "${unset:--}", "-" },
	{ "\"${unset:-a b}\"", "a b" },
	/* patterns */
	{ "${x#foo}", "barfoobar" },
	{ "${x#*foo}", "barfoobar" },
	{ "${x##*foo}", "bar" },
	{ "${x%bar}", "foobarfoo" },
	{ "${x%bar*}", "foobarfoo" },
	{ "${x%%bar*}", "foo" },
	{ "${x#nothing}", "foobarfoobar" },
	{ "${x%%*}", "" },
	{ "${x%*}", "foobarfoobar" },
	{ "${x#???}", "barfoobar" },
	{ "${x%??}", "foobarfoob" },
	{ "${path##*/}", "bin" },
	{ "${path%/*}", "/usr/local" },
	{ "${file%%.*}", "archive" },
	{ "${file#*.}", "tar.gz" },
	{ "${u#?}", "-\xc3\xbc" },
	{ "${u%?}", "\xc3\xbc-" },
	{ "${star#a\\*}", "b" },
	{ "${x#\\*}", "foobarfoobar" },
	{ "${unset#x}", "" },
	{ "${star%$unset}", "a*b" },
	{ "${x/foo/X}", "Xbarfoobar" },
	{ "${x//foo/X}", "XbarXbar" },
	{ "${x/foo*/X}", "X" },
	{ "${x//o*b/X}", "fXar" },
	{ "${x//o/}", "fbarfbar" },
	{ "${x//?/.}", "............" },
	{ "${path//\\//:}", ":usr:local:bin" },
	{ "${path/\\/usr/}", "/local/bin" },
	{ "${x/none/X}", "foobarfoobar" },
	{ "${x/foo/$HOME}", "/rootbarfoobar" },
	{ "${x/$A_1/y}", "foobarfoobar" },
	{ "${x/foo/a\\}b}", "a}bbarfoobar" },
	{ "${x//r/R}", "foobaRfoobaR" },
	{ "${aaaa//aa/b}", "bb" },
	{ "${aaaa//a*/b}", "b" },
	{ "${u//\xc3\xbc/u}", "u-u" },
	{ "${unset/a/b}", "" },
};

static void
words_become_what_docker_makes_of_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		check(cases[i][0], cases[i][1], '\\', false);
}

static void
another_escape_character_leaves_the_backslash_alone(void **state)
{
	(void)state;
	check("c:\\$HOME", "c:\\/root", '`', false);
	check("`$HOME", "$HOME", '`', false);
	check("\"`\"\"", "\"", '`', false);
	check("a``b", "a`b", '`', false);
}

static void
here_documents_keep_their_quotes(void **state)
{
	(void)state;
	check("echo \"$HOME\" it's", "echo \"/root\" it's", '\\', true);
	check("a\\nb \\$HOME\n", "anb $HOME\n", '\\', true);
}

static void
bad_words_are_refused(void **state)
{
	(void)state;
	static const char *const bad[][2] = {
		{ "${", "failed to process \"${\": syntax error: missing '}'" },
		{ "${x", "syntax error: missing '}'" },
		{ "${}", "syntax error: bad substitution" },
		{ "${{x}}", "syntax error: bad substitution" },
		{ "${:-x}", "syntax error: bad substitution" },
		{ "${x:-y", "syntax error: missing '}'" },
		{ "${x:", "missing '}'" },
		{ "${x:}", "unsupported modifier (:}) in substitution" },
		{ "${x:=y}", "unsupported modifier (:=) in substitution" },
		{ "${x^^}", "unsupported modifier (^) in substitution" },
		{ "${x y}", "unsupported modifier ( ) in substitution" },
		{ "${x/a}", "syntax error: missing '/' in ${}" },
		{ "${x/a/b", "syntax error: missing '}'" },
		{ "'a", "looking for matching single-quote" },
		{ "\"a", "looking for matching double-quote" },
		{ "\"$", "looking for matching double-quote" },
		{ "${unset:?}", "unset: is not allowed to be unset" },
		{ "${unset?}", "unset: is not allowed to be unset" },
		{ "${empty:?}", "empty: is not allowed to be empty" },
		{ "${unset:?say why}", "unset: say why" },
		/* As in BuildKit, and not as in a shell: */
		{ "${HOME:-${unset:?why}}", "unset: why" },
		{ "${x#a\\}", "missing '}'" },
	};
	for (size_t i = 0; i < countof(bad); i++) {
		auto_free char *result = substituted(bad[i][0], '\\', false);
		if (result)
			fail_msg("%s gave %s", bad[i][0], result);
		if (!strstr(failure.text, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], failure.text);
	}
}

static void
nothing_grows_without_bound(void **state)
{
	(void)state;
	auto_free char *deep = new_bytes(5 * 200 + 2);
	for (size_t i = 0; i < 200; i++)
		memcpy(deep + i * 5, "${z:-", 5);
	auto_free char *no = substituted(deep, '\\', false);
	assert_null(no);
	assert_non_null(strstr(failure.text, "deep"));

	size_t count = 300000;
	auto_free char *wide = new_bytes(count * 5 + 1);
	for (size_t i = 0; i < count; i++)
		memcpy(wide + i * 5, "$HOME", 5);
	auto_free char *longer = substituted(wide, '\\', false);
	assert_null(longer);
	assert_non_null(strstr(failure.text, "longer than 1048576 bytes"));
}

static char *hundred_thousand;

static const char *
get_long(const void *context, const char *name)
{
	(void)context;
	(void)name;
	return hundred_thousand;
}

static void
long_values_take_no_time(void **state)
{
	(void)state;
	static const char *const words[] = {
		"${x//a*b/}", "${x//*b/y}", "${x##*b}", "${x%%b*a*c}",
		"${x//aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab/}", "${x//a?b/}",
	};
	hundred_thousand = new_bytes(100001);
	memset(hundred_thousand, 'a', 100000);
	clock_t begin = clock();
	for (size_t i = 0; i < countof(words); i++) {
		struct substitution rules = { .escape = '\\',
					      .get = get_long };
		auto_free char *result = substitute(&rules, words[i]);
		assert_string_equal(result, hundred_thousand);
	}
	assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
	free(hundred_thousand);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_what_docker_makes_of_them),
		cmocka_unit_test(
			another_escape_character_leaves_the_backslash_alone),
		cmocka_unit_test(here_documents_keep_their_quotes),
		cmocka_unit_test(bad_words_are_refused),
		cmocka_unit_test(nothing_grows_without_bound),
		cmocka_unit_test(long_values_take_no_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
