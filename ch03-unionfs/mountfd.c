/* mountfd.c - see mountfd.h. */
#include "mountfd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mountinfo.h"
#include "sys.h"

/* Not all of these are in the headers of glibc 2.35 and Linux 5.15. */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_T_EMPTY_PATH
#define MOVE_MOUNT_T_EMPTY_PATH 0x00000040
#endif
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#define MOUNT_ATTR_NOSUID 0x00000002
#define MOUNT_ATTR_NODEV 0x00000004
#define MOUNT_ATTR_NOEXEC 0x00000008
#define MOUNT_ATTR__ATIME 0x00000070
#define MOUNT_ATTR_NOATIME 0x00000010
#define MOUNT_ATTR_STRICTATIME 0x00000020
#define MOUNT_ATTR_NODIRATIME 0x00000080
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 8192
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x00001000U
#endif

#define ATIME_FLAGS                                                           \
	(MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)
/* What belongs to a mount; everything else to a file system or a verb. */
#define MOUNT_FLAGS                                                           \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW |      \
	 ATIME_FLAGS)

bool
mountfd_is_missing(int code)
{
	return code == ENOSYS || code == EPERM;
}

unsigned int
mountfd_attributes(unsigned long flags)
{
	static const struct {
		unsigned long flag;
		unsigned int attribute;
	} table[] = {
		{ MS_RDONLY, MOUNT_ATTR_RDONLY },
		{ MS_NOSUID, MOUNT_ATTR_NOSUID },
		{ MS_NODEV, MOUNT_ATTR_NODEV },
		{ MS_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
		{ MS_NOATIME, MOUNT_ATTR_NOATIME },
		{ MS_NODIRATIME, MOUNT_ATTR_NODIRATIME },
		{ MS_STRICTATIME, MOUNT_ATTR_STRICTATIME },
	};
	unsigned int attributes = 0;
	for (size_t i = 0; i < countof(table); i++)
		if (flags & table[i].flag)
			attributes |= table[i].attribute;
	return attributes;
}

/* ---- the calls of 2019 that sys.h has no form of for descriptors ------- */

static int
clone_tree_at(int dir, const char *path, bool recursive)
{
	unsigned int flags = OPEN_TREE_CLONE | O_CLOEXEC |
			     (*path ? 0 : AT_EMPTY_PATH) |
			     (recursive ? AT_RECURSIVE : 0);
	return trace(syscall(SYS_open_tree, dir, path, flags),
		     "open_tree(%d, \"%s\", OPEN_TREE_CLONE%s)", dir, path,
		     recursive ? "|AT_RECURSIVE" : "");
}

static int
clone_tree(int source, bool recursive)
{
	return clone_tree_at(source, "", recursive);
}

static int
attach(int mount, int target)
{
	return trace(syscall(SYS_move_mount, mount, "", target, "",
			     MOVE_MOUNT_F_EMPTY_PATH |
				     MOVE_MOUNT_T_EMPTY_PATH),
		     "move_mount(%d, \"\", %d, \"\")", mount, target);
}

/* struct mount_attr of mount_setattr(2), which glibc 2.35 does not have. */
struct attributes {
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
	uint64_t user_namespace;
};

static int
set_attributes_at(int dir, const char *path,
		  const struct attributes *attributes, bool recursive)
{
	return trace(syscall(SYS_mount_setattr, dir, path,
			     AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
			     attributes, sizeof(*attributes)),
		     "mount_setattr(%d, \"%s\", %s, {set=%#llx, "
		     "propagation=%#llx})",
		     dir, path, recursive ? "AT_RECURSIVE" : "0",
		     (unsigned long long)attributes->set,
		     (unsigned long long)attributes->propagation);
}

static int
set_attributes(int mount, const struct attributes *attributes, bool recursive)
{
	return set_attributes_at(mount, "", attributes, recursive);
}

char *
mountfd_log(int fs)
{
	int code = errno;
	char line[512];
	char *words = copy_text("");
	ssize_t length;
	/* One message a read: its level, a blank, the words, a newline. */
	while ((length = read(fs, line, sizeof(line) - 1)) > 0) {
		while (length > 0 && line[length - 1] == '\n')
			length--;
		line[length] = '\0';
		const char *message = length > 2 && line[1] == ' ' ? line + 2 :
								     line;
		char *longer = text("%s%s%s", words,
				    *words ? "; " : " (the kernel says: ",
				    message);
		free(words);
		words = longer;
	}
	if (*words) {
		char *closed = text("%s)", words);
		free(words);
		words = closed;
	}
	errno = code;
	return words;
}

/* ---- which mount is it? ------------------------------------------------ */

/* The line "mnt_id:" of /proc/self/fdinfo/N: Linux 3.15. */
static int
id_from_proc(int fd, uint64_t *id)
{
	auto_free char *path = text("/proc/self/fdinfo/%d", fd);
	auto_free char *info = read_all(AT_FDCWD, path, NULL);
	char *line = info ? strstr(info, "mnt_id:") : NULL;
	if (!info)
		return wrap("which mount is descriptor %d on", fd);
	if (!line)
		return failx("which mount is descriptor %d on: %s has no "
			     "mnt_id", fd, path);
	*id = strtoull(line + strlen("mnt_id:"), NULL, 10);
	return 0;
}

int
mountfd_id(int fd, uint64_t *id)
{
	struct statx stx;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) == 0 &&
	    (stx.stx_mask & STATX_MNT_ID)) {
		*id = stx.stx_mnt_id;
		return 0;
	}
	return id_from_proc(fd, id);
}

