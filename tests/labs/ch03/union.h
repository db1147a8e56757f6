/*
 * union.h - a union of directories, and one directory in it, for the drivers:
 * what is in which branch is known without asking the reader's code.
 */
#ifndef UNION_H
#define UNION_H

#include "aufs.h"
#include "aufs_remount.h"
#include "stop.h"

/* `options`: "br:PATH=rw:PATH=ro+wh...".  Nothing is mounted. */
static inline void
make_union(struct aufs *aufs, const char *options)
{
	aufs_init(aufs);
	must(aufs_set_options(aufs, options) == 0);
	must(remount_make_root(aufs) == 0);
}

/* The directory `path` of the union, "." for its root, in all branches that
 * have it. */
static inline struct node *
directory_of(const struct aufs *aufs, const char *path)
{
	struct node *dir = new_bytes(sizeof(*dir));
	*dir = (struct node){ .type = S_IFDIR };
	dir->layers = new_bytes(AUFS_BRANCHES_MAX * sizeof(*dir->layers));
	for (int i = 0; i < aufs->branch_count; i++) {
		struct branch *branch = aufs->branches[i];
		int fd = openat(branch->fd, path,
				O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			dir->layers[dir->layer_count++] =
				(struct layer){ branch, fd };
	}
	must(dir->layer_count > 0);
	return dir;
}

/* As result_of(), of what returns 0 or a negative errno value. */
static inline struct result_words
errno_of(int result)
{
	struct result_words words;
	snprintf(words.text, sizeof(words.text), "result=%d text=%s", result,
		 strerror(-result));
	return words;
}
#define ERRNO(result) errno_of(result).text

#endif
