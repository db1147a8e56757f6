/*
 * events.h - what happened to containers, images, volumes and networks, told
 * to whoever asks with `events`: the file ROOT/events.log.
 *
 *	events_tell(root, &(struct event){
 *		.type = "container", .action = "die", .id = record->id,
 *		.attributes = (const char *const[]){
 *			"image", record->image, "name", record->name,
 *			"exitCode", "137", NULL },
 *	});
 *
 * A line is an object in the form of Docker's API (GET /events).  It is
 * written in one write(2) at the end of the file, so the lines of any number
 * of tellers are whole and in order.  At a megabyte the file becomes
 * events.log.1, in place of the one before: what is older is forgotten.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "base.h"

#define EVENTS_FILE "events.log"
#define EVENTS_OLD EVENTS_FILE ".1"

struct event {
	const char *type;   /* "container", "image", "volume", "network" */
	const char *action; /* "start", "die", "exec_create: sh" */
	const char *id;	    /* an image's or volume's: its name */
	/* Names and values by turns, NULL at the end; NULL: none.  A value of
	 * NULL is left out with its name. */
	const char *const *attributes;
};

/*
 * Nobody's verb fails because it could not be told: the caller decides what a
 * failure is worth.  Needs neither a lock nor memory of what was told before,
 * and no library.
 */
int events_tell(const char *root, const struct event *event);

/* The line that is told, with its newline, as at that time: in fresh memory. */
char *events_line(const struct event *event, int64_t time_ns);

#endif
