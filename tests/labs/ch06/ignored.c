/* ignored.c RULES PATH... - is each left out?  RULES has a rule a line. */
#include "ignorefile.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	auto_ignorefile struct ignorefile ignore = { 0 };
	must(argc > 2 && ignorefile_parse("rules", argv[1], strlen(argv[1]),
					  &ignore) == 0);
	for (int i = 2; i < argc; i++)
		stop("asked", "out=%d",
		     ignorefile_excludes(&ignore, argv[i]));
	return 0;
}
