/* allowance.c - see allowance.h.  Runs in mydocker-image. */
#include "allowance.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#define KEPT_BYTES (256ULL << 20)
#define KEPT_FILES 4096ULL
/* The disk is looked at after so many bytes or entries. */
#define LOOK_BYTES (1ULL << 20)
#define LOOK_ENTRIES 64

void
allowance_begin(struct allowance *allowance, int dir)
{
	*allowance = (struct allowance){ .dir = dir };
}

/* Of small disks a twentieth is kept. */
static uint64_t
kept(uint64_t all, uint64_t most)
{
	return all / 20 < most ? all / 20 : most;
}

static int
look(struct allowance *allowance)
{
	struct statvfs disk;
	allowance->unseen = 0;
	if (fstatvfs(allowance->dir, &disk) < 0)
		return fail("ask how full the disk is");
	uint64_t bytes = kept(disk.f_blocks * disk.f_frsize, KEPT_BYTES);
	/* Some file systems have as many inodes as one likes, and say 0. */
	uint64_t files = kept(disk.f_files, KEPT_FILES);
	if (disk.f_bavail * disk.f_frsize >= bytes && disk.f_favail >= files)
		return 0;
	if (disk.f_favail < files)
		failx("%s: fewer than %llu more files would go on this disk",
		      strerror(ENOSPC), (unsigned long long)files);
	else
		failx("%s: less than %llu kB of this disk would stay free",
		      strerror(ENOSPC), (unsigned long long)(bytes >> 10));
	failure.code = ENOSPC;
	return -1;
}

int
allowance_entry(struct allowance *allowance, const char *path)
{
	allowance->names += strlen(path) + 1;
	if (++allowance->entries > ALLOWANCE_ENTRIES)
		return failx("it has more than %llu entries",
			     ALLOWANCE_ENTRIES);
	if (allowance->names > ALLOWANCE_NAMES)
		return failx("the names in it are more than %llu MB",
			     ALLOWANCE_NAMES >> 20);
	return allowance->entries % LOOK_ENTRIES ? 0 : look(allowance);
}

int
allowance_bytes(struct allowance *allowance, uint64_t size)
{
	allowance->unseen += size;
	return allowance->unseen < LOOK_BYTES ? 0 : look(allowance);
}
