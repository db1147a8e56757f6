/*
 * 03-move-and-address.c - one end of a pair is moved to another namespace.
 *
 *	sudo build/steps/03-move-and-address
 *
 * One process is enough for both sides: a socket stays in the namespace in
 * which it was made, and what is asked through it happens there.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char buffer[4096] __attribute__((aligned(4)));

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static struct nlmsghdr *
begin(int type, int flags, const void *header, size_t size)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(mnl_nlmsg_put_extra_header(m, size), header, size);
	return m;
}

static void
request(struct mnl_socket *nl, struct nlmsghdr *m, const char *what)
{
	if (mnl_socket_sendto(nl, m, m->nlmsg_len) < 0 ||
	    mnl_cb_run(buffer, mnl_socket_recvfrom(nl, buffer, 4096), 0, 0,
		       NULL, NULL) < 0)
		die(what);
	printf("%s: done\n", what);
}

static struct mnl_socket *
enter_new(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare (a network namespace needs root: try sudo)");
	return mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
}

int
main(void)
{
	struct mnl_socket *there = enter_new();
	int namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct mnl_socket *here = enter_new();
	struct ifinfomsg link = { 0 };
	struct nlmsghdr *m = begin(RTM_NEWLINK, NLM_F_CREATE, &link,
				   sizeof(link));
	struct nlattr *info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_str(m, IFLA_INFO_KIND, "veth");
	mnl_attr_nest_end(m, info);
	request(here, m, "here: a pair, whose ends the kernel names");

	link.ifi_index = if_nametoindex("veth1");
	m = begin(RTM_NEWLINK, 0, &link, sizeof(link));
	mnl_attr_put_u32(m, IFLA_NET_NS_FD, namespace);
	request(here, m, "here: veth1 moves, and keeps its number");

	struct ifaddrmsg on = { AF_INET, 24, 0, 0, link.ifi_index };
	m = begin(RTM_NEWADDR, NLM_F_CREATE, &on, sizeof(on));
	mnl_attr_put_u32(m, IFA_LOCAL, inet_addr("10.0.0.2"));
	request(there, m, "there: it is given 10.0.0.2/24");
	return 0;
}
