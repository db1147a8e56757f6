/*
 * protocol.h - what a container's monitor and its clients say to each other.
 *
 * A connection to ROOT/containers/ID/monitor.sock is a SOCK_SEQPACKET: one
 * send(2) is one message, a type, a number and at most PROTOCOL_BYTES bytes.
 *
 *	attach	HELLO, then INPUT... INPUT_END, RESIZE, SIGNAL; DETACH
 *		gets WELCOME, then OUTPUT and ERRORS..., at last EXITED
 *	wait	HELLO that wants nothing; gets WELCOME and EXITED
 *		either gets REFUSED where too many are there
 *	stop	STOP; gets DONE
 *	connect	HELD; gets DONE with a descriptor; HOLD with another; gets DONE;
 *		NAMES; gets DONE
 *
 * An end of the file before EXITED means that the monitor has let go of the
 * client, which did not read, or that it died: see protocol_receive().
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "base.h"

/* As much as fits in a line of the log; see monitor/stream.h. */
#define PROTOCOL_BYTES 16384
#define PROTOCOL_SOCKET "monitor.sock" /* in the container's directory */

enum protocol_type {
	/* from a client */
	PROTOCOL_HELLO = 1, /* number: of PROTOCOL_WANTS_* */
	PROTOCOL_INPUT,	    /* bytes for the standard input */
	PROTOCOL_INPUT_END, /* its end, as far as this client goes */
	PROTOCOL_RESIZE,    /* number: rows << 16 | columns of the terminal */
	PROTOCOL_SIGNAL,    /* number: for the container's process 1 */
	PROTOCOL_STOP,	    /* the same, or 0; and nothing is restarted */
	PROTOCOL_RESTART,   /* bytes: struct restart_policy, from now on */
	PROTOCOL_CLOSED,    /* number: of OUTPUT or ERRORS, whose reader has
			       gone; from `docker run`, it is so inside */
	PROTOCOL_DETACH,    /* good-bye; the input does not end with us */
	PROTOCOL_HELD,	    /* what do you hold?  comes with DONE (held.h) */
	PROTOCOL_HOLD,	    /* hold what comes with this in its place */
	/* from the monitor */
	PROTOCOL_WELCOME,   /* number: 1 when the container has a terminal */
	PROTOCOL_OUTPUT,
	PROTOCOL_ERRORS,
	PROTOCOL_DONE,	    /* SIGNAL, STOP, RESTART, HOLD or NAMES is */
	PROTOCOL_EXITED,    /* number: its exit status, 0 to 255 */
	PROTOCOL_REFUSED,   /* HELLO is; bytes: why, for people */
	/* from a client again: a monitor that runs keeps its numbers */
	PROTOCOL_NAMES,	    /* it has names now: watch who serves them */
};
enum { PROTOCOL_WANTS_OUTPUT = 1, PROTOCOL_WANTS_INPUT = 2 };

struct protocol_message {
	uint32_t type, number;
	char bytes[PROTOCOL_BYTES];
};

/*
 * Send one message; with `flags` MSG_DONTWAIT, -1 with errno EAGAIN is all
 * that happens when there is no room.  Sets no `failure`: a peer that is gone
 * is nothing unusual.
 */
int protocol_send(int sock, enum protocol_type type, uint32_t number,
		  const void *bytes, size_t length, int flags);

/* Receive one: how many bytes came with it; -1 with errno, which is
 * ECONNRESET at the end of the file, EPROTO for what is no message. */
ssize_t protocol_receive(int sock, struct protocol_message *message,
			 int flags);

/* The same with a descriptor (SCM_RIGHTS; -1: without one).  Where one comes
 * it is close-on-exec and the caller's; protocol_receive() lets go of it. */
int protocol_send_fd(int sock, enum protocol_type type, int fd);
ssize_t protocol_receive_fd(int sock, struct protocol_message *message,
			    int flags, int *fd);

/* Connect to the monitor of the container whose directory is `dir`; a failure
 * has the code ECONNREFUSED or ENOENT where there is none. */
int protocol_connect(int dir);
/* The monitor's listener, at the place of an older one. */
int protocol_listen(int dir);

#endif
