/*
 * run_mounts.h - RUN --mount: what is there while a command runs, and is no
 * part of the layer.
 *
 * The directories of caches are in ROOT/build/caches (for the driver's store),
 * one for each id, and outlive the build; a lock beside each is held by who
 * has it for himself (sharing=locked, private).
 */
#ifndef RUN_MOUNTS_H
#define RUN_MOUNTS_H

#include "draft.h"
#include "step.h"

struct run_mounts {
	struct draft *sources; /* roots of stages and images, mounted */
	size_t count;
	int *locks; /* of caches */
	size_t lock_count;
	struct words stubs; /* mount points that are not in the image */
};

/* What the key of the step has of them. */
int run_mounts_key(struct step_job *job, struct cache_key *key);

/* Put them into the settings of the draft, and the secrets that are variables
 * into its environment.  Our mounts are our own from then on. */
int run_mounts_open(struct step_job *job, struct draft *draft,
		    struct run_mounts *mounts);
/* Which mount points will have to be made in this root? */
void run_mounts_look(struct run_mounts *mounts, int root,
		     const struct settings *settings);
/* Take those away again, if nothing was put into them. */
void run_mounts_clean(struct run_mounts *mounts, int root);
void run_mounts_close(struct run_mounts *mounts);

#endif
