/* test_attach_keys.c - the keys that let go of a container. */
#include "attach_keys.h"

#include <string.h>

#include "test.h"

static void
keys_are_said_as_docker_says_them(void **state)
{
	(void)state;
	static const struct {
		const char *said, *codes;
	} good[] = {
		{ "", "\x10\x11" },	    { "ctrl-p,ctrl-q", "\x10\x11" },
		{ "a", "a" },		    { "A,b,c", "Abc" },
		{ "ctrl-[", "\x1b" },	    { "ctrl-\\", "\x1c" },
		{ "ctrl-],ctrl-^", "\x1d\x1e" }, { "ctrl-_,x", "\x1fx" },
		{ "DEL", "\x7f" },	    { "e,x,i,t,@", "exit@" },
	};
	for (size_t i = 0; i < countof(good); i++) {
		struct attach_keys keys;
		assert_int_equal(attach_keys_parse(good[i].said, &keys), 0);
		assert_int_equal(keys.count, strlen(good[i].codes));
		assert_memory_equal(keys.codes, good[i].codes, keys.count);
	}
	struct attach_keys zero;
	assert_int_equal(attach_keys_parse("ctrl-@", &zero), 0);
	assert_int_equal(zero.codes[0], 0);
}

static void
nonsense_is_refused(void **state)
{
	(void)state;
	static const char *const bad[][2] = {
		{ "shift-a", "invalid detach keys (shift-a): Unknown "
			     "character: 'shift-a'" },
		{ "ctrl-A", "Unknown character: 'ctrl-A'" },
		{ "ctrl-", "Unknown character: 'ctrl-'" },
		{ "a,,b", "Unknown character: ''" },
		{ "ctrl-p,", "Unknown character: ''" },
		{ "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "more than 16" },
	};
	for (size_t i = 0; i < countof(bad); i++) {
		struct attach_keys keys;
		assert_int_equal(attach_keys_parse(bad[i][0], &keys), -1);
		assert_non_null(strstr(failure.text, bad[i][1]));
	}
}

/* Type it in one piece, and key by key: the same must come of it. */
static void
typed(const char *said, const char *text, const char *passed, bool detached)
{
	for (size_t step = 1; step <= strlen(text); step++) {
		struct attach_keys keys;
		char all[200];
		size_t used = 0;
		bool is_out = false;
		attach_keys_parse(said, &keys);
		for (const char *at = text; *at && !is_out;) {
			size_t length = strnlen(at, step);
			used += attach_keys_filter(&keys, at, length,
						   all + used, &is_out);
			at += length;
		}
		assert_int_equal(is_out, detached);
		assert_int_equal(used, strlen(passed));
		assert_memory_equal(all, passed, used);
	}
}

static void
they_are_found_and_kept_from_the_container(void **state)
{
	(void)state;
	typed("", "ls\n", "ls\n", false);
	typed("", "ls\x10\x11", "ls", true);
	typed("", "ls\x10\x11more", "ls", true);
	typed("", "a\x10z", "a\x10z", false);
	typed("", "a\x10", "a", false);
	typed("", "\x11\x10", "\x11", false);
	typed("", "\x10\x10\x11", "\x10", true);
	typed("a,b,a,c", "ababac", "ab", true);
	typed("a,a,b", "aaaab", "aa", true);
	typed("a,a,b", "aac", "aac", false);
	typed("x", "x", "", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_said_as_docker_says_them),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(they_are_found_and_kept_from_the_container),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
