/*
 * nsclone.h - parent and child: a child in the namespaces that a config.json
 * names: new ones, and those of others.
 *
 * A new pid or user namespace comes with the clone.  The others the child
 * makes for itself: the kernel takes most of a millisecond for that, and the
 * parent has other things to do.  Whoever enters another's, though, cannot
 * always come back: after setns(2) into a user namespace there is no right to.
 * So a process in between joins them, has the child as its sister
 * (CLONE_PARENT: it is ours), and is gone.
 *
 * See config-linux.md, "Namespaces", "User namespace mappings".
 */
#ifndef NSCLONE_H
#define NSCLONE_H

#include "oci_config.h"

/* Namespaces to be joined: descriptors, the user namespace first. */
struct nsclone_joins {
	int fds[NS_KINDS];
	uint64_t kinds[NS_KINDS]; /* CLONE_NEW* each */
	size_t count;
	/* With `pidfd` >= 0 instead: these kinds of that process. */
	int pidfd;
	uint64_t of_pidfd;
	/* Done by the process in between before it joins, or NULL. */
	int (*before)(void *data);
	void *data;
};
#define NSCLONE_NO_JOINS                                                      \
	{                                                                     \
		.pidfd = -1                                                   \
	}

/* Open those that have a path, and see that each is of its kind. */
int nsclone_open(struct nsclone_joins *joins, const struct oci_linux *config);
void nsclone_close(struct nsclone_joins *joins);

/* CLONE_NEW* of those that are to be new and can only be had by birth, or
 * belong to who was born in them: the pid and the user namespace. */
uint64_t nsclone_flags(const struct oci_linux *config);

/* Child: the other new ones.  But for the cgroup and the time namespace: the
 * root of the first is the cgroup it is in by then, and the offsets of the
 * other must be set before. */
int nsclone_unshare(const struct oci_linux *config);

/*
 * Like sys_clone(), from within the namespaces of `joins`; 0 in the child.
 * `cgroup` as there.
 */
pid_t nsclone(const struct nsclone_joins *joins, uint64_t flags, int cgroup,
	    int *pidfd);

/* The id maps of `pid`, a child in a new user namespace, as idmap_write() puts
 * them there; without any we are its root. */
int nsclone_map(pid_t pid, const struct oci_linux *config);

#endif
