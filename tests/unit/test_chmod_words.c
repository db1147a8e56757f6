/* test_chmod_words.c - modes in words, as chmod(1) has them. */
#include "chmod_words.h"

#include <sys/stat.h>

#include "test.h"

static void
modes_are_as_chmod_has_them(void **state)
{
	(void)state;
	static const struct {
		const char *words;
		mode_t from;
		bool is_dir;
		mode_t to;
	} cases[] = {
		{ "755", 0600, false, 0755 },	{ "04711", 0, false, 04711 },
		{ "0", 07777, true, 0 },	{ "u+x", 0644, false, 0744 },
		{ "+x", 0644, false, 0755 },	{ "a-w", 0666, false, 0444 },
		{ "go-rwx", 0755, false, 0700 }, { "u=rw,go=r", 07777, false,
						   0644 },
		{ "u=rwX,go=rX", 0600, true, 0755 },
		{ "u=rwX,go=rX", 0600, false, 0644 },
		{ "u=rwX,go=rX", 0700, false, 0755 },
		{ "a=rX", 0640, true, 0555 },	{ "g=u", 0640, false, 0660 },
		{ "o=g", 0640, false, 0644 },	{ "u+s,g+s", 0755, false,
						  06755 },
		{ "o+s", 0755, false, 0755 },	{ "+t", 0755, true, 01755 },
		{ "u+rx-w", 0200, false, 0500 }, { "g=", 0777, false, 0707 },
		{ "-", 0644, false, 0644 },	{ "u-s", 04755, false, 0755 },
		/* Each change sees what the one before it has made. */
		{ "u=x,g=u", 0640, false, 0110 },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct chmod_words words;
		assert_int_equal(chmod_parse(cases[i].words, &words), 0);
		mode_t mode = chmod_apply(&words, S_IFREG | cases[i].from,
					  cases[i].is_dir);
		if (mode != cases[i].to)
			fail_msg("%s of %04o is %04o, not %04o", cases[i].words,
				 cases[i].from, mode, cases[i].to);
	}
}

static void
nonsense_is_refused(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"", "x", "8", "10000", "0x1", "755,u+x", "u", "u+x,", ",u+x",
		"u+q", "z+x", "u+xg", "u~x", " u+x", "7 ",
		"+r+r+r+r+r+r+r+r+r+r+r+r+r+r+r+r+r",
		"77777777777777777777777",
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct chmod_words words;
		failure = (struct failure){ 0 };
		if (chmod_parse(cases[i], &words) == 0)
			fail_msg("\"%s\" is taken", cases[i]);
		assert_true(failure.text[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_are_as_chmod_has_them),
		cmocka_unit_test(nonsense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
