/*
 * disk.h - a disk of one's own to try limits on: a loop device over a file in
 * memory.
 *
 * It is there as long as somebody has it open (LO_FLAGS_AUTOCLEAR), and so is
 * gone with the processes of the experiment, however they end.
 */
#ifndef DISK_H
#define DISK_H

#include "cgroup_stat.h"

struct disk {
	char path[32]; /* "/dev/loop0" */
	unsigned int major, minor;
	int fd;
};

/* The size is in bytes, a multiple of 512.  Fails where no loop device can be
 * had.  See loop(4). */
int disk_create(struct disk *disk, uint64_t size);

/* What the kernel counted for this cgroup on this disk; all 0: nothing yet. */
int disk_read_io(const struct disk *disk, const struct cgroup *cg,
		 struct cgroup_io *io);

/* Requests one after another, past the page cache (O_DIRECT). */
struct transfer {
	bool writes;
	uint64_t offset;   /* on the disk; a multiple of 512, as `size` */
	size_t size;	   /* of a request, in bytes */
	unsigned int more; /* requests after the first */
	uint64_t us;	   /* then: from the end of the first to that of the
			      last */
	int code;	   /* then: an errno value, or 0 */
};

/* For a process in the cgroup, with `transfer` in memory that is shared with
 * whoever wants to know. */
void disk_transfer(const struct disk *disk, struct transfer *transfer);

#endif
