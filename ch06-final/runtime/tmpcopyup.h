/*
 * tmpcopyup.h - child: a tmpfs that begins with what was there before.
 *
 * See config.md, "tmpcopyup".
 */
#ifndef TMPCOPYUP_H
#define TMPCOPYUP_H

#include "base.h"

/*
 * Copy all that is in the directory `from`, which may be covered by a mount and
 * open as O_PATH, into the directory `to`: files, directories, links and nodes,
 * with owner, mode, times and extended attributes; holes are holes there, too,
 * and two names of one file are two names of its copy.  Symbolic links are
 * copied, never followed, and what is mounted below is left out.
 */
int tmpcopyup(int from, int to);

#endif
