/* tree.c - see tree.h. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mountfd.h"
#include "sys.h"

/* Levels whose directory stays open while the walk is deeper down.  Below
 * them a directory is closed, and reached again by ".." and read anew. */
#define HELD_LEVELS 32

struct level {
	char *name;  /* in the level above; owned */
	DIR *stream; /* NULL while closed; owned */
	dev_t device;
	ino_t inode;
	bool removed_some; /* since the reading began */
};

struct removal {
	int top; /* the caller's directory */
	struct level *levels;
	size_t depth, room;
};

/* ---- names for failures ------------------------------------------------ */

/* Where we are, for people: "a/b/c", its middle left out when it is long. */
static char *
place(const struct removal *removal, const char *name)
{
	char *path = copy_text("");
	for (size_t i = 0; i < removal->depth; i++) {
		bool shown = i < 3 || i + 3 >= removal->depth;
		if (!shown && i > 3)
			continue;
		char *longer = text("%s%s/", path,
				    shown ? removal->levels[i].name : "...");
		free(path);
		path = longer;
	}
	char *whole = text("%s%s", path, name);
	free(path);
	return whole;
}

static int
fail_at(const struct removal *removal, const char *name)
{
	int code = errno;
	auto_free char *path = place(removal, name);
	errno = code;
	return fail("remove %s", path);
}

static int
fail_mount(const struct removal *removal, const char *name)
{
	auto_free char *path = place(removal, name);
	failx("remove %s: something is mounted there; nothing of it was "
	      "touched, unmount it first", path);
	failure.code = errno = EBUSY;
	return -1;
}

/* ---- opening a directory ----------------------------------------------- */

