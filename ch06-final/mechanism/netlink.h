/*
 * netlink.h - talking to the kernel about links, addresses and routes.
 *
 * A request is one message on an AF_NETLINK socket; the kernel answers with
 * an acknowledgement, an error or a list.  libmnl lays the messages out and
 * takes them apart; sending, receiving and believing nothing is done here.
 *
 *	auto_netlink struct netlink nl = NETLINK_CLOSED;
 *	if (netlink_open(&nl) < 0 ||
 *	    netlink_create_bridge(&nl, "br0", NULL) < 0 ||
 *	    netlink_set_up(&nl, "br0", true) < 0)
 *		return -1;
 *
 * A socket belongs to the network namespace in which it was made, for ever:
 * netlink_open_in() makes one inside another namespace, and whatever is asked
 * through it happens there.
 *
 * Every function returns 0, or -1 with the reason in `failure`.  When it was
 * the kernel that refused, failure.code is its errno (EEXIST, ENODEV, EPERM)
 * and the text has the kernel's own words where it gave some
 * (NLMSGERR_ATTR_MSG).  See netlink(7), rtnetlink(7).
 */
#ifndef NETLINK_H
#define NETLINK_H

#include "base.h"

#include <net/if.h>
#include <netinet/in.h>

struct nlmsghdr;

struct netlink {
	int fd;
	uint32_t sequence; /* of the last request */
	uint32_t port;	   /* our address, as the kernel calls it */
};
#define NETLINK_CLOSED { .fd = -1 }

/* For links, addresses and routes, here or in the namespace behind `netns`. */
int netlink_open(struct netlink *nl);
int netlink_open_in(struct netlink *nl, int netns);
/* For another protocol of AF_NETLINK: NETLINK_NETFILTER and so on. */
int netlink_open_protocol(struct netlink *nl, int protocol);
void netlink_close(struct netlink *nl); /* may be called twice */
#define auto_netlink __attribute__((cleanup(netlink_close)))

/* A link name the kernel will take: 1 to 15 bytes, no '/', ':', '%', blank,
 * not "." and not "..".  Checked before anything is sent. */
bool netlink_is_name(const char *name);

/* ---- links ------------------------------------------------------------- */

struct netlink_link {
	int index;
	char name[IFNAMSIZ];
	char kind[16];	/* "bridge", "veth"; "" for hardware and lo */
	uint8_t mac[6];
	unsigned int mtu;
	bool up;	/* somebody turned it on */
	bool running;	/* and it can carry packets */
	int master;	/* index of the bridge it is a port of, or 0 */
	int peer;	/* index of the other end of a veth pair, or 0 */
	int peer_netns;	/* in which namespace that index counts: its id as
			 * seen from here, or -1 for this one */
	uint8_t bridge_id[8]; /* of a bridge: priority, then MAC */
	bool bridge_stp;      /* of a bridge: spanning tree turned on */
};

/* failure.code is ENODEV when there is none of this name. */
int netlink_get_link(struct netlink *nl, const char *name,
		     struct netlink_link *link);
/* All of them, in fresh memory that the caller frees. */
int netlink_list_links(struct netlink *nl, struct netlink_link **links,
		       size_t *count);

/* With a `mac` of its own a bridge keeps it; without, it takes the lowest of
 * its ports' and changes whenever they do. */
int netlink_create_bridge(struct netlink *nl, const char *name,
			  const uint8_t *mac);

/*
 * A veth pair: what goes in at one end comes out at the other.  One message
 * makes both ends: the near one turned on and a port of the bridge `master`
 * (or NULL), the peer still off, but born in the namespace behind peer_netns
 * (-1: this one) under its final name, so that it is never seen outside.
 */
struct netlink_veth {
	const char *name;
	const char *master;
	const char *peer_name;
	int peer_netns;
	const uint8_t *peer_mac; /* or NULL: the kernel's choice */
};
int netlink_create_veth(struct netlink *nl, const struct netlink_veth *veth);

/*
 * A macvlan: a second link on the same cable as `parent`, with a MAC address
 * of its own, that is seen by whoever is on that cable and, of all others, not
 * by the parent itself.  Born turned off in the namespace behind `netns` (-1:
 * this one).  Its mode is "bridge": macvlans of one parent reach each other.
 */
int netlink_create_macvlan(struct netlink *nl, const char *name,
			   const char *parent, int netns);

int netlink_delete_link(struct netlink *nl, const char *name);
int netlink_set_up(struct netlink *nl, const char *name, bool up);
int netlink_set_master(struct netlink *nl, const char *name,
		       const char *master); /* NULL: leave the bridge */
