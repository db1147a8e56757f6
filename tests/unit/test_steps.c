/* test_steps.c - one step of a table: done, failed, made to fail, stopped. */
#include "steps.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
	steps_trace("undo", "nobody listens");
	trace_hook = listen_to;
	steps_trace("undo", "works");
	assert_string_equal(traced, "-- undo works");
	assert_int_equal(steps_do(&works, NULL), 0);
	assert_string_equal(traced, "-- step works");
}

static size_t
length(const struct step *table)
{
	size_t count = 0;
	while (table[count].name)
		count++;
	return count;
}

/* FAIL_AT means one step: no name twice, in either table. */
static void
tables(void **state)
{
	size_t ups = length(up_steps), children = length(child_steps);
	(void)state;
	assert_true(ups > 0 && children > 0);
	for (size_t i = 0; i < ups + children; i++) {
		const struct step *step = i < ups ? &up_steps[i] :
						    &child_steps[i - ups];
		assert_non_null(step->up);
		/* The child's makings go with it. */
		assert_true(i < ups || !step->down);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
				step->name, j < ups ? up_steps[j].name :
						child_steps[j - ups].name);
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
