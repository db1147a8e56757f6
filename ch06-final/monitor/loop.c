/* loop.c - monitor.  See loop.h. */
#include "loop.h"

#include <limits.h>
#include <time.h>

void
loop_watch(int epoll, struct source *source, uint32_t events)
{
	if (source->fd < 0 || events == source->events)
		return;
	/* Of what is watched for nothing the end would be told all the
	 * same, again and again. */
	struct epoll_event event = { events, { .ptr = source } };
	epoll_ctl(epoll,
		  events == 0 ? EPOLL_CTL_DEL :
		  source->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		  source->fd, &event);
	source->events = events;
}

void
loop_close(int epoll, struct source *source)
{
	loop_watch(epoll, source, 0);
	close_scoped(&source->fd);
}

void
loop_once(int epoll, struct monitor *m, int64_t timeout_ms)
{
	struct epoll_event event;
	if (timeout_ms > INT_MAX)
		timeout_ms = INT_MAX;
	if (epoll_wait(epoll, &event, 1, timeout_ms) != 1)
		return;
	struct source *source = event.data.ptr;
	source->ready(m, source, event.events);
}

int64_t
loop_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int64_t
loop_earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}
