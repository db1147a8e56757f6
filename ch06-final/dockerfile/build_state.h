/*
 * build_state.h - how far a stage is: the config of the image that it would be
 * if it ended here, and the key of all that has led to it.
 *
 * The config is the JSON of the OCI's image-spec (config.md), with what Docker
 * adds.  Its layers are in it, by their digests, so it is all that there is to
 * know of a step that was done: the cache keeps just that (cache.h).
 */
#ifndef BUILD_STATE_H
#define BUILD_STATE_H

#include "dockerfile.h"
#include "words.h"

#include <jansson.h>

struct build_state {
	json_t *root;
	char key[65];
};

/* Of an image of no layers, for "amd64" or "arm/v7"; of a config.  The failure
 * says what is wrong. */
void build_state_empty(struct build_state *state, const char *platform);
int build_state_parse(struct build_state *state, const char *json,
		      size_t length);
void build_state_copy(struct build_state *to, const struct build_state *from);
void build_state_free(struct build_state *state); /* may be called twice */
#define auto_build_state __attribute__((cleanup(build_state_free)))

/* The caller frees. */
char *build_state_text(const struct build_state *state);

/* Its "config", an object. */
json_t *build_state_config(const struct build_state *state);
/* A text of it, "" when there is none; a list of it. */
const char *build_state_get(const struct build_state *state, const char *key);
void build_state_list(const struct build_state *state, const char *key,
		      struct words *words);
/* The digits of its layers, the bottom one first. */
void build_state_layers(const struct build_state *state, struct words *hexes);

/* One more entry of its history, which is returned for more to be said of it;
 * with the digits of a layer, that on top. */
json_t *build_state_note(struct build_state *state, const char *created,
		      const char *created_by, const char *layer);

/* The words of a command as a program gets them: those of the shell form
 * behind the SHELL. */
void build_state_command(const struct build_state *state,
			 const struct instruction *instruction,
			 struct words *words);

/*
 * Carry out an instruction that changes the config alone, expanded: CMD, ENV
 * and so on; of WORKDIR the config's part.  `*has_cmd`: there was a CMD in
 * this stage, which an ENTRYPOINT then does not take away.
 */
int build_state_apply(struct build_state *state,
		      const struct instruction *instruction, bool *has_cmd);

/* What the history says of an instruction; the caller frees. */
char *build_state_created_by(const struct build_state *state,
			     const struct instruction *instruction,
			     const struct words *args);

#endif
