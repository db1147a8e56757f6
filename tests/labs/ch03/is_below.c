/* is_below.c BRANCHES DIRECTORY ABOVE NAME - is the name in a branch below the
 * one with the number ABOVE, so that it would be seen? */
#include "aufs_union.h"
#include "union.h"

int
main(int argc, char **argv)
{
	struct aufs aufs;
	must(argc == 5);
	make_union(&aufs, argv[1]);
	struct node *dir = directory_of(&aufs, argv[2]);
	bool is_below = union_is_below(dir, argv[4],
				       aufs.branches[atoi(argv[3])]);
	stop("asked", "is_below=%d", is_below);
	return 0;
}
