/*
 * tar.h - files that are there as a tar: of a container, whoever wrote them,
 * or of the host.  And the way back, into a place where there are files.
 *
 * Both go by descriptors: no link is followed on the way, but those that lead
 * to the place itself, and these end inside `root` (safepath.h).  Nothing but
 * plain files is opened, so no pipe and no device holds anybody up.
 */
#ifndef TAR_H
#define TAR_H

#include "chmod_words.h"
#include "entry.h"
#include "words.h"

/* Is a file to be in the tar?  A directory that is not may have some below it
 * that are. */
enum tar_choice { TAR_IN, TAR_OUT, TAR_BELOW };

struct tar_source {
	int root;	  /* a directory */
	const char *path; /* in it */
	const char *name; /* of the file in the tar; of a directory "." will
			     do, for what is in it */
	bool follow;	  /* `path`, where it is a link itself */
	bool one_mount;	  /* mount points are there, and empty */
	/* `path` is a layer with such marks, which become those of images. */
	bool is_layer;
	enum marks marks;
	struct words leave_out; /* paths in the tar, without "./" */
	/* Asked of everything below `path`, by its path from there on (NULL:
	 * all is in). */
	enum tar_choice (*choose)(void *data, const char *path, bool is_dir);
	void *data;
	/* What the tar says in place of the files: whose all is; how the mode
	 * of what is no link differs (NULL: not at all); no time but that of
	 * the last change, and none that is later
	 * (reproducible-builds.org). */
	bool has_owner, has_newest;
	uid_t uid;
	gid_t gid;
	const struct chmod_words *chmod;
	int64_t newest;
};

/* The kernel's own file systems are never gone into, and sockets left out. */
int tar_write(const struct tar_source *source, int output);

/* Its sha256, as if no file had a time: the same as long as names, contents,
 * modes, owners and attributes are. */
int tar_digest(const struct tar_source *source, char hex[65]);

/* From `input`, perhaps compressed.  A file takes the place of another; where
 * one of the two is a directory it is a failure.  `*bytes`: how long it was. */
int tar_read(const struct place *place, int input, uint64_t *bytes);

#endif
