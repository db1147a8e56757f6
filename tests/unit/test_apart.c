/* test_apart.c - two processes on two CPUs. */
#include "apart.h"

#include <sched.h>
#include <unistd.h>

#include "state.h"
#include "test.h"

static cpu_set_t may_use;

static int
remember_cpus(void **state)
{
	(void)state;
	return sched_getaffinity(0, sizeof(may_use), &may_use);
}

static int
restore_cpus(void **state)
{
	(void)state;
	return sched_setaffinity(0, sizeof(may_use), &may_use);
}

static void
assert_cpus(const cpu_set_t *expected)
{
	cpu_set_t now;
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_true(CPU_EQUAL(&now, expected));
}

static int
only_this_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(sched_getcpu(), cpu);
	return cpu;
}

/* The kernel may move us at any time, so that a CPU is that which it was only
 * most of the time. */
static void
who_shares_a_cpu_leaves_it(void **state)
{
	(void)state;
	if (CPU_COUNT(&may_use) < 2)
		skip();
	int left = 0;
	for (int i = 0; i < 20; i++) {
		int cpu = sched_getcpu();
		apart_from(cpu);
		left += sched_getcpu() != cpu;
		assert_cpus(&may_use);
	}
	assert_true(left > 10);
}

static void
who_has_his_own_stays(void **state)
{
	(void)state;
	int cpu = only_this_cpu();
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	apart_from(cpu);
	assert_cpus(&one);
	apart_from(cpu + 1);
	assert_cpus(&one);
}

static void
the_cpu_of_a_process_is_told(void **state)
{
	(void)state;
	struct state of = { 0 };
	int cpu = only_this_cpu();
	assert_int_equal(state_note_birth(&of, getpid()), cpu);
	assert_true(of.start_time > 0);
	assert_int_equal(of.pid, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_shares_a_cpu_leaves_it,
						remember_cpus, restore_cpus),
		cmocka_unit_test_setup_teardown(who_has_his_own_stays,
						remember_cpus, restore_cpus),
		cmocka_unit_test_setup_teardown(the_cpu_of_a_process_is_told,
						remember_cpus, restore_cpus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
