/*
 * health.h - what the checks of a container's health (--health-cmd) say of
 * it: Docker's rules, without a clock or a process.
 *
 * It is "starting" until a check succeeds.  `retries` failures in a row make
 * it unhealthy, but those within the start period do not count while it is
 * starting.  Times are in milliseconds.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "health_plan.h"

enum health_status {
	HEALTH_NONE, /* it is not checked */
	HEALTH_STARTING,
	HEALTH_HEALTHY,
	HEALTH_UNHEALTHY,
};
const char *health_name(enum health_status status);

#define HEALTH_RESULTS 5
#define HEALTH_OUTPUT 4096
#define HEALTH_TIMED_OUT (-1) /* the exit status of a check that was cut off */

struct health_result {
	struct timespec start, end; /* by the wall clock */
	int exit_code;
	char *output; /* at most HEALTH_OUTPUT bytes */
};

struct health {
	struct health_plan plan;
	enum health_status status;
	unsigned int failures;			      /* in a row */
	struct health_result results[HEALTH_RESULTS]; /* the oldest first */
	size_t count;
};

/* The container has started, or does so again. */
void health_begin(struct health *health, const struct health_plan *plan);

/* How long to wait before the next check, when it has run for so long. */
int64_t health_wait(const struct health *health, int64_t ran_ms);

/* A check has ended that began when the container had run for `ran_ms`.  Takes
 * result.output.  True: the status is another one now. */
bool health_take(struct health *health, struct health_result result,
		 int64_t ran_ms);

/* As Docker shows it: {"Status":...,"FailingStreak":...,"Log":[...]}; the
 * caller frees. */
char *health_json(const struct health *health);

void health_free(struct health *health);

#endif
