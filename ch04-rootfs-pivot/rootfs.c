/* rootfs.c - see rootfs.h. */
#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mountfd.h"
#include "mountinfo.h"
#include "procfs.h"
#include "safepath.h"
#include "sys.h"

/* ---- a namespace for it ------------------------------------------------ */

static const struct mountinfo *
find_mount(const struct mount_table *table, uint64_t id)
{
	for (size_t i = 0; i < table->count; i++)
		if ((uint64_t)table->mounts[i].id == id)
			return &table->mounts[i];
	return NULL;
}

/* What is mounted on a shared mount appears with its peers, too. */
static int
make_its_mount_private(const char *path)
{
	auto_mounts struct mount_table table = { 0 };
	uint64_t id;
	auto_close int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s", path);
	if (mountfd_id(fd, &id) < 0 || mountinfo_read(0, &table) < 0)
		return -1;
	const struct mountinfo *mount = find_mount(&table, id);
	if (!mount)
		return failx("find the mount that %s is on", path);
	if (sys_mount(NULL, mount->target, NULL, MS_PRIVATE, NULL) < 0)
		return fail("make %s private", mount->target);
	return 0;
}

int
rootfs_own_mounts(const char *path, unsigned long widest)
{
	unsigned long type = widest & ~(unsigned long)MS_REC;
	if (sys_unshare(CLONE_NEWNS) < 0)
		return fail("make a mount namespace");
	if (type == MS_SHARED)
		return make_its_mount_private(path);
	if (sys_mount(NULL, "/", NULL, MS_REC | (type ? type : MS_PRIVATE),
		      NULL) < 0)
		return fail("set the propagation of the new namespace");
	return 0;
}

/* ---- one mount --------------------------------------------------------- */

/* Does the path, looked up anew, lead to the mount that was made? */
static int
check_reached(int root, const char *target, int mount)
{
	uint64_t made, found;
	auto_close int fd = safepath_open(root, target, O_PATH);
	if (fd < 0 || mountfd_id(fd, &found) < 0 ||
	    mountfd_id(mount, &made) < 0)
		return -1;
	if (made != found)
		return failx("the path no longer leads to what was mounted on "
			     "it: it was changed meanwhile");
	return 0;
}

/* A mount that is checked and has its propagation, or else is gone again. */
static int
settle(int root, const char *target, int mount, unsigned long propagation)
{
	if (check_reached(root, target, mount) == 0 &&
	    (!propagation || mountfd_propagate(mount, propagation) == 0))
		return 0;
	mountfd_undo(mount);
	return -1;
}

static int
open_target(int root, const char *target, bool is_directory)
{
	return is_directory ? safepath_make_dir(root, target, 0755) :
			      safepath_make_file(root, target, 0644);
}

/* Returns the mount.  `users` as in struct rootfs_mount. */
static int
bind_fd(int source, int root, const char *target, unsigned long flags,
	int users)
{
	struct stat st;
	if (fstat(source, &st) < 0)
		return fail("look at the source of a bind mount");
	auto_close int to = open_target(root, target, S_ISDIR(st.st_mode));
	if (to < 0)
		return -1;
	return users ? mountfd_bind_mapped(source, to, flags, users) :
		       mountfd_bind(source, to, flags);
}

static int
bind_path(int root, const struct rootfs_mount *m)
{
	auto_close int source = open(m->source, O_PATH | O_CLOEXEC);
	if (source < 0)
		return fail("open %s", m->source);
	if (m->type && strcmp(m->type, "proc") == 0 &&
	    procfs_check(source) < 0)
		return -1;
	return bind_fd(source, root, m->target, m->flags, m->users);
}

/* /proc and /sys are trusted by what comes after: no link may stand there. */
static bool
is_kernel_view(const char *type)
{
	return strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0;
}

