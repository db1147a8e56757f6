/*
 * storage.h - the storage drivers: how layers become the root of a container.
 *
 *	overlay	the kernel's, mounted by the container itself
 *	aufs	chapter 3's, served by a process beside it, mydocker-aufs
 *
 * Each has its own way of writing down what a layer deletes (marks.h), so a
 * layer that was unpacked for one is of no use to the other.
 */
#ifndef STORAGE_H
#define STORAGE_H

#include "marks.h"

enum storage { STORAGE_OVERLAY, STORAGE_AUFS };

/* What it is called on the command line and in records; and the reverse. */
const char *storage_name(enum storage driver);
int storage_parse(const char *name, enum storage *driver);

/* How its layers say "not here". */
enum marks storage_marks(enum storage driver);

/* The most layers that an image may have. */
size_t storage_layers_max(enum storage driver);

#endif
