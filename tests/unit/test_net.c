/* test_net.c - networks and endpoints: what is chosen, what is refused, and
 * the whole of it in network namespaces, where a killed holder, a conflict
 * and eight at once must leave nothing. */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forward.h"
#include "netlink.h"
#include "sys.h"

#include "sandbox.h"

#define FORWARD "/proc/sys/net/ipv4/ip_forward"
#define REDIRECTS "/proc/sys/net/ipv4/conf/all/accept_redirects"
#define LO_FORWARDING "/proc/sys/net/ipv4/conf/lo/forwarding"
enum { LOOPBACK = 0x7f000001, HOST_PORT = 8080 };

/* ---- choices ----------------------------------------------------------- */

static void
test_subnet_choice(void **state)
{
	(void)state;
	struct ipam_subnet chosen, taken[8] = { 0 };
	assert_int_equal(net_choose_subnet(NULL, 0, &chosen), 0);
	assert_int_equal(chosen.network, 0xac1d0000);
	assert_int_equal(chosen.prefix, 16);
	ipam_parse_subnet("172.29.5.0/24", &taken[0]);
	assert_int_equal(net_choose_subnet(taken, 1, &chosen), 0);
	assert_int_equal(chosen.network, 0xac1e0000);
	/* All of 172.16/12 is a company's: on to 10. */
	ipam_parse_subnet("172.16.0.0/12", &taken[1]);
	assert_int_equal(net_choose_subnet(taken, 2, &chosen), 0);
	assert_int_equal(chosen.network, 0x0ac80000);
	ipam_parse_subnet("10.0.0.0/8", &taken[2]);
	assert_int_equal(net_choose_subnet(taken, 3, &chosen), 0);
	assert_int_equal(chosen.network, 0xc0a86400);
	assert_int_equal(chosen.prefix, 24);
	ipam_parse_subnet("192.168.0.0/16", &taken[3]);
	chosen.network = 5;
	assert_int_equal(net_choose_subnet(taken, 4, &chosen), -1);
	assert_int_equal(chosen.network, 5);
	/* One single address is enough to stand in the way. */
	taken[0] = (struct ipam_subnet){ .network = 0xac1dffff, .prefix = 32 };
	assert_int_equal(net_choose_subnet(taken, 1, &chosen), 0);
	assert_int_equal(chosen.network, 0xac1e0000);
}

static void
test_names(void **state)
{
	(void)state;
	char veth[IFNAMSIZ];
	uint8_t mac[6];
	assert_int_equal(net_name_veth("0123456789abcdef0123", veth), 0);
	assert_string_equal(veth, "myd0123456789ab");
	assert_int_equal(net_name_veth("x", veth), 0);
	assert_string_equal(veth, "mydx");
	static const char *const bad[] = { "", "a/b", "a b", "a\nb", "../x",
					   "a%d", "\"", "a:b" };
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(net_name_veth(bad[i], veth), -1);
	net_derive_mac(0xac1d0102, mac);
	assert_memory_equal(mac, "\x02\x42\xac\x1d\x01\x02", 6);
	static const char *const bridges[] = { "", "br0", "docker0",
					       "mydocker0123456789",
					       "mydocker 0", "mydocker/0",
					       "mydocker\"" };
	for (size_t i = 0; i < countof(bridges); i++) {
		auto_network struct net_network network;
		assert_int_equal(net_open(&network, "n", bridges[i], NULL),
				 -1);
	}
}

static void
test_notes(void **state)
{
	(void)state;
	char veth[IFNAMSIZ];
	struct nat_port port;
	assert_int_equal(net_parse_note("veth myd0123456789ab", veth, &port),
			 0);
	assert_string_equal(veth, "myd0123456789ab");
	assert_int_equal(net_parse_note("port udp 127.0.0.1 53 172.29.0.2 5353",
					veth, &port), 0);
	assert_string_equal(veth, "");
	assert_int_equal(port.protocol, IPPROTO_UDP);
	assert_int_equal(port.host_address, LOOPBACK);
	assert_int_equal(port.host_port, 53);
	assert_int_equal(port.address, 0xac1d0002);
	assert_int_equal(port.port, 5353);
	static const char *const bad[] = {
		"", "veth", "veth ", "veth eth0", "veth lo", "veth docker0",
		"veth myd0123456789abc", "veth mydx y", "port",
		"port tcp 0.0.0.0 0 172.29.0.2 80",
		"port tcp 0.0.0.0 65536 172.29.0.2 80",
		"port tcp 0.0.0.0 80 172.29.0.2 70000",
		"port tcp 0.0.0.0 80 172.29.0.2 -1",
		"port icm 0.0.0.0 80 172.29.0.2 80",
		"port tcp 0.0.0.0 80 172.29.0.2",
		"port tcp 0.0.0.0 80 172.29.0.2 80 x",
		"port tcp 999.0.0.0 80 172.29.0.2 80", "rm -rf /",
	};
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(net_parse_note(bad[i], veth, &port), -1);
}

static void
test_notes_of_ipv6(void **state)
{
	(void)state;
	char veth[IFNAMSIZ], room[NAT_PLACE_SIZE];
	struct nat_port port;
	assert_int_equal(net_parse_note("port sctp :: 8080 fd00:1::2 80", veth,
					&port), 0);
	assert_true(port.is_ipv6);
	assert_int_equal(port.protocol, IPPROTO_SCTP);
	assert_string_equal(nat_format_place(&port, room), "[::]:8080");
	assert_int_equal(port.address6[15], 2);
	static const char *const bad[] = {
		"port tcp :: 8080 172.29.0.2 80", "port tcp 0.0.0.0 1 ::2 80",
		"port tcp ::g 8080 fd00::2 80", "port tcp : 8080 fd00::2 80",
	};
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(net_parse_note(bad[i], veth, &port), -1);
}

