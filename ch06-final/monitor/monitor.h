/*
 * monitor.h - all that the monitor of one container has in hand.
 *
 * One thread, one loop (main.c).  The parts each know these structs; what each
 * is for, and does, is in a header of its own.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include "health.h"
#include "launch.h"
#include "log.h"
#include "loop.h"
#include "protocol.h"
#include "restart.h"

struct stream { /* stream.h */
	struct source source; /* a pipe's read end, or a pty's master */
	const char *name;     /* "stdout" */
	enum protocol_type type;
	bool is_partial;       /* a piece of this line is in the log */
	struct timespec since; /* its time */
	size_t used;	       /* of `buffer`: not in the log yet */
	size_t held_length;    /* of `held`: not with all clients yet */
	char buffer[PROTOCOL_BYTES], held[PROTOCOL_BYTES];
};

struct input { /* input.h */
	struct source sink; /* a pipe's write end, or a pty's master */
	size_t start, used; /* of `bytes`: not written yet */
	bool is_ending;	    /* and after that it is closed */
	char bytes[PROTOCOL_BYTES];
};

struct client { /* clients.h */
	struct source source;
	struct client *next;
	bool is_first;
	bool stays; /* it has said HELLO, and is welcome */
	bool wants_output, wants_input;
	unsigned int owes; /* 1 << protocol_type of what it has yet to take */
	int64_t stalled;   /* since when; 0: it is not */
};

struct check { /* check.h */
	pid_t pid; /* of `demo .monitor-probe`; 0: none */
	struct source output;
	struct health_result result; /* as far as it is known */
	size_t length;
	unsigned int signals; /* how many it got to end */
	int64_t due; /* to begin; or, while it runs, to be ended */
	int64_t began;
};

struct names_watch { /* names_watch.h */
	struct source server; /* a connection to it, or -1 */
	pid_t helper;	      /* `demo .monitor-names`; 0: none */
	bool was_helped;      /* the last one has done what there is to do */
	int64_t due;	      /* to look for it; 0: nothing to be looked for */
	int64_t wait_ms;      /* from one try to the next */
};

struct relay_watch { /* relay_watch.h */
	pid_t helper; /* `demo .monitor-relay`; 0: none */
	int64_t began;
	int64_t due;	 /* to start another; 0: none is wanted */
	int64_t wait_ms; /* from one to the next */
};

enum phase {
	PHASE_STARTING, /* the starter is at work */
	PHASE_RUNNING,
	PHASE_ENDING,	/* process 1 has ended: the rest is undone */
	PHASE_WAITING,	/* it is to be started again, at `due` */
	PHASE_OVER,
};

struct monitor {
	const char *id, *client_program;
	struct launch_plan plan;
	int dir, lock, epoll;
	struct source listener, signals, starter;

	enum phase phase;
	bool was_up;	   /* this is not the first start */
	bool is_lost;	   /* who starts or undoes it was killed at it */
	pid_t pid;	   /* process 1; 0: there is none */
	int held;	   /* its address and ports: open while it lives */
	pid_t helper;	   /* `demo .monitor-start`, or -end; 0: none */
	int undoing;	   /* what -end has to say, or -1 */
	pid_t daemon;	   /* that serves its root; 0: there is none */
	int daemon_signal; /* that it died of; or 0 */
	char *warnings;	   /* lines for the clients, at the end; or NULL */
	int slave;	   /* of the pty: so that it has no end before ours */
	uint32_t window;   /* its size, as the last client had it */
	int64_t began;	   /* loop_now() at the start; and when to restart */
	int64_t due;
	int exit_code;
	bool will_restart;
	struct restart restart;

	struct health health;
	struct check check;
	struct names_watch names;
	struct relay_watch relay;

	struct stream streams[2];
	struct input input;
	struct log log;
	struct client *clients;
	size_t client_count;
	bool is_moving; /* something has changed: see that all goes on */
	struct protocol_message message; /* being received */
};

#endif
