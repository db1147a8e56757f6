/* test_names_watch.c - a monitor that watches the name server: whoever makes
 * another, it finds it; where nobody does, its helper is called. */
#include "names_watch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"
#include "sandbox.h"

#define PLACE "/tmp/containers/id"
#define SOCKET "/tmp/networks/dns.sock"
#define ASKED "/tmp/asked"

static struct monitor monitor;

/* What plays the client's program: it puts down that it was called, and how
 * often; its status is `status`. */
static void
begin(int status)
{
	static char program[] = "/tmp/program";
	auto_free char *script = text("#!/bin/sh\necho $1 $2 >>" ASKED "\n"
				      "exit %d\n", status);
	must(mkdir("/tmp/containers", 0755) == 0 && mkdir(PLACE, 0755) == 0 &&
	     mkdir("/tmp/networks", 0755) == 0);
	must(write_file(AT_FDCWD, program, script, 0755) == 0);
	monitor = (struct monitor){
		.id = "id", .client_program = program,
		.dir = open(PLACE, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.names.server.fd = -1, .phase = PHASE_RUNNING,
	};
	must(monitor.dir >= 0 && monitor.epoll >= 0);
}

static pid_t
start_server(void)
{
	struct sockaddr_un address = { AF_UNIX, SOCKET };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	unlink(SOCKET);
	must(bind(sock, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	     listen(sock, 8) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		must(accept(sock, NULL, NULL) >= 0);
		for (;;)
			pause();
	}
	close(sock);
	return pid;
}

static void
end_server(pid_t pid)
{
	must(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
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

static bool
is_connected(void)
{
	return monitor.names.server.fd >= 0;
}

/* What main.c and life.c do, for so long. */
static void
go_on(int64_t ms)
{
	for (int64_t end = loop_now() + ms; loop_now() < end;) {
		int status;
		pid_t helper = monitor.names.helper;
		loop_once(monitor.epoll, 5);
		if (helper && waitpid(helper, &status, WNOHANG) == helper)
			names_watch_take(&monitor, status);
		names_watch_go_on(&monitor, loop_now());
	}
}

static void
others_body(void)
{
	begin(0);
	pid_t server = start_server();
	names_watch_begin(&monitor);
	names_watch_begin(&monitor); /* said twice */
	must(is_connected() && names_watch_go_on(&monitor, loop_now()) == 0);
	go_on(50);
	must(is_connected());
	for (int round = 0; round < 3; round++) {
		end_server(server);
		server = start_server();
		go_on(400);
		must(is_connected() && times_asked() == 0);
	}
	names_watch_end(&monitor);
	must(!is_connected());
	end_server(server);
	go_on(400);
	must(times_asked() == 0);
}

static void
test_others_make_one(void **state)
{
	(void)state;
	in_sandbox(others_body, ALL_CALLS);
}

static void
nobody_body(void)
{
	begin(0);
	pid_t server = start_server();
	names_watch_begin(&monitor);
	end_server(server);
	while (times_asked() == 0)
		go_on(5);
	auto_free char *said = read_all(AT_FDCWD, ASKED, NULL);
	must(strncmp(said, ".monitor-names id\n", 18) == 0);
	must(!is_connected());
	server = start_server(); /* by the helper, let us say */
	go_on(200);
	must(is_connected());
	size_t before = times_asked();
	go_on(300);
	must(times_asked() == before);
	end_server(server);
}

/* One at a time: who makes it has the lock. */
static void
locked_body(void)
{
	begin(0);
	pid_t server = start_server();
	names_watch_begin(&monitor);
	auto_close int lock = open("/tmp/networks",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(flock(lock, LOCK_EX) == 0);
	end_server(server);
	go_on(700);
	must(times_asked() == 0 && !is_connected());
	close_scoped(&lock);
	while (times_asked() == 0)
		go_on(5);
}

static void
test_somebody_is_at_it(void **state)
{
	(void)state;
	in_sandbox(locked_body, ALL_CALLS);
}

static void
test_the_helper_makes_one(void **state)
{
	(void)state;
	in_sandbox(nobody_body, ALL_CALLS);
}

/* The socket is gone, and who looked has found nobody to be served. */
static void
over_body(void)
{
	begin(0);
	names_watch_begin(&monitor);
	while (monitor.names.helper || monitor.names.due)
		go_on(5);
	must(times_asked() == 1 && !is_connected());
	/* It comes to another network. */
	pid_t server = start_server();
	names_watch_begin(&monitor);
	must(is_connected());
	end_server(server);
}

static void
test_nobody_is_to_be_served(void **state)
{
	(void)state;
	in_sandbox(over_body, ALL_CALLS);
}

static void
fails_body(void)
{
	begin(1);
	names_watch_begin(&monitor);
	int64_t began = loop_now();
	while (times_asked() < 4)
		go_on(5);
	/* After 20 ms, 40 and 80. */
	must(monitor.names.wait_ms >= 80 && loop_now() - began >= 140);
	names_watch_end(&monitor);
	must(names_watch_go_on(&monitor, loop_now()) == 0);
}

static void
test_what_fails_is_tried_again_ever_later(void **state)
{
	(void)state;
	in_sandbox(fails_body, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_others_make_one),
		cmocka_unit_test(test_the_helper_makes_one),
		cmocka_unit_test(test_somebody_is_at_it),
		cmocka_unit_test(test_nobody_is_to_be_served),
		cmocka_unit_test(test_what_fails_is_tried_again_ever_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
