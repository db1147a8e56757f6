/* caps.c - child.  See caps.h. */
#include "caps.h"

#include <errno.h>
#include <grp.h>
#include <sys/capability.h>
#include <unistd.h>

static const cap_value_t kept[] = {
	CAP_AUDIT_WRITE, CAP_CHOWN,   CAP_DAC_OVERRIDE, CAP_FOWNER,
	CAP_FSETID,	 CAP_KILL,    CAP_NET_BIND_SERVICE, CAP_NET_RAW,
	CAP_SETFCAP,	 CAP_SETGID,  CAP_SETPCAP,	CAP_SETUID,
	CAP_SYS_CHROOT,
};

static bool
is_kept(cap_value_t cap)
{
	for (size_t i = 0; i < countof(kept); i++)
		if (kept[i] == cap)
			return true;
	return false;
}

int
caps_limit(void)
{
	/* The kernel may know capabilities that this libcap has no name for:
	 * go on until it says that there is no such one. */
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++)
		if (!is_kept(cap) && cap_drop_bound(cap) < 0)
			return fail("drop capability %d from the bounding set",
				    cap);
	cap_t caps = cap_init();
	if (!caps)
		return fail("make a set of capabilities");
	int result = 0;
	/* We may ourselves lack some (in a container, say): ask for no more
	 * than we have. */
	for (size_t i = 0; i < countof(kept) && result == 0; i++)
		if (cap_get_bound(kept[i]) > 0)
			result = cap_set_flag(caps, CAP_PERMITTED, 1, &kept[i],
					      CAP_SET) ?:
				 cap_set_flag(caps, CAP_EFFECTIVE, 1, &kept[i],
					      CAP_SET);
	if (result < 0 || cap_set_proc(caps) < 0)
		result = fail("limit the capabilities");
	cap_free(caps);
	return result;
}

int
caps_become(uid_t uid, gid_t gid, const gid_t *groups, size_t count)
{
	if (uid == (uid_t)-1 || gid == (gid_t)-1)
		return failx("become user %u, group %u: -1 means nobody", uid,
			     gid);
	/* Groups first: without uid 0 they could not be set any more. */
	if (setgroups(count, groups) < 0)
		return fail("set the supplementary groups");
	if (setresgid(gid, gid, gid) < 0)
		return fail("become group %u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return fail("become user %u", uid);
	return 0;
}
