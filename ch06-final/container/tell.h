/*
 * tell.h - events of containers, with what Docker says of each of them:
 * image, name and labels (events.h is for the rest).
 *
 *	container_tell(dir, record, NULL, "die",
 *		       (const char *const[]){ "exitCode", "137", NULL });
 */
#ifndef TELL_H
#define TELL_H

#include "record.h"
#include "words.h"

/*
 * `dir` is the container's directory, in its place below the root, or just
 * removed from there.  `labels` NULL: those of its settings.  `extra`, names
 * and values by turns, NULL at the end, may be NULL.  Actions are
 * Docker's: create, start, die (exitCode=), kill (signal=), oom, stop,
 * restart, pause, unpause, rename (oldName=), attach, "exec_create: CMD",
 * "exec_start: CMD", exec_die (exitCode=), "health_status: healthy", destroy;
 * of cp archive-path (out) and extract-to-dir (in); top, resize (height=,
 * width=).
 * That it could not be told is nobody's failure: `failure` is kept.
 */
void container_tell(int dir, const struct record *record,
		    const struct words *labels, const char *action,
		    const char *const *extra);

#endif
