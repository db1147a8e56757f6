/* netlink.c - see netlink.h. */
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ns.h"
#include "sys.h"

/* Room for the largest request made here; names are at most 15 bytes. */
#define REQUEST_SIZE 1024
/* The kernel cuts its lists into datagrams of at most this size. */
#define REPLY_SIZE 32768
/* How often a list that changed under our eyes is asked for again. */
#define LIST_TRIES 20

/* ---- the socket -------------------------------------------------------- */

int
netlink_open_protocol(struct netlink *nl, int protocol)
{
	auto_close int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return fail("open a netlink socket");
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof(address);
	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return fail("bind a netlink socket");
	/* Errors with an explanation, and without an echo of the request.
	 * A kernel that does not know these words (before 4.12) still
	 * answers, with less to say. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &(int){ 1 }, sizeof(int));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &(int){ 1 }, sizeof(int));
	netlink_close(nl);
	*nl = (struct netlink){ take_fd(&fd), 0, address.nl_pid };
	return 0;
}

int
netlink_open(struct netlink *nl)
{
	return netlink_open_protocol(nl, NETLINK_ROUTE);
}

static int
open_there(void *nl)
{
	return netlink_open(nl);
}

int
netlink_open_in(struct netlink *nl, int netns)
{
	const struct ns_kind *kind = ns_kinds;
	while (kind->flag != CLONE_NEWNET)
		kind++;
	return ns_within(netns, kind, open_there, nl);
}

void
netlink_close(struct netlink *nl)
{
	close_scoped(&nl->fd);
}

/* ---- believing nothing ------------------------------------------------- */

static int
note_error_text(const struct nlattr *attribute, void *data)
{
	const char **words = data;
	if (mnl_attr_get_type(attribute) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
		*words = mnl_attr_get_str(attribute);
	return MNL_CB_OK;
}

/* The kernel's own words, which follow at `offset` of the payload, or NULL. */
static const char *
error_text(const struct nlmsghdr *message, size_t offset)
{
	const char *words = NULL;
	size_t length = mnl_nlmsg_get_payload_len(message);
	if ((message->nlmsg_flags & NLM_F_ACK_TLVS) && offset < length)
		mnl_attr_parse_payload(
			mnl_nlmsg_get_payload_offset(message, offset),
			length - offset, note_error_text, &words);
	return words;
}

static int
fail_refused(int code, const char *words)
{
	if (code < 0 || code > 4095) /* what the kernel calls MAX_ERRNO */
		return failx("the answer makes no sense: error %d", code);
	if (words)
		failx("%s (the kernel says: %s)", strerror(code), words);
	else
		failx("%s", strerror(code));
	failure.code = errno = code;
	return -1;
}

/* An acknowledgement is an error message with the error 0. */
static int
read_error(const struct nlmsghdr *message)
{
	/* lab read_error: The payload is a struct nlmsgerr: an int, and the
	 * header of the request that it is about.  0 is success: return 1.
	 * Anything else is a negative errno: fail_refused(), with the kernel's
	 * own words if it sent any.  They follow (error_text()) after the int
	 * and the request's echo: as much of that as its header says it is
	 * long, aligned, or only the header where NLM_F_CAPPED is set.  A
	 * payload that is too short for a struct nlmsgerr makes no sense. */
	size_t length = mnl_nlmsg_get_payload_len(message);
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	if (length < sizeof(*error))
		return failx("the answer makes no sense: an error message of "
			     "%zu bytes", length);
	if (error->error == 0)
		return 1;
	size_t echoed = sizeof(error->msg);
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		echoed = MNL_ALIGN((size_t)error->msg.nlmsg_len);
	return fail_refused(-error->error,
			    error_text(message, sizeof(int) + echoed));
	/* lab end: (void)message;
	 * return failx("read_error: not written yet"); */
}

/* The end of a list; newer kernels put an error code in it. */
static int
read_done(const struct nlmsghdr *message)
{
	int code = 0;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(code))
		memcpy(&code, mnl_nlmsg_get_payload(message), sizeof(code));
	if (code < 0)
		return fail_refused(-code, error_text(message, sizeof(code)));
	return 1;
}

static int
read_message(const struct nlmsghdr *message, netlink_reply *each, void *data)
{
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_ERROR:
		return read_error(message);
	case NLMSG_DONE:
		return read_done(message);
	case NLMSG_OVERRUN:
		return failx("the answer was lost on the way");
	}
	if (each && each(message, data) < 0)
		return -1;
	return 0;
}

