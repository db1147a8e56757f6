/* life.c - monitor.  See life.h. */
#include "life.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "clients.h"
#include "helper.h"
#include "input.h"
#include "monitor.h"
#include "names_watch.h"
#include "note.h"
#include "orphans.h"
#include "relay_watch.h"
#include "stream.h"
#include "sync.h"

#define TERMINAL_OPEN (O_RDWR | O_NOCTTY | O_CLOEXEC)

/* ---- the start --------------------------------------------------------- */

/* A pty's master is both ways in one; each has its own copy.  While we hold
 * the other end, too, nobody who closes it ends it for those who come later. */
static void
open_terminal(struct monitor *m, int master)
{
	struct winsize window = { .ws_row = m->window >> 16,
				  .ws_col = m->window & 0xffff };
	if (m->window)
		ioctl(master, TIOCSWINSZ, &window);
	m->slave = ioctl(master, TIOCGPTPEER, TERMINAL_OPEN);
	if (m->plan.interactive)
		input_open(m, fcntl(master, F_DUPFD_CLOEXEC, LAUNCH_END));
	stream_open(m, &m->streams[0], master);
}

/* Nothing comes any more: who is still there is told so. */
static void
be_over(struct monitor *m)
{
	m->phase = PHASE_OVER;
	note_end(m);
	loop_close(m->epoll, &m->listener);
	/* Of what nobody has undone the socket stays, as a sign. */
	if (!m->is_lost)
		unlinkat(m->dir, PROTOCOL_SOCKET, 0);
	/* Whoever hears of the end may start it, or remove it, at once. */
	close_scoped(&m->lock);
	clients_tell_exit(m);
}

/* The starter has undone what it did.  The first time the reason is the
 * client's, too. */
static void
start_failed(struct monitor *m, int status)
{
	m->exit_code = status;
	note_failed_start(m, &failure);
	be_over(m);
}

static void
on_report(struct source *source, uint32_t events)
{
	struct monitor *m = source->owner;
	(void)events;
	struct launch_report report;
	struct launched made;
	if (launch_hear(source->fd, &report, &made) < 0) {
		m->is_lost = true;
		start_failed(m, 125);
	} else if (report.status != 0) {
		failure = report.failure;
		start_failed(m, report.status);
	} else {
		bool is_first = !m->was_up;
		m->pid = made.pid;
		m->held = made.held;
		m->daemon = made.daemon;
		m->daemon_signal = 0;
		m->phase = PHASE_RUNNING;
		m->began = loop_now();
		m->was_up = true;
		if (made.master >= 0)
			open_terminal(m, made.master);
		health_begin(&m->health, &m->plan.health);
		check_plan(m);
		note_started(m);
		if (made.master >= 0 && m->window && is_first)
			note_resized(m);
		if (made.has_names)
			names_watch_begin(m);
		if (made.has_relayed)
			relay_watch_begin(m);
	}
	launch_acknowledge(source->fd);
	loop_close(m->epoll, source);
	m->is_moving = true;
}

void
life_begin(struct monitor *m, int report, int in, int out, int err)
{
	m->phase = PHASE_STARTING;
	m->slave = -1;
	m->pid = 0;
	input_open(m, in);
	stream_open(m, &m->streams[0], out);
	stream_open(m, &m->streams[1], err);
	m->starter = (struct source){
		.fd = report, .owner = m, .ready = on_report,
	};
	loop_watch(m->epoll, &m->starter, EPOLLIN);
}

/* Start it again, with new pipes: of the old ones we have the ends. */
static void
start_again(struct monitor *m)
{
	struct console console = CONSOLE_CLOSED;
	console.terminal = m->plan.terminal;
	console.interactive = m->plan.interactive;
	int report = -1;
	if (console_open(&console) == 0)
		m->helper = helper_start(m, ".monitor-start", &report,
					 console.theirs);
	console_close_theirs(&console);
	if (report < 0) {
		console_close(&console);
		start_failed(m, 125);
		return;
	}
	life_begin(m, report, console.ours[0], console.ours[1],
		   console.ours[2]);
}

/* ---- the end ----------------------------------------------------------- */

/* The container ends all the same: who is attached is told, and the record. */
static void
warn(struct monitor *m, const char *warning)
{
	char *more = text("%smydocker: warning: %s%s", m->warnings ?: "",
			  warning, m->plan.terminal ? "\r\n" : "\n");
	free(m->warnings);
	m->warnings = more;
	note_warning(m, warning);
}

