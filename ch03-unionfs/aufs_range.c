/* aufs_range.c - see aufs_range.h. */
#include "aufs_range.h"

#include <errno.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base.h"

/* linux/magic.h has not had these for ever. */
#ifndef CEPH_SUPER_MAGIC
#define CEPH_SUPER_MAGIC 0x00c36400
#endif
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif

enum {
	PIECE = 1 << 20,
	ALONE = 4 * PIECE, /* so much is done before another has begun */
	SERVED_PIECE = 1 << 30, /* FUSE counts in 32 bits */
};

struct range {
	int from, to;
	off_t end;
	_Atomic off_t next; /* where the pieces begin that nobody has taken */
	atomic_int result;
};

/* Can somebody copy who has the data already, a server or another program?
 * The kernel itself, asked by copy_file_range(2), moves 64 kB at a time through
 * a pipe: reading and writing a megabyte takes less. */
static bool
is_served(int fd)
{
	static const uint32_t types[] = { NFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
					  CIFS_SUPER_MAGIC, CEPH_SUPER_MAGIC,
					  FUSE_SUPER_MAGIC };
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < countof(types); i++)
		if ((uint32_t)fs.f_type == types[i])
			return true;
	return false;
}

/* The offset up to which the server copied. */
static off_t
ask_server(int from, int to, off_t offset, off_t end)
{
	off_t in = offset, out = offset;
	bool is_going = is_served(from);
	while (is_going && in < end) {
		size_t left = end - in < SERVED_PIECE ? end - in : SERVED_PIECE;
		is_going = copy_file_range(from, &in, to, &out, left, 0) > 0;
	}
	return in;
}

static int
copy_piece(const struct range *range, off_t at, off_t end, char *buffer)
{
	ssize_t got, done;
	for (; at < end; at += got) {
		got = pread(range->from, buffer, end - at, at);
		if (got <= 0)
			return got < 0 ? -errno : 0;
		for (ssize_t put = 0; put < got; put += done) {
			done = pwrite(range->to, buffer + put, got - put,
				      at + put);
			if (done <= 0)
				return done < 0 ? -errno : -EIO;
		}
	}
	return 0;
}

static void *
copy_pieces(void *argument)
{
	struct range *range = argument;
	off_t at, left;
	auto_free char *buffer = NULL;
	while (range->result == 0 &&
	       (at = atomic_fetch_add(&range->next, PIECE)) < range->end) {
		left = range->end - at < PIECE ? range->end - at : PIECE;
		if (!buffer) /* no piece after the first is longer */
			buffer = new_bytes(left);
		int result = copy_piece(range, at, at + left, buffer);
		if (result < 0)
			range->result = result;
	}
	return NULL;
}

int
copy_range(int from, int to, off_t offset, off_t end)
{
	off_t next = ask_server(from, to, offset, end);
	struct range range = { from, to, end, next, 0 };
	pthread_t other;
	bool are_two = end - next > ALONE &&
		       pthread_create(&other, NULL, copy_pieces, &range) == 0;
	copy_pieces(&range);
	if (are_two)
		pthread_join(other, NULL);
	return range.result;
}
