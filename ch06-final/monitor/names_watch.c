/* names_watch.c - monitor.  See names_watch.h. */
#include "names_watch.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dns_protocol.h"
#include "helper.h"
#include "monitor.h"

/* So long, in milliseconds, monitors wait for another to have done it. */
#define SPREAD 250
#define FIRST_WAIT 20

static int
connect_to_it(int dir)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof(address.sun_path),
		 "/proc/self/fd/%d/../../networks/" DNS_SOCKET, dir);
	auto_close int sock = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0 || connect(sock, (struct sockaddr *)&address,
				sizeof(address)) < 0)
		return -1;
	return take_fd(&sock);
}

/* Whoever makes one has the lock of the directory (dns_serve.h). */
static bool
is_being_made(int dir)
{
	auto_close int networks = openat(dir, "../../networks",
					 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return networks >= 0 && flock(networks, LOCK_SH | LOCK_NB) < 0;
}

static void
wait_for_others(struct monitor *m)
{
	m->names.due = loop_now() + FIRST_WAIT + getpid() % SPREAD;
}

/* It says nothing unasked: this is its end. */
static void
on_end(struct source *source, uint32_t events)
{
	struct monitor *m = source->owner;
	(void)events;
	loop_close(m->epoll, source);
	wait_for_others(m);
}

static void
be_connected(struct monitor *m, int sock)
{
	struct names_watch *names = &m->names;
	names->server = (struct source){
		.fd = sock, .owner = m, .ready = on_end,
	};
	loop_watch(m->epoll, &names->server, EPOLLIN);
	names->due = 0;
	names->wait_ms = 0;
	names->was_helped = false;
}

/* Its socket is taken away when nobody is to be served (dns_serve.h); and for
 * a moment, when it is made anew: who has helped knows. */
static void
look(struct monitor *m)
{
	struct names_watch *names = &m->names;
	int sock = connect_to_it(m->dir);
	if (sock >= 0) {
		be_connected(m, sock);
		return;
	}
	bool is_over = errno == ENOENT && names->was_helped;
	names->due = 0;
	if (is_over)
		return;
	if (is_being_made(m->dir))
		wait_for_others(m);
	else if ((names->helper = helper_names(m)) < 0)
		names_watch_take(m, -1);
}

void
names_watch_begin(struct monitor *m)
{
	if (m->names.server.fd >= 0 || m->names.helper || m->names.due)
		return;
	m->names.was_helped = false;
	m->names.wait_ms = 0;
	look(m);
}

void
names_watch_end(struct monitor *m)
{
	loop_close(m->epoll, &m->names.server);
	m->names.due = 0;
	m->names.helper = 0; /* it is buried with the strays */
}

int64_t
names_watch_go_on(struct monitor *m, int64_t now)
{
	if (m->names.due && now >= m->names.due)
		look(m);
	return m->names.due;
}

void
names_watch_take(struct monitor *m, int status)
{
	struct names_watch *names = &m->names;
	names->helper = 0;
	names->was_helped = status == 0;
	names->wait_ms = loop_longer(names->wait_ms, FIRST_WAIT);
	names->due = loop_now() + names->wait_ms;
}
