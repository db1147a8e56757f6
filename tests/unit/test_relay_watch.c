/* test_relay_watch.c - a monitor that runs a relay for ::1: when it is killed,
 * or could not begin, there is another, later each time; none when it says that
 * there is nothing to do, and none after the end. */
#include "relay_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"
#include "sandbox.h"
#include "sys.h"

#define ASKED "/tmp/asked"

static struct monitor monitor;

/* What plays the client's program puts down that it was called, and by which
 * number it has what is held; then does `then`. */
static void
begin(const char *then)
{
	static char program[] = "/tmp/program";
	auto_free char *script =
		text("#!/bin/sh\necho $1 $2 $(cat <&%d) >>" ASKED "\n%s\n",
		     LAUNCH_REPORT, then);
	must(write_file(AT_FDCWD, program, script, 0755) == 0 &&
	     write_file(AT_FDCWD, "/tmp/held", "held", 0600) == 0);
	monitor = (struct monitor){
		.id = "id", .client_program = program,
		.dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.held = open("/tmp/held", O_RDONLY | O_CLOEXEC),
		.epoll = epoll_create1(EPOLL_CLOEXEC),
	};
	must(monitor.dir >= 0 && monitor.held >= 0 && monitor.epoll >= 0);
	relay_watch_begin(&monitor);
}

static size_t
times_asked(void)
{
	size_t times = 0;
	auto_free char *lines = read_all(AT_FDCWD, ASKED, NULL);
	for (char *c = lines; c && *c; c++)
		times += *c == '\n';
	return times;
}

/* What main.c and life.c do, for so long. */
static void
go_on(int64_t ms)
{
	for (int64_t end = loop_now() + ms; loop_now() < end;) {
		int status;
		pid_t helper = monitor.relay.helper;
		loop_once(monitor.epoll, 5);
		if (helper && waitpid(helper, &status, WNOHANG) == helper)
			relay_watch_take(&monitor, status);
		relay_watch_go_on(&monitor, loop_now());
	}
}

static void
go_on_until(size_t times)
{
	while (times_asked() < times)
		go_on(5);
}

static void
killed_body(void)
{
	begin("exec sleep 600");
	go_on_until(1);
	auto_free char *said = read_all(AT_FDCWD, ASKED, NULL);
	must(strcmp(said, ".monitor-relay id held\n") == 0);
	pid_t first = monitor.relay.helper;
	must(first > 0 && kill(first, SIGKILL) == 0);
	go_on_until(2);
	pid_t second = monitor.relay.helper;
	must(second > 0 && second != first);
	relay_watch_end(&monitor);
	must(waitpid(second, NULL, WNOHANG) < 0 && errno == ECHILD);
	must(monitor.relay.helper == 0);
	relay_watch_end(&monitor); /* said twice */
	go_on(200);
	must(times_asked() == 2);
}

static void
failed_body(void)
{
	begin("exit 1");
	int64_t at = loop_now();
	go_on_until(4);
	/* 50, 100, 200 */
	must(loop_now() - at >= 350);
	relay_watch_end(&monitor);
}

static void
nothing_body(void)
{
	begin("exit 0");
	go_on_until(1);
	go_on(300);
	must(times_asked() == 1 && monitor.relay.helper == 0);
	must(relay_watch_go_on(&monitor, loop_now()) == 0);
}

/* It does not outlive its monitor. */
static void
monitor_body(void)
{
	int ends[2];
	must(pipe2(ends, O_CLOEXEC) == 0);
	pid_t pid = fork(), relay;
	must(pid >= 0);
	if (pid == 0) {
		begin("exec sleep 600");
		go_on_until(1);
		relay = monitor.relay.helper;
		_exit(write(ends[1], &relay, sizeof(relay)) < 0);
	}
	must(read(ends[0], &relay, sizeof(relay)) == sizeof(relay));
	must(waitpid(pid, NULL, 0) == pid);
	int pidfd = sys_pidfd_open(relay);
	struct pollfd end = { pidfd, POLLIN, 0 };
	must(pidfd < 0 ? errno == ESRCH : poll(&end, 1, 10000) == 1);
}

static void
test_killed(void **state)
{
	(void)state;
	in_sandbox(killed_body, ALL_CALLS);
}

static void
test_what_fails_is_tried_again_ever_later(void **state)
{
	(void)state;
	in_sandbox(failed_body, ALL_CALLS);
}

static void
test_nothing_is_to_be_relayed(void **state)
{
	(void)state;
	in_sandbox(nothing_body, ALL_CALLS);
}

static void
test_it_ends_with_its_monitor(void **state)
{
	(void)state;
	in_sandbox(monitor_body, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_what_fails_is_tried_again_ever_later),
		cmocka_unit_test(test_nothing_is_to_be_relayed),
		cmocka_unit_test(test_it_ends_with_its_monitor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