/* The parent of a mount's top directory is on the mount below; "/" has no
 * parent, and a process cannot see past it. */
int
mountfd_is_root(int dir)
{
	struct stat here, above;
	uint64_t mount, parent_mount;
	auto_close int parent =
		openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0 || fstat(dir, &here) < 0 || fstat(parent, &above) < 0)
		return fail("look above a directory");
	if (mountfd_id(dir, &mount) < 0 ||
	    mountfd_id(parent, &parent_mount) < 0)
		return -1;
	if (mount != parent_mount)
		return 1;
	return here.st_dev == above.st_dev && here.st_ino == above.st_ino;
}

static const struct mountinfo *
find_id(const struct mount_table *table, uint64_t id)
{
	for (size_t i = 0; i < table->count; i++)
		if ((uint64_t)table->mounts[i].id == id)
			return &table->mounts[i];
	return NULL;
}

/* Open the mount of this line of the table, and make sure that it is it. */
static int
open_listed(const struct mountinfo *mount)
{
	uint64_t id;
	auto_close int fd = open(mount->target,
				 O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail("open the mount on %s", mount->target);
	if (mountfd_id(fd, &id) < 0)
		return -1;
	if (id != (uint64_t)mount->id)
		return failx("open the mount on %s: another one covers it",
			     mount->target);
	return take_fd(&fd);
}

/* ---- the old way: mount(2) on /proc/self/fd/N -------------------------- */

static char *
path_of(int fd)
{
	return text("/proc/self/fd/%d", fd);
}

static int
fail_old(const char *doing)
{
	int code = errno;
	if (code == ENOENT && access("/proc/self/fd", F_OK) < 0)
		return failx("%s: /proc is not mounted or belongs to another "
			     "pid namespace, and this kernel cannot do without "
			     "it (Linux 5.2 can)", doing);
	errno = code;
	return fail("%s", doing);
}

/*
 * The mount that mount(2) has put on `target`.  The descriptor still shows
 * what is below; in the table the new mount is the one whose parent and mount
 * point are the target's.
 */
static int
open_mount_on(int target)
{
	auto_mounts struct mount_table table = { 0 };
	auto_free char *link = path_of(target);
	char path[PATH_MAX];
	uint64_t parent;
	/* The kernel's own word, not realpath(3): that would follow what has
	 * become a link meanwhile. */
	ssize_t length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return fail_old("find what was mounted");
	path[length] = '\0';
	if (mountfd_id(target, &parent) < 0 || mountinfo_read(0, &table) < 0)
		return -1;
	for (size_t i = table.count; i-- > 0;)
		if ((uint64_t)table.mounts[i].parent == parent &&
		    strcmp(table.mounts[i].target, path) == 0)
			return open_listed(&table.mounts[i]);
	return failx("nothing is mounted on %s although mount(2) succeeded",
		     path);
}

/*
 * Set flags on a mount that is there.  Those it has already must be named
 * again: mount(2) replaces them all, and in a user namespace it refuses to
 * drop one that the mount came with (EPERM).
 */
static int
remount(int mount, unsigned long flags)
{
	struct statvfs has;
	auto_free char *path = path_of(mount);
	if (fstatvfs(mount, &has) < 0)
		return fail("read the flags of a mount");
	/* ST_RDONLY and its like have the values of the MS_ flags. */
	unsigned long kept = has.f_flag & MOUNT_FLAGS;
	if (has.f_flag & ST_NOSYMFOLLOW) /* but for this one */
		kept |= MS_NOSYMFOLLOW;
	if (flags & ATIME_FLAGS)
		kept &= ~(unsigned long)ATIME_FLAGS;
	if (sys_mount(NULL, path, NULL,
		      MS_REMOUNT | MS_BIND | kept | (flags & MOUNT_FLAGS),
		      NULL) < 0)
		return fail_old("change the flags of a mount");
	return 0;
}

/* The same for every mount below this one. */
static int
remount_below(int mount, unsigned long flags)
{
	auto_mounts struct mount_table table = { 0 };
	uint64_t top;
	if (mountfd_id(mount, &top) < 0 || mountinfo_read(0, &table) < 0)
		return -1;
	for (size_t i = 0; i < table.count; i++) {
		const struct mountinfo *at = &table.mounts[i];
		size_t steps = 0;
		while (at && (uint64_t)at->id != top && steps++ < table.count)
			at = at->parent == at->id ?
				     NULL :
				     find_id(&table, at->parent);
		if (!at || (uint64_t)at->id != top ||
		    (uint64_t)table.mounts[i].id == top)
			continue;
		auto_close int below = open_listed(&table.mounts[i]);
		if (below < 0 || remount(below, flags) < 0)
			return wrap("%s", table.mounts[i].target);
	}
	return 0;
}

static int
restrict_old(int mount, unsigned long flags)
{
	if (!(flags & MOUNT_FLAGS))
		return 0;
	if (remount(mount, flags) < 0)
		return -1;
	return flags & MS_REC ? remount_below(mount, flags) : 0;
}

static int
bind_old(int source, int target, unsigned long flags)
{
	auto_free char *from = path_of(source);
	auto_free char *to = path_of(target);
	if (sys_mount(from, to, NULL, MS_BIND | (flags & MS_REC), NULL) < 0)
		return fail_old("bind mount");
	auto_close int mount = open_mount_on(target);
	if (mount < 0)
		return -1;
	if (restrict_old(mount, flags) < 0) {
		mountfd_undo(mount);
		return -1;
	}
	return take_fd(&mount);
}

static int
new_old(const char *type, const char *source, unsigned long flags,
	const char *data, int target)
{
	auto_free char *to = path_of(target);
	if (sys_mount(source, to, type, flags & ~(unsigned long)MS_REC,
		      data) < 0) {
		if (errno == ENODEV)
			return fail("mount %s (this kernel does not have it)",
				    type);
		auto_free char *doing = text("mount %s", type);
		return fail_old(doing);
	}
	return open_mount_on(target);
}

/* ---- bind -------------------------------------------------------------- */

/* Flags for a tree that was just cloned.  1: only mount(2) can set them. */
static int
restrict_clone(int mount, unsigned long flags)
{
	struct attributes attributes = { .set = mountfd_attributes(flags) };
	if (flags & ATIME_FLAGS)
		attributes.clear = MOUNT_ATTR__ATIME;
	if (!(flags & MOUNT_FLAGS))
		return 0;
	if (set_attributes(mount, &attributes, flags & MS_REC) == 0)
		return 0;
	if (mountfd_is_missing(errno))
		return 1;
	return fail("set the flags of a bind mount");
}

static int
fail_clone(int source, bool recursive)
{
	if (errno != EINVAL)
		return fail("bind mount");
	struct stat st;
	if (fstat(source, &st) == 0 && S_ISDIR(st.st_mode) && !recursive)
		return fail("bind mount (the source must be in this mount "
			    "namespace, not unbindable, and in a user "
			    "namespace what is mounted below it must come "
			    "along: use a recursive bind)");
	return fail("bind mount (the source must be in this mount namespace, "
		    "and not unbindable)");
}

/* The kernel's EINVAL or ENOTDIR would not say which is which. */
static int
check_kinds(int source, int target)
{
	struct stat from, to;
	if (fstat(source, &from) < 0 || fstat(target, &to) < 0)
		return fail("look at what to bind mount");
	if (S_ISDIR(from.st_mode) && !S_ISDIR(to.st_mode))
		return failx("bind mount: the source is a directory, the "
			     "target is a file");
	if (!S_ISDIR(from.st_mode) && S_ISDIR(to.st_mode))
		return failx("bind mount: the source is a file, the target is "
			     "a directory");
	return 0;
}

/* Ids first: the mount must be nowhere yet when they change (EINVAL). */
static int
map_clone(int mount, int users, bool recursive)
{
	const struct attributes attributes = { .set = MOUNT_ATTR_IDMAP,
					       .user_namespace = users };
	if (set_attributes(mount, &attributes, recursive) == 0)
		return 0;
	if (errno == ENOSYS || errno == EINVAL)
		return fail("map the ids of a mount (it takes Linux 5.12, a "
			    "file system that can, and one that is not mapped "
			    "yet)");
	if (errno == EPERM)
		return fail("map the ids of a mount (it takes root in the "
			    "user namespace that mounted the file system, and "
			    "a map that is not that one's)");
	return fail("map the ids of a mount");
}

int
mountfd_bind_mapped(int source, int target, unsigned long flags, int users)
{
	if (check_kinds(source, target) < 0)
		return -1;
	auto_close int mount = clone_tree(source, flags & MS_REC);
	if (mount < 0)
		return mountfd_is_missing(errno) ?
			       fail("bind mount with mapped ids (it takes "
				    "Linux 5.12)") :
			       fail_clone(source, flags & MS_REC);
	if (map_clone(mount, users, flags & MS_REC) < 0)
		return -1;
	int late = restrict_clone(mount, flags);
	if (late != 0)
		return late < 0 ? -1 : fail("set the flags of a bind mount");
	if (attach(mount, target) < 0)
		return fail("attach a bind mount (is the target in this mount "
			    "namespace?)");
	return take_fd(&mount);
}

int
mountfd_restrict(int mount, unsigned long flags)
{
	int late = restrict_clone(mount, flags);
	return late > 0 ? restrict_old(mount, flags) : late;
}

int
mountfd_bind(int source, int target, unsigned long flags)
{
	if (check_kinds(source, target) < 0)
		return -1;
	auto_close int mount = clone_tree(source, flags & MS_REC);
	if (mount < 0 && mountfd_is_missing(errno))
		return bind_old(source, target, flags);
	if (mount < 0)
		return fail_clone(source, flags & MS_REC);
	int late = restrict_clone(mount, flags);
	if (late < 0)
		return -1;
	if (attach(mount, target) < 0)
		return fail("attach a bind mount (is the target in this mount "
			    "namespace?)");
	if (late && restrict_old(mount, flags) < 0) {
		mountfd_undo(mount);
		return -1;
	}
	return take_fd(&mount);
}

int
mountfd_clone(int dir, const char *path, bool recursive)
{
	int mount = clone_tree_at(dir, path, recursive);
	if (mount >= 0)
		return mount;
	int code = errno;
	auto_close int source = openat(dir, *path ? path : ".",
				       O_PATH | O_CLOEXEC);
	errno = code;
	return fail_clone(*path ? source : dir, recursive);
}

int
mountfd_change_at(int dir, const char *path,
		  const struct mountfd_change *change, bool recursive)
{
	const struct attributes attributes = {
		.set = change->set,
		.clear = change->clear,
		.propagation = change->propagation,
		.user_namespace = change->users,
	};
	if (set_attributes_at(dir, path, &attributes, recursive) == 0)
		return 0;
	return errno == ENOSYS ? fail("change a mount (it takes Linux 5.12)") :
				 fail("change a mount");
}

int
mountfd_change(int mount, const struct mountfd_change *change, bool recursive)
{
	return mountfd_change_at(mount, "", change, recursive);
}

int
mountfd_attach(int mount, int target)
{
	return attach(mount, target) < 0 ? fail("attach a mount") : 0;
}

int
mountfd_on(int target)
{
	return open_mount_on(target);
}

/* ---- a new file system ------------------------------------------------- */

static int
set_option(int fs, char *option)
{
	char *value = strchr(option, '=');
	if (!value)
		return sys_fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL);
	*value++ = '\0';
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, option, value);
}

