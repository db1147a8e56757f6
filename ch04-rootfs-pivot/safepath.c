/* safepath.c - see safepath.h. */
#include "safepath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys.h"

/* The kernel's own limits (MAXSYMLINKS; a path with its NUL). */
#define LINKS_MAX 40
#define PATH_BYTES_MAX 4096

/* What may be made on the way when it is missing. */
enum making { NOTHING, DIRECTORIES, A_FILE };

/*
 * The walk by hand.  All directories from the root down to where we are are
 * held open, and ".." goes back to the one we came from: so it leads nowhere
 * new, however the tree is moved about meanwhile.
 */
struct walk {
	int root;
	int *dirs; /* below the root; the last one is where we are */
	size_t depth, room;
	char *rest; /* what is still to be walked; owned */
	char *name; /* the component at hand, in `rest` */
	bool is_last, has_slash; /* of the component at hand */
	unsigned int links;
	int flags;
	enum making making;
	mode_t mode;
};

static int
here(const struct walk *walk)
{
	return walk->depth ? walk->dirs[walk->depth - 1] : walk->root;
}

static void
push(struct walk *walk, int dir)
{
	if (walk->depth == walk->room) {
		walk->room = walk->room ? 2 * walk->room : 16;
		walk->dirs = resize_bytes(walk->dirs,
					  walk->room * sizeof(*walk->dirs));
	}
	walk->dirs[walk->depth++] = dir;
}

static void
pop(struct walk *walk)
{
	if (walk->depth)
		close(walk->dirs[--walk->depth]);
}

static int
fail_with(int code)
{
	errno = code;
	return -1;
}

/* Cut the next component off; false at the end of the path. */
static bool
next_component(struct walk *walk, char **cursor)
{
	char *name = *cursor + strspn(*cursor, "/");
	char *end = name + strcspn(name, "/");
	char *after = end + strspn(end, "/");
	if (*name == '\0')
		return false;
	walk->name = name;
	walk->is_last = *after == '\0';
	walk->has_slash = *end == '/';
	*end = '\0';
	*cursor = after;
	return true;
}

/* "." and "..": like any step they need a directory that may be searched. */
static int
step_dots(struct walk *walk)
{
	/* lab step_dots: walk->name is "." or "..".  ".." is one pop(), which
	 * does nothing at the root: never openat(here, ".."), which leads to
	 * wherever the directory has been moved meanwhile.  Either is a step
	 * like any other: it fails as openat(2) of "." does in a directory
	 * that may not be searched.  -1 with errno set, or 0. */
	auto_close int self = openat(here(walk), ".",
				     O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self < 0)
		return -1;
	if (walk->name[1] == '.')
		pop(walk);
	return 0;
	/* lab end: (void)walk;
	 * return fail_with(ENOSYS); */
}

/*
 * The links of /proc/PID (exe, cwd, root, fd/N, ...) do not lead where their
 * text says, but straight to an object anywhere on the host.  On procfs only
 * the links at its very top (self, thread-self, mounts, net) are plain text.
 */
