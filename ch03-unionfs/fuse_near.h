/*
 * fuse_near.h - the thread that answers comes to the CPU of the one that asks.
 *
 * One asks, waits, and goes on when it is answered: they never work at the same
 * time.  The kernel's scheduler does not know that.  Whom it wakes it puts on
 * a CPU that is idle, so on another one; and to wake that one up may take
 * longer than what was asked, in a virtual machine several times as long.  On
 * one CPU the one who waits makes room, and the other goes on.
 *
 *	near_asked(near, thread)	when a question has come
 *	near_leave(near)		before what takes long
 *
 * both by the thread that has the turn (fuse_wire.c).  When the same one has
 * asked some questions in a row, it keeps to that one's CPU, and as SCHED_IDLE
 * (sched(7)): a CPU where nothing else is run counts as free, so that whom it
 * wakes stays there.  The price is that anybody else on that CPU goes first.
 * So it leaves as soon as it had to wait, to come back later each time; and
 * where it may wait for long somebody looks after it, and sends it away.
 * Where it could not leave SCHED_IDLE, for want of CAP_SYS_NICE, it stays
 * where it is.
 */
#ifndef FUSE_NEAR_H
#define FUSE_NEAR_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct near {
	bool is_off; /* to compare */
	atomic_uint questions; /* in all */
	uint32_t asks;
	unsigned int count, wanted; /* questions in a row; so many to come */
	int cpu;
	bool is_here;
	int64_t last; /* question, in ns */
	uint64_t waited; /* for the CPU, until then, in ns */
	cpu_set_t all; /* where it was before */

	pthread_mutex_t lock;
	pthread_cond_t change;
	_Atomic pid_t guarded; /* the thread, or 0 */
	bool is_over;
	pthread_t guard;
};

/* Before the threads begin, and after they have ended. */
void near_start(struct near *near);
void near_stop(struct near *near);

void near_asked(struct near *near, uint32_t thread);
void near_leave(struct near *near);

#endif