/* Like mnl_nlmsg_ok(), which takes lengths from 2 GiB on for negative numbers
 * and lets them pass. */
static bool
is_whole(const struct nlmsghdr *message, int left)
{
	return left >= (int)sizeof(*message) &&
	       message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= (unsigned int)left;
}

int
netlink_read_reply(const void *bytes, size_t length, uint32_t sequence,
		   uint32_t port, netlink_reply *each, void *data, bool *stale)
{
	const struct nlmsghdr *message = bytes;
	int left = length;
	while (left > 0) {
		if (!is_whole(message, left))
			return failx("the answer makes no sense: a message "
				     "longer than the datagram it came in");
		/* Late answers to an earlier request, and other people's. */
		bool ours = message->nlmsg_seq == sequence &&
			    message->nlmsg_pid == port;
		if (ours && (message->nlmsg_flags & NLM_F_DUMP_INTR))
			*stale = true;
		int done = ours ? read_message(message, each, data) : 0;
		if (done != 0)
			return done;
		message = mnl_nlmsg_next(message, &left);
	}
	return 0;
}

/* ---- request and answer ------------------------------------------------ */

static int
send_request(struct netlink *nl, const struct nlmsghdr *message)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec piece = { (void *)message, message->nlmsg_len };
	struct msghdr envelope = { .msg_iov = &piece, .msg_iovlen = 1 };
	int domain = 0;
	socklen_t length = sizeof(domain);
	/* A test may put another kind of socket in the kernel's place. */
	getsockopt(nl->fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
	if (domain == AF_NETLINK) {
		envelope.msg_name = &kernel;
		envelope.msg_namelen = sizeof(kernel);
	}
	ssize_t sent;
	do
		sent = sendmsg(nl->fd, &envelope, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return fail("send a netlink request");
	return 0;
}

/* One datagram of the kernel's; anybody may send to a netlink socket. */
static ssize_t
receive_reply(struct netlink *nl, void *buffer, size_t size)
{
	for (;;) {
		struct sockaddr_nl sender = { 0 };
		struct iovec piece = { buffer, size };
		struct msghdr envelope = { .msg_name = &sender,
					   .msg_namelen = sizeof(sender),
					   .msg_iov = &piece,
					   .msg_iovlen = 1 };
		ssize_t length = recvmsg(nl->fd, &envelope, 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return fail("receive a netlink answer");
		if (sender.nl_family == AF_NETLINK && sender.nl_pid != 0)
			continue;
		if (length == 0)
			return failx("the netlink socket was closed at the "
				     "other end");
		if (envelope.msg_flags & MSG_TRUNC)
			return failx("the answer was cut off at %zu bytes",
				     size);
		return length;
	}
}

int
netlink_request(struct netlink *nl, struct nlmsghdr *message,
		netlink_reply *each, void *data)
{
	message->nlmsg_flags |= NLM_F_REQUEST;
	if ((message->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		message->nlmsg_flags |= NLM_F_ACK;
	message->nlmsg_seq = ++nl->sequence;
	if (send_request(nl, message) < 0)
		return -1;
	char buffer[REPLY_SIZE] __attribute__((aligned(8)));
	bool stale = false;
	int done = 0;
	while (done == 0) {
		ssize_t length = receive_reply(nl, buffer, sizeof(buffer));
		if (length < 0)
			return -1;
		done = netlink_read_reply(buffer, length, nl->sequence,
					  nl->port, each, data, &stale);
	}
	if (done < 0)
		return -1;
	if (stale)
		return fail_refused(EINTR, "the list changed while it was "
					   "being read");
	return 0;
}

/* What -v shows of a request: its name, what it is about, how it ended. */
static int
traced(int result, const char *what, const char *name)
{
	errno = failure.code;
	return trace(result, "netlink(%s \"%s\")", what, name);
}

/* ---- lists ------------------------------------------------------------- */

/* An array that grows as the kernel talks. */
struct list {
	void *items;
	size_t count;
	size_t item_size;
};

static void *
list_add(struct list *list)
{
	/* Doubled whenever the count is a power of two. */
	if ((list->count & (list->count - 1)) == 0) {
		size_t room = list->count ? 2 * list->count : 1;
		list->items = resize_bytes(list->items,
					   room * list->item_size);
	}
	return memset((char *)list->items + list->item_size * list->count++,
		      0, list->item_size);
}

/* Ask for everything of one kind.  All three headers, of links, addresses and
 * routes, begin with the family. */
static int
read_list(struct netlink *nl, uint16_t type, size_t header_size, int family,
	  netlink_reply *each, struct list *list)
{
	for (int tries = 0; tries < LIST_TRIES; tries++) {
		char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
		struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
		message->nlmsg_type = type;
		message->nlmsg_flags = NLM_F_DUMP;
		unsigned char *header =
			mnl_nlmsg_put_extra_header(message, header_size);
		header[0] = family;
		list->count = 0;
		free_scoped(&list->items);
		if (netlink_request(nl, message, each, list) == 0)
			return 0;
		if (failure.code != EINTR)
			break;
	}
	free_scoped(&list->items);
	return -1;
}

/* Gather attributes 0..max in an array; the first of each type counts. */
struct attributes {
	const struct nlattr *at[64];
};

static int
gather(const struct nlattr *attribute, void *data)
{
	struct attributes *found = data;
	uint16_t type = mnl_attr_get_type(attribute);
	if (type < countof(found->at) && !found->at[type])
		found->at[type] = attribute;
	return MNL_CB_OK;
}

/* The number in an attribute, or `otherwise` when it is absent or lies. */
static uint32_t
number_in(const struct nlattr *attribute, uint32_t otherwise)
{
	if (!attribute || mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
		return otherwise;
	return mnl_attr_get_u32(attribute);
}

/* Copy bytes out of an attribute of exactly, or at most, this many. */
static bool
bytes_in(const struct nlattr *attribute, void *bytes, size_t size)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != size)
		return false;
	memcpy(bytes, mnl_attr_get_payload(attribute), size);
	return true;
}

static void
text_in(const struct nlattr *attribute, char *string, size_t size)
{
	string[0] = '\0';
	if (attribute && mnl_attr_validate(attribute, MNL_TYPE_STRING) == 0)
		snprintf(string, size, "%.*s",
			 (int)mnl_attr_get_payload_len(attribute),
			 mnl_attr_get_str(attribute));
}

/* An address of the given family; without one the family stays 0. */
static void
ip_in(const struct nlattr *attribute, int family, unsigned int prefix,
      struct netlink_ip *ip)
{
	size_t size = family == AF_INET ? 4 : 16;
	if (bytes_in(attribute, ip->bytes, size))
		ip->family = family;
	ip->prefix = prefix;
}

/* ---- links ------------------------------------------------------------- */

bool
netlink_is_name(const char *name)
{
	size_t length = strlen(name);
	if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c == 0x7f || strchr("/:%", *c))
			return false;
	return true;
}

static int
check_name(const char *name)
{
	if (netlink_is_name(name))
		return 0;
	failx("\"%s\" is no name for a link: 1 to 15 characters, none of "
	      "them '/', ':', '%%' or a blank", name);
	failure.code = EINVAL;
	return -1;
}

/* The beginning of a request about a link: by name, or all when NULL. */
static struct nlmsghdr *
begin_link(char *buffer, uint16_t type, uint16_t flags, const char *name)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = type;
	message->nlmsg_flags = flags;
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	return message;
}

static struct ifinfomsg *
link_header(struct nlmsghdr *message)
{
	return mnl_nlmsg_get_payload(message);
}

static void
parse_bridge(const struct nlattr *data, struct netlink_link *link)
{
	struct attributes of_bridge = { 0 };
	mnl_attr_parse_nested(data, gather, &of_bridge);
	bytes_in(of_bridge.at[IFLA_BR_BRIDGE_ID], link->bridge_id, 8);
	link->bridge_stp = number_in(of_bridge.at[IFLA_BR_STP_STATE], 0) != 0;
}

static int
parse_link(const struct nlmsghdr *message, struct netlink_link *link)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return failx("the answer makes no sense: a link of %u bytes",
			     message->nlmsg_len);
	struct attributes found = { 0 }, info = { 0 };
	mnl_attr_parse(message, sizeof(*header), gather, &found);
	if (found.at[IFLA_LINKINFO])
		mnl_attr_parse_nested(found.at[IFLA_LINKINFO], gather, &info);
	*link = (struct netlink_link){
		.index = header->ifi_index,
		.up = header->ifi_flags & IFF_UP,
		.running = header->ifi_flags & IFF_RUNNING,
		.mtu = number_in(found.at[IFLA_MTU], 0),
		.master = number_in(found.at[IFLA_MASTER], 0),
		.peer = number_in(found.at[IFLA_LINK], 0),
		.peer_netns = number_in(found.at[IFLA_LINK_NETNSID], -1),
	};
	text_in(found.at[IFLA_IFNAME], link->name, sizeof(link->name));
	bytes_in(found.at[IFLA_ADDRESS], link->mac, sizeof(link->mac));
	text_in(info.at[IFLA_INFO_KIND], link->kind, sizeof(link->kind));
	if (strcmp(link->kind, "bridge") == 0 && info.at[IFLA_INFO_DATA])
		parse_bridge(info.at[IFLA_INFO_DATA], link);
	return 0;
}

