/*
 * keep_id.h - --userns=keep-id: who calls is himself inside, too.
 *
 * In a user's namespaces he is root, and so he is in his containers.  With
 * keep-id a container has a user namespace within that one, in which the same
 * id has its old number again, and the ids that are lent are all the others:
 *
 *	on the host	in the user's namespace		inside
 *	61234		0				61234
 *	700000...	1...				0... (but 61234)
 *
 * What is the user's (a directory given with -v, and the files of the image
 * that are root's) is 61234's inside.
 */
#ifndef KEEP_ID_H
#define KEEP_ID_H

#include <jansson.h>

#include "settings.h"

bool keep_id_is_wanted(const struct settings *settings);

/* "61234:61234", the caller's. */
char *keep_id_user(void);

/* Put the namespace and its maps in "linux" of a config.json. */
int keep_id_add(json_t *kernel);

#endif
