/*
 * tar.h - archives as images are carried in them: enough of ustar (POSIX
 * pax(1)) for plain files, directories and links.
 */
#ifndef TAR_H
#define TAR_H

#include "base.h"

/* Everything below the directory `from`, sorted, under its names there.
 * Owners and times are left out: the same tree gives the same bytes. */
int tar_write_tree(int archive, const char *from);
/* One file of these bytes. */
int tar_write_bytes(int archive, const char *name, const char *bytes,
		    size_t length);
/* The end, without which it is none. */
int tar_end(int archive);

/* The next entry; what was left of the one before is passed over.  1, or 0
 * at the end.  `name` and `link` hold 257 bytes. */
struct tar_entry {
	char name[257], link[257];
	char type; /* '0' file, '2' link, '5' directory */
	mode_t mode;
	size_t size;
	off_t data; /* where it is in the archive */
};
int tar_next(int archive, struct tar_entry *entry);

/*
 * Unpack a layer into `to`, over what is there: ".wh.NAME" takes NAME away
 * (OCI image specification, layer.md).  With that, layers one after another
 * make a root file system.
 */
int tar_apply(int archive, int to);

#endif
