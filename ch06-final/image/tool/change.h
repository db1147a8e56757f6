/*
 * change.h - the instructions of a Dockerfile that change only the config of
 * an image, for `import -c`: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD,
 * STOPSIGNAL, USER, VOLUME, WORKDIR (Dockerfile reference).
 */
#ifndef CHANGE_H
#define CHANGE_H

#include "base.h"

#include <jansson.h>

/* `config` is the object "config" of an image, with the keys of the OCI
 * image-spec; it is changed in place. */
int change_apply(json_t *config, const char *instruction);

#endif