static int
keep_link(const struct nlmsghdr *message, void *data)
{
	struct netlink_link *link = data;
	return parse_link(message, link);
}

int
netlink_get_link(struct netlink *nl, const char *name,
		 struct netlink_link *link)
{
	if (check_name(name) < 0)
		return -1;
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	*link = (struct netlink_link){ 0 };
	if (netlink_request(nl, begin_link(buffer, RTM_GETLINK, 0, name),
			    keep_link, link) < 0)
		return wrap("look at link %s", name);
	if (link->index <= 0)
		return failx("look at link %s: the kernel told nothing", name);
	return 0;
}

static int
append_link(const struct nlmsghdr *message, void *list)
{
	return parse_link(message, list_add(list));
}

int
netlink_list_links(struct netlink *nl, struct netlink_link **links,
		   size_t *count)
{
	struct list list = { .item_size = sizeof(**links) };
	if (read_list(nl, RTM_GETLINK, sizeof(struct ifinfomsg), AF_UNSPEC,
		      append_link, &list) < 0)
		return wrap("list links");
	*links = list.items;
	*count = list.count;
	return 0;
}

int
netlink_create_bridge(struct netlink *nl, const char *name, const uint8_t *mac)
{
	if (check_name(name) < 0)
		return wrap("create a bridge");
	/* lab netlink_create_bridge: Begin with begin_link(), which takes a
	 * buffer of REQUEST_SIZE, RTM_NEWLINK and two flags: make it, and not
	 * if it is there.  IFLA_ADDRESS is the MAC, if there is one.  Its kind
	 * is nested: IFLA_LINKINFO around IFLA_INFO_KIND (mnl_attr_nest_start,
	 * mnl_attr_put_str).  netlink_request() sends it; return 0 when that
	 * went well. */
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_link(
		buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	if (mac)
		mnl_attr_put(message, IFLA_ADDRESS, 6, mac);
	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_str(message, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(message, info);
	if (traced(netlink_request(nl, message, NULL, NULL),
		   "RTM_NEWLINK bridge", name) == 0)
		return 0;
	/* lab end: (void)nl;
	 * (void)mac;
	 * return failx("netlink_create_bridge: not written yet"); */
	if (failure.code == EOPNOTSUPP)
		return wrap("create bridge %s (this kernel has no bridges; "
			    "\"modprobe bridge\" loads them)", name);
	return wrap("create bridge %s", name);
}

/* The far end is described by a whole link message of its own, nested.  It
 * cannot be born turned on: the driver says ENOTCONN, because it turns this
 * end on before it has joined the two. */
static void
put_peer(struct nlmsghdr *message, const struct netlink_veth *veth)
{
	/* lab put_peer: IFLA_INFO_DATA around VETH_INFO_PEER, and in that a
	 * struct ifinfomsg of zeros (mnl_nlmsg_put_extra_header() puts it in
	 * the right place) and the peer's own attributes: IFLA_IFNAME, and
	 * IFLA_ADDRESS and IFLA_NET_NS_FD where there are any. */
	struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	struct nlattr *peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, veth->peer_name);
	if (veth->peer_mac)
		mnl_attr_put(message, IFLA_ADDRESS, 6, veth->peer_mac);
	if (veth->peer_netns >= 0)
		mnl_attr_put_u32(message, IFLA_NET_NS_FD, veth->peer_netns);
	mnl_attr_nest_end(message, peer);
	mnl_attr_nest_end(message, data);
	/* lab end: (void)message;
	 * (void)veth; */
}

int
netlink_create_veth(struct netlink *nl, const struct netlink_veth *veth)
{
	if (check_name(veth->name) < 0 || check_name(veth->peer_name) < 0)
		return wrap("create a veth pair");
	struct netlink_link master = { 0 };
	if (veth->master && netlink_get_link(nl, veth->master, &master) < 0)
		return wrap("create veth %s", veth->name);
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_link(
		buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, veth->name);
	link_header(message)->ifi_flags = IFF_UP;
	link_header(message)->ifi_change = IFF_UP;
	if (veth->master)
		mnl_attr_put_u32(message, IFLA_MASTER, master.index);
	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_str(message, IFLA_INFO_KIND, "veth");
	put_peer(message, veth);
	mnl_attr_nest_end(message, info);
	if (traced(netlink_request(nl, message, NULL, NULL),
		   "RTM_NEWLINK veth", veth->name) == 0)
		return 0;
	if (failure.code == EOPNOTSUPP)
		return wrap("create veth %s (this kernel has no veth pairs; "
			    "\"modprobe veth\" loads them)", veth->name);
	return wrap("create veth %s with peer %s", veth->name,
		    veth->peer_name);
}

int
netlink_create_macvlan(struct netlink *nl, const char *name,
		       const char *parent, int netns)
{
	struct netlink_link below;
	if (check_name(name) < 0 || netlink_get_link(nl, parent, &below) < 0)
		return wrap("create a macvlan");
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_link(
		buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);
	mnl_attr_put_u32(message, IFLA_LINK, below.index);
	if (netns >= 0)
		mnl_attr_put_u32(message, IFLA_NET_NS_FD, netns);
	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_str(message, IFLA_INFO_KIND, "macvlan");
	struct nlattr *data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	mnl_attr_put_u32(message, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
	if (traced(netlink_request(nl, message, NULL, NULL),
		   "RTM_NEWLINK macvlan", name) == 0)
		return 0;
	if (failure.code == EOPNOTSUPP)
		return wrap("create macvlan %s (this kernel has none; "
			    "\"modprobe macvlan\" loads them)", name);
	return wrap("create macvlan %s on %s", name, parent);
}

int
netlink_delete_link(struct netlink *nl, const char *name)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	if (check_name(name) < 0 ||
	    traced(netlink_request(nl,
				   begin_link(buffer, RTM_DELLINK, 0, name),
				   NULL, NULL),
		   "RTM_DELLINK", name) < 0)
		return wrap("delete link %s", name);
	return 0;
}

int
netlink_set_up(struct netlink *nl, const char *name, bool up)
{
	if (check_name(name) < 0)
		return -1;
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_link(buffer, RTM_NEWLINK, 0, name);
	link_header(message)->ifi_change = IFF_UP;
	link_header(message)->ifi_flags = up ? IFF_UP : 0;
	if (traced(netlink_request(nl, message, NULL, NULL),
		   up ? "RTM_NEWLINK up" : "RTM_NEWLINK down", name) < 0)
		return wrap("set link %s %s", name, up ? "up" : "down");
	return 0;
}

/* The beginning of a request about one link, held by its index; NULL when
 * there is none of this name. */
static struct nlmsghdr *
begin_change(struct netlink *nl, char *buffer, const char *name)
{
	struct netlink_link link;
	if (netlink_get_link(nl, name, &link) < 0)
		return NULL;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = RTM_NEWLINK;
	struct ifinfomsg *header =
		mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->ifi_index = link.index;
	return message;
}

/* Change one attribute of a link. */
static int
change_link(struct netlink *nl, const char *name, uint16_t type,
	    const void *value, size_t size, const char *what)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_change(nl, buffer, name);
	if (!message)
		return -1;
	mnl_attr_put(message, type, size, value);
	return traced(netlink_request(nl, message, NULL, NULL), what, name);
}

