/*
 * 02-veth-pair.c - a cable between two network namespaces.
 *
 *	sudo build/steps/02-veth-pair
 *
 * The child waits in a network namespace of its own, and then shows its links.
 * The parent makes a pair whose far end is born in there, by one message that
 * libmnl lays out.  See veth(4), network_namespaces(7).
 */
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* ip link add near type veth peer name far netns PID */
static struct nlmsghdr *
veth_message(char *buffer, pid_t child)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	m->nlmsg_type = RTM_NEWLINK;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(m, IFLA_IFNAME, "near");
	struct nlattr *info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_str(m, IFLA_INFO_KIND, "veth");
	struct nlattr *data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
	struct nlattr *peer = mnl_attr_nest_start(m, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(m, IFLA_IFNAME, "far");
	mnl_attr_put_u32(m, IFLA_NET_NS_PID, child);
	mnl_attr_nest_end(m, peer);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	return m;
}

int
main(void)
{
	int in_there[2], go[2];
	if (unshare(CLONE_NEWNET) < 0 || pipe(in_there) < 0 || pipe(go) < 0)
		die("unshare (a network namespace needs root: try sudo)");
	pid_t child = fork();
	if (child == 0) {
		char byte;
		if (unshare(CLONE_NEWNET) < 0 ||
		    write(in_there[1], "!", 1) != 1 ||
		    read(go[0], &byte, 1) != 1)
			_exit(1);
		execlp("cat", "cat", "/proc/net/dev", (char *)NULL);
		_exit(1);
	}
	char byte, buffer[1024] __attribute__((aligned(4)));
	if (child < 0 || read(in_there[0], &byte, 1) != 1)
		die("start a child");
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("open a netlink socket");
	struct nlmsghdr *message = veth_message(buffer, child);
	if (mnl_socket_sendto(nl, message, message->nlmsg_len) < 0)
		die("send");
	ssize_t length = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
	if (mnl_cb_run(buffer, length, 0, 0, NULL, NULL) < 0)
		die("make a veth pair");
	if (write(go[1], "!", 1) != 1 || waitpid(child, NULL, 0) < 0)
		die("let the child go on");
	return 0;
}
