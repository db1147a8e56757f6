/* partial.c - see partial.h.  Runs in the parent and in mydocker-image. */
#include "partial.h"

#include "reference.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Who pulls a blob holds the lock of its file. */
static void
remove_one(const struct store *store, const char *name, int64_t before,
	   uint64_t *freed)
{
	struct stat st;
	auto_close int file = openat(store->partial, name,
				     O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
				     O_CLOEXEC);
	if (file < 0 || flock(file, LOCK_EX | LOCK_NB) < 0 ||
	    fstat(file, &st) < 0 || st.st_mtime > before ||
	    unlinkat(store->partial, name, 0) < 0)
		return;
	*freed += st.st_size;
}

int
partial_sweep(const struct store *store, int64_t age_s, uint64_t *freed)
{
	auto_close int fd = openat(store->partial, ".",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return fail("list %s/partial", store->root);
	take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (reference_is_hex(entry->d_name))
			remove_one(store, entry->d_name, time(NULL) - age_s,
				   freed);
	return 0;
}
