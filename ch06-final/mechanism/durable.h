/*
 * durable.h - what a power cut is not to take back.
 *
 * A file that write_file() has put in place is whole, whenever the power goes;
 * but that it is there at all stands in its directory, and a rename, a new
 * directory or a removal is on the disk only some seconds later (fsync(2);
 * ext4 writes its journal every five).  A verb that tells its caller "done"
 * therefore syncs the directories it has changed, before.  The start of a
 * container does not: Docker does not even for the verbs.
 */
#ifndef DURABLE_H
#define DURABLE_H

/* The names in `dir`, unless that is AT_FDCWD, and before them those in its
 * directory `below`, unless that is NULL or gone. */
int sync_names(int dir, const char *below);

#endif
