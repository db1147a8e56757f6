/*
 * find.c BRANCHES DIRECTORY ENDS FROM NAME - what the name in that directory of
 * the union leads to.  ENDS: nothing below its layers counts.  FROM: so many
 * of them are known not to have it.
 */
#include "aufs_union.h"
#include "union.h"

/* "0:17,2:18": the branches, and where we have them open. */
static char *
layers_of(const struct found *found)
{
	char *words = copy_text("");
	for (unsigned int i = 0; i < found->count; i++) {
		const struct layer *layer = &found->layers[i];
		char *longer = text("%s%s%d:%d", words, i ? "," : "",
				    layer->branch->index, layer->fd);
		free(words);
		words = longer;
	}
	return words;
}

int
main(int argc, char **argv)
{
	struct aufs aufs;
	struct found found = { 0 };
	must(argc == 6);
	make_union(&aufs, argv[1]);
	struct node *dir = directory_of(&aufs, argv[2]);
	dir->ends = *argv[3] == '1';
	stop("before", "pid=%d", getpid());
	int result = union_find(dir, argv[5],
				(struct hint){ atoi(argv[4]),
					       AUFS_BRANCHES_MAX },
				&found);
	auto_free char *layers = layers_of(&found);
	stop("found", "pid=%d layers=%s ends=%d inode=%lu %s", getpid(), layers,
	     found.ends, (unsigned long)found.st.st_ino, ERRNO(result));
	return 0;
}
