/* look.h - files put, and looked at from behind: the experiments ask alike. */
#ifndef LOOK_H
#define LOOK_H

#include <sys/stat.h>

#include "base.h"

/* Write a file whole; the directories on its way are made. */
int look_put(const char *path, const char *content);
/* "echo -n CONTENT >> PATH": the file must be there. */
int look_append(const char *path, const char *content);

/* Does the file hold exactly this?  Is nothing of that name there, not even a
 * link that leads nowhere? */
bool look_holds(const char *path, const char *content);
bool look_is_missing(const char *path);

/* Has nobody touched the file?  Neither replaced, nor written, nor chmodded:
 * each of them would change one of the two. */
bool look_is_untouched(const struct stat *before, const char *path);

/* What is in a directory, sorted, as one text: "code eat"; "" for nothing.
 * The caller frees. */
char *look_names(const char *path);

/* overlay_is_whiteout() and marks_is_opaque() by path; false where they
 * cannot be asked. */
bool look_is_whiteout(const char *path);
bool look_is_opaque(const char *path);

/*
 * Everything below a directory, sorted, a line each: what it is, and what
 * overlay has written on it (its opaque and redirect attributes).
 */
int look_show_tree(const char *path);

/*
 * The line of the kernel's mount table for what is mounted on `target`, field
 * by field; `count` gets the number of its lower directories.  Of a long list
 * the ends are shown.  -1 where that is no overlay.
 */
int look_show_mount(const char *target, size_t *count);

#endif
