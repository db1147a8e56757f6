/* held.c - parent.  See held.h. */
#include "held.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "passfd.h"
#include "protocol.h"

int
held_open(const int *fds, size_t count)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail("make a socket to hold descriptors");
	auto_close int in = ends[0], held = ends[1];
	while (count > 0) {
		size_t now = count < PASSFD_MOST ? count :
							   PASSFD_MOST;
		if (passfd_send(in, "", 1, fds, now, MSG_DONTWAIT) < 0)
			return fail("hold %zu descriptors", count);
		fds += now;
		count -= now;
	}
	return take_fd(&held);
}

/* ---- of a monitor ------------------------------------------------------- */

void
held_free(struct held *held)
{
	for (size_t i = 0; i < held->count; i++)
		close_scoped(&held->fds[i]);
	free(held->fds);
	*held = (struct held){ 0 };
}

void
held_add(struct held *held, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return;
	held->fds = resize_bytes(held->fds,
				 (held->count + 1) * sizeof(*held->fds));
	held->fds[held->count++] = copy;
}

int
held_look(int queue, struct held *held)
{
	int fds[PASSFD_MOST], from_here = 0, nowhere = -1;
	size_t count = PASSFD_MOST;
	char byte;
	/* Each look goes on behind the one before it: socket(7). */
	if (setsockopt(queue, SOL_SOCKET, SO_PEEK_OFF, &from_here,
		       sizeof(int)) < 0)
		return fail("look at the descriptors that are held");
	while (passfd_receive(queue, &byte, 1, fds, &count,
			      MSG_PEEK | MSG_DONTWAIT) > 0) {
		held->fds = resize_bytes(held->fds, (held->count + count + 1) *
							    sizeof(*fds));
		memcpy(held->fds + held->count, fds, count * sizeof(*fds));
		held->count += count;
		count = PASSFD_MOST;
	}
	setsockopt(queue, SOL_SOCKET, SO_PEEK_OFF, &nowhere, sizeof(int));
	return 0;
}

int
held_take(int dir, struct held *held)
{
	struct protocol_message message;
	auto_close int queue = -1;
	auto_close int sock = protocol_connect(dir);
	if (sock < 0)
		return -1;
	if (protocol_send(sock, PROTOCOL_HELD, 0, NULL, 0, 0) < 0 ||
	    protocol_receive_fd(sock, &message, 0, &queue) < 0 ||
	    message.type != PROTOCOL_DONE)
		return failx("the container's monitor does not say what it "
			     "holds");
	return queue < 0 ? 0 : held_look(queue, held);
}

int
held_give(int dir, const struct held *held)
{
	struct protocol_message message;
	auto_close int queue = held_open(held->fds, held->count);
	auto_close int sock = queue < 0 ? -1 : protocol_connect(dir);
	if (sock < 0)
		return -1;
	if (protocol_send_fd(sock, PROTOCOL_HOLD, queue) < 0 ||
	    protocol_receive(sock, &message, 0) < 0 ||
	    message.type != PROTOCOL_DONE)
		return failx("the container's monitor does not hold what it "
			     "is given");
	return 0;
}