/* ---- host ports -------------------------------------------------------- */

/* A port of 127.0.0.1 that the kernel chooses. */
static struct nat_port
at_loopback(int protocol, uint16_t port)
{
	return (struct nat_port){ .protocol = protocol,
				  .host_address = LOOPBACK,
				  .port = port };
}

/* A chosen one of every address. */
static struct nat_port
at_host(uint16_t host_port)
{
	return (struct nat_port){ .protocol = IPPROTO_TCP,
				  .host_port = host_port,
				  .port = 80 };
}

static void
test_ports_are_held(void **state)
{
	(void)state;
	struct nat_port port = at_loopback(IPPROTO_TCP, 80);
	auto_close int first = net_hold_port(&port);
	assert_true(first >= 0);
	assert_true(port.host_port > 0);
	assert_int_equal(fcntl(first, F_GETFD), FD_CLOEXEC);
	auto_free char *words = text("Bind for 127.0.0.1:%u failed: port is "
				     "already allocated", port.host_port);
	assert_int_equal(net_hold_port(&port), -1);
	assert_int_equal(failure.code, EADDRINUSE);
	assert_string_equal(failure.text, words);
	struct nat_port any = port;
	any.host_address = 0;
	assert_int_equal(net_hold_port(&any), -1);
	assert_non_null(strstr(failure.text, "Bind for 0.0.0.0:"));
	/* The other protocol has ports of its own. */
	struct nat_port udp = at_loopback(IPPROTO_UDP, 53);
	auto_close int second = net_hold_port(&udp);
	assert_true(second >= 0);
	assert_int_equal(net_hold_port(&udp), -1);
	assert_int_equal(failure.code, EADDRINUSE);
	close_scoped(&first);
	first = net_hold_port(&port);
	assert_true(first >= 0);
}

static void
test_ports_refused(void **state)
{
	(void)state;
	struct nat_port bad[] = {
		at_loopback(IPPROTO_TCP, 0),
		at_loopback(IPPROTO_ICMP, 80),
		at_loopback(0, 80),
		at_loopback(IPPROTO_TCP, 80),
	};
	bad[3].host_address = 0xcb007163; /* nobody's here */
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(net_hold_port(&bad[i]), -1);
	assert_int_equal(failure.code, EADDRNOTAVAIL);
}

/* ---- a host, and containers -------------------------------------------- */

static char *
look(const char *path)
{
	char *content = read_all(AT_FDCWD, path, NULL);
	must(content != NULL);
	return content;
}

static bool
reads(const char *path, const char *value)
{
	auto_free char *content = look(path);
	return strncmp(content, value, strlen(value)) == 0;
}

static void
become_host(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	must(sys_unshare(CLONE_NEWNET) == 0);
	must(netlink_open(&nl) == 0 && netlink_set_up(&nl, "lo", true) == 0);
	/* A new namespace begins with the host's switches. */
	must(write_text(AT_FDCWD, FORWARD, "1") == 0);
	must(write_text(AT_FDCWD, FORWARD, "0") == 0);
	must(setenv("MYDOCKER_RUN", "/tmp/run", 1) == 0);
	must(mkdir("/tmp/run", 0755) == 0);
}

static bool
has_link(const char *name)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_link link;
	must(netlink_open(&nl) == 0);
	return netlink_get_link(&nl, name, &link) == 0;
}

/* Nothing of ours is left: links, table, forwarding, files. */
static bool
is_clean(void)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	auto_free struct netlink_link *links = NULL;
	size_t count;
	bool there;
	must(netlink_open(&nl) == 0);
	must(netlink_list_links(&nl, &links, &count) == 0);
	for (size_t i = 0; i < count; i++)
		if (strncmp(links[i].name, "my", 2) == 0)
			return false;
	must(nat_has_table(&there) == 0);
	/* rmdir says whether it was empty. */
	return !there && reads(FORWARD, "0") && rmdir("/tmp/run") == 0 &&
	       mkdir("/tmp/run", 0755) == 0;
}

struct container {
	pid_t pid;
	int netns;
};

/* Answers every caller on port 80 with the address it sees him by. */
static void
serve(int listener)
{
	for (;;) {
		struct sockaddr_in caller;
		socklen_t length = sizeof(caller);
		int fd = accept(listener, (struct sockaddr *)&caller, &length);
		char room[IPAM_ADDRESS_SIZE];
		ipam_format(ntohl(caller.sin_addr.s_addr), room);
		if (fd < 0 || write(fd, room, sizeof(room)) < 0)
			_exit(1);
		close(fd);
	}
}

static struct container
start_container(void)
{
	int ends[2];
	must(pipe2(ends, O_CLOEXEC) == 0);
	struct container container = { fork(), -1 };
	must(container.pid >= 0);
	if (container.pid == 0) {
		struct sockaddr_in here = { .sin_family = AF_INET,
					    .sin_port = htons(80) };
		must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
		must(sys_unshare(CLONE_NEWNET) == 0);
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		must(bind(fd, (struct sockaddr *)&here, sizeof(here)) == 0);
		must(listen(fd, 16) == 0);
		must(write(ends[1], "!", 1) == 1);
		serve(fd);
	}
	char byte;
	close(ends[1]);
	must(read(ends[0], &byte, 1) == 1);
	close(ends[0]);
	auto_free char *path = text("/proc/%d/ns/net", container.pid);
	container.netns = open(path, O_RDONLY | O_CLOEXEC);
	must(container.netns >= 0);
	return container;
}

