/*
 * main.c - the name server.  mydocker-dns NETWORKS RESOLV_CONF: one for all
 * user-defined networks of a host, or of a user, from the first container in
 * one to the end of the last.
 *
 * It is started by network/dns_serve.h, listens at DNS_LISTENER for those that
 * come (dns_protocol.h), and answers what they ask at 127.0.0.11.
 */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dns_askers.h"
#include "dns_confine.h"
#include "dns_control.h"
#include "dns_forward.h"
#include "dns_protocol.h"
#include "dns_watch.h"

/* So long it waits for another container: the next command of a script. */
#define IDLE_MS 1000

static int
begin(struct dns_server *server, const char *networks, const char *resolv_conf)
{
	struct rlimit files;
	server->host.path = resolv_conf;
	server->directory = open(networks, O_PATH | O_DIRECTORY | O_CLOEXEC);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->directory < 0 || fchdir(server->directory) < 0)
		return fail("open %s", networks);
	if (server->epoll < 0)
		return fail("make an epoll descriptor");
	/* Four for each container, its monitor's connection among them, and
	 * one for each question under way. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
	server->idle_since = loop_now();
	if (fcntl(DNS_LISTENER, F_SETFD, FD_CLOEXEC) < 0)
		return fail("find the listening socket");
	if (dns_watch_begin(server) < 0 ||
	    dns_control_begin(server, DNS_LISTENER) < 0)
		return -1;
	return dns_confine();
}

static bool
is_over(const struct dns_server *server, int64_t now)
{
	return !server->askers && server->caller_count == 0 &&
	       now - server->idle_since >= IDLE_MS;
}

int
main(int argc, char **argv)
{
	static struct dns_server server;
	if (argc != 3) {
		static const char usage[] =
			"mydocker-dns is run by mydocker, for itself\n";
		(void)!write(STDERR_FILENO, usage, sizeof(usage) - 1);
		return 125;
	}
	if (begin(&server, argv[1], argv[2]) < 0) {
		dprintf(STDERR_FILENO, "mydocker-dns: %s\n", failure.text);
		return 125;
	}
	for (int64_t now = loop_now(); !is_over(&server, now);) {
		int64_t due = dns_forward_expire(&server, now);
		int64_t other = dns_askers_expire(&server, now);
		if (other < due)
			due = other;
		/* Who has come to say something is waited for. */
		if (!server.askers && server.caller_count == 0)
			due = server.idle_since + IDLE_MS;
		loop_once(server.epoll, due == INT64_MAX ? -1 : due - now);
		now = loop_now();
	}
	return 0;
}
