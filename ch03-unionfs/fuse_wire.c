/* fuse_wire.c - see fuse_wire.h. */
#include "fuse_wire.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys.h"

/* Room for a request: the largest is a WRITE. */
#define HEADERS 4096
#define REQUEST_MAX (FUSE_DATA_MAX + HEADERS)
/* Below this a copy is cheaper than two splices. */
#define SPLICE_MIN (32 * 1024)

/* The protocol that we speak, at most: 7.40. */
enum { MINOR = 40 };

/* ---- mounting ---------------------------------------------------------- */

static int
open_device(void)
{
	int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	return device < 0 ? fail("open /dev/fuse (try modprobe fuse)") :
			    device;
}

int
fuse_mount(struct fuse *fuse, const char *source, const char *target,
	   const char *subtype, unsigned long flags)
{
	auto_close int device = open_device();
	if (device < 0)
		return -1;
	auto_free char *type = text("fuse.%s", subtype);
	auto_free char *options =
		text("fd=%d,rootmode=%o,user_id=%u,group_id=%u,"
		     "default_permissions,allow_other",
		     device, S_IFDIR, geteuid(), getegid());
	if (sys_mount(source, target, type, flags, options) < 0)
		return fail("mount %s on %s", type, target);
	fuse->device = take_fd(&device);
	return 0;
}

/* The same options as above, one by one; a key without a value is a flag. */
static int
configure(int fs, int device, const char *source, const char *subtype)
{
	auto_free char *number = text("%d", device);
	auto_free char *mode = text("%o", S_IFDIR);
	auto_free char *user = text("%u", geteuid());
	auto_free char *group = text("%u", getegid());
	const char *const options[][2] = {
		{ "source", source },	{ "subtype", subtype },
		{ "fd", number },	{ "rootmode", mode },
		{ "user_id", user },	{ "group_id", group },
		{ "default_permissions" }, { "allow_other" },
	};
	for (size_t i = 0; i < countof(options); i++)
		if (sys_fsconfig(fs, options[i][1] ? FSCONFIG_SET_STRING :
						     FSCONFIG_SET_FLAG,
				 options[i][0], options[i][1]) < 0)
			return -1;
	return sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
}

int
fuse_mount_detached(struct fuse *fuse, const char *source,
		    const char *subtype, unsigned int attributes)
{
	auto_close int device = open_device();
	if (device < 0)
		return -1;
	auto_close int fs = sys_fsopen("fuse");
	if (fs < 0)
		return fail("make a FUSE mount%s",
			    errno == ENOSYS ? " by fsopen(2), Linux 5.2" : "");
	if (configure(fs, device, source, subtype) < 0)
		return fail("make a fuse.%s", subtype);
	auto_close int mount = sys_fsmount(fs, attributes);
	if (mount < 0)
		return fail("make a mount of the fuse.%s", subtype);
	fuse->device = take_fd(&device);
	return take_fd(&mount);
}

/* ---- INIT: what both sides can do -------------------------------------- */

#define WANTED                                                                \
	(FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES |            \
	 FUSE_DONT_MASK | FUSE_HAS_IOCTL_DIR | FUSE_AUTO_INVAL_DATA |         \
	 FUSE_PARALLEL_DIROPS | FUSE_POSIX_ACL | FUSE_MAX_PAGES |             \
	 FUSE_CACHE_SYMLINKS | FUSE_HANDLE_KILLPRIV_V2 |                      \
	 FUSE_SETXATTR_EXT | FUSE_INIT_EXT)
#define WANTED_TO_LIST (FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO)

static ssize_t
init(struct fuse_request *request)
{
	struct fuse *fuse = request->fuse;
	const struct fuse_init_in *in = (const void *)request->arg;
	struct fuse_init_out *out = (void *)request->out;
	uint64_t wanted = WANTED |
			  (fuse->no_readdirplus ? 0 : WANTED_TO_LIST) |
			  (fuse->no_passthrough ? 0 : FUSE_PASSTHROUGH);
	uint64_t offered = in->flags;
	if (in->flags & FUSE_INIT_EXT)
		offered |= (uint64_t)in->flags2 << 32;
	if (in->major != FUSE_KERNEL_VERSION || in->minor < 31)
		return -EPROTO;
	fuse->flags = offered & wanted;
	fuse->passthrough = fuse->flags & FUSE_PASSTHROUGH;
	*out = (struct fuse_init_out){
		.major = FUSE_KERNEL_VERSION,
		.minor = in->minor < MINOR ? in->minor : MINOR,
		.max_readahead = in->max_readahead,
		.flags = fuse->flags,
		.flags2 = fuse->flags >> 32,
		.max_background = 16,
		.congestion_threshold = 12,
		.max_write = FUSE_DATA_MAX,
		.time_gran = 1,
		.max_pages = FUSE_DATA_MAX / sysconf(_SC_PAGESIZE),
	};
	if (fuse->passthrough) /* max_stack_depth: of what lies below us */
		out->unused[0] = 1;
	return sizeof(*out);
}

