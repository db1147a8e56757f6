/* mount_cgroup.c - child.  See mount_cgroup.h. */
#include "mount_cgroup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bind.h"
#include "mountfd.h"
#include "place.h"
#include "sys.h"

#define ATIME (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

/* One directory to be shown: where it is on the host, and of which kind. */
struct shown {
	const struct hierarchy *in;
	const char *path; /* NULL: the host's mount does not show it */
};

struct all_shown {
	struct shown all[HIERARCHY_MAX];
	size_t count;
	struct hierarchies found; /* when there is no cgroup of ours */
};

static int
find_shown(struct all_shown *shown, const struct cgroup *cgroup,
	   bool own_namespace)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_dir *dir = &cgroup->dirs[i];
		if (dir->fd >= 0 || dir->is_in)
			shown->all[shown->count++] =
				(struct shown){ &dir->in, dir->path };
	}
	if (shown->count > 0)
		return 0;
	if (hierarchy_find_all(&shown->found) < 0)
		return -1;
	for (size_t i = 0; i < shown->found.count; i++) {
		const struct hierarchy *in = &shown->found.all[i];
		/* Seen from a namespace, its top is below the host's. */
		if (in->mount && (in->own || own_namespace))
			shown->all[shown->count++] =
				(struct shown){ in, in->own };
	}
	return shown->count > 0 ? 0 :
				  failx("no cgroups are mounted on this host");
}

/* ---- one hierarchy --------------------------------------------------- */

/* By `flags` of a mount alone; the propagation is that of the namespace. */
static struct oci_mount
bind_of(const struct shown *shown, unsigned long flags)
{
	return (struct oci_mount){
		.plan = { .source = shown->path, .flags = flags | MS_BIND },
	};
}

static int
bind_old_at(const struct oci_mount *bind, int target)
{
	auto_close int source = open(bind->plan.source, O_PATH | O_CLOEXEC);
	return source < 0 ? fail("open %s", bind->plan.source) :
			    bind_old(source, target, bind);
}

/*
 * In a user namespace without a cgroup namespace the kernel refuses the file
 * system (EPERM), and where cgroup2 is mounted with other options, too (EBUSY).
 */
static bool
is_refused(void)
{
	return failure.code == EPERM || failure.code == EBUSY;
}

/* Version 2: the whole mount. */
static int
show_unified(const struct place *place, const struct shown *shown,
	     const struct rootfs_mount *plan, bool own_namespace)
{
	int made = own_namespace ? place_new(place, "cgroup2", "cgroup",
					     plan->flags, plan->data) :
				   -1;
	if (made >= 0 || (own_namespace && (!is_refused() || !shown->path)))
		return made;
	const struct oci_mount bind = bind_of(shown, plan->flags);
	auto_close int own = bind_open(AT_FDCWD, &bind, 0, 0);
	if (own >= 0)
		return place_attach(place, own) < 0 ? -1 : take_fd(&own);
	return mountfd_is_missing(failure.code) ?
		       bind_old_at(&bind, place->fd) :
		       -1;
}

/* ---- version 1 and hybrid -------------------------------------------- */

/* The last component of where the host has it: "cpu,cpuacct". */
static const char *
name_of(const struct shown *shown)
{
	const char *slash = strrchr(shown->in->mount, '/');
	return slash ? slash + 1 : shown->in->mount;
}

/* One for each controller, when the directory has several or another name. */
static int
make_links(int dir, const struct shown *shown)
{
	const char *name = name_of(shown);
	if (shown->in->version == 2 || strchr(shown->in->controllers, '='))
		return 0;
	auto_free char *list = copy_text(shown->in->controllers);
	for (char *rest = list, *one; (one = strsep(&rest, ","));)
		if (*one && strcmp(one, name) != 0 &&
		    symlinkat(name, dir, one) < 0 && errno != EEXIST)
			return fail("make the link %s", one);
	return 0;
}

/*
 * In the tmpfs that was just made, where nobody else has been: so names in it
 * may be used as they are, and few calls do.
 */
