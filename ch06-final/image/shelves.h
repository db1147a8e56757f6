/*
 * shelves.h - where the store keeps things on disk, and the lock to it.
 *
 *	ROOT/images.json          which name means which image   (tags.h)
 *	ROOT/blobs/sha256/HEX     the config of each image       (image.h)
 *	ROOT/layers/HEX/          each layer, unpacked, ready for the driver;
 *	                          HEX is the sha256 of its tar (its diff id)
 *	ROOT/layers/HEX.size      bytes in the layer's files
 *	ROOT/layers/HEX.recipe    how its tar is made again     (tool/recipe.h)
 *	ROOT/layers/HEX.blobs     what it is called in registries
 *	ROOT/build/HEX            a step of a build that need not be done
 *                                again: the config after it (builder/cache.h);
 *                                HEX is the digest of all it depends on
 *	ROOT/partial/HEX          of a blob that is being pulled, what has come
 *                                so far; locked by who pulls it
 *	ROOT/tmp/NAME/            what is being made or removed  (scratch.h)
 *	ROOT/images.lock          flock(2): shared to read, exclusive to change
 *
 * Nothing is counted.  An image exists when its config does; a layer is needed
 * while the config of some image or some step of a build lists it, or a
 * container uses it.  A file or
 * directory under its final name is complete and on the disk: everything is
 * made in tmp, synced and renamed.
 *
 * That is the store of the storage driver overlay.  Another driver's is the
 * same, all of it, in ROOT/aufs: as in Docker, whoever changes the driver does
 * not see the images of before, and loads them again.
 */
#ifndef SHELVES_H
#define SHELVES_H

#include "image.h"
#include "storage.h"
#include "words.h"

#include <sys/file.h>

struct store {
	enum storage driver;
	char *root; /* absolute; with the driver's own part */
	int dir;    /* ROOT */
	int blobs;  /* ROOT/blobs/sha256 */
	int layers; /* ROOT/layers */
	int tmp;    /* ROOT/tmp */
	int partial; /* ROOT/partial */
	int build;  /* ROOT/build */
	int lock;
	int locked; /* LOCK_SH or LOCK_EX while held */
	int depth;  /* how often */
};

/* What there may be beside a layer: ".size" and so on; NULL ends the list. */
extern const char *const shelves_notes[];

/* Open the directories, and make those that are missing. */
int shelves_open(struct store *store, const char *root, enum storage driver);
/* Does nothing for one that was not opened; may be called twice. */
void shelves_close(struct store *store);

/* As store_lock() and store_unlock() of store.h. */
int shelves_lock(struct store *store, int how);
void shelves_unlock(struct store *store);

/* The ids of all images: "sha256:...". */
int shelves_list_ids(const struct store *store, struct words *ids);
/* The JSON text of an image; the caller frees.  NULL on failure. */
char *shelves_read_config(const struct store *store, const char *id,
			  size_t *length);
/* Is the layer with these 64 digits there, complete? */
bool shelves_has_layer(const struct store *store, const char *hex);
/* Bytes in its files. */
uint64_t shelves_layer_size(const struct store *store, const char *hex);
/* The keys of all steps of builds: 64 digits each. */
int shelves_list_steps(const struct store *store, struct words *keys);
/* The digits of the layers that a step's config lists; none of one that cannot
 * be read, for what is only remembered can be forgotten. */
void shelves_step_layers(const struct store *store, const char *key,
			 struct words *hexes);
/* The digits of every layer of every image but those with the ids `except`
 * (NULL: of all), and of the steps of builds. */
int shelves_layers_in_use(const struct store *store,
			  const struct words *except,
			  struct words *hexes);

#endif
