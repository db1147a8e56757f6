/*
 * driver.h - how the layers of an ordinary user's containers are put together,
 * where he does not say it.
 *
 * By overlay, if it can be mounted in his namespaces and keep its marks where
 * his store is.  Before Linux 5.11 it cannot, nor on NFS, nor on another
 * overlay, as the root of a container is.  Then by aufs, which is a process of
 * his own.  That is tried once, and what came of it is in the file "driver" of
 * the store: a store that went from one to the other would have lost its
 * images.  Without the file it is tried again.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include "storage.h"

/* For who is inside (rootless.h).  `root` is the store.  `*is_news`: it was
 * tried just now, and it is not overlay. */
enum storage driver_choose(const char *root, bool *is_news);

/* Why it is not overlay, in words; NULL: it is.  The caller's. */
char *driver_why(const char *root);

#endif
