/*
 * screen.h - a build in a terminal: a line for each thing that is done, all of
 * them drawn anew where they stand, ten times a second.
 *
 *	[+] Building 3.4s (4/6)
 *	 => [internal] load build definition from Dockerfile          0.0s
 *	 => => transferring dockerfile: 62B done                      0.0s
 *	 => CACHED [2/4] WORKDIR /app                                 0.0s
 *	 => [3/4] RUN make                                            3.1s
 *	 => => # cc -c main.c
 *
 * A process of its own draws, for several do the things.  They send it what
 * happened, a message at a time, through a socket that keeps messages apart.
 */
#ifndef BUILD_SCREEN_H
#define BUILD_SCREEN_H

#include "base.h"

enum screen_event {
	SCREEN_BEGIN,  /* the thing `number`; its name */
	SCREEN_NOTE,   /* a line of ours about it, which stays */
	SCREEN_OUTPUT, /* a line of a program's, while it goes on */
	SCREEN_DONE,
	SCREEN_CACHED,
	SCREEN_FAILED,
	SCREEN_AFTER,  /* to be written below it all in the end; no number */
	SCREEN_END,
};

/* Once, before there are other processes. */
int screen_begin(void);
void screen_tell(enum screen_event event, unsigned int number,
		 const char *words);
/* Draw it for the last time, and what is below it; then it is over. */
void screen_end(void);

#endif
