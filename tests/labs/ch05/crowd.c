/* crowd.c DIRECTORY COUNT - so many leases in one go, all of them held. */
#include "ipam.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	struct ipam_subnet subnet = { .network = 0x0a010200, .prefix = 24 };
	int leases = open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(leases >= 0 && argc == 3);
	stop("begin", "pid=%d", getpid());
	auto_free char *numbers = copy_text("");
	int result = 0;
	forget_failure();
	for (int i = 0; i < atoi(argv[2]) && result == 0; i++) {
		struct ipam_lease lease = IPAM_NO_LEASE;
		result = ipam_take(leases, &subnet, 0, &lease);
		auto_free char *before = take_ptr(&numbers);
		numbers = text("%s%u,", before, lease.address & 255);
	}
	stop("taken", "numbers=%s %s", numbers, RESULT(result));
	return 0;
}
