/*
 * scratch.h - where things are made before they are moved into place, and
 * where they go on their way out.
 *
 * A scratch is a directory tmp/NAME of the store with a lock (flock(2)) that
 * its maker holds until it is done: a directory whose lock nobody holds was
 * left by a process that was killed, and the next command removes it.
 *
 * Its file "discard" is what makes a crash harmless.  Before the store is
 * changed the names of all that may have to go are written there:
 *
 *	image 3f57d9...     the config of an image, unless a name means it
 *	layer 9a0ef1...     a layer, unless an image is left that has it
 *
 * An image that is being added lists what is new in it, one that is being
 * removed lists all it has.  If the list is still there when the store is next
 * opened, then the maker died half-way, and discarding what is listed brings
 * the store to one side or the other of the change: the table of names decides
 * which (tags.h), and that is written in one instant.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "words.h"

struct store;

struct scratch {
	int dir; /* its descriptor holds the lock */
	char *name;
};

/* A new one, locked. */
int scratch_create(struct store *store, struct scratch *scratch);
/* Remove it with all that is in it, never crossing a mount.  Does nothing for
 * one that was not created; may be called twice. */
int scratch_remove(struct store *store, struct scratch *scratch);

/* Write the list: digests of configs and layers, as 64 digits each. */
int scratch_intend(const struct scratch *scratch, const struct words *images,
		   const struct words *layers);
/* Do what the list says, if there is one, then take it away.  What goes is
 * moved into the scratch.  The caller holds the store's lock for writing. */
int scratch_discard(struct store *store, const struct scratch *scratch);
/* The change is complete: take the list away without following it. */
int scratch_complete(const struct scratch *scratch);

/* Clean up after killed processes: cheap when there is nothing to do. */
int scratch_sweep(struct store *store);

#endif
