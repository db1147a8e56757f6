/*
 * restart_policy.h - --restart no | on-failure[:MOST] | always |
 * unless-stopped, as plain data: the client tells it, the monitor keeps it.
 */
#ifndef RESTART_POLICY_H
#define RESTART_POLICY_H

#include "base.h"

enum restart_when {
	RESTART_NO,
	RESTART_ON_FAILURE,
	RESTART_ALWAYS,
	RESTART_UNLESS_STOPPED,
};

struct restart_policy {
	enum restart_when when;
	unsigned int most; /* on-failure: so often; 0: any number of times */
};

#endif
