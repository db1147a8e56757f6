/* input.c - monitor.  See input.h. */
#include "input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"

/* Write what it takes; the end of the container's interest is no error. */
static void
drain(struct monitor *m)
{
	struct input *input = &m->input;
	while (input->used) {
		ssize_t done = write(input->sink.fd,
				     input->bytes + input->start, input->used);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN) {
			loop_watch(m->epoll, &input->sink, EPOLLOUT);
			return;
		}
		if (done < 0) {
			input->used = 0;
			loop_close(m->epoll, &input->sink);
			break;
		}
		input->start += done;
		input->used -= done;
	}
	loop_watch(m->epoll, &input->sink, 0);
	if (input->is_ending)
		loop_close(m->epoll, &input->sink);
}

static void
on_ready(struct source *source, uint32_t events)
{
	struct monitor *m = source->owner;
	(void)events;
	drain(m);
	if (!m->input.used)
		m->is_moving = true; /* those who were kept waiting may go on */
}

void
input_open(struct monitor *m, int fd)
{
	m->input.sink = (struct source){
		.fd = fd, .owner = m, .ready = on_ready,
	};
	m->input.used = 0;
	m->input.is_ending = false;
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool
input_is_busy(const struct monitor *m)
{
	return m->input.used > 0;
}

void
input_put(struct monitor *m, const char *bytes, size_t length)
{
	struct input *input = &m->input;
	if (input->sink.fd < 0 || input->is_ending)
		return;
	memcpy(input->bytes, bytes, length);
	input->start = 0;
	input->used = length;
	drain(m);
}

void
input_end(struct monitor *m)
{
	if (!m->plan.input_once || m->plan.terminal || m->input.sink.fd < 0)
		return;
	m->input.is_ending = true;
	drain(m);
}

void
input_close(struct monitor *m)
{
	loop_close(m->epoll, &m->input.sink);
	m->input.used = 0;
	m->is_moving = true;
}
