/* dns_loop.c - the name server.  See dns_loop.h. */
#include "dns_loop.h"

#include <limits.h>
#include <time.h>

int
dns_loop_watch(int epoll, struct dns_source *source, uint32_t events)
{
	struct epoll_event event = { events, { .ptr = source } };
	if (source->fd < 0 || events == source->events)
		return 0;
	int how = events == 0 ? EPOLL_CTL_DEL :
		  source->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	if (epoll_ctl(epoll, how, source->fd, &event) < 0)
		return fail("watch a descriptor");
	source->events = events;
	return 0;
}

void
dns_loop_close(int epoll, struct dns_source *source)
{
	dns_loop_watch(epoll, source, 0);
	close_scoped(&source->fd);
	source->events = 0;
}

struct dns_source *
dns_loop_wait(int epoll, int64_t timeout_ms, uint32_t *events)
{
	struct epoll_event event;
	int timeout = timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
	if (epoll_wait(epoll, &event, 1, timeout) != 1)
		return NULL;
	*events = event.events;
	return event.data.ptr;
}

int64_t
dns_loop_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}