/* Flags of a file system, which fsmount(2) does not take. */
static int
set_flags(int fs, unsigned long flags)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} table[] = {
		{ MS_SYNCHRONOUS, "sync" },
		{ MS_DIRSYNC, "dirsync" },
		{ MS_LAZYTIME, "lazytime" },
		{ MS_MANDLOCK, "mand" },
	};
	for (size_t i = 0; i < countof(table); i++)
		if ((flags & table[i].flag) &&
		    sys_fsconfig(fs, FSCONFIG_SET_FLAG, table[i].word,
				 NULL) < 0)
			return -1;
	return 0;
}

static int
set_options(int fs, const char *data)
{
	auto_free char *options = copy_text(data ? data : "");
	char *rest = options;
	char *option;
	while ((option = strsep(&rest, ",")))
		if (*option && set_option(fs, option) < 0)
			return -1;
	return 0;
}

int
mountfd_new(const char *type, const char *source, unsigned long flags,
	    const char *data, int target)
{
	if (!source)
		source = type;
	auto_close int fs = sys_fsopen(type);
	/* MS_I_VERSION has a word in some file systems only. */
	if ((fs < 0 && mountfd_is_missing(errno)) || (flags & MS_I_VERSION))
		return new_old(type, source, flags, data, target);
	if (fs < 0)
		return errno == ENODEV ?
			       fail("mount %s (this kernel does not have it)",
				    type) :
			       fail("mount %s", type);
	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", source) < 0 ||
	    set_flags(fs, flags) < 0 || set_options(fs, data) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0) {
		auto_free char *log = mountfd_log(fs);
		return fail("mount %s%s%s%s%s", type, data ? " with \"" : "",
			    data ? data : "", data ? "\"" : "", log);
	}
	auto_close int mount = sys_fsmount(fs, mountfd_attributes(flags));
	if (mount < 0) {
		auto_free char *log = mountfd_log(fs);
		return fail("mount %s%s", type, log);
	}
	if (attach(mount, target) < 0)
		return fail("attach a %s (is the target a directory in this "
			    "mount namespace?)", type);
	return take_fd(&mount);
}

/* ---- what is there ----------------------------------------------------- */

int
mountfd_propagate(int mount, unsigned long propagation)
{
	bool recursive = propagation & MS_REC;
	struct attributes attributes = {
		.propagation = propagation & ~(unsigned long)MS_REC,
	};
	if (set_attributes(mount, &attributes, recursive) == 0)
		return 0;
	if (!mountfd_is_missing(errno))
		return fail("set the propagation of a mount");
	auto_free char *path = path_of(mount);
	if (sys_mount(NULL, path, NULL, propagation, NULL) < 0)
		return fail_old("set the propagation of a mount");
	return 0;
}

int
mountfd_undo(int mount)
{
	struct failure reason = failure;
	auto_free char *path = path_of(mount);
	/* Our own descriptor keeps it busy, hence the lazy form. */
	if (sys_umount2(path, MNT_DETACH) < 0)
		return fail_old("unmount what was just mounted");
	failure = reason;
	return 0;
}