/* Let a port of a bridge send a packet back to where it came from. */
int netlink_set_hairpin(struct netlink *nl, const char *name, bool on);
int netlink_set_mac(struct netlink *nl, const char *name, const uint8_t *mac);
int netlink_set_mtu(struct netlink *nl, const char *name, unsigned int mtu);
int netlink_rename_link(struct netlink *nl, const char *name,
			const char *new_name); /* the link must be down */
int netlink_move_link(struct netlink *nl, const char *name, int netns);

/* What this namespace calls the one behind `netns` (see peer_netns above);
 * -1 when it has no name for it, which is so until a link leads there. */
int netlink_get_netns_id(struct netlink *nl, int netns, int *id);

/* ---- addresses and routes ---------------------------------------------- */

/* An address of either family, in network byte order, with its prefix. */
struct netlink_ip {
	int family; /* AF_INET, AF_INET6 */
	uint8_t bytes[16];
	unsigned int prefix;
};
/* `address` in host byte order. */
struct netlink_ip netlink_ip4(uint32_t address, unsigned int prefix);
/* 0 for another family. */
uint32_t netlink_to_ip4(const struct netlink_ip *ip);
/* "172.29.0.2", "fd00::2", with "/64" where `prefix` is neither 0 nor that of
 * a single address.  Refuses what inet_pton(3) refuses, and a prefix that is
 * too long.  The reverse is in `room`, which is returned. */
int netlink_parse_ip(const char *string, struct netlink_ip *ip);
#define NETLINK_IP_SIZE 50
char *netlink_format_ip(const struct netlink_ip *ip,
			char room[NETLINK_IP_SIZE]);

struct netlink_address {
	int link; /* index */
	struct netlink_ip ip;
};
/* An IPv6 address is usable at once: nobody is asked first whether it has it
 * (IFA_F_NODAD), for who hands addresses out knows. */
int netlink_add_address(struct netlink *nl, const char *link,
			const struct netlink_ip *ip);
int netlink_delete_address(struct netlink *nl, const char *link,
			   const struct netlink_ip *ip);
/* Of every link; `family` AF_INET, AF_INET6 or AF_UNSPEC for both. */
int netlink_list_addresses(struct netlink *nl, int family,
			   struct netlink_address **addresses, size_t *count);

struct netlink_route {
	struct netlink_ip to;  /* prefix 0: the default route */
	struct netlink_ip via; /* family 0: none, it is on the link */
	int link;	       /* index, or 0 */
	unsigned int table;    /* RT_TABLE_MAIN, RT_TABLE_LOCAL, others */
	unsigned int type;     /* RTN_UNICAST, RTN_BLACKHOLE, ... */
};
int netlink_add_default_route(struct netlink *nl,
			      const struct netlink_ip *gateway);
/* A route to `to` through `gateway`. */
int netlink_add_route(struct netlink *nl, const struct netlink_ip *to,
		      const struct netlink_ip *gateway);
int netlink_delete_route(struct netlink *nl, const struct netlink_ip *to,
			 const struct netlink_ip *gateway);
/* Of every table. */
int netlink_list_routes(struct netlink *nl, int family,
			struct netlink_route **routes, size_t *count);

/* What a link knows of its neighbours: who has which MAC address (arp(7)). */
struct netlink_neighbour {
	int link;
	struct netlink_ip ip;
	uint8_t mac[6];
	uint16_t state; /* NUD_REACHABLE, NUD_STALE, NUD_PERMANENT, ... */
};
/* A permanent one: nobody is asked. */
int netlink_add_neighbour(struct netlink *nl, const char *link,
			  const struct netlink_ip *ip, const uint8_t *mac);
int netlink_delete_neighbour(struct netlink *nl, const char *link,
			     const struct netlink_ip *ip);
int netlink_list_neighbours(struct netlink *nl, int family,
			    struct netlink_neighbour **neighbours,
			    size_t *count);

/* ---- the machinery, for other protocols and for tests ------------------- */

/* One message of the answer; less than 0 (with `failure` set) ends it. */
typedef int netlink_reply(const struct nlmsghdr *message, void *data);

/*
 * Send `message` and read the answer to its end.  Its length, type and flags
 * are the caller's; NLM_F_REQUEST, sequence and, unless it is a dump,
 * NLM_F_ACK are set here.  `each` may be NULL.  failure.code is EINTR when a
 * list changed while it was being read: ask again.
 */
int netlink_request(struct netlink *nl, struct nlmsghdr *message,
		    netlink_reply *each, void *data);

/*
 * Judge one datagram that came in answer to request `sequence` of `port`.
 * Returns 1 when the answer is complete, 0 when more must follow, -1 when it
 * is an error or makes no sense.  `*stale` is set when the kernel says the
 * list changed.  Messages to others are passed over.
 */
int netlink_read_reply(const void *bytes, size_t length, uint32_t sequence,
		       uint32_t port, netlink_reply *each, void *data,
		       bool *stale);

#endif