static void
end_container(struct container *container)
{
	close_scoped(&container->netns);
	must(kill(container->pid, SIGKILL) == 0);
	must(waitpid(container->pid, NULL, 0) == container->pid);
}

static int
tcp_socket(void *fd)
{
	*(int *)fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *(int *)fd;
}

/* What the server there sees us as; "" when it is not reached.  `resent`, when
 * wanted: how often TCP had to send something again. */
static const char *
ask_counting(int netns, uint32_t address, uint16_t port, uint32_t *resent)
{
	static char answer[IPAM_ADDRESS_SIZE];
	struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(address) };
	const struct ns_kind *kind = ns_kinds;
	while (kind->flag != CLONE_NEWNET)
		kind++;
	int made = -1;
	must((netns < 0 ? tcp_socket(&made) :
			  ns_within(netns, kind, tcp_socket, &made)) >= 0);
	auto_close int fd = made;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	answer[0] = '\0';
	if (connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0 ||
	    read(fd, answer, sizeof(answer)) <= 0)
		answer[0] = '\0';
	answer[sizeof(answer) - 1] = '\0';
	struct tcp_info info;
	socklen_t length = sizeof(info);
	must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0);
	if (resent)
		*resent = info.tcpi_total_retrans;
	return answer;
}

static const char *
ask(int netns, uint32_t address, uint16_t port)
{
	return ask_counting(netns, address, port, NULL);
}

/* ---- IPv6 -------------------------------------------------------------- */

#define FORWARD6 "/proc/sys/net/ipv6/conf/all/forwarding"
#define LO_LISTENS "/proc/sys/net/ipv6/conf/lo/accept_ra"
#define LO_FORWARDS6 "/proc/sys/net/ipv6/conf/lo/forwarding"

static void
need_ipv6(void)
{
	if (access("/proc/sys/net/ipv6", F_OK) < 0)
		_exit(CANNOT);
}

static void
ipv6_body(void)
{
	need_ipv6();
	become_host();
	auto_network struct net_network network, plain;
	struct net_endpoint one = NET_ENDPOINT("one");
	struct container in_one = start_container();
	struct nat_port ports[] = { at_host(HOST_PORT),
				    { .protocol = IPPROTO_SCTP,
				      .host_port = HOST_PORT, .port = 80 } };
	struct nat_port six = at_host(HOST_PORT + 1);
	struct ipam_subnet6 subnet;
	six.is_ipv6 = true;
	must(net_default(&plain) == 0);
	must(net_reserve(&plain, &one, &six, 1) < 0);
	must(strstr(failure.text, "has no IPv6") && is_clean());
	must(net_default(&network) == 0);
	must(ipam_parse_subnet6("fd00:1::/120", &subnet) == 0);
	must(net_use_ipv6(&network, &subnet) == 0);
	must(net_reserve(&network, &one, ports, 1) < 0); /* 172.29/16 is more */
	must(strstr(failure.text, "smaller") && is_clean());
	must(net_use_ipv6(&network, NULL) == 0);
	must(network.subnet6.network[0] == 0xfd);
	must(ipam_parse_subnet6("fd00:1::/64", &subnet) == 0);
	must(net_use_ipv6(&network, &subnet) == 0);
	must(net_reserve(&network, &one, ports, 2) == 0);
	must(one.port_count == 4 && one.ports[1].is_ipv6);
	must(net_attach(&network, &one, in_one.netns) == 0);
	must(reads(FORWARD6, "1"));
	auto_netlink struct netlink inside = NETLINK_CLOSED;
	auto_free struct netlink_address *addresses = NULL;
	size_t count, found = 0;
	struct netlink_ip wanted;
	must(netlink_parse_ip("fd00:1::2/64", &wanted) == 0);
	must(netlink_open_in(&inside, in_one.netns) == 0);
	must(netlink_list_addresses(&inside, AF_INET6, &addresses, &count) ==
	     0);
	for (size_t i = 0; i < count; i++)
		found += memcmp(&addresses[i].ip, &wanted, sizeof(wanted)) == 0;
	must(found == 1);
	must(net_release(&network, &one) == 0);
	must(is_clean() && reads(FORWARD6, "0"));
	end_container(&in_one);
}

static void
test_ipv6(void **state)
{
	(void)state;
	in_sandbox(ipv6_body, ALL_CALLS);
}

/* The dead, with IPv6: what is undone comes from the note. */
static void
dead6_body(void)
{
	need_ipv6();
	become_host();
	auto_network struct net_network network;
	struct ipam_subnet6 subnet;
	must(ipam_parse_subnet6("fd00:1::/64", &subnet) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct net_endpoint one = NET_ENDPOINT("one");
		struct nat_port port = at_host(HOST_PORT);
		struct container in_one = start_container();
		must(net_default(&network) == 0);
		must(net_use_ipv6(&network, &subnet) == 0);
		must(net_reserve(&network, &one, &port, 1) == 0);
		must(net_attach(&network, &one, in_one.netns) == 0);
		_exit(0);
	}
	must(waitpid(pid, NULL, 0) == pid);
	must(has_link("mydocker0") && reads(FORWARD6, "1"));
	must(net_default(&network) == 0 && net_recover(&network) == 0);
	must(is_clean() && reads(FORWARD6, "0"));
}

static void
test_the_dead_with_ipv6(void **state)
{
	(void)state;
	in_sandbox(dead6_body, ALL_CALLS);
}

