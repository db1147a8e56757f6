/*
 * health_plan.h - --health-interval and its companions as plain data: the
 * client tells it, the monitor keeps to it.  (What is run, the client that
 * runs it finds in settings.json.)
 */
#ifndef HEALTH_PLAN_H
#define HEALTH_PLAN_H

#include <time.h>

#include "base.h"

/* 0 is Docker's default: 30 s, 30 s, none, 5 s, 3 times. */
struct health_plan {
	bool is_wanted;
	int64_t interval_ms, timeout_ms, start_period_ms, start_interval_ms;
	unsigned int retries;
};

#endif
