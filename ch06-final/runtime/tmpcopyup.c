/* tmpcopyup.c - child.  See tmpcopyup.h. */
#include "tmpcopyup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys.h"

/* Deeper than any image is, and no deeper than the stack and the limit on
 * descriptors allow. */
#define DEEPEST 128

/* A file with several names, and the first that its copy got. */
struct twin {
	dev_t device;
	ino_t inode;
	char *path; /* below `top` */
};

struct copying {
	dev_t device; /* what is not on it is mounted, and left out */
	int top;      /* what is copied to */
	struct twin *twins;
	size_t twin_count;
	char path[PATH_MAX]; /* of what is being copied, below `top` */
	size_t length;
};

/* ---- what a file is besides its content ------------------------------ */

/* Those that a tmpfs does not take, or this process may not set, are left. */
static void
copy_attributes(int from, int to)
{
	char names[4096], value[4096];
	ssize_t length = flistxattr(from, names, sizeof(names));
	for (char *name = names; length > 0 && name < names + length;
	     name += strlen(name) + 1) {
		ssize_t size = fgetxattr(from, name, value, sizeof(value));
		if (size >= 0)
			fsetxattr(to, name, value, size, 0);
	}
}

/* In this order: a change of owner clears the bits of the mode that give
 * rights, and all else changes the times. */
static int
copy_nature(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	if (fchown(to, st->st_uid, st->st_gid) < 0)
		return fail("give it its owner");
	copy_attributes(from, to);
	if (fchmod(to, st->st_mode & 07777) < 0 || futimens(to, times) < 0)
		return fail("give it its mode and times");
	return 0;
}

/* ---- one entry ------------------------------------------------------- */

static int
copy_range(int from, int to, off_t start, off_t end)
{
	if (lseek(to, start, SEEK_SET) < 0)
		return fail("copy its content");
	while (start < end) {
		off_t left = end - start;
		ssize_t done = sendfile(to, from, &start,
					left < INT_MAX ? left : INT_MAX);
		if (done == 0)
			return 0; /* it has become shorter */
		if (done < 0 && errno != EINTR)
			return fail("copy its content");
	}
	return 0;
}

/* Holes stay holes: lseek(2).  Where nobody knows of holes, all is data. */
static int
copy_content(int from, int to, off_t size)
{
	off_t start, end = 0;
	if (ftruncate(to, size) < 0)
		return fail("copy its content");
	while ((start = lseek(from, end, SEEK_DATA)) >= 0) {
		end = lseek(from, start, SEEK_HOLE);
		if (end < 0)
			return fail("copy its content");
		if (copy_range(from, to, start, end) < 0)
			return -1;
	}
	return errno == ENXIO ? 0 : fail("copy its content");
}

/* 1: another name of it is copied already, and this is one more of the copy.
 * That is opened anew, for who else has the directory may have put a link in
 * the way. */
