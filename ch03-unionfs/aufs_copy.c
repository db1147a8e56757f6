/* aufs_copy.c - see aufs_copy.h. */
#include "aufs_copy.h"

#include <errno.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "aufs_range.h"
#include "aufs_whiteout.h"

struct fd_path
fd_path(int fd)
{
	struct fd_path path;
	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

/* ---- what is beside the data ------------------------------------------- */

/* Labels that a security module gives and guards by itself. */
static bool
may_be_left_out(const char *name, int code)
{
	return strncmp(name, "security.", 9) == 0 &&
	       (code == EPERM || code == EOPNOTSUPP);
}

static int
copy_attribute(const char *from, const char *to, const char *name)
{
	char value[XATTR_SIZE_MAX];
	ssize_t size = getxattr(from, name, value, sizeof(value));
	if (size < 0)
		return errno == ENODATA || may_be_left_out(name, errno) ?
			       0 : -errno;
	if (setxattr(to, name, value, size, 0) < 0 &&
	    !may_be_left_out(name, errno))
		return -errno;
	return 0;
}

static int
copy_attributes(const char *from, const char *to)
{
	char names[XATTR_LIST_MAX];
	ssize_t size = listxattr(from, names, sizeof(names));
	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	int result = 0;
	for (const char *name = names; name < names + size && result == 0;
	     name += strlen(name) + 1)
		result = copy_attribute(from, to, name);
	return result;
}

/*
 * Owner, attributes, mode, times, in this order: a change of owner takes away
 * set-user-ID bits and capabilities, a mode may take away the right to set
 * attributes, and an access list among these sets the mode.
 */
static int
copy_rest(int from, int to, const struct stat *st)
{
	/* lab copy_rest: `from` and `to` may be O_PATH descriptors, also of a
	 * symbolic link: fchownat(2) has AT_EMPTY_PATH for these, the other
	 * calls take the path that fd_path() makes.  Give `to` the owner and
	 * group, the attributes (copy_attributes() takes two paths), the mode,
	 * which a link has not, and the times of `st`.  Why in this order?
	 * What fails is returned as a negative errno value. */
	struct timespec times[] = { st->st_atim, st->st_mtim };
	struct fd_path source = fd_path(from), target = fd_path(to);
	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0)
		return -errno;
	int result = copy_attributes(source.text, target.text);
	if (result < 0)
		return result;
	if (!S_ISLNK(st->st_mode) &&
	    chmod(target.text, st->st_mode & 07777) < 0)
		return -errno;
	if (utimensat(AT_FDCWD, target.text, times, 0) < 0)
		return -errno;
	return 0;
	/* lab end: (void)from;
	 * (void)to;
	 * (void)st;
	 * (void)copy_attributes;
	 * return -ENOSYS; */
}

/* ---- the data ---------------------------------------------------------- */

static int
copy_data(int from, int to, off_t size)
{
	if (size == 0)
		return 0;
	/* lab copy_data: Perhaps nothing need be copied: ioctl_ficlone(2).  If
	 * it must be, then only what is data: lseek(2) with SEEK_DATA finds the
	 * next of it (ENXIO: there is none any more; another errno: it cannot
	 * tell, so all is), with SEEK_HOLE its end.  That takes a while, and a
	 * file with as many blocks as it has bytes, fstat(2), has no holes
	 * worth it.  copy_range() copies what is between two offsets.  `to`
	 * has `size` bytes in the end, whatever `from` has: ftruncate(2). */
	if (ioctl(to, FICLONE, from) == 0)
		return ftruncate(to, size) < 0 ? -errno : 0;
	if (ftruncate(to, size) < 0)
		return -errno;
	struct stat st;
	if (fstat(from, &st) == 0 && st.st_blocks >= st.st_size / 512)
		return copy_range(from, to, 0, size);
	int result = 0;
	for (off_t data = 0, hole; data < size && result == 0; data = hole) {
		data = lseek(from, data, SEEK_DATA);
		if (data < 0 && errno == ENXIO) /* a hole up to the end */
			break;
		if (data < 0) /* it cannot tell: all of it is data */
			return copy_range(from, to, 0, size);
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || hole > size)
			hole = size;
		result = copy_range(from, to, data, hole);
	}
	return result;
	/* lab end: (void)from;
	 * (void)to;
	 * (void)copy_range;
	 * return -ENOSYS; */
}

static int
open_file(int fd, int flags)
{
	return open(fd_path(fd).text, flags | O_CLOEXEC);
}

static int
copy_file(int original, int dir, const char *name, uint64_t limit,
	  const struct stat *st)
{
	auto_close int from = open_file(original, O_RDONLY);
	if (from < 0)
		return -errno;
	auto_close int to = openat(dir, name,
				   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				   0600);
	if (to < 0)
		return -errno;
	uint64_t size = st->st_size;
	int result = copy_data(from, to, size < limit ? size : limit);
	return result < 0 ? result : copy_rest(original, to, st);
}

static int
copy_special(int original, int dir, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	int made;
	if (S_ISLNK(st->st_mode)) {
		ssize_t length =
			readlinkat(original, "", target, sizeof(target) - 1);
		if (length < 0)
			return -errno;
		target[length] = '\0';
		made = symlinkat(target, dir, name);
	} else {
		made = mknodat(dir, name, st->st_mode, st->st_rdev);
	}
	if (made < 0)
		return -errno;
	auto_close int copy =
		openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return copy < 0 ? -errno : copy_rest(original, copy, st);
}

int
copy_object(int original, struct branch *branch, const char *orphan,
	    uint64_t size, const struct stat *st)
{
	return S_ISREG(st->st_mode) ?
		       copy_file(original, branch->orphans, orphan, size, st) :
		       copy_special(original, branch->orphans, orphan, st);
}

/* ---- directories ------------------------------------------------------- */

void
copy_keep_times(int dir, const struct stat *before)
{
	struct timespec times[] = { before->st_atim, before->st_mtim };
	utimensat(AT_FDCWD, fd_path(dir).text, times, 0);
}

int
copy_likeness(int from, int to)
{
	struct stat st;
	return fstat(from, &st) < 0 ? -errno : copy_rest(from, to, &st);
}

int
copy_orphan_directory(int original, struct branch *branch, const char *orphan)
{
	struct stat st;
	if (fstat(original, &st) < 0 ||
	    mkdirat(branch->orphans, orphan, 0700) < 0)
		return -errno;
	auto_close int copy =
		openat(branch->orphans, orphan,
		       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result = copy < 0 ? -errno : copy_rest(original, copy, &st);
	if (result < 0) {
		unlinkat(branch->orphans, orphan, AT_REMOVEDIR);
		return result;
	}
	return take_fd(&copy);
}

int
copy_directory(const struct layer *parent, const char *name, int original)
{
	struct branch *branch = parent->branch;
	auto_free char *orphan = whiteout_orphan_name();
	struct stat above;
	if (fstat(parent->fd, &above) < 0)
		return -errno;
	int copy = copy_orphan_directory(original, branch, orphan);
	if (copy < 0)
		return copy;
	if (renameat(branch->orphans, orphan, parent->fd, name) < 0) {
		int result = -errno;
		close(copy);
		unlinkat(branch->orphans, orphan, AT_REMOVEDIR);
		return result;
	}
	copy_keep_times(parent->fd, &above);
	return copy;
}
