/* mount_cover.c - child.  See mounts.h: what must not be seen or written. */
#include <errno.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "inside.h"
#include "mountfd.h"
#include "mounts.h"
#include "place.h"
#include "safepath.h"
#include "session.h"
#include "sys.h"

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define EMPTY "mode=755,nr_inodes=1"

static const struct mountfd_change readonly = { .set = MOUNT_ATTR_RDONLY };

static int
open_null(int root)
{
	struct stat st;
	auto_close int null =
		safepath_open(root, "/dev/null", O_PATH | O_NOFOLLOW);
	if (null < 0)
		return -1;
	if (fstat(null, &st) < 0)
		return fail("look at /dev/null");
	/* Or what was meant to be hidden could be shown by it, and written to
	 * (CVE-2025-31133). */
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return failx("/dev/null is not the character device 1:3");
	return take_fd(&null);
}

struct covers {
	int root;
	struct inside proc; /* where nearly all of them are */
	int null;
	int empty; /* a directory, once there is one */
};

static void
close_covers(struct covers *covers)
{
	inside_close(&covers->proc);
	session_close_later(&covers->null);
	session_close_later(&covers->empty);
}

/* ---- in procfs ------------------------------------------------------- */

static int
cover_in(struct covers *covers, const char *name, bool is_directory)
{
	const struct inside *proc = &covers->proc;
	char file[32];
	int with = is_directory ? covers->empty : covers->null;
	snprintf(file, sizeof(file), "/proc/self/fd/%d", with);
	if (with >= 0)
		return inside_mount(proc, name, file, NULL, MS_BIND, NULL);
	if (inside_mount(proc, name, "tmpfs", "tmpfs", SAFE | MS_RDONLY,
			 EMPTY) < 0)
		return -1;
	covers->empty = openat(proc->dir, name, O_PATH | O_CLOEXEC);
	return 0;
}

/* False: it takes the longer way. */
static bool
mask_in(struct covers *covers, const char *name)
{
	struct stat st;
	if (!name)
		return false;
	if (fstatat(covers->proc.dir, name, &st, 0) < 0)
		return errno == ENOENT;
	return cover_in(covers, name, S_ISDIR(st.st_mode)) == 0;
}

static bool
make_readonly_in(const struct inside *proc, const char *name)
{
	return name &&
	       inside_mount(proc, name, NULL, NULL, MS_BIND | MS_REC, NULL) ==
		       0 &&
	       mountfd_change_at(proc->dir, name, &readonly, true) == 0;
}

/* ---- anywhere -------------------------------------------------------- */

static int
cover(struct covers *covers, const struct place *place, bool is_directory)
{
	int with = is_directory ? covers->empty : covers->null;
	auto_close_later int made =
		with >= 0 ? place_cover(place, with) :
			    place_new(place, "tmpfs", "tmpfs",
				      SAFE | MS_RDONLY, EMPTY);
	if (made < 0)
		return -1;
	if (with < 0)
		covers->empty = take_fd(&made);
	return 0;
}

static int
mask(struct covers *covers, const char *path)
{
	struct stat st;
	auto_place struct place place = PLACE_NONE;
	if (place_open(&place, covers->root, path, PLACE_THERE) < 0)
		return failure.code == ENOENT || failure.code == ENOTDIR ? 0 :
									   -1;
	if (fstat(place.fd, &st) < 0)
		return fail("look at it");
	return cover(covers, &place, S_ISDIR(st.st_mode));
}

static int
make_readonly(int root, const char *path)
{
	auto_place struct place place = PLACE_NONE;
	if (place_open(&place, root, path, PLACE_THERE) < 0)
		return failure.code == ENOENT || failure.code == ENOTDIR ? 0 :
									   -1;
	auto_close_later int made = place_again(&place);
	if (made < 0)
		return -1;
	if (mountfd_change(made, &readonly, true) == 0)
		return 0;
	return mountfd_is_missing(failure.code) ?
		       mountfd_restrict(made, MS_RDONLY | MS_REC) :
		       -1;
}

static int
make_all_readonly(const struct covers *covers, const char *const *paths)
{
	const struct inside *proc = &covers->proc;
	for (size_t i = 0; paths[i]; i++)
		if (!make_readonly_in(proc, inside_name(proc, paths[i])) &&
		    make_readonly(covers->root, paths[i]) < 0)
			return wrap("linux.readonlyPaths[%zu]: make %.100s "
				    "read-only", i, paths[i]);
	return 0;
}

static int
mask_all(struct covers *covers, const char *const *paths)
{
	covers->null = open_null(covers->root);
	if (covers->null < 0)
		return wrap("linux.maskedPaths");
	for (size_t i = 0; paths[i]; i++)
		if (!mask_in(covers, inside_name(&covers->proc, paths[i])) &&
		    mask(covers, paths[i]) < 0)
			return wrap("linux.maskedPaths[%zu]: mask %.100s", i,
				    paths[i]);
	return 0;
}

int
mounts_cover(int root, const struct oci_config *config)
{
	static const char *const none[] = { NULL };
	const struct oci_linux *kernel = config->kernel;
	const char *const *masked =
		kernel && kernel->masked_paths ? kernel->masked_paths : none;
	const char *const *unwritable = kernel && kernel->readonly_paths ?
						kernel->readonly_paths :
						none;
	if (!masked[0] && !unwritable[0])
		return 0;
	struct covers covers = { root, inside_proc(root), -1, -1 };
	int result = make_all_readonly(&covers, unwritable);
	if (result == 0 && masked[0])
		result = mask_all(&covers, masked);
	close_covers(&covers);
	return result;
}
