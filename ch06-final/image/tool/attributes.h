/*
 * attributes.h - owner, mode, extended attributes, ACLs and times of what was
 * unpacked: the order matters, since a change of owner clears setuid and
 * capabilities, and everything changes the times.
 */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

#include "base.h"

#include <time.h>

struct archive_entry;

/*
 * Give a file what its header says.  `fd` is the open file or directory, or -1
 * for a link or node, which is then `base` in `dir` and not followed.
 *
 * The bookkeeping of overlayfs (trusted.overlay.*, user.overlay.*) is refused:
 * a layer could point into other layers with it.  Labels of SELinux are left
 * out, since they belong to the machine and not to the image.
 */
int attributes_set(int fd, int dir, const char *base,
		   struct archive_entry *entry, const char *path);

/* Access and modification time as utimensat(2) takes them. */
void attributes_times(struct archive_entry *entry, struct timespec times[2]);

#endif
