/* reply.c HEX... - each is a datagram that came in answer to request 7. */
#include "netlink.h"

#include "stop.h"

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		static unsigned char bytes[4096] __attribute__((aligned(8)));
		size_t length = strlen(argv[i]) / 2;
		unsigned int byte;
		bool stale = false;
		must(length <= sizeof(bytes));
		/* What lies behind the datagram must not be believed. */
		memset(bytes, 'z', sizeof(bytes));
		for (size_t k = 0; k < length; k++) {
			must(sscanf(argv[i] + 2 * k, "%2x", &byte) == 1);
			bytes[k] = byte;
		}
		forget_failure();
		int result = netlink_read_reply(bytes, length, 7, 0, NULL,
						NULL, &stale);
		stop("read", "%s", RESULT(result));
	}
	return 0;
}
