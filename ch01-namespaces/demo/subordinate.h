/* subordinate.h - the second half of experiment `user`: a range of ids. */
#ifndef SUBORDINATE_H
#define SUBORDINATE_H

#include <sys/types.h>

/* Who root is when it plays the ordinary user: nobody's uid, nobody's gid. */
#define ORDINARY_USER 61234

/* uid_map, gid_map and setgroups of a process, as the kernel reports them. */
void show_id_maps(pid_t pid);

/*
 * A child with more ids than one.  Root lends them to it; anybody else must
 * have them from /etc/subuid, and what lacks is told.  0 or -1.
 */
int subordinate_ids(void);

#endif
