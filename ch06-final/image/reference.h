/*
 * reference.h - the names of images, as Docker writes and reads them.
 *
 *	busybox                          busybox:latest
 *	docker.io/library/busybox:1.36   busybox:1.36
 *	localhost:5000/team/app          localhost:5000/team/app:latest
 *	app@sha256:9f86d0...             that very content, whatever its tag
 *
 * On the right is the form that is stored and shown ("familiar" in Docker's
 * words): docker.io and library/ are understood, a tag is always there.  The
 * grammar is that of github.com/distribution/reference.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "base.h"

struct reference {
	char *repository; /* "busybox", "localhost:5000/team/app" */
	char *tag;	  /* NULL when only a digest was given */
	char *digest;	  /* "sha256:...", or NULL */
};

/*
 * Take a name apart.  What Docker refuses is refused in Docker's words,
 * "invalid reference format" first of all.  reference_free() gives it back.
 */
int reference_parse(const char *string, struct reference *reference);
void reference_free(struct reference *reference);
#define auto_reference __attribute__((cleanup(reference_free)))

/* "repository:tag", or "repository@digest" when there is no tag.  The caller
 * frees. */
char *reference_name(const struct reference *reference);

/* The registry of a repository as it is stored: "docker.io", or what stands
 * before the first slash; and its path there, which begins with "library/" for
 * a short name of docker.io.  Both are the caller's to free. */
void reference_split(const char *repository, char **registry, char **path);

/* The whole of a stored name: "docker.io/library/busybox:latest".  The caller
 * frees. */
char *reference_full(const char *name);

/* "sha256:" and 64 hexadecimal digits in lower case, nothing else: the only
 * form in which the store writes a digest down. */
bool reference_is_digest(const char *string);
/* The 64 digits alone. */
bool reference_is_hex(const char *string);

#endif
