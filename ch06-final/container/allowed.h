/*
 * allowed.h - which limits an ordinary user can have kept.
 *
 * A limit is kept by a control group, and that is made by who may.  Version 2
 * can be handed down to a user, as systemd does with his session's part of the
 * tree; version 1 cannot.  What nobody would keep is refused before anything
 * is made, and not left out in silence.  For root all is allowed.
 */
#ifndef ALLOWED_H
#define ALLOWED_H

#include "settings.h"

/* Why nothing is limited by this controller ("memory"), and what to do about
 * it, in words; NULL: it can be.  The caller's. */
char *allowed_why_not(const char *controller);

/* The first limit that was asked for and would not be kept is a failure that
 * names its option. */
int allowed_check(const struct settings *settings);

#endif
