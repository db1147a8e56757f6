/* swept.c ROOT TIMES - what the next command does with a store first. */
#include "scratch.h"
#include "shelves.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	struct store store;
	must(argc == 3 && shelves_open(&store, argv[1], STORAGE_OVERLAY) == 0);
	for (int i = 0; i < atoi(argv[2]); i++) {
		forget_failure();
		stop("swept", "%s", RESULT(scratch_sweep(&store)));
	}
	shelves_close(&store);
	return 0;
}
