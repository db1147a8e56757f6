/*
 * one_stage.h - a stage while it is built: its FROM, then one instruction
 * after the other.
 */
#ifndef ONE_STAGE_H
#define ONE_STAGE_H

#include "build.h"

#include <sys/types.h>

struct one_stage {
	struct build *build;
	int index;	    /* of it in the file */
	struct build_state state;
	struct build_scope scope;
	struct instruction *triggers; /* ONBUILD of its base */
	size_t trigger_count;
	size_t step, steps; /* of those that make layers: [2/5] */
	bool has_cmd;	    /* a CMD of its own */
	pid_t pid;	    /* of who goes on with it; 0: nobody yet */
	bool is_apart;	    /* that is us */
};

/* 0: all of it was on the shelf, and is in build->done; 1: one->pid is at it;
 * -1: it failed, and that was told. */
int one_stage_go(struct one_stage *one);

/* Between the two processes: how far it came. */
int one_stage_leave(const struct one_stage *one);
int one_stage_fetch(struct build *build, int index);

#endif
