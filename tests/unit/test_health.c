/* test_health.c - what checks say of a container's health. */
#include "health.h"

#include <jansson.h>
#include <stdlib.h>

#include "test.h"

static bool
take(struct health *health, int exit_code, const char *output, int64_t ran_ms)
{
	struct health_result result = { .exit_code = exit_code,
					.output = copy_text(output) };
	return health_take(health, result, ran_ms);
}

static void
begin(struct health *health, int64_t start_period_ms)
{
	static const struct health_plan plan = {
		.is_wanted = true, .interval_ms = 1000, .timeout_ms = 100,
		.start_interval_ms = 200, .retries = 3,
	};
	struct health_plan own = plan;
	own.start_period_ms = start_period_ms;
	health_begin(health, &own);
}

static void
nobody_asks_unless_it_is_wanted(void **state)
{
	(void)state;
	struct health health = { 0 };
	health_begin(&health, &(struct health_plan){ 0 });
	assert_int_equal(health.status, HEALTH_NONE);
	assert_string_equal(health_name(health.status), "none");
}

static void
the_defaults_are_dockers(void **state)
{
	(void)state;
	struct health health = { 0 };
	health_begin(&health, &(struct health_plan){ .is_wanted = true });
	assert_int_equal(health.status, HEALTH_STARTING);
	assert_int_equal(health_wait(&health, 0), 30000);
	assert_int_equal(health.plan.timeout_ms, 30000);
	assert_int_equal(health.plan.start_interval_ms, 5000);
	assert_int_equal(health.plan.retries, 3);
}

static void
failures_in_a_row_make_it_unhealthy(void **state)
{
	(void)state;
	struct health health = { 0 };
	begin(&health, 0);
	assert_false(take(&health, 1, "", 1000));
	assert_false(take(&health, 1, "", 2000));
	assert_true(take(&health, 0, "", 3000));
	assert_int_equal(health.status, HEALTH_HEALTHY);
	assert_false(take(&health, 1, "", 4000));
	assert_false(take(&health, HEALTH_TIMED_OUT, "", 5000));
	assert_true(take(&health, 3, "", 6000));
	assert_int_equal(health.status, HEALTH_UNHEALTHY);
	assert_int_equal(health.failures, 3);
	assert_true(take(&health, 0, "", 7000));
	assert_int_equal(health.failures, 0);
	health_free(&health);
}

static void
while_it_starts_failures_do_not_count(void **state)
{
	(void)state;
	struct health health = { 0 };
	begin(&health, 5000);
	assert_int_equal(health_wait(&health, 0), 200);
	assert_int_equal(health_wait(&health, 5000), 1000);
	for (int i = 0; i < 9; i++)
		assert_false(take(&health, 1, "", 4999));
	assert_int_equal(health.failures, 0);
	/* Once it was healthy, it has started. */
	assert_true(take(&health, 0, "", 4000));
	assert_int_equal(health_wait(&health, 4000), 1000);
	assert_false(take(&health, 1, "", 4100));
	assert_int_equal(health.failures, 1);
	health_free(&health);
}

static void
the_last_five_are_kept_as_docker_shows_them(void **state)
{
	(void)state;
	struct health health = { 0 };
	begin(&health, 0);
	for (int i = 0; i < 7; i++) {
		auto_free char *output = text("no \"%d\" <\xff\n", i);
		take(&health, i, output, 1000);
	}
	take(&health, 0, "", 1000);
	auto_free char *json = health_json(&health);
	json_error_t error;
	json_t *all = json_loads(json, 0, &error);
	assert_non_null(all);
	json_t *log = json_object_get(all, "Log");
	assert_int_equal(json_array_size(log), HEALTH_RESULTS);
	json_t *first = json_array_get(log, 0);
	assert_int_equal(json_integer_value(json_object_get(first, "ExitCode")),
			 3);
	assert_string_equal(json_string_value(json_object_get(first, "Output")),
			    "no \"3\" <\xef\xbf\xbd\n");
	assert_string_equal(json_string_value(json_object_get(
		json_array_get(log, 4), "Output")), "");
	assert_string_equal(json_string_value(json_object_get(all, "Status")),
			    "healthy");
	json_decref(all);
	health_free(&health);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_asks_unless_it_is_wanted),
		cmocka_unit_test(the_defaults_are_dockers),
		cmocka_unit_test(failures_in_a_row_make_it_unhealthy),
		cmocka_unit_test(while_it_starts_failures_do_not_count),
		cmocka_unit_test(the_last_five_are_kept_as_docker_shows_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
