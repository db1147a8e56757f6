/* durable.c - see durable.h.  Runs anywhere. */
#include "durable.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base.h"

/* Some file systems have nothing to sync in a directory, and say EINVAL. */
static int
sync_directory(int dir)
{
	return fsync(dir) < 0 && errno != EINVAL ? fail("sync a directory") : 0;
}

int
sync_names(int dir, const char *below)
{
	auto_close int inner =
		below ? openat(dir, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			-1;
	if (below && inner < 0 && errno != ENOENT)
		return fail("open %s", below);
	if (inner >= 0 && sync_directory(inner) < 0)
		return wrap("%s", below);
	return dir == AT_FDCWD ? 0 : sync_directory(dir);
}
