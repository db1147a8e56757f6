/* logfile.c - parent.  See logfile.h. */
#include "logfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536

/* ---- the parts --------------------------------------------------------- */

/* Part 0 is the log, part 1 what it was before, and so on; -1: not there. */
static int
open_part(const struct logfile *log, unsigned int number)
{
	auto_free char *name = number ? text("%s.%u", log->name, number) :
					copy_text(log->name);
	return openat(log->dir, name, O_RDONLY | O_CLOEXEC);
}

static bool
is_same(int a, int b)
{
	struct stat x, y;
	return fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	       x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/*
 * All that is newer than the file `known` (-1: all there is), behind the parts
 * that we have.  While we look, a rotation may give what we have just opened
 * its next name.
 */
static void
open_newer(struct logfile *log, int known)
{
	int *found = NULL;
	size_t count = 0;
	for (unsigned int i = 0;; i++) {
		int fd = open_part(log, i);
		bool is_last = fd < 0 || (known >= 0 && is_same(fd, known));
		if (fd >= 0 && (is_last || (count > 0 &&
					    is_same(fd, found[count - 1])))) {
			close(fd);
		} else if (fd >= 0) {
			found = resize_bytes(found,
					     (count + 1) * sizeof(*found));
			found[count++] = fd;
		}
		if (is_last)
			break;
	}
	log->parts = resize_bytes(log->parts,
				  (log->count + count) * sizeof(*log->parts));
	while (count > 0)
		log->parts[log->count++] = found[--count];
	free(found);
}

/* ---- from the end ------------------------------------------------------ */

/* Does it end with an entry without its newline?  All end with their time,
 * which is in UTC, and within a string there is no bare quotation mark. */
static bool
ends_bare(int fd, off_t end)
{
	char last[3];
	return pread(fd, last, 3, end - 3) == 3 && memcmp(last, "Z\"}", 3) == 0;
}

/*
 * Put the part's position where its last `lines` lines begin; returns how many
 * there were, `lines` at most.
 */
static int64_t
seek_back(struct logfile *log, int fd, int64_t lines)
{
	off_t end = lseek(fd, 0, SEEK_END);
	int64_t newlines = ends_bare(fd, end);
	while (end > 0) {
		size_t length = end < BLOCK ? end : BLOCK;
		ssize_t got = pread(fd, log->buffer, length, end - length);
		if (got != (ssize_t)length)
			break;
		for (size_t i = length; i > 0; i--) {
			if (log->buffer[i - 1] != '\n')
				continue;
			/* One more ends the line before the first of ours. */
			if (newlines == lines) {
				lseek(fd, end - length + i, SEEK_SET);
				return lines;
			}
			newlines++;
		}
		end -= length;
	}
	lseek(fd, 0, SEEK_SET);
	return newlines;
}

static void
seek_tail(struct logfile *log, int64_t tail)
{
	log->current = log->count;
	while (log->current > 0 && tail > 0)
		tail -= seek_back(log, log->parts[--log->current], tail);
	/* With none wanted, what comes from now on still is. */
	if (tail == 0 && log->current == log->count && log->count > 0)
		lseek(log->parts[--log->current], 0, SEEK_END);
}

int
logfile_open(struct logfile *log, int dir, const char *id, int64_t tail)
{
	*log = (struct logfile){ .dir = dir, .size = 2 * BLOCK };
	log->name = text("%s-json.log", id);
	log->buffer = new_bytes(log->size);
	open_newer(log, -1);
	if (tail >= 0)
		seek_tail(log, tail);
	return 0;
}

void
logfile_close(struct logfile *log)
{
	for (size_t i = 0; i < log->count; i++)
		close_scoped(&log->parts[i]);
	free(log->parts);
	free(log->name);
	free(log->buffer);
	free(log->rest);
	*log = (struct logfile){ 0 };
}

/* ---- onwards ----------------------------------------------------------- */

/* A user has emptied the log, or its only file was begun anew. */
static void
notice_emptied(int fd)
{
	struct stat st;
	if (fstat(fd, &st) == 0 && st.st_size < lseek(fd, 0, SEEK_CUR))
		lseek(fd, 0, SEEK_SET);
}

/* More bytes of the current part: how many, 0 at its end. */
static ssize_t
read_more(struct logfile *log)
{
	int fd = log->parts[log->current];
	memmove(log->buffer, log->buffer + log->start, log->used);
	log->start = 0;
	if (log->used == log->size)
		log->buffer = resize_bytes(log->buffer, log->size *= 2);
	ssize_t got;
	do
		got = read(fd, log->buffer + log->used, log->size - log->used);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail("read the log");
	log->used += got;
	return got;
}

/* At the end of the current part: is there more, here or in a newer one? */
static int
advance(struct logfile *log)
{
	bool is_newest = log->current + 1 >= log->count;
	int fd = log->current < log->count ? log->parts[log->current] : -1;
	if (is_newest) {
		auto_close int now = open_part(log, 0);
		if (now < 0 || (fd >= 0 && is_same(fd, now))) {
			if (fd >= 0)
				notice_emptied(fd);
			return fd < 0 ? 0 : read_more(log);
		}
		open_newer(log, fd);
		if (fd < 0)
			return log->count > 0;
	}
	/* What was written between our last read and the rotation. */
	ssize_t got = read_more(log);
	if (got != 0)
		return got < 0 ? -1 : 1;
	close_scoped(&log->parts[log->current++]);
	log->used = log->start = 0;
	return 1;
}

/*
 * What is left at the end, when it is an entry that lacks nothing but its
 * newline: its writer was killed, or the disk was full.  An object has an end
 * of its own, so the text of such a one is whole; Docker's reader, which goes
 * by objects and not by lines, shows it as well.  What is none yet stays.
 */
static bool
take_rest(struct logfile *log, struct jsonlog_entry *entry)
{
	if (!log->used || log->buffer[log->start + log->used - 1] != '}')
		return false;
	free_scoped(&log->rest);
	log->rest = new_bytes(log->used);
	memcpy(log->rest, log->buffer + log->start, log->used);
	if (!jsonlog_decode(log->rest, log->used, entry))
		return false;
	log->start += log->used;
	log->used = 0;
	return true;
}

int
logfile_next(struct logfile *log, struct jsonlog_entry *entry)
{
	size_t seen = 0;
	for (;;) {
		char *line = log->buffer + log->start;
		char *newline = memchr(line + seen, '\n', log->used - seen);
		if (newline) {
			size_t length = newline - line;
			log->start += length + 1;
			log->used -= length + 1;
			seen = 0;
			if (jsonlog_decode(line, length, entry))
				return 1;
			continue;
		}
		seen = log->used;
		bool is_open = log->current < log->count;
		ssize_t got = is_open ? read_more(log) : 0;
		if (got == 0 && take_rest(log, entry))
			return 1;
		if (got == 0)
			got = advance(log);
		if (got <= 0)
			return got;
		if (seen > log->used)
			seen = 0;
	}
}