static bool
is_magic(int parent, int link)
{
	struct statfs fs;
	struct stat top;
	return fstatfs(link, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC &&
	       !(fstat(parent, &top) == 0 && top.st_ino == 1);
}

static char *
read_link(int link)
{
	char *target = new_bytes(PATH_BYTES_MAX);
	ssize_t length = readlinkat(link, "", target, PATH_BYTES_MAX);
	if (length >= 0 && length < PATH_BYTES_MAX)
		return target; /* new_bytes() has put the NUL */
	if (length >= 0)
		errno = ENAMETOOLONG;
	free(target);
	return NULL;
}

/* Put the text of a link in the place of its name. */
static int
follow(struct walk *walk, int link, char **cursor)
{
	if (walk->links++ >= LINKS_MAX || is_magic(here(walk), link))
		return fail_with(ELOOP);
	auto_free char *target = read_link(link);
	if (!target)
		return -1;
	/* lab follow: `target` is the text of the link; *cursor what is still
	 * to be walked after it, and lies in walk->rest.  Put both together
	 * (text()), as walk->rest, with *cursor at its beginning; the old one
	 * must be freed, and not before it was copied.  An absolute link
	 * begins at the root.  A slash that stood after the link
	 * (walk->has_slash) asks for a directory and must not be lost.  A path
	 * of PATH_BYTES_MAX or more is ENAMETOOLONG (fail_with()). */
	if (*target == '/')
		while (walk->depth)
			pop(walk);
	char *rest = text("%s%s%s", target, walk->has_slash ? "/" : "",
			  *cursor);
	free(walk->rest);
	walk->rest = *cursor = rest;
	if (strlen(rest) >= PATH_BYTES_MAX)
		return fail_with(ENAMETOOLONG);
	return 0;
	/* lab end: (void)cursor;
	 * return fail_with(ENOSYS); */
}

/* Make what is missing.  EEXIST: somebody was faster, and it is there. */
static int
make_component(struct walk *walk)
{
	int made;
	if (walk->making == A_FILE && walk->is_last) {
		if (walk->has_slash)
			return fail_with(EISDIR);
		made = openat(here(walk), walk->name,
			      O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				      O_CLOEXEC,
			      walk->mode);
		if (made >= 0)
			close(made);
	} else {
		mode_t mode = walk->making == A_FILE ? 0755 : walk->mode;
		made = mkdirat(here(walk), walk->name, mode);
	}
	return made < 0 && errno != EEXIST ? -1 : 0;
}

/* The component at hand itself, O_PATH, not what it links to. */
static int
open_component(struct walk *walk)
{
	int fd = openat(here(walk), walk->name,
			O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT || walk->making == NOTHING)
		return fd;
	if (make_component(walk) < 0)
		return -1;
	return openat(here(walk), walk->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* The end of the path, `fd`, which is not a link, in the way asked for. */
static int
open_last(const struct walk *walk, int *fd, mode_t kind)
{
	if ((walk->flags & O_DIRECTORY) && !S_ISDIR(kind))
		return fail_with(ENOTDIR);
	if (walk->flags & O_PATH)
		return take_fd(fd);
	return openat(here(walk), walk->name,
		      walk->flags | O_NOFOLLOW | O_CLOEXEC);
}

/* One component.  0: go on; 1: `result` is what was asked for. */
static int
step(struct walk *walk, char **cursor, int *result)
{
	struct stat st;
	if (strcmp(walk->name, ".") == 0 || strcmp(walk->name, "..") == 0)
		return step_dots(walk);
	auto_close int fd = open_component(walk);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	bool ends = walk->is_last && !walk->has_slash;
	if (S_ISLNK(st.st_mode)) {
		if (!ends || !(walk->flags & O_NOFOLLOW))
			return follow(walk, fd, cursor);
		if (!(walk->flags & O_PATH))
			return fail_with(ELOOP);
	}
	if (ends) {
		*result = open_last(walk, &fd, st.st_mode);
		return *result < 0 ? -1 : 1;
	}
	if (!S_ISDIR(st.st_mode))
		return fail_with(ENOTDIR);
	push(walk, take_fd(&fd));
	return 0;
}

static int
walk_steps(struct walk *walk)
{
	char *cursor = walk->rest;
	int result = -1;
	while (next_component(walk, &cursor)) {
		int done = step(walk, &cursor, &result);
		if (done != 0)
			return done < 0 ? -1 : result;
	}
	/* The path ends in a directory: "/", "a/" or "a/..". */
	return openat(here(walk), ".", walk->flags | O_CLOEXEC);
}

static int
walk_by_hand(int root, const char *path, int flags, enum making making,
	     mode_t mode)
{
	struct walk walk = {
		.root = root,
		.rest = copy_text(path),
		.flags = flags,
		.making = making,
		.mode = mode,
	};
	int fd;
	if (*path == '\0')
		fd = fail_with(ENOENT);
	else if (strlen(path) >= PATH_BYTES_MAX)
		fd = fail_with(ENAMETOOLONG);
	else
		fd = walk_steps(&walk);
	int code = errno;
	while (walk.depth)
		pop(&walk);
	free(walk.dirs);
	free(walk.rest);
	errno = code;
	return fd;
}

/* -1 with errno: the callers put it into words. */
static int
open_existing(int root, const char *path, int flags)
{
	int fd = sys_openat2(root, path, flags | O_CLOEXEC, 0,
			     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	/* Old seccomp filters hide the call behind EPERM; EAGAIN is left when
	 * renames all over the machine disturbed every try. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		fd = walk_by_hand(root, path, flags, NOTHING, 0);
	return fd;
}

int
safepath_open(int root, const char *path, int flags)
{
	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
		return failx("open %s inside the root: to make something there "
			     "is the business of safepath_make_file()", path);
	int fd = open_existing(root, path, flags);
	return fd < 0 ? fail("open %s inside the root", path) : fd;
}

int
safepath_make_dir(int root, const char *path, mode_t mode)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int fd = open_existing(root, path, flags);
	if (fd < 0 && errno == ENOENT && *path)
		fd = walk_by_hand(root, path, flags, DIRECTORIES, mode);
	if (fd < 0)
		return fail("make directory %s inside the root", path);
	return fd;
}

int
safepath_make_file(int root, const char *path, mode_t mode)
{
	struct stat st;
	auto_close int fd = open_existing(root, path, O_PATH);
	if (fd < 0 && errno == ENOENT && *path)
		fd = walk_by_hand(root, path, O_PATH, A_FILE, mode);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail("make file %s inside the root", path);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return fail("make file %s inside the root", path);
	}
	return take_fd(&fd);
}
