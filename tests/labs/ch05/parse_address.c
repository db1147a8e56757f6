/* parse_address.c TEXT... - what becomes of each. */
#include "ipam.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		uint32_t address = 77;
		forget_failure();
		int result = ipam_parse_address(argv[i], &address);
		stop("parsed", "address=%u %s", address, RESULT(result));
	}
	return 0;
}
