/* read_stall.c DIR... - reads memory.pressure in each, as of a cgroup of v2. */
#include "cgroup_stat.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct cgroup cg = { .name = argv[i], .count = 1 };
		struct cgroup_pressure got;
		cg.dirs[0].in.version = 2;
		cg.dirs[0].fd = open(argv[i], O_RDONLY | O_DIRECTORY);
		must(cg.dirs[0].fd >= 0);
		forget_failure();
		int result = cgroup_read_pressure(&cg, "memory", &got);
		stop("read", "some=%.4f some_us=%lu full=%.4f full_us=%lu %s",
		     got.some_percent, (unsigned long)got.some_us,
		     got.full_percent, (unsigned long)got.full_us,
		     RESULT(result));
	}
	return 0;
}
