/* test_reference.c - the names of images, good and bad, against Docker's. */
#include "reference.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

#define DIGEST                                                                \
	"sha256:"                                                             \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* 50 characters, to build long names of. */
#define FIFTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
good_names(void **state)
{
	static const char *const names[][2] = {
		{ "busybox", "busybox:latest" },
		{ "busybox:1.36", "busybox:1.36" },
		{ "library/busybox", "busybox:latest" },
		{ "docker.io/busybox", "busybox:latest" },
		{ "docker.io/library/busybox:x", "busybox:x" },
		{ "index.docker.io/team/app", "team/app:latest" },
		{ "library/a/b", "library/a/b:latest" },
		/* Without it the first part would be a registry. */
		{ "docker.io/a.b/c", "docker.io/a.b/c:latest" },
		{ "docker.io/a.b", "a.b:latest" },
		{ "index.docker.io/localhost/c",
		  "docker.io/localhost/c:latest" },
		{ "localhost/app", "localhost/app:latest" },
		{ "localhost:5000/app", "localhost:5000/app:latest" },
		{ "localhost:5000", "localhost:5000" },
		{ "example.com/a/b-c_d__e.f:T-1._", "example.com/a/b-c_d__e.f:"
						   "T-1._" },
		{ "UPPER/app", "UPPER/app:latest" },
		{ "10.0.0.1:80/x", "10.0.0.1:80/x:latest" },
		{ "[fe80::1]:5000/x", "[fe80::1]:5000/x:latest" },
		{ "a---b", "a---b:latest" },
		{ "x@" DIGEST, "x@" DIGEST },
		{ "x:1@" DIGEST, "x:1" },
		{ "deadbeef", "deadbeef:latest" },
	};
	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		auto_reference struct reference reference = { 0 };
		if (reference_parse(names[i][0], &reference) < 0)
			fail_msg("%s: %s", names[i][0], failure.text);
		auto_free char *name = reference_name(&reference);
		assert_string_equal(name, names[i][1]);
	}
}

static void
bad_names(void **state)
{
	static const char *const names[] = {
		"", ":", ":tag", "@", "/", "/a", "a/", "a//b", "a:", "a:b:c",
		"a b", "a\n", "-a", "a-", ".a", "a.", "_a", "a_", "a..b",
		"a___b", "a._b", "a:.t", "a:-t", "a:t/", "a:t!", "a@sha256",
		"a@sha256:", "a@md5:0123", "@" DIGEST, "a@" DIGEST "0",
		"a@SHA256:" FIFTY, "h_st.x/a", "x..y/a", "-x.y/a", "x.y:/a",
		"x.y:80a/a", "[::1/a", "[]/a", "[xyz]/a", "\xc3\xa9", "a\x80",
		"../a", "a/../b", "a/./b", "a\\b", "$(id)", "a;b",
		/* 129 characters of tag, then 256 of name */
		"a:" FIFTY FIFTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaaa",
	};
	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct reference reference;
		if (reference_parse(names[i], &reference) == 0)
			fail_msg("\"%s\" was taken", names[i]);
		assert_true(strstr(failure.text, "invalid") ||
			    strstr(failure.text, "must not be more than"));
		assert_null(reference.repository);
		assert_null(reference.tag);
		assert_null(reference.digest);
	}
}

static void
messages_of_docker(void **state)
{
	static const char *const cases[][2] = {
		{ "a b", "invalid reference format" },
		{ "", "invalid reference format" },
		{ "Busybox", "invalid reference format: repository name "
			     "(library/Busybox) must be lowercase" },
		{ "x.io/Team/a", "invalid reference format: repository name "
				 "(Team/a) must be lowercase" },
		{ "a@sha256:00", "invalid checksum digest length" },
		{ &DIGEST[7], "invalid repository name (0123456789abcdef"
			      "0123456789abcdef0123456789abcdef0123456789abcdef"
			      "), cannot specify 64-byte hexadecimal strings" },
		{ FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaaa",
		  "repository name must not be more than 255 characters" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct reference reference;
		assert_int_equal(reference_parse(cases[i][0], &reference), -1);
		assert_string_equal(failure.text, cases[i][1]);
	}
}

static void
limits_are_exact(void **state)
{
	struct reference reference;
	(void)state;
	assert_int_equal(reference_parse("a:" FIFTY FIFTY
					 "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
					 &reference), 0);
	reference_free(&reference);
	assert_int_equal(reference_parse(FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaa",
					 &reference), 0);
	reference_free(&reference);
	reference_free(&reference);
}

static void
digests(void **state)
{
	(void)state;
	assert_true(reference_is_digest(DIGEST));
	assert_false(reference_is_digest(DIGEST "0"));
	assert_false(reference_is_digest(&DIGEST[7]));
	assert_false(reference_is_digest("sha256:"));
	assert_false(reference_is_digest("sha512:" FIFTY "aaaaaaaaaaaaaa"));
	assert_false(reference_is_digest("sha256:" FIFTY "AAAAAAAAAAAAAA"));
	assert_false(reference_is_digest("sha256:../../etc/passwd"));
	assert_true(reference_is_hex(&DIGEST[7]));
	assert_false(reference_is_hex(""));
}

/* Whatever bytes: an answer, and nothing written where it should not be (the
 * sanitizers look).  What is taken names itself again. */
static void
any_bytes(void **state)
{
	static const char alphabet[] = "aZ0.-_:/@[]\\ \xff\n"
				       "sha256:0123456789abcdef";
	uint32_t seed = 12345;
	(void)state;
	for (int round = 0; round < 200000; round++) {
		char name[24] = "";
		size_t length = round % (sizeof(name) - 1);
		for (size_t i = 0; i < length; i++) {
			seed = seed * 1664525 + 1013904223;
			name[i] = alphabet[(seed >> 16) %
					   (sizeof(alphabet) - 1)];
		}
		auto_reference struct reference first = { 0 }, second = { 0 };
		if (reference_parse(name, &first) < 0)
			continue;
		auto_free char *once = reference_name(&first);
		assert_int_equal(reference_parse(once, &second), 0);
		auto_free char *twice = reference_name(&second);
		assert_string_equal(once, twice);
	}
}

static void
whole_names(void **state)
{
	static const struct {
		const char *repository, *registry, *path;
	} cases[] = {
		{ "busybox", "docker.io", "library/busybox" },
		{ "team/app", "docker.io", "team/app" },
		{ "localhost/app", "localhost", "app" },
		{ "localhost:5000/a/b", "localhost:5000", "a/b" },
		{ "registry.lan/a", "registry.lan", "a" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_free char *registry = NULL, *path = NULL;
		reference_split(cases[i].repository, &registry, &path);
		assert_string_equal(registry, cases[i].registry);
		assert_string_equal(path, cases[i].path);
	}
	auto_free char *full = reference_full("busybox:latest");
	assert_string_equal(full, "docker.io/library/busybox:latest");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_names),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(messages_of_docker),
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(digests),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(whole_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
