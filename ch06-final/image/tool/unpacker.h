/*
 * unpacker.h - unpacks layers in a thread of its own, one after the other,
 * while the next ones are still on their way.
 */
#ifndef UNPACKER_H
#define UNPACKER_H

#include "download.h"
#include "stage.h"

struct unpacker {
	struct stage *stage; /* the thread's, until the end */
	struct progress *progress;
	const struct blob *blobs;
	const char **diffs; /* the digits that each must have */
	size_t count;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool *is_ready;	  /* one for each blob */
	bool is_cancelled, has_failed;
	struct failure failure;
};

int unpacker_begin(struct unpacker *unpacker, struct stage *stage,
		   struct progress *progress, const struct blob *blobs,
		   const char **diffs, size_t count);
/* For download.h; `data` is the unpacker. */
void unpacker_ready(void *data, size_t which);
bool unpacker_is_well(void *data);
/* Wait for the rest, or unless `is_complete` do no more.  Its failure takes
 * the place of the one that there is. */
int unpacker_end(struct unpacker *unpacker, bool is_complete);

#endif
