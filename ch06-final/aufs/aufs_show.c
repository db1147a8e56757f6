/* aufs_show.c - see aufs_show.h. */
#include "aufs_show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE "/run/mydocker-aufs"
#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The directory of all of them. */
static char *
place(void)
{
	const char *given = getenv("MYDOCKER_AUFS_SHOW");
	return copy_text(given && *given ? given : PLACE);
}

static void
remove_files(int dir)
{
	auto_dir DIR *entries = fdopendir(openat(dir, ".", DIRECTORY));
	struct dirent *entry;
	while (entries && (entry = readdir(entries)))
		unlinkat(dir, entry->d_name, 0);
}

/* Those of daemons that were killed: nobody has a lock on them. */
static void
remove_dead(const char *top)
{
	auto_dir DIR *entries = opendir(top);
	struct dirent *entry;
	while (entries && (entry = readdir(entries))) {
		if (strncmp(entry->d_name, "si_", 3) != 0)
			continue;
		auto_close int dir =
			openat(dirfd(entries), entry->d_name, DIRECTORY);
		if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0)
			continue;
		remove_files(dir);
		unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
	}
}

static int
make_place(struct aufs *aufs)
{
	auto_free char *top = place();
	remove_dead(top);
	aufs->listing = text("%s/si_%016" PRIx64, top, aufs->si);
	/* Another daemon may just now have removed the place, empty. */
	for (int tries = 0; mkdir(aufs->listing, 0755) < 0; tries++)
		if (errno != ENOENT || tries == 3 ||
		    (mkdir(top, 0755) < 0 && errno != EEXIST))
			return -1;
	aufs->listing_fd = open(aufs->listing, DIRECTORY);
	return flock(aufs->listing_fd, LOCK_SH | LOCK_NB);
}

static void
put(int dir, const char *name, const char *content)
{
	auto_close int fd = openat(dir, name,
				   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
					   O_CLOEXEC, 0444);
	if (fd >= 0)
		(void)!write(fd, content, strlen(content));
}

void
show_write(struct aufs *aufs)
{
	if (aufs->listing_fd < 0 && make_place(aufs) < 0)
		return;
	const char *written = "/tmp";
	int dir = aufs->listing_fd;
	remove_files(dir);
	for (int i = aufs->branch_count - 1; i >= 0; i--) {
		const struct branch *branch = aufs->branches[i];
		auto_free char *name = text("br%d", i);
		auto_free char *id = text("brid%d", i);
		auto_free char *line = text("%s=%s\n", branch->path,
					    branch_permission(branch));
		auto_free char *number = text("%d\n", branch->id);
		put(dir, name, line);
		put(dir, id, number);
		if (branch_is_writable(branch))
			written = branch->path;
	}
	auto_free char *table = text("%s/.aufs.xino\n", written);
	put(dir, "xi_path", table);
}

void
show_remove(struct aufs *aufs)
{
	auto_free char *top = place();
	if (aufs->listing_fd < 0)
		return;
	remove_files(aufs->listing_fd);
	rmdir(aufs->listing);
	if (strcmp(top, PLACE) == 0)
		rmdir(top);
	close_scoped(&aufs->listing_fd);
	aufs->listing_fd = -1;
}
