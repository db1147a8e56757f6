/*
 * entry.h - one entry of a layer's tar becomes one file.
 *
 * The tar may come from anybody, so nothing in it is believed.  Every path is
 * walked from a descriptor of the layer's directory, one component at a time,
 * never through a symbolic link and never by "..": what would lead outside
 * cannot be expressed.  Nothing is ever run or read from what was unpacked,
 * and there is no chroot into it, since a program that lives in a hostile root
 * loads that root's libraries (CVE-2019-14271).
 *
 * Whiteouts become those of the storage driver (marks.h).  An OCI layer marks a
 * deletion by an empty file ".wh.NAME" and a directory that hides all below by
 * ".wh..wh..opq", which is as aufs wants it; overlayfs wants a character device
 * 0/0 and an attribute.  They concern only the layers below, wherever in the
 * tar they stand.
 */
#ifndef ENTRY_H
#define ENTRY_H

#include "allowance.h"
#include "marks.h"

#include <time.h>

struct archive;
struct archive_entry;
struct recipe;

/* Where there are files already: a directory of a container or the host. */
struct place {
	int root;
	const char *path; /* of the directory, in `root` */
	bool is_given;	  /* all that is put there gets this owner: */
	uid_t uid;
	gid_t gid;
};

/* What a directory shall have once everything is in it. */
struct directory_times {
	char *path;
	struct timespec times[2];
};

struct unpacking {
	int root;	   /* the layer's directory */
	enum marks marks;  /* that whiteouts are made as */
	struct allowance allowance;
	int parent;	   /* the last parent directory, kept open, */
	char *parent_path; /* and its path; NULL when there is none */
	struct directory_times *directories;
	size_t count;
	uint64_t size; /* bytes in regular files */
	/* It is no layer, but a place with files in it (tar.h): links are
	 * followed that are there, and no name is a mark; else NULL. */
	const struct place *place;
	struct recipe *recipe; /* is told which files there are; or NULL */
	bool has_replaced; /* a file of the tar was replaced by a later one */
};

/* `root` stays the caller's. */
void unpacking_begin(struct unpacking *unpacking, int root, enum marks marks);
/* Give every directory the times it should have: the last thing to do. */
int unpacking_finish(struct unpacking *unpacking);
/* May be called twice. */
void unpacking_free(struct unpacking *unpacking);

/* Write the entry whose header was just read.  What is not allowed is refused,
 * naming the entry. */
int entry_write(struct unpacking *unpacking, struct archive *archive,
		struct archive_entry *entry);

/*
 * The path of an entry with empty and "." components taken out, "" for the
 * root itself.  NULL, with the reason, for absolute paths and those that have
 * "..", for components too long for any file system, and for more than 32 kB.
 */
char *entry_clean_path(const char *path);

#endif
