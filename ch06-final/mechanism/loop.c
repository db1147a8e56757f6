/* loop.c - mechanism.  See loop.h. */
#include "loop.h"

#include <limits.h>
#include <time.h>

int
loop_watch(int epoll, struct source *source, uint32_t events)
{
	if (source->fd < 0 || events == source->events)
		return 0;
	/* Of what is watched for nothing the end would be told all the
	 * same, again and again. */
	struct epoll_event event = { events, { .ptr = source } };
	int how = events == 0 ? EPOLL_CTL_DEL :
		  source->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (epoll_ctl(epoll, how, source->fd, &event) < 0)
		return fail("watch a descriptor");
	source->events = events;
	return 0;
}

void
loop_close(int epoll, struct source *source)
{
	loop_watch(epoll, source, 0);
	close_scoped(&source->fd);
}

void
loop_once(int epoll, int64_t timeout_ms)
{
	struct epoll_event event;
	if (timeout_ms > INT_MAX)
		timeout_ms = INT_MAX;
	if (epoll_wait(epoll, &event, 1, timeout_ms) != 1)
		return;
	struct source *source = event.data.ptr;
	source->ready(source, event.events);
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

int64_t
loop_longer(int64_t wait_ms, int64_t first)
{
	int64_t longer = wait_ms ? wait_ms * 2 : first;
	return longer < LOOP_LONGEST ? longer : LOOP_LONGEST;
}