static int
bind_in(const char *path, const struct shown *shown)
{
	if (sys_mount(shown->path, path, NULL, MS_BIND, NULL) < 0)
		return fail("bind %s", shown->path);
	return 0;
}

static int
mount_in(const char *path, const struct shown *shown, unsigned long flags)
{
	bool is_v2 = shown->in->version == 2;
	/* "memory" of the list, "name=systemd" where there is none. */
	return sys_mount("cgroup", path, is_v2 ? "cgroup2" : "cgroup", flags,
			 is_v2 ? NULL : shown->in->controllers) < 0 ?
		       fail("mount it") :
		       0;
}

/* `bound` is set when it is not a mount of its own, with those flags. */
static int
show_one(int dir, const struct shown *shown, unsigned long flags,
	 bool own_namespace, bool *bound)
{
	auto_free char *path =
		text("/proc/self/fd/%d/%s", dir, name_of(shown));
	if (mkdirat(dir, name_of(shown), 0755) < 0)
		return fail("make a directory for it");
	int result = own_namespace ? mount_in(path, shown, flags) : -1;
	if (result < 0 && shown->path && (!own_namespace || is_refused())) {
		result = bind_in(path, shown);
		*bound = true;
	}
	return result < 0 ? -1 : make_links(dir, shown);
}

/* All of them at once, and then the tmpfs itself may be written to again.  An
 * atime flag of the host's may be locked in a user namespace: it stays. */
static int
restrict_all(int dir, unsigned long flags)
{
	unsigned long all = flags | MS_REC;
	if (mountfd_restrict(dir, all) < 0 &&
	    (failure.code != EPERM ||
	     mountfd_restrict(dir, all & ~(unsigned long)ATIME) < 0))
		return -1;
	if (!(flags & MS_RDONLY))
		return 0;
	auto_free char *path = text("/proc/self/fd/%d", dir);
	flags &= ~(unsigned long)MS_RDONLY;
	if (sys_mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0)
		return fail("make it writable again");
	return 0;
}

static int
show_all(const struct place *place, const struct all_shown *shown,
	 unsigned long flags, bool own_namespace)
{
	auto_close int dir = place_new(place, "tmpfs", "cgroup",
				       flags & ~(unsigned long)MS_RDONLY,
				       "mode=755");
	if (dir < 0)
		return -1;
	bool bound = false;
	for (size_t i = 0; i < shown->count; i++)
		if (show_one(dir, &shown->all[i], flags, own_namespace,
			     &bound) < 0)
			return wrap("%s", name_of(&shown->all[i]));
	if (bound && restrict_all(dir, flags) < 0)
		return -1;
	/* The next one in the root is newer than these. */
	place_begin(dir, name_of(&shown->all[shown->count - 1]));
	return take_fd(&dir);
}

static int
show_there(const struct place *place, const struct all_shown *shown,
	   const struct oci_mount *mount, bool own_namespace, bool *late)
{
	const struct rootfs_mount *plan = &mount->plan;
	if (shown->count == 1 && shown->all[0].in->version == 2)
		return show_unified(place, &shown->all[0], plan,
				    own_namespace);
	if (plan->data)
		return failx("\"%.100s\" is for cgroup2 alone, which is not "
			     "all that this host has", plan->data);
	*late = plan->flags & MS_RDONLY;
	return show_all(place, shown, plan->flags, own_namespace);
}

int
mount_cgroup(int root, const struct oci_mount *mount,
	     const struct cgroup *cgroup, bool own_namespace, bool *late)
{
	struct all_shown shown = { .count = 0 };
	auto_place struct place place = PLACE_NONE;
	*late = false;
	if (place_open(&place, root, mount->plan.target, PLACE_DIRECTORY) < 0)
		return -1;
	int made = find_shown(&shown, cgroup, own_namespace) < 0 ?
			   -1 :
			   show_there(&place, &shown, mount, own_namespace,
				      late);
	hierarchy_free_all(&shown.found);
	return made;
}
