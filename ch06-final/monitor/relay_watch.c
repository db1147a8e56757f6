/* relay_watch.c - monitor.  See relay_watch.h. */
#include "relay_watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "helper.h"
#include "monitor.h"

/* Milliseconds until there is another. */
#define FIRST_WAIT 50

static void
start(struct monitor *m)
{
	m->relay.due = 0;
	m->relay.began = loop_now();
	if ((m->relay.helper = helper_relay(m)) < 0)
		relay_watch_take(m, -1);
}

void
relay_watch_begin(struct monitor *m)
{
	m->relay.wait_ms = 0;
	start(m);
}

/* What it has of the ports is let go of before we go on. */
void
relay_watch_end(struct monitor *m)
{
	m->relay.due = 0;
	if (!m->relay.helper)
		return;
	kill(m->relay.helper, SIGKILL);
	while (waitpid(m->relay.helper, NULL, 0) < 0 && errno == EINTR)
		;
	m->relay.helper = 0;
}

int64_t
relay_watch_go_on(struct monitor *m, int64_t now)
{
	if (m->relay.due && now >= m->relay.due)
		start(m);
	return m->relay.due;
}

/* By itself it ends when there is nothing for it to do. */
void
relay_watch_take(struct monitor *m, int status)
{
	struct relay_watch *relay = &m->relay;
	bool has_lasted = loop_now() - relay->began > LOOP_LONGEST;
	relay->helper = 0;
	if (status == 0)
		return;
	relay->wait_ms = loop_longer(has_lasted ? 0 : relay->wait_ms,
				     FIRST_WAIT);
	relay->due = loop_now() + relay->wait_ms;
}
