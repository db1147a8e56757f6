/* rights.c - child.  See rights.h. */
#include "rights.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- capabilities -------------------------------------------------------- */

static struct __user_cap_header_struct
of_ourselves(void)
{
	return (struct __user_cap_header_struct){
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
}

/* One of the three sets, whose halves are `a` and `b`. */
static uint64_t
joined(uint32_t a, uint32_t b)
{
	return (uint64_t)b << 32 | a;
}

static int
get(struct __user_cap_data_struct half[2])
{
	struct __user_cap_header_struct who = of_ourselves();
	if (syscall(SYS_capget, &who, half) < 0)
		return fail("read our capabilities");
	return 0;
}

int
rights_permitted(uint64_t *permitted)
{
	struct __user_cap_data_struct half[2];
	if (get(half) < 0)
		return -1;
	*permitted = joined(half[0].permitted, half[1].permitted);
	return 0;
}

int
rights_bound(uint64_t bounding)
{
	for (unsigned int cap = 0; cap < 64; cap++) {
		if (bounding & RIGHT(cap) ||
		    trace(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0),
			  "prctl(PR_CAPBSET_DROP, %u)", cap) == 0)
			continue;
		/* The kernel knows no such capability, nor any after it. */
		if (errno == EINVAL)
			break;
		/* Without the right to: is it perhaps not in there? */
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) <= 0)
			continue;
		errno = EPERM;
		return fail("drop %s from the bounding set",
			    oci_word_name(oci_capability_names, cap) ?:
				    "a new capability");
	}
	return 0;
}

int
rights_set(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	struct __user_cap_header_struct who = of_ourselves();
	struct __user_cap_data_struct half[2];
	for (int i = 0; i < 2; i++)
		half[i] = (struct __user_cap_data_struct){
			.permitted = permitted >> 32 * i,
			.effective = effective >> 32 * i,
			.inheritable = inheritable >> 32 * i,
		};
	if (trace(syscall(SYS_capset, &who, half),
		  "capset({permitted=%#llx, effective=%#llx, "
		  "inheritable=%#llx})", (unsigned long long)permitted,
		  (unsigned long long)effective,
		  (unsigned long long)inheritable) < 0)
		return fail("set the capabilities");
	return 0;
}

int
rights_set_ambient(uint64_t ambient)
{
	/* EINVAL: a kernel before 4.3 has none. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    (errno != EINVAL || ambient))
		return fail("clear the ambient capabilities");
	for (unsigned int cap = 0; cap < 64; cap++)
		if (ambient & RIGHT(cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return fail("make %s ambient",
				    oci_word_name(oci_capability_names, cap) ?:
					    "a new capability");
	return 0;
}

/* ---- users and groups ---------------------------------------------------- */

/* Who has the capability and may not all the same is in a user namespace that
 * denies it: /proc/PID/setgroups, user_namespaces(7). */
static bool
are_groups_denied(void)
{
	struct __user_cap_data_struct half[2];
	return errno == EPERM && get(half) == 0 &&
	       joined(half[0].effective, half[1].effective) &
		       RIGHT(CAP_SETGID);
}

static const char *
why_not(void)
{
	return errno == EINVAL ? " (it is not mapped in this user namespace)" :
				 "";
}

static int
set_groups(const struct oci_ids *groups)
{
	if (trace(setgroups(groups->count, groups->ids), "setgroups(%zu)",
		  groups->count) == 0)
		return 0;
	if (!are_groups_denied())
		return fail("set the supplementary groups%s", why_not());
	if (groups->count > 0)
		return failx("additional groups are asked for, and this user "
			     "namespace denies them (/proc/PID/setgroups)");
	return 0;
}

int
rights_become(const struct oci_user *user)
{
	uid_t uid = user->uid;
	gid_t gid = user->gid;
	if (uid == (uid_t)-1 || gid == (gid_t)-1)
		return failx("become user %u, group %u: -1 means nobody", uid,
			     gid);
	/* Groups first: without root's rights they could not be set. */
	if (set_groups(&user->additional_gids) < 0)
		return -1;
	if (trace(setresgid(gid, gid, gid), "setresgid(%u)", gid) < 0)
		return fail("become group %u%s", gid, why_not());
	if (uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return fail("keep the capabilities of root");
	if (trace(setresuid(uid, uid, uid), "setresuid(%u)", uid) < 0)
		return fail("become user %u%s", uid, why_not());
	if (uid != 0 && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return fail("keep capabilities no longer");
	return 0;
}
