/*
 * caps.h - capabilities: root's privileges, cut to what a container needs.
 *
 * See capabilities(7).
 */
#ifndef CAPS_H
#define CAPS_H

#include "base.h"

/*
 * Keep Docker's default set and nothing else, in every set a later execve can
 * draw on: dropped from the bounding set, so that no set-uid program brings
 * them back.  CAP_MKNOD, which Docker grants, is left out too: there it is the
 * device cgroup that keeps a node of the host's disk from being opened.
 *
 * Call before changing the user; caps_become() does that.
 */
int caps_limit(void);

/*
 * Become `uid`, `gid` with the `count` supplementary `groups`.  Root keeps the
 * capabilities of caps_limit(); anybody else has none after this.
 */
int caps_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count);

#endif
