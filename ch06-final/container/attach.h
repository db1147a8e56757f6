/*
 * attach.h - the client's end of a connection to a container's monitor
 * (protocol.h): its input and output, or a terminal; and what else it can be
 * asked for.
 */
#ifndef ATTACH_H
#define ATTACH_H

#include "attach_keys.h"
#include "restart_policy.h"

struct attach_options {
	bool input;	     /* our standard input is carried */
	bool output, errors; /* what is to come out of our own */
	bool proxy_signals;  /* --sig-proxy; never with a terminal */
	struct attach_keys keys; /* they count where there is a terminal */
};

/* The two ends of a connection for a monitor that is yet to be launched, so
 * that nothing is missed; or a connection to one that is there. */
int attach_pair(const struct attach_options *options, int *ours, int *its);
int attach_connect(int dir, const struct attach_options *options);

enum attach_result {
	ATTACH_EXITED,	 /* the container has ended, and all of it is undone */
	ATTACH_DETACHED, /* by its keys */
	ATTACH_LOST,	 /* `failure` says how; see `*status` */
};

/*
 * Carry until the container ends.  `*status` is its exit status; or, when a
 * signal ended us and not the container, 128+n; or 125 when our output could
 * not be written, or the monitor is gone (then its record, once nobody holds
 * the lock, tells more).  A terminal is what it was before on every way out.
 *
 * Without a terminal, signals that we get are the container's, and the third
 * SIGINT or SIGTERM kills it.  A reader of our output that goes away is one of
 * the container's, if the container was launched with us.
 */
enum attach_result attach_run(int sock, const struct attach_options *options,
			      int *status);

/* Wait until it ends (the next time, should it be restarted). */
int attach_wait(int dir, int *status);

/* Nothing is restarted from now on; then this signal, unless it is 0. */
int attach_stop(int dir, int signal);
/* Only the signal. */
int attach_signal(int dir, int signal);
/* Another restart policy. */
int attach_set_restart(int dir, const struct restart_policy *policy);
/* It is on a network with a name server, which its monitor is to watch. */
int attach_tell_names(int dir);

/* Says the failure of one of these that there is no monitor? */
bool attach_is_gone(void);

/* PROTOCOL_REFUSED, as a failure: -1. */
struct protocol_message;
int attach_refused(const struct protocol_message *message, size_t length);

#endif