int
netlink_set_master(struct netlink *nl, const char *name, const char *master)
{
	struct netlink_link bridge = { 0 };
	if (master && netlink_get_link(nl, master, &bridge) < 0)
		return wrap("put link %s on bridge %s", name, master);
	uint32_t index = bridge.index;
	if (change_link(nl, name, IFLA_MASTER, &index, sizeof(index),
			"RTM_NEWLINK master") < 0)
		return wrap("put link %s on bridge %s", name,
			    master ? master : "(none)");
	return 0;
}

int
netlink_set_hairpin(struct netlink *nl, const char *name, bool on)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = begin_change(nl, buffer, name);
	if (!message)
		return wrap("set hairpin mode");
	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_str(message, IFLA_INFO_SLAVE_KIND, "bridge");
	struct nlattr *data =
		mnl_attr_nest_start(message, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(message, IFLA_BRPORT_MODE, on);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
	if (traced(netlink_request(nl, message, NULL, NULL),
		   "RTM_NEWLINK hairpin", name) < 0)
		return wrap("set hairpin mode of bridge port %s", name);
	return 0;
}

int
netlink_set_mac(struct netlink *nl, const char *name, const uint8_t *mac)
{
	if (change_link(nl, name, IFLA_ADDRESS, mac, 6, "RTM_NEWLINK mac") < 0)
		return wrap("set the MAC address of link %s", name);
	return 0;
}

