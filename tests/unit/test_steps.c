/* test_steps.c - one step of a table: done, failed, made to fail, stopped. */
#include "steps.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "making.h"
#include "stepping.h"
#include "test.h"

static int done;
static char *traced;

static int
good(struct container *c)
{
	(void)c;
	done++;
	return 0;
}

static int
bad(struct container *c)
{
	(void)c;
	done++;
	return failx("the reason");
}

static void
listen_to(const char *line)
{
	free(traced);
	traced = copy_text(line);
}

static const struct step works = { "works", good, NULL };
static const struct step breaks = { "breaks", bad, NULL };

static int
set_up(void **state)
{
	(void)state;
	done = 0;
	failure = (struct failure){ 0 };
	return unsetenv("FAIL_AT") + unsetenv("PAUSE_AT");
}

static int
tear_down(void **state)
{
	trace_hook = NULL;
	free_scoped(&traced);
	return set_up(state);
}

static void
done_once(void **state)
{
	(void)state;
	assert_int_equal(steps_do(&works, NULL), 0);
	assert_int_equal(done, 1);
}

static void
failed_by_itself(void **state)
{
	(void)state;
	assert_int_equal(steps_do(&breaks, NULL), -1);
	assert_string_equal(failure.text, "breaks: the reason");
}

/* After its work, so that there is something to undo. */
static void
made_to_fail(void **state)
{
	(void)state;
	setenv("FAIL_AT", "works", 1);
	assert_int_equal(steps_do(&works, NULL), -1);
	assert_int_equal(done, 1);
	assert_int_equal(failure.code, 0);
	assert_non_null(strstr(failure.text, "works: made to fail"));
	/* The whole name, and no other. */
	static const char *const others[] = { "", "work", "works2", "WORKS" };
	for (size_t i = 0; i < countof(others); i++) {
		setenv("FAIL_AT", others[i], 1);
		assert_int_equal(steps_do(&works, NULL), 0);
	}
	/* Its own failure comes first. */
	setenv("FAIL_AT", "breaks", 1);
	assert_int_equal(steps_do(&breaks, NULL), -1);
	assert_string_equal(failure.text, "breaks: the reason");
}

static void
names(void **state)
{
	(void)state;
	assert_int_equal(steps_check_names(), 0);
	setenv("FAIL_AT", "cgroup", 1);
	setenv("PAUSE_AT", "pivot", 1);
	assert_int_equal(steps_check_names(), 0);
	setenv("PAUSE_AT", "nostep", 1);
	assert_int_equal(steps_check_names(), -1);
	assert_non_null(strstr(failure.text, "PAUSE_AT=nostep"));
	setenv("PAUSE_AT", "", 1);
	assert_int_equal(steps_check_names(), 0);
}

static void
stopped(void **state)
{
	char comm[64] = "";
	int status;
	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("PAUSE_AT", "works", 1);
		steps_do(&works, NULL);
		_exit(1);
	}
	auto_free char *path = text("/proc/%d/comm", pid);
	for (int i = 0; i < 500 && strcmp(comm, "paused") != 0; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		read_text(AT_FDCWD, path, comm, sizeof(comm));
	}
	int alive = waitpid(pid, &status, WNOHANG);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_string_equal(comm, "paused");
	assert_int_equal(alive, 0);
}

static void
told(void **state)
{
	(void)state;
	stepping_tell("undo", "nobody listens");
	trace_hook = listen_to;
	stepping_tell("undo", "works");
	assert_string_equal(traced, "-- undo works");
	assert_int_equal(steps_do(&works, NULL), 0);
	assert_string_equal(traced, "-- step works");
}

/* FAIL_AT means one step: no name twice, here or within `create`. */
static void
tables(void **state)
{
	(void)state;
	assert_non_null(up_steps[0].name);
	for (size_t i = 0; up_steps[i].name; i++) {
		assert_non_null(up_steps[i].up);
		assert_false(making_is_step(up_steps[i].name));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(up_steps[i].name,
						up_steps[j].name);
	}
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(done_once), EACH(failed_by_itself), EACH(made_to_fail),
		EACH(names),	 EACH(stopped),		 EACH(told),
		EACH(tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
