/* disk.c - see disk.h. */
#include "disk.h"

#include <errno.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "clock.h"
#include "runid.h"

#define TRIES 20 /* somebody else may take the device that was free */

/* Open a free loop device and put the file behind it; 0 or -1, and errno. */
static int
take_device(struct disk *disk, int control, int file)
{
	int number = trace(ioctl(control, LOOP_CTL_GET_FREE),
			   "ioctl(loop-control, LOOP_CTL_GET_FREE)");
	if (number < 0)
		return -1;
	snprintf(disk->path, sizeof(disk->path), "/dev/loop%d", number);
	disk->fd = open(disk->path, O_RDWR | O_CLOEXEC);
	if (disk->fd < 0)
		return -1;
	struct loop_config config = {
		.fd = file,
		.info = { .lo_flags = LO_FLAGS_AUTOCLEAR },
	};
	if (trace(ioctl(disk->fd, LOOP_CONFIGURE, &config),
		  "ioctl(\"%s\", LOOP_CONFIGURE, {fd=%d, LO_FLAGS_AUTOCLEAR})",
		  disk->path, file) == 0)
		return 0;
	int code = errno;
	close_scoped(&disk->fd);
	errno = code;
	return -1;
}

int
disk_create(struct disk *disk, uint64_t size)
{
	*disk = (struct disk){ .fd = -1 };
	auto_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return fail("open /dev/loop-control");
	auto_free char *name = text("mydocker-demo-%s", runid());
	auto_close int file = memfd_create(name, MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, size) < 0)
		return fail("make a file of %ju bytes in memory",
			    (uintmax_t)size);
	for (int tries = 0; take_device(disk, control, file) < 0; tries++)
		if (errno != EBUSY || tries == TRIES)
			return fail("make a loop device of it");
	struct stat stat;
	if (fstat(disk->fd, &stat) < 0)
		return fail("look at %s", disk->path);
	disk->major = major(stat.st_rdev);
	disk->minor = minor(stat.st_rdev);
	return 0;
}

int
disk_read_io(const struct disk *disk, const struct cgroup *cg,
	     struct cgroup_io *io)
{
	struct cgroup_io *all;
	size_t count;
	*io = (struct cgroup_io){ .major = disk->major, .minor = disk->minor };
	if (cgroup_read_io(cg, &all, &count) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (all[i].major == disk->major && all[i].minor == disk->minor)
			*io = all[i];
	free(all);
	return 0;
}

static ssize_t
request(int fd, const struct transfer *transfer, char *data, off_t offset)
{
	return transfer->writes ? pwrite(fd, data, transfer->size, offset) :
				  pread(fd, data, transfer->size, offset);
}

void
disk_transfer(const struct disk *disk, struct transfer *transfer)
{
	int flags = transfer->writes ? O_WRONLY : O_RDONLY;
	auto_close int fd = open(disk->path, flags | O_DIRECT | O_CLOEXEC);
	/* The disk takes it from where it lies, so that must be aligned. */
	auto_free char *data = aligned_alloc(4096, transfer->size);
	if (fd < 0 || !data) {
		transfer->code = errno;
		return;
	}
	memset(data, 'd', transfer->size);
	uint64_t first = 0, offset = transfer->offset;
	for (unsigned int i = 0; i <= transfer->more; i++) {
		ssize_t done = request(fd, transfer, data, offset);
		if (done != (ssize_t)transfer->size) {
			transfer->code = done < 0 ? errno : EIO;
			return;
		}
		offset += done;
		if (i == 0)
			first = clock_us();
	}
	transfer->us = clock_us() - first;
}
