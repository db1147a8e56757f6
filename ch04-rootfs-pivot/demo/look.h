/* look.h - files put and looked at, and what is mounted: all experiments ask
 * alike. */
#ifndef LOOK_H
#define LOOK_H

#include <sys/stat.h>

#include "base.h"
#include "mountinfo.h"

/* Write a file whole; the directories on its way are made. */
int look_put(const char *path, const char *content);

/* Does the file hold exactly this?  Is nothing of that name there, not even a
 * link that leads nowhere? */
bool look_holds(const char *path, const char *content);
bool look_is_missing(const char *path);

/* The names in a directory, sorted, as one text: "bin etc"; "" for nothing.
 * The caller frees. */
char *look_names(const char *path);

/* Do both paths lead to the same file?  Is `path` what `st` was of? */
bool look_is_same(const char *a, const char *b);
bool look_is(const char *path, const struct stat *st);

/* The errno of making a file in this directory, 0 when it could be made (and
 * is removed again); and of writing to one that is there. */
int look_try_create(const char *dir);
int look_try_write(const char *path);
/* "written", or the errno's words. */
const char *look_word(int error);

/* A line of our mount table for what is mounted on `target`, which is a path
 * as realpath(3) makes it: shown, and its options returned ("" for none; the
 * caller frees). */
char *look_mount(const char *target);

/* tour_show() of a text that may be long: in as many lines as it takes. */
void look_show(const char *what, const char *words);

/* How many mounts this process can see, and how many at or below `path`; -1
 * when the table cannot be read. */
int look_count_mounts(const char *path);

#endif