/* From another host, which has the same directory. */
static void
forget_from(const char *host, bool in_use)
{
	auto_network struct net_network network;
	must(sys_unshare(CLONE_NEWNET) == 0);
	must(net_default(&network) == 0 && strcmp(network.run, host) != 0);
	must(net_forget_others(&network) == 0);
	must((access(host, F_OK) == 0) == in_use);
	_exit(0);
}

static void
others_body(void)
{
	become_host();
	auto_network struct net_network network;
	struct net_endpoint one = NET_ENDPOINT("one");
	int status;
	must(net_default(&network) == 0);
	must(net_reserve(&network, &one, NULL, 0) == 0);
	must(net_forget_others(&network) == 0); /* it is none */
	for (int in_use = 1; in_use >= 0; in_use--) {
		if (!in_use)
			close_scoped(&one.lease.fd);
		pid_t pid = fork();
		if (pid == 0)
			forget_from(network.run, in_use);
		must(waitpid(pid, &status, 0) == pid && status == 0);
	}
	must(rmdir("/tmp/run") == 0);
}

static void
test_what_is_kept_of_others(void **state)
{
	(void)state;
	in_sandbox(others_body, ALL_CALLS);
}

static void
forwarding6_body(void)
{
	need_ipv6();
	become_host();
	auto_close int dir = open("/tmp/run", O_RDONLY | O_CLOEXEC);
	must(write_text(AT_FDCWD, FORWARD6, "0") == 0);
	must(write_text(AT_FDCWD, LO_LISTENS, "1") == 0);
	must(forward_enable6(dir) == 0 && forward_enable6(dir) == 0);
	must(reads(FORWARD6, "1") && reads(FORWARD, "0"));
	must(reads(LO_LISTENS, "2")); /* it goes on listening */
	must(forward_restore(dir) == 0 && forward_restore(dir) == 0);
	must(reads(FORWARD6, "0") && reads(LO_LISTENS, "1"));
	must(reads(LO_FORWARDS6, "0"));
	/* One that forwards by itself, and on before us. */
	must(write_text(AT_FDCWD, LO_FORWARDS6, "1") == 0);
	must(forward_enable6(dir) == 0 && forward_restore(dir) == 0);
	must(reads(FORWARD6, "0") && reads(LO_FORWARDS6, "1"));
	must(write_text(AT_FDCWD, FORWARD6, "1") == 0);
	must(forward_enable6(dir) == 0 && forward_restore(dir) == 0);
	must(reads(FORWARD6, "1"));
	must(rmdir("/tmp/run") == 0);
}

static void
test_forwarding_of_ipv6(void **state)
{
	(void)state;
	in_sandbox(forwarding6_body, ALL_CALLS);
}

/* ---- sandboxes --------------------------------------------------------- */

static bool
sandbox_has(int netns, const char *name)
{
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_link link;
	must(netlink_open_in(&nl, netns) == 0);
	return netlink_get_link(&nl, name, &link) == 0;
}

/* One sandbox in two networks, without a process. */
static void
sandbox_body(void)
{
	become_host();
	auto_network struct net_network front, back;
	struct net_endpoint at_front = NET_ENDPOINT("front");
	struct net_endpoint at_back = NET_ENDPOINT("back");
	int made = -1;
	must(net_open_sandbox(&made) == 0);
	auto_close int netns = made;
	must(fcntl(netns, F_GETFD) == FD_CLOEXEC);
	must(waitpid(-1, NULL, WNOHANG) < 0); /* nobody is left of it */
	must(net_default(&front) == 0);
	must(net_open(&back, "back", "mydocker1", NULL) == 0);
	at_back.link = "eth1";
	at_back.no_default_route = true;
	must(net_reserve(&front, &at_front, NULL, 0) == 0);
	must(net_reserve(&back, &at_back, NULL, 0) == 0);
	must(net_attach(&front, &at_front, netns) == 0);
	must(net_attach(&back, &at_back, netns) == 0);
	must(sandbox_has(netns, "eth0") && sandbox_has(netns, "eth1"));
	/* The same name again is refused, and nothing of it stays. */
	struct net_endpoint third = NET_ENDPOINT("third");
	must(net_reserve(&back, &third, NULL, 0) == 0);
	must(net_attach(&back, &third, netns) < 0 && failure.code == EEXIST);
	must(!has_link(third.veth) && net_release(&back, &third) == 0);
	must(net_release(&front, &at_front) == 0);
	must(!sandbox_has(netns, "eth0") && sandbox_has(netns, "eth1"));
	must(net_release(&back, &at_back) == 0);
	must(is_clean());
}

static void
test_a_sandbox_in_two_networks(void **state)
{
	(void)state;
	in_sandbox(sandbox_body, ALL_CALLS);
}

/* 253 for containers on a /24, and one more is refused in words; the last of
 * them works. */
static void
full_body(void)
{
	become_host();
	auto_network struct net_network network;
	struct net_endpoint last = NET_ENDPOINT("last");
	struct ipam_subnet subnet;
	struct container inside = start_container();
	must(ipam_parse_subnet("10.1.2.0/24", &subnet) == 0);
	must(net_open(&network, "full", "mydocker0", &subnet) == 0);
	auto_free struct net_endpoint *all = new_bytes(252 * sizeof(*all));
	auto_free char *ids = new_bytes(252 * 16);
	for (int i = 0; i < 252; i++) {
		char *id = ids + 16 * i;
		snprintf(id, 16, "n%d", i);
		all[i] = (struct net_endpoint)NET_ENDPOINT(id);
		must(net_reserve(&network, &all[i], NULL, 0) == 0);
	}
	must(net_reserve(&network, &last, NULL, 0) == 0);
	must(last.lease.address == 0x0a0102fe); /* .254 */
	must(net_attach(&network, &last, inside.netns) == 0);
	must(strcmp(ask(-1, last.lease.address, 80), "10.1.2.1") == 0);
	struct net_endpoint more = NET_ENDPOINT("more");
	must(net_reserve(&network, &more, NULL, 0) < 0);
	must(failure.code == EADDRNOTAVAIL);
	must(strstr(failure.text, "no address is left in 10.1.2.0/24"));
	for (int i = 0; i < 252; i++)
		must(net_release(&network, &all[i]) == 0);
	must(net_release(&network, &last) == 0);
	must(is_clean());
	end_container(&inside);
}

