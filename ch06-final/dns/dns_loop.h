/*
 * dns_loop.h - what the name server waits for: descriptors, by epoll(7), one
 * event at a time, so that whoever handles one may let go of any other.
 */
#ifndef DNS_LOOP_H
#define DNS_LOOP_H

#include <sys/epoll.h>

#include "base.h"

struct dns_source {
	int fd; /* or -1 */
	uint32_t events; /* that are waited for now */
	void *owner; /* whose it is */
	void (*ready)(void *owner, uint32_t events);
};

/* Wait for these events from now on; -1 when the kernel will not. */
int dns_loop_watch(int epoll, struct dns_source *source, uint32_t events);
/* Wait for none, and close it. */
void dns_loop_close(int epoll, struct dns_source *source);
/* Wait for one event, so long at most (-1: for ever): NULL when none came. */
struct dns_source *dns_loop_wait(int epoll, int64_t timeout_ms,
				 uint32_t *events);

/* Milliseconds on a clock that nobody sets. */
int64_t dns_loop_now(void);

#endif
