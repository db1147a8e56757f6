/* lock.c - see lock.h.  Runs anywhere. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>

int
lock_take(int fd, int how)
{
	int result;
	do
		result = flock(fd, how);
	while (result < 0 && errno == EINTR);
	return result;
}

int
lock_open_directory(const char *path, mode_t mode, int how)
{
	if (make_dirs(path, mode) < 0)
		return -1;
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail("open %s", path);
	return how && lock_take(fd, how) < 0 ? fail("lock %s", path) :
					       take_fd(&fd);
}
