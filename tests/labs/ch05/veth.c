/* veth.c NEAR FAR WHERE MAC - a pair; its far end here ("here") or in another
 * network namespace ("there"), with this MAC ("-": none). */
#include "netlink.h"

#include "look.h"

int
main(int argc, char **argv)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	must(argc == 5);
	become_privileged(CLONE_NEWNET);
	int there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	must(there >= 0 && unshare(CLONE_NEWNET) == 0);
	must(netlink_open(&nl) == 0);
	bool is_there = strcmp(argv[3], "there") == 0;
	uint8_t mac[6] = { 0 };
	bool has_mac = sscanf(argv[4], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx",
			      &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
			      &mac[5]) == 6;
	struct netlink_veth veth = { .name = argv[1], .peer_name = argv[2],
				     .peer_netns = is_there ? there : -1,
				     .peer_mac = has_mac ? mac : NULL };
	forget_failure();
	int result = netlink_create_veth(&nl, &veth);
	stop("made", "%s", RESULT(result));
	stop("near", "%s", LOOK(argv[1]));
	stop("far-here", "%s", LOOK(argv[2]));
	must(setns(there, CLONE_NEWNET) == 0);
	stop("far-there", "%s", LOOK(argv[2]));
	return 0;
}
