/*
 * manifest.h - what images an archive says that it holds.
 *
 * A docker-archive (`docker save`, buildah's docker-archive:) has a file
 * manifest.json that names, for every image, the files of its config and its
 * layers.  An OCI archive has index.json, which leads by digests to the
 * manifest of each image, and that to its config and layers (image-spec,
 * image-layout.md).  Newer `docker save` writes both, which then agree:
 * manifest.json is taken, as Docker does, unless index.json has images for
 * several platforms, of which the other can name one only.
 *
 * All of this is only what the archive *claims*.  load.c holds the claims
 * against the bytes.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "bundle.h"
#include "image.h"
#include "words.h"

struct claim {
	char *config;	      /* the file of the config in the archive */
	char *config_digest;  /* "sha256:..." it must have; NULL: not said */
	struct words names;   /* as written; may be empty */
	struct words layers;  /* files, the bottom layer first */
	struct words digests; /* what these files must have, or "" */
	/* How long they are, and the config; of an OCI manifest only, where
	 * 0 is said for a size that is not said. */
	uint64_t *sizes, config_size;
	struct words types;   /* the mediaType of each layer; likewise */
	/* Chosen for it from an index of several, or NULL; and is it not what
	 * its names mean, but what they mean on that platform? */
	char *platform;
	bool is_further;
};

struct claims {
	struct claim *list;
	size_t count;
};

/* `platforms` is what to choose from an index of several, "amd64" or
 * "linux/arm/v7,linux/amd64", of which each must be there; NULL: all
 * that are; the name means what is for this machine, or else the first. */
int manifest_read(const struct bundle *bundle, const char *platforms,
		  struct claims *claims);
void manifest_free(struct claims *claims);

/* One file of each kind; for manifest_read() and the tests.  The first adds
 * claims, the second the files and digests of one. */
int manifest_parse_docker(const char *json, size_t length,
			  struct claims *claims);
int manifest_parse_oci(const char *json, size_t length, struct claim *claim);

void manifest_free_claim(struct claim *claim);

/* A text from a registry: the manifest of an image (*digest is NULL), or an
 * index, and then the digest of the manifest in it that is for `platform`,
 * which the caller frees. */
int manifest_pick(const char *json, size_t length, const char *platform,
		  char **digest);

/* Is the image for one of the platforms that were asked for (NULL: for any)?
 * Where a manifest left no choice it may be for another. */
int manifest_check_platform(const char *name, const char *platforms,
			    const struct image *image);

/* The architecture of this machine in the words of images: "amd64". */
const char *manifest_platform(void);

#endif
