/* attach.c - parent.  See attach.h. */
#include "attach.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "console.h"
#include "protocol.h"
#include "sync.h"

#define LOST 125
#define ASK_TRIES 200 /* in 2 s */

/* What the loop below goes round with. */
struct attach {
	int sock, signals;
	const struct attach_options *options;
	struct attach_keys keys;
	bool is_terminal, is_raw; /* the container's; ours */
	struct termios before;
	bool input_is_open;
	int patience; /* signals until the container is killed */
	int write_error;

	/* What has come and is not written yet, and where it is to go. */
	struct protocol_message message;
	size_t start, used;
	int out;

	/* What was typed and is not sent yet. */
	char typed[PROTOCOL_BYTES];
	size_t typed_length;
	bool input_has_ended; /* which is not said yet */

	bool is_over;
	enum attach_result result;
	int status;
};

/* ---- connecting -------------------------------------------------------- */

static int
greet(int sock, const struct attach_options *options)
{
	uint32_t wants = (options->input ? PROTOCOL_WANTS_INPUT : 0) |
			 (options->output || options->errors ?
				  PROTOCOL_WANTS_OUTPUT : 0);
	if (protocol_send(sock, PROTOCOL_HELLO, wants, NULL, 0, 0) < 0)
		return fail("speak to the container's monitor");
	return 0;
}

int
attach_pair(const struct attach_options *options, int *ours, int *its)
{
	return sync_pair(ours, its) < 0 ? -1 : greet(*ours, options);
}

int
attach_connect(int dir, const struct attach_options *options)
{
	auto_close int sock = protocol_connect(dir);
	if (sock < 0 || greet(sock, options) < 0)
		return -1;
	return take_fd(&sock);
}

/* ---- what comes from the monitor --------------------------------------- */

int
attach_refused(const struct protocol_message *message, size_t length)
{
	return failx("the container's monitor: %.*s", (int)length,
		     message->bytes);
}

static void
finish(struct attach *a, enum attach_result result, int status)
{
	a->is_over = true;
	a->result = result;
	a->status = status;
}

static void
send_size(struct attach *a)
{
	struct winsize size;
	if (a->is_terminal && console_size(&size))
		protocol_send(a->sock, PROTOCOL_RESIZE,
			      (uint32_t)size.ws_row << 16 | size.ws_col, NULL,
			      0, MSG_DONTWAIT);
}

static void
be_welcome(struct attach *a, bool is_terminal)
{
	a->is_terminal = is_terminal;
	if (!is_terminal)
		a->keys.count = 0; /* any bytes may come by */
	a->input_is_open = a->options->input;
	if (is_terminal && a->options->input)
		a->is_raw = console_make_raw(&a->before);
	send_size(a);
}

static void
receive(struct attach *a)
{
	ssize_t length = protocol_receive(a->sock, &a->message, MSG_DONTWAIT);
	if (length < 0) {
		if (errno == EAGAIN)
			return;
		failx("the container's monitor has let go of us, or died");
		finish(a, ATTACH_LOST, LOST);
		return;
	}
	bool is_output = a->message.type == PROTOCOL_OUTPUT;
	switch (a->message.type) {
	case PROTOCOL_WELCOME:
		be_welcome(a, a->message.number);
		return;
	case PROTOCOL_OUTPUT:
	case PROTOCOL_ERRORS:
		a->start = 0;
		a->used = length;
		a->out = is_output ? STDOUT_FILENO : STDERR_FILENO;
		if (is_output ? !a->options->output : !a->options->errors)
			a->used = 0;
		return;
	case PROTOCOL_EXITED:
		finish(a, ATTACH_EXITED, a->message.number);
		return;
	case PROTOCOL_REFUSED:
		attach_refused(&a->message, length);
		finish(a, ATTACH_LOST, LOST);
		return;
	}
}

/* POLLOUT promises that so much can be written without waiting. */
static void
write_out(struct attach *a)
{
	size_t length = a->used < PIPE_BUF ? a->used : PIPE_BUF;
	ssize_t done = write(a->out, a->message.bytes + a->start, length);
	if (done >= 0) {
		a->start += done;
		a->used -= done;
		return;
	}
	if (errno == EINTR || errno == EAGAIN)
		return;
	/* Nobody reads that any more; the container is to notice. */
	if (errno != EPIPE && errno != EIO)
		a->write_error = errno;
	protocol_send(a->sock, PROTOCOL_CLOSED, a->message.type, NULL, 0, 0);
	a->used = 0;
}

/* ---- what goes to the monitor ------------------------------------------ */

static void
read_input(struct attach *a)
{
	char typed[PROTOCOL_BYTES - ATTACH_KEYS_MOST];
	ssize_t got = read(STDIN_FILENO, typed, sizeof(typed));
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		a->input_is_open = false;
		a->input_has_ended = true;
		return;
	}
	bool detached;
	a->typed_length = attach_keys_filter(&a->keys, typed, got, a->typed,
					     &detached);
	if (detached) {
		/* What was typed before is the container's, if it takes it. */
		if (a->typed_length)
			protocol_send(a->sock, PROTOCOL_INPUT, 0, a->typed,
				      a->typed_length, MSG_DONTWAIT);
		protocol_send(a->sock, PROTOCOL_DETACH, 0, NULL, 0, 0);
		finish(a, ATTACH_DETACHED, 0);
	}
}

static void
send_input(struct attach *a)
{
	enum protocol_type type = a->typed_length ? PROTOCOL_INPUT :
						    PROTOCOL_INPUT_END;
	if (protocol_send(a->sock, type, 0, a->typed, a->typed_length,
			  MSG_DONTWAIT) < 0 && errno == EAGAIN)
		return;
	a->typed_length = 0;
	if (type != PROTOCOL_INPUT_END)
		return;
	a->input_has_ended = false;
	/* Who only came to give (`run -a stdin`) has done so. */
	if (!a->options->output && !a->options->errors)
		finish(a, ATTACH_DETACHED, 0);
}

