/*
 * 04-bridge.c - a bridge with an address, as Docker's docker0.
 *
 *	sudo build/steps/04-bridge
 *
 * Three messages: make it, turn it on, give it an address.  The last one needs
 * its index, the number by which the kernel knows a link.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct mnl_socket *nl;
static char buffer[4096] __attribute__((aligned(4)));

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
request(struct nlmsghdr *message, const char *what)
{
	message->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (mnl_socket_sendto(nl, message, message->nlmsg_len) < 0)
		die(what);
	ssize_t length = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
	if (mnl_cb_run(buffer, length, 0, 0, NULL, NULL) < 0)
		die(what);
	printf("%s: done\n", what);
}

int
main(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare (a network namespace needs root: try sudo)");
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("open a netlink socket");

	/* ip link add br0 type bridge; ip link set br0 up */
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = RTM_NEWLINK;
	m->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(m, sizeof(*link));
	link->ifi_flags = link->ifi_change = IFF_UP;
	mnl_attr_put_strz(m, IFLA_IFNAME, "br0");
	struct nlattr *info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_str(m, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(m, info);
	request(m, "make a bridge, turned on");

	/* ip addr add 172.29.0.1/16 dev br0 */
	m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = RTM_NEWADDR;
	m->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	struct ifaddrmsg *on = mnl_nlmsg_put_extra_header(m, sizeof(*on));
	on->ifa_family = AF_INET;
	on->ifa_prefixlen = 16;
	on->ifa_index = if_nametoindex("br0");
	mnl_attr_put_u32(m, IFA_LOCAL, inet_addr("172.29.0.1"));
	mnl_attr_put_u32(m, IFA_BROADCAST, inet_addr("172.29.255.255"));
	request(m, "give it an address");

	/* With the address came routes: what `ip route show table all` has. */
	fflush(stdout);
	execlp("cat", "cat", "/proc/net/fib_trie", (char *)NULL);
	die("run cat");
}
