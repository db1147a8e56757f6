/*
 * import.h - a plain root file system in a tar becomes an image of one layer.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include "stream.h"
#include "store.h"

#include <jansson.h>
#include <time.h>

struct import {
	const char *name;    /* as the user gave it; NULL: none */
	const char *comment; /* for the image's history */
	time_t created;
	/* The "config" of the image, {} when it is NULL; the caller's. */
	json_t *config;
};

/* The tar that `from` gives, perhaps compressed.  *id is the image's,
 * "sha256:...", for the caller to free. */
int import_tar(struct store *store, struct stream *from,
	       const struct import *import, char **id);

#endif
