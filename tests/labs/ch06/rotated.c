/* rotated.c DIR FILES LINES - a log of so many files, each full with one line;
 * it stops after each. */
#include "log.h"
#include "stop.h"

static struct log lines;

int
main(int argc, char **argv)
{
	must(argc == 4);
	auto_close int dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(dir >= 0 && log_open(&lines, dir, "x", 1, atoi(argv[2])) == 0);
	for (int i = 1; i <= atoi(argv[3]); i++) {
		const struct timespec now = { .tv_sec = i };
		auto_free char *piece = text("line %d", i);
		bool put = log_put(&lines, "stdout", piece, strlen(piece), true,
				   &now) && log_flush(&lines);
		stop("put", "put=%d error=%d", put, lines.error);
	}
	return 0;
}