int
netlink_set_mtu(struct netlink *nl, const char *name, unsigned int mtu)
{
	uint32_t bytes = mtu;
	if (change_link(nl, name, IFLA_MTU, &bytes, sizeof(bytes),
			"RTM_NEWLINK mtu") < 0)
		return wrap("set the MTU of link %s", name);
	return 0;
}

int
netlink_rename_link(struct netlink *nl, const char *name, const char *new_name)
{
	if (check_name(new_name) < 0 ||
	    change_link(nl, name, IFLA_IFNAME, new_name, strlen(new_name) + 1,
			"RTM_NEWLINK name") < 0)
		return wrap("rename link %s to %s", name, new_name);
	return 0;
}

int
netlink_move_link(struct netlink *nl, const char *name, int netns)
{
	uint32_t fd = netns;
	if (change_link(nl, name, IFLA_NET_NS_FD, &fd, sizeof(fd),
			"RTM_NEWLINK netns") < 0)
		return wrap("move link %s to another namespace", name);
	return 0;
}

static int
keep_netns_id(const struct nlmsghdr *message, void *id)
{
	struct attributes found = { 0 };
	mnl_attr_parse(message, sizeof(struct rtgenmsg), gather, &found);
	*(int *)id = number_in(found.at[NETNSA_NSID], -1);
	return 0;
}

