/* test_relay.c - what comes by ::1 arrives whole, in both directions, whoever
 * closes first, and many at once. */
#include "relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "netlink.h"
#include "sys.h"

#include "sandbox.h"

enum { INNER_PORT = 80, HOST_PORT = 8080, DEAF_PORT = 81, DEAF_HOST_PORT = 8081,
       LONG = 1 << 20, CROWD = 200 };

/* ---- a container of one process ---------------------------------------- */

static struct sockaddr_in6
loopback(uint16_t port)
{
	return (struct sockaddr_in6){ .sin6_family = AF_INET6,
				      .sin6_port = htons(port),
				      .sin6_addr = IN6ADDR_LOOPBACK_INIT };
}

/* Sends all back that it gets, until the end of it. */
static void
echo_stream(int listener)
{
	for (;;) {
		char bytes[5000];
		ssize_t got;
		int fd = accept(listener, NULL, NULL);
		if (fork() != 0) {
			close(fd);
			continue;
		}
		while ((got = read(fd, bytes, sizeof(bytes))) > 0)
			for (ssize_t at = 0, sent; at < got; at += sent)
				if ((sent = write(fd, bytes + at, got - at)) <
				    0)
					_exit(1);
		_exit(0);
	}
}

static void
echo_datagrams(int fd)
{
	for (;;) {
		char bytes[65536];
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		ssize_t got = recvfrom(fd, bytes, sizeof(bytes), 0,
				       (struct sockaddr *)&from, &length);
		sendto(fd, bytes, got, 0, (struct sockaddr *)&from, length);
	}
}

static void
start_echo(int type)
{
	struct sockaddr_in6 here = loopback(INNER_PORT);
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&here, sizeof(here)) == 0);
	must(type == SOCK_DGRAM || listen(fd, SOMAXCONN) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		if (type == SOCK_STREAM)
			echo_stream(fd);
		else
			echo_datagrams(fd);
	}
	close(fd);
}

static void
enter_network(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	if (access("/proc/sys/net/ipv6", F_OK) < 0)
		_exit(CANNOT);
	must(sys_unshare(CLONE_NEWNET) == 0);
	must(netlink_open(&nl) == 0 && netlink_set_up(&nl, "lo", true) == 0);
}

static struct nat_port
published(int protocol, uint16_t host_port, uint16_t port)
{
	return (struct nat_port){ .protocol = protocol, .host_port = host_port,
				  .port = port, .is_ipv6 = true,
				  .address6 = { [15] = 1 } };
}

/* A published port whose container is at ::1, too; and its relay. */
static void
start(int protocol, struct relay *relay)
{
	enter_network();
	start_echo(protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM);
	struct nat_port port = published(protocol, HOST_PORT, INNER_PORT);
	int held = net_hold_port(&port);
	must(held >= 0);
	must(relay_start(relay, &held, &port, 1, NULL, NULL) == 0);
	close(held);
	must(relay->pid > 0);
}

static int
call(int type)
{
	struct sockaddr_in6 there = loopback(HOST_PORT);
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	must(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	must(connect(fd, (struct sockaddr *)&there, sizeof(there)) == 0);
	return fd;
}

/* ---- TCP --------------------------------------------------------------- */

/* A megabyte there and back; the end of the one is the end of the other. */
static void
stream_body(void)
{
	struct relay relay = RELAY_NONE;
	start(IPPROTO_TCP, &relay);
	auto_close int fd = call(SOCK_STREAM);
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < LONG; i++)
			must(i % 4096 || write(fd, &(char[4096]){ i >> 12 },
					       4096) == 4096);
		must(shutdown(fd, SHUT_WR) == 0);
		_exit(0);
	}
	char bytes[4096];
	int at = 0;
	for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) > 0;)
		for (ssize_t i = 0; i < got; i++, at++)
			must(bytes[i] == (at % 4096 ? 0 : (char)(at >> 12)));
	must(at == LONG);
	int status;
	must(waitpid(pid, &status, 0) == pid && status == 0);
	relay_stop(&relay);
	relay_stop(&relay);
	must(relay.pidfd == -1);
}

