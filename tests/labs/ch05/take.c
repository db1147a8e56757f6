/* take.c DIRECTORY NUMBER... - leases of 10.1.2.NUMBER, 0 being the lowest free
 * one; all are held until the end.  Nobody holds the directory's lock. */
#include "ipam.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	struct ipam_subnet subnet = { .network = 0x0a010200, .prefix = 24 };
	int leases = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(leases >= 0 && argc > 2);
	stop("begin", "pid=%d", getpid());
	for (int i = 2; i < argc; i++) {
		struct ipam_lease lease = IPAM_NO_LEASE;
		uint32_t number = atoi(argv[i]);
		forget_failure();
		int result = ipam_take(leases, &subnet,
				       number ? subnet.network + number : 0,
				       &lease);
		stop("taken", "pid=%d fd=%d number=%u %s", getpid(), lease.fd,
		     lease.address & 255, RESULT(result));
	}
	return 0;
}