int
netlink_get_netns_id(struct netlink *nl, int netns, int *id)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = RTM_GETNSID;
	mnl_nlmsg_put_extra_header(message, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(message, NETNSA_FD, netns);
	*id = -1;
	if (netlink_request(nl, message, keep_netns_id, id) < 0)
		return wrap("ask for the id of a network namespace");
	return 0;
}

/* ---- addresses and routes ---------------------------------------------- */

struct netlink_ip
netlink_ip4(uint32_t address, unsigned int prefix)
{
	struct netlink_ip ip = { .family = AF_INET, .prefix = prefix };
	uint32_t network_order = htonl(address);
	memcpy(ip.bytes, &network_order, sizeof(network_order));
	return ip;
}

uint32_t
netlink_to_ip4(const struct netlink_ip *ip)
{
	uint32_t network_order;
	memcpy(&network_order, ip->bytes, sizeof(network_order));
	return ip->family == AF_INET ? ntohl(network_order) : 0;
}

static size_t
ip_size(const struct netlink_ip *ip)
{
	return ip->family == AF_INET ? 4 : 16;
}

int
netlink_parse_ip(const char *string, struct netlink_ip *ip)
{
	auto_free char *address = copy_text(string);
	char *slash = strchr(address, '/');
	struct netlink_ip parsed = {
		.family = strchr(address, ':') ? AF_INET6 : AF_INET,
	};
	uint64_t longest = parsed.family == AF_INET ? 32 : 128;
	uint64_t prefix = longest;
	if (slash)
		*slash++ = '\0';
	if (inet_pton(parsed.family, address, parsed.bytes) != 1)
		return failx("\"%s\" is no address like 172.29.0.2 or "
			     "fd00::2", string);
	if (slash && parse_number(slash, 0, longest, &prefix) < 0)
		return failx("\"%s\": the prefix must be from 0 to %u", string,
			     (unsigned int)longest);
	parsed.prefix = prefix;
	*ip = parsed;
	return 0;
}