/* ---- requests and answers ---------------------------------------------- */

static void
answer(struct fuse_request *request, ssize_t result)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + (result > 0 ? result : 0),
		.error = result < 0 ? result : 0,
		.unique = request->in->unique,
	};
	struct iovec parts[] = { { &header, sizeof(header) },
				 { request->out, result > 0 ? result : 0 } };
	/* ENOENT: whoever asked was interrupted, and waits no more. */
	if (writev(request->fuse->device, parts, 2) < 0 && errno == EINVAL) {
		header = (struct fuse_out_header){ .len = sizeof(header),
						   .error = -EIO,
						   .unique = header.unique };
		(void)!write(request->fuse->device, &header, sizeof(header));
	}
}

static void
handle(struct fuse_request *request)
{
	const struct fuse *fuse = request->fuse;
	uint32_t opcode = request->in->opcode;
	ssize_t result = -ENOSYS;
	if (opcode == FUSE_INIT)
		result = init(request);
	else if (opcode == FUSE_DESTROY)
		result = 0;
	else if (opcode < fuse->count && fuse->handlers[opcode])
		result = fuse->handlers[opcode](request);
	if (result != FUSE_SILENT)
		answer(request, result);
}

/* ---- threads ----------------------------------------------------------- */

/* Of this thread: does it have the turn? */
static _Thread_local struct fuse *turn_of;

void
fuse_let_others(void)
{
	if (!turn_of)
		return;
	near_leave(&turn_of->near);
	pthread_mutex_unlock(&turn_of->turn);
	turn_of = NULL;
}

static void
take_turn(struct fuse *fuse)
{
	if (!turn_of)
		pthread_mutex_lock(&fuse->turn);
	turn_of = fuse;
}

/* Done before another thread could have been woken. */
static bool
is_quick(uint32_t opcode)
{
	return opcode == FUSE_GETATTR || opcode == FUSE_FORGET ||
	       opcode == FUSE_BATCH_FORGET ||
	       opcode == FUSE_RELEASEDIR;
}

/*
 * Somebody else asks, too: let it not wait for what we do.  While one thread
 * asks alone it waits for each answer (but for data, and there the handler
 * lets others), so nobody is looked for; who comes new waits for one answer to
 * another at most.  Closing is asked for by the kernel itself, thread 0.
 */
static bool
is_more(struct fuse *fuse, uint32_t thread)
{
	struct pollfd device = { .fd = fuse->device, .events = POLLIN };
	bool is_alone = thread != 0 && thread == fuse->last_thread;
	if (thread != 0)
		fuse->last_thread = thread;
	return !is_alone && poll(&device, 1, 0) > 0;
}

/* One request; false when there is nothing more to serve. */
static bool
serve_one(struct fuse_request *request, char *buffer)
{
	struct fuse *fuse = request->fuse;
	take_turn(fuse);
	ssize_t length = read(fuse->device, buffer, REQUEST_MAX);
	if (length < 0) /* ENOENT: interrupted before we had read it */
		return errno == EINTR || errno == ENOENT || errno == EAGAIN;
	if ((size_t)length < sizeof(struct fuse_in_header))
		return false;
	request->in = (const void *)buffer;
	near_asked(&fuse->near, request->in->pid);
	if (!is_quick(request->in->opcode) && is_more(fuse, request->in->pid))
		fuse_let_others();
	request->arg = buffer + sizeof(struct fuse_in_header);
	request->arg_size = length - sizeof(struct fuse_in_header);
	handle(request);
	return true;
}

static void *
serve(void *data)
{
	struct fuse_request request = { .fuse = data, .pipe = { -1, -1 } };
	auto_free char *buffer = new_bytes(REQUEST_MAX);
	request.out = new_bytes(FUSE_DATA_MAX);
	unshare(CLONE_FS); /* a umask of this thread's own: the caller's */
	while (serve_one(&request, buffer))
		;
	fuse_let_others();
	free_scoped(&request.out);
	close_scoped(&request.pipe[0]);
	close_scoped(&request.pipe[1]);
	return NULL;
}

#define THREADS_MAX 16

