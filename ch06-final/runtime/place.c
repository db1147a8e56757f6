/* place.c - child.  See place.h. */
#include "place.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mountfd.h"
#include "safepath.h"
#include "session.h"
#include "sys.h"

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif

/* What copy_mount_options() of the kernel takes; the rest it cuts off. */
#define DATA_MAX 4096

/* ---- the target ------------------------------------------------------ */

/* In most cases all but the last component is there, and in three calls so is
 * that.  -1: it takes the longer way. */
static int
make_last(int root, const char *path, enum place_kind kind)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -1;
	auto_free char *above = text("%.*s/", (int)(name - path), path);
	auto_close int dir = safepath_open(root, above, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return -1;
	if (kind == PLACE_FILE) {
		auto_close int file =
			openat(dir, name, O_RDONLY | O_CREAT | O_EXCL |
						  O_NOFOLLOW | O_CLOEXEC,
			       0644);
		if (file < 0)
			return -1;
	} else if (mkdirat(dir, name, 0755) < 0) {
		return -1;
	}
	return openat(dir, name,
		      O_PATH | O_NOFOLLOW | O_CLOEXEC |
			      (kind == PLACE_FILE ? 0 : O_DIRECTORY));
}

static int
make(int root, const char *path, enum place_kind kind)
{
	int made = make_last(root, path, kind);
	if (made >= 0)
		return made;
	return kind == PLACE_FILE ? safepath_make_file(root, path, 0644) :
				    safepath_make_dir(root, path, 0755);
}

static int
refuse(const struct place *place, enum place_kind kind)
{
	/* O_DIRECTORY with O_NOFOLLOW: a link is no directory. */
	if (kind == PLACE_PLAIN &&
	    (failure.code == ENOTDIR || failure.code == ELOOP))
		return failx("in this root %s is not a directory; a link or "
			     "file there could redirect what is mounted",
			     place->path);
	if (kind == PLACE_DIRECTORY && failure.code == ENOTDIR)
		return wrap("a directory cannot be mounted on a file");
	return -1;
}

int
place_open(struct place *place, int root, const char *path,
	   enum place_kind kind)
{
	static const int flags[] = {
		[PLACE_DIRECTORY] = O_PATH | O_DIRECTORY,
		[PLACE_FILE] = O_PATH,
		[PLACE_PLAIN] = O_PATH | O_DIRECTORY | O_NOFOLLOW,
		[PLACE_THERE] = O_PATH,
	};
	*place = (struct place){ .root = root, .path = path };
	place->fd = safepath_open(root, path, flags[kind]);
	if (place->fd < 0 && failure.code == ENOENT && kind != PLACE_THERE) {
		place->fd = make(root, path, kind);
		place->made = true;
	}
	return place->fd < 0 ? refuse(place, kind) : 0;
}

void
place_close(struct place *place)
{
	session_close_later(&place->fd);
}

/* ---- is it there? ---------------------------------------------------- */

struct look {
	uint64_t id;
	bool is_unique; /* the id */
	bool is_top;	/* of its mount */
};

static void
look_at(int dir, const char *name, struct look *seen)
{
	struct statx stx;
	if (statx(dir, name, AT_EMPTY_PATH, STATX_MNT_ID_UNIQUE, &stx) < 0)
		stx = (struct statx){ 0 };
	seen->is_unique = stx.stx_mask & STATX_MNT_ID_UNIQUE;
	seen->is_top = stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	seen->id = stx.stx_mnt_id;
}

static int
look(int fd, struct look *seen)
{
	look_at(fd, "", seen);
	/* Kernels that have no unique ones differ in what else they tell. */
	return seen->is_unique ? 0 : mountfd_id(fd, &seen->id);
}

/* The highest number seen: whatever has a higher one came after it. */
static uint64_t newest;

void
place_begin(int dir, const char *name)
{
	struct look seen;
	look_at(dir, name, &seen);
	newest = seen.is_unique ? seen.id : 0;
}

