/* console.c - parent, and the child where it says so.  See console.h. */
#include "console.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "rootfs.h"
#include "signals.h"
#include "sys.h"

#define BUFFER_SIZE 65536

/* Bytes on their way from one descriptor to another. */
struct channel {
	int *from;
	int *to;
	size_t at_once;	/* a write of so much does not block after POLLOUT */
	size_t start, used;
	int error; /* of a write to us, other than a reader that went away */
	char *buffer; /* once there is something */
	struct attach_keys *keys; /* looked for in what comes, or NULL */
	bool has_keys; /* they came */
};

/* What the loop below goes round with. */
struct relay {
	struct console *console;
	struct channel channels[3]; /* input, output, errors */
	int in, out, err;	    /* our own descriptors, or -1 */
	int keyboard;		    /* the pty's master, for the input */
	int container;		    /* pidfd */
	int signals;
	bool running;
	int patience; /* signals until the container is killed */
};

/* ---- opening and closing ----------------------------------------------- */

int
console_open(struct console *console)
{
	if (console->terminal)
		return 0;
	for (int i = 0; i < 3; i++) {
		int ends[2];
		if (i == 0 && !console->interactive) {
			console->theirs[0] =
				open("/dev/null", O_RDONLY | O_CLOEXEC);
			if (console->theirs[0] < 0)
				return fail("open /dev/null");
			continue;
		}
		if (pipe2(ends, O_CLOEXEC) < 0)
			return fail("make the container's pipes");
		console->theirs[i] = ends[i == 0 ? 0 : 1];
		console->ours[i] = ends[i == 0 ? 1 : 0];
	}
	/* What the container does not read must not stop us from carrying
	 * what it writes. */
	if (console->interactive &&
	    fcntl(console->ours[0], F_SETFL, O_NONBLOCK) < 0)
		return fail("open the container's standard input");
	return 0;
}

void
console_close_theirs(struct console *console)
{
	for (int i = 0; i < 3; i++)
		close_scoped(&console->theirs[i]);
}

void
console_close(struct console *console)
{
	console_close_theirs(console);
	for (int i = 0; i < 3; i++)
		close_scoped(&console->ours[i]);
	close_scoped(&console->master);
}

/* ---- the child's side -------------------------------------------------- */

int
console_use_terminal(bool is_console)
{
	auto_close int master =
		open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlocked = 0;
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return fail("open a pseudo-terminal");
	/* The other end by descriptor: no name, nothing to be led astray. */
	auto_close int slave =
		ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return fail("open the other end of the pseudo-terminal");
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return fail("take the terminal as the controlling one");
	for (int i = 0; i < 3; i++)
		if (dup2(slave, i) < 0)
			return fail("set standard descriptor %d", i);
	if (!is_console)
		return take_fd(&master);
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || rootfs_console(root, slave) < 0)
		return wrap("bind the terminal over /dev/console");
	return take_fd(&master);
}

/* ---- the user's terminal ----------------------------------------------- */

bool
console_size(struct winsize *size)
{
	return ioctl(STDIN_FILENO, TIOCGWINSZ, size) == 0 ||
	       ioctl(STDOUT_FILENO, TIOCGWINSZ, size) == 0;
}

void
console_copy_size(int master)
{
	struct winsize size;
	if (console_size(&size))
		ioctl(master, TIOCSWINSZ, &size);
}

bool
console_make_raw(struct termios *before)
{
	if (tcgetattr(STDIN_FILENO, before) < 0)
		return false;
	struct termios raw = *before;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

void
console_restore(const struct termios *before)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, before);
}

/* ---- carrying ---------------------------------------------------------- */

/* Carry no more here.  Our own standard descriptors stay open. */
static void
drop(int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
	*fd = -1;
}

static void
channel_read(struct channel *channel)
{
	if (!channel->buffer)
		channel->buffer = new_bytes(BUFFER_SIZE);
	/* The keys' bytes that were kept back may come out before what is
	 * read now. */
	size_t ahead = channel->keys ? ATTACH_KEYS_MOST : 0;
	char *bytes = channel->buffer + ahead;
	ssize_t got = read(*channel->from, bytes, BUFFER_SIZE - ahead);
	channel->start = 0;
	if (got > 0)
		channel->used = channel->keys ?
			attach_keys_filter(channel->keys, bytes, got,
					   channel->buffer,
					   &channel->has_keys) : (size_t)got;
	/* A pty master says EIO when nobody holds the other end any more. */
	else if (got == 0 || (errno != EINTR && errno != EAGAIN))
		drop(channel->from);
}

