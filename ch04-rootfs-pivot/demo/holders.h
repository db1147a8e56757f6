/*
 * holders.h - who keeps a mount from being unmounted: fuser(1), from /proc.
 */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "base.h"

struct holder {
	pid_t pid;
	char program[24];
	const char *how; /* "open file", "working directory", ... */
	char *what;	 /* the path, as /proc has it; owned */
};

struct holders {
	struct holder *list;
	size_t count;
};
#define auto_holders __attribute__((cleanup(holders_free)))

/*
 * Every process that has something of the file system on `device` open,
 * mapped, as its working or root directory or as its program, and every one
 * that sees it mounted from another mount namespace.  The file system itself
 * is not asked anything: it may be dead.  Processes that we may not look at
 * are passed over.
 */
int holders_find(dev_t device, struct holders *holders);
void holders_free(struct holders *holders);

/* Is there one of this kind, by this process? */
bool holders_has(const struct holders *holders, pid_t pid, const char *how);

#endif
