/* self.c - parent.  See self.h. */
#include "self.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys.h"

#ifndef MFD_EXEC /* Linux 6.3: say that it is meant to be executed */
#define MFD_EXEC 0x0010U
#endif
#define MARK "MYDOCKER_SELF" /* the copy learns from it where it is from */
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

static char *path;

static bool
is_copy(void)
{
	auto_close int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return self >= 0 && fcntl(self, F_GET_SEALS) == SEALS;
}

void
self_begin(void)
{
	const char *mark = getenv(MARK);
	if (mark && is_copy()) {
		path = copy_text(mark);
		/* What was executed by descriptor is named by its number. */
		prctl(PR_SET_NAME, "mydocker");
	}
	/* Programs that we start are not the copy. */
	unsetenv(MARK);
}

const char *
self_path(void)
{
	if (path)
		return path;
	char name[4096];
	ssize_t length = readlink("/proc/self/exe", name, sizeof(name) - 1);
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

static int
make_copy(void)
{
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	struct stat st;
	auto_close int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
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
self_protect(char *const *argv)
{
	if (is_copy())
		return 0;
	auto_close int copy = make_copy();
	if (copy < 0 || !self_path())
		return -1;
	setenv(MARK, path, 1);
	trace(syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH),
	      "execveat(%d, \"\", [\"%s\", ...], AT_EMPTY_PATH)", copy,
	      argv[0]);
	unsetenv(MARK);
	return fail("execute the copy of this program in memory");
}