static void
take_signal(struct attach *a)
{
	int number = console_next_signal(a->signals);
	bool is_ending = number == SIGINT || number == SIGTERM;
	if (number == 0 || number == SIGPIPE)
		return;
	if (number == SIGWINCH) {
		send_size(a);
		return;
	}
	if (!a->options->proxy_signals || a->is_terminal) {
		if (is_ending || number == SIGHUP || number == SIGQUIT) {
			failx("ended by a signal; the container goes on");
			finish(a, ATTACH_LOST, 128 + number);
		}
		return;
	}
	/* Process 1 of a pid namespace ignores what it has no handler for:
	 * a user who insists is obeyed in another way. */
	if (is_ending && --a->patience == 0)
		number = SIGKILL;
	protocol_send(a->sock, PROTOCOL_SIGNAL, number, NULL, 0, MSG_DONTWAIT);
}

/* ---- the loop ---------------------------------------------------------- */

static void
go_round(struct attach *a)
{
	bool has_input = a->typed_length || a->input_has_ended;
	bool may_read = a->input_is_open && !has_input;
	struct pollfd polls[] = {
		{ a->sock, (a->used ? 0 : POLLIN) | (has_input ? POLLOUT : 0),
		  0 },
		{ may_read ? STDIN_FILENO : -1, POLLIN, 0 },
		{ a->used ? a->out : -1, POLLOUT, 0 },
		{ a->signals, POLLIN, 0 },
	};
	/* A monitor that is gone says POLLHUP again and again; what it sent
	 * before is written first. */
	if (a->used && !has_input)
		polls[0].fd = -1;
	if (poll(polls, countof(polls), -1) < 0)
		return;
	if (polls[3].revents)
		take_signal(a);
	if (polls[2].revents)
		write_out(a);
	if (!a->used && (polls[0].revents & (POLLIN | POLLHUP | POLLERR)))
		receive(a);
	if (has_input && (polls[0].revents & (POLLOUT | POLLHUP | POLLERR)))
		send_input(a);
	if (polls[1].revents)
		read_input(a);
}

enum attach_result
attach_run(int sock, const struct attach_options *options, int *status)
{
	auto_free struct attach *a = new_bytes(sizeof(*a));
	sigset_t mask;
	a->sock = sock;
	a->options = options;
	a->keys = options->keys;
	a->patience = 3;
	a->signals = console_signals(&mask);
	if (a->signals < 0)
		finish(a, ATTACH_LOST, LOST);
	while (!a->is_over)
		go_round(a);
	struct failure why = failure;
	if (a->is_raw)
		console_restore(&a->before);
	if (a->signals >= 0)
		console_end_signals(&a->signals, &mask);
	failure = why;
	*status = a->status;
	if (a->result == ATTACH_EXITED && (errno = a->write_error) != 0) {
		fail("write what the container said");
		a->result = ATTACH_LOST;
		*status = LOST;
	}
	return a->result;
}

/* ---- the rest ---------------------------------------------------------- */

/* Wait for this message, and pass over others. */
static int
expect(int sock, enum protocol_type type, uint32_t *number)
{
	struct protocol_message message;
	do {
		ssize_t length = protocol_receive(sock, &message, 0);
		if (length < 0)
			return fail("wait for the container's monitor");
		if (message.type == PROTOCOL_REFUSED)
			return attach_refused(&message, length);
	} while (message.type != type);
	if (number)
		*number = message.number;
	return 0;
}

int
attach_wait(int dir, int *status)
{
	static const struct attach_options nothing;
	uint32_t number;
	auto_close int sock = attach_connect(dir, &nothing);
	if (sock < 0 || expect(sock, PROTOCOL_EXITED, &number) < 0)
		return -1;
	*status = number;
	return 0;
}

/*
 * One question, on a connection of its own.  A monitor that lets go of us
 * without an answer has too many clients at this moment, or has just ended: the
 * next connection tells.
 */
static int
ask(int dir, enum protocol_type type, uint32_t number, const void *bytes,
    size_t length)
{
	for (int tries = 0;; tries++) {
		auto_close int sock = protocol_connect(dir);
		if (sock < 0)
			return -1;
		if (protocol_send(sock, type, number, bytes, length, 0) < 0)
			fail("speak to the container's monitor");
		else if (expect(sock, PROTOCOL_DONE, NULL) == 0)
			return 0;
		if ((failure.code != ECONNRESET && failure.code != EPIPE) ||
		    tries == ASK_TRIES)
			return -1;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

int
attach_signal(int dir, int signal)
{
	return ask(dir, PROTOCOL_SIGNAL, signal, NULL, 0);
}

int
attach_stop(int dir, int signal)
{
	return ask(dir, PROTOCOL_STOP, signal, NULL, 0);
}

int
attach_tell_names(int dir)
{
	auto_close int sock = protocol_connect(dir);
	if (sock < 0)
		return -1;
	if (protocol_send(sock, PROTOCOL_NAMES, 0, NULL, 0, 0) < 0)
		return fail("tell the container's monitor of its names");
	return expect(sock, PROTOCOL_DONE, NULL);
}

int
attach_set_restart(int dir, const struct restart_policy *policy)
{
	return ask(dir, PROTOCOL_RESTART, 0, policy, sizeof(*policy));
}

bool
attach_is_gone(void)
{
	return failure.code == ENOENT || failure.code == ECONNREFUSED;
}
