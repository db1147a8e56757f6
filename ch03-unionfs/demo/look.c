/* look.c - see look.h. */
#include "look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "marks.h"
#include "mountinfo.h"
#include "overlay.h"
#include "tour.h"

#define LAYERS_SHOWN 6

static int
write_whole(const char *path, int flags, const char *content)
{
	auto_close int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
	size_t length = strlen(content);
	if (fd < 0 || write(fd, content, length) != (ssize_t)length)
		return fail("write %s", path);
	return 0;
}

int
look_put(const char *path, const char *content)
{
	const char *slash = strrchr(path, '/');
	auto_free char *parent = text("%.*s", slash ? (int)(slash - path) : 0,
				      path);
	if (*parent && make_dirs(parent, 0755) < 0)
		return -1;
	return write_whole(path, O_CREAT | O_TRUNC, content);
}

int
look_append(const char *path, const char *content)
{
	return write_whole(path, O_APPEND, content);
}

bool
look_holds(const char *path, const char *content)
{
	size_t length = 0;
	auto_free char *found = read_all(AT_FDCWD, path, &length);
	return found && length == strlen(content) &&
	       memcmp(found, content, length) == 0;
}

bool
look_is_missing(const char *path)
{
	struct stat st;
	return lstat(path, &st) < 0 && errno == ENOENT;
}

bool
look_is_untouched(const struct stat *before, const char *path)
{
	struct stat now;
	return stat(path, &now) == 0 && now.st_ino == before->st_ino &&
	       now.st_ctim.tv_sec == before->st_ctim.tv_sec &&
	       now.st_ctim.tv_nsec == before->st_ctim.tv_nsec;
}

char *
look_names(const char *path)
{
	char *names = copy_text("");
	auto_list struct marks_list list = { 0 };
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || marks_list(dir, &list) < 0)
		return names;
	for (size_t i = 0; i < list.count; i++) {
		char *longer = text("%s%s%s", names, i > 0 ? " " : "",
				    list.names[i]);
		free(names);
		names = longer;
	}
	return names;
}

bool
look_is_whiteout(const char *path)
{
	return overlay_is_whiteout(AT_FDCWD, path) == 1;
}

bool
look_is_opaque(const char *path)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir >= 0 && marks_is_opaque(dir, marks_of_overlay()) == 1;
}

/* What a file is, in words.  The caller frees. */
static char *
describe(const char *path, const struct stat *st)
{
	char target[256] = "";
	if (S_ISLNK(st->st_mode) &&
	    readlink(path, target, sizeof(target) - 1) >= 0)
		return text("-> %s", target);
	if (S_ISCHR(st->st_mode))
		return text("character device %u/%u", major(st->st_rdev),
			    minor(st->st_rdev));
	return S_ISREG(st->st_mode) ?
		       text("%lld bytes", (long long)st->st_size) :
		       copy_text(S_ISDIR(st->st_mode) ? "directory" :
							"something else");
}

/* ", trusted.overlay.opaque=y" or "".  The caller frees. */
static char *
overlay_attribute(const char *path)
{
	static const char *const names[] = {
		"trusted.overlay.opaque", "user.overlay.opaque",
		"trusted.overlay.redirect"
	};
	char value[64] = "";
	for (size_t i = 0; i < countof(names); i++)
		if (lgetxattr(path, names[i], value, sizeof(value) - 1) > 0)
			return text(", %s=%s", names[i], value);
	return copy_text("");
}

int
look_show_tree(const char *path)
{
	auto_list struct marks_list list = { 0 };
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail("open %s", path);
	if (marks_list(dir, &list) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++) {
		struct stat st;
		auto_free char *entry = text("%s/%s", path, list.names[i]);
		if (lstat(entry, &st) < 0)
			return fail("look at %s", entry);
		auto_free char *what = describe(entry, &st);
		auto_free char *attribute = overlay_attribute(entry);
		tour_show(entry, "%s%s", what, attribute);
		if (S_ISDIR(st.st_mode) && look_show_tree(entry) < 0)
			return -1;
	}
	return 0;
}

static void
show_layers(const struct overlay_layers *layers)
{
	for (size_t i = 0; i < layers->count; i++) {
		bool in_gap = layers->count > LAYERS_SHOWN && i >= 2 &&
			      i + 2 < layers->count;
		if (!in_gap)
			tour_show("lower directory", "%s", layers->names[i]);
		else if (i == 2)
			tour_show("", "(%zu more)", layers->count - 4);
	}
	if (layers->upper)
		tour_show("upper directory", "%s", layers->upper);
	if (layers->work)
		tour_show("work directory", "%s", layers->work);
}

int
look_show_mount(const char *target, size_t *count)
{
	auto_mounts struct mount_table table = { 0 };
	auto_layers struct overlay_layers layers = { 0 };
	auto_free char *path = realpath(target, NULL);
	if (!path || mountinfo_read(0, &table) < 0)
		return path ? -1 : fail("find %s", target);
	const struct mountinfo *mount = mountinfo_find(&table, path);
	if (!mount || strcmp(mount->type, "overlay") != 0)
		return failx("the mount table has no overlay on %s", target);
	if (overlay_read_layers(0, mount->id, &layers) < 0)
		return -1;
	tour_show("mount point", "%s", mount->target);
	tour_show("type, options", "%s, %s", mount->type, mount->options);
	show_layers(&layers);
	*count = layers.count;
	return 0;
}