static int
refuse_link(int root, const char *target)
{
	/* lab refuse_link: Is there a directory at `target` in the root, or
	 * nothing at all?  Then 0; it will be made.  Anything else is a
	 * failure: a link is not followed, and what cannot be opened for
	 * another reason is none that may be passed over.  safepath_open()
	 * with O_PATH, and one flag more; failure.code has its errno. */
	struct stat st;
	auto_close int fd = safepath_open(root, target, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return fail("look at %s", target);
	if (!S_ISDIR(st.st_mode))
		return failx("in this image it is not a directory; a link or "
			     "file there could redirect what is mounted");
	return 0;
	/* lab end: return failx("refuse_link(%d, %s): not written yet", root,
	 *	target); */
}

static int
new_filesystem(int root, const struct rootfs_mount *m)
{
	if (is_kernel_view(m->type) && refuse_link(root, m->target) < 0)
		return -1;
	auto_close int to = safepath_make_dir(root, m->target, 0755);
	if (to < 0)
		return -1;
	return mountfd_new(m->type, m->source, m->flags, m->data, to);
}

/*
 * May the host's take the place of this file system?  Of proc only when it
 * would show the same processes: in a pid namespace of our own it would show
 * those outside.  There /proc/self is another number than ours.
 */
static bool
is_fit_to_show(const char *type)
{
	char self[24] = "";
	if (strcmp(type, "proc") != 0)
		return true;
	auto_free char *pid = text("%d", getpid());
	return readlink("/proc/self", self, sizeof(self) - 1) > 0 &&
	       strcmp(self, pid) == 0;
}

int
rootfs_mount(int root, const struct rootfs_mount *m)
{
	auto_close int mount = m->flags & MS_BIND ? bind_path(root, m) :
						    new_filesystem(root, m);
	if (mount < 0 && failure.code == EPERM && m->instead &&
	    is_fit_to_show(m->type))
		return rootfs_mount(root, m->instead);
	if (mount < 0 || settle(root, m->target, mount, m->propagation) < 0)
		return wrap("mount %s on the container's %s",
			    m->flags & MS_BIND ? m->source : m->type,
			    m->target);
	return 0;
}

int
rootfs_mount_all(int root, const struct rootfs_mount *plan)
{
	for (; plan->target; plan++)
		if (rootfs_mount(root, plan) < 0)
			return -1;
	return 0;
}

int
rootfs_bind(int source, int root, const char *target, unsigned long flags)
{
	auto_close int mount = bind_fd(source, root, target, flags, 0);
	if (mount < 0 || settle(root, target, mount, 0) < 0)
		return wrap("bind mount on the container's %s", target);
	return 0;
}

/* ---- the default plan -------------------------------------------------- */

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* The kernel gives a new proc or sysfs only to who owns the pid or network
 * namespace it would show.  Who shares those with the host sees the host's. */
static const struct rootfs_mount host_proc = {
	.type = "proc",
	.source = "/proc",
	.target = "/proc",
	.flags = MS_BIND | MS_REC | SAFE,
};
static const struct rootfs_mount host_sys = {
	.source = "/sys",
	.target = "/sys",
	.flags = MS_BIND | MS_REC | MS_RDONLY | SAFE,
};

const struct rootfs_mount rootfs_plan_default[] = {
	{
		.type = "proc",
		.target = "/proc",
		.flags = SAFE,
		.instead = &host_proc,
	},
	{
		.type = "sysfs",
		.target = "/sys",
		.flags = SAFE | MS_RDONLY,
		.instead = &host_sys,
	},
	{ .target = NULL },
};

/* ---- /dev -------------------------------------------------------------- */

const struct rootfs_device rootfs_devices[] = {
	{ "null", 1, 3 },    { "zero", 1, 5 }, { "full", 1, 7 },
	{ "random", 1, 8 },  { "urandom", 1, 9 }, { "tty", 5, 0 },
	{ 0 },
};

const struct rootfs_link rootfs_links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
	{ "core", "/proc/kcore" },
	{ "ptmx", "pts/ptmx" },
	{ 0 },
};

static int
check_device(int fd, const char *path, const struct rootfs_device *device)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail("look at %s", path);
	if (!S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(device->major, device->minor))
		return failx("%s is not the character device %u:%u", path,
			     device->major, device->minor);
	return 0;
}

/* In a user namespace, or under a device cgroup that forbids it, no device
 * can be made; the host's can still be shown. */
static int
bind_device(int dev, const struct rootfs_device *device)
{
	auto_free char *path = text("/dev/%s", device->name);
	auto_close int source = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (source < 0)
		return fail("open the host's %s", path);
	if (check_device(source, path, device) < 0)
		return -1;
	return rootfs_bind(source, dev, device->name, 0);
}

