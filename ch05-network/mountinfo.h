/*
 * mountinfo.h - the mount table, read as the kernel writes it.
 *
 * The eleven fields of a line of /proc/PID/mountinfo (proc_pid_mountinfo(5)):
 *
 *	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=x
 *	id parent dev root target options optional...   type source super
 *
 * There may be any number of optional fields, the hyphen ends them, and a
 * blank, tab, newline or backslash inside a field is an octal escape.
 */
#ifndef MOUNTINFO_H
#define MOUNTINFO_H

#include "base.h"

struct mountinfo {
	int id;
	int parent;
	unsigned int major, minor;
	char *root;	/* of the mount, within its file system */
	char *target;	/* the mount point, seen from the process's root */
	char *options;	/* of this mount */
	char *optional; /* "shared:2 master:1", or "" for a private mount */
	char *type;	/* "ext4", "fuse.sshfs" */
	char *source;	/* a device, or any word */
	char *super;	/* options of the file system */
};

struct mount_table {
	struct mountinfo *mounts;
	size_t count;
	char *text; /* what the strings above point into */
};

/* The table of `pid` (0: our own).  mountinfo_free() gives it back. */
int mountinfo_read(pid_t pid, struct mount_table *table);
void mountinfo_free(struct mount_table *table);
#define auto_mounts __attribute__((cleanup(mountinfo_free), unused))

/* One line, cut up in place, escapes undone.  Refuses what is malformed. */
int mountinfo_parse(char *line, struct mountinfo *mount);

/* The mount whose target is exactly `target`, the topmost one of a stack of
 * them, or NULL. */
const struct mountinfo *mountinfo_find(const struct mount_table *table,
				       const char *target);

/* Is `word` one of the comma-separated `options`?  "rw" in "rw,noatime". */
bool mountinfo_has_option(const char *options, const char *word);

#endif
