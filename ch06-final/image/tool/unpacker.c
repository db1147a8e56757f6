/* unpacker.c - see unpacker.h.  Runs in mydocker-image. */
#include "unpacker.h"

#include "layer.h"
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
unpack(struct unpacker *unpacker, size_t i)
{
	const struct blob *blob = &unpacker->blobs[i];
	const char *diff = unpacker->diffs[i];
	struct layer layer = { 0 };
	struct file_stream file;
	int result;
	do {
		layer.is_raw = layer.has_replaced;
		file_stream_open(&file, blob->fd, "a layer", 0);
		result = layer_stage(unpacker->stage, &file.stream, diff,
				     &layer);
		file_stream_close(&file);
	} while (result == 0 && layer.has_replaced && !layer.is_raw);
	if (result < 0)
		return wrap("failed to register layer %.12s",
			    blob->digest + strlen("sha256:"));
	if (stage_keep_layer(unpacker->stage, diff, layer.size) < 0)
		return -1;
	progress_say(unpacker->progress, blob->row, "Pull complete");
	return 0;
}

/* Is the next one there?  False when there is no more to do. */
static bool
wait_for(struct unpacker *unpacker, size_t i)
{
	pthread_mutex_lock(&unpacker->lock);
	while (!unpacker->is_ready[i] && !unpacker->is_cancelled)
		pthread_cond_wait(&unpacker->changed, &unpacker->lock);
	bool go_on = !unpacker->is_cancelled;
	pthread_mutex_unlock(&unpacker->lock);
	return go_on;
}

static void *
work(void *data)
{
	struct unpacker *unpacker = data;
	for (size_t i = 0; i < unpacker->count; i++) {
		if (!wait_for(unpacker, i))
			return NULL;
		if (unpack(unpacker, i) == 0)
			continue;
		pthread_mutex_lock(&unpacker->lock);
		unpacker->has_failed = true;
		unpacker->failure = failure;
		pthread_mutex_unlock(&unpacker->lock);
		return NULL;
	}
	return NULL;
}

int
unpacker_begin(struct unpacker *unpacker, struct stage *stage,
	       struct progress *progress, const struct blob *blobs,
	       const char **diffs, size_t count)
{
	*unpacker = (struct unpacker){
		.stage = stage, .progress = progress, .blobs = blobs,
		.diffs = diffs, .count = count,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
		.is_ready = new_bytes(count * sizeof(bool)),
	};
	errno = pthread_create(&unpacker->thread, NULL, work, unpacker);
	if (errno == 0)
		return 0;
	free(unpacker->is_ready);
	return fail("start a thread");
}

void
unpacker_ready(void *data, size_t which)
{
	struct unpacker *unpacker = data;
	pthread_mutex_lock(&unpacker->lock);
	unpacker->is_ready[which] = true;
	pthread_cond_signal(&unpacker->changed);
	pthread_mutex_unlock(&unpacker->lock);
}

bool
unpacker_is_well(void *data)
{
	struct unpacker *unpacker = data;
	pthread_mutex_lock(&unpacker->lock);
	bool is_well = !unpacker->has_failed;
	pthread_mutex_unlock(&unpacker->lock);
	return is_well;
}

int
unpacker_end(struct unpacker *unpacker, bool is_complete)
{
	pthread_mutex_lock(&unpacker->lock);
	unpacker->is_cancelled = !is_complete;
	pthread_cond_signal(&unpacker->changed);
	pthread_mutex_unlock(&unpacker->lock);
	pthread_join(unpacker->thread, NULL);
	free(unpacker->is_ready);
	if (!unpacker->has_failed)
		return 0;
	failure = unpacker->failure;
	return -1;
}
