/* launch.c - parent: the client; its two children; and what the monitor has in
 * common with them.  See launch.h. */
#include "launch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "passfd.h"
#include "record.h"
#include "sync.h"

#ifndef CLOSE_RANGE_CLOEXEC /* Linux 5.11 */
#define CLOSE_RANGE_CLOEXEC 4
#endif

#define CANNOT_START 125 /* docker run: the runtime itself failed */
#define FIRST LAUNCH_DIR

/* ---- what the starter says --------------------------------------------- */

static int
send_report(int sock, const struct launch_report *report,
	    const struct launched *made)
{
	int fds[2];
	size_t count = 0;
	if (report->has_master)
		fds[count++] = made->master;
	if (report->has_held)
		fds[count++] = made->held;
	if (passfd_send(sock, report, sizeof(*report), fds, count, 0) < 0)
		return fail("report the container's start");
	return 0;
}

int
launch_hear(int report, struct launch_report *heard, struct launched *made)
{
	int fds[2] = { -1, -1 };
	size_t count = countof(fds);
	*made = (struct launched)LAUNCHED_NOTHING;
	ssize_t got = passfd_receive(report, heard, sizeof(*heard), fds,
				     &count, 0);
	if (got < 0 && errno != ECONNRESET)
		return fail("wait for the start of the container");
	if (got != sizeof(*heard))
		return failx("what should start the container died");
	made->pid = heard->pid;
	made->daemon = heard->daemon;
	made->has_names = heard->has_names;
	made->has_relayed = heard->has_relayed;
	if (heard->has_master)
		made->master = fds[0];
	if (heard->has_held)
		made->held = fds[heard->has_master];
	heard->failure.text[sizeof(heard->failure.text) - 1] = '\0';
	return 0;
}

int
launch_acknowledge(int report)
{
	return sync_send(report, SYNC_READY);
}

int
launch_tell(int report, int status, const struct launched *made)
{
	struct failure why = failure;
	struct launch_report told = { .status = -status };
	if (status == 0)
		told = (struct launch_report){
			.pid = made->pid,
			.daemon = made->daemon,
			.has_master = made->master >= 0,
			.has_held = made->held >= 0,
			.has_names = made->has_names,
			.has_relayed = made->has_relayed,
		};
	else
		told.failure = why;
	if (send_report(report, &told, made) < 0 ||
	    sync_expect(report, SYNC_READY, "the monitor") < 0)
		return -1;
	failure = why;
	return 0;
}

/* ---- the two children -------------------------------------------------- */

int
launch_descriptors(const int wanted[LAUNCH_END - LAUNCH_DIR])
{
	int high[LAUNCH_END - FIRST];
	for (int i = 0; i < LAUNCH_END - FIRST; i++) {
		/* First out of the way of each other. */
		high[i] = wanted[i] < 0 ? -1 :
			  fcntl(wanted[i], F_DUPFD_CLOEXEC, LAUNCH_END);
		if (wanted[i] >= 0 && high[i] < 0)
			return fail("copy descriptor %d", wanted[i]);
	}
	for (int i = 0; i < LAUNCH_END - FIRST; i++) {
		if (high[i] < 0)
			close(FIRST + i);
		else if (dup2(high[i], FIRST + i) < 0)
			return fail("move descriptor %d", high[i]);
	}
	/* Ours all are that already; those of our caller may not be. */
	syscall(SYS_close_range, LAUNCH_END, ~0U, CLOSE_RANGE_CLOEXEC);
	return 0;
}

/* `monitor` and `client` are the sockets to each of them. */
static _Noreturn void
starter(struct launch *launch, int monitor, int client)
{
	struct console *console = launch->console;
	struct launched made = LAUNCHED_NOTHING;
	for (int i = 0; i < 3; i++)
		close_scoped(&console->ours[i]);
	close_scoped(launch->attached);
	/* Without a monitor nobody would be there for it. */
	if (sync_expect(monitor, SYNC_READY, "the monitor") < 0) {
		struct launch_report told = { .status = CANNOT_START,
					      .failure = failure };
		send_report(client, &told, NULL);
		_exit(CANNOT_START);
	}
	int status = launch->start(launch->data, console, &made);
	struct launch_report told = { .status = -status, .pid = made.pid };
	if (launch_tell(monitor, status, &made) < 0 && status == 0)
		told.status = CANNOT_START;
	told.failure = failure;
	send_report(client, &told, NULL);
	_exit(told.status);
}

