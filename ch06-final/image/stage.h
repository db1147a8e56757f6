/*
 * stage.h - adding to the store: layers are unpacked aside, then everything
 * appears at once, or nothing.
 *
 *	stage_open(&stage, &store);
 *	for each layer that stage_has_layer() does not know:
 *		int dir = stage_begin_layer(&stage);
 *		... unpack into it, verify the digest ...
 *		stage_keep_layer(&stage, hex, size);
 *	stage_commit(&stage, images, count, &missing, &renamed);
 *	stage_close(&stage);
 *
 * Unpacking takes long and holds no lock of the store; any number of commands
 * may do it at once, even for the same image: the second to finish finds the
 * layers in place and throws its own away.
 */
#ifndef STAGE_H
#define STAGE_H

#include "scratch.h"
#include "store.h"

/* What a layer's recipe is called in the scratch directory until the layer is
 * kept: how to make its tar again (tool/recipe.h).  It may lack. */
#define STAGE_RECIPE "begun.recipe"

struct stage {
	struct store *store;
	struct scratch scratch;
	struct words layers; /* verified, in the scratch under their digits */
};

struct new_image {
	char *id;	       /* "sha256:...", of `json` */
	char *key;	       /* it is no image but a step of a build, kept
				* by this key; or NULL */
	char *json;	       /* the config */
	struct words layers;   /* digits of its diff ids */
	struct words names;    /* "busybox:latest"; may be empty */
};
void new_image_free(struct new_image *image);

int stage_open(struct stage *stage, struct store *store);
/* Remove what was not committed.  May be called twice. */
void stage_close(struct stage *stage);

/* Is the layer with these digits in the store already, or on the stage? */
bool stage_has_layer(const struct stage *stage, const char *hex);

/* An empty directory to unpack in, as a descriptor that the caller closes.
 * One that was begun and not kept is removed first. */
int stage_begin_layer(struct stage *stage);
/* The directory last begun is the layer with these digits: verified. */
int stage_keep_layer(struct stage *stage, const char *hex, uint64_t size);

/*
 * Put the images in the store.  Returns 1 when layers that were in the store
 * are there no more (somebody removed the image that had them): they are in
 * `missing`, to be staged before the next try.  `renamed` are the names that
 * meant another image until now, each followed by that image's id.
 */
int stage_commit(struct stage *stage, const struct new_image *images,
		 size_t count, struct words *missing, struct words *renamed);

#endif
