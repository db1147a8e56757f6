/*
 * loop.h - what a program waits for: descriptors, by epoll(7), one event at a
 * time, so that whoever handles one may let go of any other.
 */
#ifndef LOOP_H
#define LOOP_H

#include <sys/epoll.h>

#include "base.h"

struct source {
	int fd;		 /* or -1 */
	uint32_t events; /* that are waited for now; 0: none, nor its end */
	void *owner;	 /* whose it is: for who is ready */
	void (*ready)(struct source *source, uint32_t events);
};

/* Wait for these events from now on; -1 when the kernel will not. */
int loop_watch(int epoll, struct source *source, uint32_t events);
/* Wait for none, and close it. */
void loop_close(int epoll, struct source *source);

/* Wait for one event, for so long at most (-1: for ever), and handle it. */
void loop_once(int epoll, int64_t timeout_ms);

/* Milliseconds on a clock that nobody sets. */
int64_t loop_now(void);
/* The earlier of two deadlines, where 0 is none. */
int64_t loop_earlier(int64_t a, int64_t b);
/* Until the next try: `first` after 0, then twice as long as before, at most a
 * minute. */
#define LOOP_LONGEST 60000
int64_t loop_longer(int64_t wait_ms, int64_t first);

#endif
