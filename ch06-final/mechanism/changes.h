/*
 * changes.h - what was changed in a union, as `docker diff` says it.
 *
 *	auto_changes struct changes changes = { 0 };
 *	if (changes_read(&stack, marks_of_overlay(), &changes) < 0)
 *		return -1;
 *	for (size_t i = 0; i < changes.count; i++)
 *		printf("%c %s\n", changes.list[i].kind, changes.list[i].path);
 *
 * Whatever differs from the layers is in the upper directory: only that is
 * walked.  It does not say whether a file is new or was there before, so each
 * of its names is looked up in the layers, where the directory it is in can
 * still have something there.  A directory of theirs is listed in one case
 * only: when it is hidden by an opaque one, and all it showed is deleted.
 */
#ifndef CHANGES_H
#define CHANGES_H

#include "marks.h"
#include "overlay.h"

struct change {
	char kind;  /* 'A' added, 'C' changed, 'D' deleted */
	char *path; /* "/etc/hosts": from the root of the union */
};

struct changes {
	struct change *list; /* a directory before what is in it, by name */
	size_t count;
	size_t lookups, listings; /* that the layers were asked */
};

/*
 * Of `stack` the layers and the upper are used; neither need be mounted, and
 * there may be no layers at all.  All are written with `marks`.
 *
 * A file that was copied up is changed, and so is a directory that the upper
 * has, be it only for what is in it; the root is not told.  Of a tree that was
 * deleted the top is told.  A directory that was renamed by redirect_dir=on,
 * so that what it holds is somewhere else, is a failure.
 */
int changes_read(const struct overlay *stack, enum marks marks,
		 struct changes *changes);
void changes_free(struct changes *changes);
#define auto_changes __attribute__((cleanup(changes_free), unused))

#endif
