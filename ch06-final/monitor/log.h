/*
 * log.h - the monitor's end of a container's log: entries in ID-json.log, and
 * when that has grown to max-size, .1, .2 ... of older ones, max-file in all.
 *
 * A disk that is full: what is not written yet is kept, and log_put() says
 * that there is no room; the container waits, as it does for any reader that is
 * slow.  But not for ever: after LOG_PATIENCE entries are given up, until the
 * disk takes them again for so long, and counted.
 */
#ifndef LOG_H
#define LOG_H

#include "jsonlog.h"

#define LOG_PATIENCE 10000 /* ms */
#define LOG_RETRY 200
#define LOG_ENOUGH 32768   /* is written at once */

struct log {
	int dir, fd;
	char *name; /* ID-json.log */
	uint64_t size, most_size; /* most_size 0: any */
	unsigned int files;
	size_t used;	  /* of the buffer, not written yet */
	bool is_torn;	  /* the file ends within an entry */
	int64_t stuck_since; /* 0: it is not */
	int64_t failed;	     /* when a write last did */
	bool is_giving_up;
	uint64_t lost; /* entries */
	int error;     /* errno of the last write that failed, or 0 */
	char buffer[LOG_ENOUGH + 1 + JSONLOG_MOST];
};

/* Open or make the log in the directory `dir`. */
int log_open(struct log *log, int dir, const char *id, uint64_t most_size,
	     unsigned int files);

/* One entry (jsonlog.h); false: there is no room, try again later.  Into a log
 * that is not open (fd -1) everything goes and nothing comes. */
bool log_put(struct log *log, const char *stream, const char *piece,
	     size_t length, bool is_last, const struct timespec *time);

/* Write what there is.  True when all of it is written, or given up. */
bool log_flush(struct log *log);

#endif