static void
ended(struct monitor *m, int status)
{
	m->pid = 0;
	m->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
					     WEXITSTATUS(status);
	m->phase = PHASE_ENDING;
	m->will_restart = restart_is_due(&m->restart, m->exit_code,
					 loop_now() - m->began);
	close_scoped(&m->slave);
	input_close(m);
	check_end(m);
	names_watch_end(m);
	relay_watch_end(m);
	note_ended(m);
	orphans_end();
	/* Who undoes it must find that nobody has it any more. */
	close_scoped(&m->held);
	m->helper = helper_start(m, ".monitor-end", &m->undoing, NULL);
	if (m->helper < 0) {
		m->helper = 0;
		warn(m, failure.text);
	}
}

/* The helper has ended: how did it go?  Of a daemon that it had to kill it has
 * told; of one that was dead before it came, only its parent knows. */
static void
undone(struct monitor *m, int status)
{
	int told = 0;
	m->is_lost = WIFSIGNALED(status);
	for (; sync_take_failure(m->undoing); told++)
		warn(m, failure.text);
	close_scoped(&m->undoing);
	if (!told && status != 0)
		warn(m, "who undoes what there is of the container died");
	if (!told && m->daemon_signal) {
		failx("mydocker-aufs, which served the container's root, was "
		      "killed by signal %d", m->daemon_signal);
		warn(m, failure.text);
	}
}

void
life_reap(struct monitor *m)
{
	int status;
	pid_t pid;
	/* Process 1 is not known before its starter has spoken: it waits. */
	while (m->phase != PHASE_STARTING &&
	       (pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == m->pid) {
			ended(m, status);
		} else if (pid == m->check.pid) {
			check_take(m, status);
		} else if (pid == m->names.helper) {
			names_watch_take(m, status);
		} else if (pid == m->relay.helper) {
			relay_watch_take(m, status);
		} else if (pid == m->helper) {
			m->helper = 0;
			m->is_moving = true;
			if (m->undoing >= 0)
				undone(m, status);
		} else if (pid == m->daemon) {
			m->daemon = 0;
			m->daemon_signal =
				WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		}
	}
}

/* ---- between ----------------------------------------------------------- */

/* Is all read, in the log, and with the clients, what we say ourselves at
 * last? */
static bool
is_all_said(struct monitor *m)
{
	if (!stream_is_done(&m->streams[0]) || !stream_is_done(&m->streams[1]))
		return false;
	if (!m->warnings)
		return true;
	stream_say(m, &m->streams[1], m->warnings);
	free_scoped(&m->warnings);
	return stream_is_done(&m->streams[1]);
}

/* One look at the phase. */
static void
look(struct monitor *m, int64_t now)
{
	if (m->phase == PHASE_ENDING && !m->helper && is_all_said(m)) {
		m->phase = PHASE_WAITING;
		m->due = now + m->restart.wait_ms;
		if (m->will_restart && !m->restart.is_stopped)
			clients_tell_exit(m);
	}
	if (m->phase != PHASE_WAITING)
		return;
	if (m->will_restart && m->restart.is_stopped)
		note_stopped(m);
	if (!m->will_restart || m->restart.is_stopped)
		be_over(m);
	else if (now >= m->due)
		start_again(m);
}

int64_t
life_go_on(struct monitor *m)
{
	int64_t now = loop_now(), next = clients_expire(m, now);
	/* At the end there may be somebody who keeps a pipe open, and no
	 * event: so it is looked at again. */
	if (m->phase == PHASE_ENDING || m->log.stuck_since)
		m->is_moving = true;
	while (m->is_moving) {
		m->is_moving = false;
		clients_listen(m);
		for (size_t i = 0; i < countof(m->streams); i++)
			stream_pump(m, &m->streams[i]);
		life_reap(m);
	}
	next = loop_earlier(next, check_go_on(m, now));
	next = loop_earlier(next, names_watch_go_on(m, now));
	next = loop_earlier(next, relay_watch_go_on(m, now));
	look(m, now);
	if (m->log.stuck_since)
		next = loop_earlier(next, now + LOG_RETRY);
	if (m->phase == PHASE_WAITING)
		next = loop_earlier(next, m->due);
	if (next == 0)
		return -1;
	return next > now ? next - now : 0;
}
