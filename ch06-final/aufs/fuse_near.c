/* fuse_near.c - see fuse_near.h. */
#include "fuse_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base.h"

/* So many questions in a row until it comes: at first, and at most. */
enum { FEW = 32, MANY = 8192 };
/* After so many it looks where the one who asks is now. */
enum { LOOK = 16 };
/* Nanoseconds: nothing was done for so long, why?  And so long somebody waits
 * until it is sent away. */
enum { LONG = 1000 * 1000, TOO_LONG = 4 * LONG };

#define SECOND 1000000000LL

static int64_t
nanoseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/* Of any thread: field 39 of its stat; the second may have blanks, proc(5). */
static int
cpu_of(uint32_t thread)
{
	char stat[1024];
	auto_free char *path = text("/proc/%u/stat", thread);
	const char *field =
		read_once(AT_FDCWD, path, stat, sizeof(stat)) < 0 ?
			NULL : strrchr(stat, ')');
	for (int i = 2; field && i < 39; i++)
		field = strchr(field + 1, ' ');
	return field ? atoi(field + 1) : -1;
}

/* Nanoseconds that this thread could have run and had no CPU. */
static uint64_t
waited(void)
{
	char words[128];
	unsigned long long ran, delay;
	if (read_once(AT_FDCWD, "/proc/thread-self/schedstat", words,
		      sizeof(words)) < 0 ||
	    sscanf(words, "%llu %llu", &ran, &delay) != 2)
		return 0;
	return delay;
}

static int
set_policy(pid_t thread, int policy)
{
	return sched_setscheduler(thread, policy, &(struct sched_param){ 0 });
}

/* Who may be nicer to himself may leave SCHED_IDLE. */
static bool
can_return(void)
{
	int nice = getpriority(PRIO_PROCESS, 0);
	return sched_getscheduler(0) == SCHED_OTHER && nice > -20 &&
	       setpriority(PRIO_PROCESS, 0, nice - 1) == 0 &&
	       setpriority(PRIO_PROCESS, 0, nice) == 0;
}

/* ---- somebody looks after it ------------------------------------------- */

/* SCHED_IDLE is begun after this and ended before it: not to be preempted for
 * long with the lock held. */
static void
set_guarded(struct near *near, pid_t thread)
{
	pthread_mutex_lock(&near->lock);
	near->guarded = thread;
	if (thread)
		pthread_cond_signal(&near->change);
	pthread_mutex_unlock(&near->lock);
}

/* Without the lock: perhaps as SCHED_IDLE. */
static bool
is_guarded(struct near *near)
{
	return near->guarded != 0;
}

static void
send_away(struct near *near)
{
	set_policy(near->guarded, SCHED_OTHER);
	sched_setaffinity(near->guarded, sizeof(near->all), &near->all);
	near->guarded = 0;
}

/* Wait for a change, but not for too long; with the lock held. */
static void
wait_for_change(struct near *near)
{
	int64_t at = nanoseconds() + TOO_LONG;
	struct timespec end = { .tv_sec = at / SECOND, .tv_nsec = at % SECOND };
	pthread_cond_clockwait(&near->change, &near->lock, CLOCK_MONOTONIC,
			       &end);
}

static void *
guard(void *data)
{
	struct near *near = data;
	pthread_mutex_lock(&near->lock);
	while (!near->is_over) {
		unsigned int before = near->questions;
		if (!near->guarded)
			pthread_cond_wait(&near->change, &near->lock);
		else
			wait_for_change(near);
		if (near->guarded && near->questions == before)
			send_away(near);
	}
	pthread_mutex_unlock(&near->lock);
	return NULL;
}

void
near_start(struct near *near)
{
	pthread_mutex_init(&near->lock, NULL);
	pthread_cond_init(&near->change, NULL);
	near->wanted = FEW;
	near->is_off = near->is_off || !can_return() ||
			pthread_create(&near->guard, NULL, guard, near) != 0;
}

void
near_stop(struct near *near)
{
	if (near->is_off)
		return;
	pthread_mutex_lock(&near->lock);
	near->is_over = true;
	pthread_cond_signal(&near->change);
	pthread_mutex_unlock(&near->lock);
	pthread_join(near->guard, NULL);
}

/* ---- coming and leaving ------------------------------------------------ */

static void
go_to(struct near *near, int cpu)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) == 0)
		near->cpu = cpu;
}

void
near_leave(struct near *near)
{
	near->count = 0;
	if (!near->is_here)
		return;
	near->is_here = false;
	set_policy(0, SCHED_OTHER);
	sched_setaffinity(0, sizeof(near->all), &near->all);
	set_guarded(near, 0);
}

static void
come(struct near *near)
{
	int cpu = cpu_of(near->asks);
	near->count = 0;
	if (cpu < 0 ||
	    sched_getaffinity(0, sizeof(near->all), &near->all) < 0 ||
	    CPU_COUNT(&near->all) < 2 || !CPU_ISSET(cpu, &near->all))
		return;
	near->is_here = true;
	near->waited = waited();
	go_to(near, cpu); /* where others may go first for long */
	set_guarded(near, gettid());
	set_policy(0, SCHED_IDLE);
	if (!is_guarded(near))
		near_leave(near);
}

/* All is well: let it come sooner the next time; has the other one moved? */
static void
look(struct near *near)
{
	int cpu = cpu_of(near->asks);
	near->waited = waited();
	if (near->wanted > FEW)
		near->wanted /= 2;
	if (cpu >= 0 && cpu != near->cpu && CPU_ISSET(cpu, &near->all))
		go_to(near, cpu);
}

/* Nothing was asked for long.  If it was, but we had no CPU, we leave; and so
 * if we have been sent away. */
static void
pause_over(struct near *near)
{
	uint64_t before = near->waited;
	near->waited = waited();
	bool has_waited = near->waited - before > LONG / 2;
	if (has_waited && near->wanted < MANY)
		near->wanted *= 4;
	if (has_waited || !is_guarded(near))
		near_leave(near);
}

void
near_asked(struct near *near, uint32_t thread)
{
	near->questions++;
	if (near->is_off || thread == 0) /* 0: the kernel's, or not seen */
		return;
	int64_t now = nanoseconds(), passed = now - near->last;
	near->last = now;
	if (thread != near->asks)
		near_leave(near);
	else if (near->is_here && passed > LONG)
		pause_over(near);
	near->asks = thread;
	near->count++;
	if (!near->is_here && near->count >= near->wanted)
		come(near);
	else if (near->is_here && near->count % LOOK == 0)
		look(near);
}
