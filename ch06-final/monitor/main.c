/*
 * main.c - monitor.  mydocker-monitor ID PROGRAM: one for each container, as
 * long as it lives and until it is not to be started again.
 *
 * It is the parent of the container's process 1 (launch.h says how), holds the
 * other ends of its standard descriptors, and is the one who writes the log
 * and the record.  It makes and undoes nothing of a container: for that it
 * runs PROGRAM, the client's.  What it finds open is in launch.h.
 */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clients.h"
#include "life.h"
#include "monitor.h"
#include "note.h"
#include "sync.h"

/* In the bss: of the buffers only what is used takes memory. */
static struct monitor monitor;

/* SIGTERM is for the container, whose end is ours.  A terminal that goes, or
 * its keys, are nothing to us. */
static void
on_signal(struct source *source, uint32_t events)
{
	struct monitor *m = source->owner;
	(void)events;
	struct signalfd_siginfo info;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD) {
		life_reap(m);
		return;
	}
	m->restart.is_stopped = true;
	if (m->pid > 0)
		kill(m->pid, info.ssi_signo);
}

static int
open_signals(struct monitor *m)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE };
	for (size_t i = 0; i < countof(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_SETMASK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return fail("make a descriptor for signals");
	m->signals = (struct source){
		.fd = fd, .owner = m, .ready = on_signal,
	};
	loop_watch(m->epoll, &m->signals, EPOLLIN);
	return 0;
}

/* A descriptor of launch.h, which others shall not inherit; -1: it is not
 * there. */
static int
inherited(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fd;
}

static int
begin(struct monitor *m)
{
	/* All of them, before a new one gets the number of one that lacks. */
	int given[LAUNCH_END];
	for (int fd = LAUNCH_DIR; fd < LAUNCH_END; fd++)
		given[fd] = inherited(fd);
	m->dir = given[LAUNCH_DIR];
	m->lock = given[LAUNCH_LOCK];
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll < 0)
		return fail("make an epoll descriptor");
	if (recv(given[LAUNCH_REPORT], &m->plan, sizeof(m->plan), 0) !=
	    sizeof(m->plan))
		return failx("there is no plan for the container");
	m->restart.policy = m->plan.restart;
	m->log.fd = m->slave = m->held = m->undoing = -1;
	m->check.output.fd = m->names.server.fd = -1;
	if (!m->plan.no_log &&
	    log_open(&m->log, m->dir, m->id, m->plan.log_size,
		     m->plan.log_files) < 0)
		return -1;
	int listener = protocol_listen(m->dir);
	if (listener < 0 || open_signals(m) < 0)
		return -1;
	m->listener = (struct source){
		.fd = listener, .owner = m, .ready = clients_accept,
	};
	loop_watch(m->epoll, &m->listener, EPOLLIN);
	note_begin(m);
	m->streams[0].name = "stdout";
	m->streams[0].type = PROTOCOL_OUTPUT;
	m->streams[1].name = "stderr";
	m->streams[1].type = PROTOCOL_ERRORS;
	if (given[LAUNCH_CLIENT] >= 0)
		clients_add(m, given[LAUNCH_CLIENT], true);
	life_begin(m, given[LAUNCH_REPORT], given[LAUNCH_STDIN],
		   given[LAUNCH_STDOUT], given[LAUNCH_STDERR]);
	return launch_acknowledge(given[LAUNCH_REPORT]);
}

int
main(int argc, char **argv)
{
	struct monitor *m = &monitor;
	if (argc != 3) {
		static const char usage[] =
			"mydocker-monitor is run by mydocker, for itself\n";
		(void)!write(STDERR_FILENO, usage, sizeof(usage) - 1);
		return 125;
	}
	m->id = argv[1];
	m->client_program = argv[2];
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (begin(m) < 0) {
		sync_send_failure(LAUNCH_REPORT);
		return 125;
	}
	/* At last those clients are left that have yet to take the end. */
	for (int64_t wait_ms = 0; m->phase != PHASE_OVER || m->clients;) {
		loop_once(m->epoll, wait_ms);
		wait_ms = life_go_on(m);
	}
	return 0;
}
