/* aside.c - parent.  See aside.h. */
#include "aside.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "mountfd.h"
#include "ns.h"
#include "safepath.h"
#include "sync.h"
#include "sys.h"

static int
clone_path(const char *target, const char *subpath)
{
	if (!subpath)
		return mountfd_clone(AT_FDCWD, target, false);
	auto_close int root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail("open %s", target);
	auto_close int fd = safepath_open(root, subpath, O_PATH);
	return fd < 0 ? wrap("cannot access path %s of the image", subpath) :
			mountfd_clone(fd, "", false);
}

_Noreturn static void
mount_and_send(const struct overlay *overlay, const char *target,
	       const char *subpath, unsigned long flags, int sock)
{
	if (ns_own_mounts() == 0 &&
	    overlay_mount(overlay, target, flags) == 0) {
		auto_close int mount = clone_path(target, subpath);
		if (mount >= 0 && sync_send_fd(sock, mount) == 0)
			_exit(0);
	}
	sync_send_failure(sock);
	_exit(EXIT_RUNTIME);
}

int
aside_open(const struct overlay *overlay, const char *target,
	   const char *subpath, unsigned long flags)
{
	auto_close int ours = -1;
	auto_close int theirs = -1;
	auto_close int pidfd = -1;
	if (sync_pair(&ours, &theirs) < 0)
		return -1;
	fflush(NULL);
	pid_t pid = sys_clone(0, -1, &pidfd);
	if (pid == 0)
		mount_and_send(overlay, target, subpath, flags, theirs);
	if (pid < 0)
		return fail("start a process that mounts the overlay");
	close_scoped(&theirs);
	int mount = sync_expect_fd(ours, "who mounts the overlay");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return mount;
}
