/* aufs_whiteout.c - see aufs_whiteout.h. */
#include "aufs_whiteout.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ".wh." before a name of at most NAME_MAX bytes. */
struct whiteout_name {
	char text[NAME_MAX + sizeof(AUFS_WHITEOUT)];
};

static struct whiteout_name
name_of(const char *name)
{
	struct whiteout_name whiteout;
	snprintf(whiteout.text, sizeof(whiteout.text), AUFS_WHITEOUT "%s",
		 name);
	return whiteout;
}

static bool
exists(int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
whiteout_is_reserved(const char *name)
{
	return strncmp(name, AUFS_WHITEOUT, strlen(AUFS_WHITEOUT)) == 0;
}

bool
whiteout_is_in(const struct layer *layer, const char *name)
{
	return branch_has_whiteouts(layer->branch) &&
	       exists(layer->fd, name_of(name).text);
}

bool
whiteout_is_opaque(int dir, const struct branch *branch)
{
	return branch_has_whiteouts(branch) && exists(dir, AUFS_OPAQUE);
}

/* ---- making and removing ----------------------------------------------- */

static int
make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			0444);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* The file that they are links of has all the links that it can: a new one. */
static int
renew_base(const struct branch *branch)
{
	return unlinkat(branch->fd, AUFS_BASE, 0) < 0 ?
		       -errno :
		       make_file(branch->fd, AUFS_BASE);
}

static int
make(const struct layer *layer, const char *name)
{
	const struct branch *branch = layer->branch;
	int result = 0;
	if (branch->nolwh) {
		result = make_file(layer->fd, name);
	} else if (linkat(branch->fd, AUFS_BASE, layer->fd, name, 0) < 0) {
		result = -errno;
		if (result == -EMLINK && (result = renew_base(branch)) == 0)
			return make(layer, name);
		if (result == -ENOENT || result == -EPERM)
			result = make_file(layer->fd, name);
	}
	return result == -EEXIST ? 0 : result;
}

int
whiteout_make(const struct layer *layer, const char *name)
{
	return make(layer, name_of(name).text);
}

int
whiteout_make_opaque(const struct layer *layer)
{
	return make(layer, AUFS_OPAQUE);
}

int
whiteout_remove(const struct layer *layer, const char *name)
{
	if (unlinkat(layer->fd, name_of(name).text, 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/* ---- orphans ----------------------------------------------------------- */

char *
whiteout_orphan_name(void)
{
	static atomic_ulong count;
	return text("%lu", atomic_fetch_add(&count, 1));
}

static int
remove_whiteouts(int parent, const char *name)
{
	auto_dir DIR *dir = fdopendir(
		openat(parent, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	struct dirent *entry;
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (whiteout_is_reserved(entry->d_name))
			unlinkat(dirfd(dir), entry->d_name, 0);
	return 0;
}

int
whiteout_remove_directory(const struct layer *parent, const char *name)
{
	int orphans = parent->branch->orphans;
	auto_free char *orphan = whiteout_orphan_name();
	if (unlinkat(parent->fd, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY)
		return -errno;
	if (renameat(parent->fd, name, orphans, orphan) < 0)
		return -errno;
	int result = remove_whiteouts(orphans, orphan);
	if (result == 0 && unlinkat(orphans, orphan, AT_REMOVEDIR) < 0)
		result = -errno;
	if (result < 0) /* somebody has put a file there, behind our back */
		renameat(orphans, orphan, parent->fd, name);
	return result;
}
