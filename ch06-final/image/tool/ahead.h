/*
 * ahead.h - a stream that is read ahead, by a thread of its own.
 *
 *	file -> plain -> digest | ahead -> recipe -> tar
 *
 * What stands left of the line reads, decompresses and adds up the next blocks
 * while what stands right of it writes files: two processors work at one
 * layer, and the disk has something to do from the beginning.
 *
 *	ahead_stream_open(&ahead, &digest.stream);
 *	... stream_next(&ahead.stream, &block) ...
 *	ahead_stream_close(&ahead);
 *
 * Between open and close all below belongs to the thread.  It keeps the order:
 * a failure there is told after the blocks that came before it.  And it may be
 * stopped at any time by closing, which waits for the block that it is at; so
 * nothing below should be a pipe that nobody writes into.
 */
#ifndef AHEAD_H
#define AHEAD_H

#include "stream.h"

#include <pthread.h>

/* So many blocks may wait to be taken. */
#define AHEAD_BLOCKS 8

struct ahead_block {
	char *bytes;
	size_t size, room;
};

struct ahead_stream {
	struct stream stream;
	struct stream *from;
	bool is_open;
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	struct ahead_block blocks[AHEAD_BLOCKS]; /* a ring */
	size_t put, taken; /* how many blocks, since the beginning */
	bool is_lent;	   /* the next to be taken is with the reader */
	bool at_end;	   /* none will be put any more: */
	ssize_t result;	   /* 0, or -1 for this reason: */
	struct failure failure;
	bool is_cancelled; /* the reader wants no more */
};

/* After a failure there is nothing to close, but it may be done. */
int ahead_stream_open(struct ahead_stream *ahead, struct stream *from);
/* May be called twice, and leaves `failure` alone. */
void ahead_stream_close(struct ahead_stream *ahead);

#endif
