/* entry.c - see entry.h.  Runs in mydocker-image. */
#include "entry.h"

#include "attributes.h"
#include "idmap.h"
#include "recipe.h"
#include "safepath.h"
#include "stream.h"
#include "tree.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- paths ------------------------------------------------------------- */

/* The kernel has no limit for how deep directories are, only for how much of a
 * path one call takes. */
#define DEEPEST 32768

char *
entry_clean_path(const char *path)
{
	if (path[0] == '/') {
		failx("%.80s: an absolute path", path);
		return NULL;
	}
	if (strlen(path) > DEEPEST) {
		failx("%.80s...: a path of more than %d bytes", path, DEEPEST);
		return NULL;
	}
	auto_free char *clean = new_bytes(strlen(path) + 1);
	size_t length = 0;
	for (const char *part = path; *part;) {
		size_t size = strcspn(part, "/");
		if (size == 2 && strncmp(part, "..", 2) == 0) {
			failx("%.80s: a path with \"..\"", path);
			return NULL;
		}
		if (size > NAME_MAX) {
			failx("%.80s: a name of more than %d bytes", path,
			      NAME_MAX);
			return NULL;
		}
		if (size > 0 && !(size == 1 && *part == '.')) {
			if (length > 0)
				clean[length++] = '/';
			memcpy(clean + length, part, size);
			length += size;
		}
		part += size;
		part += strspn(part, "/");
	}
	return take_ptr(&clean);
}

/* Is any component a mark, of aufs's own or a whiteout? */
static bool
has_mark(const char *path, enum mark mark)
{
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (marks_in_name(part) == mark)
			return true;
	}
	return false;
}

/* What aufs puts before a name needs room: AUFS_NAME_MAX of aufs_whiteout.h. */
#define AUFS_NAME_MAX 242

static bool
has_name_too_long_for_aufs(const char *path)
{
	for (const char *part = path; *part; part += strspn(part, "/")) {
		size_t size = strcspn(part, "/");
		size_t mark = marks_in_name(part) == MARK_WHITEOUT ? 4 : 0;
		if (size - mark > AUFS_NAME_MAX)
			return true;
		part += size;
	}
	return false;
}

/* ---- directories ------------------------------------------------------- */

