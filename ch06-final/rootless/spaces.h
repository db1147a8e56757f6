/*
 * spaces.h - the three namespaces in which a user's containers are made: of
 * ids, mounts and network.
 *
 * They live as long as somebody is in them or has them open.  Which they are is
 * written down, by the kernel's numbers, so that whoever comes after a holder
 * that was killed finds those of the containers that still run.
 */
#ifndef SPACES_H
#define SPACES_H

#include "base.h"

enum { SPACE_USER, SPACE_MOUNT, SPACE_NETWORK, SPACES };

struct spaces {
	int fds[SPACES];
	unsigned long long numbers[SPACES]; /* of their inodes */
};
#define SPACES_NONE { .fds = { -1, -1, -1 } }

void spaces_close(struct spaces *spaces);

/*
 * Those of the user's that are in use, as the file "namespaces" in `dir` knows
 * them; or new ones, which it knows then.  Root inside is the user; the other
 * ids are those that /etc/subuid and /etc/subgid lend him.  Where they lend
 * none, or newuidmap(1) is not there, root is the only id, and why is in
 * the file "one-id".
 */
int spaces_open(struct spaces *spaces, int dir);

/* Whoever had them has gone: nobody shall look for them. */
void spaces_forget(int dir);

/* A descriptor of some process that is in this user namespace, other than
 * `but` and those of the caller's session; -1: there is nobody. */
int spaces_inhabitant(const struct spaces *spaces, pid_t but);

#endif
