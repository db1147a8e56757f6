/* filesystem.c - child.  See filesystem.h. */
#include "filesystem.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bind.h"
#include "mountfd.h"
#include "place.h"
#include "tmpcopyup.h"

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static bool
is_type(const struct oci_mount *mount, const char *type)
{
	return strcmp(mount->plan.type, type) == 0;
}

/* What everything after it goes by: no link may stand there. */
static enum place_kind
kind_of(const struct oci_mount *mount)
{
	const char *target = mount->plan.target;
	return is_type(mount, "proc") || is_type(mount, "sysfs") ||
			       strcmp(target, "/dev") == 0 ?
		       PLACE_PLAIN :
		       PLACE_DIRECTORY;
}

static void
add_option(char **data, char *option)
{
	char *longer = **data ? text("%s,%s", *data, option) :
				copy_text(option);
	free(*data);
	free(option);
	*data = longer;
}

/* The labels of proc, sysfs and mqueue are the policy's alone. */
static bool
takes_label(const struct oci_mount *mount)
{
	return !is_type(mount, "proc") && !is_type(mount, "sysfs") &&
	       !is_type(mount, "mqueue");
}

/*
 * The options of the file system.  A tmpfs on a directory of the image has that
 * one's mode unless it says another.  The caller frees.
 */
static int
complete_data(const struct oci_mount *mount, const char *label,
	      const struct place *place, char **data)
{
	struct stat st;
	*data = copy_text(mount->plan.data ? mount->plan.data : "");
	if (is_type(mount, "tmpfs") && !place->made &&
	    !strstr(*data, "mode=")) {
		if (fstat(place->fd, &st) < 0)
			return fail("look at the directory below");
		add_option(data, text("mode=%04o", st.st_mode & 07777));
	}
	if (label && *label && takes_label(mount))
		add_option(data, text("context=\"%s\"", label));
	return 0;
}

/* "gid=5,mode=620" without its "gid=5". */
static void
drop_option(char *data, const char *name)
{
	size_t length = strlen(name);
	for (char *at = data; *at;) {
		char *end = at + strcspn(at, ",");
		char *next = *end ? end + 1 : end;
		if (strncmp(at, name, length) == 0)
			memmove(at, next, strlen(next) + 1);
		else
			at = next;
	}
	size_t left = strlen(data);
	if (left > 0 && data[left - 1] == ',')
		data[left - 1] = '\0';
}

/* Who shares the pid namespace with the host has the same number in both. */
static bool
is_own_proc(void)
{
	char self[24] = "";
	auto_free char *pid = text("%d", getpid());
	return readlink("/proc/self", self, sizeof(self) - 1) > 0 &&
	       strcmp(self, pid) == 0;
}

static int
bind_instead(const struct oci_mount *mount, const struct place *place,
	     const char *source)
{
	struct oci_mount bind = *mount;
	bind.plan.source = source;
	bind.plan.flags |= MS_BIND | MS_REC;
	/* What the host has mounted below may be no more than this. */
	bind.below_set |= mountfd_attributes(bind.plan.flags &
					     (SAFE | MS_RDONLY));
	auto_close int made = bind_open(AT_FDCWD, &bind, 0, 0);
	if (made < 0 || place_attach(place, made) < 0)
		return wrap("not allowed in this user namespace, and the "
			    "host's %s in its place", source);
	return take_fd(&made);
}

/*
 * Refused to a user namespace that does not own what would be shown: as other
 * runtimes do, the host's is shown then.  Of proc only when that has the same
 * processes; what of the devpts cannot be had, the group of its terminals, is
 * nobody's in such a namespace.
 */
static int
try_instead(const struct oci_mount *mount, const struct place *place,
	    char *data)
{
	const struct rootfs_mount *plan = &mount->plan;
	if (failure.code == EINVAL && is_type(mount, "devpts") &&
	    strstr(data, "gid=")) {
		drop_option(data, "gid=");
		return place_new(place, "devpts", plan->source, plan->flags,
				 data);
	}
	if (failure.code != EPERM && failure.code != EBUSY)
		return -1;
	if (is_type(mount, "sysfs"))
		return bind_instead(mount, place, "/sys");
	if (is_type(mount, "mqueue"))
		return bind_instead(mount, place, "/dev/mqueue");
	if (is_type(mount, "proc") && is_own_proc())
		return bind_instead(mount, place, "/proc");
	return -1;
}

/* A tmpfs may have to be written to first: mount points, devices, a copy. */
static bool
is_restricted_later(const struct oci_mount *mount)
{
	return is_type(mount, "tmpfs") && ((mount->plan.flags & MS_RDONLY) ||
					   (mount->below_set &
					    MOUNT_ATTR_RDONLY));
}

int
filesystem_new(int root, const struct oci_mount *wanted, const char *label,
	       bool *late)
{
	auto_place struct place place = PLACE_NONE;
	auto_free char *data = NULL;
	struct oci_mount mount = *wanted;
	*late = is_restricted_later(&mount);
	if (*late) {
		mount.plan.flags &= ~(unsigned long)MS_RDONLY;
		mount.below_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	if (place_open(&place, root, mount.plan.target,
		       kind_of(&mount)) < 0 ||
	    complete_data(&mount, label, &place, &data) < 0)
		return -1;
	auto_close int made = place_new(&place, mount.plan.type,
					mount.plan.source, mount.plan.flags,
					*data ? data : NULL);
	if (made < 0)
		made = try_instead(&mount, &place, data);
	if (made < 0 || bind_below(made, &mount) < 0)
		return -1;
	if ((mount.special & OCI_MOUNT_COPY_UP) &&
	    tmpcopyup(place.fd, made) < 0)
		return -1;
	return take_fd(&made);
}
