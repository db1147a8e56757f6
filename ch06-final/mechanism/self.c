/* self.c - parent.  See self.h. */
#include "self.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mountfd.h"
#include "sys.h"

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif
#ifndef MFD_EXEC /* Linux 6.3: say that it is meant to be executed */
#define MFD_EXEC 0x0010U
#endif
#define PROGRAM "/proc/self/exe"
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

static char *path;
static bool is_protected;
static int mount_held = -1; /* what we were executed from */

/* The copy in memory, or a mount of this one file that is read-only. */
static bool
is_out_of_reach(void)
{
	struct statx stx;
	struct statvfs fs;
	if (statx(AT_FDCWD, PROGRAM, 0, 0, &stx) == 0 &&
	    (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) &&
	    statvfs(PROGRAM, &fs) == 0 && (fs.f_flag & ST_RDONLY))
		return true;
	auto_close int self = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	return self >= 0 && fcntl(self, F_GET_SEALS) == SEALS;
}

/* execveat(2) of an empty path: the program's name is its descriptor's.  One
 * that was closed by it is none. */
static void
hold_mount(void)
{
	static const char dir[] = "/dev/fd/";
	const char *name = (const char *)getauxval(AT_EXECFN);
	uint64_t fd;
	if (name && strncmp(name, dir, strlen(dir)) == 0 &&
	    parse_number(name + strlen(dir), 3, INT32_MAX, &fd) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		mount_held = fd;
}

void
self_let_go(void)
{
	close_scoped(&mount_held);
}

void
self_begin(void)
{
	const char *mark = getenv(SELF_MARK);
	if (mark && is_out_of_reach()) {
		is_protected = true;
		path = copy_text(mark);
		hold_mount();
		/* What was executed by descriptor is named by its number. */
		prctl(PR_SET_NAME, "mydocker");
	}
	/* Programs that we start are not the copy. */
	unsetenv(SELF_MARK);
}

const char *
self_path(void)
{
	if (path)
		return path;
	char name[4096];
	ssize_t length = readlink(PROGRAM, name, sizeof(name) - 1);
	if (length < 0) {
		fail("find out where this program is");
		return NULL;
	}
	return path = text("%.*s", (int)length, name);
}

char *
self_beside(const char *name)
{
	const char *self = self_path();
	if (!self)
		return NULL;
	return text("%.*s/%s", (int)(strrchr(self, '/') - self), self, name);
}

/* A mount of the file that is nowhere, and read-only. */
static int
make_mount(const char *program)
{
	static const struct mountfd_change change = {
		.set = MOUNT_ATTR_RDONLY,
	};
	auto_close int mount = mountfd_clone(AT_FDCWD, program, false);
	if (mount < 0 || mountfd_change(mount, &change, false) < 0)
		return -1;
	return take_fd(&mount);
}

static int
make_copy(void)
{
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	struct stat st;
	auto_close int self = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	auto_close int copy = memfd_create("mydocker", flags | MFD_EXEC);
	if (copy < 0 && errno == EINVAL)
		copy = memfd_create("mydocker", flags);
	if (self < 0 || copy < 0 || fstat(self, &st) < 0)
		return fail("make a copy of this program in memory");
	for (off_t done = 0; done < st.st_size;)
		if (sendfile(copy, self, &done, st.st_size - done) <= 0)
			return fail("copy this program to memory");
	if (fchmod(copy, 0500) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0)
		return fail("seal the copy of this program");
	return take_fd(&copy);
}

int
self_execute(const char *program, char *const *argv)
{
	auto_close int mount = make_mount(program);
	if (mount >= 0) {
		setenv(SELF_MARK, program, 1);
		syscall(SYS_execveat, mount, "", argv, environ,
			AT_EMPTY_PATH);
		unsetenv(SELF_MARK);
	}
	execv(program, argv);
	return fail("run %s", program);
}

int
self_protect(char *const *argv)
{
	if (is_protected)
		return 0;
	auto_close int copy = make_mount(PROGRAM);
	if (copy < 0)
		copy = make_copy();
	if (copy < 0 || !self_path())
		return -1;
	setenv(SELF_MARK, path, 1);
	trace(syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH),
	      "execveat(%d, \"\", [\"%s\", ...], AT_EMPTY_PATH)", copy,
	      argv[0]);
	unsetenv(SELF_MARK);
	return fail("execute this program where nobody can write to it");
}
