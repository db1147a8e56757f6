/*
 * step.h - the instructions that make a layer: RUN, COPY, ADD, WORKDIR.
 *
 * Each is a pair: what the key of the step is made of, besides all that was
 * before, and how it is done when nothing is on the shelf by that key.
 */
#ifndef STEP_H
#define STEP_H

#include "build.h"
#include "cache.h"
#include "told.h"

struct step_job {
	struct build *build;
	struct build_state *state; /* before, and afterwards after */
	const struct build_scope *scope;
	const struct instruction *instruction; /* expanded */
	char *created_by;
	struct telling *telling; /* while it is done */
};

int run_step_key(struct step_job *job, struct cache_key *key);
int run_step_do(struct step_job *job, const char key[65]);
int copy_step_key(struct step_job *job, struct cache_key *key);
int copy_step_do(struct step_job *job, const char key[65]);
int workdir_step_do(struct step_job *job, const char key[65]);

/* Another stage, or an image, that --from names; a copy. */
int step_from(struct step_job *job, const char *from, int from_stage,
	      struct build_state *state);
/* What is in its layers is all that its files are. */
void step_key_layers(struct cache_key *key, const struct build_state *state);

/* mkdir -p, with an owner for those that are made.  A descriptor of the
 * directory, O_PATH. */
int step_make_dirs(int root, const char *path, uid_t uid, gid_t gid);

/* "/app/x" of "x" behind WORKDIR /app; a slash at the end stays.  The caller
 * frees. */
char *step_path(const struct build_state *state, const char *path);

#endif