/* Somebody who listens and takes nobody in keeps nobody else waiting. */
static void
deaf_body(void)
{
	struct relay relay = RELAY_NONE;
	struct sockaddr_in6 here = loopback(DEAF_PORT), there;
	enter_network();
	start_echo(SOCK_STREAM);
	int deaf = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(deaf, (struct sockaddr *)&here, sizeof(here)) == 0);
	must(listen(deaf, 0) == 0);
	struct nat_port ports[] = {
		published(IPPROTO_TCP, HOST_PORT, INNER_PORT),
		published(IPPROTO_TCP, DEAF_HOST_PORT, DEAF_PORT),
	};
	int held[] = { net_hold_port(&ports[0]), net_hold_port(&ports[1]) };
	must(relay_start(&relay, held, ports, 2, NULL, NULL) == 0);
	there = loopback(DEAF_HOST_PORT);
	for (int i = 0; i < 8; i++) {
		int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
		must(connect(fd, (struct sockaddr *)&there, sizeof(there)) ==
		     0);
		must(i % 2 || shutdown(fd, SHUT_WR) == 0);
	}
	char byte = 'x';
	auto_close int fd = call(SOCK_STREAM);
	must(write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1);
	relay_stop(&relay);
}

static void
test_one_that_is_deaf(void **state)
{
	(void)state;
	in_sandbox(deaf_body, ALL_CALLS);
}

static void
test_a_stream(void **state)
{
	(void)state;
	in_sandbox(stream_body, ALL_CALLS);
}

static void
crowd_body(void)
{
	struct relay relay = RELAY_NONE;
	int all[CROWD];
	start(IPPROTO_TCP, &relay);
	for (int i = 0; i < CROWD; i++)
		all[i] = call(SOCK_STREAM);
	for (int i = 0; i < CROWD; i++)
		must(write(all[i], &i, sizeof(i)) == sizeof(i));
	for (int i = CROWD - 1, got; i >= 0; i--) {
		must(read(all[i], &got, sizeof(got)) == sizeof(got));
		must(got == i);
		close(all[i]);
	}
	/* All are gone: there is room for as many again. */
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < CROWD; i++)
			all[i] = call(SOCK_STREAM);
		for (int i = 0; i < CROWD; i++)
			close(all[i]);
	}
	auto_close int last = call(SOCK_STREAM);
	char byte = '!';
	must(write(last, &byte, 1) == 1 && read(last, &byte, 1) == 1);
	relay_stop(&relay);
}

static void
test_a_crowd(void **state)
{
	(void)state;
	in_sandbox(crowd_body, ALL_CALLS);
}

/* ---- UDP --------------------------------------------------------------- */

static void
datagrams_body(void)
{
	struct relay relay = RELAY_NONE;
	static char large[60000], back[65536];
	start(IPPROTO_UDP, &relay);
	auto_close int one = call(SOCK_DGRAM);
	auto_close int two = call(SOCK_DGRAM);
	memset(large, 'x', sizeof(large));
	must(send(one, "one", 3, 0) == 3 && send(two, "two", 3, 0) == 3);
	must(recv(two, back, sizeof(back), 0) == 3 && back[0] == 't');
	must(recv(one, back, sizeof(back), 0) == 3 && back[0] == 'o');
	must(send(one, large, sizeof(large), 0) == sizeof(large));
	must(recv(one, back, sizeof(back), 0) == sizeof(large));
	/* More clients than there is room for: the oldest are forgotten. */
	for (int i = 0; i < 600; i++) {
		auto_close int fd = call(SOCK_DGRAM);
		must(send(fd, &i, sizeof(i), 0) == sizeof(i));
		must(recv(fd, back, sizeof(back), 0) == sizeof(i));
		must(memcmp(back, &i, sizeof(i)) == 0);
	}
	relay_stop(&relay);
}

static void
test_datagrams(void **state)
{
	(void)state;
	in_sandbox(datagrams_body, ALL_CALLS);
}

/* ---- what is not for it ------------------------------------------------ */

static void
test_what_rules_can_do(void **state)
{
	(void)state;
	struct relay relay = RELAY_NONE;
	struct nat_port ports[3] = {
		{ .protocol = IPPROTO_TCP, .host_port = 1, .port = 1 },
		{ .protocol = IPPROTO_SCTP, .is_ipv6 = true },
		{ .protocol = IPPROTO_TCP, .is_ipv6 = true,
		  .host_address6 = { 0x20 } },
	};
	int sockets[3] = { -1, -1, -1 };
	assert_int_equal(relay_start(&relay, sockets, ports, 3, NULL, NULL),
			 0);
	assert_int_equal(relay.pidfd, -1);
	relay_stop(&relay);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stream),
		cmocka_unit_test(test_one_that_is_deaf),
		cmocka_unit_test(test_a_crowd),
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_what_rules_can_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
