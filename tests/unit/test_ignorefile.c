/* test_ignorefile.c - .dockerignore. */
#include "ignorefile.h"

#include <string.h>

#include "test.h"

static void
check(const char *patterns, const char *path, bool excluded)
{
	auto_ignorefile struct ignorefile ignore;
	assert_int_equal(ignorefile_parse(".dockerignore", patterns,
					  strlen(patterns), &ignore), 0);
	if (ignorefile_excludes(&ignore, path) != excluded)
		fail_msg("\"%s\" and %s", patterns, path);
}

/* The cases of Docker's reference, of github.com/moby/patternmatcher and of
 * what people write. */
static const struct {
	const char *patterns, *path;
	bool excluded;
} cases[] = {
	{ "foo", "foo", true },
	{ "foo", "foo/bar", true },
	{ "foo", "a/foo", false },
	{ "foo", "foobar", false },
	{ "*/temp*", "somedir/temporary.txt", true },
	{ "*/temp*", "somedir/temp", true },
	{ "*/temp*", "temp", false },
	{ "*/*/temp*", "somedir/subdir/temporary.txt", true },
	{ "temp?", "tempa", true },
	{ "temp?", "temp", false },
	{ "temp?", "x/tempa", false },
	{ "**/*.go", "main.go", true },
	{ "**/*.go", "a/b/main.go", true },
	{ "**/*.go", "a/b/main.c", false },
	{ "*.md\n!README.md", "README.md", false },
	{ "*.md\n!README.md", "CHANGES.md", true },
	{ "*.md\n!README*.md\nREADME-secret.md", "README-a.md", false },
	{ "*.md\n!README*.md\nREADME-secret.md", "README-secret.md",
	  true },
	{ "*.md\nREADME-secret.md\n!README*.md", "README-secret.md",
	  false },
	{ "**", "file", true },
	{ "**", "dir/file", true },
	{ "**/", "file", true },
	{ "**/", "dir/dir/file", true },
	{ "**/**", "dir/file/", true },
	{ "dir/**", "dir/file", true },
	{ "dir/**", "dir", false },
	{ "dir/**", "other", false },
	{ "**/dir2/*", "dir/dir2/file", true },
	{ "**/dir2/*", "dir2/file", true },
	{ "**/dir2/**", "dir/dir2/dir2/file", true },
	{ "**file", "file", true },
	{ "**file", "dir/afile", true },
	{ "**/file", "dir/file", true },
	{ "**/file", "file", true },
	{ "**/file", "afile", false },
	{ "**/file*", "dir/dir/file.txt", true },
	{ "**/file*txt", "dir/file.txt", true },
	{ "**/file*.txt*", "dir/file.txtx", true },
	{ "**/**/*.txt", "dir/dir/file.txt", true },
	{ "**/**/*.txt2", "dir/dir/file.txt", false },
	{ "**/*.txt", "file.txt", true },
	{ "**/**/*.txt", "file.txt", true },
	{ "a**/*.txt", "a/file.txt", true },
	{ "a**/*.txt", "a/dir/dir/file.txt", true },
	{ "a[b-d]e", "ae", false },
	{ "a[b-d]e", "ace", true },
	{ "a[^b-d]e", "aze", true },
	{ "abc.def", "abcxdef", false },
	{ "abc?def", "abcZdef", true },
	{ "a\\\\", "a\\", true },
	{ "a\\*b", "a*b", true },
	{ "a\\b", "ab", true },
	{ "**/foo/bar", "foo/bar", true },
	{ "**/foo/bar", "dir/dir2/foo/bar", true },
	{ "abc/**", "abc/def/ghi", true },
	{ "**/.foo", ".foo", true },
	{ "**/.foo", "bar.foo", false },
	{ "a**b", "a/c/b", true },
	{ "a(b)c/def", "a(b)c/def", true },
	{ "a.|)$(}+{bc", "a.|)$(}+{bc", true },
	{ "!foo\nfoo", "foo", true },
	{ "docs\n!docs/keep", "docs/keep", false },
	{ "docs\n!docs/keep", "docs/keep/x", false },
	{ "docs\n!docs/keep", "docs/other", true },
	/* How it is written: */
	{ "  foo  ", "foo", true },
	{ "/foo", "foo", true },
	{ "foo/", "foo", true },
	{ "./foo", "foo", true },
	{ "./foo//bar/", "foo/bar", true },
	{ "foo/../bar", "bar", true },
	{ "foo/../bar", "foo", false },
	{ "../foo", "foo", false },
	{ "! foo \nx", "foo", false },
	{ "foo\r\nbar\r\n", "foo", true },
	{ "foo\r\nbar\r\n", "bar", true },
	{ "\xef\xbb\xbf" "foo", "foo", true },
	{ "#foo", "#foo", false },
	{ " #foo", "#foo", true },
	{ "\n\n\nfoo", "foo", true },
	{ "", "foo", false },
	{ ".", "foo", false },
	{ "*", "foo", true },
	{ "*", ".", false },
	{ "*\n!src", "src/a/b.c", false },
	{ "*\n!src/**/*.c", "src/a/b.c", false },
	{ "*\n!src/**/*.c", "src/a/b.o", true },
	{ "f\xc3\xbc?", "f\xc3\xbcr", true },
	{ "f?", "f\xff", true },
};

