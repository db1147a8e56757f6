/* aufs_branch.c - see aufs_branch.h. */
#include "aufs_branch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* ---- words ------------------------------------------------------------- */

void
branch_set_permission(struct branch *branch, const char *words)
{
	auto_free char *copy = copy_text(words);
	char *rest = copy;
	branch->permission = AUFS_RO;
	branch->wh = branch->nolwh = branch->on_open = false;
	for (char *word; (word = strsep(&rest, "+"));) {
		if (strcmp(word, "rw") == 0)
			branch->permission = AUFS_RW;
		else if (strcmp(word, "rr") == 0)
			branch->permission = AUFS_RR;
		else if (strcmp(word, "wh") == 0)
			branch->wh = true;
		else if (strcmp(word, "nolwh") == 0)
			branch->nolwh = true;
		else if (strncmp(word, "coo_", 4) == 0)
			branch->on_open = true;
	}
	if (branch->permission == AUFS_RW)
		branch->wh = branch->on_open = false;
	else
		branch->nolwh = false;
}

const char *
branch_permission(const struct branch *branch)
{
	static const char *const words[3][2][2] = {
		[AUFS_RO] = { { "ro", "ro+coo_reg" },
			      { "ro+wh", "ro+wh+coo_reg" } },
		[AUFS_RR] = { { "rr", "rr+coo_reg" },
			      { "rr+wh", "rr+wh+coo_reg" } },
	};
	if (branch->permission == AUFS_RW)
		return branch->nolwh ? "rw+nolwh" : "rw";
	return words[branch->permission][branch->wh][branch->on_open];
}

/* The last "=" of a path that has several: names may contain it. */
static size_t
path_length(const char *text)
{
	const char *equals = strrchr(text, '=');
	bool is_permission = equals && !strchr(equals, '/');
	return is_permission ? (size_t)(equals - text) : strlen(text);
}

struct branch *
branch_parse(const char *spec, bool first)
{
	size_t length = path_length(spec);
	struct branch *branch = new_bytes(sizeof(*branch));
	*branch = (struct branch){
		.path = text("%.*s", (int)length, spec),
		.fd = -1,
		.permission = first ? AUFS_RW : AUFS_RO,
		.orphans = -1,
		.plinks = -1,
	};
	if (spec[length] == '=')
		branch_set_permission(branch, spec + length + 1);
	return branch;
}

static void
close_own(struct branch *branch)
{
	close_scoped(&branch->orphans);
	close_scoped(&branch->plinks);
	branch->orphans = branch->plinks = -1;
}

void
branch_free(struct branch *branch)
{
	if (!branch)
		return;
	close_own(branch);
	close_scoped(&branch->fd);
	free_scoped(&branch->path);
	free(branch);
}

/* ---- what is in a writable one ----------------------------------------- */

/* Whatever was left there: all of it ours, at most one level deep in
 * directories of nothing but whiteouts. */
static void
empty(int dir)
{
	auto_dir DIR *entries = fdopendir(openat(dir, ".", DIRECTORY));
	struct dirent *entry;
	while (entries && (entry = readdir(entries))) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0 ||
		    unlinkat(dir, entry->d_name, 0) == 0 || errno != EISDIR)
			continue;
		auto_close int inner = sys_openat2(
			dir, entry->d_name, DIRECTORY, 0, RESOLVE_NO_XDEV);
		if (inner >= 0)
			empty(inner);
		unlinkat(dir, entry->d_name, AT_REMOVEDIR);
	}
}

static int
own_directory(const struct branch *branch, const char *name)
{
	if (mkdirat(branch->fd, name, 0700) < 0 && errno != EEXIST)
		return fail("make %s/%s", branch->path, name);
	auto_close int fd = openat(branch->fd, name, DIRECTORY);
	if (fd < 0)
		return fail("open %s/%s", branch->path, name);
	return take_fd(&fd);
}

int
branch_begin_writing(struct branch *branch)
{
	auto_close int base = openat(branch->fd, AUFS_BASE,
				     O_RDONLY | O_CREAT | O_NOFOLLOW |
					     O_CLOEXEC, 0444);
	if (base < 0)
		return fail("make %s/%s", branch->path, AUFS_BASE);
	close_own(branch);
	branch->plinks = own_directory(branch, AUFS_PLINKS);
	if (branch->plinks < 0)
		return -1;
	branch->orphans = own_directory(branch, AUFS_ORPHANS);
	if (branch->orphans < 0)
		return -1;
	empty(branch->orphans);
	return 0;
}

void
branch_retire(struct branch *branch)
{
	if (branch->plinks >= 0)
		empty(branch->plinks);
	close_own(branch);
	unlinkat(branch->fd, AUFS_BASE, 0);
	unlinkat(branch->fd, AUFS_PLINKS, AT_REMOVEDIR);
	unlinkat(branch->fd, AUFS_ORPHANS, AT_REMOVEDIR);
}

int
branch_open(struct branch *branch)
{
	auto_free char *path = realpath(branch->path, NULL);
	if (!path)
		return fail("find branch %s", branch->path);
	branch->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	if (branch->fd < 0 || fstat(branch->fd, &st) < 0)
		return fail("open branch %s", path);
	branch->dev = st.st_dev;
	free_scoped(&branch->path);
	branch->path = take_ptr(&path);
	return 0;
}

/* By name and not by inode: /a and /a/b are two directories, and yet one
 * would show the other's files twice. */
static bool
is_inside(const char *path, const char *dir)
{
	size_t length = strlen(dir);
	return strncmp(path, dir, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/' ||
		strcmp(dir, "/") == 0);
}

bool
branch_overlaps(const struct branch *one, const struct branch *other)
{
	return is_inside(one->path, other->path) ||
	       is_inside(other->path, one->path);
}
