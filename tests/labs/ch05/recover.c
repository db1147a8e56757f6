/* recover.c DIRECTORY UNDO - recover its leases; UNDO is "good", "bad" or
 * "none". */
#include "ipam.h"
#include "stop.h"

static int
undo(uint32_t address, const char *note, void *data)
{
	bool *good = data;
	(void)address; /* parsed by the reader's code: another exercise */
	stop("undone", "length=%zu text=%.200s", strlen(note), note);
	return *good ? 0 : failx("cannot undo");
}

int
main(int argc, char **argv)
{
	int leases = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(leases >= 0 && argc == 3);
	bool good = strcmp(argv[2], "bad") != 0;
	size_t living = 77;
	forget_failure();
	int result = ipam_recover(leases,
				  strcmp(argv[2], "none") ? undo : NULL, &good,
				  &living);
	stop("recovered", "pid=%d living=%zu %s", getpid(), living,
	     RESULT(result));
	return 0;
}
