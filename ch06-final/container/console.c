/* console.c - parent, and the child where it says so.  See console.h. */
#include "console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "rootfs.h"
#include "sys.h"

/* Bytes on their way from one descriptor to another. */
struct channel {
	int *from;
	int *to;
	char buffer[65536];
	size_t used;
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
console_use_pipes(const struct console *console)
{
	for (int i = 0; i < 3; i++)
		if (dup2(console->theirs[i], i) < 0)
			return fail("set standard descriptor %d", i);
	return 0;
}

int
console_use_terminal(void)
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
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || rootfs_bind(slave, root, "/dev/console", 0) < 0)
		return wrap("bind the terminal over /dev/console");
	return take_fd(&master);
}

/* ---- the user's terminal ----------------------------------------------- */

static void
copy_window_size(int master)
{
	struct winsize size;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(master, TIOCSWINSZ, &size);
}

/* True when the terminal was changed and must be put back. */
static bool
make_raw(struct termios *before)
{
	if (tcgetattr(STDIN_FILENO, before) < 0)
		return false;
	struct termios raw = *before;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
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
	ssize_t got = read(*channel->from, channel->buffer,
			   sizeof(channel->buffer));
	if (got > 0)
		channel->used = got;
	/* A pty master says EIO when nobody holds the other end any more. */
	else if (got == 0 || (errno != EINTR && errno != EAGAIN))
		drop(channel->from);
}

static void
channel_write(struct channel *channel)
{
	ssize_t done = write(*channel->to, channel->buffer, channel->used);
	if (done > 0) {
		channel->used -= done;
		memmove(channel->buffer, channel->buffer + done,
			channel->used);
	} else if (done < 0 && errno != EINTR && errno != EAGAIN) {
		/* The reader is gone; so let the writer notice. */
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
	sigemptyset(&set);
	for (size_t i = 0; i < countof(wanted); i++)
		sigaddset(&set, wanted[i]);
	if (sigprocmask(SIG_BLOCK, &set, before) < 0)
		return fail("block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? fail("make a descriptor for signals") : fd;
}

static void
pass_signal(const struct console *console, int pidfd, int signals,
	    int *patience)
{
	struct signalfd_siginfo info;
	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return;
	int number = info.ssi_signo;
	if (number == SIGPIPE) /* ours, from a reader that is gone */
		return;
	if (number == SIGWINCH) {
		if (console->master >= 0)
			copy_window_size(console->master);
		return;
	}
	/* Process 1 of a pid namespace ignores what it has no handler for:
	 * a user who insists is obeyed in another way. */
	if ((number == SIGINT || number == SIGTERM) && --*patience == 0)
		number = SIGKILL;
	sys_pidfd_send_signal(pidfd, number);
}

/* ---- the loop ---------------------------------------------------------- */

/* Poll channels, the container and signals once; false when all is over. */
static bool
relay_once(struct console *console, struct channel *channels, int *in,
	   int *pidfd, int container, int signals, int *patience)
{
	struct pollfd polls[5];
	for (int i = 0; i < 3; i++)
		polls[i] = channel_poll(&channels[i]);
	polls[3] = (struct pollfd){ *pidfd, POLLIN, 0 };
	polls[4] = (struct pollfd){ signals, POLLIN, 0 };
	bool flowing = polls[1].fd >= 0 || polls[2].fd >= 0;
	if (*pidfd < 0 && !flowing)
		return false;
	if (poll(polls, countof(polls), -1) < 0)
		return errno == EINTR;
	if (polls[4].revents)
		pass_signal(console, container, signals, patience);
	for (int i = 0; i < 3; i++)
		channel_move(&channels[i], polls[i].revents);
	if (polls[3].revents) {
		/* Nobody will read any more; what was written comes out. */
		*pidfd = -1;
		*in = -1;
		channels[0].used = 0;
	}
	return true;
}

int
console_relay(struct console *console, int pidfd, int signals)
{
	auto_free struct channel *channels = new_bytes(3 * sizeof(*channels));
	int in = console->interactive ? STDIN_FILENO : -1;
	int out = STDOUT_FILENO, err = STDERR_FILENO;
	/* A pty's master is both: its copies are closed on their own. */
	auto_close int keyboard = -1;
	if (console->terminal) {
		keyboard = fcntl(console->master, F_DUPFD_CLOEXEC, 3);
		if (keyboard < 0)
			return fail("duplicate the terminal");
		channels[0] = (struct channel){ .from = &in, .to = &keyboard };
		channels[1] = (struct channel){ .from = &console->master,
						.to = &out };
		channels[2] = (struct channel){ .from = &console->ours[2],
						.to = &err };
		copy_window_size(console->master);
	} else {
		channels[0] = (struct channel){ .from = &in,
						.to = &console->ours[0] };
		channels[1] = (struct channel){ .from = &console->ours[1],
						.to = &out };
		channels[2] = (struct channel){ .from = &console->ours[2],
						.to = &err };
	}
	struct termios before;
	bool raw = console->terminal && console->interactive &&
		   make_raw(&before);
	int running = pidfd, patience = 3;
	while (relay_once(console, channels, &in, &running, pidfd, signals,
			  &patience))
		;
	if (raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	return 0;
}
