/*
 * note.h - what has happened to the container is put down in its record, at
 * once: whoever asks, asks the record.  For a disk that is full there is a
 * file, "reserve", whose room the record gets then.
 */
#ifndef NOTE_H
#define NOTE_H

#include "base.h"

struct monitor;

/* Make the reserve, and let go of it at the very end: what the log lost of
 * the container's last words is noted before. */
void note_begin(struct monitor *m);
void note_end(struct monitor *m);

void note_started(struct monitor *m);
/* Its terminal has another size (m->window): an event alone. */
void note_resized(struct monitor *m);
void note_failed_start(struct monitor *m, const struct failure *why);
void note_ended(struct monitor *m); /* or "restarting" */
/* What went wrong with its end: it is undone all the same, or by others. */
void note_warning(struct monitor *m, const char *warning);
void note_stopped(struct monitor *m); /* it is not restarted after all */
/* Also in health.json, as Docker shows it; a status that is new is an event. */
void note_health(struct monitor *m, bool is_new);

/* Is it paused?  The cgroup knows. */
bool note_is_paused(const struct monitor *m);

#endif