static void
test_a_full_network(void **state)
{
	(void)state;
	in_sandbox(full_body, ALL_CALLS);
}

/* ---- one container's life ---------------------------------------------- */

static void
life_body(void)
{
	become_host();
	auto_network struct net_network network;
	struct net_endpoint one = NET_ENDPOINT("one"), two = NET_ENDPOINT("2");
	struct container in_one = start_container();
	struct container in_two = start_container();
	struct nat_port ports[] = {
		at_host(HOST_PORT),
		at_loopback(IPPROTO_TCP, 80),
	};
	must(net_default(&network) == 0);
	must(net_recover(&network) == 0);
	must(net_release(&network, &one) == 0); /* nothing yet */
	must(net_attach(&network, &one, in_one.netns) < 0);
	must(is_clean());
	must(net_reserve(&network, &one, ports, 2) == 0);
	must(one.lease.address == 0xac1d0002 && one.ports[1].host_port > 0);
	must(net_attach(&network, &one, in_one.netns) == 0);
	must(net_reserve(&network, &two, NULL, 0) == 0);
	must(net_attach(&network, &two, in_two.netns) == 0);
	uint32_t gateway = network.gateway;
	must(strcmp(ask(-1, one.lease.address, 80), "172.29.0.1") == 0);
	must(strcmp(ask(-1, gateway, HOST_PORT), "172.29.0.1") == 0);
	must(strcmp(ask(-1, LOOPBACK, HOST_PORT), "172.29.0.1") == 0);
	must(strcmp(ask(-1, LOOPBACK, one.ports[1].host_port), "172.29.0.1")
	     == 0);
	must(strcmp(ask(-1, gateway, one.ports[1].host_port), "") == 0);
	must(strcmp(ask(in_two.netns, one.lease.address, 80), "172.29.0.3")
	     == 0);
	must(strcmp(ask(in_two.netns, gateway, HOST_PORT), "172.29.0.1") == 0);
	must(strcmp(ask(in_one.netns, gateway, HOST_PORT), "172.29.0.1") == 0);
	must(net_recover(&network) == 0); /* nobody is dead */
	must(has_link(one.veth) && has_link(two.veth));
	must(net_release(&network, &one) == 0);
	must(net_release(&network, &one) == 0);
	must(!has_link("mydone") && has_link("mydocker0"));
	must(strcmp(ask(-1, LOOPBACK, HOST_PORT), "") == 0);
	must(strcmp(ask(-1, two.lease.address, 80), "172.29.0.1") == 0);
	must(net_release(&network, &two) == 0);
	must(is_clean());
	end_container(&in_one);
	end_container(&in_two);
}

static void
test_a_life(void **state)
{
	(void)state;
	in_sandbox(life_body, ALL_CALLS);
}

/* A port that comes later; by who has only a copy of the lease. */
static void
later_body(void)
{
	become_host();
	auto_network struct net_network network;
	struct net_endpoint one = NET_ENDPOINT("one");
	struct net_endpoint same = NET_ENDPOINT("one");
	struct container in_one = start_container();
	struct nat_port wanted = at_host(HOST_PORT), *noted;
	size_t count;
	must(net_default(&network) == 0);
	must(net_noted_ports(&network, 0xac1d0002, &noted, &count) < 0);
	must(net_reserve(&network, &one, NULL, 0) == 0);
	must(net_attach(&network, &one, in_one.netns) == 0);
	must(net_noted_ports(&network, one.lease.address, &noted, &count) ==
	     0);
	must(count == 0 && !noted);
	auto_close int kept = net_hold_port(&wanted);
	must(kept >= 0);
	same.lease = one.lease;
	same.lease.fd = fcntl(one.lease.fd, F_DUPFD_CLOEXEC, 3);
	same.ports = &wanted;
	same.port_count = 1;
	must(net_publish(&network, &same) == 0);
	close_scoped(&same.lease.fd);
	must(strcmp(ask(-1, network.gateway, HOST_PORT), "172.29.0.1") == 0);
	must(net_noted_ports(&network, one.lease.address, &noted, &count) ==
	     0);
	must(count == 1 && noted->host_port == HOST_PORT && noted->port == 80);
	free(noted);
	/* It goes with the rest, whoever clears up. */
	close_scoped(&one.lease.fd);
	must(net_recover(&network) == 0 && is_clean());
	end_container(&in_one);
}

static void
test_a_port_that_comes_later(void **state)
{
	(void)state;
	in_sandbox(later_body, ALL_CALLS);
}

/* Nothing that is sent after net_attach() is lost: TCP sends nothing twice. */
static void
first_packet_body(void)
{
	become_host();
	auto_network struct net_network network;
	must(net_default(&network) == 0);
	uint32_t resent, lost = 0;
	for (int round = 0; round < 10; round++) {
		struct container container = start_container();
		struct net_endpoint endpoint = NET_ENDPOINT("x");
		must(net_reserve(&network, &endpoint, NULL, 0) == 0);
		must(net_attach(&network, &endpoint, container.netns) == 0);
		must(*ask_counting(-1, endpoint.lease.address, 80, &resent));
		lost += resent;
		must(net_release(&network, &endpoint) == 0);
		end_container(&container);
	}
	must(lost == 0);
	must(is_clean());
}

