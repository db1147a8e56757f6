/* relay_watch.c - monitor.  See relay_watch.h. */
#include "relay_watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "helper.h"
#include "monitor.h"

/* So long, in milliseconds, until there is another. */
#define AGAIN 100

void
relay_watch_begin(struct monitor *m)
{
	m->relay.due = 0;
	m->relay.helper = helper_relay(m);
	if (m->relay.helper > 0)
		return;
	m->relay.helper = 0;
	m->relay.due = loop_now() + AGAIN;
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
		relay_watch_begin(m);
	return m->relay.due;
}

/* By itself it ends when there is nothing for it to do. */
void
relay_watch_take(struct monitor *m, int status)
{
	m->relay.helper = 0;
	if (WIFSIGNALED(status))
		m->relay.due = loop_now() + AGAIN;
}
