/*
 * place.h - child: a place in the container's root, and what is mounted on it.
 *
 *	struct place place = PLACE_NONE;
 *	if (place_open(&place, root, "/dev/shm", PLACE_DIRECTORY) == 0)
 *		mount = place_new(&place, "tmpfs", "shm", flags, data);
 *	place_close(&place);
 *
 * The same care as in rootfs.h: a target is looked up inside the root, mounted
 * on by descriptor, and looked up once more.  But with six system calls a mount
 * in place of fifteen, for mount(2) takes all the options of a file system at
 * once.  That what the path leads to afterwards is the mount just made is seen
 * from its number: since Linux 6.8 no number is given twice, and later ones are
 * higher.  Before, and where the words of the kernel are wanted because it said
 * EINVAL, the longer way is taken (mountfd.h).
 */
#ifndef PLACE_H
#define PLACE_H

#include "base.h"

/* Before the first: what has been mounted until now is not ours.  (What came
 * along below the root itself, by a recursive bind, is told from the first
 * mount on.)  And after mounts that were made in another way: `name` is the
 * last one, in the directory `dir`; "" is that itself. */
void place_begin(int dir, const char *name);

enum place_kind {
	PLACE_DIRECTORY, /* made when it is missing */
	PLACE_FILE,	 /* the same */
	PLACE_PLAIN,	 /* a directory, and nothing that links to one: for
			    /proc and /sys (CVE-2019-19921) */
	PLACE_THERE,	 /* whatever it is; ENOENT when it is not */
};

struct place {
	int root;
	const char *path; /* in the root; the caller's */
	int fd;		  /* what is there, O_PATH */
	bool made;	  /* it was not there before */
};
#define PLACE_NONE                                                            \
	{                                                                     \
		.fd = -1                                                      \
	}

int place_open(struct place *place, int root, const char *path,
	       enum place_kind kind);
void place_close(struct place *place);
#define auto_place __attribute__((cleanup(place_close), unused))

/*
 * A new file system there, by mount(2): `flags` and `data` are as for that.
 * Returns the mount; after a failure there is none.
 *
 * A mount on the root itself becomes the root, under the same descriptor.
 */
int place_new(const struct place *place, const char *type, const char *source,
	      unsigned long flags, const char *data);

/* What is mounted nowhere yet, there.  The same. */
int place_attach(const struct place *place, int mount);

/* A mount that is there already: does the path lead to it?  If not, it is gone
 * again. */
int place_check(const struct place *place, int mount);

/* What is there, once more on top of itself, with all below it: so that it can
 * have other flags.  Returns the mount. */
int place_again(const struct place *place);

/* Cover a file with `file`, a descriptor of another. */
int place_cover(const struct place *place, int file);

#endif
