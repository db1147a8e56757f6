/* procfs.c - see procfs.h. */
#include "procfs.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mountfd.h"
#include "safepath.h"
#include "sys.h"

/* The inode of its top directory, on every kernel (PROC_ROOT_INO). */
enum { TOP_INODE = 1 };

int
procfs_check(int proc)
{
	struct statfs fs;
	struct stat st;
	if (fstatfs(proc, &fs) < 0 || fstat(proc, &st) < 0)
		return fail("look at /proc");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return failx("what is at /proc is no procfs (its type is "
			     "%#lx)", (unsigned long)fs.f_type);
	if (st.st_ino != TOP_INODE)
		return failx("what is at /proc is a directory of a procfs, not "
			     "its top");
	return 0;
}

/* Attached nowhere: it ends with its descriptor. */
static int
open_detached(void)
{
	auto_close int fs = sys_fsopen("proc");
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return -1;
	return sys_fsmount(fs, mountfd_attributes(MS_NOSUID | MS_NODEV |
						  MS_NOEXEC));
}

int
procfs_open(void)
{
	int detached = open_detached();
	if (detached >= 0)
		return detached;
	auto_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW |
						    O_CLOEXEC);
	if (proc < 0)
		return fail("open /proc");
	return procfs_check(proc) < 0 ? -1 : take_fd(&proc);
}

/* Not something else that was mounted over it, be that procfs, too. */
static int
check_file(int proc, int fd, const char *path)
{
	uint64_t mount, own;
	struct statfs fs;
	if (fstatfs(fd, &fs) < 0)
		return fail("look at %s of /proc", path);
	if (mountfd_id(proc, &own) < 0 || mountfd_id(fd, &mount) < 0)
		return -1;
	if (fs.f_type == PROC_SUPER_MAGIC && mount == own)
		return 0;
	errno = EXDEV;
	return fail("%s of /proc is not procfs's own: something is mounted "
		    "over it", path);
}

int
procfs_open_file(int proc, const char *path, int flags)
{
	if (procfs_check(proc) < 0)
		return -1;
	/* Looked at before it is opened: to open a device may do something. */
	auto_close int seen = safepath_open(proc, path, O_PATH);
	if (seen < 0 || check_file(proc, seen, path) < 0)
		return -1;
	auto_close int fd = safepath_open(proc, path, flags | O_NOFOLLOW);
	if (fd < 0 || check_file(proc, fd, path) < 0)
		return -1;
	return take_fd(&fd);
}

int
procfs_write(int proc, const char *path, const char *content)
{
	ssize_t length = strlen(content);
	auto_close int fd = procfs_open_file(proc, path, O_WRONLY);
	if (fd < 0)
		return -1;
	ssize_t written = write(fd, content, length);
	if (written == length)
		return 0;
	return written < 0 ? fail("write %s of /proc", path) :
			     failx("write %s of /proc: cut short", path);
}