static bool
is_same_directory(int a, int b)
{
	struct stat first, second;
	return fstat(a, &first) == 0 && fstat(b, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* On the root itself: nothing can be looked up above it, and what comes next
 * is to go on top. */
static int
take_root(const struct place *place, int mount)
{
	if (dup3(mount, place->root, O_CLOEXEC) < 0)
		return fail("make a mount the new root");
	return 0;
}

static int
fail_reached(void)
{
	return failx("the path no longer leads to what was mounted on it: it "
		     "was changed meanwhile");
}

/* Take away what is on top of the descriptor.  It is found by its path, and
 * that may be changed from one moment to the next: so try again, and sleep in
 * between, for whoever changes it may be waiting for our CPU. */
static int
undo(const struct place *place)
{
	struct failure reason = failure;
	int result = -1;
	for (int tries = 0; tries < 5000 && result < 0; tries++) {
		auto_close int wrong = mountfd_on(place->fd);
		result = wrong < 0 ? -1 : mountfd_undo(wrong);
		if (result < 0)
			nanosleep(&(struct timespec){ .tv_nsec = 100000 },
				  NULL);
	}
	failure = reason;
	return result < 0 ? wrap("(the mount could not be undone)") : -1;
}

/* What mount(2) has just put there, or else it is gone again. */
static int
reach(const struct place *place)
{
	struct look seen;
	auto_close int fd = safepath_open(place->root, place->path, O_PATH);
	if (fd < 0 || look(fd, &seen) < 0)
		return undo(place);
	if (seen.is_top && seen.id > newest) {
		newest = seen.id;
		return take_fd(&fd);
	}
	if (!is_same_directory(place->fd, place->root)) {
		fail_reached();
		return undo(place);
	}
	auto_close int mount = mountfd_on(place->fd);
	return mount < 0 || take_root(place, mount) < 0 ? -1 : take_fd(&mount);
}

int
place_check(const struct place *place, int mount)
{
	struct look made, found;
	auto_close int fd = safepath_open(place->root, place->path, O_PATH);
	if (fd >= 0 && look(mount, &made) == 0 && look(fd, &found) == 0) {
		if (made.is_unique && made.id > newest)
			newest = made.id;
		if (made.id == found.id)
			return 0;
		if (is_same_directory(place->fd, place->root))
			return take_root(place, mount);
		fail_reached();
	}
	mountfd_undo(mount);
	return -1;
}

/* ---- mounts ---------------------------------------------------------- */

/* mount(2) does not say what it made.  That is known only where numbers are
 * unique, and above the root nothing can be looked up. */
static bool
is_told(const struct place *place)
{
	return newest && place->path[strspn(place->path, "/.")];
}

/* Otherwise the mount is in our hands before it is there. */
static int
checked(const struct place *place, int *mount)
{
	return *mount < 0 || place_check(place, *mount) < 0 ? -1 :
							      take_fd(mount);
}

struct fd_path {
	char text[32];
};

static struct fd_path
path_of(int fd)
{
	struct fd_path path;
	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

static int
fail_mount(const char *type)
{
	if (errno == ENODEV)
		return fail("this kernel does not have %s", type);
	if (errno == ENOENT && access("/proc/self/fd", F_OK) < 0)
		return failx("/proc is not mounted here, and a mount by "
			     "descriptor takes it");
	return fail("mount(2)");
}

/*
 * The longer way makes the mount read-only, not the file system.  One on a
 * device must be so, too: the device may be read-only itself, and a journal is
 * written to.  The caller frees.
 */
static char *
with_readonly(const char *type, const char *source, unsigned long flags,
	      const char *data)
{
	bool is_wanted = (flags & MS_RDONLY) && source && *source == '/';
	auto_close int fs = is_wanted ? sys_fsopen(type) : -1;
	if (fs < 0) /* mount(2) takes it from the flags */
		return copy_text(data ? data : "");
	return text("ro%s%s", data ? "," : "", data ? data : "");
}

int
place_new(const struct place *place, const char *type, const char *source,
	  unsigned long flags, const char *data)
{
	if (is_told(place) && (!data || strlen(data) < DATA_MAX)) {
		if (sys_mount(source ? source : type, path_of(place->fd).text,
			      type, flags, data) == 0)
			return reach(place);
		if (errno != EINVAL)
			return fail_mount(type);
	}
	auto_free char *options = with_readonly(type, source, flags, data);
	auto_close int mount = mountfd_new(type, source, flags,
					   *options ? options : NULL,
					   place->fd);
	return checked(place, &mount);
}

int
place_attach(const struct place *place, int mount)
{
	return mountfd_attach(mount, place->fd) < 0 ?
		       -1 :
		       place_check(place, mount);
}

/* A bind mount of what a descriptor shows. */
static int
bind_on(const struct place *place, int source, unsigned long recursive)
{
	if (!is_told(place)) {
		auto_close int mount =
			mountfd_bind(source, place->fd, recursive);
		return checked(place, &mount);
	}
	if (sys_mount(path_of(source).text, path_of(place->fd).text, NULL,
		      MS_BIND | recursive, NULL) < 0)
		return fail_mount("bind");
	return reach(place);
}

int
place_again(const struct place *place)
{
	return bind_on(place, place->fd, MS_REC);
}

int
place_cover(const struct place *place, int file)
{
	return bind_on(place, file, 0);
}
