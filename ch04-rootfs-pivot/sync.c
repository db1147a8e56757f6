/* sync.c - see sync.h. */
#include "sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct message {
	uint32_t type;
	struct failure failure; /* with SYNC_FAILURE */
};

static const char *
type_name(uint32_t type)
{
	static const char *const names[] = {
		[SYNC_FAILURE] = "failure", [SYNC_MAPPED] = "mapped",
		[SYNC_READY] = "ready",	    [SYNC_GO] = "go",
		[SYNC_EXEC] = "exec",	    [SYNC_FD] = "descriptor",
	};
	return type < countof(names) && names[type] ? names[type] : "nonsense";
}

int
sync_pair(int *parent_end, int *child_end)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail("make a socket pair for parent and child");
	*parent_end = ends[0];
	*child_end = ends[1];
	return 0;
}

/* MSG_NOSIGNAL: a dead peer is an error to report, not a SIGPIPE. */
static int
send_message(int sock, const struct message *message, int fd)
{
	struct iovec part = { (void *)message, sizeof(*message) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr envelope = { .msg_iov = &part, .msg_iovlen = 1 };
	if (fd >= 0) {
		envelope.msg_control = &control;
		envelope.msg_controllen = sizeof(control);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	}
	ssize_t sent;
	do
		sent = sendmsg(sock, &envelope, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return fail("send \"%s\" to the other side",
			    type_name(message->type));
	return 0;
}

int
sync_send(int sock, enum sync_type type)
{
	struct message message = { .type = type };
	return send_message(sock, &message, -1);
}

int
sync_send_fd(int sock, int fd)
{
	struct message message = { .type = SYNC_FD };
	return send_message(sock, &message, fd);
}

int
sync_send_failure(int sock)
{
	struct message message = { .type = SYNC_FAILURE, .failure = failure };
	return send_message(sock, &message, -1);
}

static int
receive(int sock, int flags, struct message *message, int *fd,
	const char *who)
{
	struct iovec part = { message, sizeof(*message) };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr envelope = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		/* Room for one descriptor: a second one would not be ours. */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t got;
	do
		got = recvmsg(sock, &envelope,
			      MSG_CMSG_CLOEXEC | MSG_TRUNC | flags);
	while (got < 0 && errno == EINTR);
	/* A peer that died with our message unread resets the connection. */
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return failx("%s died without a word", who);
	if (got < 0)
		return fail("wait for %s", who);

	*fd = -1;
	struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
	if (rights && rights->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(rights), sizeof(int));
	if (got != sizeof(*message)) {
		close_scoped(fd);
		return failx("%s sent %zd bytes, not a message", who, got);
	}
	return 0;
}

/* The other side's failure becomes ours. */
static int
adopt(const struct message *message)
{
	failure = message->failure;
	failure.text[sizeof(failure.text) - 1] = '\0';
	return -1;
}

/* One message of `type`, and the descriptor it may carry. */
static int
expect(int sock, enum sync_type type, int *fd, const char *who)
{
	/* lab expect: receive() gets one message, and fails when `who` died.
	 * Then four things can have come: what was due; what was due, but with
	 * a descriptor that was not (or without one that was); the other
	 * side's failure, which adopt() makes ours; anything else.  On every
	 * way but the first a descriptor that came is closed. */
	struct message message;
	if (receive(sock, 0, &message, fd, who) < 0)
		return wrap("wait for \"%s\"", type_name(type));
	if (message.type == type && (*fd >= 0) == (type == SYNC_FD))
		return 0;
	close_scoped(fd);
	if (message.type == SYNC_FAILURE)
		return adopt(&message);
	return failx("%s said \"%s\" where \"%s\" was due", who,
		     type_name(message.type), type_name(type));
	/* lab end: *fd = -1;
	 * return failx("expect \"%s\" of %s (%d): not written yet",
	 *	type_name(type), who, sock); */
}

int
sync_expect(int sock, enum sync_type type, const char *who)
{
	auto_close int none = -1;
	return expect(sock, type, &none, who);
}

int
sync_expect_fd(int sock, const char *who)
{
	int fd = -1;
	return expect(sock, SYNC_FD, &fd, who) < 0 ? -1 : fd;
}

bool
sync_take_failure(int sock)
{
	struct failure ours = failure;
	struct message message;
	auto_close int none = -1;
	while (receive(sock, MSG_DONTWAIT, &message, &none, "?") == 0) {
		close_scoped(&none);
		if (message.type == SYNC_FAILURE) {
			adopt(&message);
			return true;
		}
	}
	failure = ours;
	return false;
}

int
sync_expect_exec(int sock, const char *who)
{
	struct message message;
	auto_close int none = -1;
	if (sync_expect(sock, SYNC_EXEC, who) < 0)
		return -1;
	if (receive(sock, 0, &message, &none, who) < 0)
		return 0;
	if (message.type == SYNC_FAILURE)
		return adopt(&message);
	return failx("%s said \"%s\" after \"exec\"", who,
		     type_name(message.type));
}
