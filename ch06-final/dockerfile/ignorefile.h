/*
 * ignorefile.h - .dockerignore: which files of a context are left out.  The
 * patterns of COPY --exclude are of the same kind.
 *
 *	struct ignorefile ignore;
 *	ignorefile_parse(".dockerignore", content, length, &ignore);
 *	if (ignorefile_excludes(&ignore, "src/main.o")) ...
 *	ignorefile_free(&ignore);
 */
#ifndef IGNOREFILE_H
#define IGNOREFILE_H

#include "base.h"
#include "pattern.h"

struct ignore_pattern {
	char *text;	 /* cleaned: no "./", no slash at either end */
	bool is_allowed; /* began with "!" */
	struct pattern compiled;
};

struct ignorefile {
	struct ignore_pattern *patterns;
	size_t count;
};

/* `name` is for messages, which begin with "NAME:LINE: ".  Whatever comes of
 * it, ignorefile_free() is due. */
int ignorefile_parse(const char *name, const char *content, size_t length,
		     struct ignorefile *ignore);
/* One more pattern, without a file. */
int ignorefile_add(struct ignorefile *ignore, const char *pattern);
void ignorefile_free(struct ignorefile *ignore); /* may be called twice */
#define auto_ignorefile __attribute__((cleanup(ignorefile_free)))

/*
 * Is this path, relative and clean ("a/b"), left out?  The last pattern that
 * matches it, or a directory above it, decides.
 */
bool ignorefile_excludes(const struct ignorefile *ignore, const char *path);
/* May something below this directory, itself left out, be in all the same?
 * Only then it need be read. */
bool ignorefile_may_allow_below(const struct ignorefile *ignore,
				const char *directory);

#endif
