/*
 * build_context.h - where a build has its Dockerfile and its files from: a
 * directory, a tar that comes through a pipe, or a Dockerfile alone.
 *
 * Nothing of the context is believed.  A path in it is looked up from its root
 * (safepath.h), so neither ".." nor a link leads out of it.
 */
#ifndef BUILD_CONTEXT_H
#define BUILD_CONTEXT_H

#include "base.h"
#include "ignorefile.h"

struct build_context {
	int root;	  /* a directory; an empty one when there is nothing */
	char *path;	  /* the same, absolute */
	char *dockerfile; /* its text */
	size_t length;
	char *name;	  /* what messages call it */
	struct ignorefile ignore;
};

/* What it is made of. */
struct build_context_wanted {
	const char *word; /* behind `build`: a directory, or "-" */
	const char *file; /* -f, or NULL */
	int scratch;	  /* a directory to put things into, and its path */
	const char *place;
};
int build_context_open(struct build_context *context,
		       const struct build_context_wanted *wanted);
void build_context_close(struct build_context *context);

/* Does it name a repository of git: "https://host/x.git#main", "git@host:x"? */
bool build_context_is_git(const char *word);

/* Is this an archive, by its first bytes: a tar, or something compressed? */
bool build_context_is_archive(const unsigned char *bytes, size_t size);

#endif
