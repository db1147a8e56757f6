/*
 * copy_source.h - which files a COPY or ADD means: names and patterns, within
 * a context or the root of another stage, and what of them is left out.
 */
#ifndef COPY_SOURCE_H
#define COPY_SOURCE_H

#include "ignorefile.h"
#include "tool/tar.h"
#include "words.h"

/* Where they are. */
struct copy_place {
	int root;
	const struct ignorefile *ignore; /* of a context; or NULL */
	const struct ignorefile *excludes; /* --exclude; or NULL */
	bool is_context; /* owners are nobody's, for there they mean nothing */
	/* --parents: the directories before it come along, but for so many of
	 * them; and "**" is any number of directories. */
	bool keeps_parents;
	size_t pivot;
};

/* One of them. */
struct copy_source {
	const struct copy_place *place;
	char *path; /* in the root: "src/a.c"; "" is all of it */
	bool is_dir;
	struct tar_source tar; /* of a directory: what is in it */
};
void copy_source_free(struct copy_source *sources, size_t count);

/* Of "a/b/./c" --parents keeps "c": how many parts stand before the "/./". */
size_t copy_source_pivot(const char *pattern);
/* What is kept of a path; without --parents its last part. */
const char *copy_source_kept(const struct copy_place *place, const char *path);

/* "src/?.c": those that are there and not excluded, sorted; that none is there
 * is a failure in BuildKit's words. */
int copy_source_find(const struct copy_place *place, const char *pattern,
		     struct words *paths);

/* It is looked at, and made ready to be written or summed up. */
int copy_source_open(const struct copy_place *place, const char *path,
		     struct copy_source *source);

#endif
