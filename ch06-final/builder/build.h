/*
 * build.h - what all of one build has in common.
 */
#ifndef BUILD_H
#define BUILD_H

#include "build_context.h"
#include "build_options.h"
#include "build_state.h"
#include "dockerfile.h"
#include "scratch.h"
#include "store.h"
#include "told.h"

struct build {
	const char *root; /* of containers; the store is below it, too */
	struct build_options options;
	struct store store;
	struct scratch scratch; /* gone with the build, or when it is dead */
	int lock;		/* shared: no step of the cache is removed */
	struct build_context context;
	struct dockerfile file;
	char *platform;		/* "linux/amd64": of what is built */
	bool has_epoch;		/* SOURCE_DATE_EPOCH: no time is later */
	int64_t epoch;
	/* How far each stage has come; one whose `root` is NULL is not done. */
	struct build_state *done;
};

/* "arm/v7" of "linux/arm/v7". */
const char *build_architecture(const char *platform);

/* The time that a step is said to be from: "2024-05-01T12:00:00Z".  The
 * caller frees. */
char *build_now(const struct build *build);

/* A path within the scratch directory, absolute.  The caller frees. */
char *build_place(const struct build *build, const char *name);

/* The path of a new file there, with these bytes, which a container is to
 * have; it goes when the build is over.  The caller frees; NULL on failure. */
char *build_file(const struct build *build, const void *bytes, size_t length,
		 uid_t uid, gid_t gid, mode_t mode);

/* The image that a FROM or --from names, pulled when it is not there; how that
 * goes is told as `telling`'s. */
int build_find_image(struct build *build, const char *name,
		     const char *platform, struct telling *telling,
		     struct build_state *state);

#endif