char *
netlink_format_ip(const struct netlink_ip *ip, char room[NETLINK_IP_SIZE])
{
	if (!inet_ntop(ip->family, ip->bytes, room, NETLINK_IP_SIZE))
		return strcpy(room, "?");
	if (ip->prefix > 0 && ip->prefix < 8 * ip_size(ip)) {
		size_t length = strlen(room);
		snprintf(room + length, NETLINK_IP_SIZE - length, "/%u",
			 ip->prefix);
	}
	return room;
}

static void
put_ip(struct nlmsghdr *message, uint16_t type, const struct netlink_ip *ip)
{
	mnl_attr_put(message, type, ip_size(ip), ip->bytes);
}

/* RTM_NEWADDR and RTM_DELADDR are told the same. */
static int
request_address(struct netlink *nl, uint16_t type, uint16_t flags,
		const char *link, const struct netlink_ip *ip)
{
	struct netlink_link on;
	if (netlink_get_link(nl, link, &on) < 0)
		return -1;
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = type;
	message->nlmsg_flags = flags;
	struct ifaddrmsg *header =
		mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->ifa_family = ip->family;
	header->ifa_prefixlen = ip->prefix;
	header->ifa_scope = RT_SCOPE_UNIVERSE;
	header->ifa_index = on.index;
	put_ip(message, IFA_LOCAL, ip);
	put_ip(message, IFA_ADDRESS, ip);
	if (ip->family == AF_INET6)
		mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NODAD);
	if (ip->family == AF_INET && ip->prefix < 31) {
		uint32_t hosts = ~0u >> ip->prefix;
		mnl_attr_put_u32(message, IFA_BROADCAST,
				 htonl(netlink_to_ip4(ip) | hosts));
	}
	return traced(netlink_request(nl, message, NULL, NULL),
		      type == RTM_NEWADDR ? "RTM_NEWADDR" : "RTM_DELADDR",
		      link);
}

int
netlink_add_address(struct netlink *nl, const char *link,
		    const struct netlink_ip *ip)
{
	if (request_address(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link,
			    ip) < 0)
		return wrap("give link %s an address", link);
	return 0;
}

int
netlink_delete_address(struct netlink *nl, const char *link,
		       const struct netlink_ip *ip)
{
	if (request_address(nl, RTM_DELADDR, 0, link, ip) < 0)
		return wrap("take an address from link %s", link);
	return 0;
}

static int
append_address(const struct nlmsghdr *message, void *list)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return failx("the answer makes no sense: an address of %u "
			     "bytes", message->nlmsg_len);
	struct attributes found = { 0 };
	mnl_attr_parse(message, sizeof(*header), gather, &found);
	struct netlink_address *address = list_add(list);
	address->link = header->ifa_index;
	/* IFA_ADDRESS is the far end's on a point-to-point link; IPv6 has
	 * no IFA_LOCAL elsewhere. */
	const struct nlattr *own = found.at[IFA_LOCAL];
	ip_in(own ? own : found.at[IFA_ADDRESS], header->ifa_family,
	      header->ifa_prefixlen, &address->ip);
	return 0;
}

int
netlink_list_addresses(struct netlink *nl, int family,
		       struct netlink_address **addresses, size_t *count)
{
	struct list list = { .item_size = sizeof(**addresses) };
	if (read_list(nl, RTM_GETADDR, sizeof(struct ifaddrmsg), family,
		      append_address, &list) < 0)
		return wrap("list addresses");
	*addresses = list.items;
	*count = list.count;
	return 0;
}

static int
request_route(struct netlink *nl, uint16_t type, uint16_t flags,
	      const struct netlink_ip *to, const struct netlink_ip *gateway)
{
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = type;
	message->nlmsg_flags = flags;
	struct rtmsg *header =
		mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->rtm_family = gateway->family;
	header->rtm_dst_len = to->prefix;
	header->rtm_table = RT_TABLE_MAIN;
	header->rtm_protocol = RTPROT_BOOT;
	header->rtm_scope = RT_SCOPE_UNIVERSE;
	header->rtm_type = RTN_UNICAST;
	if (to->prefix > 0)
		put_ip(message, RTA_DST, to);
	put_ip(message, RTA_GATEWAY, gateway);
	return traced(netlink_request(nl, message, NULL, NULL),
		      type == RTM_NEWROUTE ? "RTM_NEWROUTE" : "RTM_DELROUTE",
		      to->prefix ? "to a network" : "default");
}

int
netlink_add_route(struct netlink *nl, const struct netlink_ip *to,
		  const struct netlink_ip *gateway)
{
	if (request_route(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, to,
			  gateway) < 0)
		return wrap("add a route");
	return 0;
}

