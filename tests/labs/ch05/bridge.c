/* bridge.c NAME MAC... - a bridge of this name for each MAC, "-" for none, in a
 * network of our own; the second is one too many. */
#include "netlink.h"

#include "look.h"

int
main(int argc, char **argv)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	become_privileged(CLONE_NEWNET);
	must(netlink_open(&nl) == 0);
	for (int i = 2; i < argc; i++) {
		unsigned int m[6];
		uint8_t mac[6];
		bool has_mac = sscanf(argv[i], "%x:%x:%x:%x:%x:%x", &m[0],
				      &m[1], &m[2], &m[3], &m[4], &m[5]) == 6;
		for (int k = 0; has_mac && k < 6; k++)
			mac[k] = m[k];
		forget_failure();
		int result = netlink_create_bridge(&nl, argv[1],
						   has_mac ? mac : NULL);
		stop("made", "%s %s", LOOK(argv[1]), RESULT(result));
	}
	return 0;
}
