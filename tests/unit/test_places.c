/* test_places.c - a user's run directory, which holders come and go with. */
#include "places.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

enum { ROUNDS = 20000 };

static char *
make_home(void)
{
	char *home = copy_text("/tmp/mydocker-unit-XXXXXX");
	must(mkdtemp(home) && setenv("XDG_RUNTIME_DIR", home, 1) == 0);
	return home;
}

/* Another holder ends at any moment. */
static void
test_it_goes_while_it_is_asked_for(void **state)
{
	(void)state;
	auto_free char *home = make_home();
	auto_free char *run = text("%s/mydocker", home);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			rmdir(run);
	}
	int refused = 0;
	for (int i = 0; i < ROUNDS; i++) {
		auto_free char *place = places_run();
		refused += !place;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	rmdir(run);
	rmdir(home);
	assert_int_equal(refused, 0);
}

static void
test_one_that_others_can_write_to(void **state)
{
	(void)state;
	auto_free char *home = make_home();
	auto_free char *run = text("%s/mydocker", home);
	must(mkdir(run, 0700) == 0 && chmod(run, 0777) == 0);
	auto_free char *place = places_run();
	assert_null(place);
	assert_non_null(strstr(failure.text, "yours alone"));
	must(rmdir(run) == 0 && symlink("/tmp", run) == 0);
	place = places_run();
	assert_null(place);
	must(unlink(run) == 0 && rmdir(home) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_goes_while_it_is_asked_for),
		cmocka_unit_test(test_one_that_others_can_write_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