static int
make_device(int dev, const struct rootfs_device *device)
{
	int made = mknodat(dev, device->name, S_IFCHR | 0666,
			   makedev(device->major, device->minor));
	if (trace(made, "mknodat(%d, \"%s\", S_IFCHR|0666, %u:%u)", dev,
		  device->name, device->major, device->minor) < 0)
		return errno == EPERM ? bind_device(dev, device) :
					fail("make /dev/%s", device->name);
	/* The umask has had its say in mknod. */
	if (fchmodat(dev, device->name, 0666, 0) < 0)
		return fail("set the mode of /dev/%s", device->name);
	return 0;
}

/* Terminals belong to the group tty, 5 everywhere; a user namespace of one
 * user does not have it, and the kernel says EINVAL. */
static int
mount_pts(int dev)
{
	struct rootfs_mount pts = {
		.type = "devpts",
		.target = "pts",
		.flags = MS_NOSUID | MS_NOEXEC,
		.data = "newinstance,ptmxmode=0666,mode=0620,gid=5",
	};
	if (rootfs_mount(dev, &pts) == 0)
		return 0;
	if (failure.code != EINVAL)
		return -1;
	pts.data = "newinstance,ptmxmode=0666,mode=0620";
	return rootfs_mount(dev, &pts);
}

/* A kernel without message queues has none to show, and neither has a host
 * that is to lend us its own but does not mount them. */
static int
mount_mqueue(int dev)
{
	static const struct rootfs_mount host_mqueue = {
		.source = "/dev/mqueue",
		.target = "mqueue",
		.flags = MS_BIND | SAFE,
	};
	static const struct rootfs_mount mqueue = {
		.type = "mqueue",
		.target = "mqueue",
		.flags = SAFE,
		.instead = &host_mqueue,
	};
	if (rootfs_mount(dev, &mqueue) == 0)
		return 0;
	return failure.code == ENODEV || failure.code == ENOENT ? 0 : -1;
}

static int
fill_dev(int dev)
{
	static const struct rootfs_mount shm = {
		.type = "tmpfs",
		.source = "shm",
		.target = "shm",
		.flags = SAFE,
		.data = "mode=1777,size=65536k",
	};
	const struct rootfs_device *device = rootfs_devices;
	for (; device->name; device++)
		if (make_device(dev, device) < 0)
			return -1;
	for (const struct rootfs_link *link = rootfs_links; link->name; link++)
		if (symlinkat(link->target, dev, link->name) < 0)
			return fail("make the link /dev/%s", link->name);
	if (mount_pts(dev) < 0 || rootfs_mount(dev, &shm) < 0)
		return -1;
	return mount_mqueue(dev);
}

int
rootfs_dev(int root)
{
	static const struct rootfs_mount plan = {
		.type = "tmpfs",
		.target = "/dev",
		.flags = MS_NOSUID | MS_STRICTATIME,
		.data = "mode=755,size=65536k",
	};
	if (refuse_link(root, "/dev") < 0)
		return wrap("make the container's /dev");
	auto_close int dev = new_filesystem(root, &plan);
	if (dev < 0 || settle(root, "/dev", dev, 0) < 0)
		return wrap("make the container's /dev");
	/* From here on by the descriptor of the tmpfs itself. */
	if (fill_dev(dev) < 0) {
		mountfd_undo(dev);
		return wrap("make the container's /dev");
	}
	return 0;
}

int
rootfs_console(int root, int terminal)
{
	struct stat st;
	struct statfs fs;
	if (fstat(terminal, &st) < 0 || fstatfs(terminal, &fs) < 0)
		return fail("look at the container's terminal");
	if (!S_ISCHR(st.st_mode) || fs.f_type != DEVPTS_SUPER_MAGIC)
		return failx("make /dev/console: what was given for it is no "
			     "terminal of a devpts");
	return rootfs_bind(terminal, root, "/dev/console", 0);
}

/* ---- masks ------------------------------------------------------------- */

const char *const rootfs_masked_paths[] = {
	"/proc/acpi",	     "/proc/asound",
	"/proc/interrupts",  "/proc/kcore",
	"/proc/keys",	     "/proc/latency_stats",
	"/proc/sched_debug", "/proc/scsi",
	"/proc/timer_list",  "/proc/timer_stats",
	"/sys/firmware",     "/sys/devices/virtual/powercap",
	NULL,
};

const char *const rootfs_readonly_default[] = {
	"/proc/bus", "/proc/fs",	    "/proc/irq",
	"/proc/sys", "/proc/sysrq-trigger", NULL,
};

