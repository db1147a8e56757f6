/*
 * pasta.h - the way out where there is no slirp4netns(1).
 *
 * pasta(1), of the package passt, is a program of the same kind: a tap device
 * inside, and a socket on the host for each connection.  It has the addresses
 * that slirp4netns would have, so that nobody inside sees the difference; of
 * IPv6 it has the host's own.
 *
 * It has no descriptor whose end it would end with.  So a child of ours stays
 * with it, and ends it when the holder ends, however that comes.
 */
#ifndef PASTA_H
#define PASTA_H

#include "spaces.h"

/* What it says, in the directory `place`, and its process number. */
#define PASTA_LOG "pasta.log"
#define PASTA_PID "pasta.pid"

struct pasta {
	pid_t keeper; /* our child; 0: it does not run */
	pid_t pid;    /* itself: in the user namespace, as if it lived there */
	int leash;    /* both end when this is closed, or -1 */
	char *place;
};
#define PASTA_NONE { .leash = -1 }

bool pasta_runs(struct pasta *pasta);

/* Have it running.  ENOENT: it is not installed, or finds no way out of the
 * host itself; the text says which. */
int pasta_start(struct pasta *pasta, const struct spaces *spaces,
		const char *place);
void pasta_end(struct pasta *pasta);

#endif
