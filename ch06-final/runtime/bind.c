/* bind.c - parent and child.  See bind.h. */
#include "bind.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "mountfd.h"
#include "sys.h"

/* Of <linux/mount.h>, which older ones and that of the C library lack. */
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

#define ATIME (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)
#define FOR_A_MOUNT                                                           \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW |      \
	 MS_NODIRATIME | ATIME)

int
bind_check(const struct oci_mount *mount)
{
	static const struct {
		unsigned long flag;
		const char *name;
	} others[] = {
		{ MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, "dirsync" },
		{ MS_LAZYTIME, "lazytime" }, { MS_MANDLOCK, "mand" },
		{ MS_I_VERSION, "iversion" },
	};
	const struct rootfs_mount *plan = &mount->plan;
	for (size_t i = 0; i < countof(others); i++)
		if (plan->flags & others[i].flag)
			return failx("the option %s is of a file system, and "
				     "this bind mount has its source's",
				     others[i].name);
	if (plan->data)
		return failx("a bind mount has no options of a file system: "
			     "\"%.100s\"", plan->data);
	return 0;
}

/* Of the mount alone.  The atime attributes are set as a whole. */
static void
own_change(const struct oci_mount *mount, struct mountfd_change *change)
{
	unsigned long flags = mount->plan.flags, cleared = mount->cleared;
	*change = (struct mountfd_change){
		.set = mountfd_attributes(flags),
		.clear = mountfd_attributes(cleared) & ~MOUNT_ATTR__ATIME,
	};
	if ((flags & ATIME) || (cleared & (MS_NOATIME | MS_STRICTATIME)))
		change->clear |= MOUNT_ATTR__ATIME;
}

static bool
is_empty(const struct mountfd_change *change)
{
	return !change->set && !change->clear && !change->propagation;
}

static int
change(int made, const struct mountfd_change *wanted, bool recursive)
{
	return is_empty(wanted) ? 0 : mountfd_change(made, wanted, recursive);
}

int
bind_below(int made, const struct oci_mount *mount)
{
	unsigned long propagation = mount->plan.propagation;
	struct mountfd_change below = {
		.set = mount->below_set,
		.clear = mount->below_cleared,
	};
	struct mountfd_change own = { 0 };
	*(propagation & MS_REC ? &below.propagation : &own.propagation) =
		propagation & ~(unsigned long)MS_REC;
	return change(made, &below, true) < 0 ? -1 : change(made, &own, false);
}

/* Ids first: the mount must be nowhere yet when they change. */
static int
map_ids(int made, int users, bool below)
{
	const struct mountfd_change ids = {
		.set = MOUNT_ATTR_IDMAP,
		.users = users,
	};
	if (mountfd_change(made, &ids, below) == 0)
		return 0;
	if (failure.code == EINVAL)
		return wrap("idmap: it takes a file system that can, and %s "
			    "not mapped yet", below ? "mounts, all of them" :
						      "a mount");
	if (failure.code == EPERM)
		return wrap("idmap: it takes root in the user namespace that "
			    "mounted the file system");
	return wrap("idmap");
}

int
bind_opened(const struct rootfs_mount *plan)
{
	uint64_t number;
	auto_free char *ours = text("/proc/%d/fd/", getpid());
	size_t length = strlen(ours);
	struct failure kept = failure;
	bool is_ours = strncmp(plan->source, ours, length) == 0 &&
		       parse_number(plan->source + length, 0, INT32_MAX,
				    &number) == 0;
	failure = kept;
	return is_ours ? (int)number : -1;
}

/* Before Linux 6.15 a mount that is nowhere yet cannot be cloned: then it is
 * that itself. */
static int
open_source(int dir, const struct rootfs_mount *plan)
{
	int made = mountfd_clone(dir, plan->source, plan->flags & MS_REC);
	int opened = bind_opened(plan);
	if (made >= 0 || failure.code != EINVAL || opened < 0)
		return made;
	made = fcntl(opened, F_DUPFD_CLOEXEC, 0);
	return made < 0 ? fail("open %s", plan->source) : made;
}

int
bind_open(int dir, const struct oci_mount *mount, unsigned long propagation,
	  int users)
{
	const struct rootfs_mount *plan = &mount->plan;
	const struct mountfd_change before = {
		.propagation = propagation & ~(unsigned long)MS_REC,
	};
	struct mountfd_change own;
	auto_close int made = open_source(dir, plan);
	if (made < 0)
		return -1;
	own_change(mount, &own);
	bool whole = mount->special & OCI_MOUNT_IDMAP_BELOW;
	if ((users && map_ids(made, users, whole) < 0) ||
	    change(made, &before, propagation & MS_REC) < 0 ||
	    change(made, &own, false) < 0 || bind_below(made, mount) < 0)
		return -1;
	return take_fd(&made);
}

/* ---- before Linux 5.12 ----------------------------------------------- */

/* mount(2) replaces all flags of a mount: those it has are named again. */
static int
change_old(int made, const struct oci_mount *mount)
{
	struct statvfs has;
	unsigned long flags = mount->plan.flags & FOR_A_MOUNT;
	if (!flags && !(mount->cleared & FOR_A_MOUNT))
		return 0;
	if (fstatvfs(made, &has) < 0)
		return fail("read the flags of a mount");
	/* ST_RDONLY and its like have the values of the MS_ flags. */
	unsigned long kept = has.f_flag & FOR_A_MOUNT & ~mount->cleared;
	if (flags & ATIME)
		kept &= ~(unsigned long)ATIME;
	auto_free char *path = text("/proc/self/fd/%d", made);
	if (sys_mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | kept | flags,
		      NULL) < 0)
		return fail("change the flags of a mount");
	return 0;
}

int
bind_old(int source, int target, const struct oci_mount *mount)
{
	const struct rootfs_mount *plan = &mount->plan;
	if (mount->below_set || mount->below_cleared)
		return failx("options for all that is mounted below take "
			     "Linux 5.12");
	auto_close int made =
		mountfd_bind(source, target, plan->flags & MS_REC);
	if (made < 0)
		return -1;
	if (change_old(made, mount) == 0 &&
	    (!plan->propagation ||
	     mountfd_propagate(made, plan->propagation) == 0))
		return take_fd(&made);
	mountfd_undo(made);
	return -1;
}
