/*
 * jsonlog.h - one line of a container's log, as Docker's json-file writes it:
 *
 *	{"log":"hello\n","stream":"stdout","time":"2026-01-02T03:04:05.6Z"}
 *
 * The bytes are those that Docker writes, so that whatever reads its logs
 * reads ours: < > & and control characters as \u003c, what is no UTF-8 as
 * \ufffd, the time in UTC with as many digits as it takes (RFC3339Nano).
 * A line of more than JSONLOG_PIECE bytes is written in pieces, of which only
 * the last ends in "\n".
 */
#ifndef JSONLOG_H
#define JSONLOG_H

#include <time.h>

#include "base.h"

#define JSONLOG_PIECE 16384
/* So much at most becomes of a piece: every byte \ufffd, and the rest. */
#define JSONLOG_MOST (6 * (JSONLOG_PIECE + 1) + 128)

/* Write one entry, with its newline, to `to`, which has room for JSONLOG_MOST
 * bytes; `piece` without its newline, which `is_last` adds.  Returns its
 * length. */
size_t jsonlog_encode(char *to, const char *stream, const char *piece,
		      size_t length, bool is_last, const struct timespec *time);

/* What is in one entry. */
struct jsonlog_entry {
	char *log; /* its bytes, in the memory of the line it was read from */
	size_t length;
	bool is_errors; /* its stream is stderr */
	struct timespec time;
	const char *attributes; /* the JSON object of "attrs", or NULL */
	size_t attributes_length;
};

/* Take apart one line of a log, which is overwritten.  False for what is none:
 * the rest of a line torn by a full disk, say. */
bool jsonlog_decode(char *line, size_t length, struct jsonlog_entry *entry);

/* RFC 3339, in UTC: with nine digits, or (`is_short`) as many as it takes. */
#define JSONLOG_TIME 36
void jsonlog_time(char to[JSONLOG_TIME], const struct timespec *time,
		  bool is_short);

#endif