static void
test_the_first_packet_arrives(void **state)
{
	(void)state;
	in_sandbox(first_packet_body, ALL_CALLS);
}

/* ---- the dead ---------------------------------------------------------- */

/* A process that holds an endpoint with a port until it is killed. */
static pid_t
start_holder(int netns)
{
	int ends[2];
	must(pipe2(ends, O_CLOEXEC) == 0);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		struct net_network network;
		struct net_endpoint endpoint = NET_ENDPOINT("victim");
		struct nat_port port = at_host(HOST_PORT);
		must(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
		must(net_default(&network) == 0);
		must(net_reserve(&network, &endpoint, &port, 1) == 0);
		must(net_attach(&network, &endpoint, netns) == 0);
		must(write(ends[1], "!", 1) == 1);
		for (;;)
			pause();
	}
	char byte;
	close(ends[1]);
	must(read(ends[0], &byte, 1) == 1);
	close(ends[0]);
	return pid;
}

static void
end_holder(pid_t pid)
{
	must(kill(pid, SIGKILL) == 0);
	must(waitpid(pid, NULL, 0) == pid);
}

static void
dead_body(void)
{
	become_host();
	auto_network struct net_network network;
	struct container container = start_container();
	must(net_default(&network) == 0);
	pid_t holder = start_holder(container.netns);
	must(strcmp(ask(-1, LOOPBACK, HOST_PORT), "172.29.0.1") == 0);
	struct net_endpoint other = NET_ENDPOINT("other");
	struct nat_port port = at_host(HOST_PORT);
	must(net_reserve(&network, &other, &port, 1) < 0);
	must(failure.code == EADDRINUSE);
	must(strcmp(failure.text, "Bind for 0.0.0.0:8080 failed: port is "
				  "already allocated") == 0);
	must(net_recover(&network) == 0);
	must(strcmp(ask(-1, LOOPBACK, HOST_PORT), "172.29.0.1") == 0);
	end_holder(holder);
	must(has_link("mydvictim")); /* the kernel does not know its owner */
	must(net_recover(&network) == 0);
	must(is_clean());
	/* And without recover: the next one takes address and port over. */
	holder = start_holder(container.netns);
	end_holder(holder);
	must(net_reserve(&network, &other, &port, 1) == 0);
	must(other.lease.address == 0xac1d0002 && !has_link("mydvictim"));
	must(net_attach(&network, &other, container.netns) == 0);
	must(strcmp(ask(-1, LOOPBACK, HOST_PORT), "172.29.0.1") == 0);
	must(net_release(&network, &other) == 0);
	must(is_clean());
	end_container(&container);
}

static void
test_the_dead(void **state)
{
	(void)state;
	in_sandbox(dead_body, ALL_CALLS);
}

/* Killed at a random moment of reserve and attach. */
static void
any_moment_body(void)
{
	become_host();
	auto_network struct net_network network;
	must(net_default(&network) == 0);
	struct container container = start_container();
	unsigned int seed = getpid();
	for (int round = 0; round < 60; round++) {
		pid_t pid = fork();
		must(pid >= 0);
		if (pid == 0) {
			struct net_endpoint e = NET_ENDPOINT("victim");
			struct nat_port port = at_host(HOST_PORT);
			must(net_reserve(&network, &e, &port, 1) == 0);
			must(net_attach(&network, &e, container.netns) == 0);
			must(net_release(&network, &e) == 0);
			_exit(0);
		}
		usleep(rand_r(&seed) % 12000);
		kill(pid, SIGKILL);
		must(waitpid(pid, NULL, 0) == pid);
		must(net_recover(&network) == 0);
		must(is_clean());
	}
	end_container(&container);
}

static void
test_killed_at_any_moment(void **state)
{
	(void)state;
	in_sandbox(any_moment_body, ALL_CALLS);
}

/* ---- several at once --------------------------------------------------- */

static void
crowd_member(int number)
{
	auto_network struct net_network network;
	struct container container = start_container();
	must(net_default(&network) == 0);
	for (int round = 0; round < 5; round++) {
		auto_free char *id = text("c%d", number);
		struct net_endpoint endpoint = NET_ENDPOINT(id);
		struct nat_port port = at_host(HOST_PORT + number);
		must(net_reserve(&network, &endpoint, &port, 1) == 0);
		must(net_attach(&network, &endpoint, container.netns) == 0);
		must(strcmp(ask(-1, LOOPBACK, HOST_PORT + number),
			    "172.29.0.1") == 0);
		must(net_release(&network, &endpoint) == 0);
	}
	end_container(&container);
}

static void
crowd_body(void)
{
	enum { CROWD = 8 };
	pid_t pids[CROWD];
	become_host();
	for (int i = 0; i < CROWD; i++) {
		pids[i] = fork();
		must(pids[i] >= 0);
		if (pids[i] == 0) {
			crowd_member(i);
			_exit(0);
		}
	}
	int failed = 0;
	for (int i = 0; i < CROWD; i++) {
		int status;
		must(waitpid(pids[i], &status, 0) == pids[i]);
		failed += status != 0;
	}
	must(failed == 0);
	must(is_clean());
}

static void
test_eight_at_once(void **state)
{
	(void)state;
	in_sandbox(crowd_body, ALL_CALLS);
}

