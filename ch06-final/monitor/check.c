/* check.c - monitor.  See check.h. */
#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"
#include "monitor.h"
#include "note.h"

#define GRACE 2000 /* ms from one signal to the next for one that is cut off */

void
check_plan(struct monitor *m)
{
	int64_t now = loop_now();
	m->check.due = m->health.status == HEALTH_NONE ? 0 :
		       now + health_wait(&m->health, now - m->began);
}

/* What it says; beyond HEALTH_OUTPUT nobody wants to know. */
static void
on_output(struct source *source, uint32_t events)
{
	struct monitor *m = source->owner;
	struct check *check = &m->check;
	char rest[512];
	size_t room = HEALTH_OUTPUT - check->length;
	ssize_t got = read(source->fd,
			   room ? check->result.output + check->length : rest,
			   room ? room : sizeof(rest));
	if (got > 0 && room)
		check->length += got;
	if (got == 0 || (got < 0 && !(events & EPOLLIN)))
		loop_close(m->epoll, source);
}

static void
begin(struct monitor *m, int64_t now)
{
	struct check *check = &m->check;
	int output = -1;
	check->pid = helper_probe(m, &output);
	if (check->pid < 0) {
		close_scoped(&output);
		check->pid = 0;
		check_plan(m);
		return;
	}
	check->output = (struct source){
		.fd = output, .owner = m, .ready = on_output,
	};
	loop_watch(m->epoll, &check->output, EPOLLIN);
	check->result = (struct health_result){ 0 };
	check->result.output = new_bytes(HEALTH_OUTPUT + 1);
	check->length = 0;
	check->signals = 0;
	clock_gettime(CLOCK_REALTIME, &check->result.start);
	check->began = now;
	check->due = now + m->health.plan.timeout_ms;
}

/* By SIGTERM it ends what it runs in the container, too: the first is sent on,
 * the second kills that (`tied` of runtime.h). */
static void
cut_off(struct monitor *m, int64_t now)
{
	struct check *check = &m->check;
	kill(check->pid, check->signals++ < 2 ? SIGTERM : SIGKILL);
	check->result.exit_code = HEALTH_TIMED_OUT;
	check->due = now + GRACE;
}

int64_t
check_go_on(struct monitor *m, int64_t now)
{
	struct check *check = &m->check;
	if (m->phase != PHASE_RUNNING || !check->due)
		return 0;
	if (now >= check->due && check->pid)
		cut_off(m, now);
	else if (now >= check->due && note_is_paused(m))
		check_plan(m); /* nothing in there could answer */
	else if (now >= check->due)
		begin(m, now);
	return check->due;
}

void
check_take(struct monitor *m, int status)
{
	struct check *check = &m->check;
	struct health_result result = check->result;
	while (check->output.fd >= 0 && check->length < HEALTH_OUTPUT) {
		size_t before = check->length;
		on_output(&check->output, 0);
		if (check->length == before)
			break;
	}
	loop_close(m->epoll, &check->output);
	check->pid = 0;
	clock_gettime(CLOCK_REALTIME, &result.end);
	if (result.exit_code == HEALTH_TIMED_OUT) {
		free(result.output);
		result.output = text("Health check exceeded timeout (%gs)",
				     m->health.plan.timeout_ms / 1000.0);
	} else {
		result.exit_code = WIFSIGNALED(status) ?
					   128 + WTERMSIG(status) :
					   WEXITSTATUS(status);
		result.output = resize_bytes(result.output,
					     check->length + 1);
		result.output[check->length] = '\0';
	}
	note_health(m, health_take(&m->health, result,
				   check->began - m->began));
	check_plan(m);
}

void
check_end(struct monitor *m)
{
	struct check *check = &m->check;
	if (check->pid) {
		kill(check->pid, SIGKILL);
		check->pid = 0; /* it is buried with the strays */
		free_scoped(&check->result.output);
		loop_close(m->epoll, &check->output);
	}
	check->due = 0;
}
