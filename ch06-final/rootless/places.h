/*
 * places.h - where an ordinary user keeps what root has in /var/lib and /run.
 *
 *	data	$XDG_DATA_HOME/mydocker, or ~/.local/share/mydocker
 *	run	$XDG_RUNTIME_DIR/mydocker, or /run/user/UID/mydocker, or, where
 *		nobody has logged in by a session, /tmp/mydocker-UID
 *
 * See the XDG Base Directory Specification.
 */
#ifndef PLACES_H
#define PLACES_H

#include "base.h"

/* Paths, the caller's to free.  NULL with `failure` set: no home is known.
 * The directories need not be there. */
char *places_data(void);

/*
 * Makes the directory, mode 0700, and refuses one that is somebody else's or
 * that others can write to: in /tmp anybody could have made it.
 */
char *places_run(void);

/* The user's name, or NULL when the machine knows none. */
char *places_user(void);

/* Is there such a program in PATH? */
bool places_has_program(const char *name);

#endif
