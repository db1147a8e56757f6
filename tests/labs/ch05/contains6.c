/* contains6.c NETWORK PREFIX ADDRESS... - is each in that subnet? */
#include <arpa/inet.h>

#include "ipam.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	struct ipam_subnet6 subnet = { .prefix = atoi(argv[2]) };
	must(inet_pton(AF_INET6, argv[1], subnet.network) == 1);
	for (int i = 3; i < argc; i++) {
		uint8_t address[16];
		must(inet_pton(AF_INET6, argv[i], address) == 1);
		stop("asked", "inside=%d", ipam_contains6(&subnet, address));
	}
	return 0;
}
