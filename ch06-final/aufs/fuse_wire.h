/*
 * fuse_wire.h - a file system whose kernel half is FUSE and whose other half
 * is a program: ours, by the protocol of fuse(4), without a library.
 *
 * The kernel puts each request into /dev/fuse as one message: a header, the
 * opcode's structure, then names or data.  We read it, do it, and write the
 * answer.  That is all; a table of one function an opcode is a file system:
 *
 *	static const fuse_handler handlers[] = { [FUSE_LOOKUP] = lookup, ... };
 *	struct fuse fuse = { .handlers = handlers, .count = countof(handlers) };
 *	if (fuse_mount(&fuse, "none", "mnt", "aufs", 0) < 0)
 *		return -1;
 *	return fuse_serve(&fuse);	returns when it is unmounted
 *
 * The structures are those of <linux/fuse.h>; what is younger than the header
 * of Debian 12 (protocol 7.38) stands below, under the kernel's own names.
 */
#ifndef FUSE_WIRE_H
#define FUSE_WIRE_H

#include <linux/fuse.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "base.h"
#include "fuse_near.h"

#ifndef FUSE_PASSTHROUGH /* 7.40, Linux 6.9 */
#define FUSE_PASSTHROUGH (1ULL << 37)
#define FOPEN_PASSTHROUGH (1 << 7)
struct fuse_backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};
#define FUSE_DEV_IOC_BACKING_OPEN \
	_IOW(FUSE_DEV_IOC_MAGIC, 1, struct fuse_backing_map)
#define FUSE_DEV_IOC_BACKING_CLOSE _IOW(FUSE_DEV_IOC_MAGIC, 2, uint32_t)
#endif

/* The most that one READ or WRITE carries: what a thread has room for. */
#define FUSE_DATA_MAX (128 * 1024)

struct fuse_request {
	struct fuse *fuse;
	const struct fuse_in_header *in;
	const char *arg; /* what follows the header */
	size_t arg_size;
	char *out; /* the answer, FUSE_DATA_MAX bytes at most */
	int pipe[2]; /* of this thread, for splice(2); -1 until it is used */
};

/*
 * Do what the request asks.  Returns how many bytes of `out` are the answer,
 * an errno value, negative, or FUSE_SILENT where nothing (more) is to be said.
 */
typedef ssize_t (*fuse_handler)(struct fuse_request *request);
#define FUSE_SILENT ((ssize_t)-100000)

struct fuse {
	const fuse_handler *handlers; /* by opcode; NULL: ENOSYS */
	size_t count;
	void *data; /* the file system's own */
	int threads; /* 0: one a CPU, two at least */
	bool no_passthrough, no_splice, no_readdirplus; /* to compare */

	int device; /* /dev/fuse */
	pthread_mutex_t turn; /* who has it waits for the next request */
	struct near near; /* where who has it is */
	uint32_t last_thread; /* that asked and is in our pid namespace */
	uint64_t flags; /* what the kernel and we have agreed on */
	bool passthrough;
};

/*
 * Mount on `target`, as "fuse.SUBTYPE", for everybody (allow_other), with the
 * kernel checking permissions (default_permissions).  `flags` are MS_*.  Needs
 * CAP_SYS_ADMIN in the user namespace of the mount namespace.
 */
int fuse_mount(struct fuse *fuse, const char *source, const char *target,
	       const char *subtype, unsigned long flags);

/*
 * The same, mounted nowhere yet, by the mount API of 2019 (Linux 5.2).  Returns
 * a descriptor for move_mount(2), close-on-exec, or -1; `attributes` are
 * MOUNT_ATTR_*.  The mount is gone when the last copy of the descriptor is
 * closed and it has not been moved anywhere.
 */
int fuse_mount_detached(struct fuse *fuse, const char *source,
			const char *subtype, unsigned int attributes);

/* Answer until it is unmounted.  Returns 0 then, or -1. */
int fuse_serve(struct fuse *fuse);

/*
 * For a handler that may take long: from now on another thread waits for
 * requests.  What is done in no time is better done by one thread, which is
 * awake and has everything at hand, than by one that must be woken for it.
 */
void fuse_let_others(void);

/*
 * What the kernel should forget: a name in a directory, or what it has cached
 * of a file.  To be called without any lock that a handler takes: the kernel
 * waits for requests in that directory first.
 */
void fuse_forget_name(struct fuse *fuse, uint64_t parent, const char *name);
void fuse_forget_data(struct fuse *fuse, uint64_t node);
/* The attributes alone: that may be said at any time. */
void fuse_forget_attributes(struct fuse *fuse, uint64_t node);

/* Register an open file that the kernel may read and write by itself; an id
 * greater than 0, or -1.  Needs CAP_SYS_ADMIN on the host. */
int fuse_backing_open(struct fuse *fuse, int fd);
void fuse_backing_close(struct fuse *fuse, int id);

/*
 * Answer a READ with up to `size` bytes of `fd` from `offset`, without copying
 * them here where that pays.  Returns what a handler returns.
 */
ssize_t fuse_answer_from(struct fuse_request *request, int fd,
			 uint64_t offset, size_t size);

#endif
