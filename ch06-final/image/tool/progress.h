/*
 * progress.h - what a pull or a push shows of each layer while it goes on: in
 * a terminal a row for each, rewritten where it stands; otherwise a line for
 * whatever happened.  Any thread may say something.
 *
 *	3f57d9401f8d: Downloading [=======>              ]  12.3MB/45.1MB
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "base.h"

#include <pthread.h>

struct progress {
	bool is_quiet, is_terminal;
	pthread_mutex_t lock;
	char **names; /* one for each row */
	size_t rows;
	int64_t shown_ms; /* when a number was last shown */
};

void progress_open(struct progress *progress, bool is_quiet);
void progress_close(struct progress *progress);

/* A new row.  `name` is what it is about; its number comes back. */
size_t progress_row(struct progress *progress, const char *name,
		    const char *status);
/* Something happened to it. */
void progress_say(struct progress *progress, size_t row, const char *status);
/* So many bytes of it are done: shown in a terminal, ten times a second. */
void progress_count(struct progress *progress, size_t row, const char *what,
		    uint64_t done, uint64_t all);

/* A line of its own, in order with the rest. */
void progress_line(struct progress *progress, const char *fmt, ...)
	printf_like(2, 3);

#endif
