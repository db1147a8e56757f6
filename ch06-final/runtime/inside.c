/* inside.c - child.  See inside.h. */
#include "inside.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "procfs.h"
#include "safepath.h"
#include "session.h"
#include "sys.h"

/* What copy_mount_options() of the kernel takes; the rest it cuts off. */
#define DATA_MAX 4096

struct inside
inside_proc(int root)
{
	struct inside inside = { .path = "/proc" };
	inside.dir = safepath_open(root, inside.path,
				   O_PATH | O_DIRECTORY | O_NOFOLLOW);
	if (inside.dir >= 0 && procfs_check(inside.dir) < 0)
		inside_close(&inside);
	return inside;
}

void
inside_close(struct inside *inside)
{
	session_close_later(&inside->dir);
}

const char *
inside_name(const struct inside *inside, const char *path)
{
	size_t length = inside->dir < 0 ? 0 : strlen(inside->path);
	if (length == 0 || strncmp(path, inside->path, length) != 0 ||
	    path[length] != '/')
		return NULL;
	const char *name = path + length + 1;
	bool is_dots = strspn(name, ".") == strlen(name);
	return is_dots || strchr(name, '/') ? NULL : name;
}

int
inside_mount(const struct inside *inside, const char *name,
	     const char *source, const char *type, unsigned long flags,
	     const char *data)
{
	char path[NAME_MAX + 40];
	int length = snprintf(path, sizeof(path), "/proc/self/fd/%d/%s",
			      inside->dir, name);
	if ((size_t)length >= sizeof(path) ||
	    (data && strlen(data) >= DATA_MAX)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return sys_mount(source ? source : path, path, type, flags, data);
}
