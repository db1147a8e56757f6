/* protocol.c - parent and monitor.  See protocol.h. */
#include "protocol.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "passfd.h"

#define HEAD offsetof(struct protocol_message, bytes)

int
protocol_send(int sock, enum protocol_type type, uint32_t number,
	      const void *bytes, size_t length, int flags)
{
	uint32_t head[] = { type, number };
	struct iovec parts[] = { { head, sizeof(head) },
				 { (void *)bytes, length } };
	struct msghdr envelope = { .msg_iov = parts, .msg_iovlen = 2 };
	while (sendmsg(sock, &envelope, flags | MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

int
protocol_send_fd(int sock, enum protocol_type type, int fd)
{
	uint32_t head[] = { type, 0 };
	return passfd_send(sock, head, sizeof(head), &fd, fd >= 0, 0) < 0 ? -1 :
									    0;
}

/* The next, of any length, and the descriptor that it may bring. */
static ssize_t
receive(int sock, struct protocol_message *message, int flags, int *fd)
{
	size_t room = 1;
	return passfd_receive(sock, message, sizeof(*message), fd, &room,
			      flags | MSG_TRUNC);
}

ssize_t
protocol_receive(int sock, struct protocol_message *message, int flags)
{
	auto_close int unwanted = -1;
	return protocol_receive_fd(sock, message, flags, &unwanted);
}

ssize_t
protocol_receive_fd(int sock, struct protocol_message *message, int flags,
		    int *fd)
{
	/* lab protocol_receive: receive() gets one message, and says how long
	 * it was, even where that is more than there was room for.  Three
	 * things are no message: less than HEAD bytes, more than there is room
	 * for (EPROTO both), and the end of the file (ECONNRESET).  And what a
	 * peer sent before it died is a message all the same. */
	ssize_t got = receive(sock, message, flags, fd);
	/* A peer that ended before it took what we sent says so first, once;
	 * what it had sent is there all the same. */
	if (got < 0 && errno == ECONNRESET)
		got = receive(sock, message, flags, fd);
	if (got < 0)
		return -1;
	if (got < (ssize_t)HEAD || got > (ssize_t)sizeof(*message)) {
		errno = got == 0 ? ECONNRESET : EPROTO;
		return -1;
	}
	return got - HEAD;
	/* lab end: (void)receive(sock, message, flags | MSG_DONTWAIT, fd);
	 * errno = ENOSYS;
	 * return -1; */
}

/* A path in sun_path has room for 108 bytes, and the user's may be longer:
 * it goes by way of the descriptor. */
static void
name_socket(int dir, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path),
		 "/proc/self/fd/%d/" PROTOCOL_SOCKET, dir);
}

int
protocol_connect(int dir)
{
	struct sockaddr_un address;
	name_socket(dir, &address);
	auto_close int sock =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0 ||
	    connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail("connect to the container's monitor");
	return take_fd(&sock);
}

int
protocol_listen(int dir)
{
	struct sockaddr_un address;
	name_socket(dir, &address);
	unlinkat(dir, PROTOCOL_SOCKET, 0);
	auto_close int sock = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0 ||
	    bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(dir, PROTOCOL_SOCKET, 0600, 0) < 0 ||
	    listen(sock, 64) < 0)
		return fail("listen at " PROTOCOL_SOCKET);
	return take_fd(&sock);
}
