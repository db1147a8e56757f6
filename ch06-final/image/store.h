/*
 * store.h - the images of this machine, on disk (shelves.h says where).
 *
 * Whoever takes an image's layers for a container must hold the lock, shared,
 * from store_find_image() until the container is on record, so that nobody
 * removes the image between the two:
 *
 *	if (store_lock(&store, LOCK_SH) < 0 ||
 *	    store_find_image(&store, "busybox", &image) < 0) ...
 *	... write the container's state ...
 *	store_unlock(&store);
 *
 * The descriptors are close-on-exec.  A process that forks and does not exec
 * shares the lock with its child: unlock before.
 */
#ifndef STORE_H
#define STORE_H

#include "shelves.h"

#define STORE_ROOT "/var/lib/mydocker"

/* Open a driver's store, make it where there is none (readable for its owner
 * alone: layers have setuid programs in them), clean up after killed
 * commands. */
int store_open(struct store *store, const char *root, enum storage driver);
/* Does nothing for one that was not opened; may be called twice. */
void store_close(struct store *store);
#define auto_store __attribute__((cleanup(store_close)))

/* Wait for the lock.  Calls nest; who holds it shared cannot take it
 * exclusively, since two who tried would wait for each other. */
int store_lock(struct store *store, int how);
void store_unlock(struct store *store);

/*
 * The image that `name` means: a name, a whole id, or the beginning of one
 * that fits a single image.  Its layers are there, or it is a failure that
 * says which is missing.  failure.code is ENOENT when there is no such image,
 * 0 or another errno value when something is wrong.
 */
int store_find_image(struct store *store, const char *name,
		     struct image *image);

/* The same; but where the name means an image for another platform than
 * "linux/arm64" or the like, what it means on that, if there is such a one.
 * `platform` may be NULL. */
int store_find_platform(struct store *store, const char *name,
			const char *platform, struct image *image);

/* Fill in where the layers of an image that was parsed are, and how big. */
int store_find_layers(struct store *store, struct image *image);

/* One image for every name, and one without name for every image that has
 * none; sorted by name.  store_free_list() gives it back. */
int store_list(struct store *store, struct image **images, size_t *count);
void store_free_list(struct image *images, size_t count);

/* A second name for an image.  An image that had this name loses it. */
int store_tag(struct store *store, const char *source, const char *target);

/*
 * Who uses what, asked while the store is locked.  The functions may be NULL.
 * `image_user`: a container made from this image, its id or name, or NULL.
 * `uses_layer`: has any container this layer ("sha256:...") under it?  When
 * nobody can tell, an image that a container was made from is never deleted;
 * it only loses its names.
 */
struct store_users {
	const char *(*image_user)(void *data, const char *id, bool *running);
	bool (*uses_layer)(void *data, const char *diff_id);
	void *data;
};

/* What a removal did, for the user to be told. */
struct store_removal {
	struct words untagged; /* "busybox:latest" */
	struct words deleted;  /* "sha256:...": the image, then its layers */
	uint64_t bytes;	       /* in those layers */
};
void store_free_removal(struct store_removal *removal);

/*
 * docker rmi: take the name away, and with the last name the image, and with
 * the image the layers that nobody else has.  Refused, unless `force`d, when a
 * container was made from the image or an id is given that has names in
 * several repositories; while a container runs from it, always.
 */
int store_remove_image(struct store *store, const char *name, bool force,
		       const struct store_users *users,
		       struct store_removal *removal);

/* Remove the layers that no image and no container has any more: to be called
 * when a container whose image was removed by force is gone. */
int store_release_layers(struct store *store, const struct store_users *users);

/*
 * For the code that changes the store (stage.h, removal.c).
 * store_resolve: what `name` means: *id, and *tag where it is a name; both
 * the caller's.  As store_find_image(), but whether the image is whole is not
 * looked at.
 */
struct tags;
struct scratch;
int store_resolve(struct store *store, const struct tags *tags,
		  const char *name, char **id, char **tag);
/* Put a changed table of names in force, in one instant (tags.h). */
int store_publish_tags(struct store *store, const struct scratch *scratch,
		       const struct tags *tags);

#endif