static int
mask(int root, const char *path, int null)
{
	struct stat st;
	auto_close int target = safepath_open(root, path, O_PATH);
	if (target < 0)
		return failure.code == ENOENT ? 0 : -1;
	if (fstat(target, &st) < 0)
		return fail("look at %s", path);
	auto_close int cover =
		S_ISDIR(st.st_mode) ?
			mountfd_new("tmpfs", NULL, SAFE | MS_RDONLY,
				    "mode=755,nr_inodes=1", target) :
			mountfd_bind(null, target, 0);
	if (cover < 0)
		return -1;
	return settle(root, path, cover, 0);
}

int
rootfs_mask(int root, const char *const *paths)
{
	auto_close int null =
		safepath_open(root, "/dev/null", O_PATH | O_NOFOLLOW);
	if (null < 0 || check_device(null, "/dev/null", rootfs_devices) < 0)
		return wrap("mask paths of the container");
	for (; *paths; paths++)
		if (mask(root, *paths, null) < 0)
			return wrap("mask %s", *paths);
	return 0;
}

static int
make_readonly(int root, const char *path)
{
	/* lab make_readonly: A file or directory in the root becomes read-only
	 * by being bound onto itself, and all that is mounted below along with
	 * it: mountfd_bind().  Links on the way are followed, inside the root.
	 * What is not there needs nothing.  Let settle() check the mount
	 * (propagation 0), and close what was opened. */
	auto_close int target = safepath_open(root, path, O_PATH);
	if (target < 0)
		return failure.code == ENOENT ? 0 : -1;
	auto_close int mount =
		mountfd_bind(target, target, MS_REC | MS_RDONLY);
	if (mount < 0)
		return -1;
	return settle(root, path, mount, 0);
	/* lab end: return failx("make_readonly(%d, %s): not written yet", root,
	 *	path); */
}

int
rootfs_readonly_paths(int root, const char *const *paths)
{
	for (; *paths; paths++)
		if (make_readonly(root, *paths) < 0)
			return wrap("make %s read-only", *paths);
	return 0;
}

int
rootfs_readonly(int root)
{
	return mountfd_restrict(root, MS_RDONLY) < 0 ?
		       wrap("make the container's root read-only") :
		       0;
}

/* ---- the pivot --------------------------------------------------------- */

static bool
is_shared(const struct mountinfo *mount)
{
	return mount && strstr(mount->optional, "shared:");
}

/*
 * EINVAL means any of seven things.  Look which of them is true here.  (The
 * mount that "/" is on is usually below what this process can see; then the
 * table does not tell, and it is the last of the guesses.)
 */
static const char *
why_invalid(int root)
{
	auto_mounts struct mount_table table = { 0 };
	uint64_t id;
	if (mountfd_is_root(root) == 0)
		return "the new root is not a mount point: bind mount it onto "
		       "itself";
	if (mountfd_id(root, &id) < 0 || mountinfo_read(0, &table) < 0)
		return "and the mount table cannot be read to find out why";
	const struct mountinfo *new = find_mount(&table, id);
	if (!new)
		return "the new root is not in this mount namespace: open it "
		       "after unshare";
	if (is_shared(new))
		return "the new root is a shared mount: make it private";
	if (is_shared(find_mount(&table, new->parent)))
		return "the mount that the new root is on is shared: make the "
		       "tree private (mount --make-rprivate /)";
	const struct mountinfo *old = mountinfo_find(&table, "/");
	if (!old)
		return "the present root is not a mount point: it was entered "
		       "by chroot";
	if (old == new)
		return "the new root is the present one";
	if (is_shared(find_mount(&table, old->parent)))
		return "the mount that / is on is shared: make the tree "
		       "private (mount --make-rprivate /)";
	return "the new root came into a user namespace from outside: bind it "
	       "onto itself; or the present root is the kernel's first one "
	       "(initramfs): use MS_MOVE and chroot";
}

static int
fail_pivot(int root)
{
	int code = errno;
	const char *why = code == EINVAL ? why_invalid(root) :
			  code == EBUSY	 ? "the new root is the present one" :
			  code == EPERM	 ? "it takes CAP_SYS_ADMIN over the "
					   "mount namespace" :
					   NULL;
	errno = code;
	return why ? fail("pivot_root (%s)", why) : fail("pivot_root");
}

