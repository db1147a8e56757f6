/*
 * netdevices.c - parent.  See netdevices.h.
 *
 * Netlink by hand, though mechanism/netlink.c has words for it: those are of
 * libmnl, which is chapter 5's and has no static library where this program,
 * which is static so that it starts at once, is built.  Only what moves a
 * device is here: requests with an acknowledgement, and one list.
 */
#include "netdevices.h"

#include <errno.h>
#include <sched.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ns.h"

/* One request, and what is needed to add attributes to it. */
struct request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		char space[512];
	};
};

/* Addresses to be taken along: the messages in which the kernel told them. */
struct addresses {
	struct request all[64];
	size_t count;
};

static struct request
new_request(int type, int flags, size_t body)
{
	struct request request = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(body),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
		},
	};
	return request;
}

static void
add_attribute(struct request *request, int type, const void *data, size_t size)
{
	struct rtattr *attribute =
		(struct rtattr *)((char *)request +
				  NLMSG_ALIGN(request->header.nlmsg_len));
	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) +
				    RTA_SPACE(size);
}

static void
add_name(struct request *request, const char *name)
{
	add_attribute(request, IFLA_IFNAME, name, strlen(name) + 1);
}

/* ---- talking to the kernel ----------------------------------------------- */

static int
open_netlink(void)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	return sock < 0 ? fail("open a netlink socket") : sock;
}

