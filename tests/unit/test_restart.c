/* test_restart.c - whether a container runs again, and when. */
#include "restart.h"

#include "test.h"

static void
each_policy_has_its_own_rule(void **state)
{
	(void)state;
	static const struct {
		enum restart_when when;
		int exit_code;
		bool due;
	} cases[] = {
		{ RESTART_NO, 0, false },	  { RESTART_NO, 1, false },
		{ RESTART_ON_FAILURE, 0, false },
		{ RESTART_ON_FAILURE, 1, true },
		{ RESTART_ALWAYS, 0, true },	  { RESTART_ALWAYS, 137, true },
		{ RESTART_UNLESS_STOPPED, 0, true },
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct restart restart = { .policy.when = cases[i].when };
		assert_int_equal(restart_is_due(&restart, cases[i].exit_code,
						0), cases[i].due);
		assert_int_equal(restart.count, cases[i].due);
	}
}

static void
what_the_user_stops_stays_so(void **state)
{
	(void)state;
	for (int when = RESTART_NO; when <= RESTART_UNLESS_STOPPED; when++) {
		struct restart restart = { .policy.when = when,
					   .is_stopped = true };
		assert_false(restart_is_due(&restart, 1, 0));
	}
}

static void
a_failure_is_tried_so_often(void **state)
{
	(void)state;
	struct restart restart = {
		.policy = { RESTART_ON_FAILURE, 3 },
	};
	for (int i = 0; i < 3; i++)
		assert_true(restart_is_due(&restart, 1, 0));
	assert_false(restart_is_due(&restart, 1, 0));
	assert_int_equal(restart.count, 3);
}

static void
it_waits_twice_as_long_up_to_a_minute(void **state)
{
	(void)state;
	struct restart restart = { .policy.when = RESTART_ALWAYS };
	static const int64_t waits[] = { 100,  200,   400,   800,   1600, 3200,
					 6400, 12800, 25600, 51200, 60000,
					 60000 };
	for (size_t i = 0; i < countof(waits); i++) {
		assert_true(restart_is_due(&restart, 0, 9999));
		assert_int_equal(restart.wait_ms, waits[i]);
	}
	/* It ran: what was wrong is over. */
	assert_true(restart_is_due(&restart, 0, 10000));
	assert_int_equal(restart.wait_ms, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_policy_has_its_own_rule),
		cmocka_unit_test(what_the_user_stops_stays_so),
		cmocka_unit_test(a_failure_is_tried_so_often),
		cmocka_unit_test(it_waits_twice_as_long_up_to_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