static void
patterns_exclude_as_in_docker(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		check(cases[i].patterns, cases[i].path, cases[i].excluded);
}

static void
what_may_be_allowed_below_is_read(void **state)
{
	(void)state;
	static const struct {
		const char *patterns, *directory;
		bool may;
	} below[] = {
		{ "*", "src", false },
		{ "*\n!src/main.c", "src", true },
		{ "*\n!src/main.c", "doc", false },
		{ "*\n!src/a/b/c", "src/a", true },
		{ "*\n!src/a/b/c", "src/b", false },
		{ "*\n!**/x", "deep/down", true },
		{ "*\n!src", "src/a", true },
		{ "*\n!s*/x", "src", true },
		{ "*\n!s*/x", "doc", false },
		{ "*\n!srcs", "src", false },
	};
	for (size_t i = 0; i < countof(below); i++) {
		auto_ignorefile struct ignorefile ignore;
		assert_int_equal(ignorefile_parse("x", below[i].patterns,
						  strlen(below[i].patterns),
						  &ignore), 0);
		if (ignorefile_may_allow_below(&ignore, below[i].directory) !=
		    below[i].may)
			fail_msg("\"%s\" and %s", below[i].patterns,
				 below[i].directory);
	}
}

static void
nonsense_is_refused_with_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *content;
		size_t length;
		const char *words;
	} bad[] = {
		{ "a\n!\n", 4, ".dockerignore:2: illegal exclusion pattern: "
			       "\"!\"" },
		{ "! \n", 3, ".dockerignore:1: illegal exclusion pattern" },
		{ "a\n\nb[c\n", 7, ".dockerignore:3: pattern \"b[c\": syntax "
				   "error in pattern" },
		{ "a\\", 2, ".dockerignore:1: pattern \"a\\\": syntax error" },
		{ "a\0b\n", 4, ".dockerignore:1: there is a NUL byte" },
	};
	for (size_t i = 0; i < countof(bad); i++) {
		auto_ignorefile struct ignorefile ignore;
		assert_int_equal(ignorefile_parse(".dockerignore",
						  bad[i].content,
						  bad[i].length, &ignore),
				 -1);
		if (!strstr(failure.text, bad[i].words))
			fail_msg("%s", failure.text);
	}
}

static void
patterns_can_be_added_one_by_one(void **state)
{
	(void)state;
	auto_ignorefile struct ignorefile ignore = { 0 };
	assert_false(ignorefile_excludes(&ignore, "a"));
	assert_int_equal(ignorefile_add(&ignore, "*.o"), 0);
	assert_int_equal(ignorefile_add(&ignore, ""), 0);
	assert_int_equal(ignorefile_add(&ignore, "["), -1);
	assert_int_equal(ignore.count, 1);
	assert_string_equal(ignore.patterns[0].text, "*.o");
	assert_true(ignorefile_excludes(&ignore, "a.o"));
	ignorefile_free(&ignore);
	ignorefile_free(&ignore);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_exclude_as_in_docker),
		cmocka_unit_test(what_may_be_allowed_below_is_read),
		cmocka_unit_test(nonsense_is_refused_with_its_line),
		cmocka_unit_test(patterns_can_be_added_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
