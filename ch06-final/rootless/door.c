/* door.c - holder, and a child for each port.  See door.h. */
#include "door.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"
#include "sync.h"
#include "sys.h"

struct entering {
	const struct spaces *spaces;
	int sock; /* of the host's port */
	int tell; /* who waits for us to be inside */
};

/* Clients of the holder's see their end when it ends: we have none of them. */
static void
keep_only(int sock)
{
	syscall(SYS_close_range, STDERR_FILENO + 1, sock - 1, 0);
	syscall(SYS_close_range, sock + 1, ~0U, 0);
}

static int
enter(void *who)
{
	const struct entering *us = who;
	if (sys_setns(us->spaces->fds[SPACE_USER], CLONE_NEWUSER) < 0 ||
	    sys_setns(us->spaces->fds[SPACE_NETWORK], CLONE_NEWNET) < 0) {
		fail("enter your namespaces");
		return sync_send_failure(us->tell);
	}
	/* Nobody could see whose this process is (rootless.c). */
	prctl(PR_SET_DUMPABLE, 1);
	sync_send(us->tell, SYNC_READY);
	keep_only(us->sock);
	return 0;
}

static int
take_port(struct nat_port *port)
{
	int sock = net_serve_port(port);
	/* Of a range the first that is free. */
	while (sock < 0 && failure.code == EADDRINUSE &&
	       port->host_port < port->host_port_last) {
		port->host_port++;
		sock = net_serve_port(port);
	}
	port->host_port_last = 0;
	return sock;
}

int
door_open(struct relay *door, const struct spaces *spaces,
	  struct nat_port *port)
{
	auto_close int ours = -1, theirs = -1;
	if (port->protocol != IPPROTO_TCP && port->protocol != IPPROTO_UDP)
		return failx("publish: for an ordinary user there are ports "
			     "of tcp and udp");
	auto_close int sock = take_port(port);
	if (sock < 0 || sync_pair(&ours, &theirs) < 0)
		return -1;
	struct nat_port inside = { .protocol = port->protocol,
				   .address = INADDR_LOOPBACK,
				   .port = port->host_port };
	struct entering who = { spaces, sock, theirs };
	if (relay_start(door, &sock, &inside, 1, enter, &who) < 0)
		return -1;
	close_scoped(&theirs);
	if (sync_expect(ours, SYNC_READY, "the relay of a port") == 0)
		return 0;
	struct failure why = failure;
	relay_stop(door);
	failure = why;
	return -1;
}
