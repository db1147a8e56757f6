/*
 * rootless.h - all of this program for an ordinary user.
 *
 * Where root is needed a command enters the user's own namespaces first, in
 * which it is root: of ids, of mounts, of a network.  From there on it is the
 * same program, and what it makes is made with no right on the host but the
 * user's.  Nothing here is set-uid but newuidmap(1) and newgidmap(1), which
 * write the map of the ids that /etc/subuid lends.
 */
#ifndef ROOTLESS_H
#define ROOTLESS_H

#include "nat.h"
#include "words.h"

/* Called first: for an ordinary user MYDOCKER_ROOT is his own place, where it
 * is not set.  Makes nothing. */
int rootless_settle_root(void);

/*
 * Be root, in the namespaces of this user's holder, which is started when
 * there is none.  The working directory is kept.  Does nothing for root, and
 * for who is inside already.  One thread only: see setns(2).
 */
int rootless_enter(void);

/* Called before it, by whoever talks to a registry: the network is left to be
 * the host's, until rootless_enter_network(), which does nothing for who is in
 * it. */
void rootless_leave_out_network(void);
int rootless_enter_network(void);

/* Are we inside? */
bool rootless_is_inside(void);

/* Why root is the only id, in words; NULL: there are many.  The caller's. */
char *rootless_one_id(void);
/* Is there such a user?  In words, and not as EINVAL of setuid(2). */
int rootless_check_ids(uid_t uid, gid_t gid);

/* What cannot work for this user, and the cures, a line each; to be asked for
 * by who has called rootless_enter() himself. */
void rootless_warnings(struct words *warnings);

/* ---- inside, of the host ------------------------------------------------ */

/* Have a way out.  ENOENT: there is no program for it. */
int rootless_way_out(void);

/* Take `count` ports of the host for a container, before anything of it runs;
 * a host_port of 0 is filled in.  All or none. */
int rootless_publish(const char *id, struct nat_port *ports, size_t count);
/* Give them back.  No failure when there are none. */
int rootless_unpublish(const char *id);

#endif
