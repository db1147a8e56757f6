/* union.c - parent.  See union.h. */
#include "union.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aside.h"
#include "overlay.h"
#include "runtime.h"
#include "self.h"
#include "sync.h"
#include "sys.h"

#define DAEMON "mydocker-aufs"
#define LOCK_FILE "daemon"
enum { PATIENCE_MS = 2000, INTERVAL_MS = 5 };

/* ---- overlay ------------------------------------------------------------ */

static int
overlay_up(struct container *c)
{
	auto_free char *base =
		text("%s/containers/%s", c->root, c->record.id);
	auto_free char *target = text("%s/rootfs", base);
	auto_free char *upper = text("%s/upper", base);
	auto_free char *work = text("%s/work", base);
	struct overlay overlay = {
		.layers = (const char *const *)c->settings->layers.items,
		.layer_count = c->settings->layers.count,
		.upper = upper,
		.work = work,
	};
	/* Device nodes that an image brings along open nothing. */
	c->union_mount = overlay_open(&overlay, target, MS_NODEV);
	/* Before Linux 6.8 one of many layers must be mounted somewhere. */
	if (c->union_mount < 0 && failure.code == ENOSYS)
		c->union_mount = aside_open(&overlay, target, NULL, MS_NODEV);
	if (c->union_mount >= 0)
		return 0;
	/* No overlay in this kernel, or not for this user namespace. */
	return failure.code == ENODEV || failure.code == EPERM ?
		       wrap("--storage-driver aufs needs no overlay") :
		       -1;
}

/* ---- aufs --------------------------------------------------------------- */

/* The upper directory, then the layers; each string is the caller's to free,
 * but those of the layers. */
static char **
arguments(const struct container *c)
{
	const struct words *layers = &c->settings->layers;
	char **argv = new_bytes((layers->count + 3) * sizeof(*argv));
	argv[0] = self_beside(DAEMON);
	argv[1] = text("%s/containers/%s/upper", c->root, c->record.id);
	memcpy(argv + 2, layers->items, layers->count * sizeof(*argv));
	return argv;
}

/* The lock is inherited: an flock belongs to the open file. */
_Noreturn static void
become_daemon(char **argv, int sock, int lock)
{
	/* Clear of 0 to 2, if our caller has closed those. */
	int ends[] = { fcntl(sock, F_DUPFD_CLOEXEC, 3),
		       fcntl(lock, F_DUPFD_CLOEXEC, 3),
		       open("/dev/null", O_RDWR | O_CLOEXEC) };
	bool is_given = true;
	for (int fd = 0; fd < (int)countof(ends); fd++)
		is_given &= dup2(ends[fd], fd) == fd;
	if (is_given)
		execv(argv[0], argv);
	fail("run %s", argv[0]);
	sync_send_failure(STDIN_FILENO);
	_exit(EXIT_RUNTIME);
}

static int
start_daemon(struct container *c, int lock)
{
	auto_close int ours = -1;
	auto_close int theirs = -1;
	if (sync_pair(&ours, &theirs) < 0)
		return -1;
	char **argv = arguments(c);
	fflush(NULL);
	if (argv[0])
		c->daemon = sys_clone(0, -1, &c->daemon_pidfd);
	if (argv[0] && c->daemon == 0)
		become_daemon(argv, theirs, lock);
	free(argv[0]);
	free(argv[1]);
	free(argv);
	if (c->daemon <= 0) {
		c->daemon = 0;
		return fail("start " DAEMON);
	}
	close_scoped(&theirs);
	dprintf(lock, "%d\n", c->daemon);
	c->union_mount = sync_expect_fd(ours, DAEMON);
	return c->union_mount < 0 ? -1 : 0;
}

int
union_up(struct container *c)
{
	if (c->record.driver != STORAGE_AUFS)
		return overlay_up(c);
	auto_close int lock = openat(c->dir, LOCK_FILE,
				     O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
		return fail("make a lock for " DAEMON);
	return start_daemon(c, lock);
}

/* ---- down --------------------------------------------------------------- */

static int
fail_late(void)
{
	return failx(DAEMON " did not end with the container, and was killed "
		     "(does somebody else have its mounts?)");
}

/* Our own: it ends when the last mount namespace that has its mount is gone,
 * and nobody but a stranger who has entered one can keep that. */
static int
end_child(struct container *c)
{
	struct pollfd ended = { .fd = c->daemon_pidfd, .events = POLLIN };
	bool is_late = poll(&ended, 1, PATIENCE_MS) == 0;
	int status = 0;
	if (is_late)
		sys_pidfd_send_signal(c->daemon_pidfd, SIGKILL);
	while (waitpid(c->daemon, &status, 0) < 0 && errno == EINTR)
		;
	c->daemon = 0;
	close_scoped(&c->daemon_pidfd);
	if (is_late)
		return fail_late();
	if (WIFSIGNALED(status))
		return failx(DAEMON ", which served the container's root, was "
			     "killed by signal %d", WTERMSIG(status));
	return 0;
}

/* 1: nobody holds it. */
static int
wait_for_lock(int lock, int ms)
{
	const struct timespec interval = { .tv_nsec = INTERVAL_MS * 1000000 };
	for (; ms > 0; ms -= INTERVAL_MS) {
		if (flock(lock, LOCK_EX | LOCK_NB) == 0)
			return 1;
		nanosleep(&interval, NULL);
	}
	return 0;
}

/* The monitor's, or nobody's any more.  As long as the lock is held the pid
 * beside it means that process and no other.  That it had to be killed holds
 * nothing up. */
static int
end_orphan(int dir)
{
	char digits[16];
	uint64_t pid;
	auto_close int lock = openat(dir, LOCK_FILE, O_RDONLY | O_CLOEXEC);
	if (lock < 0)
		return errno == ENOENT ? 0 : fail("open the lock of " DAEMON);
	if (wait_for_lock(lock, PATIENCE_MS))
		return 0;
	if (read_text(dir, LOCK_FILE, digits, sizeof(digits)) < 0 ||
	    parse_number(digits, 1, INT32_MAX, &pid) < 0)
		return wrap("find " DAEMON);
	auto_close int pidfd = sys_pidfd_open(pid);
	if (pidfd >= 0 && !wait_for_lock(lock, INTERVAL_MS))
		sys_pidfd_send_signal(pidfd, SIGKILL);
	if (!wait_for_lock(lock, PATIENCE_MS))
		return failx(DAEMON " (process %d) does not end", (int)pid);
	fail_late();
	runtime_warn();
	return 0;
}

bool
union_has_daemon(int dir)
{
	return faccessat(dir, LOCK_FILE, F_OK, 0) == 0;
}

int
union_down(struct container *c)
{
	/* Before we wait: it would keep the mount, and the daemon with it. */
	close_scoped(&c->union_mount);
	if (c->record.driver != STORAGE_AUFS || c->dir < 0)
		return 0;
	bool is_ours = c->daemon > 0;
	int result = is_ours ? end_child(c) : end_orphan(c->dir);
	if (is_ours || result == 0)
		unlinkat(c->dir, LOCK_FILE, 0);
	return result;
}
