/*
 * logfile.h - read a container's log, as it is or as it grows: ID-json.log and
 * the older parts that a rotation left, ID-json.log.1 and on.
 *
 *	struct logfile log;
 *	if (logfile_open(&log, dir, id, 10) < 0)
 *		...
 *	while ((got = logfile_next(&log, &entry)) > 0)
 *		...
 *	logfile_close(&log);
 *
 * Memory for a line is all it takes, however large the log is: the last lines
 * are found from its end.  What is no entry, such as a line that a full disk
 * has torn, is passed over; one at the end that lacks its newline alone is one.
 */
#ifndef LOGFILE_H
#define LOGFILE_H

#include "jsonlog.h"

struct logfile {
	int dir;
	char *name;
	int *parts; /* descriptors, the oldest first */
	size_t count, current;
	char *buffer;
	size_t size, start, used;
	char *rest; /* of an entry without its newline: a copy, decoded */
};

/* Begin with the last `tail` entries; -1: with the first.  Where there is no
 * log there are no entries.  `dir` remains the caller's, and open. */
int logfile_open(struct logfile *log, int dir, const char *id, int64_t tail);

/* 1: the next, until the next call; 0: there is none yet; -1: failure. */
int logfile_next(struct logfile *log, struct jsonlog_entry *entry);

void logfile_close(struct logfile *log);

#endif
