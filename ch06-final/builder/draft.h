/*
 * draft.h - a layer in the making: layers, and above them a directory that
 * takes what is changed.
 *
 *	struct draft draft;
 *	if (draft_open(build, &state, &draft) == 0 && ...)
 *		... change files below draft.root, or run a program ...
 *		draft_keep(build, &draft, &state, created_by, key);
 *	draft_close(&draft);
 *
 * It is a container like any other (container.h), of which only as much is
 * done as is needed: for COPY its root, for RUN all of it.  So what is left of
 * a build that was killed is cleaned up by what cleans up after containers.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include "build.h"
#include "container.h"

struct draft {
	struct settings settings;
	struct container c;
	bool is_created; /* there is something of it on the disk */
};

/* On top of the layers of `state`.  Nothing is mounted yet: what is to be
 * different of a container is put into draft->settings, and then: */
int draft_open(struct build *build, const struct build_state *state,
	       struct draft *draft);
int draft_create(struct build *build, struct draft *draft);
/* Its root, mounted nowhere: a descriptor that stays the draft's. */
int draft_mount(struct draft *draft);

/* What was changed becomes a layer of the store and `state` has it on top,
 * with `key`, under which it is kept.  (Not to be called while anybody still
 * changes files.) */
int draft_keep(struct build *build, struct draft *draft,
	       struct build_state *state, const char *created_by,
	       const char key[65]);

/* All of it goes.  May be called twice. */
void draft_close(struct draft *draft);
#define auto_draft __attribute__((cleanup(draft_close)))

#endif
