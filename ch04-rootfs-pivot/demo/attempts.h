/*
 * attempts.h - the ways out of a root directory, each really tried.
 *
 * Every attempt runs in a process inside, and tells whether it has reached the
 * outside: read a file there, found the host's own root directory, or got hold
 * of a process.
 */
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#include "base.h"

#define ATTEMPTS_SECRET "outside\n"

/* What the prisoner knows of the outside. */
struct attempts_outside {
	const char *secret; /* the full path of a file that holds the secret */
	int kept;	    /* a descriptor of the outer "/", or -1 */
	pid_t outsider;	    /* a process out there */
	long word;	    /* which it holds at attempts_word */
	dev_t device;	    /* of the outer "/", and its top's inode */
	ino_t inode;
	const char *type; /* its file system */
	void *handle;	  /* struct file_handle of the secret, or NULL */
};

/* Zero in us, the word in the outsider, which sets it by this. */
extern volatile long attempts_word;

struct attempt {
	const char *name;
	/* 0: it got out; otherwise the errno that it met (1 to 133). */
	int (*try)(const struct attempts_outside *outside);
};

extern const struct attempt attempts[];
enum { ATTEMPTS = 7 };

/* The kernel's own name for the secret, for open_by_handle_at(2); NULL where
 * its file system gives none. */
void *attempts_take_handle(const char *path);

/* Give up every capability, and the ways of getting one. */
int attempts_drop_capabilities(void);

#endif
