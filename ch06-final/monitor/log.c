/* log.c - monitor.  See log.h. */
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop.h"

static int
open_file(struct log *log, int flags)
{
	/* O_APPEND: a user may empty a log that has become too large. */
	int fd = openat(log->dir, log->name,
			O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags,
			0640);
	if (fd < 0)
		return fail("open the log %s", log->name);
	struct stat st;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return fail("look at the log %s", log->name);
	}
	close_scoped(&log->fd);
	log->fd = fd;
	log->size = st.st_size;
	log->is_torn = false;
	return 0;
}

/* A monitor before us may have been killed within a line. */
static bool
ends_torn(const struct log *log)
{
	char last;
	auto_close int fd = openat(log->dir, log->name, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && log->size > 0 &&
	       pread(fd, &last, 1, log->size - 1) == 1 && last != '\n';
}

int
log_open(struct log *log, int dir, const char *id, uint64_t most_size,
	 unsigned int files)
{
	log->dir = dir;
	log->fd = -1;
	log->name = text("%s-json.log", id);
	log->most_size = most_size;
	log->files = files ? files : 1;
	if (open_file(log, 0) < 0)
		return -1;
	log->is_torn = ends_torn(log);
	return 0;
}

/* ---- writing ----------------------------------------------------------- */

/* Give up what is not written; a part of an entry may be.  A newline in front
 * ends no entry that is lost: it is there for one that is torn, or whole. */
static void
give_up(struct log *log)
{
	for (size_t i = 1; i < log->used; i++)
		log->lost += log->buffer[i] == '\n';
	log->size -= log->used;
	log->used = 0;
	log->is_giving_up = true;
	log->stuck_since = 0;
}

/* So much is in the file now. */
static void
note_written(struct log *log, size_t done)
{
	log->is_torn = log->buffer[done - 1] != '\n';
	memmove(log->buffer, log->buffer + done, log->used - done);
	log->used -= done;
	log->stuck_since = 0;
	/* What little a full disk takes now and then is no change. */
	if (log->is_giving_up && loop_now() - log->failed > LOG_PATIENCE)
		log->is_giving_up = false;
}

bool
log_flush(struct log *log)
{
	while (log->used > 0) {
		ssize_t done = write(log->fd, log->buffer, log->used);
		if (done > 0) {
			note_written(log, done);
			continue;
		}
		if (done < 0 && errno == EINTR)
			continue;
		log->error = done < 0 ? errno : EIO;
		log->failed = loop_now();
		if (!log->stuck_since)
			log->stuck_since = log->failed;
		if (!log->is_giving_up &&
		    log->failed - log->stuck_since < LOG_PATIENCE)
			return false;
		give_up(log);
	}
	return true;
}

/* ---- rotating ---------------------------------------------------------- */

/* .1 becomes .2, and so on; the oldest goes.  A file that is not there yet,
 * or a directory that has gone (--rm), is no reason to stop. */
static void
rotate(struct log *log)
{
	/* lab rotate: renameat(2) within log->dir, the oldest first; then
	 * open_file(), whose flags are added to its own.  With a log of one
	 * file there is nothing to rename, and it is emptied. */
	for (unsigned int i = log->files - 1; i >= 1; i--) {
		auto_free char *to = text("%s.%u", log->name, i);
		auto_free char *from = i == 1 ?
					       copy_text(log->name) :
					       text("%s.%u", log->name, i - 1);
		renameat(log->dir, from, log->dir, to);
	}
	/* If there can be no new one, the old one goes on. */
	if (open_file(log, log->files == 1 ? O_TRUNC : 0) < 0)
		log->error = failure.code;
	/* lab end: log->error = ENOSYS; */
}

bool
log_put(struct log *log, const char *stream, const char *piece, size_t length,
	bool is_last, const struct timespec *time)
{
	if (log->fd < 0)
		return true;
	bool is_due = log->most_size && log->size >= log->most_size;
	if ((is_due || log->used > LOG_ENOUGH) && !log_flush(log))
		return false;
	if (is_due)
		rotate(log);
	/* So that what is torn spoils no other line. */
	char *end = log->buffer + log->used;
	if (log->used == 0 && log->is_torn)
		*end++ = '\n';
	end += jsonlog_encode(end, stream, piece, length, is_last, time);
	log->size += end - (log->buffer + log->used);
	log->used = end - log->buffer;
	return true;
}