static int
open_directory(int dir, const char *name)
{
	return openat(dir, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A directory that was deleted below and made anew hides what was there. */
static int
make_directory(int dir, const char *name, bool is_opaque, enum marks marks)
{
	if (mkdirat(dir, name, 0755) < 0)
		return -1;
	auto_close int made = open_directory(dir, name);
	if (made < 0)
		return -1;
	if (is_opaque && marks_make_opaque(made, marks) < 0)
		return -1;
	return take_fd(&made);
}

/* Why a component could not be entered. */
static int
explain(int dir, const char *name, const char *path)
{
	int code = errno;
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return failx("%.80s: passes through the symbolic link %.80s",
			     path, name);
	errno = code;
	return fail("%.80s: enter %.80s", path, name);
}

/* Enter, or make, one component of a parent directory. */
static int
enter(int dir, const char *name, const char *path, bool make,
      enum marks marks)
{
	int next = open_directory(dir, name);
	if (next >= 0 || !make)
		return next >= 0 ? next : explain(dir, name, path);
	int code = errno;
	int was_hidden = marks_unhide(dir, name, marks);
	if (was_hidden < 0)
		return wrap("%.80s", path);
	errno = code;
	if (!was_hidden && code != ENOENT)
		return explain(dir, name, path);
	next = make_directory(dir, name, was_hidden, marks);
	return next >= 0 ? next : fail("%.80s: make %.80s", path, name);
}

/* As open_parent(), where links lead on, inside the root. */
static int
open_placed(const struct place *place, const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');
	auto_free char *above =
		text("%s/%.*s", place->path, slash ? (int)(slash - path) : 0,
		     path);
	*base = slash ? slash + 1 : path;
	return safepath_make_dir(place->root, above, 0755);
}

/* The directory that `path` is in, as a descriptor that the caller closes.
 * `path` is clean.  *base is its last component. */
static int
open_parent(const struct unpacking *unpacking, const char *path, bool make,
	    const char **base)
{
	if (unpacking->place)
		return open_placed(unpacking->place, path, base);
	auto_close int dir = fcntl(unpacking->root, F_DUPFD_CLOEXEC, 0);
	if (dir < 0)
		return fail("%.80s: duplicate a descriptor", path);
	const char *part = path;
	for (const char *slash; (slash = strchr(part, '/')); part = slash + 1) {
		char name[NAME_MAX + 1];
		snprintf(name, sizeof(name), "%.*s", (int)(slash - part), part);
		auto_close int next =
			enter(dir, name, path, make, unpacking->marks);
		if (next < 0)
			return -1;
		close(dir);
		dir = take_fd(&next);
	}
	*base = part;
	return take_fd(&dir);
}

static void
forget_parent(struct unpacking *unpacking)
{
	close_scoped(&unpacking->parent);
	free(take_ptr(&unpacking->parent_path));
}

/* The same from the cache: most entries are in the directory of the one
 * before.  The descriptor is the cache's. */
static int
find_parent(struct unpacking *unpacking, const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	const char *known = unpacking->parent_path;
	if (known && strlen(known) == length &&
	    memcmp(known, path, length) == 0) {
		*base = slash ? slash + 1 : path;
		return unpacking->parent;
	}
	forget_parent(unpacking);
	unpacking->parent = open_parent(unpacking, path, true, base);
	if (unpacking->parent >= 0)
		unpacking->parent_path = text("%.*s", (int)length, path);
	return unpacking->parent;
}

/* ---- one kind of entry each -------------------------------------------- */

/* `*end`: how long the file is now, or -1 when there are holes in it. */
static int
write_data(int fd, struct archive *archive, struct allowance *allowance,
	   const char *path, int64_t *end)
{
	const void *block;
	size_t size;
	la_int64_t offset;
	int result;
	*end = 0;
	while ((result = archive_read_data_block(archive, &block, &size,
						 &offset)) == ARCHIVE_OK) {
		if (allowance_bytes(allowance, size) < 0)
			return wrap("%.80s", path);
		*end = offset == *end ? offset + (int64_t)size : -1;
		while (size > 0) {
			ssize_t done = pwrite(fd, block, size, offset);
			if (done < 0 && errno == EINTR)
				continue;
			if (done < 0)
				return fail("%.80s: write", path);
			block = (const char *)block + done;
			size -= done;
			offset += done;
		}
	}
	return result == ARCHIVE_EOF ? 0 : stream_fail(archive, path);
}

/* tmpfs, for one, takes any length as long as nothing is written. */
static bool
is_larger_than_disk(int fd, int64_t size)
{
	struct statvfs disk;
	if (size < 0 || fstatvfs(fd, &disk) < 0 || disk.f_blocks == 0)
		return false;
	return (uint64_t)size / disk.f_frsize > disk.f_blocks;
}

/* The holes of a sparse file are not written; its length is. */
static int
give_length(int fd, int64_t size, const char *path)
{
	if (is_larger_than_disk(fd, size)) {
		errno = EFBIG;
		return fail("%.80s: %lld bytes, more than the whole disk has",
			    path, (long long)size);
	}
	if (size < 0 || ftruncate(fd, size) < 0)
		return fail("%.80s: give it the length %lld", path,
			    (long long)size);
	return 0;
}

static int
write_file_entry(struct unpacking *unpacking, struct archive *archive,
		 struct archive_entry *entry, const char *path, int dir,
		 const char *base)
{
	auto_close int fd = openat(dir, base, O_WRONLY | O_CREAT | O_EXCL |
				   O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail("%.80s: create", path);
	int64_t end, size = archive_entry_size(entry);
	/* In the tar the data of a sparse file are not those of the file. */
	if (unpacking->recipe && archive_entry_sparse_count(entry) == 0 &&
	    recipe_file(unpacking->recipe, archive, size, path) < 0)
		return -1;
	if (write_data(fd, archive, &unpacking->allowance, path, &end) < 0 ||
	    (end != size && give_length(fd, size, path) < 0))
		return -1;
	if (unpacking->size <= UINT64_MAX / 2)
		unpacking->size += size;
	return attributes_set(fd, dir, base, entry, path);
}

static void
remember_directory(struct unpacking *unpacking, struct archive_entry *entry,
		   const char *path)
{
	size_t count = unpacking->count++;
	if ((count & (count - 1)) == 0)
		unpacking->directories = resize_bytes(
			unpacking->directories,
			(count ? count * 2 : 1) *
				sizeof(*unpacking->directories));
	struct directory_times *directory = &unpacking->directories[count];
	directory->path = copy_text(path);
	attributes_times(entry, directory->times);
}

static int
write_directory(struct unpacking *unpacking, struct archive_entry *entry,
		const char *path, int dir, const char *base)
{
	auto_close int fd = open_directory(dir, base);
	if (fd < 0 && errno == ENOENT)
		fd = make_directory(dir, base, false, unpacking->marks);
	if (fd < 0)
		return fail("%.80s: make the directory", path);
	remember_directory(unpacking, entry, path);
	return attributes_set(fd, dir, base, entry, path);
}

static int
write_symlink(struct archive_entry *entry, const char *path, int dir,
	      const char *base)
{
	const char *target = archive_entry_symlink(entry);
	if (!target || target[0] == '\0')
		return failx("%.80s: a symbolic link to nothing", path);
	if (symlinkat(target, dir, base) < 0)
		return fail("%.80s: make the symbolic link", path);
	return attributes_set(-1, dir, base, entry, path);
}

/* The device nodes that a root file system from debootstrap has; every one is
 * in every container anyhow.  0/0 would be a whiteout of overlayfs, and any
 * other would be a door to the host's hardware. */
static bool
is_harmless_device(mode_t type, dev_t device)
{
	static const unsigned int harmless[][2] = {
		{ 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 }, /* null zero full ... */
		{ 1, 9 }, { 5, 0 }, { 5, 1 }, { 5, 2 }, /* ... console ptmx */
	};
	for (size_t i = 0; type == S_IFCHR && i < countof(harmless); i++)
		if (major(device) == harmless[i][0] &&
		    minor(device) == harmless[i][1])
			return true;
	return false;
}

static int
write_node(struct archive_entry *entry, const char *path, int dir,
	   const char *base)
{
	mode_t type = archive_entry_filetype(entry);
	dev_t device = type == S_IFIFO ? 0 : archive_entry_rdev(entry);
	if (type != S_IFIFO && !is_harmless_device(type, device))
		return failx("%.80s: a %s device %u:%u, which no image needs",
			     path, type == S_IFBLK ? "block" : "character",
			     major(device), minor(device));
	/* In a user namespace nobody makes devices.  Those that may be here,
	 * every container has, so this one is left out, as Docker does. */
	if (mknodat(dir, base, type | 0600, device) < 0)
		return errno == EPERM && type != S_IFIFO && !idmap_is_whole() ?
			       0 : fail("%.80s: make the node", path);
	return attributes_set(-1, dir, base, entry, path);
}

/* A link to a file that came before it in the same tar. */
static int
write_hard_link(struct unpacking *unpacking, const char *target,
		const char *path, int dir, const char *base)
{
	auto_free char *clean = entry_clean_path(target);
	if (!clean)
		return wrap("%.60s: hard link", path);
	if (strcmp(clean, path) == 0)
		return failx("%.80s: a hard link to itself", path);
	const char *target_base, *hidden;
	auto_close int target_dir =
		open_parent(unpacking, clean, false, &target_base);
	if (target_dir < 0)
		return wrap("%.60s: hard link", path);
	struct stat st;
	if (*clean == '\0' ||
	    fstatat(target_dir, target_base, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!unpacking->place && marks_look(target_dir, target_base,
					     unpacking->marks, &hidden) !=
					  MARK_NONE))
		return failx("%.60s: a hard link to %.60s, which does not "
			     "come before it in the archive", path, clean);
	if (S_ISDIR(st.st_mode))
		return failx("%.60s: a hard link to the directory %.60s",
			     path, clean);
	if (linkat(target_dir, target_base, dir, base, 0) < 0)
		return fail("%.60s: hard link to %.60s", path, clean);
	return 0;
}

/* ---- whiteouts --------------------------------------------------------- */

static int
write_mark(struct unpacking *unpacking, struct archive_entry *entry,
	   const char *path)
{
	const char *base, *hidden;
	enum marks marks = unpacking->marks;
	int dir = find_parent(unpacking, path, &base);
	if (dir < 0)
		return -1;
	if (archive_entry_hardlink(entry) ||
	    archive_entry_filetype(entry) != AE_IFREG)
		return failx("%.80s: a whiteout that is not a regular file",
			     path);
	if (marks_look(dir, base, MARKS_NAMES, &hidden) == MARK_OPAQUE)
		return marks_make_opaque(dir, marks) < 0 ?
			wrap("%.60s", path) : 0;
	if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 ||
	    strcmp(hidden, "..") == 0)
		return failx("%.80s: a whiteout of a directory's own entry",
			     path);
	return marks_hide(dir, hidden, marks) < 0 ? wrap("%.60s", path) : 0;
}

/* ---- an entry ---------------------------------------------------------- */

/* What is there goes; but no directory for a file, and the other way round. */
static int
make_room_in_place(const char *path, int dir, const char *base,
		   bool for_directory)
{
	struct stat st;
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail("%.80s: look", path);
	if (S_ISDIR(st.st_mode) != for_directory)
		return failx("cannot overwrite %sdirectory \"%.60s\" with "
			     "%sdirectory", for_directory ? "non-" : "", path,
			     for_directory ? "" : "non-");
	return for_directory || unlinkat(dir, base, 0) == 0 ?
		       0 : fail("%.80s: replace", path);
}

/* Of two entries with one name the later counts: make room for it.  A
 * directory stays for a directory. */
static int
make_room(struct unpacking *unpacking, const char *path, int dir,
	  const char *base, bool for_directory)
{
	struct stat st;
	enum marks marks = unpacking->marks;
	if (unpacking->place)
		return make_room_in_place(path, dir, base, for_directory);
	int was_hidden = marks_unhide(dir, base, marks);
	if (was_hidden < 0)
		return wrap("%.80s", path);
	if (was_hidden && !for_directory)
		return 0;
	if (was_hidden) {
		auto_close int made = make_directory(dir, base, true, marks);
		return made < 0 ? fail("%.80s: make the directory", path) : 0;
	}
	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail("%.80s: look", path);
	if (S_ISDIR(st.st_mode) && for_directory)
		return 0;
	unpacking->has_replaced = true;
	if (S_ISDIR(st.st_mode))
		return tree_remove(dir, base);
	return unlinkat(dir, base, 0) < 0 ? fail("%.80s: replace", path) : 0;
}

static int
write_named(struct unpacking *unpacking, struct archive *archive,
	    struct archive_entry *entry, const char *path)
{
	const char *base, *link = archive_entry_hardlink(entry);
	mode_t type = archive_entry_filetype(entry);
	int dir = find_parent(unpacking, path, &base);
	if (dir < 0 || make_room(unpacking, path, dir, base,
				 !link && type == AE_IFDIR) < 0)
		return -1;
	if (link)
		return write_hard_link(unpacking, link, path, dir, base);
	switch (type) {
	case AE_IFREG:
		return write_file_entry(unpacking, archive, entry, path, dir,
					base);
	case AE_IFDIR:
		return write_directory(unpacking, entry, path, dir, base);
	case AE_IFLNK:
		return write_symlink(entry, path, dir, base);
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
		return write_node(entry, path, dir, base);
	default:
		return failx("%.80s: an entry of an unknown kind", path);
	}
}

/* The root directory itself: "./" in most archives. */
static int
write_root(struct unpacking *unpacking, struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry) ||
	    archive_entry_filetype(entry) != AE_IFDIR)
		return failx("the root of the archive is not a directory");
	remember_directory(unpacking, entry, "");
	return attributes_set(unpacking->root, -1, ".", entry, ".");
}

