/*
 * 01-one-netlink-message.c - one message to the kernel, byte by byte.
 *
 *	sudo build/steps/01-one-netlink-message
 *
 * "Make a link called br0 of the kind bridge" is a header, a struct and three
 * attributes; the answer is an error number, and 0 means done.  This is what
 * `ip link add br0 type bridge` sends.  See netlink(7), rtnetlink(7).
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* An attribute: two bytes of length, two of type, the value, and then as many
 * zeros as make the next one begin at a multiple of four. */
static struct rtattr *
put(struct nlmsghdr *message, unsigned short type, const char *value)
{
	char *end = (char *)message + NLMSG_ALIGN(message->nlmsg_len);
	struct rtattr *attribute = (struct rtattr *)end;
	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(value ? strlen(value) + 1 : 0);
	if (value)
		strcpy(RTA_DATA(attribute), value);
	message->nlmsg_len = end - (char *)message +
			     RTA_ALIGN(attribute->rta_len);
	return attribute;
}

int
main(void)
{
	/* The host keeps its links: this is another set of them. */
	if (unshare(CLONE_NEWNET) < 0)
		die("unshare (a network namespace needs root: try sudo)");
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		die("open a netlink socket");

	static char bytes[256] __attribute__((aligned(4)));
	struct nlmsghdr *message = (struct nlmsghdr *)bytes;
	message->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg));
	message->nlmsg_type = RTM_NEWLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
			       NLM_F_EXCL;
	put(message, IFLA_IFNAME, "br0");
	struct rtattr *info = put(message, IFLA_LINKINFO, NULL);
	put(message, IFLA_INFO_KIND, "bridge"); /* lies within the other */
	info->rta_len = bytes + message->nlmsg_len - (char *)info;

	for (unsigned int i = 0; i < message->nlmsg_len; i++)
		printf("%02x%s", bytes[i] & 255, i % 16 == 15 ? "\n" : " ");
	if (send(fd, message, message->nlmsg_len, 0) < 0)
		die("send");

	static char reply[4096] __attribute__((aligned(4)));
	if (recv(fd, reply, sizeof(reply), 0) < NLMSG_LENGTH(4))
		die("receive an answer");
	const int *error = NLMSG_DATA(reply);
	printf("\nthe kernel answers: %s\n", strerror(-*error));
	fflush(stdout);
	execlp("cat", "cat", "/proc/net/dev", (char *)NULL);
	die("run cat");
}
