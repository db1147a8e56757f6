/* named.c REPOSITORY... - where each is asked for, and for what. */
#include "reference.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	must(argc > 1);
	for (int i = 1; i < argc; i++) {
		auto_free char *registry = NULL, *path = NULL;
		reference_split(argv[i], &registry, &path);
		stop("split", "registry=%s text=%s", registry, path);
	}
	return 0;
}