/* ---- in the way -------------------------------------------------------- */

static void
in_the_way_body(void)
{
	become_host();
	auto_network struct net_network network, other;
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct net_endpoint endpoint = NET_ENDPOINT("x");
	must(netlink_open(&nl) == 0);
	must(net_default(&network) == 0);
	/* A link of our name that is no bridge is not ours. */
	struct netlink_veth veth = { .name = "mydocker0", .peer_name = "p",
				     .peer_netns = -1 };
	must(netlink_create_veth(&nl, &veth) == 0);
	must(net_reserve(&network, &endpoint, NULL, 0) < 0);
	must(strstr(failure.text, "mydocker0") != NULL);
	must(endpoint.lease.fd < 0 && reads(FORWARD, "0"));
	must(has_link("mydocker0"));
	must(netlink_delete_link(&nl, "mydocker0") == 0);
	must(net_recover(&network) == 0 && is_clean());
	/* A route in the way. */
	must(netlink_create_bridge(&nl, "br0", NULL) == 0);
	must(netlink_set_up(&nl, "br0", true) == 0);
	struct netlink_ip ip = netlink_ip4(0xac1d0505, 24);
	must(netlink_add_address(&nl, "br0", &ip) == 0);
	must(net_reserve(&network, &endpoint, NULL, 0) == 0);
	must(network.subnet.network == 0xac1e0000);
	/* A second opinion about the subnet of what is up. */
	struct ipam_subnet wanted;
	must(ipam_parse_subnet("10.7.0.0/16", &wanted) == 0);
	must(net_open(&other, "n", "mydocker0", &wanted) == 0);
	struct net_endpoint another = NET_ENDPOINT("y");
	must(net_reserve(&other, &another, NULL, 0) < 0);
	must(strstr(failure.text, "172.30.0.0/16") != NULL);
	net_close(&other);
	/* A network of its own beside it; each goes alone. */
	must(net_open(&other, "n", "mydocker1", &wanted) == 0);
	must(net_reserve(&other, &another, NULL, 0) == 0);
	must(another.lease.address == 0x0a070002);
	must(net_release(&network, &endpoint) == 0);
	must(!has_link("mydocker0") && has_link("mydocker1"));
	must(reads(FORWARD, "1"));
	must(net_release(&other, &another) == 0);
	must(is_clean() && has_link("br0"));
}

static void
test_in_the_way(void **state)
{
	(void)state;
	in_sandbox(in_the_way_body, ALL_CALLS);
}

/* ---- forwarding -------------------------------------------------------- */

static void
forwarding_body(void)
{
	become_host();
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	must(netlink_open(&nl) == 0);
	auto_close int dir = open("/tmp/run", O_RDONLY | O_CLOEXEC);
	/* All that one write to ip_forward turns over is put back. */
	must(write_text(AT_FDCWD, REDIRECTS, "0") == 0);
	must(write_text(AT_FDCWD, LO_FORWARDING, "1") == 0);
	must(forward_enable(dir) == 0 && forward_enable(dir) == 0);
	must(reads(FORWARD, "1"));
	must(forward_restore(dir) == 0 && forward_restore(dir) == 0);
	must(reads(FORWARD, "0") && reads(REDIRECTS, "0"));
	must(reads(LO_FORWARDING, "1"));
	/* On before us: on after us. */
	must(write_text(AT_FDCWD, FORWARD, "1") == 0);
	must(forward_enable(dir) == 0 && forward_restore(dir) == 0);
	must(reads(FORWARD, "1"));
	/* Somebody moved in while it was on. */
	must(write_text(AT_FDCWD, FORWARD, "0") == 0);
	must(forward_enable(dir) == 0);
	must(netlink_create_bridge(&nl, "docker0", NULL) == 0);
	must(forward_restore(dir) == 0);
	must(reads(FORWARD, "1"));
	/* He who was there before is no reason. */
	must(write_text(AT_FDCWD, FORWARD, "0") == 0);
	must(forward_enable(dir) == 0 && forward_restore(dir) == 0);
	must(reads(FORWARD, "0"));
	must(rmdir("/tmp/run") == 0);
}

static void
test_forwarding(void **state)
{
	(void)state;
	in_sandbox(forwarding_body, ALL_CALLS);
}

/* Somebody empties /run while a container lives. */
static void
forgotten_body(void)
{
	need_ipv6();
	become_host();
	auto_network struct net_network network;
	struct net_endpoint one = NET_ENDPOINT("one");
	struct container in_one = start_container();
	struct ipam_subnet6 subnet;
	must(write_text(AT_FDCWD, REDIRECTS, "0") == 0);
	must(write_text(AT_FDCWD, LO_FORWARDING, "1") == 0);
	must(write_text(AT_FDCWD, LO_LISTENS, "1") == 0);
	must(net_default(&network) == 0);
	must(ipam_parse_subnet6("fd00:1::/64", &subnet) == 0);
	must(net_use_ipv6(&network, &subnet) == 0);
	must(net_reserve(&network, &one, NULL, 0) == 0);
	must(net_attach(&network, &one, in_one.netns) == 0);
	must(reads(FORWARD, "1") && reads(FORWARD6, "1"));
	auto_free char *note = text("%s/forwarding", network.run);
	auto_free char *note6 = text("%s/forwarding6", network.run);
	must(unlink(note) == 0 && unlink(note6) == 0);
	must(net_release(&network, &one) == 0 && is_clean());
	must(reads(FORWARD, "0") && reads(REDIRECTS, "0"));
	must(reads(LO_FORWARDING, "1"));
	must(reads(FORWARD6, "0") && reads(LO_LISTENS, "1"));
	/* What nft cannot quote is left out, and a note is not overwritten. */
	must(nat_read_note(false) == NULL && failure.code == ENOENT);
	must(nat_add_noted("mydocker0", NULL, "one 1\nt\"wo 2\nthree 3\n") ==
	     0);
	must(nat_add_noted("mydocker0", NULL, "other") == 0);
	auto_free char *read = nat_read_note(false);
	must(read && strcmp(read, "one 1\nthree 3\n") == 0);
	must(nat_read_note(true) == NULL && failure.code == ENOENT);
	must(nat_remove_table() == 0);
	end_container(&in_one);
}