/* Take each message of an answer; the kernel's error ends it, 0 among them. */
static int
read_answer(int sock, void (*take)(void *data, const struct nlmsghdr *header),
	    void *data)
{
	_Alignas(struct nlmsghdr) char buffer[32768];
	for (;;) {
		ssize_t got = recv(sock, buffer, sizeof(buffer), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail("read netlink's answer");
		size_t left = got;
		for (struct nlmsghdr *at = (struct nlmsghdr *)buffer;
		     NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
			const struct nlmsgerr *error = NLMSG_DATA(at);
			if (at->nlmsg_type == NLMSG_DONE)
				return 0;
			if (at->nlmsg_type == NLMSG_ERROR) {
				errno = -error->error;
				return error->error ? -1 : 0;
			}
			if (take)
				take(data, at);
		}
	}
}

static int
ask(int sock, struct request *request,
    void (*take)(void *data, const struct nlmsghdr *header), void *data)
{
	if (send(sock, request, request->header.nlmsg_len, 0) < 0)
		return fail("send a netlink request");
	return read_answer(sock, take, data);
}

/* ---- what a device has --------------------------------------------------- */

struct wanted {
	unsigned int index;
	struct addresses *into;
	bool too_many;
};

static void
take_address(void *data, const struct nlmsghdr *header)
{
	struct wanted *wanted = data;
	const struct ifaddrmsg *address = NLMSG_DATA(header);
	if (header->nlmsg_type != RTM_NEWADDR ||
	    address->ifa_index != wanted->index ||
	    address->ifa_scope != RT_SCOPE_UNIVERSE ||
	    !(address->ifa_flags & IFA_F_PERMANENT))
		return;
	struct addresses *into = wanted->into;
	if (into->count == countof(into->all) ||
	    header->nlmsg_len > sizeof(struct request)) {
		wanted->too_many = true;
		return;
	}
	memcpy(&into->all[into->count++], header, header->nlmsg_len);
}

static int
list_addresses(int sock, unsigned int index, struct addresses *addresses)
{
	struct wanted wanted = { .index = index, .into = addresses };
	struct request request = new_request(RTM_GETADDR, NLM_F_DUMP,
					     sizeof(request.address));
	if (ask(sock, &request, take_address, &wanted) < 0)
		return fail("list its addresses");
	return wanted.too_many ? failx("it has more than %zu addresses",
				       countof(addresses->all)) : 0;
}

/* ---- on the other side --------------------------------------------------- */

struct arrival {
	const char *name;     /* it has come under this one */
	const char *template; /* it is to be called by: "eth%d"; or NULL */
	struct addresses *addresses;
	bool up;	      /* it is to be */
	unsigned int index;   /* its number here, as was found */
};

/*
 * What the kernel told of an address is what it takes for a new one, but for
 * the number of the device, which may be another here, and for what is only
 * told: the cache times.
 */
static int
add_address(int sock, const struct request *told, unsigned int index)
{
	struct request request = new_request(RTM_NEWADDR,
					     NLM_F_CREATE | NLM_F_REPLACE,
					     sizeof(request.address));
	request.address = told->address;
	request.address.ifa_index = index;
	size_t left = IFA_PAYLOAD(&told->header);
	for (const struct rtattr *at = IFA_RTA(&told->address);
	     RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type == IFA_LOCAL || at->rta_type == IFA_ADDRESS ||
		    at->rta_type == IFA_BROADCAST)
			add_attribute(&request, at->rta_type, RTA_DATA(at),
				      RTA_PAYLOAD(at));
	return ask(sock, &request, NULL, NULL);
}

static int
settle(void *data)
{
	struct arrival *arrival = data;
	auto_close int sock = open_netlink();
	unsigned int index = arrival->index = if_nametoindex(arrival->name);
	if (sock < 0)
		return -1;
	if (index == 0)
		return fail("find %s where it was moved to", arrival->name);
	struct request up = new_request(RTM_NEWLINK, 0, sizeof(up.link));
	up.link.ifi_index = index;
	up.link.ifi_flags = arrival->up ? IFF_UP : 0;
	up.link.ifi_change = IFF_UP;
	if (arrival->template)
		add_name(&up, arrival->template);
	if (ask(sock, &up, NULL, NULL) < 0)
		return fail("set %s up", arrival->template ?: arrival->name);
	for (size_t i = 0; i < arrival->addresses->count; i++)
		if (add_address(sock, &arrival->addresses->all[i], index) < 0)
			return fail("give %s its addresses again",
				    arrival->name);
	return 0;
}

/* ---- the move ------------------------------------------------------------ */

static const struct ns_kind *
network_kind(void)
{
	const struct ns_kind *kind = ns_kinds;
	while (kind->flag != CLONE_NEWNET)
		kind++;
	return kind;
}

/* As `name` into another namespace, where it is down and has no address. */
static int
send_away(int sock, unsigned int index, const char *name, int netns)
{
	struct request request =
		new_request(RTM_NEWLINK, 0, sizeof(request.link));
	request.link.ifi_index = index;
	add_attribute(&request, IFLA_NET_NS_FD, &netns, sizeof(netns));
	add_name(&request, name);
	return ask(sock, &request, NULL, NULL);
}

static bool
is_up(int sock, const char *name)
{
	struct ifreq request = { 0 };
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(sock, SIOCGIFFLAGS, &request) == 0 &&
	       request.ifr_flags & IFF_UP;
}

/* With "eth%d" the kernel picks the number; we could not find it by that, so it
 * moves under a name that nobody has. */
static int
move(const struct oci_net_device *device, struct netdevices *devices)
{
	auto_close int sock = open_netlink();
	auto_free struct addresses *addresses = new_bytes(sizeof(*addresses));
	unsigned int index = if_nametoindex(device->host_name);
	if (sock < 0)
		return -1;
	if (index == 0)
		return fail("find it on the host");
	if (list_addresses(sock, index, addresses) < 0)
		return -1;
	const char *wanted = device->name ? device->name : device->host_name;
	const char *template = strchr(wanted, '%') ? wanted : NULL;
	auto_free char *name = template ? text("mydock%u", index) :
					  copy_text(wanted);
	bool was_up = is_up(sock, device->host_name);
	if (send_away(sock, index, name, devices->netns) < 0)
		return errno == EEXIST ?
			       failx("the container has a device %s already",
				     name) :
			       fail("move it into the container as %s", name);
	struct arrival arrival = { name, template, addresses, .up = true };
	int result = ns_within(devices->netns, network_kind(), settle,
			       &arrival);
	devices->moved[devices->count++] = (struct netdevice){
		arrival.index, was_up,
	};
	return result;
}

int
netdevices_move(const struct oci_linux *config, struct netdevices *devices)
{
	devices->moved = new_bytes(config->net_device_count *
				   sizeof(*devices->moved));
	for (size_t i = 0; i < config->net_device_count; i++)
		if (move(&config->net_devices[i], devices) < 0)
			return wrap("linux.netDevices.%s",
				    config->net_devices[i].host_name);
	return 0;
}

/* ---- and back ------------------------------------------------------------ */

struct way_back {
	unsigned int index;
	const char *name;
	int home;
	struct addresses *addresses;
};

static int
leave(void *data)
{
	struct way_back *way = data;
	auto_close int sock = open_netlink();
	if (sock < 0 || list_addresses(sock, way->index, way->addresses) < 0)
		return -1;
	return send_away(sock, way->index, way->name, way->home) < 0 ?
		       fail("move it back") : 0;
}

static int
move_back(const struct oci_net_device *device, const struct netdevice *moved,
	  int netns)
{
	auto_free struct addresses *addresses = new_bytes(sizeof(*addresses));
	auto_close int home = open("/proc/thread-self/ns/net",
				   O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return fail("open our own network namespace");
	struct way_back way = { moved->index, device->host_name, home,
				addresses };
	struct arrival arrival = { device->host_name, NULL, addresses,
				   .up = moved->was_up };
	return ns_within(netns, network_kind(), leave, &way) < 0 ?
		       -1 : settle(&arrival);
}

int
netdevices_return(const struct oci_linux *config, struct netdevices *devices)
{
	struct failure first = { 0 };
	while (devices->count > 0) {
		size_t i = --devices->count;
		if (move_back(&config->net_devices[i], &devices->moved[i],
			      devices->netns) == 0)
			continue;
		wrap("linux.netDevices.%s", config->net_devices[i].host_name);
		if (!first.text[0])
			first = failure;
	}
	netdevices_free(devices);
	failure = first;
	return first.text[0] ? -1 : 0;
}

void
netdevices_free(struct netdevices *devices)
{
	close_scoped(&devices->netns);
	free(devices->moved);
	*devices = (struct netdevices)NETDEVICES_NONE;
}
