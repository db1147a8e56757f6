/*
 * ns.h - namespaces: what kinds there are, which one a process is in, and how
 * to get into new ones.
 *
 * See namespaces(7), and the page of each kind named in the table.
 */
#ifndef NS_H
#define NS_H

#include "base.h"

struct ns_kind {
	const char *name;     /* as the OCI specification calls it: "mount" */
	const char *file;     /* in /proc/PID/ns: "mnt" */
	uint64_t flag;	      /* for clone3, unshare and setns */
	const char *isolates; /* in a few words */
	const char *since;    /* the first kernel with it, complete */
	const char *page;     /* its manual page */
};

#define NS_KINDS 8
extern const struct ns_kind ns_kinds[NS_KINDS];

/* The CLONE_NEW* flags of all kinds that this kernel has, CLONE_NEWUSER among
 * them: a kind is there when /proc/self/ns has its file. */
uint64_t ns_supported(void);

/* Two processes share a namespace when both numbers are equal: the device and
 * inode of the file behind /proc/PID/ns/FILE (stat(2), namespaces(7)). */
struct ns_id {
	dev_t device;
	ino_t inode;
};
int ns_id(pid_t pid, const struct ns_kind *kind, struct ns_id *id);
bool ns_same(struct ns_id a, struct ns_id b);

/*
 * Have the privileges of root here.  Does nothing for root; anybody else is
 * put in a new user namespace in which they are uid 0 and gid 0
 * (user_namespaces(7)).  Where the machine forbids that, the failure names the
 * switch that does and how to turn it.  The caller must be single-threaded.
 */
int ns_become_root(void);

/*
 * fail() for a call that was refused in a user namespace or when making one:
 * errno is then the machine's policy, not the caller's fault.
 */
int ns_fail_userns(const char *what);

/*
 * A mount namespace of our own from which nothing spreads: what is mounted
 * here is not seen outside, even where systemd made / shared.  The cure for
 * the EINVAL of pivot_root, too (mount_namespaces(7)).
 */
int ns_own_mounts(void);

/*
 * Write the id maps of `pid`, a child in a new user namespace, so that `uid`
 * and `gid` outside are 0 inside.  setgroups(2) is turned off first, as
 * user_namespaces(7) wants it from a writer without privilege.
 */
int ns_map_root(pid_t pid, uid_t uid, gid_t gid);

/*
 * Enter the namespace of `kind` behind `fd` for as long as `call(data)` runs,
 * then come back.  Used to open a socket inside another network namespace:
 * it stays there.  Returns what `call` returned, or -1.
 */
int ns_within(int fd, const struct ns_kind *kind, int (*call)(void *),
	      void *data);

#endif
