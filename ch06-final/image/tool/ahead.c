/* ahead.c - see ahead.h.  Runs in mydocker-image. */
#include "ahead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the thread -------------------------------------------------------- */

/* A place for the next block; NULL when none is wanted any more.  It is the
 * thread's until it was put. */
static struct ahead_block *
wait_for_room(struct ahead_stream *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	while (ahead->put - ahead->taken == AHEAD_BLOCKS &&
	       !ahead->is_cancelled)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	bool go_on = !ahead->is_cancelled;
	pthread_mutex_unlock(&ahead->lock);
	return go_on ? &ahead->blocks[ahead->put % AHEAD_BLOCKS] : NULL;
}

static void
fill(struct ahead_block *block, const void *bytes, size_t size)
{
	if (block->room < size) {
		free(block->bytes);
		block->bytes = new_bytes(size);
		block->room = size;
	}
	memcpy(block->bytes, bytes, size);
	block->size = size;
}

/* One more is there, or with `result` 0 or -1 the end. */
static void
tell(struct ahead_stream *ahead, ssize_t result)
{
	pthread_mutex_lock(&ahead->lock);
	if (result > 0) {
		ahead->put++;
	} else {
		ahead->at_end = true;
		ahead->result = result;
		ahead->failure = failure;
	}
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
}

static void *
work(void *data)
{
	struct ahead_stream *ahead = data;
	struct ahead_block *block;
	const void *bytes;
	ssize_t size = 1;
	while (size > 0 && (block = wait_for_room(ahead))) {
		size = stream_next(ahead->from, &bytes);
		if (size > 0)
			fill(block, bytes, size);
		tell(ahead, size);
	}
	return NULL;
}

/* ---- the reader -------------------------------------------------------- */

/* What was lent is given back, and the next one lent. */
static ssize_t
ahead_next(struct stream *stream, const void **bytes)
{
	struct ahead_stream *ahead = (struct ahead_stream *)stream;
	ssize_t size;
	pthread_mutex_lock(&ahead->lock);
	ahead->taken += ahead->is_lent;
	ahead->is_lent = false;
	pthread_cond_signal(&ahead->changed);
	while (ahead->taken == ahead->put && !ahead->at_end)
		pthread_cond_wait(&ahead->changed, &ahead->lock);
	if (ahead->taken < ahead->put) {
		const struct ahead_block *block =
			&ahead->blocks[ahead->taken % AHEAD_BLOCKS];
		ahead->is_lent = true;
		*bytes = block->bytes;
		size = block->size;
	} else {
		size = ahead->result;
		if (size < 0)
			failure = ahead->failure;
	}
	pthread_mutex_unlock(&ahead->lock);
	return size;
}

/* ---- begin and end ----------------------------------------------------- */

int
ahead_stream_open(struct ahead_stream *ahead, struct stream *from)
{
	*ahead = (struct ahead_stream){
		.stream = { ahead_next, NULL },
		.from = from,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	errno = pthread_create(&ahead->thread, NULL, work, ahead);
	if (errno != 0)
		return fail("start a thread");
	ahead->is_open = true;
	return 0;
}

void
ahead_stream_close(struct ahead_stream *ahead)
{
	if (!ahead->is_open)
		return;
	pthread_mutex_lock(&ahead->lock);
	ahead->is_cancelled = true;
	pthread_cond_signal(&ahead->changed);
	pthread_mutex_unlock(&ahead->lock);
	pthread_join(ahead->thread, NULL);
	for (size_t i = 0; i < AHEAD_BLOCKS; i++)
		free(take_ptr(&ahead->blocks[i].bytes));
	ahead->is_open = false;
}
