/* received.c WHAT - one end of a connection gets it; the other end is raw. */
#include <sys/socket.h>

#include "protocol.h"
#include "stop.h"

enum { HEAD = 8 };
static struct protocol_message message;
static char raw[2 * sizeof(struct protocol_message)];

static void
receive(int sock, int flags)
{
	errno = 0;
	memset(&message, 0, sizeof(message));
	ssize_t got = protocol_receive(sock, &message, flags);
	int code = errno;
	bool is_same = got >= 0 && got <= PROTOCOL_BYTES &&
		       memcmp(message.bytes, raw + HEAD, got) == 0;
	stop("received", "length=%zd code=%d type=%u number=%u same=%d", got,
	     got < 0 ? code : 0, message.type, message.number, is_same);
}

static void
put(int sock, size_t length)
{
	must(send(sock, raw, length, MSG_NOSIGNAL) == (ssize_t)length);
}

int
main(int argc, char **argv)
{
	static const uint32_t head[] = { PROTOCOL_EXITED, 137 };
	int ends[2];
	must(argc == 2 &&
	     socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	memset(raw, 'x', sizeof(raw));
	memcpy(raw, head, sizeof(head));
	const char *what = argv[1];
	size_t length = 0;
	if (strcmp(what, "waiting") == 0) {
		receive(ends[0], MSG_DONTWAIT);
	} else if (strcmp(what, "ended") == 0) {
		put(ends[1], HEAD);
		close(ends[1]);
		receive(ends[0], 0);
		receive(ends[0], 0);
	} else if (strcmp(what, "died") == 0) {
		put(ends[0], HEAD); /* which it does not read */
		put(ends[1], HEAD + 3);
		close(ends[1]);
		receive(ends[0], 0);
		receive(ends[0], 0);
	} else {
		must(sscanf(what, "%zu", &length) == 1);
		put(ends[1], length);
		receive(ends[0], 0);
	}
	return 0;
}
