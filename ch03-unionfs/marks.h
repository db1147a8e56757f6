/*
 * marks.h - how a layer says "not here": the three ways, and from one to
 * another.
 *
 *			NAME deleted		directory opaque
 *	MARKS_TRUSTED	NAME, device 0/0	trusted.overlay.opaque=y
 *	MARKS_USER	NAME, device 0/0	user.overlay.opaque=y
 *	MARKS_NAMES	.wh.NAME, empty		.wh..wh..opq in it, empty
 *
 * The first two are overlay's, the second in a user namespace.  The third is
 * how aufs writes them, and so the tar of an image's layer for every engine
 * (the OCI's image-spec, layer.md): Docker came with aufs.
 */
#ifndef MARKS_H
#define MARKS_H

#include "base.h"

enum marks { MARKS_TRUSTED, MARKS_USER, MARKS_NAMES };

/* Those that overlay_mount() makes and obeys in this process. */
enum marks marks_of_overlay(void);

/* What an entry of a directory is. */
enum mark {
	MARK_NONE,     /* a file of its own right */
	MARK_WHITEOUT, /* says of a name that it is deleted */
	MARK_OPAQUE,   /* says that the directory it is in is opaque */
	MARK_OWN,      /* what else aufs keeps under ".wh..wh." */
};

/* By its name alone, as MARKS_NAMES are read. */
enum mark marks_in_name(const char *name);

/*
 * Of the entry `name` of `dir`: an enum mark, or -1.  `*hidden`, when it is a
 * whiteout, is the name that it deletes, within `name`.
 */
int marks_look(int dir, const char *name, enum marks marks,
	       const char **hidden);

/*
 * `dir` is open for reading; O_PATH will not do.  To hide NAME is to hide what
 * the layers below have under it: a NAME of this layer's own stays, and if it
 * is a directory it becomes opaque.  marks_unhide() takes the whiteout of NAME
 * away: 1, or 0 when there is none, or -1.  marks_is_opaque() answers likewise.
 */
int marks_hide(int dir, const char *name, enum marks marks);
int marks_unhide(int dir, const char *name, enum marks marks);
int marks_make_opaque(int dir, enum marks marks);
int marks_is_opaque(int dir, enum marks marks);

/*
 * What is in a directory but "." and "..", sorted.  marks_free_list() frees,
 * and may be called twice.
 */
struct marks_list {
	char **names;
	size_t count;
};
int marks_list(int dir, struct marks_list *list);
bool marks_list_has(const struct marks_list *list, const char *name);
void marks_free_list(struct marks_list *list);
#define auto_list __attribute__((cleanup(marks_free_list), unused))

/*
 * Rewrite the marks of a whole layer, which no union may have mounted now.
 * Directories keep their times.  aufs's bookkeeping goes, unless it still
 * holds something.  After a failure both kinds may be there: it can be called
 * again.  A descriptor is taken for every level of depth.
 */
int marks_convert(int dir, enum marks from, enum marks to);

#endif
