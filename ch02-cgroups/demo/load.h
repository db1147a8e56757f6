/*
 * load.h - processes that eat memory, burn CPU time or multiply, each in the
 * cgroup that an experiment has made for it; and the cgroups themselves.
 *
 * A load is born at a gate: it is in its cgroup and has sent SYNC_READY, but
 * runs none of its work before load_go().  So an experiment can look at it
 * first, and what it does is charged to its cgroup from the first byte.
 */
#ifndef LOAD_H
#define LOAD_H

#include "cgroup.h"

/* "mydocker-demo-RUN/NAME": the cgroups of this run, and of no other one. */
int load_create_cgroup(struct cgroup *cg, const char *name);

/*
 * The same for an experiment that cannot do without these controllers (ends
 * with NULL; itself NULL: any will do): 0, -1, or tour_skip()'s value where the
 * machine has not got them, or gives us no cgroup at all.
 */
int load_cgroup_or_skip(struct cgroup *cg, const char *name,
			const char *const controllers[]);

/* For tidy(): remove the cgroups of this run and of runs that are dead. */
void load_remove_cgroups(void);

struct load {
	pid_t pid;
	int pidfd;
	int sock; /* to its side of the gate */
};

/* What a load does; `sock` is its end.  Returns its exit status. */
typedef int load_work(int sock, uint64_t amount);

/* Touch each page of `amount` bytes of memory once.  Exit status 0. */
load_work load_eat;
/* Burn CPU time until killed. */
load_work load_spin;
/* Fork `amount` times; then SYNC_READY, and wait for SYNC_GO.  The exit
 * status is how many of them the kernel allowed.  They end with it. */
load_work load_fork;

/* For a load that forks: the child ends with its parent, whatever it is that
 * ends that one. */
void load_end_with(pid_t parent);

/* With --shell: a shell in the cgroup, as tour_shell(). */
int load_shell(const struct cgroup *cg, const char *advice);

/* Clone a child into the cgroup; returns when it waits at the gate. */
int load_start(struct load *load, const struct cgroup *cg, load_work *work,
	       uint64_t amount);
/* Open the gate. */
int load_go(struct load *load);
/* Its wait status, once it has ended. */
int load_wait(struct load *load, int *status);

#endif
