/* ns_same.c DEVICE INODE DEVICE INODE - the same namespace? */
#include "ns.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	must(argc == 5);
	struct ns_id a = { strtoul(argv[1], NULL, 10),
			   strtoul(argv[2], NULL, 10) };
	struct ns_id b = { strtoul(argv[3], NULL, 10),
			   strtoul(argv[4], NULL, 10) };
	stop("asked", "same=%d", ns_same(a, b));
	return 0;
}
