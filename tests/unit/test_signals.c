/* test_signals.c - signals as people write them, what is none, and which are
 * ignored. */
#include "signals.h"

#include <signal.h>
#include <string.h>

#include "test.h"

static void
names_and_numbers(void **state)
{
	const struct {
		const char *written;
		int number;
	} cases[] = {
		{ "TERM", SIGTERM },	 { "SIGTERM", SIGTERM },
		{ "term", SIGTERM },	 { "sigKill", SIGKILL },
		{ "15", 15 },		 { "9", 9 },
		{ "0", 0 },		 { "64", 64 },
		{ "HUP", SIGHUP },	 { "winch", SIGWINCH },
		{ "IOT", SIGABRT },	 { "POLL", SIGPOLL },
		{ "SYS", SIGSYS },	 { "RTMIN", SIGRTMIN },
		{ "RTMIN+0", SIGRTMIN }, { "SIGRTMIN+3", SIGRTMIN + 3 },
		{ "rtmax-1", SIGRTMAX - 1 },
		{ "RTMAX", SIGRTMAX },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		int number = -1;
		if (signal_parse(cases[i].written, &number) < 0)
			fail_msg("%s: %s", cases[i].written, failure.text);
		if (number != cases[i].number)
			fail_msg("%s is %d", cases[i].written, number);
	}
}

static void
none_of_them(void **state)
{
	static const char *const cases[] = {
		"", " ", "-9", "+9", "9 ", " 9", "0x9", "1x", "9.0", "65",
		"99999999999", "18446744073709551625", "SIG", "SIGSIGTERM",
		"TERMINATE", "TER", "TERM ", "RTMIN+", "RTMIN-1", "RTMIN+99",
		"RTMIN+1x", "RTMIN+-1", "RTMIN1", "RTMAX+1", "RTMAX-99",
		"RTMINX", "SIG9", "sig",
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		int number = -1;
		failure = (struct failure){ 0 };
		if (signal_parse(cases[i], &number) == 0)
			fail_msg("\"%s\" is %d", cases[i], number);
		assert_non_null(strstr(failure.text, "unknown signal"));
	}
}

/* As a program finds them that "nohup" has started; and it is not asked
 * again. */
static void
ignored_by_our_caller(void **state)
{
	(void)state;
	uint64_t set, again;
	signal(SIGUSR2, SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
	assert_int_equal(signals_ignored(&set), 0);
	assert_true(set >> (SIGUSR2 - 1) & 1);
	assert_false(set >> (SIGUSR1 - 1) & 1);
	signal(SIGUSR2, SIG_DFL);
	assert_int_equal(signals_ignored(&again), 0);
	assert_true(again == set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers),
		cmocka_unit_test(none_of_them),
		cmocka_unit_test(ignored_by_our_caller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
