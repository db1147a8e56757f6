/*
 * import.h - a tar becomes a layer, and with the layers of another image below
 * it, or none, an image: `import` and `commit`.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include "store.h"

#include <jansson.h>
#include <time.h>

struct import {
	const char *name;    /* as the user gave it; NULL: none */
	/* For the image's history, the last two or NULL. */
	const char *comment, *author, *created_by;
	const char *parent;  /* the id of the image below, or NULL */
	const char *platform; /* "linux/arm64"; NULL: as below, or here */
	time_t created;
	/* The "config" of the image, {} when it is NULL; the caller's. */
	json_t *config;
	/* What to change in it, each as in a Dockerfile; NULL ends the list,
	 * and is one that is empty. */
	char *const *changes;
};

/* The tar that `fd` gives, perhaps compressed, perhaps a pipe; `source` is for
 * messages.  *id is the image's, "sha256:...", for the caller to free. */
int import_tar(struct store *store, int fd, const char *source,
	       const struct import *import, char **id);

#endif
