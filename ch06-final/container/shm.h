/*
 * shm.h - shared memory that containers share: with --ipc shareable /dev/shm is
 * a tmpfs in the container's directory on the host, "shm", from where it is
 * mounted in this container and in each that joins it by --ipc container:NAME.
 * With the usual --ipc private it is the container's alone, and its host has
 * none: so nobody can join.
 */
#ifndef SHM_H
#define SHM_H

#include "container.h"

/* Does nothing with any other --ipc. */
int shm_up(struct container *c);
/* Of one that is half made, or not there, as well. */
int shm_down(struct container *c);
/* Is there one that has not been taken down?  `dir` is the container's. */
bool shm_is_left(int dir);

#endif