static void
test_a_note_that_is_lost(void **state)
{
	(void)state;
	in_sandbox(forgotten_body, ALL_CALLS);
}

/* ---- from inside ------------------------------------------------------- */

/* Root of a container bends the way to 127.0.0.1 out by its eth0. */
static int
bend_loopback(void *data)
{
	(void)data;
	auto_netlink struct netlink nl = NETLINK_CLOSED;
	struct netlink_ip loopback = netlink_ip4(LOOPBACK, 32);
	struct netlink_ip gateway = netlink_ip4(0xac1d0001, 0);
	must(write_text(AT_FDCWD, "/proc/sys/net/ipv4/conf/eth0/route_localnet",
			"1") == 0);
	must(netlink_open(&nl) == 0 && netlink_set_up(&nl, "lo", false) == 0);
	must(netlink_add_route(&nl, &loopback, &gateway) == 0);
	return 0;
}

/* A datagram to 127.0.0.1 on the wire. */
static int
send_to_loopback(void *data)
{
	(void)data;
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in there = { .sin_family = AF_INET,
				     .sin_port = htons(5353),
				     .sin_addr.s_addr = htonl(LOOPBACK) };
	must(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, NET_LINK,
			sizeof(NET_LINK)) == 0);
	must(sendto(fd, "secret", 6, 0, (struct sockaddr *)&there,
		    sizeof(there)) == 6);
	return 0;
}

static bool
hears(int listener)
{
	char byte;
	struct pollfd waits = { .fd = listener, .events = POLLIN };
	return poll(&waits, 1, 300) > 0 &&
	       recv(listener, &byte, 1, MSG_DONTWAIT) > 0;
}

static void
guard_body(void)
{
	become_host();
	auto_network struct net_network network;
	struct net_endpoint endpoint = NET_ENDPOINT("x");
	struct container container = start_container();
	const struct ns_kind *kind = ns_kinds;
	while (kind->flag != CLONE_NEWNET)
		kind++;
	must(net_default(&network) == 0);
	must(net_reserve(&network, &endpoint, NULL, 0) == 0);
	must(net_attach(&network, &endpoint, container.netns) == 0);
	auto_close int listener = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(5353),
				    .sin_addr.s_addr = htonl(LOOPBACK) };
	must(bind(listener, (struct sockaddr *)&here, sizeof(here)) == 0);
	must(ns_within(container.netns, kind, bend_loopback, NULL) == 0);
	must(ns_within(container.netns, kind, send_to_loopback, NULL) == 0);
	must(!hears(listener));
	/* Without the table it comes through: it was the guard. */
	must(nat_remove_table() == 0);
	bool heard = false;
	for (int tries = 0; tries < 10 && !heard; tries++) {
		must(ns_within(container.netns, kind, send_to_loopback,
			       NULL) == 0);
		heard = hears(listener);
	}
	must(heard);
	must(net_release(&network, &endpoint) == 0);
	end_container(&container);
}

static void
test_the_hosts_loopback_is_guarded(void **state)
{
	(void)state;
	in_sandbox(guard_body, ALL_CALLS);
}

/* ---- advice ------------------------------------------------------------ */

static const char docker_like[] =
	"add table ip filter\n"
	"add chain ip filter FORWARD"
	" { type filter hook forward priority 0; policy drop; }\n";

static void
warning_body(void)
{
	become_host();
	auto_network struct net_network network;
	must(net_default(&network) == 0);
	must(net_forward_warning(&network) == NULL);
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	must(nft_run_cmd_from_buffer(nft, docker_like) == 0);
	nft_ctx_free(nft);
	auto_free char *warning = net_forward_warning(&network);
	must(warning && strstr(warning, "ip filter FORWARD"));
	must(strstr(warning, "iptables -I FORWARD -i mydocker0 -j ACCEPT"));
}

static void
test_a_warning_with_reason(void **state)
{
	(void)state;
	in_sandbox(warning_body, ALL_CALLS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subnet_choice),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_notes_of_ipv6),
		cmocka_unit_test(test_ports_are_held),
		cmocka_unit_test(test_ports_refused),
		cmocka_unit_test(test_a_life),
		cmocka_unit_test(test_a_port_that_comes_later),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_the_dead_with_ipv6),
		cmocka_unit_test(test_what_is_kept_of_others),
		cmocka_unit_test(test_a_sandbox_in_two_networks),
		cmocka_unit_test(test_a_full_network),
		cmocka_unit_test(test_the_first_packet_arrives),
		cmocka_unit_test(test_the_dead),
		cmocka_unit_test(test_killed_at_any_moment),
		cmocka_unit_test(test_eight_at_once),
		cmocka_unit_test(test_in_the_way),
		cmocka_unit_test(test_forwarding),
		cmocka_unit_test(test_a_note_that_is_lost),
		cmocka_unit_test(test_forwarding_of_ipv6),
		cmocka_unit_test(test_the_hosts_loopback_is_guarded),
		cmocka_unit_test(test_a_warning_with_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