/* What was the monitor's fork becomes its program. */
static int
become_monitor(const struct launch *launch, int starter_socket)
{
	const int *pipes = launch->console->ours;
	const int wanted[] = {
		launch->dir, *launch->lock, starter_socket,
		*launch->attached, pipes[0], pipes[1], pipes[2],
	};
	char *argv[] = { "mydocker-monitor", (char *)launch->id,
			 (char *)launch->client, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		if (null < 0 || dup2(null, i) < 0)
			return fail("open /dev/null");
	if (launch_descriptors(wanted) < 0)
		return -1;
	execv(launch->monitor, argv);
	return fail("run %s", launch->monitor);
}

/* The first child; it returns only when it fails. */
static int
split(struct launch *launch, int result)
{
	auto_close int monitor = -1, starters = -1;
	if (setsid() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return fail("be a monitor of its own");
	if (sync_pair(&monitor, &starters) < 0)
		return -1;
	if (send(starters, &launch->plan, sizeof(launch->plan),
		 MSG_NOSIGNAL) < 0)
		return fail("tell the monitor its plan");
	pid_t pid = fork();
	if (pid < 0)
		return fail("fork the starter");
	if (pid == 0) {
		close_scoped(&monitor);
		starter(launch, starters, result);
	}
	return become_monitor(launch, monitor);
}

/* ---- signals while it starts ------------------------------------------- */

/* The group of monitor and starter.  The monitor ignores them, the container's
 * process 1 is in a group of its own. */
static volatile pid_t group;
static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void
pass_on(int number)
{
	if (group > 0)
		kill(-group, number);
}

static void
begin_passing(struct sigaction *before)
{
	struct sigaction action = { .sa_handler = pass_on };
	for (size_t i = 0; i < countof(ending); i++) {
		sigaction(ending[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(ending[i], &action, NULL);
	}
}

static void
end_passing(const struct sigaction *before)
{
	for (size_t i = 0; i < countof(ending); i++)
		sigaction(ending[i], &before[i], NULL);
	group = 0;
}

/*
 * The starter was killed.  The monitor ends at once; or it had its word before
 * we did, and then the container runs, and the record says so.
 */
static bool
was_started(const struct launch *launch, pid_t monitor)
{
	while (waitpid(monitor, NULL, WNOHANG) == 0) {
		auto_record struct record record;
		if (record_load(launch->dir, &record) == 0 &&
		    (record.status == STATUS_RUNNING ||
		     record.started_ns != launch->started_ns))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return false;
}

int
monitor_launch(struct launch *launch)
{
	auto_close int ours = -1, theirs = -1;
	struct sigaction before[countof(ending)];
	sigset_t set, mask;
	if (sync_pair(&ours, &theirs) < 0)
		return -CANNOT_START;
	/* Until they can be passed on they wait; both children have them
	 * blocked, and see to them in their own time. */
	sigemptyset(&set);
	for (size_t i = 0; i < countof(ending); i++)
		sigaddset(&set, ending[i]);
	sigprocmask(SIG_BLOCK, &set, &mask);
	pid_t pid = fork();
	if (pid == 0) {
		/* Where launch_descriptors() does not put another. */
		int kept = fcntl(theirs, F_DUPFD_CLOEXEC, LAUNCH_END);
		split(launch, theirs);
		struct launch_report told = { .status = CANNOT_START,
					      .failure = failure };
		send_report(kept, &told, NULL);
		_exit(CANNOT_START);
	}
	if (pid < 0) {
		fail("fork the monitor");
		sigprocmask(SIG_SETMASK, &mask, NULL);
		return -CANNOT_START;
	}
	close_scoped(&theirs);
	console_close(launch->console);
	close_scoped(launch->attached);
	struct launch_report report;
	struct launched made;
	group = pid;
	begin_passing(before);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	int heard = launch_hear(ours, &report, &made);
	end_passing(before);
	struct failure why = heard < 0 ? failure : report.failure;
	if (heard < 0 ? was_started(launch, pid) : report.status == 0) {
		close_scoped(launch->lock);
		return 0;
	}
	/* It ends by itself; what it holds is free before we go on. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	failure = why;
	return heard < 0 ? -CANNOT_START : -report.status;
}