static int
thread_count(const struct fuse *fuse)
{
	cpu_set_t cpus;
	int count = fuse->threads;
	if (count == 0 && sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		count = CPU_COUNT(&cpus) + 1;
	return count < 2 ? 2 : count > THREADS_MAX ? THREADS_MAX : count;
}

int
fuse_serve(struct fuse *fuse)
{
	pthread_t threads[THREADS_MAX];
	int wanted = thread_count(fuse), started = 0;
	pthread_mutex_init(&fuse->turn, NULL);
	near_start(&fuse->near);
	while (started < wanted &&
	       pthread_create(&threads[started], NULL, serve, fuse) == 0)
		started++;
	/* With one thread it is slow, with none it is not there. */
	for (int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	near_stop(&fuse->near);
	return started > 0 ? 0 : failx("start a thread");
}

/* ---- what we tell the kernel by ourselves ------------------------------ */

static void
notify(struct fuse *fuse, int code, const void *data, size_t size,
       const char *name)
{
	struct fuse_out_header header = { .error = code };
	struct iovec parts[] = { { &header, sizeof(header) },
				 { (void *)data, size },
				 { (void *)name,
				   name ? strlen(name) + 1 : 0 } };
	header.len = sizeof(header) + size + parts[2].iov_len;
	/* ENOENT: it has not cached that. */
	(void)!writev(fuse->device, parts, name ? 3 : 2);
}

void
fuse_forget_name(struct fuse *fuse, uint64_t parent, const char *name)
{
	struct fuse_notify_inval_entry_out out = { .parent = parent,
						   .namelen = strlen(name) };
	notify(fuse, FUSE_NOTIFY_INVAL_ENTRY, &out, sizeof(out), name);
}

void
fuse_forget_data(struct fuse *fuse, uint64_t node)
{
	struct fuse_notify_inval_inode_out out = { .ino = node };
	notify(fuse, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out), NULL);
}

void
fuse_forget_attributes(struct fuse *fuse, uint64_t node)
{
	struct fuse_notify_inval_inode_out out = { .ino = node, .off = -1 };
	notify(fuse, FUSE_NOTIFY_INVAL_INODE, &out, sizeof(out), NULL);
}

/* ---- data that does not come by here ----------------------------------- */

int
fuse_backing_open(struct fuse *fuse, int fd)
{
	struct fuse_backing_map map = { .fd = fd };
	return ioctl(fuse->device, FUSE_DEV_IOC_BACKING_OPEN, &map);
}

void
fuse_backing_close(struct fuse *fuse, int id)
{
	uint32_t backing = id;
	ioctl(fuse->device, FUSE_DEV_IOC_BACKING_CLOSE, &backing);
}

static ssize_t
answer_by_copy(struct fuse_request *request, int fd, uint64_t offset,
	       size_t size)
{
	if (size > FUSE_DATA_MAX)
		size = FUSE_DATA_MAX;
	ssize_t length = pread(fd, request->out, size, offset);
	return length < 0 ? -errno : length;
}

static bool
has_pipe(struct fuse_request *request)
{
	if (request->pipe[0] >= 0)
		return true;
	if (pipe2(request->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	return fcntl(request->pipe[1], F_SETPIPE_SZ, 2 * FUSE_DATA_MAX) > 0;
}

static void
drop_pipe(struct fuse_request *request)
{
	close_scoped(&request->pipe[0]);
	close_scoped(&request->pipe[1]);
	request->pipe[0] = request->pipe[1] = -1;
}

/* The pages of the file go through a pipe into the device.  The header goes
 * first and has the length in it, so it must be known. */
static ssize_t
answer_by_splice(struct fuse_request *request, int fd, uint64_t offset,
		 size_t size)
{
	struct fuse_out_header header = { .len = sizeof(header) + size,
					  .unique = request->in->unique };
	loff_t from = offset;
	if (write(request->pipe[1], &header, sizeof(header)) ==
		    (ssize_t)sizeof(header) &&
	    splice(fd, &from, request->pipe[1], NULL, size, SPLICE_F_MOVE) ==
		    (ssize_t)size &&
	    splice(request->pipe[0], NULL, request->fuse->device, NULL,
		   header.len, SPLICE_F_MOVE) == (ssize_t)header.len)
		return FUSE_SILENT;
	drop_pipe(request); /* with what is in it */
	return answer_by_copy(request, fd, offset, size);
}

ssize_t
fuse_answer_from(struct fuse_request *request, int fd, uint64_t offset,
		 size_t size)
{
	struct stat st;
	if (request->fuse->no_splice || size < SPLICE_MIN ||
	    fstat(fd, &st) < 0 || (uint64_t)st.st_size < offset + size ||
	    !has_pipe(request))
		return answer_by_copy(request, fd, offset, size);
	return answer_by_splice(request, fd, offset, size);
}
