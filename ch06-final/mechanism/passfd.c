/* passfd.c - see passfd.h. */
#include "passfd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(PASSFD_MOST * sizeof(int))];
};

ssize_t
passfd_send(int sock, const void *bytes, size_t length, const int *fds,
	    size_t count, int flags)
{
	union control control;
	struct iovec part = { (void *)bytes, length };
	struct msghdr envelope = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;
	if (count > 0) {
		envelope.msg_control = &control;
		envelope.msg_controllen = CMSG_SPACE(count * sizeof(int));
		memset(&control, 0, envelope.msg_controllen);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&envelope);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
	}
	do
		sent = sendmsg(sock, &envelope, MSG_NOSIGNAL | flags);
	while (sent < 0 && errno == EINTR);
	return sent;
}

ssize_t
passfd_receive(int sock, void *bytes, size_t length, int *fds, size_t *count,
	       int flags)
{
	union control control;
	struct iovec part = { bytes, length };
	struct msghdr envelope = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		/* No room for more: they would be nobody's. */
		.msg_controllen = CMSG_LEN(*count * sizeof(int)),
	};
	ssize_t got;
	do
		got = recvmsg(sock, &envelope, MSG_CMSG_CLOEXEC | flags);
	while (got < 0 && errno == EINTR);
	*count = 0;
	struct cmsghdr *rights = got < 0 ? NULL : CMSG_FIRSTHDR(&envelope);
	if (rights && rights->cmsg_type == SCM_RIGHTS) {
		*count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(rights), *count * sizeof(int));
	}
	return got;
}
