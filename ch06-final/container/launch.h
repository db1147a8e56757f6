/*
 * launch.h - a container and its monitor are started.
 *
 *	client ── fork ──> monitor (setsid, sub-reaper) ── fork ──> starter
 *	                      │ exec mydocker-monitor                  │ start()
 *	                      └── the container's process 1 <── exit ──┘
 *
 * The starter is a copy of the client: it has read and loaded what it takes to
 * make a container, so the monitor need not.  When it has made it, it ends,
 * and the container's process 1 becomes the child of its nearest ancestor that
 * asked for orphans (prctl(2), PR_SET_CHILD_SUBREAPER): the monitor, which is
 * small and outlives the client.
 *
 *	struct launch launch = { .id = id, ... .start = make_it, .data = x };
 *	int status = monitor_launch(&launch);
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "base.h"
#include "console.h"
#include "health_plan.h"
#include "restart_policy.h"

/*
 * Descriptors of mydocker-monitor, and of what it runs of the client's program
 * (`demo .monitor-start ID`, `.monitor-end`, `.monitor-probe`, `.monitor-names`
 * and `.monitor-relay`).  Those that there is no use for are closed.
 */
enum {
	LAUNCH_DIR = 3,	 /* the container's directory */
	LAUNCH_LOCK,	 /* its lock, held: of the monitor, -start and -end */
	LAUNCH_REPORT,	 /* monitor: to the starter; .monitor-start: back;
			    .monitor-relay: what is held (held.h) */
	LAUNCH_CLIENT,	 /* monitor: a client that is attached already */
	LAUNCH_STDIN,	 /* pipes: the monitor's ends in the monitor, the */
	LAUNCH_STDOUT,	 /* container's in .monitor-start; none with -t */
	LAUNCH_STDERR,
	LAUNCH_END,
};

/* What the monitor is told, as plain bytes. */
struct launch_plan {
	struct restart_policy restart;
	struct health_plan health;
	uint64_t log_size; /* --log-opt max-size, bytes; 0: no limit */
	uint32_t log_files; /* --log-opt max-file; 0 is 1 */
	bool terminal, interactive; /* -t, -i */
	bool no_log; /* --log-driver none */
	bool input_once; /* the input ends with its first client (run -i) */
	char cgroup[2048]; /* its name (cgroup.h), for oom; "": none */
};

/* What has been started. */
struct launched {
	pid_t pid;
	pid_t daemon; /* that serves its root, another child; 0: none */
	int master; /* of its pty; or -1 */
	int held;   /* what must be open as long as it lives: the monitor
		       holds it; or -1 */
	bool has_names; /* a name server serves it, which is to be watched */
	bool has_relayed; /* ports for which a relay is needed (relayed.h) */
};
#define LAUNCHED_NOTHING                                                      \
	{                                                                     \
		.master = -1, .held = -1                                      \
	}

/* What has become of a start. */
struct launch_report {
	int32_t status; /* 0: it runs; else the exit status that is due */
	pid_t pid, daemon;
	bool has_master, has_held; /* the descriptors that come with it */
	bool has_names, has_relayed;
	struct failure failure;
};

struct launch {
	const char *id;
	const char *monitor; /* the path of mydocker-monitor */
	const char *client;  /* the path of the client's program */
	int dir, *lock;	     /* the lock goes to the monitor when it succeeds */
	int64_t started_ns;  /* when it was last, as its record says */
	struct console *console; /* opened; all its ends go to the others */
	int *attached; /* the monitor's end of a client's socket, or -1 */
	struct launch_plan plan;
	/*
	 * In the starter: make the container, with the pipes of
	 * console->theirs, or a pty.  0 with `*made`, or minus the exit status
	 * that is due, with `failure` and all of it undone.
	 */
	int (*start)(void *data, struct console *console,
		     struct launched *made);
	void *data;
};

/* 0 when it runs and its record says so; otherwise minus the exit status that
 * is due, with `failure`; lock and directory are the caller's again.  Signals
 * that end a program, and that our caller does not ignore, go to the starter
 * meanwhile. */
int monitor_launch(struct launch *launch);

/*
 * The end of `demo .monitor-start ID`, and of the starter: tell the monitor
 * what start() came to (`status` is its result), and wait until it has put it
 * down.  Fails when the monitor is gone.
 */
int launch_tell(int report, int status, const struct launched *made);

/* The monitor's side: -1 when the starter died without a word. */
int launch_hear(int report, struct launch_report *heard,
		struct launched *made);
/* What is said in return. */
int launch_acknowledge(int report);

/* Put descriptors at LAUNCH_DIR... in the order of the enum; -1: none there.
 * They are inherited by an execve(2); all others above stderr are not. */
int launch_descriptors(const int wanted[LAUNCH_END - LAUNCH_DIR]);

#endif
