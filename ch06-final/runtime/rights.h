/*
 * rights.h - child: users, groups and capabilities, by the system calls
 * themselves.  (libcap is not in the runtime: it is linked statically, and
 * these are few.)
 *
 * Sets are those of oci_process.h: bit n is capability n of capabilities(7).
 * The order of the calls matters, and is in process.c.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

#include "oci_process.h"

/* A set of one, by linux/capability.h's number. */
#define RIGHT(cap) (UINT64_C(1) << (cap))

/* What we have: our permitted set. */
int rights_permitted(uint64_t *permitted);

/* All but these leave the bounding set, for good.  (CAP_SETPCAP) */
int rights_bound(uint64_t bounding);

/* capset(2). */
int rights_set(uint64_t permitted, uint64_t effective, uint64_t inheritable);

/* The ambient set; each must be permitted and inheritable. */
int rights_set_ambient(uint64_t ambient);

/*
 * Groups, gid and uid, real, effective and saved; the permitted set is kept.
 * In a user namespace that denies setgroups(2), asking for additional groups
 * is a failure; otherwise those that we came with cannot be left there.
 */
int rights_become(const struct oci_user *user);

#endif