int
netlink_delete_route(struct netlink *nl, const struct netlink_ip *to,
		     const struct netlink_ip *gateway)
{
	if (request_route(nl, RTM_DELROUTE, 0, to, gateway) < 0)
		return wrap("delete a route");
	return 0;
}

int
netlink_add_default_route(struct netlink *nl, const struct netlink_ip *gateway)
{
	struct netlink_ip everywhere = { .family = gateway->family };
	return netlink_add_route(nl, &everywhere, gateway);
}

static int
append_route(const struct nlmsghdr *message, void *list)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return failx("the answer makes no sense: a route of %u bytes",
			     message->nlmsg_len);
	struct attributes found = { 0 };
	mnl_attr_parse(message, sizeof(*header), gather, &found);
	struct netlink_route *route = list_add(list);
	route->type = header->rtm_type;
	route->table = number_in(found.at[RTA_TABLE], header->rtm_table);
	route->link = number_in(found.at[RTA_OIF], 0);
	ip_in(found.at[RTA_DST], header->rtm_family, header->rtm_dst_len,
	      &route->to);
	route->to.family = header->rtm_family; /* the default has no address */
	ip_in(found.at[RTA_GATEWAY], header->rtm_family, 0, &route->via);
	return 0;
}

int
netlink_list_routes(struct netlink *nl, int family,
		    struct netlink_route **routes, size_t *count)
{
	struct list list = { .item_size = sizeof(**routes) };
	if (read_list(nl, RTM_GETROUTE, sizeof(struct rtmsg), family,
		      append_route, &list) < 0)
		return wrap("list routes");
	*routes = list.items;
	*count = list.count;
	return 0;
}

/* ---- neighbours -------------------------------------------------------- */

static int
request_neighbour(struct netlink *nl, uint16_t type, uint16_t flags,
		  const char *link, const struct netlink_ip *ip,
		  const uint8_t *mac)
{
	struct netlink_link on;
	if (netlink_get_link(nl, link, &on) < 0)
		return -1;
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	message->nlmsg_type = type;
	message->nlmsg_flags = flags;
	struct ndmsg *header =
		mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->ndm_family = ip->family;
	header->ndm_ifindex = on.index;
	header->ndm_state = NUD_PERMANENT;
	put_ip(message, NDA_DST, ip);
	if (mac)
		mnl_attr_put(message, NDA_LLADDR, 6, mac);
	return traced(netlink_request(nl, message, NULL, NULL),
		      type == RTM_NEWNEIGH ? "RTM_NEWNEIGH" : "RTM_DELNEIGH",
		      link);
}

int
netlink_add_neighbour(struct netlink *nl, const char *link,
		      const struct netlink_ip *ip, const uint8_t *mac)
{
	if (request_neighbour(nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL,
			      link, ip, mac) < 0)
		return wrap("tell link %s of a neighbour", link);
	return 0;
}

int
netlink_delete_neighbour(struct netlink *nl, const char *link,
			 const struct netlink_ip *ip)
{
	if (request_neighbour(nl, RTM_DELNEIGH, 0, link, ip, NULL) < 0)
		return wrap("let link %s forget a neighbour", link);
	return 0;
}

static int
append_neighbour(const struct nlmsghdr *message, void *list)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return failx("the answer makes no sense: a neighbour of %u "
			     "bytes", message->nlmsg_len);
	struct attributes found = { 0 };
	mnl_attr_parse(message, sizeof(*header), gather, &found);
	struct netlink_neighbour *neighbour = list_add(list);
	neighbour->link = header->ndm_ifindex;
	neighbour->state = header->ndm_state;
	ip_in(found.at[NDA_DST], header->ndm_family,
	      header->ndm_family == AF_INET ? 32 : 128, &neighbour->ip);
	bytes_in(found.at[NDA_LLADDR], neighbour->mac, 6);
	return 0;
}

int
netlink_list_neighbours(struct netlink *nl, int family,
			struct netlink_neighbour **neighbours, size_t *count)
{
	struct list list = { .item_size = sizeof(**neighbours) };
	if (read_list(nl, RTM_GETNEIGH, sizeof(struct ndmsg), family,
		      append_neighbour, &list) < 0)
		return wrap("list neighbours");
	*neighbours = list.items;
	*count = list.count;
	return 0;
}
