/* stream.c - monitor.  See stream.h. */
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "monitor.h"

/* One piece into the log; false when there is no room in it. */
static bool
put(struct monitor *m, struct stream *stream, const char *piece,
    size_t length, bool is_last)
{
	if (!stream->is_partial)
		clock_gettime(CLOCK_REALTIME, &stream->since);
	if (!log_put(&m->log, stream->name, piece, length, is_last,
		     &stream->since))
		return false;
	stream->is_partial = !is_last;
	return true;
}

/* As much of the buffer as makes entries; false when the log has no room. */
static bool
split(struct monitor *m, struct stream *stream, bool is_over)
{
	char *next = stream->buffer, *end = next + stream->used, *newline;
	bool room = true;
	while (room && (newline = memchr(next, '\n', end - next))) {
		room = put(m, stream, next, newline - next, true);
		if (room)
			next = newline + 1;
	}
	bool is_full = next == stream->buffer &&
		       stream->used == sizeof(stream->buffer);
	if (room && next < end && (is_over || is_full)) {
		room = put(m, stream, next, end - next, false);
		if (room)
			next = end;
	}
	stream->used = end - next;
	memmove(stream->buffer, next, stream->used);
	return log_flush(&m->log) && room;
}

static void
read_more(struct monitor *m, struct stream *stream)
{
	char *to = stream->buffer + stream->used;
	ssize_t got = read(stream->source.fd, to,
			   sizeof(stream->buffer) - stream->used);
	if (got > 0) {
		memcpy(stream->held, to, got);
		stream->held_length = got;
		stream->used += got;
		return;
	}
	/* Once process 1 has ended, so have all of its pid namespace; what
	 * others may still write is not the container's. */
	bool is_empty = got < 0 && (errno == EAGAIN || errno == EINTR);
	if (!is_empty || m->phase == PHASE_ENDING)
		loop_close(m->epoll, &stream->source);
}

void
stream_pump(struct monitor *m, struct stream *stream)
{
	bool is_open = stream->source.fd >= 0;
	bool has_room = split(m, stream, !is_open);
	if (is_open && has_room && !stream->held_length) {
		read_more(m, stream);
		/* First the log: what anybody has seen is there. */
		has_room = split(m, stream, stream->source.fd < 0);
		if (stream->held_length &&
		    clients_send(m, stream->type, stream->held,
				 stream->held_length) == 0)
			stream->held_length = 0;
	}
	bool may_read = has_room && !stream->held_length;
	loop_watch(m->epoll, &stream->source, may_read ? EPOLLIN : 0);
}

static void
on_ready(struct source *source, uint32_t events)
{
	struct monitor *m = source->owner;
	(void)events;
	stream_pump(m, (struct stream *)source);
}

void
stream_open(struct monitor *m, struct stream *stream, int fd)
{
	stream->source = (struct source){
		.fd = fd, .owner = m, .ready = on_ready,
	};
	stream->is_partial = false;
	if (fd < 0)
		return;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	loop_watch(m->epoll, &stream->source, EPOLLIN);
}

void
stream_say(struct monitor *m, struct stream *stream, const char *lines)
{
	size_t length = strnlen(lines, sizeof(stream->held));
	memcpy(stream->held, lines, length);
	if (clients_send(m, stream->type, stream->held, length) > 0)
		stream->held_length = length;
}

bool
stream_is_done(const struct stream *stream)
{
	return stream->source.fd < 0 && !stream->used && !stream->held_length;
}