int
rootfs_pivot(int root)
{
	/* lab rootfs_pivot: Keep "/" and "." open (O_PATH).  Go into the new
	 * root, sys_pivot_root(".", "."); the old root is now mounted on top of
	 * the new one, where only your descriptor leads.  Go there.  Make it a
	 * slave with all below it, or what comes next would be done to the
	 * host, too; then unmount "." with MNT_DETACH, and chdir to "/".
	 * Where the pivot is refused, fail_pivot() has the words; go back to
	 * the old working directory, and let `failure` survive that. */
	auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0 || back < 0)
		return fail("open the old root and the working directory");
	if (fchdir(root) < 0)
		return fail("enter the new root");
	/* The old root ends up on top of the new one, at the same place: no
	 * directory is needed for it, and no path but "." leads to it. */
	if (sys_pivot_root(".", ".") < 0) {
		fail_pivot(root);
		struct failure reason = failure;
		if (fchdir(back) < 0)
			return fail("return to the working directory");
		failure = reason;
		return -1;
	}
	if (fchdir(old) < 0)
		return fail("enter the old root");
	/* What is unmounted from here on must not be unmounted elsewhere. */
	if (sys_mount(NULL, ".", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return fail("cut the old root off from the host");
	if (sys_umount2(".", MNT_DETACH) < 0)
		return fail("unmount the old root");
	if (chdir("/") < 0)
		return fail("enter the new root");
	return 0;
	/* lab end: (void)fail_pivot;
	 * return failx("rootfs_pivot(%d): not written yet", root); */
}

/* ---- where there is no pivot ------------------------------------------- */

/* Is `path` this mount or something below it, as text? */
static bool
is_below(const char *path, const char *top)
{
	size_t length = strlen(top);
	return strncmp(path, top, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

/*
 * What is neither below the new root nor on the way to it: /proc, /sys and so
 * on of the old one, which would stay in the namespace.  From the last line of
 * the table to the first: what is mounted on others goes before them.
 */
static int
unmount_others(const char *root)
{
	auto_mounts struct mount_table table = { 0 };
	if (mountinfo_read(0, &table) < 0)
		return -1;
	for (size_t i = table.count; i-- > 0;) {
		const char *target = table.mounts[i].target;
		if (strcmp(target, "/") == 0 || is_below(target, root) ||
		    is_below(root, target))
			continue;
		/* EINVAL: it went with another one, or, in a user namespace,
		 * is locked: then the new root will cover it.  EACCES: it is
		 * where root of that namespace may not go. */
		if (sys_umount2(target, MNT_DETACH) < 0 && errno != EINVAL &&
		    errno != ENOENT && errno != EACCES)
			return fail("unmount the old %s", target);
	}
	return 0;
}

static int
fail_move(void)
{
	return errno == EINVAL ?
		       fail("move the new root onto / (the mount it is on is "
			    "shared: make the tree private; or it came into a "
			    "user namespace from outside: bind it onto "
			    "itself)") :
		       fail("move the new root onto /");
}

/* Onto "/", unless it is there already, on top of what we have for it. */
static int
move_up(int root, const char *path)
{
	uint64_t id, present;
	if (strcmp(path, "/") != 0)
		return sys_mount(".", "/", NULL, MS_MOVE, NULL) < 0 ?
			       fail_move() : 0;
	auto_close int top = open("/", O_PATH | O_CLOEXEC);
	if (top < 0)
		return fail("open /");
	if (mountfd_id(root, &id) < 0 || mountfd_id(top, &present) < 0)
		return -1;
	return id == present ? failx("move the new root: it is the present "
				     "one") : 0;
}

int
rootfs_move(int root)
{
	if (mountfd_is_root(root) == 0)
		return failx("move the new root: it is not a mount point: bind "
			     "mount it onto itself");
	if (fchdir(root) < 0)
		return fail("enter the new root");
	auto_free char *path = getcwd(NULL, 0);
	if (!path)
		return fail("find the path of the new root");
	/* From here on nothing may be unmounted elsewhere. */
	if (sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 &&
	    errno != EINVAL) /* "/" was entered by chroot */
		return fail("cut the old root off from the host");
	if (unmount_others(path) < 0 || move_up(root, path) < 0)
		return -1;
	if (sys_chroot(".") < 0 || chdir("/") < 0)
		return fail("enter the new root");
	return 0;
}