static void
channel_write(struct channel *channel)
{
	size_t length = channel->used < channel->at_once ? channel->used :
							   channel->at_once;
	ssize_t done = write(*channel->to, channel->buffer + channel->start,
			     length);
	if (done > 0) {
		channel->used -= done;
		channel->start += done;
	} else if (done < 0 && errno != EINTR && errno != EAGAIN) {
		/* The reader is gone; so let the writer notice. */
		if (errno != EPIPE && errno != EIO)
			channel->error = errno;
		channel->used = 0;
		drop(channel->from);
	}
}

/* Either what may come in, or where it must go out. */
static struct pollfd
channel_poll(const struct channel *channel)
{
	if (channel->used)
		return (struct pollfd){ *channel->to, POLLOUT, 0 };
	return (struct pollfd){ *channel->from, POLLIN, 0 };
}

static void
channel_move(struct channel *channel, short revents)
{
	if (!revents)
		return;
	if (channel->used)
		channel_write(channel);
	else
		channel_read(channel);
	/* The end of our input is the end of the container's, once all that
	 * came before it is through.  (A pty's end is typed, not closed.) */
	if (*channel->from < 0 && !channel->used)
		drop(channel->to);
}

/* ---- signals ----------------------------------------------------------- */

int
console_signals(void *before)
{
	static const int wanted[] = {
		SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM,  SIGUSR1,
		SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGPIPE,
	};
	sigset_t set;
	uint64_t ignored;
	sigemptyset(&set);
	if (signals_ignored(&ignored) < 0)
		ignored = 0;
	for (size_t i = 0; i < countof(wanted); i++)
		/* What our caller ignores ("nohup"), we do, too. */
		if (!(ignored >> (wanted[i] - 1) & 1) || wanted[i] == SIGPIPE)
			sigaddset(&set, wanted[i]);
	if (sigprocmask(SIG_BLOCK, &set, before) < 0)
		return fail("block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? fail("make a descriptor for signals") : fd;
}

static void
forget_signals(int signals)
{
	struct pollfd waiting = { signals, POLLIN, 0 };
	while (poll(&waiting, 1, 0) == 1)
		console_next_signal(signals);
}

void
console_end_signals(int *signals, const void *before)
{
	/* Those that are waiting would strike when the mask is put back. */
	forget_signals(*signals);
	sigprocmask(SIG_SETMASK, before, NULL);
	close_scoped(signals);
}

int
console_next_signal(int signals)
{
	struct signalfd_siginfo info;
	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	return info.ssi_signo;
}

int
console_next_sent(int signals)
{
	struct signalfd_siginfo info;
	if (read(signals, &info, sizeof(info)) != sizeof(info) ||
	    (info.ssi_code == SI_KERNEL && info.ssi_signo != SIGHUP))
		return 0;
	return info.ssi_signo;
}

bool
console_is_ending(int signals)
{
	int number = console_next_signal(signals);
	return number == SIGINT || number == SIGTERM || number == SIGHUP ||
	       number == SIGQUIT;
}

/* Carry nothing any more. */
static void
give_up(struct relay *relay)
{
	for (size_t i = 0; i < countof(relay->channels); i++) {
		relay->channels[i].used = 0;
		drop(relay->channels[i].from);
	}
}

static void
pass_signal(struct relay *relay)
{
	int number = console_next_signal(relay->signals);
	if (number == 0 || number == SIGPIPE) /* a reader that is gone */
		return;
	if (number == SIGWINCH) {
		if (relay->console->master >= 0)
			console_copy_size(relay->console->master);
		return;
	}
	bool ending = number == SIGINT || number == SIGTERM;
	if (!relay->running) {
		if (ending)
			give_up(relay);
		return;
	}
	/* Process 1 of a pid namespace ignores what it has no handler for:
	 * a user who insists is obeyed in another way. */
	if (ending && --relay->patience == 0)
		number = SIGKILL;
	/* The terminal is gone, and nobody could ever come back to it. */
	if (number == SIGHUP && relay->console->terminal)
		number = SIGKILL;
	sys_pidfd_send_signal(relay->container, number);
}

/* ---- the loop ---------------------------------------------------------- */

/* Poll channels, the container and signals once; false when all is over, or
 * it is to be let go of. */
static bool
relay_once(struct relay *relay)
{
	struct channel *channels = relay->channels;
	struct pollfd polls[5];
	if (channels[0].has_keys) {
		/* What was typed before them, as far as there is room. */
		if (channels[0].used)
			channel_write(&channels[0]);
		return false;
	}
	for (int i = 0; i < 3; i++)
		polls[i] = channel_poll(&channels[i]);
	polls[3] = (struct pollfd){ relay->running ? relay->container : -1,
				    POLLIN, 0 };
	polls[4] = (struct pollfd){ relay->signals, POLLIN, 0 };
	bool flowing = polls[1].fd >= 0 || polls[2].fd >= 0;
	if (!relay->running && !flowing)
		return false;
	if (poll(polls, countof(polls), -1) < 0)
		return errno == EINTR;
	for (int i = 0; i < 3; i++)
		channel_move(&channels[i], polls[i].revents);
	if (polls[4].revents)
		pass_signal(relay);
	if (polls[3].revents) {
		/* Nobody will read any more; what was written comes out. */
		relay->running = false;
		relay->in = -1;
		channels[0].used = 0;
	}
	return true;
}

static int
connect_channels(struct relay *relay)
{
	struct console *console = relay->console;
	int *input = &console->ours[0], *output = &console->ours[1];
	if (console->terminal) {
		/* A pty's master is both ways in one; each has its own copy.
		 * What is not read inside must not stop us. */
		relay->keyboard =
			fcntl(console->master, F_DUPFD_CLOEXEC, 3);
		if (relay->keyboard < 0 ||
		    fcntl(console->master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
			return fail("set up the terminal");
		input = &relay->keyboard;
		output = &console->master;
		console_copy_size(console->master);
	}
	struct channel *channels = relay->channels;
	channels[0].from = &relay->in;
	channels[0].to = input;
	channels[0].at_once = BUFFER_SIZE; /* O_NONBLOCK */
	channels[0].keys = console->keys;
	channels[1].from = output;
	channels[1].to = &relay->out;
	channels[1].at_once = PIPE_BUF;
	channels[2].from = &console->ours[2];
	channels[2].to = &relay->err;
	channels[2].at_once = PIPE_BUF;
	return 0;
}

static int
relay_open(struct relay *relay, struct console *console, int pidfd,
	   int signals)
{
	*relay = (struct relay){
		.console = console,
		.in = console->interactive ? STDIN_FILENO : -1,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO,
		.keyboard = -1,
		.container = pidfd,
		.signals = signals,
		.running = true,
		.patience = 3,
	};
	return connect_channels(relay);
}

static void
relay_close(struct relay *relay)
{
	close_scoped(&relay->keyboard);
	for (size_t i = 0; i < countof(relay->channels); i++)
		free(relay->channels[i].buffer);
}

/* Hold it, for nobody. */
static int
hold(struct console *console, int pidfd, int signals)
{
	auto_free struct relay *relay = new_bytes(sizeof(*relay));
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	(void)!chdir("/");
	/* The SIGHUP at the end of the user's session comes before this or not
	 * at all. */
	setsid();
	forget_signals(signals);
	console->interactive = false;
	console->let_go(console->data);
	int result = relay_open(relay, console, pidfd, signals);
	while (result == 0 && relay_once(relay))
		;
	relay_close(relay);
	return result;
}

int
console_relay(struct console *console, int pidfd, int signals)
{
	if (console->is_let_go)
		return hold(console, pidfd, signals);
	auto_free struct relay *relay = new_bytes(sizeof(*relay));
	int result = relay_open(relay, console, pidfd, signals);
	struct termios before;
	bool raw = result == 0 && console->terminal && console->interactive &&
		   console_make_raw(&before);
	while (result == 0 && relay_once(relay))
		;
	if (raw)
		console_restore(&before);
	for (size_t i = 1; i < countof(relay->channels) && result == 0; i++)
		if ((errno = relay->channels[i].error) != 0)
			result = fail("write what the container said");
	relay_close(relay);
	return result == 0 && relay->channels[0].has_keys ?
		       hold(console, pidfd, signals) : result;
}