/* Without openat2: open what is no link, then compare the mounts. */
static int
open_by_hand(int dir, const char *name, int flags)
{
	uint64_t mount, parent;
	auto_close int fd = openat(dir, name, flags);
	if (fd < 0)
		return -1;
	/* Of AT_FDCWD the id must be asked through a descriptor. */
	auto_close int above = openat(dir, ".",
				      O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (above < 0)
		return -1;
	if (mountfd_id(above, &parent) < 0 || mountfd_id(fd, &mount) < 0) {
		errno = failure.code ? failure.code : EIO;
		return -1;
	}
	if (mount != parent) {
		errno = EXDEV;
		return -1;
	}
	return take_fd(&fd);
}

static int
open_on_mount(int dir, const char *name, int flags)
{
	flags |= O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = sys_openat2(dir, name, flags, 0,
			     RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS |
				     RESOLVE_BENEATH);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		fd = open_by_hand(dir, name, flags);
	return fd;
}

/*
 * A directory of ours without the bits to read and empty it gets them.  An
 * O_PATH descriptor needs none to be opened, and makes sure that it is this
 * directory whose mode is changed; only its name in /proc can be chmodded.
 */
static int
open_directory(int dir, const char *name)
{
	int fd = open_on_mount(dir, name, O_RDONLY);
	struct stat st;
	if (fd < 0 && errno == EACCES) {
		auto_close int held = open_on_mount(dir, name, O_PATH);
		auto_free char *path = text("/proc/self/fd/%d", held);
		if (held < 0 || chmod(path, 0700) < 0)
			return -1;
		return open_on_mount(dir, name, O_RDONLY);
	}
	if (fd >= 0 && geteuid() != 0 && fstat(fd, &st) == 0 &&
	    (st.st_mode & 0700) != 0700)
		fchmod(fd, 0700); /* what it does not cure, unlinkat reports */
	return fd;
}

/* ---- the walk ---------------------------------------------------------- */

static struct level *
deepest(const struct removal *removal)
{
	return &removal->levels[removal->depth - 1];
}

static int
current_dir(const struct removal *removal)
{
	return removal->depth ? dirfd(deepest(removal)->stream) :
				removal->top;
}

static int
fail_open(const struct removal *removal, const char *name)
{
	return errno == EXDEV ? fail_mount(removal, name) :
				fail_at(removal, name);
}

/* Go down into the directory `name`. */
static int
descend(struct removal *removal, const char *name)
{
	struct stat st;
	auto_close int fd = open_directory(current_dir(removal), name);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_open(removal, name);
	DIR *stream = fdopendir(fd);
	if (!stream)
		return fail_at(removal, name);
	take_fd(&fd);
	char *kept = copy_text(name); /* it may lie in the stream we close */
	if (removal->depth > HELD_LEVELS) {
		closedir(deepest(removal)->stream);
		deepest(removal)->stream = NULL;
	}
	if (removal->depth == removal->room) {
		removal->room = removal->room ? 2 * removal->room : 64;
		removal->levels =
			resize_bytes(removal->levels,
				     removal->room * sizeof(struct level));
	}
	removal->levels[removal->depth++] = (struct level){
		.name = kept,
		.stream = stream,
		.device = st.st_dev,
		.inode = st.st_ino,
	};
	return 0;
}

/* Open the level above again, through "..", and make sure that it is the one
 * we came from: somebody may have moved the directory elsewhere. */
static int
reopen_parent(struct removal *removal)
{
	struct level *parent = &removal->levels[removal->depth - 2];
	struct stat st;
	if (parent->stream)
		return 0;
	auto_close int fd =
		openat(current_dir(removal), "..",
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_at(removal, "..");
	if (st.st_dev != parent->device || st.st_ino != parent->inode) {
		auto_free char *path = place(removal, "");
		return failx("remove %s: it was moved elsewhere meanwhile",
			     path);
	}
	parent->stream = fdopendir(fd);
	if (!parent->stream)
		return fail_at(removal, "..");
	take_fd(&fd);
	return 0;
}

/* Leave the deepest directory, which is empty, and remove it. */
static int
ascend(struct removal *removal)
{
	if (removal->depth > 1 && reopen_parent(removal) < 0)
		return -1;
	struct level *done = deepest(removal);
	auto_free char *name = done->name;
	closedir(done->stream);
	removal->depth--;
	if (unlinkat(current_dir(removal), name, AT_REMOVEDIR) < 0 &&
	    errno != ENOENT)
		return errno == EBUSY ? fail_mount(removal, name) :
					fail_at(removal, name);
	if (removal->depth)
		deepest(removal)->removed_some = true;
	return 0;
}

/* Remove what is not a directory.  1: it is one, and has to be entered. */
static int
remove_entry(struct removal *removal, const char *name)
{
	if (unlinkat(current_dir(removal), name, 0) == 0 || errno == ENOENT) {
		if (removal->depth)
			deepest(removal)->removed_some = true;
		return 0;
	}
	if (errno == EISDIR)
		return 1;
	/* POSIX has EPERM for a directory; Linux for one that it protects. */
	int code = errno;
	struct stat st;
	if (fstatat(current_dir(removal), name, &st, AT_SYMLINK_NOFOLLOW) ==
		    0 &&
	    S_ISDIR(st.st_mode))
		return 1;
	errno = code;
	return code == EBUSY ? fail_mount(removal, name) :
			       fail_at(removal, name);
}

/* The next entry of the deepest directory; NULL when it is empty.  A file
 * system may skip entries while others are removed, so read again until a
 * whole reading has found nothing to remove. */
static const char *
next_entry(struct removal *removal)
{
	struct level *level = deepest(removal);
	for (;;) {
		errno = 0;
		struct dirent *entry = readdir(level->stream);
		if (!entry && errno == 0 && level->removed_some) {
			level->removed_some = false;
			rewinddir(level->stream);
			continue;
		}
		if (!entry)
			return NULL;
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
}

static int
walk(struct removal *removal, const char *top)
{
	int is_directory = remove_entry(removal, top);
	if (is_directory <= 0)
		return is_directory;
	if (descend(removal, top) < 0)
		return failure.code == ENOENT ? 0 : -1;
	while (removal->depth) {
		const char *name = next_entry(removal);
		if (!name && errno)
			return fail_at(removal, "");
		if (!name) {
			if (ascend(removal) < 0)
				return -1;
			continue;
		}
		is_directory = remove_entry(removal, name);
		if (is_directory < 0 ||
		    (is_directory && descend(removal, name) < 0 &&
		     failure.code != ENOENT))
			return -1;
	}
	return 0;
}

int
tree_remove(int dir, const char *name)
{
	if (*name == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return failx("remove a tree: \"%s\" is not the name of a "
			     "directory entry", name);
	struct removal removal = { .top = dir };
	int result = walk(&removal, name);
	while (removal.depth) {
		struct level *level = deepest(&removal);
		if (level->stream)
			closedir(level->stream);
		free(level->name);
		removal.depth--;
	}
	free(removal.levels);
	return result;
}
