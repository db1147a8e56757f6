/*
 * safepath.h - paths inside a container's root, whatever its files say.
 *
 * An image may hold a symbolic link "etc -> /" or "data -> ../../../home",
 * and a process of the container may put one there while we work.  Joined to
 * the root's path as a string, such a name leads out, to the host's files
 * (CVE-2021-30465 and many before it).  Here every name is looked up as a
 * process chrooted into `root` would: absolute links begin at the root, ".."
 * at the top stays at the top, and nothing outside is reached, not even for
 * an instant.
 *
 *	auto_close int dir = safepath_make_dir(root, "/var/lib/data", 0755);
 *	if (dir < 0)
 *		return wrap("make the mount point of a volume");
 *
 * What is returned is a descriptor: go on with that, by the *at calls or
 * /proc/self/fd/N, never with the path again.
 *
 * The kernel does it since Linux 5.6 (openat2(2), RESOLVE_IN_ROOT and
 * RESOLVE_NO_MAGICLINKS); before, and where a seccomp filter hides the call,
 * the same is done here, a component at a time.  The descriptors held during
 * that walk are as many as the path is deep.
 */
#ifndef SAFEPATH_H
#define SAFEPATH_H

#include "base.h"

/*
 * Open what is there.  `root` is a directory descriptor (O_PATH will do).
 * `flags` are those of open(2), without O_CREAT and O_TMPFILE; O_CLOEXEC is
 * added.  With O_NOFOLLOW only the last component must not be a link.
 * A failure's code is the errno of openat2(2): ENOENT, ELOOP (more than 40
 * links, or one of the magic ones of /proc/PID), ENOTDIR, ...
 */
int safepath_open(int root, const char *path, int flags);

/*
 * mkdir -p inside the root: what is missing is made with `mode` (less the
 * umask), what is there may be reached through links, and a link that leads
 * to nothing has its target made, inside the root.  Returns the directory,
 * O_PATH.
 */
int safepath_make_dir(int root, const char *path, mode_t mode);

/*
 * The same for a file, the mount point of a file: an empty regular one is
 * made when nothing is there, the directories before it with mode 0755.
 * Anything but a directory will do when something is there (EISDIR).
 * Returns it, O_PATH.
 */
int safepath_make_file(int root, const char *path, mode_t mode);

#endif