/* The place itself stays as it is. */
static int
write_in_place(struct unpacking *unpacking, struct archive *archive,
	       struct archive_entry *entry, const char *path)
{
	const struct place *place = unpacking->place;
	if (place->is_given) {
		archive_entry_set_uid(entry, place->uid);
		archive_entry_set_gid(entry, place->gid);
	}
	return path[0] ? write_named(unpacking, archive, entry, path) : 0;
}

int
entry_write(struct unpacking *unpacking, struct archive *archive,
	    struct archive_entry *entry)
{
	const char *raw = archive_entry_pathname(entry);
	if (!raw || raw[0] == '\0')
		return failx("an entry without a name");
	auto_free char *path = entry_clean_path(raw);
	if (!path || allowance_entry(&unpacking->allowance, path) < 0)
		return -1;
	if (unpacking->place)
		return write_in_place(unpacking, archive, entry, path);
	if (path[0] == '\0')
		return write_root(unpacking, entry);
	if (unpacking->marks == MARKS_NAMES &&
	    has_name_too_long_for_aufs(path))
		return failx("%.80s: a name of more than %d bytes, which aufs "
			     "cannot show", path, AUFS_NAME_MAX);
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	if (has_mark(path, MARK_OWN))
		return 0; /* aufs's bookkeeping, in layers of old Dockers */
	auto_free char *above = text("%.*s", (int)(base - path), path);
	if (has_mark(above, MARK_WHITEOUT))
		return failx("%.80s: a file below a whiteout", path);
	if (marks_in_name(base) != MARK_NONE)
		return write_mark(unpacking, entry, path);
	return write_named(unpacking, archive, entry, path);
}

/* ---- begin and end ----------------------------------------------------- */

void
unpacking_begin(struct unpacking *unpacking, int root, enum marks marks)
{
	*unpacking = (struct unpacking){
		.root = root,
		.marks = marks,
		.parent = -1,
	};
	allowance_begin(&unpacking->allowance, root);
}

/* A directory that a later entry replaced is no more there: fine. */
int
unpacking_finish(struct unpacking *unpacking)
{
	for (size_t i = 0; i < unpacking->count; i++) {
		struct directory_times *directory = &unpacking->directories[i];
		const char *base;
		auto_close int dir = open_parent(unpacking,
						 directory->path, false, &base);
		if (dir < 0)
			continue;
		auto_close int fd = open_directory(dir, *base ? base : ".");
		if (fd >= 0 && futimens(fd, directory->times) < 0)
			return fail("%.80s: set its times", directory->path);
	}
	return 0;
}

void
unpacking_free(struct unpacking *unpacking)
{
	forget_parent(unpacking);
	for (size_t i = 0; i < unpacking->count; i++)
		free(unpacking->directories[i].path);
	free(take_ptr(&unpacking->directories));
	unpacking->count = 0;
}
