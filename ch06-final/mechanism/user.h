/*
 * user.h - who the payload runs as: "1000", "www-data", "daemon:adm", "0:0".
 *
 * Names mean what the container's own /etc/passwd and /etc/group say.  The
 * host's name services are not asked: they would load libraries, and inside
 * the container's root those would be the container's.
 */
#ifndef USER_H
#define USER_H

#include "base.h"

#define USER_GROUPS_MAX 64

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_GROUPS_MAX]; /* supplementary */
	size_t group_count;
	char *home;
};

/*
 * Resolve `spec` ("" is root) against etc/passwd and etc/group below `root`.
 * A number needs no entry there.  The caller frees `home`.
 */
int user_resolve(int root, const char *spec, struct user *user);

/* One supplementary group more, by name or number. */
int user_add_group(int root, const char *word, struct user *user);

#endif
