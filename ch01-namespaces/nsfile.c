/* nsfile.c - see nsfile.h. */
#include "nsfile.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sys.h"

/* ---- files ------------------------------------------------------------- */

static bool
is_namespace(int fd)
{
	struct statfs fs;
	return fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

const struct ns_kind *
ns_kind_of(int fd)
{
	/* In front of another file system the number of the ioctl could mean
	 * anything. */
	if (!is_namespace(fd)) {
		failx("this is not the file of a namespace");
		return NULL;
	}
	unsigned int flag = ioctl(fd, NS_GET_NSTYPE);
	for (size_t i = 0; i < NS_KINDS; i++)
		if (ns_kinds[i].flag == flag)
			return &ns_kinds[i];
	failx("this is a namespace of an unknown kind, %#x", flag);
	return NULL;
}

int
ns_open(const char *path, const struct ns_kind *kind)
{
	/* O_NONBLOCK: were it a FIFO, open(2) would wait for a writer. */
	auto_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s", path);
	const struct ns_kind *found = ns_kind_of(fd);
	if (!found)
		return wrap("open %s", path);
	if (kind && kind != found)
		return failx("open %s: this is a %s namespace, not a %s "
			     "namespace", path, found->name, kind->name);
	return take_fd(&fd);
}

/* ---- to join ----------------------------------------------------------- */

/* What errno, after setns(2) with a namespace of this kind, stands for. */
static const char *
reason(uint64_t flag)
{
	if (errno == EPERM)
		return " (it takes CAP_SYS_ADMIN, here and in the user "
		       "namespace it belongs to)";
	if (errno == EUSERS || (errno == EINVAL &&
				(flag & (CLONE_NEWUSER | CLONE_NEWNS))))
		return " (no thread can on its own: join before the first "
		       "one is started)";
	if (errno == EINVAL && flag == CLONE_NEWPID)
		return " (it is not below the caller's own)";
	return "";
}

static int
join(int fd)
{
	const struct ns_kind *kind = ns_kind_of(fd);
	if (!kind)
		return -1;
	if (sys_setns(fd, kind->flag) < 0)
		return fail("join the %s namespace%s", kind->name,
			    reason(kind->flag));
	return 0;
}

/* Join each.  Those that were refused are now the first of `fds`: how many? */
static size_t
join_each(int *fds, size_t count)
{
	size_t refused = 0;
	for (size_t i = 0; i < count; i++)
		if (join(fds[i]) < 0)
			fds[refused++] = fds[i];
	return refused;
}

/* To enter one's own user namespace is EINVAL: who has dropped capabilities
 * would have them back. */
static bool
is_own_user_namespace(int fd)
{
	struct stat own, other;
	return stat("/proc/self/ns/user", &own) == 0 &&
	       fstat(fd, &other) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

int
ns_join_files(const int *fds, size_t count)
{
	int others[NS_KINDS], user = -1;
	size_t left = 0;
	if (count > NS_KINDS)
		return failx("join %zu namespaces: there are %d kinds", count,
			     NS_KINDS);
	for (size_t i = 0; i < count; i++) {
		const struct ns_kind *kind = ns_kind_of(fds[i]);
		if (!kind)
			return -1;
		if (kind->flag == CLONE_NEWUSER)
			user = fds[i];
		else
			others[left++] = fds[i];
	}
	left = join_each(others, left);
	if (user >= 0 && !is_own_user_namespace(user)) {
		if (join(user) < 0)
			return -1;
		left = join_each(others, left);
	}
	return left ? -1 : 0;
}

/* What /proc calls the process behind a pidfd (pidfd_open(2)). */
static int
pid_of(int pidfd, pid_t *pid)
{
	auto_free char *path = text("/proc/self/fdinfo/%d", pidfd);
	auto_free char *info = read_all(AT_FDCWD, path, NULL);
	const char *line = info ? strstr(info, "\nPid:") : NULL;
	if (!line || sscanf(line, "\nPid: %d", pid) != 1 || *pid <= 0)
		return failx("descriptor %d holds no process that is seen "
			     "from here", pidfd);
	return 0;
}

/* Open, into `fds`, the files of the kinds in `flags`; -1 or how many. */
static int
open_files(pid_t pid, uint64_t flags, int *fds)
{
	int count = 0;
	for (size_t i = 0; i < NS_KINDS; i++) {
		if (!(flags & ns_kinds[i].flag))
			continue;
		auto_free char *path = text("/proc/%d/ns/%s", pid,
					    ns_kinds[i].file);
		fds[count] = ns_open(path, &ns_kinds[i]);
		if (fds[count++] < 0)
			return -1;
	}
	return count;
}

static int
join_by_files(int pidfd, uint64_t flags)
{
	pid_t pid;
	if (pid_of(pidfd, &pid) < 0)
		return -1;
	int fds[NS_KINDS];
	memset(fds, -1, sizeof(fds));
	int result = open_files(pid, flags, fds);
	/* Still alive: then these files were its own, and not those of another
	 * process with a pid used again. */
	if (result >= 0 && sys_pidfd_send_signal(pidfd, 0) < 0)
		result = fail("join the namespaces of process %d", pid);
	if (result >= 0)
		result = ns_join_files(fds, result);
	for (size_t i = 0; i < NS_KINDS; i++)
		close_scoped(&fds[i]);
	return result;
}

int
ns_join_process(int pidfd, uint64_t flags)
{
	if (sys_setns(pidfd, flags) == 0)
		return 0;
	if (errno == EINVAL)
		return join_by_files(pidfd, flags);
	return fail("join the namespaces of a process%s", reason(flags));
}

/* ---- to keep ----------------------------------------------------------- */

int
ns_pin(int fd, const char *path)
{
	const struct ns_kind *kind = ns_kind_of(fd);
	if (!kind)
		return wrap("pin a namespace on %s", path);
	auto_close int file = open(path, O_WRONLY | O_CREAT | O_EXCL |
				   O_CLOEXEC, 0);
	if (file < 0)
		return fail("create %s", path);
	auto_free char *source = text("/proc/self/fd/%d", fd);
	if (sys_mount(source, path, NULL, MS_BIND, NULL) == 0)
		return 0;
	bool circle = errno == EINVAL && kind->flag == CLONE_NEWNS;
	fail("pin the %s namespace on %s%s", kind->name, path,
	     circle ? " (not from within, and not on a shared mount, which "
		      "spreads into it: make that private first)" : "");
	unlink(path);
	return -1;
}

int
ns_unpin(const char *path)
{
	auto_close int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail("open %s", path);
	if (!is_namespace(fd))
		return failx("%s is left alone: no namespace is pinned there",
			     path);
	if (sys_umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return fail("unmount %s", path);
	if (unlink(path) < 0)
		return fail("remove %s", path);
	return 0;
}
