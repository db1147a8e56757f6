/* take_range.c LIST... - what becomes of each. */
#include "cpulist.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		forget_failure();
		auto_free char *list = cpulist_normalize(argv[i]);
		stop("list", "result=%d text=%s", list ? 0 : -1,
		     list ? list : failure.text);
	}
	return 0;
}
