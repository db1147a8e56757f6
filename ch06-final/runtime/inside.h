/*
 * inside.h - child: mounts in a file system where nobody changes a name.
 *
 * Of a place in the container's root nobody knows what it is a moment later,
 * for the image, or a neighbour who shares it, may put a link there: it is
 * looked up before and after each mount (place.h).  Not so in procfs, whose
 * names are the kernel's, nor in a tmpfs that was made just now, where nobody
 * else has been.  Names in these may be used as they are, and a mount is one
 * system call in place of six or ten.
 *
 *	auto_inside struct inside proc = inside_proc(root);
 *	const char *name = inside_name(&proc, "/proc/acpi");
 *	if (name && inside_mount(&proc, name, ...) == 0)
 *		return 0;
 */
#ifndef INSIDE_H
#define INSIDE_H

#include "base.h"

struct inside {
	int dir;	  /* its top */
	const char *path; /* where that is in the root; the caller's */
};
#define INSIDE_NOTHING                                                        \
	{                                                                     \
		.dir = -1                                                     \
	}

/* The procfs at /proc of the root; nothing, if there is something else. */
struct inside inside_proc(int root);
void inside_close(struct inside *inside);
#define auto_inside __attribute__((cleanup(inside_close), unused))

/* What of the path is the name of something right below it: "acpi" of
 * "/proc/acpi"; or NULL. */
const char *inside_name(const struct inside *inside, const char *path);

/*
 * mount(2) on that name; with MS_BIND and without a source, of what is there,
 * on itself.  -1 with errno: there is the longer way still, which has the
 * words, too.
 */
int inside_mount(const struct inside *inside, const char *name,
		 const char *source, const char *type, unsigned long flags,
		 const char *data);

#endif
