/* place.h - where the drivers of chapter 4 build roots: privileged in a user
 * namespace, in mounts of their own. */
#ifndef PLACE_H
#define PLACE_H

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "stop.h"

static inline int
open_path(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0);
	return fd;
}

/* In `place`, a tmpfs that is seen by us alone. */
static inline void
enter_place(const char *place)
{
	become_privileged(CLONE_NEWNS);
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	must(mount("place", place, "tmpfs", 0, "size=1m,mode=755") == 0);
	must(chdir(place) == 0);
}

/* The directory "root" as a mount, opened. */
static inline int
bind_root(void)
{
	must(mount("root", "root", NULL, MS_BIND | MS_REC, NULL) == 0);
	return open_path("root");
}

static inline void
put_file(const char *path, const char *words)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	must(fd >= 0 && write(fd, words, strlen(words)) ==
				(ssize_t)strlen(words));
}

#endif
