/*
 * builtin.h - the image that needs no network: busybox:latest, made of the
 * static busybox that the distribution has.
 *
 * The same program gives the same image, bit for bit: names are sorted, every
 * time is that of the program's own file.
 */
#ifndef BUILTIN_H
#define BUILTIN_H

#include "store.h"

/* *id is the image's, for the caller to free. */
int builtin_busybox(struct store *store, char **id);

/*
 * A static busybox: the first in PATH, /bin and /usr/bin.  The failure says
 * what was found and which package to install.  The caller frees.
 */
char *builtin_find_busybox(void);

/* 1 when the file is an ELF program that needs no other file to run, 0 when
 * it is something else, -1 when it cannot be read. */
int builtin_is_static(int fd);

#endif