static int
link_twin(struct copying *copying, int into, const char *name,
	  const struct stat *st)
{
	for (size_t i = 0; st->st_nlink > 1 && i < copying->twin_count; i++) {
		const struct twin *twin = &copying->twins[i];
		if (twin->inode != st->st_ino || twin->device != st->st_dev)
			continue;
		auto_close int fd =
			sys_openat2(copying->top, twin->path,
				    O_PATH | O_NOFOLLOW | O_CLOEXEC, 0,
				    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
		if (fd < 0 || linkat(fd, "", into, name, AT_EMPTY_PATH) < 0)
			return 0; /* then it is a file of its own */
		return 1;
	}
	return 0;
}

static void
remember_twin(struct copying *copying, const struct stat *st)
{
	if (st->st_nlink < 2)
		return;
	copying->twins = resize_bytes(copying->twins,
				      (copying->twin_count + 1) *
					      sizeof(*copying->twins));
	copying->twins[copying->twin_count++] = (struct twin){
		st->st_dev, st->st_ino, copy_text(copying->path),
	};
}

static int
copy_file(struct copying *copying, int dir, int into, const char *name)
{
	struct stat st;
	auto_close int from = openat(dir, name, O_RDONLY | O_NOFOLLOW |
							O_NONBLOCK | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return fail("open it");
	if (!S_ISREG(st.st_mode))
		return failx("it is no file any more");
	if (link_twin(copying, into, name, &st))
		return 0;
	auto_close int to = openat(into, name,
				   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				   0600);
	if (to < 0)
		return fail("make it");
	remember_twin(copying, &st);
	return copy_content(from, to, st.st_size) < 0 ?
		       -1 :
		       copy_nature(from, to, &st);
}

static int
copy_link(int dir, int into, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	ssize_t length = readlinkat(dir, name, target, sizeof(target) - 1);
	if (length < 0)
		return fail("read the link");
	target[length] = '\0';
	if (symlinkat(target, into, name) < 0 ||
	    fchownat(into, name, st->st_uid, st->st_gid,
		     AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(into, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("make the link");
	return 0;
}

static int
copy_node(int into, const char *name, const struct stat *st)
{
	if (mknodat(into, name, st->st_mode, st->st_rdev) < 0 ||
	    fchownat(into, name, st->st_uid, st->st_gid,
		     AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(into, name, st->st_mode & 07777, 0) < 0)
		return fail("make the node");
	return 0;
}

/* ---- directories ----------------------------------------------------- */

static int copy_directory(struct copying *copying, int from, int into,
			  int depth);

static int
copy_below(struct copying *copying, int dir, int into, const char *name,
	   int depth)
{
	struct stat st;
	auto_close int from = openat(dir, name,
				     O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					     O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0)
		return fail("open directory %.100s", name);
	if (mkdirat(into, name, 0700) < 0)
		return fail("make directory %.100s", name);
	auto_close int to = openat(into, name,
				   O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					   O_CLOEXEC);
	if (to < 0)
		return fail("open directory %.100s", name);
	if (st.st_dev == copying->device &&
	    copy_directory(copying, from, to, depth) < 0)
		return -1;
	return copy_nature(from, to, &st) < 0 ? wrap("%.100s", name) : 0;
}

/* Anything but a directory. */
static int
copy_one(struct copying *copying, int dir, int into, const char *name,
	 const struct stat *st)
{
	int result = S_ISREG(st->st_mode) ?
			     copy_file(copying, dir, into, name) :
		     S_ISLNK(st->st_mode) ? copy_link(dir, into, name, st) :
					    copy_node(into, name, st);
	return result < 0 ? wrap("copy %.100s", name) : 0;
}

static int
copy_entry(struct copying *copying, int dir, int into, const char *name,
	   int depth)
{
	struct stat st;
	size_t before = copying->length;
	int result;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail("look at %.100s", name);
	if (before + strlen(name) + 2 > sizeof(copying->path))
		return failx("copy %.100s: its path is too long", name);
	copying->length += sprintf(copying->path + before, "%s%s",
				   before ? "/" : "", name);
	result = S_ISDIR(st.st_mode) ?
			 copy_below(copying, dir, into, name, depth) :
			 copy_one(copying, dir, into, name, &st);
	copying->length = before;
	copying->path[before] = '\0';
	return result;
}

static int
copy_directory(struct copying *copying, int from, int into, int depth)
{
	struct dirent *entry;
	if (depth == DEEPEST)
		return failx("more than %d directories deep", DEEPEST);
	auto_close int fd = openat(from, ".",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail("read the directory");
	take_fd(&fd);
	while ((errno = 0, entry = readdir(dir))) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (copy_entry(copying, dirfd(dir), into, name, depth + 1) < 0)
			return -1;
	}
	return errno ? fail("read the directory") : 0;
}

int
tmpcopyup(int from, int to)
{
	struct copying copying = { .top = to };
	struct stat st;
	if (fstat(from, &st) < 0)
		return fail("look at what is to be copied");
	copying.device = st.st_dev;
	int result = copy_directory(&copying, from, to, 0);
	for (size_t i = 0; i < copying.twin_count; i++)
		free(copying.twins[i].path);
	free(copying.twins);
	return result < 0 ? wrap("tmpcopyup") : 0;
}
