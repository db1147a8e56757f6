/*
 * idmap.h - which ids there are in a user namespace: whole ranges of them.
 *
 *	struct id_map uids = { 0 }, gids = { 0 };
 *	if (idmap_add(&uids, 0, geteuid(), 1) < 0 ||
 *	    idmap_add(&gids, 0, getegid(), 1) < 0 ||
 *	    idmap_add_subordinate(&uids, "/etc/subuid", name, uid) < 0 ||
 *	    idmap_add_subordinate(&gids, "/etc/subgid", name, uid) < 0 ||
 *	    idmap_write(child, &uids, &gids) < 0)
 *		return -1;
 *
 * A map is checked while it is made, in words: the kernel has only EINVAL for
 * all that can be wrong with one.  See user_namespaces(7), "User and group ID
 * mappings", and subuid(5).
 */
#ifndef IDMAP_H
#define IDMAP_H

#include "base.h"

/* `count` ids: `inside` is `outside`, inside + 1 is outside + 1, ... */
struct id_range {
	uint32_t inside, outside, count;
};

/* The kernel takes this many lines in a map (five before Linux 4.15). */
#define ID_MAP_LINES 340

/* Zero-initialised, it maps nothing. */
struct id_map {
	size_t count;
	struct id_range ranges[ID_MAP_LINES];
};

/*
 * One more range.  Refuses what the kernel would: none at all, an end beyond
 * 4294967294 (the last uid; one more is "no uid"), an id mapped twice on
 * either side, a line too many.
 */
int idmap_add(struct id_map *map, uint32_t inside, uint32_t outside,
	      uint32_t count);

/*
 * All ranges that `file`, in the format of subuid(5), lends to a user; inside
 * they follow one another, after the highest id in the map.  Lines count that
 * begin with `name` (may be NULL) or with the number `uid`, in /etc/subgid as
 * well.  Malformed lines are nobody's, as for newuidmap(1); a range that goes
 * beyond the last id is refused.  A user without a range is a failure with the
 * code ENOENT, as is a file that is not there.
 *
 * Where ids come from NSS ("subid:" in nsswitch.conf) the file is empty, and
 * getsubids(1) prints lines that need one more field taken off.
 */
int idmap_add_subordinate(struct id_map *map, const char *file,
			  const char *name, uid_t uid);

/*
 * Write both maps of `pid`, a child in a new user namespace that has none yet,
 * that the caller has made and not waited for (so its number is its own).
 *
 * With CAP_SETUID and CAP_SETGID, by the files below /proc/PID.  Without, the
 * kernel lets us map one id, our own, with setgroups(2) turned off for the
 * child; every other map is written by newuidmap(1) and newgidmap(1), which
 * leave setgroups on.  What they complain of is our failure; where they are
 * not installed its code is ENOENT and its text names the package.
 */
int idmap_write(pid_t pid, const struct id_map *uids,
		const struct id_map *gids);

/* Has our own user namespace all ids, as the first one has? */
bool idmap_is_whole(void);

/*
 * In our own user namespace: is root the only id?  Then no file can be given to
 * anybody, and nobody can become anybody else.
 */
bool idmap_is_alone(void);

#endif
