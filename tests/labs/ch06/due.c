/* due.c WHEN MOST STATUS:MS... - a container that ended so, each time; "stop":
 * the user has stopped it. */
#include "restart.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	struct restart restart = { 0 };
	must(argc > 2);
	restart.policy.when = atoi(argv[1]);
	restart.policy.most = atoi(argv[2]);
	for (int i = 3; i < argc; i++) {
		int status = 0;
		long long ran = 0;
		if (strcmp(argv[i], "stop") == 0)
			restart.is_stopped = true;
		else
			must(sscanf(argv[i], "%d:%lld", &status, &ran) == 2);
		bool due = restart_is_due(&restart, status, ran);
		stop("asked", "due=%d wait=%lld count=%u", due,
		     (long long)restart.wait_ms, restart.count);
	}
	return 0;
}
