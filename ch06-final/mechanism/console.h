/*
 * console.h - what stands between the user's terminal and the container's.
 *
 * With -t the container has a pseudo-terminal (pty(7)) of its own devpts; we
 * hold the master, put the user's terminal into raw mode and carry bytes.
 * Without -t it has pipes: a container never holds a descriptor of the host's
 * terminal, through which it could push input into the user's shell.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <sys/ioctl.h>
#include <termios.h>

#include "attach_keys.h"
#include "base.h"

struct console {
	bool terminal;	/* -t */
	bool interactive; /* -i: our standard input is carried */
	/* It is let go of at once, or when these keys are typed (NULL: never);
	 * `let_go` is told when nothing of the user's is in hand any more. */
	bool is_let_go;
	struct attach_keys *keys;
	void (*let_go)(void *data);
	void *data;
	int master;	/* of the pty, or -1 */
	int ours[3];	/* our ends of the pipes for 0, 1, 2; or -1 */
	int theirs[3];	/* the container's ends, until it has them */
};
#define CONSOLE_CLOSED                                                        \
	{                                                                     \
		.master = -1, .ours = { -1, -1, -1 }, .theirs = { -1, -1, -1 } \
	}

/* Parent, before the clone: the pipes (none are needed with -t). */
int console_open(struct console *console);
/*
 * Child, in its new root with /dev/pts mounted: open a pty, make it the
 * controlling terminal and the standard descriptors, with `is_console` bind it
 * over /dev/console, and return the master for the parent.  The caller leads a
 * session (setsid(2)).
 */
int console_use_terminal(bool is_console);
/* Parent, once the child has its ends. */
void console_close_theirs(struct console *console);
void console_close(struct console *console);

/* Parent: the user's terminal, if standard input (or output) is one: its size;
 * its keys and bytes as they are from now on, until it is what it was. */
bool console_size(struct winsize *size);
bool console_make_raw(struct termios *before);
void console_restore(const struct termios *before);

/* Parent: the pty is as large as the user's terminal, if there is one.  The
 * relay does it, too; a program that asks at once wants it done before. */
void console_copy_size(int master);

/*
 * Parent: carry bytes until the container has ended (`pidfd` says so) and
 * nothing is left to carry.  Signals sent to us go to the container; the
 * third SIGINT or SIGTERM kills it, as SIGHUP does with -t, and when it has
 * ended already they drop what a reader of ours does not take.  The terminal
 * is what it was before on every way out.  `signals` is the descriptor of
 * console_signals().  Fails when our output could not be written.
 *
 * Once it is let go of we lead a session of our own, without the user's
 * terminal, and hold the container's to its end: without, it would hang up.
 */
int console_relay(struct console *console, int pidfd, int signals);

/*
 * Block the signals that are for the container and return a signalfd(2) that
 * tells of them; `*before` (a sigset_t) is for console_end_signals(), which
 * forgets those that nobody read, and puts the mask back.
 */
int console_signals(void *before);
void console_end_signals(int *signals, const void *before);

/* Take one signal: its number, 0 when there was none after all. */
int console_next_signal(int signals);
/* The same, but 0 for what the kernel itself sent to all of a terminal's
 * foreground processes; a hangup it sends to the leader of the session. */
int console_next_sent(int signals);
/* The same; is it one that ends a program: INT, TERM, HUP, QUIT? */
bool console_is_ending(int signals);

#endif
