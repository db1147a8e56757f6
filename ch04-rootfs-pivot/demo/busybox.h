/*
 * busybox.h - the programs of a root made from nothing: one file that is all
 * of them, if the machine has it.
 */
#ifndef BUSYBOX_H
#define BUSYBOX_H

#include "base.h"

/*
 * Copy the busybox of "/" into bin/ of the directory `root`, with a link for
 * each program.  One that needs a loader and libraries would be of no use
 * there and is left out: then, as without any, nothing is done.
 */
int busybox_install(int root);

/* The path of the loader that an ELF program asks for, "" when it needs none,
 * NULL when it is no such program.  The caller frees. */
char *busybox_loader(int program);

/* Is there one in the present root's bin/? */
bool busybox_is_installed(void);

#endif
